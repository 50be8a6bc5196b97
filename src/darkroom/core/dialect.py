"""The seam of the inbound wire formats: pure translators, mounted by the server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from darkroom.core.draft import AnswerForm, Draft, Upload
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation

LinkOf = Callable[[Asset], str]
"""Makes the signed URL of an asset, on the origin that the client used."""


@dataclass(frozen=True, slots=True)
class WireBody:
    """A request's body: JSON fields as sent, or a form's text fields and uploads."""

    fields: Mapping[str, Any]
    uploads: tuple[tuple[str, Upload], ...] = ()
    is_form: bool = False


@dataclass(frozen=True, slots=True)
class Base64Of:
    """A place in an answer where an asset's bytes go as base64, read when they are sent."""

    asset: Asset


Piece = bytes | Base64Of


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer whose images are not in memory yet."""

    pieces: Sequence[Piece]
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ImageRoute:
    """A path on which a dialect takes image requests (always POST).

    ``operation`` is None where the body decides: input images make it an edit. A path that
    several dialects list is shared: the server decides by request who answers.
    """

    path: str
    operation: Operation | None


class JobAction(StrEnum):
    SHOW = "show"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class JobRoute:
    """A path with ``{job_id}`` under which a dialect shows (GET) or cancels a job."""

    path: str
    action: JobAction
    method: str


class Dialect(Protocol):
    """One inbound wire format. Knows core alone; reads and writes nothing but its arguments."""

    @property
    def name(self) -> str: ...

    @property
    def hosts(self) -> Sequence[str]:
        """The vendor's own host names: who asks for one of them speaks this dialect."""
        ...

    @property
    def key_prefix(self) -> str:
        """How the vendor's API keys begin; keys that are bound to this dialect begin so too."""
        ...

    @property
    def routes(self) -> Sequence[ImageRoute]: ...

    @property
    def job_routes(self) -> Sequence[JobRoute]: ...

    @property
    def webhook_pauses_s(self) -> Sequence[float] | None:
        """The least that its clients expect of repeated deliveries; None: the usual schedule."""
        ...

    def claims(self, headers: Mapping[str, str], body: WireBody) -> bool:
        """Whether a request shows a definite sign that only this dialect's clients give.

        ``headers`` have lower-case names.
        """
        ...

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        """Raises from the request branch of the error tree, naming the parameter.

        Where a request names no model and the dialect has no default of its own, the model stays
        empty: the caller's policy names it.
        """
        ...

    def wire_id(self, job: Job) -> str:
        """The job's id as this dialect writes it."""
        ...

    def job_id(self, wire_id: str) -> str:
        """The id of the job behind what :meth:`wire_id` wrote.

        Raises from the request branch for what cannot be one of its ids.
        """
        ...

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        """The answer to a job that succeeded and was waited for."""
        ...

    def render_accepted(self, job: Job, link_of: LinkOf) -> Answer:
        """The answer to a job that was just accepted and is not waited for."""
        ...

    def render_job(self, job: Job, link_of: LinkOf) -> Answer:
        """A job in whatever state, for who polls it."""
        ...

    def render_error(self, error: DarkroomError) -> Answer: ...

    def render_partial(self, job: Job, asset: Asset) -> Sequence[Piece]:
        """One server-sent event with a preview."""
        ...

    def render_completed(self, job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
        """One server-sent event with a finished image; the last one carries the usage."""
        ...

    def render_stream_error(self, error: DarkroomError) -> Sequence[Piece]:
        """One server-sent event that ends a stream which has begun."""
        ...

    def webhook(self, job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
        """The JSON body that tells an event."""
        ...

    def webhook_headers(self, event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
        """What its vendor sends beside the Standard Webhooks headers, with its own signature.

        ``key_digest`` is the SHA-256 of the API key that sent the request; empty when unknown.
        """
        ...
