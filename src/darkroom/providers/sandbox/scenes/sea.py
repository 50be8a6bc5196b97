"""Water and air: the open sea, its shore, the deep, and the tops of clouds."""

import math
from collections.abc import Mapping

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.paint import Linear, ball, down, fade, glow, stops
from darkroom.providers.sandbox.scenes import sky as skies
from darkroom.providers.sandbox.scenes.ground import Ground, Place, grass, nothing, sun_x
from darkroom.providers.sandbox.scenes.stage import Stage, sheet
from darkroom.providers.sandbox.shapes import (
    Shape,
    below,
    box,
    curve,
    oval,
    poly,
    ridge,
    union,
    wave_line,
)


def _ocean(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.56, 0.5, 0.6)
    x = sun_x(stage)
    low = stage.palette.name in ("sunset", "dawn")
    y = horizon - (0.05 if low else horizon * 0.62)
    skies.sky(stage, horizon, (x, y))
    headland(stage, horizon)
    sea(stage, horizon, x)
    skies.birds(stage, stage.w * (0.5 - stage.side * 0.2), horizon * 0.45, 5)
    return Ground(stage.h * 0.93, horizon + (stage.h - horizon) * 0.42, 0.42)


def headland(stage: Stage, horizon: float) -> None:
    palette, side = stage.palette, -stage.side
    far = mix(palette.far, palette.sky[2], 0.4)
    edge = 0.0 if side < 0 else stage.w
    for reach, height, color in (
        (0.55, 0.1, far),
        (0.36, 0.15, mix(palette.far, palette.mid, 0.45)),
    ):
        line = ridge(stage.rng, (0.0, 1.0), 1.0)
        points = [
            (edge - side * px * reach, horizon + py * height * (1 - px) ** 0.8) for px, py in line
        ]
        shape = Shape(([*points, (edge - side * reach, horizon + 0.004), (edge, horizon + 0.004)],))
        stage.pen.fill(shape, down(color, mix(color, palette.sky[3], 0.35)))


def sea(stage: Stage, horizon: float, sun_x: float) -> None:
    """Water from the horizon to the bottom, with the light's path on it."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    depth = stage.h - horizon
    far = mix(palette.sky[3], palette.water, 0.45)
    pen.fill(
        sheet(stage, horizon),
        Linear((0, horizon), (0, stage.h), stops(far, palette.water, darker(palette.water, 0.35))),
    )
    pen.fill(
        box(-0.1, horizon - 0.001, stage.w + 0.1, horizon + 0.004),
        lighter(palette.sky[3], 0.4),
        alpha=0.8,
    )
    bands: dict[RGB, list[Shape]] = {}
    tones = (
        lighter(palette.water, 0.25),
        darker(palette.water, 0.25),
        mix(palette.water, palette.sky[2], 0.6),
    )
    for _ in range(pen.count(170 * stage.w)):
        t = rng.random() ** 1.5
        y = horizon + depth * t
        length = (0.03 + 0.22 * t) * rng.uniform(0.5, 1.4)
        bands.setdefault(rng.choice(tones), []).append(
            oval(rng.uniform(0, stage.w), y, length, 0.0012 + 0.0055 * t)
        )
    for color, shapes in bands.items():
        pen.fill(union(shapes), color, alpha=0.3)
    sparks: list[Shape] = []
    bright: list[Shape] = []
    for _ in range(pen.count(210)):
        t = rng.random() ** 1.15
        y = horizon + 0.006 + depth * t
        spread = 0.05 + 0.2 * t
        x = sun_x + rng.gauss(0, spread * 0.55)
        length = (0.012 + 0.06 * t) * rng.uniform(0.4, 1.3)
        (bright if rng.random() < 0.35 else sparks).append(oval(x, y, length, 0.0011 + 0.0038 * t))
    shine = mix(palette.sun, palette.sky[3], 0.35)
    pen.fill(union(sparks), shine, alpha=0.5)
    pen.fill(union(bright), lighter(palette.sun, 0.3), alpha=0.85)
    pen.shine((sun_x, horizon), glow((sun_x, horizon), 0.5, palette.sky[3], 0.35))


def _shore(stage: Stage, ground: Ground) -> None:
    """A strip of beach, or dark rocks with grass, in the near corner."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    side = stage.side
    if stage.pick(True, False):
        line = [
            (x, stage.h * 0.9 + 0.05 * math.sin(x * 2.2 + side) + 0.03 * x * side)
            for x in (i * stage.w / 24 for i in range(-1, 27))
        ]
        sand = mix(rgb("f0d6a8"), palette.sky[2], 0.3 if not stage.brief.night else 0.75)
        for lift, alpha in ((0.034, 0.35), (0.02, 0.6), (0.008, 0.95)):
            pen.fill(
                below([(x, y - lift) for x, y in line], stage.h + 0.1),
                lighter(palette.sky[3], 0.5),
                alpha=alpha * 0.6,
            )
        pen.fill(below(line, stage.h + 0.1), down(lighter(sand, 0.2), sand, darker(sand, 0.25)))
        return
    base = stage.w * (0.5 + side * 0.5)
    tone = mix(palette.near, palette.ink, 0.35)
    for reach, height, color in ((0.62, 0.2, lighter(tone, 0.08)), (0.42, 0.29, tone)):
        line = ridge(rng, (0.0, 1.0), 1.0, 0.5)
        points = [
            (base - side * px * reach, stage.h + 0.01 + py * height * (1 - px * 0.9))
            for px, py in line
        ]
        rock = Shape(
            (
                [
                    *points,
                    (base - side * reach, stage.h + 0.1),
                    (base + side * 0.1, stage.h + 0.1),
                    (base + side * 0.1, points[0][1]),
                ],
            )
        )
        pen.fill(rock, down(lighter(color, 0.12), darker(color, 0.2)))
        grass(stage, [points[i] for i in range(0, len(points), 3)], 0.05, color)


