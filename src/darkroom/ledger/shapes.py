"""The words of the ledger. Amounts are whole nano-dollars, times milliseconds since the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from darkroom.core.price import Line


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside for a job: ``amount_nanos`` is the most it may cost."""

    account_id: str
    key_id: str
    job_id: str
    amount_nanos: int
    at_ms: int
    expected_nanos: int = 0
    """What the quote expected, kept for the drift report."""


@dataclass(frozen=True, slots=True)
class Held:
    """Holds that are open: how many, and what they hold together."""

    count: int
    nanos: int


@dataclass(frozen=True, slots=True)
class Capture:
    """The charge of a job that delivered. ``attempt`` is the number of the one that did.

    ``proven``: the vendor's own usage stands behind the lines, so that they may come to more
    than was held. ``cost_nanos`` is what the deployment charges us, where that is known.
    """

    job_id: str
    attempt: int
    lines: Sequence[Line]
    at_ms: int
    proven: bool = False
    model: str | None = None
    provider: str | None = None
    deployment: str | None = None
    cost_nanos: int | None = None
    images: int = 0
    """How many the charge is for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked last for a job that came to nothing, as far as that is known."""

    model: str | None = None
    provider: str | None = None
    deployment: str | None = None


NOBODY = Asked()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A hold that was just captured, released or refunded from."""

    account_id: str
    key_id: str
    job_id: str
    amount_nanos: int
    at_ms: int
    attempt: int | None
    refunded_nanos: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets in nano-dollars; None: no limit."""

    total_nanos: int | None = None
    day_nanos: int | None = None
    month_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against budgets now: open holds and what was charged, less refunds."""

    total_nanos: int = 0
    day_nanos: int = 0
    month_nanos: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    limits: Limits = field(default_factory=Limits)
    used: Used = field(default_factory=Used)


@dataclass(frozen=True, slots=True)
class Account:
    """``floor_nanos`` None: postpaid, tracked without limit; else the least it may fall to."""

    posted_nanos: int
    held_nanos: int
    floor_nanos: int | None
    budget: Budget


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount from one account to another; at most one transfer has this id."""

    id: str
    kind: str
    payer: str
    payee: str
    amount_nanos: int
    at_ms: int
    job_id: str | None = None
    attempt: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since_ms``, included, to ``until_ms``, excluded."""

    since_ms: int = 0
    until_ms: int = 2**62


@dataclass(frozen=True, slots=True)
class Refund:
    """Give back of a job's charge. The same ``reference`` refunds once, however often it comes."""

    job_id: str
    amount_nanos: int
    reason: str
    at_ms: int
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class TopUp:
    """Money paid in. The same ``reference``, such as a payment's id, is booked once."""

    account_id: str
    amount_nanos: int
    at_ms: int
    note: str = ""
    reference: str | None = None
