"""What every scene is given, and how subjects are put on the ground with their shadows."""

from dataclasses import dataclass
from random import Random
from typing import TypeVar

from darkroom.providers.sandbox.brief import Brief
from darkroom.providers.sandbox.motifs import MOTIFS, Look
from darkroom.providers.sandbox.paint import glow
from darkroom.providers.sandbox.palette import Palette
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import Shape, oval

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stage:
    """``pen``'s unit is the short side; the picture is ``w`` by ``h`` of them."""

    pen: Pen
    w: float
    h: float
    brief: Brief
    rng: Random

    @property
    def palette(self) -> Palette:
        return self.brief.palette

    @property
    def variant(self) -> int:
        return self.brief.variant

    @property
    def side(self) -> int:
        """-1 or 1: which side is the heavy one in this composition."""
        return 1 if self.variant % 2 else -1

    def pick(self, *options: _T) -> _T:
        """One of several compositions, turning with the variant."""
        return options[self.variant % len(options)]

    def look(self, tinted: bool = True) -> Look:
        return Look(self.palette, self.rng, self.brief.tint if tinted else None)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a subject goes: its foot, its height, and the most width it may take."""

    x: float
    y: float
    height: float
    width: float


def place(stage: Stage, name: str, spot: Spot, shadow: float = 0.45, tinted: bool = True) -> float:
    """Draw a motif at a spot, with its shadow. Returns the height it got."""
    motif = MOTIFS[name]
    height = min(spot.height, spot.width / motif.width)
    pen = stage.pen
    half = motif.width * height / 2
    if shadow and motif.habitat in ("ground", "table"):
        for spread, dark, soft in ((1.08, 0.55, 0.09), (0.8, 0.8, 0.035)):
            pen.fill(
                oval(spot.x + half * 0.06, spot.y - height * 0.005, half * spread, height * 0.045),
                stage.palette.ink,
                soft=height * soft,
                alpha=shadow * dark,
            )
    motif.draw(pen.at(spot.x, spot.y, height), stage.look(tinted))
    return height


def light(stage: Stage, x: float, y: float, radius: float, strength: float = 0.6) -> None:
    """A soft pool of the palette's sunlight."""
    stage.pen.shine((x, y), glow((x, y), radius, stage.palette.sun, strength))


def sheet(stage: Stage, top: float = 0.0) -> Shape:
    """The whole width from ``top`` down."""
    return Shape(
        (
            [
                (-0.05, top),
                (stage.w + 0.05, top),
                (stage.w + 0.05, stage.h + 0.05),
                (-0.05, stage.h + 0.05),
            ],
        )
    )
