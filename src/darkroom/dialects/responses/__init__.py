"""OpenAI's Responses API with its image tool, as its official clients speak it."""

from darkroom.dialects.responses.conversation import Earlier, Reference
from darkroom.dialects.responses.dialect import NAME, ResponsesDialect
from darkroom.dialects.responses.events import events
from darkroom.dialects.responses.ids import call_of, job_of
from darkroom.dialects.responses.note import Note, note_of
from darkroom.dialects.responses.parse import Asked, asked, draft
from darkroom.dialects.responses.render import deleted, input_items, shown
from darkroom.dialects.responses.said import drawn_by

__all__ = [
    "NAME",
    "Asked",
    "Earlier",
    "Note",
    "Reference",
    "ResponsesDialect",
    "asked",
    "call_of",
    "deleted",
    "draft",
    "drawn_by",
    "events",
    "input_items",
    "job_of",
    "note_of",
    "shown",
]
