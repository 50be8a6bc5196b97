"""What can go wrong, named as OpenAI's SDK names it.

APIError
├── APIConnectionError           no answer: not reached, or cut off
│   └── APITimeoutError          no answer in time
│       └── WaitTimeout          the job has not ended in time; it goes on
├── APIResponseError             an answer that no Darkroom server gives
└── APIStatusError               the server said no
    ├── BadRequestError          400
    │   └── ContentPolicyViolation    refused by moderation
    ├── AuthenticationError      401
    ├── PermissionDeniedError    403
    ├── NotFoundError            404
    ├── ConflictError            409
    │   └── JobCanceled               somebody canceled the job
    ├── RateLimitError           429
    │   ├── InsufficientBalance       the prepaid balance does not cover it
    │   └── BudgetExceeded            a budget of the key or the account is used up
    ├── InternalServerError      500 and above
    └── JobFailed                the job that was waited for has failed
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from darkroom_client.jobs import Job
from darkroom_client.money import Money


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """What a server told about a failure. ``job_id`` is "" when no job was accepted."""

    code: str = ""
    param: str | None = None
    request_id: str = ""
    job_id: str = ""
    retryable: bool = False
    retry_after_s: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class APIError(Exception):
    """Base of the tree. ``retryable``: the same call may succeed later."""

    def __init__(self, message: str, facts: ErrorFacts | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts or ErrorFacts()
        self.idempotency_key = ""
        """Of a call that makes images: ``client.collect()`` brings back what it made, if it did."""
        self.job: Job | None = None
        """The job's record, where it was waited for."""

    @property
    def code(self) -> str:
        """Stable, for programs: ``unsupported_value``, ``upstream_timeout`` …"""
        return self.facts.code

    @property
    def param(self) -> str | None:
        """The parameter at fault, where one is."""
        return self.facts.param

    @property
    def request_id(self) -> str:
        """Leads to the server's log; "" when no answer came."""
        return self.facts.request_id

    @property
    def job_id(self) -> str:
        """The job that failed; "" when none was accepted."""
        return self.facts.job_id

    @property
    def retryable(self) -> bool:
        return self.facts.retryable


class APIConnectionError(APIError):
    """The server was not reached, or the connection broke."""


class APITimeoutError(APIConnectionError):
    """No answer in time. The job may well go on at the server."""


class WaitTimeout(APITimeoutError):
    """The job has not ended in time; ``job`` is how it stands. It goes on at the server."""


class APIResponseError(APIError):
    """The answer is none of Darkroom's: perhaps something else listens there."""


class APIStatusError(APIError):
    """The server refused or failed; ``status_code`` is the HTTP status."""

    status: ClassVar[int] = 0

    def __init__(self, message: str, facts: ErrorFacts | None = None, status: int = 0) -> None:
        super().__init__(message, facts)
        self.status_code = status or self.status


class BadRequestError(APIStatusError):
    status = 400


class ContentPolicyViolation(BadRequestError):
    """Refused by moderation; asking again with the same prompt will not help."""

    @property
    def stage(self) -> str:
        """Where it was refused: ``input``, ``output`` or ``unknown``."""
        return str(self.facts.details.get("moderation_stage", "unknown"))

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.facts.details.get("categories", ()))


class AuthenticationError(APIStatusError):
    status = 401


class PermissionDeniedError(APIStatusError):
    status = 403


class NotFoundError(APIStatusError):
    status = 404


class ConflictError(APIStatusError):
    status = 409


class JobCanceled(ConflictError):
    """Somebody canceled the job; nothing was charged."""


class RateLimitError(APIStatusError):
    status = 429


class InsufficientBalance(RateLimitError):
    """The prepaid balance does not cover the most that the call may cost; nothing was charged."""

    @property
    def required(self) -> Money | None:
        """What the call may cost at most."""
        return _amount(self.facts.details, "required_nanos")

    @property
    def available(self) -> Money | None:
        return _amount(self.facts.details, "available_nanos")


class BudgetExceeded(RateLimitError):
    """A budget of the key or the account would be exceeded; nothing was charged."""

    @property
    def which(self) -> str:
        """The budget that is used up, such as ``key_day``; "" when the server did not say."""
        return str(self.facts.details.get("which", ""))

    @property
    def limit(self) -> Money | None:
        return _amount(self.facts.details, "limit_nanos")

    @property
    def used(self) -> Money | None:
        """What counts against it: charges, and what running jobs may still cost."""
        return _amount(self.facts.details, "used_nanos")


