"""What landscapes share: where things stand, grass, and mirrors of still water."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageFilter

from darkroom.providers.sandbox.color import RGB, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs import nature
from darkroom.providers.sandbox.paint import Linear
from darkroom.providers.sandbox.pixels import resized
from darkroom.providers.sandbox.scenes.stage import Stage, sheet
from darkroom.providers.sandbox.shapes import (
    Polygon,
    Shape,
    box,
    oval,
    stroke,
    union,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things stand: ``y`` for feet, ``water`` for hulls, ``size`` of a subject's height."""

    y: float
    water: float
    size: float = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    back: Callable[[Stage], Ground]
    front: Callable[[Stage, Ground], None]


def nothing(stage: Stage, ground: Ground) -> None:
    """No foreground."""


def sun_x(stage: Stage) -> float:
    return stage.w * (0.5 + stage.side * stage.pick(0.18, 0.0, 0.24))


def grass(stage: Stage, feet: Polygon, height: float, color: RGB) -> None:
    """Blades growing from the given points."""
    if stage.pen.detail.level < 1:
        feet = feet[::2]
    blades: list[Shape] = []
    for x, y in feet:
        for _ in range(2):
            lean, tall = stage.rng.uniform(-0.45, 0.45), height * stage.rng.uniform(0.5, 1.2)
            fx = x + stage.rng.uniform(-0.01, 0.01)
            blades.append(
                stroke(
                    [
                        (fx, y + 0.01),
                        (fx + lean * tall * 0.4, y - tall * 0.6),
                        (fx + lean * tall, y - tall),
                    ],
                    height * 0.07,
                    0.0006,
                )
            )
    stage.pen.fill(union(blades), color)


def reflect(stage: Stage, line: float, color: RGB) -> None:
    """Mirror what is above ``line`` into still water below it."""
    image = stage.pen.board.image
    y = round(line * stage.pen.scale)
    depth = image.height - y
    if depth <= 2 or y <= 2:
        return
    source = image.crop((0, max(0, y - round(depth * 1.25)), image.width, y))
    mirrored = resized(source.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (image.width, depth))
    mirrored = mirrored.filter(ImageFilter.GaussianBlur(max(1.0, stage.pen.scale * 0.0035)))
    image.paste(mirrored, (0, y))
    stage.pen.fill(
        sheet(stage, line),
        Linear((0, line), (0, stage.h), ((0.0, color, 0.12), (1.0, darker(color, 0.5), 0.8))),
    )
    ripples = [
        oval(
            stage.rng.uniform(0, stage.w),
            line + (stage.h - line) * t,
            (0.03 + 0.14 * t) * stage.rng.uniform(0.4, 1.3),
            0.0012 + 0.0028 * t,
        )
        for t in (stage.rng.random() ** 1.4 for _ in range(stage.pen.count(90 * stage.w)))
    ]
    stage.pen.fill(union(ripples), lighter(stage.palette.sky[3], 0.2), alpha=0.2)
    stage.pen.fill(
        box(-0.1, line - 0.001, stage.w + 0.1, line + 0.003),
        lighter(stage.palette.sky[3], 0.3),
        alpha=0.55,
    )


def flowers(stage: Stage, ground: Ground) -> None:
    """Wild flowers along the lower edge, larger in the corners."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    colors = (
        palette.accent,
        palette.second,
        rgb("fff6ea"),
        rgb("f58aa6"),
        lighter(palette.accent, 0.3),
    )
    stem = darker(palette.near, 0.1)
    places = sorted(
        ((rng.uniform(0, stage.w), rng.random()) for _ in range(pen.count(34 * stage.w))),
        key=lambda item: item[1],
    )
    for x, depth in places:
        corner = abs(x / stage.w - 0.5) * 2
        tall = (0.05 + 0.12 * corner**1.6) * (0.5 + depth)
        foot = stage.h - 0.06 + depth * 0.1
        top = (x + rng.uniform(-0.015, 0.015), foot - tall)
        pen.fill(stroke([(x, foot), top], 0.005), stem)
        radius = 0.011 + 0.02 * depth * (0.5 + corner)
        nature.blossom(
            pen.at(top[0], top[1], radius),
            stage.look(False),
            rng.choice(colors),
            rng.choice((5, 6, 8)),
        )
    grass(
        stage,
        [(rng.uniform(0, stage.w), stage.h + 0.02) for _ in range(pen.count(90 * stage.w))],
        0.09,
        mix(stem, palette.ink, 0.15),
    )
