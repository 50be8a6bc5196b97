"""The note of a response's job; see :mod:`darkroom.core.note`."""

from darkroom.core.job import Job
from darkroom.core.note import Note, read_note

__all__ = ["Note", "note_of"]


def note_of(job: Job) -> Note:
    """Empty for a job of another dialect, and when the response was deleted."""
    return read_note(job.note)
