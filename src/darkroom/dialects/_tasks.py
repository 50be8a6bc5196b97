"""The task object of hosted image APIs, which OpenAI's answers carry too.

One JSON body with the keys of both is read by the clients of both, so an answer that went to the
wrong kind of client still works. https://docs.evolink.ai/en/api-manual/task-management/get-task-detail
"""

import re
from typing import Any

from darkroom.core.dialect import LinkOf
from darkroom.core.errors import InvalidRequest
from darkroom.core.ids import now_ms
from darkroom.core.job import Job, JobQuote, JobState
from darkroom.core.money import credits
from darkroom.core.progress import estimated_s, progress
from darkroom.core.usage import Usage

PREFIX = "task-unified-"
USER_GROUP = "default"
"""EvoLink sorts its customers into groups; here there is one."""
_STATES = {
    JobState.QUEUED: "pending",
    JobState.RUNNING: "processing",
    JobState.SUCCEEDED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELED: "failed",
}
# https://docs.evolink.ai/en/api-manual/task-management/error-codes
_CODES = {
    "moderation_blocked": "content_policy_violation",
    "job_canceled": "request_cancelled",
    "upstream_rejected": "invalid_parameters",
    "invalid_value": "invalid_parameters",
    "unsupported_value": "invalid_parameters",
    "upstream_bad_response": "generation_failed_no_content",
    "upstream_timeout": "generation_timeout",
    "upstream_rate_limited": "resource_exhausted",
    "upstream_denied": "quota_exceeded",
    "upstream_unavailable": "service_unavailable",
    "overloaded": "service_unavailable",
    "model_not_found": "resource_not_found",
    "invalid_image": "image_processing_error",
    "internal_error": "service_error",
    "upstream_error": "service_error",
    "price_unknown": "service_error",
}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TAIL = 25  # base 36 digits that 128 bits take
_TASK_ID = re.compile(rf"{PREFIX}[0-9]{{1,12}}-([0-9a-z]{{{_TAIL}}})", re.ASCII)


def task_id(job: Job) -> str:
    """``task-unified-<unix seconds>-<the job's id in base 36>``."""
    rest, digits = int(job.id.replace("-", ""), 16), ""
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return f"{PREFIX}{job.created_at_ms // 1000}-{digits.rjust(_TAIL, '0')}"


def job_id(text: str) -> str:
    """The job's id that :func:`task_id` wrote. Raises :class:`InvalidRequest`."""
    match = _TASK_ID.fullmatch(text)
    if match is None or (number := int(match[1], 36)) >= 1 << 128:
        raise InvalidRequest(f"Invalid task ID format, must start with '{PREFIX}'", param="task_id")
    whole = f"{number:032x}"
    return f"{whole[:8]}-{whole[8:12]}-{whole[12:16]}-{whole[16:20]}-{whole[20:]}"


def task_error_code(code: str) -> str:
    """EvoLink's word for the code of an error."""
    return _CODES.get(code, "unknown_error")


def task(job: Job, link_of: LinkOf) -> dict[str, Any]:
    """The task as polled, whatever its state."""
    fields: dict[str, Any] = {
        "created": job.created_at_ms // 1000,
        "id": task_id(job),
        "model": job.request.model,
        "object": "image.generation.task",
        "progress": progress(job, now_ms()),
        "status": _STATES[job.state],
        "task_info": {"can_cancel": not job.state.final},
        "type": "image",
    }
    if not job.state.final:
        fields["task_info"]["estimated_time"] = estimated_s(job)
    elif job.state is JobState.SUCCEEDED:
        fields["results"] = [link_of(asset) for asset in job.results]
    else:
        fields["error"] = _error(job)
    if job.quote is not None:
        fields["usage"] = _usage(job, job.quote)
    return fields


def token_usage(counted: Usage | None) -> dict[str, Any]:
    """OpenAI's ``usage``. The text and image tokens of both sides, always."""
    counted = counted or Usage()
    return {
        "total_tokens": counted.total,
        "input_tokens": counted.input_total,
        "output_tokens": counted.output_total,
        "input_tokens_details": {
            "text_tokens": counted.text_in,
            "image_tokens": counted.image_in,
        },
        "output_tokens_details": {
            "text_tokens": counted.text_out,
            "image_tokens": counted.image_out,
        },
    }


def _error(job: Job) -> dict[str, str]:
    """A task that was canceled is one that failed, with a code of its own."""
    canceled = job.state is JobState.CANCELED
    code = "job_canceled" if canceled else "internal_error"
    message = "The task was cancelled." if canceled else "The task ended without a result."
    if job.error is not None:
        code, message = job.error.code, job.error.message
    return {"code": task_error_code(code), "message": message, "type": "task_error"}


def _usage(job: Job, quote: JobQuote) -> dict[str, Any]:
    """What is reserved while the task is open; then what of it was kept, which clients print as
    the price of the task."""
    nanos = quote.max_nanos
    if job.state.final:
        nanos = 0 if job.charge is None else job.charge.nanos
    by_call = all(
        snapshot.fixed_per_image is not None or snapshot.price.per_image
        for snapshot in quote.snapshots.values()
    )
    return {
        "billing_rule": "per_call" if by_call else "per_token",
        "credits_reserved": float(credits(nanos, places=4)),
        "user_group": USER_GROUP,
    }
