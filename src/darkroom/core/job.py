"""The durable run of one request, its attempts and its assets, as every view of it reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from darkroom.core.errors import ErrorRecord
from darkroom.core.policy import Policy
from darkroom.core.price import Line, PriceSnapshot
from darkroom.core.request import ImageRequest
from darkroom.core.result import Output
from darkroom.core.trace import UNTRACED, Trace
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning


@dataclass(frozen=True, slots=True)
class JobQuote:
    """What a job was quoted when it was accepted, in nano-dollars; its prices stay its own.

    ``max_nanos`` is what was held: the most that any of its deployments can charge.
    """

    expected_nanos: int
    max_nanos: int
    snapshots: Mapping[str, PriceSnapshot]
    """The price of each deployment that may serve the job, by its id."""
    saved_nanos: int = 0
    """How much more ``expected_nanos`` would be at the usual price, not the economy one."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a job that succeeded costs, line by line."""

    nanos: int
    lines: tuple[Line, ...]
    saved_nanos: int = 0
    """How much more the lines would be at the usual price, not the economy one."""


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class JobEvent(StrEnum):
    """What webhooks and event streams tell of a job."""

    PROGRESS = "progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class CallbackState(StrEnum):
    """How far the callback of a job's request was told of the job's end."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class AttemptState(StrEnum):
    """``open`` is written before the socket; the rest say how sure we are of what happened."""

    OPEN = "open"
    NOT_SENT = "not_sent"
    SENT_UNKNOWN = "sent_unknown"
    REFUSED = "refused"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of one job to one deployment. Times are milliseconds since the epoch."""

    number: int
    deployment: str
    provider: str
    model: str
    state: AttemptState
    started_at_ms: int
    finished_at_ms: int | None = None
    upstream_id: str | None = None
    error: ErrorRecord | None = None


class AssetKind(StrEnum):
    RESULT = "result"
    ORIGINAL = "original"
    """The upstream's own bytes, kept beside a result that had to be fitted to the asked size."""
    PARTIAL = "partial"
    INPUT = "input"
    MASK = "mask"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Asset:
    """Stored image bytes. ``position`` orders the assets of one kind within a job, from 0."""

    id: str
    kind: AssetKind
    position: int
    sha256: str
    media_type: str
    width: int
    height: int
    byte_size: int
    created_at_ms: int
    expires_at_ms: int | None = None
    purpose: str = ""
    """What an uploaded file is for, as its owner said."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A deployment that was looked at for a job, in the order in which they were preferred.

    ``reason`` is a stable word for why it stands where it stands (``cheapest``, ``open_circuit``,
    ``no_mask`` …); one with ``usable`` false is no candidate.
    """

    deployment: str
    usable: bool
    reason: str
    expected_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job with everything a reader may see. Times are milliseconds since the epoch."""

    id: str
    account_id: str
    key_id: str
    dialect: str
    state: JobState
    request: ImageRequest
    created_at_ms: int
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    cancel_requested: bool = False
    policy: Policy = Policy()
    route: tuple[Considered, ...] = ()
    """The deployments as they were ranked when the job was accepted, also those ruled out."""
    model: str | None = None
    """The model that really served it: a retired one is replaced by its successor."""
    deployment: str | None = None
    output: Output | None = None
    usage: Usage | None = None
    quote: JobQuote | None = None
    charge: Charge | None = None
    error: ErrorRecord | None = None
    warnings: tuple[Warning, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    assets: tuple[Asset, ...] = ()
    callback_events: tuple[JobEvent, ...] = ()
    """What the callback of the request wants to hear; empty when there is none."""
    callback: CallbackState | None = None
    """None without a callback, and when it does not want to hear of this end."""
    note: str = ""
    """What its dialect kept of the request; a text model that answers reads it too. Empty: none."""
    trace: Trace = UNTRACED
    """The request that it was accepted with, for logs and traces; its owner does not see it."""
    images_removed_at_ms: int | None = None
    """When its images had been kept as long as they are here, and were removed."""
    replayed: bool = False
    """True when an idempotency key brought back a job that was accepted earlier."""

    def assets_of(self, kind: AssetKind) -> tuple[Asset, ...]:
        return tuple(asset for asset in self.assets if asset.kind is kind)

    @property
    def results(self) -> tuple[Asset, ...]:
        return self.assets_of(AssetKind.RESULT)
