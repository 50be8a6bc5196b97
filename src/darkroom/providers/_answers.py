"""Careful reading of what vendors answer: JSON of any shape, error bodies, pauses, stray keys."""

import email.utils
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import msgspec

from darkroom.core.deployment import Deployment
from darkroom.core.errors import UpstreamError
from darkroom.core.ports import UpstreamResponse

Body = dict[str, Any]

_ERROR_BODY_MAX = 64 * 1024
_MESSAGE_MAX = 500
_PAUSE_MAX_S = 86_400.0
"""What asks for longer asks for a day: a number may have 308 digits, and is told to our callers."""
_SECRET = re.compile(r"\b(?:sk-|key-|AIza|Bearer +)[\w*.+/=-]{6,}", re.IGNORECASE)


def decoded(raw: bytes) -> Any:
    """The JSON value, or None when the bytes are none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def as_object(value: Any) -> Body:
    """The value when it is an object, else an empty one."""
    return cast(Body, value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """The value when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """The value when it is a whole number above zero, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


async def error_body(response: UpstreamResponse) -> bytes:
    """As much of it as comes: the status alone says enough."""
    body = b""
    with suppress(UpstreamError):
        while len(body) < _ERROR_BODY_MAX and (piece := await response.read_piece()):
            body += piece
    return body


def clean(message: str, deployment: Deployment) -> str:
    """A vendor's words, shortened and without the key that it may repeat in them."""
    if key := deployment.api_key.reveal():
        message = message.replace(key, "…")
    return _SECRET.sub("…", message)[:_MESSAGE_MAX]


def retry_after_s(header: Callable[[str], str | None]) -> float | None:
    """Seconds to wait by ``Retry-After``: a number or an HTTP date."""
    text = header("retry-after") or ""
    if (number := seconds(text)) is not None:
        return number
    date = email.utils.parsedate_tz(text)
    if date is None:
        return None
    try:
        return _bounded(email.utils.mktime_tz(date) - time.time())
    except (ValueError, OverflowError):  # it looks like a date, and is none: "Mon, 1 Jan 99999"
        return None


def seconds(value: Any) -> float | None:
    """A number of seconds, also as text (``"7"``, ``"7.5s"``); None when it is none."""
    try:
        number = float(str(value).removesuffix("s"))
    except ValueError:
        return None
    return _bounded(number) if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), _PAUSE_MAX_S)
