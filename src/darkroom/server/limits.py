"""Limits of API keys at the doors: how they are read and shown, and the headers that tell them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, cast

from darkroom.core.errors import InvalidRequest
from darkroom.core.limits import Allowance, KeyLimits
from darkroom.server.amounts import known_fields
from darkroom.settings import Settings

_NAMES = tuple(field.name for field in fields(KeyLimits))
_MOST = {"bytes_per_minute": 10**12, "stored_bytes": 10**15}
_MOST_USUALLY = 100_000


def usual_limits(settings: Settings) -> KeyLimits:
    """What keys have that say nothing of their own."""
    return KeyLimits(
        settings.key_requests_per_minute,
        settings.key_images_per_minute,
        settings.key_bytes_per_minute,
        settings.key_max_concurrent,
        settings.key_stored_bytes,
    )


def changed_key_limits(before: KeyLimits, value: Any) -> KeyLimits:
    """``{"requests_per_minute": 60, …}`` over ``before``: what is not named stays.

    0 is no limit; null takes one back, or all of them. Raises from the request branch of the error
    tree.
    """
    if value is None:
        return KeyLimits()
    if not isinstance(value, dict):
        raise InvalidRequest("'limits' is an object of whole numbers.", param="limits")
    said = cast(dict[str, Any], value)
    known_fields(said, *_NAMES)
    return replace(before, **{name: _number(name, count) for name, count in said.items()})


def shown_key_limits(limits: KeyLimits) -> dict[str, int | None]:
    """In the form in which they are set."""
    return asdict(limits)


def limit_headers(allowances: Iterable[Allowance | Mapping[str, Any]]) -> dict[str, str]:
    """As OpenAI names and writes them: https://platform.openai.com/docs/guides/rate-limits"""
    found: dict[str, str] = {}
    for one in allowances:
        said = asdict(one) if isinstance(one, Allowance) else one
        found[f"x-ratelimit-limit-{said['name']}"] = str(said["limit"])
        found[f"x-ratelimit-remaining-{said['name']}"] = str(said["remaining"])
        if said["reset_s"] is not None:
            found[f"x-ratelimit-reset-{said['name']}"] = _written(said["reset_s"])
    return found


def _number(name: str, value: Any) -> int | None:
    most = _MOST.get(name, _MOST_USUALLY)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InvalidRequest(f"'{name}' is a whole number from 0 to {most:,}.", param=name)
    return value


def _written(seconds: float) -> str:
    """``20ms``, ``1.5s``, ``1m0s``; rounded up."""
    ms = math.ceil(seconds * 1000)
    if ms < 1000:
        return f"{ms}ms"
    if ms < 60_000:
        return f"{ms / 1000:g}s"
    minutes, left = divmod(math.ceil(ms / 1000), 60)
    return f"{minutes}m{left}s"
