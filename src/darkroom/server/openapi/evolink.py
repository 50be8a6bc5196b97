"""EvoLink's routes: tasks, credits, and its file host."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from darkroom.dialects import evolink
from darkroom.dialects.evolink.schema import TaskBody
from darkroom.server.openapi import bodies, shapes
from darkroom.server.openapi.operations import (
    ANY,
    BINARY,
    JSON,
    Group,
    Media,
    Operation,
    answered,
    at,
    form,
    quoting,
)


class EvoLinkAnswer(TypedDict):
    success: bool
    data: dict[str, Any]


class EvoLinkPage(TypedDict, total=False):
    page: Annotated[int, Meta(ge=1, le=1_000_000)]
    pageSize: bodies.Limit


_EVOLINK = evolink.PREFIXES
_LABELS = {"upload_path": {"type": "string"}, "file_name": {"type": "string"}}
_TASK_QUOTE: Any = quoting("TaskQuoteBody", TaskBody)


def _named(field: str) -> Media:
    return {
        JSON: {
            "type": "object",
            "required": [field],
            "properties": {field: {"type": "string", "minLength": 1}, **_LABELS},
            "additionalProperties": False,
        }
    }


EVOLINK = Group(
    "evolink",
    "Darkroom: tasks as EvoLink's clients send them",
    evolink.NAME,
    shapes.EvoLinkError,
    (
        Operation(
            "POST",
            at("/v1/images/generations", "/evolink"),
            "Makes images; answers with a task.",
            answered(shapes.Task),
            {JSON: TaskBody},
            errors=ANY,
        ),
        Operation(
            "POST",
            at("/v1/images/quote", "/evolink"),
            "What a task would cost; nothing runs.",
            answered(shapes.Quote),
            {JSON: _TASK_QUOTE},
            errors=ANY,
        ),
        Operation("GET", at("/v1/tasks/{job_id}", *_EVOLINK), "One task.", answered(shapes.Task)),
        Operation(
            "POST",
            at("/v1/tasks/{job_id}/cancel", *_EVOLINK),
            "Stops a task.",
            answered(shapes.Task),
        ),
        Operation(
            "DELETE", at("/v1/tasks/{job_id}", *_EVOLINK), "Stops a task.", answered(shapes.Task)
        ),
        Operation(
            "GET",
            at("/v1/credits", *_EVOLINK),
            "What is left to spend.",
            answered(EvoLinkAnswer),
        ),
        Operation(
            "GET",
            at("/v1/models", "/evolink"),
            "What is served.",
            answered(shapes.Models),
            query=bodies.Detailed,
        ),
        Operation(
            "GET",
            at("/v1/models/{name:path}", "/evolink"),
            "One model.",
            answered(shapes.Model),
            query=bodies.Detailed,
        ),
        *(
            Operation(
                "POST",
                at(f"/api/v1/files/upload/{kind}", *_EVOLINK),
                "Keeps an image for 72 hours.",
                answered(EvoLinkAnswer),
                body,
                errors=ANY,
            )
            for kind, body in (
                ("base64", _named("base64_data")),
                ("url", _named("file_url")),
                ("stream", form(file=BINARY, **_LABELS)),
            )
        ),
        Operation(
            "GET",
            at("/api/v1/files/list", *_EVOLINK),
            "The account's files.",
            answered(EvoLinkAnswer),
            query=EvoLinkPage,
        ),
        Operation(
            "GET",
            at("/api/v1/files/quota", *_EVOLINK),
            "How many files there may be.",
            answered(EvoLinkAnswer),
        ),
        Operation(
            "DELETE",
            at("/api/v1/files/{file_id}", *_EVOLINK),
            "Deletes a file.",
            answered(EvoLinkAnswer),
        ),
    ),
)
