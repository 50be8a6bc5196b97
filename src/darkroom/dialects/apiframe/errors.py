"""Apiframe's error bodies: a plain string, for 400 with details by JSON path.

https://github.com/apiframe-ai/apiframe-nodejs-sdk, ``openapi.json`` and ``src/errors.ts``.
"""

import math
import re
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Piece
from darkroom.core.errors import DarkroomError
from darkroom.dialects.apiframe.amounts import credits_down, credits_up

PROBLEMS = "problems"
"""The entry of an error's details with everything that is wrong, by JSON path."""

# Its specification has no such status for these: an unknown model is a body that is not valid,
# and 402 means the balance alone.
_STATUSES = {"model_not_found": 400, "price_unknown": 400}
_PARAMS = {  # where the wire has another name than the canonical request
    "inputs": "input_images",
    "image": "input_images",
    "n": "number_of_images",
    "size": "aspect_ratio",
    "output_compression": "output_quality",
}
_INDEX = re.compile(r"\[(\d+)\]")


def envelope(error: DarkroomError) -> dict[str, Any]:
    """The JSON body of an error answer."""
    if error.code == "insufficient_balance":
        return {"error": "Insufficient credits", **_credits(error)}
    if error.code == "budget_exceeded":  # the balance is there, but this key may not spend it
        return {"error": error.message, **_credits(error)}
    if error.code == "invalid_api_key":
        missing = error.details.get("missing")
        return {"error": "API key is required" if missing else "Invalid API key"}
    body: dict[str, Any] = {"error": error.message}
    if _status(error) == 400:
        body |= _details(error)
    return body


def answer(error: DarkroomError) -> Answer:
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    return Answer([msgspec.json.encode(envelope(error))], _status(error), headers=headers)


def event(error: DarkroomError) -> list[Piece]:
    return [b"event: error\ndata: " + msgspec.json.encode(envelope(error)) + b"\n\n"]


def _status(error: DarkroomError) -> int:
    return _STATUSES.get(error.code, error.status)


def _details(error: DarkroomError) -> dict[str, Any]:
    problems = error.details.get(PROBLEMS)
    if problems:
        return {"details": problems}
    if not error.param:
        return {}
    param = _INDEX.sub(r".\1", error.param)
    name, dot, rest = param.partition(".")
    return {"details": {_PARAMS.get(name, name) + dot + rest: [error.message]}}


def _credits(error: DarkroomError) -> dict[str, int]:
    details = error.details
    available = details.get("available_nanos")
    if available is None:
        available = details.get("limit_nanos", 0) - details.get("used_nanos", 0)
    return {
        "creditsRequired": credits_up(details.get("required_nanos", 0)),
        "creditsAvailable": credits_down(max(0, available)),
    }
