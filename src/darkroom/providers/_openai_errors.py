"""The error behind an answer in OpenAI's shape or one of the many near it, as one of our tree."""

import re
from typing import Any

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from darkroom.core.ports import UpstreamResponse
from darkroom.providers._answers import (
    Body,
    as_list,
    as_object,
    as_text,
    clean,
    decoded,
    retry_after_s,
    seconds,
)

_MODERATION = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "content_filter",
        "contentFilter",  # Azure: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/dall-e
    }
)
# A spent account answers 400 or 429, and no retry will help:
# https://platform.openai.com/docs/guides/error-codes
_DENIED = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found"}
)
# The status that an error under status 200, or in a stream, would have had.
_STATUS = {"invalid_request_error": 400, "rate_limit_exceeded": 429}
# What vendors without a code for it say. The bare word "moderation" is none of it: it is the name
# of a parameter. xAI: https://docs.x.ai/docs/guides/image-generations
_REFUSAL = re.compile(
    r"content[ _-]?polic|usage (?:guideline|polic)|safety[ _](?:system|filter|check|polic)"
    r"|content[ _-](?:moderation|filter|violation)|moderation (?:rule|filter|system|polic)"
    r"|\bmoderated\b|\bnsfw\b|\bflagged\b|prohibited content|sensitive content",
    re.IGNORECASE,
)
# Azure locks a whole resource in such words: the account's trouble, not the prompt's.
_LOCKED = re.compile(r"temporarily blocked", re.IGNORECASE)


def classify(response: UpstreamResponse, raw: bytes, deployment: Deployment) -> DarkroomError:
    """The error behind an HTTP status and body. https://platform.openai.com/docs/guides/error-codes"""
    answer = as_object(decoded(raw))
    # Gateways in front of a vendor put message and code at the top.
    said = answer.get("error") or answer
    if isinstance(said, str) and isinstance(answer.get("code"), str):  # xAI has both at the top
        said = {"message": said, "code": answer["code"]}
    pause_s = seconds(response.header("retry-after-ms"))
    pause_s = retry_after_s(response.header) if pause_s is None else pause_s / 1000
    return from_error(said, response.status, deployment, pause_s)


def from_error(
    raw: Any, status: int, deployment: Deployment, pause_s: float | None = None
) -> DarkroomError:
    """The error that an error object or sentence tells. ``status`` 200: it came in an answer that
    calls itself good, or in a stream."""
    error = as_object(raw) or {"message": str(raw or "")}
    code = str(error.get("code") or error.get("type") or "")
    if status == 200:  # what the error says instead
        status = _said_status(code) or _STATUS.get(str(error.get("type")), 502)
    message = clean(_message(error) or f"HTTP status {status}", deployment)
    if code in _MODERATION or _refused(error, status, message):
        return _blocked(error, message)
    said = f"{deployment.id} says: {message}"
    if code in _DENIED or status in (401, 402, 403, 404):
        return UpstreamDenied(said)
    if status == 429:
        return UpstreamRateLimited(said, retry_after_s=pause_s)
    if status in (400, 413, 415, 422):
        return UpstreamRejected(message, param=as_text(error.get("param")) or None)
    if status in (504, 524):  # a proxy gave up waiting; the vendor may still be at work
        return UpstreamTimeout(said, retry_after_s=pause_s)
    return UpstreamFailed(said, retry_after_s=pause_s)


def sounds_refused(message: str) -> bool:
    """Whether a sentence about a failure says that policy is the reason."""
    return _REFUSAL.search(message) is not None and _LOCKED.search(message) is None


def _refused(error: Body, status: int, message: str) -> bool:
    if status == 403 and as_list(as_object(error.get("metadata")).get("reasons")):
        return True  # https://openrouter.ai/docs/api/reference/errors-and-debugging
    return status in (400, 403, 422) and sounds_refused(message)


def _blocked(error: Body, message: str) -> ModerationBlocked:
    """A refusal with its stage and categories, wherever the vendor puts them."""
    told = as_object(error.get("moderation_details"))
    stage, categories = told.get("moderation_stage"), as_list(told.get("categories"))
    if not categories:  # OpenRouter
        categories = as_list(as_object(error.get("metadata")).get("reasons"))
    if not categories:  # Azure
        results = as_object(as_object(error.get("inner_error")).get("content_filter_results"))
        categories = [name for name, found in results.items() if as_object(found).get("filtered")]
    if not stage and message.startswith("Generated image"):  # Azure, xAI
        stage = "output"
    return ModerationBlocked(
        message,
        details={"stage": stage or "unknown", "categories": [str(each) for each in categories]},
    )


def _said_status(code: str) -> int | None:
    """The status that a code stands for; OpenRouter's code is the status itself."""
    return int(code) if re.fullmatch(r"[45]\d\d", code) else _STATUS.get(code)


def _message(error: Body) -> str:
    """The sentence for people. FastAPI calls it ``detail``, and lists what is wrong with a body:
    https://fastapi.tiangolo.com/tutorial/handling-errors/"""
    if message := error.get("message"):
        return str(message)
    detail = error.get("detail")
    if isinstance(detail, dict):
        return _message(as_object(detail))
    return as_text(detail) or "; ".join(
        as_text(as_object(each).get("msg")) for each in as_list(detail)
    )
