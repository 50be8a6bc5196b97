"""One tree of errors. Each knows its code, HTTP status, whose fault it is and whether to retry.

DarkroomError
├── RequestError                 the caller's: nothing ran, nothing is charged
│   ├── InvalidRequest           400  a value is missing or malformed
│   ├── UnknownParameter         400  a parameter nobody knows
│   ├── UnsupportedValue         400  the model cannot do that
│   ├── InvalidImage             400  an input image or mask cannot be used
│   ├── Unauthorized             401  no key, or a wrong one
│   ├── InsufficientBalance      402  the prepaid balance does not cover the quote
│   ├── BudgetExceeded           402  a budget of the key or the account is used up
│   ├── Forbidden                403  the key may not do that
│   ├── StorageQuotaExceeded     403  the account's images have all the bytes they may have
│   ├── NotFound                 404  no such thing, or somebody else's
│   ├── ModelNotFound            404  no deployment serves that model
│   ├── Gone                     410  it was there, and is not kept so long
│   ├── MethodNotAllowed         405
│   ├── IdempotencyConflict      409  the key was used with another body
│   ├── JobRunning               409  it has to end first
│   ├── PayloadTooLarge          413
│   ├── SlowBody                 408  the body stopped arriving
│   └── RateLimited              429  too many requests by this key
├── ModerationBlocked            400  refused on policy; never retried, never routed around
├── JobCanceled                  409  somebody canceled the job
├── UpstreamError                the vendor's: the next deployment may do better
│   ├── UpstreamUnavailable      503  not reached at all: nothing was sent
│   ├── UpstreamFailed           502  answered with a server error
│   ├── UpstreamRateLimited      429  its limit, not ours
│   ├── UpstreamTimeout          504  no answer in time; it may have been billed
│   ├── UpstreamBroken           502  an answer that cannot be used
│   ├── UpstreamRejected         400  it calls the request itself invalid
│   ├── UpstreamDenied           502  it refuses our credentials or quota
│   └── OutcomeUnknown           502  we died while it worked; not bought a second time
└── ServerError                  ours
    ├── PriceUnknown             402  nobody set a price for that model
    ├── Overloaded               503  too much at once, or it stops; nothing was begun
    ├── Interrupted              503  it stops while the job goes on
    ├── ResultLost               500  made, perhaps billed, and not kept; not bought again
    └── Internal                 500
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar


class Fault(StrEnum):
    CALLER = "caller"
    VENDOR = "vendor"
    OURS = "ours"
    NOBODY = "nobody"


class Billing(StrEnum):
    """Whether the upstream may have charged for an attempt that ended this way."""

    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as stored with a job and shown to its owner. ``message`` holds no secrets."""

    code: str
    message: str
    param: str | None = None
    retry_after_s: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class DarkroomError(Exception):
    """Base of the tree. ``message`` says what happened and what to do next."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.OURS
    billing: ClassVar[Billing] = Billing.NO

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.details: Mapping[str, Any] = details or {}

    def record(self) -> ErrorRecord:
        """The storable form."""
        return ErrorRecord(self.code, self.message, self.param, self.retry_after_s, self.details)

    @staticmethod
    def revive(record: ErrorRecord) -> "DarkroomError":
        """The exception a record was made from; unknown codes come back as :class:`Internal`."""
        kind = by_code().get(record.code, Internal)
        return kind(
            record.message,
            param=record.param,
            retry_after_s=record.retry_after_s,
            details=record.details,
        )


def by_code() -> dict[str, type[DarkroomError]]:
    """Every concrete error by its code: the error table of the documentation."""
    found: dict[str, type[DarkroomError]] = {}
    stack: list[type[DarkroomError]] = [DarkroomError]
    while stack:
        kind = stack.pop()
        children = kind.__subclasses__()
        stack.extend(children)
        if not children:
            found[kind.code] = kind
    return found


class RequestError(DarkroomError):
    fault = Fault.CALLER
    status = 400


class InvalidRequest(RequestError):
    """A value is missing, malformed or out of range."""

    code = "invalid_value"


class UnknownParameter(RequestError):
    """The request names a parameter that this endpoint does not have."""

    code = "unknown_parameter"


class UnsupportedValue(RequestError):
    """The value is well-formed, but the chosen model cannot honour it."""

    code = "unsupported_value"


class InvalidImage(RequestError):
    """An input image or a mask is not a usable JPEG, PNG or WebP."""

    code = "invalid_image"


class Unauthorized(RequestError):
    """The API key is missing, wrong or revoked."""

    code = "invalid_api_key"
    status = 401


class InsufficientBalance(RequestError):
    """The prepaid balance does not cover the quote.

    ``details``: ``required_nanos`` and ``available_nanos``.
    """

    code = "insufficient_balance"
    status = 402


class BudgetExceeded(RequestError):
    """A budget of the key or the account would be exceeded.

    ``details``: ``which`` budget, and its ``limit_nanos`` and ``used_nanos``.
    """

    code = "budget_exceeded"
    status = 402


class Forbidden(RequestError):
    """The API key is valid but may not do this."""

    code = "permission_denied"
    status = 403


class StorageQuotaExceeded(RequestError):
    """The account's images have as many bytes as they may have: delete jobs or files.

    ``details``: ``used_bytes`` and ``limit_bytes``.
    """

    code = "storage_quota_exceeded"
    status = 403


class NotFound(RequestError):
    """Nothing of that name is visible to this key."""

    code = "not_found"
    status = 404


class ModelNotFound(RequestError):
    """No configured deployment serves that model."""

    code = "model_not_found"
    status = 404


class Gone(RequestError):
    """What the link led to was kept as long as it is here, and then removed."""

    code = "gone"
    status = 410


class MethodNotAllowed(RequestError):
    """The path exists, but not for this method."""

    code = "method_not_allowed"
    status = 405


class SlowBody(RequestError):
    """The request's body stopped arriving."""

    code = "request_timeout"
    status = 408
    retryable = True


