"""Reads what the bodies of several dialects have in common, and refuses in OpenAI's words."""

import reprlib
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from darkroom.core.draft import Callback, InlineImage, RemoteImage, Source, StoredImage
from darkroom.core.errors import InvalidRequest, RequestError, UnknownParameter

_Body = TypeVar("_Body", bound=BaseModel)

ENTRIES_MAX = 100
"""More than any object or list of a request has. Telling what is wrong with each of a million
entries would keep the server busy for many seconds."""
_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80


def validated(kind: type[_Body], fields: Mapping[str, Any], at: str = "") -> _Body:
    """The body as its model. Raises :class:`RequestError` naming the first problem's parameter.

    ``at`` is the parameter in which ``fields`` are, such as ``tools[0]``; empty for the whole body.
    """
    require_few(fields, at)
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise _refusal(error, at) from error


def require_few(value: object, at: str = "") -> None:
    """Raises :class:`InvalidRequest` for an object with more fields than any model has."""
    if not isinstance(value, Mapping):
        return
    fields = cast(Mapping[str, Any], value)
    if len(fields) > ENTRIES_MAX:
        name = f"'{at}'" if at else "The body"
        raise InvalidRequest(
            f"{name} has {len(fields):,} fields, and no request has more than {ENTRIES_MAX}.",
            param=at or None,
        )


def unknown_parameter(name: str) -> UnknownParameter:
    return UnknownParameter(f"Unknown parameter: '{name}'.", param=name)


def source_of(image_url: str | None, file_id: str | None, param: str) -> Source:
    """Where an image is, told by exactly one of the two. Raises :class:`InvalidRequest`."""
    match image_url, file_id:
        case None, str(name):
            return StoredImage(name)
        case str(url), None:
            return InlineImage(url) if url.startswith("data:") else RemoteImage(url)
        case _:
            raise InvalidRequest("Give exactly one of 'image_url' and 'file_id'.", param=param)


def callback_of(callback_url: str | None, webhook_url: str | None) -> Callback | None:
    """The same under two names. Raises :class:`InvalidRequest` for both."""
    if callback_url is not None and webhook_url is not None:
        raise InvalidRequest(
            "Give one of 'callback_url' and 'webhook_url', not both.", param="webhook_url"
        )
    if callback_url is not None:
        return Callback(callback_url)
    return None if webhook_url is None else Callback(webhook_url, param="webhook_url")


def word(value: str | None) -> str:
    """A word of a short list; left out it is ``auto``."""
    return "auto" if value is None else value.strip().lower()


def image_format(value: str | None) -> str:
    chosen = "png" if value is None else value.strip().lower()
    return "jpeg" if chosen == "jpg" else chosen


def _refusal(error: ValidationError, at: str) -> RequestError:
    found = error.errors(include_url=False, include_context=False)
    # an unknown name explains a missing one, so it goes first
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    inner = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    param = (at + inner).lstrip(".")
    if first["type"] == "extra_forbidden":
        return unknown_parameter(param)
    shown = _repr.repr(first["input"])[:80]
    return InvalidRequest(f"Invalid value for '{param}': {shown}. {first['msg']}.", param=param)
