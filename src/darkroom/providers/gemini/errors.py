"""Google's errors: ``{"error": {"code", "message", "status", "details"}}``."""

from collections.abc import Callable, Iterator

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
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

# The project, the key or the region, and not the request, is what such an error is about.
_DENIED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "FAILED_PRECONDITION", "NOT_FOUND"})


def classify(response: UpstreamResponse, raw: bytes, deployment: Deployment) -> DarkroomError:
    """The error behind an HTTP status and body.

    https://ai.google.dev/gemini-api/docs/troubleshooting, https://cloud.google.com/apis/design/errors
    """
    body = decoded(raw)
    listed = as_list(body)  # some of Google's front ends wrap the one error in a list
    error = as_object(as_object(listed[0] if listed else body).get("error"))
    status, word = response.status, as_text(error.get("status"))
    message = clean(as_text(error.get("message")) or f"HTTP status {status}", deployment)
    said = f"{deployment.id} says: {message}"
    # A wrong key is a 400 INVALID_ARGUMENT here, told by its reason alone.
    bad_key = any(as_text(one.get("reason")).startswith("API_KEY") for one in _details(error))
    if bad_key or word in _DENIED or status in (401, 402, 403, 404):
        return UpstreamDenied(said)
    if status == 429:
        if _for_today(error):
            return UpstreamDenied(said)
        return UpstreamRateLimited(said, retry_after_s=_pause(error, response.header))
    if status in (400, 413, 415, 422):
        return UpstreamRejected(message)
    if status in (499, 504, 524):  # given up on, by Google or a proxy; it may have been made
        return UpstreamTimeout(said)
    return UpstreamFailed(said, retry_after_s=_pause(error, response.header))


def _details(error: Body) -> Iterator[Body]:
    return map(as_object, as_list(error.get("details")))


def _pause(error: Body, header: Callable[[str], str | None]) -> float | None:
    """Seconds to wait by ``RetryInfo`` ("retryDelay": "17s"), else by the header."""
    told = (seconds(one.get("retryDelay")) for one in _details(error) if "retryDelay" in one)
    pause = next((one for one in told if one is not None), None)
    return retry_after_s(header) if pause is None else pause


def _for_today(error: Body) -> bool:
    """Whether a quota of the day is used up: no pause that a request can make heals that."""
    return any(
        "PerDay" in as_text(as_object(violation).get("quotaId"))
        for one in _details(error)
        for violation in as_list(one.get("violations"))
    )
