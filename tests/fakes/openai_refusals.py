"""The fake vendor's error answers, word for word, and its 200s that hold no image."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.openai_faults import Fault, Plan

HTML = b"<html><head><title>%b</title></head><body><h1>%b</h1><hr>cloudflare</body></html>\r\n"
REJECTED = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us"
    " at help.openai.com and include the request ID req_fake. safety_violations=[%s]."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer. ``chunks`` are sent one by one; ``streamed`` leaves out its length."""

    status: int
    chunks: tuple[bytes, ...]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"
    streamed: bool = False


def envelope(
    status: int, error: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Reply:
    """OpenAI's error shape."""
    body = {"error": {"param": None, "code": None, **error}}
    return Reply(status, (json.dumps(body, indent=2).encode(),), headers or {})


def _error(status: int, kind: str, code: str | None, message: str) -> Callable[[Plan], Reply]:
    error = {"message": message, "type": kind, "code": code}
    return lambda plan: envelope(status, error, _retry_headers(plan))


def _html(status: int, title: str) -> Callable[[Plan], Reply]:
    text = HTML % (title.encode(), title.encode())
    return lambda plan: Reply(status, (text,), _retry_headers(plan), "text/html; charset=UTF-8")


def _moderation(plan: Plan) -> Reply:
    error: dict[str, Any] = {
        "message": REJECTED % ", ".join(plan.categories),
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    }
    if plan.fault is not Fault.MODERATION_PLAIN:
        error["moderation_details"] = {
            "moderation_stage": plan.stage,
            "categories": list(plan.categories),
        }
    return envelope(400, error)


def _content_filter(_: Plan) -> Reply:
    # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/dall-e
    message = "Your task failed as a result of our safety system."
    body = {"created": 1698342300, "error": {"code": "contentFilter", "message": message}}
    return Reply(400, (json.dumps(body).encode(),))


def _retry_headers(plan: Plan) -> dict[str, str]:
    named = {"retry-after": plan.retry_after, "retry-after-ms": plan.retry_after_ms}
    return {name: value for name, value in named.items() if value is not None}


REFUSALS: Mapping[Fault, Callable[[Plan], Reply]] = {
    Fault.RATE_LIMITED: _error(
        429,
        "input-images",
        "rate_limit_exceeded",
        "Rate limit reached for gpt-image-2 on input-images per min: Limit 250, Used 250,"
        " Requested 1. Please try again in 240ms.",
    ),
    Fault.INSUFFICIENT_QUOTA: _error(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    Fault.MODERATION_BLOCKED: _moderation,
    Fault.MODERATION_PLAIN: _moderation,
    Fault.CONTENT_POLICY: _error(
        400,
        "invalid_request_error",
        "content_policy_violation",
        "Your request was rejected as a result of our safety system. Your prompt may contain text"
        " that is not allowed by our safety system.",
    ),
    Fault.CONTENT_FILTER: _content_filter,
    Fault.BILLING_HARD_LIMIT: _error(
        400,
        "invalid_request_error",
        "billing_hard_limit_reached",
        "Billing hard limit has been reached",
    ),
    Fault.INVALID_REQUEST: _error(
        400, "invalid_request_error", "invalid_value", "Invalid value: something is off."
    ),
    Fault.INVALID_API_KEY: _error(
        401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-***."
    ),
    Fault.UNVERIFIED_ORG: _error(
        403,
        "invalid_request_error",
        None,
        "Your organization must be verified to use the model `gpt-image-2`. Please go to:"
        " https://platform.openai.com/settings/organization/general and click on Verify"
        " Organization. If you just verified, it can take up to 15 minutes for access to"
        " propagate.",
    ),
    Fault.MODEL_NOT_FOUND: _error(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model 'gpt-image-2' does not exist or you do not have access to it.",
    ),
    Fault.REQUEST_TIMEOUT: _error(408, "server_error", None, "Request timed out."),
    Fault.CONFLICT: _error(409, "invalid_request_error", None, "The resource is being changed."),
    Fault.TOO_LARGE: _html(413, "413 Request Entity Too Large"),
    Fault.SERVER_ERROR: _error(
        500,
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    Fault.BAD_GATEWAY: _html(502, "502 Bad Gateway"),
    Fault.OVERLOADED: _error(
        503, "server_error", None, "The engine is currently overloaded, please try again later"
    ),
    Fault.SLOW_DOWN: _error(503, "server_error", "slow_down", "Slow Down"),
    Fault.GATEWAY_TIMEOUT: _html(504, "504 Gateway Time-out"),
    Fault.SITE_OVERLOADED: _error(529, "overloaded_error", None, "Site is overloaded"),
    Fault.REDIRECT: lambda plan: Reply(302, (b"",), {"location": plan.location}, "text/html"),
    Fault.HTML_200: _html(200, "Just a moment..."),
    Fault.EMPTY_200: lambda _: Reply(200, (b"",)),
    Fault.ERROR_200: _error(200, "server_error", None, "Something went wrong."),
}
