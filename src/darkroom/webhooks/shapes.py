"""What is told to whom: endpoints, callbacks and deliveries. Times are milliseconds (epoch)."""

from dataclasses import dataclass, field
from enum import StrEnum

from darkroom.core.job import JobEvent
from darkroom.core.secret import Secret

ENDPOINT_EVENTS = (JobEvent.COMPLETED, JobEvent.FAILED, JobEvent.CANCELED)
"""What endpoints can hear. Progress is told to callbacks alone, which ask for it by job."""
TEST = "test"
"""The event of a delivery that has no job: the owner tries an endpoint out."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account wants its jobs' events told."""

    id: str
    account_id: str
    url: str
    events: tuple[JobEvent, ...]
    format: str
    """The dialect whose bodies it gets."""
    origin: str
    """Links in its bodies are made on it: the one that its owner used."""
    created_at_ms: int
    key_id: str | None = None
    """The API key whose jobs it hears of; None: those of the whole account."""
    key_digest: bytes = field(default=b"", repr=False)
    """For a format that signs with the owner's API key: a secret."""
    hex_key: bool = False
    """Such a signature is keyed with the digest's hexadecimal text instead of its bytes."""
    disabled_at_ms: int | None = None
    disabled_reason: str | None = None

    @property
    def vendor_key(self) -> bytes:
        """What the signature of its format is keyed with; empty where there is none."""
        return self.key_digest.hex().encode() if self.hex_key else self.key_digest


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """The last attempt of the schedule failed."""
    STOPPED = "stopped"
    """There is nobody to tell any more, or nothing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address. Its ``id`` is the ``webhook-id`` of every attempt."""

    id: str
    account_id: str
    event: str
    state: DeliveryState
    created_at_ms: int
    due_at_ms: int
    job_id: str | None = None
    endpoint_id: str | None = None
    """None: the callback of the job's request."""
    url: str | None = None
    """None when the endpoint is gone."""
    step: int = 0
    """How many attempts of its schedule were made."""
    attempt_count: int = 0
    """How many were made in all: a redelivery begins the schedule anew."""
    finished_at_ms: int | None = None
    last_status: int | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One POST of a delivery. ``status`` is HTTP's; without one ``error`` is a word for why."""

    number: int
    started_at_ms: int
    duration_ms: int
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs: the secret, and for a while after a rotation the one before it."""

    secret: Secret
    previous: Secret | None = None
    previous_until_ms: int | None = None

    def valid(self, now_ms: int) -> tuple[Secret, ...]:
        """The newest first."""
        if self.previous is None or (self.previous_until_ms or 0) <= now_ms:
            return (self.secret,)
        return (self.secret, self.previous)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes and in which form, as it is now."""

    url: str
    origin: str
    vendor_key: bytes = field(repr=False)
    format: str | None
    """None: the dialect of the job."""
    keys: Keys | None
    """None: the account has no secret yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt, or the look before it, makes of a delivery."""

    delivery: Delivery
    """With the state, the time and the counts that it has from now on."""
    fence: str
    tried: Try | None = None
    gone: bool = False
    """The receiver answered that it wants no more of these."""
