"""The seam of the inbound wire formats: pure translators, mounted by the server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from darkroom.core.draft import AnswerForm, Draft, Upload
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job
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
    """A path on which a dialect takes image requests (always POST)."""

    path: str
    operation: Operation


class Dialect(Protocol):
    """One inbound wire format. Knows core alone; reads and writes nothing but its arguments."""

    @property
    def name(self) -> str: ...

    @property
    def routes(self) -> Sequence[ImageRoute]: ...

    def parse(self, operation: Operation, body: WireBody) -> Draft:
        """Raises from the request branch of the error tree, naming the parameter."""
        ...

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        """The answer to a job that succeeded."""
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
