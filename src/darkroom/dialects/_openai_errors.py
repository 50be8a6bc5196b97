"""OpenAI's error envelope: the status, type and code that its SDKs tell apart.

https://platform.openai.com/docs/guides/error-codes
"""

import math
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Piece
from darkroom.core.errors import DarkroomError, Fault, UpstreamError

_TYPES = {
    "moderation_blocked": "image_generation_user_error",
    "rate_limit_exceeded": "requests",
    "upstream_rate_limited": "requests",
    "invalid_api_key": "invalid_request_error",
    "insufficient_balance": "insufficient_quota",
    "budget_exceeded": "insufficient_quota",
}
_CODES = {
    "upstream_rate_limited": "rate_limit_exceeded",
    "insufficient_balance": "insufficient_quota",
    "budget_exceeded": "billing_hard_limit_reached",
}
# OpenAI says 429 to a spent account, so that its SDKs raise RateLimitError; x-should-retry keeps
# them from trying again.
_STATUSES = {"insufficient_balance": 429, "budget_exceeded": 429}
_PARAMS = {"inputs": "image"}  # where the wire has another name than the canonical request


def envelope(error: DarkroomError) -> dict[str, Any]:
    """The JSON body of an error answer."""
    caller = error.fault is Fault.CALLER or error.fault is Fault.NOBODY
    fallback = "invalid_request_error" if caller else "server_error"
    body: dict[str, Any] = {
        "message": error.message,
        "type": _TYPES.get(error.code, fallback),
        "param": _PARAMS.get(error.param or "", error.param),
        "code": _CODES.get(error.code, error.code),
    }
    if error.code == "moderation_blocked":
        body["moderation_details"] = {
            "moderation_stage": error.details.get("stage", "unknown"),
            "categories": error.details.get("categories", []),
        }
    if error.code in _STATUSES:  # amounts are ours to add: the SDKs keep unknown fields
        body["billing_details"] = dict(error.details)
    return {"error": body}


def answer(error: DarkroomError) -> Answer:
    headers = {"x-should-retry": "true" if _worth_retrying(error) else "false"}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    status = _STATUSES.get(error.code, error.status)
    return Answer([msgspec.json.encode(envelope(error))], status, headers=headers)


def event(error: DarkroomError) -> list[Piece]:
    """An event whose JSON has a truthy ``error``: the SDKs raise on it."""
    body = {"type": "error", **envelope(error)}
    return [b"event: error\ndata: " + msgspec.json.encode(body) + b"\n\n"]


def _worth_retrying(error: DarkroomError) -> bool:
    # The SDKs repeat 409, 429 and 5xx by themselves. A job that failed upstream was tried
    # several times already, and repeating one of unknown outcome could buy it twice.
    if isinstance(error, UpstreamError):
        return error.code == "upstream_rate_limited"
    return error.retryable
