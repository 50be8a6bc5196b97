"""A request as parsed from the wire: its images are still where the caller put them."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How the caller wants the answer."""

    stream: bool = False
    """As server-sent events."""
    links: bool = False
    """Links instead of base64."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``request`` holds no images; ``inputs`` and ``mask`` say where they are."""

    request: ImageRequest
    inputs: tuple[Source, ...] = ()
    mask: Source | None = None
    form: AnswerForm = AnswerForm()
    warnings: tuple[Warning, ...] = ()
    """What was bent while parsing."""