class InternalServerError(APIStatusError):
    status = 500


class JobFailed(APIStatusError):
    """A job that was waited for has failed; ``job`` is its record. Nothing was charged."""

    status = 500


_BY_STATUS: dict[int, type[APIStatusError]] = {
    kind.status: kind
    for kind in (
        *(BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError),
        *(ConflictError, RateLimitError),
    )
}
# An error event of a stream has no status of its own.
_STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "billing_hard_limit_reached": 429,
    "moderation_blocked": 400,
    "job_canceled": 409,
    "upstream_rejected": 400,
    "upstream_rate_limited": 429,
    "overloaded": 503,
    "upstream_unavailable": 503,
    "upstream_timeout": 504,
}
# By the names of OpenAI's API, and by the server's own. Asking again helps with none of them.
_BY_CODE: dict[str, type[APIStatusError]] = {
    "moderation_blocked": ContentPolicyViolation,
    "job_canceled": JobCanceled,
    "insufficient_quota": InsufficientBalance,
    "insufficient_balance": InsufficientBalance,
    "billing_hard_limit_reached": BudgetExceeded,
    "budget_exceeded": BudgetExceeded,
}
_STATUS_OF_TYPE = {"server_error": 500}
_RETRYABLE = (429, 503)


def of_answer(
    status: int, headers: Mapping[str, str], body: bytes
) -> APIStatusError | APIResponseError:
    """The error that an answer of status 300 and above stands for."""
    hint = headers.get("x-should-retry")
    common = ErrorFacts(
        request_id=headers.get("x-request-id", ""),
        job_id=headers.get("x-darkroom-job", ""),
        retryable=status in _RETRYABLE if hint is None else hint == "true",
        retry_after_s=_seconds(headers.get("retry-after")),
    )
    said: dict[str, Any] = {}
    try:
        said = json.loads(body)["error"]
        message = str(said["message"])
    except (ValueError, LookupError, TypeError):
        message, said = f"The server answered with status {status} and no explanation.", {}
    return _error(message, said, status, common)


def of_event(said: Mapping[str, Any], headers: Mapping[str, str]) -> APIStatusError:
    """The error that a stream's ``error`` event tells of, or a body whose status had left."""
    code, kind = str(said.get("code") or ""), str(said.get("type") or "")
    status = _STATUS_OF_CODE.get(code) or _STATUS_OF_TYPE.get(kind, 400)
    common = ErrorFacts(
        request_id=headers.get("x-request-id", ""),
        job_id=headers.get("x-darkroom-job", ""),
        retryable=status in _RETRYABLE,
    )
    return _error(str(said.get("message") or "The job failed."), said, status, common)


def of_job(job: Job) -> APIStatusError:
    """Why a job that has ended has no images."""
    said = job.error or {}
    canceled = job.state == "canceled"
    code = str(said.get("code") or ("job_canceled" if canceled else "job_failed"))
    told: Mapping[str, Any] = said.get("details") or {}
    # A record says "stage" where OpenAI's errors say "moderation_stage".
    details = {"moderation_stage": told["stage"], **told} if "stage" in told else told
    kind = _BY_CODE.get(code, JobCanceled if canceled else JobFailed)
    error = kind(
        str(said.get("message") or f"The job ended as {job.state}."),
        ErrorFacts(code, said.get("param"), job_id=job.id, details=details),
        _STATUS_OF_CODE.get(code, 0),
    )
    error.job = job
    return error


def _error(
    message: str, said: Mapping[str, Any], status: int, common: ErrorFacts
) -> APIStatusError:
    code = str(said.get("code") or f"http_{status}")
    details: Any = said.get("moderation_details") or said.get("billing_details") or {}
    facts = ErrorFacts(
        code=code,
        param=said.get("param"),
        request_id=common.request_id,
        job_id=common.job_id,
        retryable=common.retryable and code not in _BY_CODE,
        retry_after_s=common.retry_after_s,
        details=cast(Mapping[str, Any], details),
    )
    if code in _BY_CODE:
        return _BY_CODE[code](message, facts, status)
    fallback = InternalServerError if status >= 500 else APIStatusError
    return _BY_STATUS.get(status, fallback)(message, facts, status)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = math.nan if text is None else float(text)
    except ValueError:  # an HTTP date: nobody who sheds load for seconds sends one
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _amount(details: Mapping[str, Any], name: str) -> Money | None:
    nanos = details.get(name)
    return Money(nanos) if isinstance(nanos, int) else None