def _deep(stage: Stage) -> Ground:
    """Under water: light from above, bubbles, corals."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    pen.wash(
        down(
            lighter(palette.sky[2], 0.2), palette.sky[1], palette.water, darker(palette.water, 0.6)
        )
    )
    for i in range(7):
        x = stage.w * (i + rng.random()) / 6.5 - 0.1
        pen.fill(
            poly(
                (x, -0.05),
                (x + 0.07, -0.05),
                (x + rng.uniform(-0.2, 0.2) + 0.2, stage.h),
                (x - 0.15, stage.h),
            ),
            fade(WHITE, 0.4, 0.0),
            soft=0.02,
            blend="screen",
            alpha=0.6,
        )
    for depth in range(3):
        color = mix(palette.water, palette.ink, 0.25 + depth * 0.25)
        line = wave_line(
            (-0.05, stage.w + 0.05),
            stage.h * (0.82 + depth * 0.07),
            0.03,
            depth * 2.1 + stage.variant,
        )
        pen.fill(below(line, stage.h + 0.1), down(lighter(color, 0.12), color))
        for _ in range(pen.count(6)):
            x = rng.choice((rng.uniform(0, stage.w * 0.3), rng.uniform(stage.w * 0.7, stage.w)))
            coral = rng.choice((palette.accent, palette.second, rgb("e86a8a"), rgb("5fc9b0")))
            tint = mix(coral, color, 0.55 - depth * 0.22)
            for k in range(5):
                top = rng.uniform(0.08, 0.2)
                pen.fill(
                    curve(
                        [
                            (x, stage.h * (0.86 + depth * 0.07)),
                            (x + (k - 2) * 0.02, stage.h * (0.84 + depth * 0.07) - top * 0.5),
                            (x + (k - 2) * 0.035, stage.h * (0.84 + depth * 0.07) - top),
                        ],
                        0.024,
                        0.012,
                    ),
                    tint,
                )
    for _ in range(pen.count(40)):
        x, y, r = (
            rng.uniform(0, stage.w),
            rng.uniform(0.05, stage.h * 0.9),
            rng.uniform(0.003, 0.013),
        )
        pen.fill(
            oval(x, y, r),
            ball((x - r * 0.3, y - r * 0.3), r * 1.4, WHITE, palette.sky[2], palette.sky[1]),
            alpha=0.55,
        )
    return Ground(stage.h * 0.62, stage.h * 0.62, 0.42)


def _clouds(stage: Stage) -> Ground:
    """Above the clouds."""
    skies.sky(stage, stage.h * 0.95, (sun_x(stage), stage.h * 0.3))
    pen, palette = stage.pen, stage.palette
    for depth in range(4):
        y = stage.h * (0.66 + depth * 0.1)
        color = mix(mix(palette.sky[2], palette.sky[3], 0.5), WHITE, 0.25 + depth * 0.2)
        puffs = [
            oval(
                i * 0.13 + stage.rng.uniform(-0.05, 0.05),
                y + stage.rng.uniform(-0.03, 0.04),
                stage.rng.uniform(0.09, 0.19),
                stage.rng.uniform(0.06, 0.12),
            )
            for i in range(-1, int(stage.w / 0.13) + 2)
        ]
        pen.fill(
            union((*puffs, sheet(stage, y))),
            Linear(
                (0, y - 0.12),
                (0, y + 0.2),
                stops(lighter(color, 0.5), mix(color, palette.sky[1], 0.3)),
            ),
        )
    return Ground(stage.h * 0.55, stage.h * 0.55, 0.34)


PLACES: Mapping[str, Place] = {
    "ocean": Place(_ocean, _shore),
    "deep": Place(_deep, nothing),
    "clouds": Place(_clouds, nothing),
}
