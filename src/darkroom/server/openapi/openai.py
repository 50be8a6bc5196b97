"""OpenAI's routes for images, models and files."""

from typing import Any

from pydantic import RootModel

from darkroom.core.errors import NotFound
from darkroom.dialects.openai.schema import EditBody, GenerationBody
from darkroom.server.openapi import bodies, shapes
from darkroom.server.openapi.operations import (
    ANY,
    BINARY,
    EVENTS,
    JSON,
    STREAM,
    Group,
    Media,
    Operation,
    answered,
    at,
    form,
    images,
    quoting,
)

_IMAGES_BASES = ("/v1", "/openai/v1", "/openai/deployments/{deployment}")

_FORM_OF_EDIT = {
    name: schema
    for name, schema in EditBody.model_json_schema()["properties"].items()
    if name not in ("images", "mask")
}
_EDIT_FORM = form(
    **_FORM_OF_EDIT,
    **{"image": BINARY, "image[]": {"type": "array", "items": BINARY}, "mask": BINARY},
)
_STREAMED: dict[int, Media] = {
    200: {JSON: shapes.Images, EVENTS: STREAM},
    202: {JSON: shapes.Task},
}
_FILE_FORM = form(
    **{
        "file": BINARY,
        "purpose": {"enum": ["vision", "user_data"]},
        "expires_after[anchor]": {"const": "created_at"},
        "expires_after[seconds]": {"type": "integer", "minimum": 3_600, "maximum": 2_592_000},
    }
)
_QUOTED_GENERATION = quoting("QuotedGeneration", GenerationBody)
_QUOTED_EDIT = quoting("QuotedEdit", EditBody)
_QUOTE_BODY: Any = RootModel[_QUOTED_GENERATION | _QUOTED_EDIT]

OPENAI = Group(
    "openai",
    "Darkroom: images as OpenAI's clients send them",
    "openai",
    shapes.OpenAIError,
    (
        Operation(
            "POST",
            at("/images/generations", *_IMAGES_BASES),
            "Makes images from text.",
            _STREAMED,
            {JSON: GenerationBody},
            errors=ANY,
        ),
        Operation(
            "POST",
            at("/images/edits", *_IMAGES_BASES),
            "Makes images from text and images.",
            _STREAMED,
            {JSON: EditBody, **_EDIT_FORM},
            errors=ANY,
        ),
        Operation(
            "POST",
            at("/images/quote", *_IMAGES_BASES),
            "What a request would cost; nothing runs.",
            answered(shapes.Quote),
            {JSON: _QUOTE_BODY, **_EDIT_FORM},
            errors=ANY,
        ),
        Operation(
            "GET",
            at("/models", "/v1", "/openai/v1"),
            "What is served.",
            answered(shapes.Models),
            query=bodies.Detailed,
        ),
        Operation(
            "GET",
            at("/models/{name:path}", "/v1", "/openai/v1"),
            "One model.",
            answered(shapes.Model),
            query=bodies.Detailed,
        ),
        Operation(
            "POST",
            at("/files", "/v1", "/openai/v1"),
            "Keeps an image, to be named in later requests.",
            answered(shapes.File),
            _FILE_FORM,
            errors=ANY,
        ),
        Operation(
            "GET",
            at("/files", "/v1", "/openai/v1"),
            "The account's files.",
            answered(shapes.Files),
            query=bodies.Listed,
            errors=(NotFound,),
        ),
        Operation(
            "GET",
            at("/files/{file_id}", "/v1", "/openai/v1"),
            "One file.",
            answered(shapes.File),
        ),
        Operation(
            "GET",
            at("/files/{file_id}/content", "/v1", "/openai/v1"),
            "Its bytes.",
            images(),
        ),
        Operation(
            "DELETE",
            at("/files/{file_id}", "/v1", "/openai/v1"),
            "Deletes a file.",
            answered(shapes.Deleted),
        ),
    ),
)
