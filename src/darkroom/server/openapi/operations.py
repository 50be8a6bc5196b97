"""The words in which a route is described: what it takes, what it answers, who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from darkroom.core.errors import DarkroomError, by_code

JSON = "application/json"
FORM = "multipart/form-data"
EVENTS = "text/event-stream"
BINARY: Mapping[str, str] = {"type": "string", "format": "binary"}
STREAM: Mapping[str, str] = {"description": "Server-sent events, each of a form of its own."}
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")

ANY: tuple[type[DarkroomError], ...] = tuple(by_code().values())
"""A request for images may fail with all that there is."""
Media = Mapping[str, Any]
"""What a body may be, by media type: a Python type, from which its schema is made, or a schema."""


class Access(StrEnum):
    """Who may ask."""

    PUBLIC = "public"
    KEY = "key"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a route, which may answer under several paths.

    ``answers`` has what comes when all goes well, by status. ``query`` is a typed dictionary.
    ``errors`` are those that it may have beside the ones of every route.
    """

    method: str
    paths: tuple[str, ...]
    summary: str
    answers: Mapping[int, Media]
    body: Media = field(default_factory=dict[str, Any])
    body_required: bool = True
    query: type | None = None
    errors: tuple[type[DarkroomError], ...] = ()
    access: Access = Access.KEY


@dataclass(frozen=True, slots=True)
class Group:
    """One document: the routes of one dialect. ``error`` is the JSON of its refusals."""

    name: str
    title: str
    dialect: str
    error: type
    operations: tuple[Operation, ...]


def answered(kind: Any, status: int = 200) -> Mapping[int, Media]:
    """JSON of this type."""
    return {status: {JSON: kind}}


def images(status: int = 200) -> Mapping[int, Media]:
    """The bytes of an image; 304 for who has them already."""
    return {status: dict.fromkeys(IMAGE_TYPES, BINARY)}


def form(**parts: Any) -> Media:
    """A form; its parts as JSON Schema."""
    return {FORM: {"type": "object", "properties": parts, "additionalProperties": False}}


def at(path: str, *prefixes: str) -> tuple[str, ...]:
    """The path under each of these."""
    return tuple(prefix + path for prefix in prefixes)


class PriceSheet(BaseModel):
    """What a quote takes beside the body of the request."""

    model_config = ConfigDict(strict=True)

    price_sheet: str | None = None


def quoting(name: str, body: type[BaseModel]) -> Any:
    """The body of a quote for requests of this body."""
    return create_model(name, __base__=(PriceSheet, body))
