"""What is done here to every image that a model made, so that it comes as it was asked for."""

from dataclasses import dataclass

from darkroom.core.request import InputImage
from darkroom.core.size import Size


@dataclass(frozen=True, slots=True)
class Composite:
    """Where ``mask`` is opaque, the pixels of ``base`` stay. Both are of one size."""

    base: InputImage
    mask: InputImage


@dataclass(frozen=True, slots=True)
class Finish:
    """The default asks for nothing: an image stays as it comes."""

    size: Size | None = None
    """Exactly this size, cropped at the centre and resampled; None: any."""
    format: str = ""
    """``png``, ``jpeg``, ``webp`` or ``gif``; empty: any."""
    compression: int | None = None
    """0 to 100 for a JPEG or WebP that is written here; None: hardly any loss."""
    composite: Composite | None = None
    matte: bool = False
    """The plain background behind the subject is made transparent."""
    told: frozenset[str] = frozenset()
    """Codes of the warnings that the caller gets anyway: they are not repeated per image."""
