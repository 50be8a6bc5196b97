"""What a model can do, as data. Filled from ``catalog/models.toml``; nothing here is hard-coded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from darkroom.core.size import Size


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which pixel sizes a model makes natively.

    Either a closed list (``fixed``), or a grid: edges a multiple of ``multiple``, the longer at
    most ``max_edge``, ``min_pixels`` to ``max_pixels`` in all, ``max_ratio`` at most.
    """

    fixed: tuple[Size, ...] = ()
    multiple: int = 0
    max_edge: int = 0
    min_pixels: int = 0
    max_pixels: int = 0
    max_ratio: float = 0.0
    default: Size = Size(1024, 1024)

    def allows(self, size: Size) -> bool:
        if self.fixed:
            return size in self.fixed
        return (
            size.width % self.multiple == 0
            and size.height % self.multiple == 0
            and max(size.width, size.height) <= self.max_edge
            and self.min_pixels <= size.pixels <= self.max_pixels
            and size.ratio <= self.max_ratio
        )


@dataclass(frozen=True, slots=True)
class TokenRule:
    """How a model counts tokens. ``kind`` names a formula in :mod:`darkroom.core.tokens`."""

    output: str
    """``table`` (by quality and size), ``area`` (gpt-image-2's formula), ``flat`` (per tier of
    pixels), ``pixels`` (1000 per 1024x1024 px, for vendors that bill megapixels)."""
    table: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    """quality -> size -> tokens (``table``); quality -> {"factor": n} (``area``);
    tier -> {"pixels": at most, "tokens": n} (``flat``)."""
    bound: bool = False
    """True when the vendor published no count: the numbers are an upper bound, not a forecast."""
    input: str = "tiles"
    """``tiles`` (base plus per 512 px tile, plus the fidelity surcharge), ``fixed``, ``pixels``."""
    input_fixed: int = 0
    input_base: int = 65
    input_per_tile: int = 129
    always_high_fidelity: bool = False
    """The model reads every input image at high fidelity: the surcharge always applies."""
    fidelity_square: int = 0
    fidelity_other: int = 0
    partial_image: int = 100
    text_overhead: int = 6


@dataclass(frozen=True, slots=True)
class Availability:
    """One vendor's dates for one model; ``None`` means not announced."""

    released: date | None = None
    deprecated: date | None = None
    shutdown: date | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of the catalogue. Empty tuples mean "the model has no such parameter"."""

    id: str
    label: str
    family: str
    description: str
    sizes: SizeRule
    tokens: TokenRule
    aliases: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("generation", "edit")
    qualities: tuple[str, ...] = ()
    default_quality: str = "high"
    """What ``auto`` means where the vendor leaves it open; used for prices and the sandbox."""
    backgrounds: tuple[str, ...] = ("auto", "opaque")
    formats: tuple[str, ...] = ("png",)
    moderations: tuple[str, ...] = ()
    fidelities: tuple[str, ...] = ()
    complexities: tuple[str, ...] = ()
    mask: bool = False
    seed: bool = False
    stream: bool = False
    compression: bool = False
    max_n: int = 1
    one_per_call: bool = False
    """A call makes one image: n images are n calls, and each is charged its prompt and inputs."""
    max_inputs: int = 0
    max_partial_images: int = 0
    max_prompt_chars: int = 32_000
    vendors: Mapping[str, Availability] = field(default_factory=dict[str, Availability])
    successor: str | None = None
    doc_url: str | None = None

    def calls(self, images: int) -> int:
        """How often the vendor is asked, and charges what goes in, for so many images."""
        return images if self.one_per_call else 1
