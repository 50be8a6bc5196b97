"""The one canonical shape of an image request, whatever wire format it came in."""

from dataclasses import dataclass
from enum import StrEnum

from darkroom.core.mainline import Mainline


class ServiceTier(StrEnum):
    AUTO = "auto"
    ECONOMY = "economy"
    """By the vendor's batch API: cheaper, and done within a day instead of at once."""


class Operation(StrEnum):
    GENERATION = "generation"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class InputImage:
    """An input image or mask after ingest: checked, stored, known by its content.

    Without bytes it stands in for one that was not read yet, and its size says nothing.
    """

    asset_id: str
    sha256: str
    media_type: str
    width: int
    height: int
    byte_size: int


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One operation as asked. ``None`` means "not said": the model's default applies.

    ``size`` is ``"auto"`` or ``"<width>x<height>"``; ``output_compression`` is 0 to 100;
    ``partial_images`` is how many streamed previews are wanted (0 to 3).
    """

    operation: Operation
    model: str
    prompt: str
    n: int = 1
    size: str = "auto"
    quality: str = "auto"
    background: str = "auto"
    output_format: str = "png"
    output_compression: int | None = None
    moderation: str = "auto"
    input_fidelity: str | None = None
    partial_images: int = 0
    seed: int | None = None
    complexity: str | None = None
    frame_count: int | None = None
    frame_duration_ms: int | None = None
    size_policy: str = "fit"
    """``fit``: a size the model lacks is made by cropping and resampling; ``strict``: refused."""
    service_tier: str = ServiceTier.AUTO
    """See :class:`ServiceTier`."""
    user: str | None = None
    inputs: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    mainline: Mainline | None = None
    """The text model that is to answer, where one takes part; it calls the image model."""

    @property
    def economy(self) -> bool:
        return self.service_tier == ServiceTier.ECONOMY
