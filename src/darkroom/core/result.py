"""What a provider gives back: images in the spool, usage, and what was really made."""

from dataclasses import dataclass, field
from pathlib import Path

from darkroom.core.note import Said
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning


@dataclass(frozen=True, slots=True)
class SpooledImage:
    """Image bytes on local disk, not yet in the asset store; hashed while they were written."""

    path: Path
    sha256: str
    byte_size: int


@dataclass(frozen=True, slots=True)
class Output:
    """What the upstream says it made, for "asked against got". Empty string: it did not say."""

    size: str = ""
    quality: str = ""
    background: str = ""
    output_format: str = ""
    revised_prompts: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """One finished attempt. ``images`` may be fewer than asked; ``usage`` is for all of them."""

    images: tuple[SpooledImage, ...]
    usage: Usage | None
    output: Output = Output()
    upstream_id: str | None = None
    warnings: tuple[Warning, ...] = field(default=())
    cost_nanos: int | None = None
    """What the vendor says that it charges us, in nano-dollars; None: it does not say."""
    said: Said | None = None
    """What a text model answered around the images; with it there may be none."""
    mainline: Usage | None = None
    """The text model's tokens."""
