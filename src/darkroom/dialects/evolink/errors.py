"""EvoLink's error envelope, in the newer of its two forms: codes are words.

The newer pages of https://docs.evolink.ai have it; clients of the older form, with numbers for
codes, read the message and the type alone.
"""

import math
import re
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Piece
from darkroom.core.errors import DarkroomError, Fault
from darkroom.dialects._tasks import task_error_code

_BAD_REQUEST = ("invalid_request", "invalid_request_error")
_KINDS = {
    "invalid_api_key": ("unauthorized", "authentication_error"),
    "insufficient_balance": ("insufficient_quota", "insufficient_quota"),
    "budget_exceeded": ("insufficient_quota", "insufficient_quota"),
    "permission_denied": ("permission_denied", "permission_error"),
    "storage_quota_exceeded": ("storage_quota_exceeded", "permission_error"),
    "not_found": ("resource_not_found", "not_found_error"),
    "gone": ("resource_not_found", "not_found_error"),
    "model_not_found": ("model_not_found", "not_found_error"),
    "payload_too_large": ("request_too_large", "request_too_large_error"),
    "rate_limit_exceeded": ("rate_limit_exceeded", "rate_limit_error"),
    "upstream_rate_limited": ("rate_limit_exceeded", "rate_limit_error"),
    "overloaded": ("service_unavailable", "service_unavailable_error"),
    "interrupted": ("service_unavailable", "service_unavailable_error"),
    "upstream_unavailable": ("service_unavailable", "service_unavailable_error"),
    "internal_error": ("internal_error", "api_error"),
    "price_unknown": ("price_unknown", "api_error"),
    # a conflict or a slow body is told by its own name, which EvoLink has none for
    "method_not_allowed": ("method_not_allowed", "invalid_request_error"),
    "request_timeout": ("request_timeout", "invalid_request_error"),
    "idempotency_conflict": ("idempotency_conflict", "invalid_request_error"),
}
# The code depends on what it is about in these two.
_TASK_KINDS = {
    "invalid_value": ("invalid_task_id", "invalid_request_error"),
    "not_found": ("task_not_found", "not_found_error"),
}
_MODEL_DENIED = ("model_access_denied", "invalid_request_error")
_SUGGESTIONS = {
    "insufficient_balance": "GET /v1/credits says what is left; the operator can top it up.",
    "budget_exceeded": "GET /v1/credits says what is left; the operator can raise the budget.",
    "model_not_found": "GET /v1/models lists the models that are served.",
    "payload_too_large": "Send smaller images, or compress them.",
}
_TASK_PARAM = "task_id"
# where the wire has another name than the canonical request
_PARAMS = {
    "inputs": "image_urls",
    "mask": "mask_url",
    "output_format": "model_params.output_format",
    "job_id": _TASK_PARAM,
}
_IMAGE = re.compile(r"image(\[\d+\])?")


def envelope(error: DarkroomError) -> dict[str, Any]:
    """The JSON body of an error answer."""
    param = _param(error.param)
    code, kind = _kind(error, param)
    body: dict[str, Any] = {"code": code, "message": error.message, "type": kind}
    if param is not None:
        body["param"] = param
    if error.code in _SUGGESTIONS:
        body["fallback_suggestion"] = _SUGGESTIONS[error.code]
    return {"error": body}


def headers(error: DarkroomError) -> dict[str, str]:
    if error.retry_after_s is None:
        return {}
    return {"retry-after": str(max(1, math.ceil(error.retry_after_s)))}


def answer(error: DarkroomError) -> Answer:
    body = msgspec.json.encode(envelope(error))
    return Answer([body], error.status, headers=headers(error))


def event(error: DarkroomError) -> list[Piece]:
    """No request of this dialect can ask for a stream; another's may end with it all the same."""
    return [b"event: error\ndata: " + msgspec.json.encode(envelope(error)) + b"\n\n"]


def _kind(error: DarkroomError, param: str | None) -> tuple[str, str]:
    if param == _TASK_PARAM and error.code in _TASK_KINDS:
        return _TASK_KINDS[error.code]
    if error.code == "permission_denied" and param == "model":
        return _MODEL_DENIED
    if error.code in _KINDS:
        return _KINDS[error.code]
    if error.fault is Fault.VENDOR and error.status >= 500:
        return task_error_code(error.code), "upstream_error"
    if error.code in ("moderation_blocked", "job_canceled"):
        return task_error_code(error.code), "invalid_request_error"
    return _BAD_REQUEST


def _param(param: str | None) -> str | None:
    match = _IMAGE.fullmatch(param or "")
    if match is not None:
        return f"image_urls{match[1] or ''}"
    return _PARAMS.get(param or "", param)