class IdempotencyConflict(RequestError):
    """The idempotency key was used within 24 hours for a different request."""

    code = "idempotency_conflict"
    status = 409


class JobRunning(RequestError):
    """The job has not ended yet, and what was asked needs its end."""

    code = "job_running"
    status = 409


class PayloadTooLarge(RequestError):
    """The body, or one image in it, is over the limit."""

    code = "payload_too_large"
    status = 413


class RateLimited(RequestError):
    """This API key sends more than it may."""

    code = "rate_limit_exceeded"
    status = 429
    retryable = True


class ModerationBlocked(DarkroomError):
    """Refused on policy. ``details``: ``stage`` (input, output, unknown) and ``categories``."""

    code = "moderation_blocked"
    status = 400
    fault = Fault.CALLER


class JobCanceled(DarkroomError):
    """The job was canceled before it finished."""

    code = "job_canceled"
    status = 409
    fault = Fault.NOBODY


class UpstreamError(DarkroomError):
    fault = Fault.VENDOR
    retryable = True
    status = 502


class UpstreamUnavailable(UpstreamError):
    """The vendor could not be reached: nothing was sent."""

    code = "upstream_unavailable"
    status = 503


class UpstreamFailed(UpstreamError):
    """The vendor answered with a server error."""

    code = "upstream_error"


class UpstreamRateLimited(UpstreamError):
    """The vendor's rate limit is reached."""

    code = "upstream_rate_limited"
    status = 429


class UpstreamTimeout(UpstreamError):
    """The vendor did not answer in time; it may have made and billed the image."""

    code = "upstream_timeout"
    status = 504
    billing = Billing.UNKNOWN


class UpstreamBroken(UpstreamError):
    """The vendor's answer was cut off, malformed, or held no usable image."""

    code = "upstream_bad_response"
    billing = Billing.UNKNOWN


class UpstreamRejected(UpstreamError):
    """The vendor calls the request invalid; another deployment would too."""

    code = "upstream_rejected"
    status = 400
    retryable = False
    fault = Fault.CALLER


class UpstreamDenied(UpstreamError):
    """The vendor refuses our credentials, or our account there is exhausted."""

    code = "upstream_denied"


class OutcomeUnknown(UpstreamError):
    """The server stopped while the vendor worked; the result may exist there, paid for."""

    code = "outcome_unknown"
    retryable = False
    billing = Billing.UNKNOWN


class ServerError(DarkroomError):
    fault = Fault.OURS


class PriceUnknown(ServerError):
    """The price sheet has no price for the model, so it cannot be quoted: the operator adds one."""

    code = "price_unknown"
    status = 402


class Overloaded(ServerError):
    """The server sheds load; try again shortly."""

    code = "overloaded"
    status = 503
    retryable = True


class Interrupted(ServerError):
    """The server stopped while the job was waited for. The job goes on: collect it by its id."""

    code = "interrupted"
    status = 503


class ResultLost(ServerError):
    """The image was made, and may have been billed, but cannot be collected or stored."""

    code = "result_lost"
    billing = Billing.UNKNOWN


class Internal(ServerError):
    """A defect of ours. The request id leads to the log entry."""

    code = "internal_error"
