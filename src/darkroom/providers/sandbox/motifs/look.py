"""What every motif is given, and how a motif announces its proportions."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from darkroom.providers.sandbox.color import RGB
from darkroom.providers.sandbox.palette import Palette
from darkroom.providers.sandbox.pen import Pen


@dataclass(frozen=True, slots=True)
class Look:
    """The palette in force, the chance that varies details, and a colour the prompt asked for."""

    palette: Palette
    rng: Random
    tint: RGB | None = None

    def color(self, default: RGB) -> RGB:
        """The colour that was asked for, or the motif's own."""
        return default if self.tint is None else self.tint


Draw = Callable[[Pen, Look], None]


@dataclass(frozen=True, slots=True)
class Motif:
    """A drawable thing: one unit high, standing on y = 0, centred on x = 0, up is negative."""

    draw: Draw
    width: float
    """Its width when it is one unit high."""
    habitat: str = "ground"
    """``ground``, ``water``, ``air`` or ``table``."""
