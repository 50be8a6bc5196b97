"""A request as parsed from the wire: its images are still where the caller put them."""

from dataclasses import dataclass
from enum import StrEnum

from darkroom.core.job import JobEvent
from darkroom.core.request import ImageRequest
from darkroom.core.result import SpooledImage
from darkroom.core.warning import Warning


@dataclass(frozen=True, slots=True)
class Upload:
    """An image that arrived in the request's own body."""

    image: SpooledImage


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image behind a URL, to be fetched through the guarded egress."""

    url: str


@dataclass(frozen=True, slots=True)
class InlineImage:
    """An image as base64 text, with or without a ``data:`` prefix."""

    text: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image we have already: an uploaded file or an asset of an earlier job."""

    id: str


Source = Upload | RemoteImage | InlineImage | StoredImage


class MaskConvention(StrEnum):
    """Which pixels of a mask as sent may change."""

    AUTO = "auto"
    """Transparent ones where there is an alpha channel, else black ones."""
    ALPHA = "alpha"
    BLACK = "black"
    WHITE = "white"


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a request wants its job's events told. ``param`` is the field that said so."""

    url: str
    events: tuple[JobEvent, ...] = (JobEvent.COMPLETED, JobEvent.FAILED, JobEvent.CANCELED)
    param: str = "callback_url"


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How the caller wants the answer."""

    stream: bool = False
    """As server-sent events."""
    links: bool = False
    """Links instead of base64."""
    task: bool = False
    """At once, with a task to poll, unless the caller prefers to wait."""
    inside: bool = False
    """A refusal on policy is shown inside the job's own form, not as an error; so is any failure
    once the answer has begun."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``request`` holds no images; ``inputs`` and ``mask`` say where they are."""

    request: ImageRequest
    inputs: tuple[Source, ...] = ()
    mask: Source | None = None
    mask_convention: MaskConvention = MaskConvention.AUTO
    callback: Callback | None = None
    form: AnswerForm = AnswerForm()
    warnings: tuple[Warning, ...] = ()
    """What was bent while parsing."""
    answered_here: tuple[Warning, ...] = ()
    """What is true only where no text model takes part."""
    note: str = ""
    """What the dialect keeps with the job, to answer about it later; it alone reads it."""
