"""Landscapes: each place has a back (sky to ground) and a front that overlaps the subject's feet."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageFilter

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs import nature
from darkroom.providers.sandbox.paint import Linear, along, ball, down, fade, glow, stops
from darkroom.providers.sandbox.scenes import sky as skies
from darkroom.providers.sandbox.scenes.stage import Stage, sheet
from darkroom.providers.sandbox.shapes import (
    Polygon,
    Shape,
    below,
    blob,
    box,
    curve,
    leaf,
    oval,
    poly,
    ridge,
    spline,
    stroke,
    union,
    wave_line,
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


def _nothing(stage: Stage, ground: Ground) -> None:
    """No foreground."""


def _sun_x(stage: Stage) -> float:
    return stage.w * (0.5 + stage.side * stage.pick(0.18, 0.0, 0.24))


# --- sea ----------------------------------------------------------------------------------------


def _ocean(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.56, 0.5, 0.6)
    x = _sun_x(stage)
    low = stage.palette.name in ("sunset", "dawn")
    y = horizon - (0.05 if low else horizon * 0.62)
    skies.sky(stage, horizon, (x, y))
    _headland(stage, horizon)
    sea(stage, horizon, x)
    skies.birds(stage, stage.w * (0.5 - stage.side * 0.2), horizon * 0.45, 5)
    return Ground(stage.h * 0.93, horizon + (stage.h - horizon) * 0.42, 0.42)


def _headland(stage: Stage, horizon: float) -> None:
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
    skies.sky(stage, stage.h * 0.95, (_sun_x(stage), stage.h * 0.3))
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


# --- mountains ----------------------------------------------------------------------------------


def _mountains(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.66, 0.6, 0.7)
    skies.sky(stage, horizon, (_sun_x(stage), horizon * stage.pick(0.42, 0.55, 0.35)))
    _ranges(stage, horizon)
    pen, palette = stage.pen, stage.palette
    for i, amount in enumerate((0.45, 0.75, 1.0)):
        y = horizon + (stage.h - horizon) * (0.05 + i * 0.27)
        color = mix(mix(palette.mid, palette.sky[3], 0.3), palette.near, amount)
        line = wave_line((-0.05, stage.w + 0.05), y, 0.022 + 0.012 * i, i * 1.9 + stage.variant)
        _pines(stage, line, 0.07 + 0.05 * i, color, 26 - 7 * i)
        pen.fill(below(line, stage.h + 0.1), down(lighter(color, 0.14), color))
    return Ground(stage.h * 0.95, stage.h * 0.84, 0.46)


def _ranges(stage: Stage, base: float) -> None:
    """Three ranges, hazier with distance; the nearest big one has facets and snow."""
    pen, palette = stage.pen, stage.palette
    for i in range(3):
        haze = (0.62, 0.38, 0.12)[i]
        color = mix(
            (palette.far, mix(palette.far, palette.mid, 0.5), palette.mid)[i], palette.sky[3], haze
        )
        height = base * (0.5, 0.46, 0.28)[i] * (1.0 if i != 1 else stage.pick(1.0, 1.15, 0.9))
        line = [
            (x, base - 0.02 + i * 0.02 + y)
            for x, y in ridge(stage.rng, (-0.15, stage.w + 0.15), height, 0.5)
        ]
        shape = below(line, base + 0.3)
        pen.fill(
            shape,
            Linear(
                (0, base - height), (0, base + 0.05), stops(color, mix(color, palette.sky[3], 0.55))
            ),
        )
        if i < 2 and pen.detail.level >= 0:
            _facets(stage, line, shape, (color, height, base))
        mist = Linear(
            (0, base - height * 0.35),
            (0, base + 0.05),
            ((0.0, palette.sky[3], 0.0), (1.0, palette.sky[3], 0.55)),
        )
        pen.fill(shape, mist)


def _facets(stage: Stage, line: Polygon, shape: Shape, tone: tuple[RGB, float, float]) -> None:
    color, height, base = tone
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    snow = mix(WHITE, palette.sky[2], 0.12)
    shadows: list[Shape] = []
    caps: list[Shape] = []
    for i in range(6, len(line) - 6, 2):
        x, y = line[i]
        if y > min(line[j][1] for j in range(i - 6, i + 7)) + 1e-9:
            continue
        tall = base - y
        if tall < height * 0.42:
            continue
        zig = [(x, y)]
        for k in range(1, 6):
            zig.append(
                (
                    x - stage.side * tall * 0.05 * k + rng.uniform(-0.02, 0.02) * tall * k,
                    y + tall * k / 5,
                )
            )
        shadows.append(Shape(([*zig, (x + stage.side * tall * 1.1, base + 0.1)],)))
        depth = tall * rng.uniform(0.24, 0.36)
        teeth = [(x - tall, y - 0.1), (x + tall, y - 0.1)]
        for k in range(9):
            teeth.append(
                (
                    x + tall * (1 - k / 4),
                    y + depth * (0.62 if k % 2 else 1.0) * rng.uniform(0.75, 1.1),
                )
            )
        caps.append(Shape((teeth,)))
    if caps and palette.name not in ("desert", "autumn"):
        pen.fill(union(caps), snow, clip=shape, alpha=0.9)
    if shadows:
        pen.fill(
            union(shadows), darker(mix(color, palette.sky[0], 0.3), 0.18), clip=shape, alpha=0.42
        )


def _pines(stage: Stage, line: Polygon, height: float, color: RGB, count: int) -> None:
    """Conifers along a line, denser at the sides."""
    for _ in range(stage.pen.count(count)):
        x, y = line[stage.rng.randrange(len(line))]
        if abs(x - stage.w / 2) < stage.w * 0.16 and stage.rng.random() < 0.7:
            continue
        tall = height * stage.rng.uniform(0.6, 1.3)
        nature.pine(stage.pen.at(x, y + tall * 0.1, tall), darker(color, 0.12), lighter(color, 0.4))


def reflect(stage: Stage, line: float, color: RGB) -> None:
    """Mirror what is above ``line`` into still water below it."""
    image = stage.pen.board.image
    y = round(line * stage.pen.scale)
    depth = image.height - y
    if depth <= 2 or y <= 2:
        return
    source = image.crop((0, max(0, y - round(depth * 1.25)), image.width, y))
    mirrored = source.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((image.width, depth))
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


def _lake(stage: Stage) -> Ground:
    horizon = stage.h * 0.58
    skies.sky(stage, horizon, (_sun_x(stage), horizon * 0.5))
    _ranges(stage, horizon)
    color = mix(stage.palette.near, stage.palette.mid, 0.4)
    line = wave_line((-0.05, stage.w + 0.05), horizon - 0.012, 0.006, stage.variant)
    _pines(stage, line, 0.1, color, 44)
    stage.pen.fill(below(line, horizon + 0.002), color)
    reflect(stage, horizon, stage.palette.water)
    return Ground(stage.h * 0.96, horizon + (stage.h - horizon) * 0.5, 0.42)


def _bank(stage: Stage, ground: Ground) -> None:
    """A dark near bank with reeds in one corner."""
    color = mix(stage.palette.near, stage.palette.ink, 0.35)
    side = stage.side
    edge = stage.w * (0.5 + side * 0.5)
    shape = blob(
        (edge + side * 0.2, stage.h - 0.17),
        (edge - side * 0.15, stage.h - 0.13),
        (edge - side * 0.5, stage.h - 0.03),
        (edge - side * 0.6, stage.h + 0.1),
        (edge + side * 0.3, stage.h + 0.2),
    )
    stage.pen.fill(shape, down(lighter(color, 0.1), color))
    grass(
        stage,
        [(edge - side * i * 0.022, stage.h - 0.13 + i * 0.005) for i in range(-2, 20)],
        0.13,
        color,
    )


# --- fields and woods ---------------------------------------------------------------------------


def _meadow(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.56, 0.62, 0.52)
    skies.sky(stage, horizon, (_sun_x(stage), horizon * stage.pick(0.45, 0.6)))
    hills(stage, horizon)
    return Ground(stage.h * 0.9, stage.h * 0.8, 0.56)


def hills(stage: Stage, horizon: float) -> None:
    """Rolling hills with trees, the near one grassy."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    for i in range(4):
        t = i / 3
        color = (
            mix(mix(palette.far, palette.sky[3], 0.35), palette.near, t)
            if i < 2
            else mix(palette.mid, palette.near, t - 0.55)
        )
        y = horizon + (stage.h - horizon) * (0.0, 0.12, 0.3, 0.52)[i]
        line = wave_line(
            (-0.05, stage.w + 0.05), y, 0.028 + 0.01 * i, i * 2.3 + stage.variant * 1.7
        )
        if i in (1, 2):
            for _ in range(pen.count(5)):
                x, ty = line[rng.randrange(len(line))]
                if abs(x - stage.w * 0.5) > 0.18 * stage.w:
                    nature.tree(
                        pen.at(x, ty + 0.01, rng.uniform(0.08, 0.14) * (0.7 + i * 0.4)),
                        stage.look(False),
                    )
        pen.fill(
            below(line, stage.h + 0.1),
            Linear(
                (0, y - 0.05), (0, y + 0.3), stops(lighter(color, 0.22), color, darker(color, 0.1))
            ),
        )
        if i == 3 and pen.detail.level >= 1:
            grass(
                stage,
                [
                    (rng.uniform(0, stage.w), rng.uniform(y + 0.03, stage.h))
                    for _ in range(pen.count(150))
                ],
                0.03,
                lighter(color, 0.22),
            )
            grass(
                stage,
                [
                    (rng.uniform(0, stage.w), rng.uniform(y + 0.05, stage.h))
                    for _ in range(pen.count(150))
                ],
                0.035,
                darker(color, 0.12),
            )


def _flowers(stage: Stage, ground: Ground) -> None:
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


def _sunflowers(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.44, 0.48, 0.4)
    skies.sky(stage, horizon, (_sun_x(stage), horizon * 0.6))
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    _ranges_low(stage, horizon)
    green = mix(rgb("4f8f3a"), palette.near, 0.25)
    pen.fill(
        sheet(stage, horizon),
        Linear(
            (0, horizon),
            (0, stage.h),
            stops(
                mix(rgb("e3b83a"), palette.sky[3], 0.25),
                mix(green, rgb("d9a52a"), 0.3),
                darker(green, 0.4),
            ),
        ),
    )
    rows = 11
    for row in range(rows):
        t = (row / (rows - 1)) ** 1.7
        y = horizon + 0.012 + (stage.h - horizon) * 0.86 * t
        size = 0.006 + 0.062 * t
        step = size * 2.0
        look = stage.look(False)
        petal = mix(rgb("f8b21c"), palette.sky[3], 0.35 * (1 - t))
        count = int(stage.w / step) + 2
        for k in range(count):
            x = (k + 0.5 * (row % 2)) * step + rng.uniform(-0.3, 0.3) * step
            fy = y + rng.uniform(-0.25, 0.25) * size
            if t < 0.1:
                pen.fill(oval(x, fy, size * 1.05, size * 0.7), petal)
                continue
            pen.fill(stroke([(x, fy + size * 2.4), (x, fy)], size * 0.18), darker(green, 0.2))
            for turn in (30, 150):
                pen.fill(
                    leaf(x, fy + size * 1.5, size * 1.3, size * 0.75, turn),
                    mix(green, rgb("8fbf4d"), rng.uniform(0, 0.5)),
                )
            nature.sunflower_head(pen.at(x, fy, size), look, petal)
        veil = Linear(
            (0, y),
            (0, y + 0.2),
            ((0.0, palette.sky[3], 0.16 * (1 - t)), (1.0, palette.sky[3], 0.0)),
        )
        pen.fill(sheet(stage, y - 0.02), veil)
    return Ground(stage.h * 0.97, stage.h * 0.8, 0.66)


def _ranges_low(stage: Stage, horizon: float) -> None:
    for i, amount in enumerate((0.2, 0.65)):
        color = mix(mix(stage.palette.far, stage.palette.sky[3], 0.35), stage.palette.mid, amount)
        line = wave_line(
            (-0.05, stage.w + 0.05), horizon - 0.05 + 0.03 * i, 0.022, stage.variant + i * 2.2
        )
        stage.pen.fill(below(line, horizon + 0.1), down(lighter(color, 0.15), color))


def _sunflowers_front(stage: Stage, ground: Ground) -> None:
    rng, look = stage.rng, stage.look(False)
    xs = [stage.w * f for f in (0.02, 0.14, 0.27, 0.4, 0.6, 0.73, 0.86, 0.98)]
    for x in xs:
        corner = abs(x / stage.w - 0.5) * 2
        size = 0.1 + 0.075 * corner + rng.uniform(-0.01, 0.01)
        y = stage.h - 0.035 - 0.16 * corner**2
        green = rgb("3f7d34")
        stage.pen.fill(
            stroke([(x, stage.h + 0.1), (x, y)], size * 0.16),
            along(0, lighter(green, 0.2), darker(green, 0.2)),
        )
        for turn in (20, 160):
            stage.pen.fill(
                leaf(x, y + size * 1.1, size * 1.3, size * 0.7, turn),
                down(lighter(green, 0.2), darker(green, 0.15)),
            )
        nature.sunflower_head(stage.pen.at(x, y, size), look)


def _forest(stage: Stage) -> Ground:
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    floor = stage.h * 0.78
    pen.wash(
        Linear(
            (0, 0),
            (0, floor),
            stops(
                mix(palette.sky[1], palette.near, 0.25),
                palette.sky[2],
                lighter(palette.sky[3], 0.3),
            ),
        )
    )
    if stage.brief.night:
        skies.stars(stage, floor * 0.5, 120)
    cx = stage.w * (0.5 + stage.side * 0.1)
    pen.shine((cx, floor * 0.42), glow((cx, floor * 0.42), 0.8, palette.sun, 0.85))
    for layer in range(4):
        t = layer / 3
        color = mix(mix(palette.far, palette.sky[3], 0.5), darker(palette.near, 0.25), t**1.2)
        y = floor + 0.02 + layer * 0.035
        for _ in range(pen.count((34, 24, 15, 8)[layer] * stage.w)):
            x = rng.uniform(-0.05, stage.w + 0.05)
            if abs(x - cx) < 0.12 + 0.13 * layer:
                continue
            tall = (0.34 + 0.2 * layer) * rng.uniform(0.75, 1.25) * min(stage.h, 1.25)
            nature.pine(pen.at(x, y, tall), color, lighter(color, 0.35), rng.uniform(-0.02, 0.02))
        pen.fill(
            below(
                wave_line((-0.05, stage.w + 0.05), y, 0.012, layer * 2 + stage.variant),
                stage.h + 0.1,
            ),
            down(lighter(color, 0.12), color, darker(color, 0.1)),
        )
        pen.fill(
            box(-0.05, y - 0.3, stage.w + 0.05, y + 0.05), fade(palette.sky[3], 0.0, 0.4 * (1 - t))
        )
    for i in range(5):
        x = cx + (i - 2) * 0.13 + rng.uniform(-0.03, 0.03)
        beam = poly(
            (cx + (i - 2) * 0.04, -0.1),
            (cx + (i - 2) * 0.04 + 0.05, -0.1),
            (x + (x - cx) * 2 + 0.14, floor + 0.12),
            (x + (x - cx) * 2, floor + 0.12),
        )
        pen.fill(beam, fade(palette.sun, 0.55, 0.0), soft=0.02, blend="screen", alpha=0.55)
    path = blob(
        (cx - 0.03, floor + 0.02),
        (cx + 0.03, floor + 0.02),
        (cx + 0.09, floor + 0.1),
        (cx + 0.34, stage.h + 0.1),
        (cx - 0.34, stage.h + 0.1),
        (cx - 0.06, floor + 0.1),
    )
    sand = mix(rgb("d9b98a"), palette.near, 0.35)
    pen.fill(
        path, down(lighter(palette.sky[3], 0.1), sand, darker(sand, 0.4)), soft=0.006, alpha=0.85
    )
    return Ground(stage.h * 0.93, stage.h * 0.85, 0.5)


def _ferns(stage: Stage, ground: Ground) -> None:
    """Ferns in both corners and drifting motes of light."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    dark = darker(palette.near, 0.45)
    for edge, side in ((0.0, 1), (stage.w, -1)):
        for _ in range(pen.count(9)):
            turn = rng.uniform(-85, -20)
            size = rng.uniform(0.16, 0.32)
            fern = pen.at(
                edge - side * 0.03 + side * rng.uniform(0, 0.2), stage.h + 0.03, size, 0, side < 0
            ).at(0, 0, 1.0, turn)
            fronds = [
                leaf(0.1 + k * 0.085, 0, 0.3 * (1 - k * 0.085), 0.07, s * 58)
                for k in range(10)
                for s in (-1, 1)
            ]
            fern.fill(
                union((*fronds, stroke([(0, 0), (1, 0)], 0.025, 0.006))),
                mix(dark, palette.near, rng.uniform(0, 0.5)),
            )
    motes = [
        oval(
            rng.uniform(0, stage.w),
            rng.uniform(stage.h * 0.35, stage.h),
            rng.uniform(0.0015, 0.004),
        )
        for _ in range(pen.count(50))
    ]
    pen.fill(union(motes), lighter(palette.sun, 0.3), alpha=0.75, soft=0.001)


# --- dry, cold, built ---------------------------------------------------------------------------


def _desert(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.5, 0.56)
    skies.sky(stage, horizon, (_sun_x(stage), horizon * 0.62))
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    for i in range(5):
        t = i / 4
        y = horizon + (stage.h - horizon) * (0.02 + 0.2 * i)
        lit = mix(mix(palette.far, palette.sky[3], 0.5), palette.mid, t)
        shade = mix(darker(lit, 0.18), palette.near, 0.25 + 0.3 * t)
        peak = stage.w * (
            (0.3, 0.75, 0.15, 0.62, 0.3)[i] if stage.side > 0 else (0.7, 0.25, 0.85, 0.38, 0.7)[i]
        )
        crest = (peak, y - 0.08 - 0.05 * rng.random() - 0.03 * i)
        line = spline(
            [
                (-0.3, y + 0.05),
                (peak - 0.45, y + 0.01),
                crest,
                (peak + 0.5, y + 0.03),
                (stage.w + 0.3, y + 0.07),
            ],
            closed=False,
            steps=16,
        )
        dune = below(line, stage.h + 0.1)
        pen.fill(dune, Linear((0, y - 0.1), (0, y + 0.3), stops(lighter(lit, 0.2), lit)))
        swoop = Shape(
            (
                [
                    crest,
                    *spline(
                        [
                            crest,
                            (peak + 0.04, y + 0.06),
                            (peak - 0.12, y + 0.2),
                            (peak + 0.1, stage.h + 0.1),
                        ],
                        closed=False,
                    ),
                    (stage.w + 0.4, stage.h + 0.1),
                    (stage.w + 0.4, y - 0.2),
                ],
            )
        )
        pen.fill(
            swoop,
            Linear((0, y - 0.1), (0, y + 0.35), ((0.0, shade, 0.95), (1.0, shade, 0.15))),
            clip=dune,
        )
    return Ground(stage.h * 0.93, stage.h * 0.8, 0.48)


def _snow(stage: Stage) -> Ground:
    horizon = stage.h * 0.58
    skies.sky(stage, horizon, (_sun_x(stage), horizon * 0.45))
    _ranges(stage, horizon)
    pen, palette = stage.pen, stage.palette
    for i in range(3):
        y = horizon + (stage.h - horizon) * (0.02, 0.22, 0.5)[i]
        line = wave_line((-0.05, stage.w + 0.05), y, 0.025 + 0.01 * i, i * 2.6 + stage.variant)
        _pines(
            stage, line, 0.13 + 0.06 * i, mix(palette.near, palette.far, 0.5 - 0.2 * i), 22 - 5 * i
        )
        snow = mix(WHITE, palette.sky[1], 0.25 - 0.08 * i)
        pen.fill(
            below(line, stage.h + 0.1),
            Linear(
                (0, y - 0.04),
                (0, y + 0.3),
                stops(lighter(snow, 0.6), snow, mix(snow, palette.far, 0.5)),
            ),
        )
    return Ground(stage.h * 0.92, stage.h * 0.8, 0.5)


def _snowfall(stage: Stage, ground: Ground) -> None:
    rng = stage.rng
    for count, radius, soft, alpha in (
        (90, 0.0025, 0.0, 0.9),
        (36, 0.0055, 0.001, 0.8),
        (10, 0.013, 0.005, 0.55),
    ):
        flakes = [
            oval(rng.uniform(0, stage.w), rng.uniform(0, stage.h), radius * rng.uniform(0.6, 1.3))
            for _ in range(stage.pen.count(count * stage.w))
        ]
        stage.pen.fill(union(flakes), WHITE, alpha=alpha, soft=soft)


def _city(stage: Stage) -> Ground:
    line = stage.h * 0.76
    skies.sky(stage, line, (stage.w * (0.5 + stage.side * 0.22), line * 0.26))
    skyline(stage, line)
    reflect(stage, line, stage.palette.water)
    return Ground(stage.h * 0.95, line + (stage.h - line) * 0.55, 0.44)


def skyline(stage: Stage, line: float) -> None:
    """Three rows of towers with windows, standing on ``line``."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    night = stage.brief.night
    for row in range(3):
        t = row / 2
        color = mix(mix(palette.far, palette.sky[3], 0.4), darker(palette.near, 0.1), t)
        x = -0.05
        while x < stage.w + 0.05:
            width = rng.uniform(0.06, 0.13) * (0.8 + 0.3 * t)
            centre = 1 - abs((x + width / 2) / stage.w - 0.5 + stage.side * 0.1) * 1.5
            tall = line * (0.22 + 0.5 * max(0.0, centre) * rng.uniform(0.5, 1.0)) * (1.05 - 0.3 * t)
            _tower(stage, (x, line - tall, x + width, line + 0.01), color, night)
            x += width * rng.uniform(0.95, 1.25)
        haze = palette.sky[3] if not night else mix(palette.sky[3], palette.accent, 0.15)
        pen.fill(
            box(-0.05, line - 0.35, stage.w + 0.05, line), fade(haze, 0.0, 0.5 * (1 - t) + 0.06)
        )


def _tower(stage: Stage, rect: tuple[float, float, float, float], color: RGB, night: bool) -> None:
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    left, top, right, bottom = rect
    width = right - left
    body = box(left, top, right, bottom)
    crown = rng.randrange(4)
    if crown == 0:
        body = body + box(left + width * 0.2, top - width * 0.25, right - width * 0.2, top)
    elif crown == 1:
        body = body + poly((left, top), (left + width / 2, top - width * 0.55), (right, top))
    elif crown == 2:
        body = body + stroke(
            [(left + width / 2, top - width * 0.9), (left + width / 2, top)], 0.003
        )
    pen.fill(
        body, Linear((left, 0), (right, 0), stops(lighter(color, 0.12), color, darker(color, 0.16)))
    )
    columns = max(2, int(width / 0.016))
    rows = max(2, int((bottom - top) / 0.021))
    lit: list[Shape] = []
    dim: list[Shape] = []
    cell = width / columns
    for i in range(columns):
        for j in range(rows):
            wx, wy = left + (i + 0.28) * cell, top + 0.012 + j * 0.021
            pane = box(wx, wy, wx + cell * 0.46, wy + 0.011)
            if rng.random() < (0.42 if night else 0.12) * min(1.0, pen.detail.plenty + 0.3):
                lit.append(pane)
            elif pen.detail.level >= 1:
                dim.append(pane)
    glass = mix(palette.sky[2], WHITE, 0.3) if not night else lighter(color, 0.16)
    pen.fill(union(dim), glass, alpha=0.4)
    warm = rng.choice(
        (rgb("ffd98a"), rgb("ffe9b8"), palette.accent, mix(palette.second, WHITE, 0.2))
    )
    pen.fill(union(lit), warm if night else rgb("fff3d0"), alpha=0.92)


def _road(stage: Stage) -> Ground:
    """A coast road: sea and sun behind, guard rail, asphalt in front."""
    horizon = stage.h * stage.pick(0.48, 0.52)
    x = _sun_x(stage)
    skies.sky(stage, horizon, (x, horizon - 0.07))
    _headland(stage, horizon)
    sea(stage, horizon, x)
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    verge = stage.h * 0.73
    green = mix(palette.near, palette.ink, 0.2)
    line = wave_line((-0.05, stage.w + 0.05), verge, 0.01, stage.variant)
    grass(stage, [(px, py + 0.01) for px, py in line for _ in range(2)], 0.045, darker(green, 0.1))
    pen.fill(below(line, stage.h + 0.1), down(lighter(green, 0.1), green))
    rail = verge + 0.045
    posts = union(
        box(i * 0.16 - 0.006, rail, i * 0.16 + 0.006, rail + 0.07)
        for i in range(int(stage.w / 0.16) + 2)
    )
    pen.fill(posts, darker(palette.mid, 0.4))
    pen.fill(
        box(-0.1, rail, stage.w + 0.1, rail + 0.022),
        down(
            mix(palette.sun, WHITE, 0.3),
            mix(palette.mid, rgb("9aa0ad"), 0.5),
            darker(palette.mid, 0.3),
        ),
    )
    top = stage.h * 0.81
    asphalt = mix(rgb("3a3a48"), palette.near, 0.45)
    pen.fill(
        sheet(stage, top),
        Linear(
            (0, top), (0, stage.h), stops(lighter(asphalt, 0.2), asphalt, darker(asphalt, 0.45))
        ),
    )
    pen.fill(sheet(stage, top), glow((x, top), 0.7, palette.sky[3], 0.5), blend="screen")
    pen.fill(box(-0.1, top + 0.008, stage.w + 0.1, top + 0.014), WHITE, alpha=0.75)
    dash = stage.h * 0.955
    shift = rng.uniform(0, 0.3)
    marks = union(
        poly((px, dash), (px + 0.2, dash), (px + 0.185, dash + 0.016), (px - 0.02, dash + 0.016))
        for px in (shift + i * 0.36 - 0.4 for i in range(int(stage.w / 0.36) + 3))
    )
    pen.fill(marks, mix(WHITE, palette.sun, 0.4), alpha=0.85, soft=0.001)
    if pen.detail.level >= 2:
        specks = [
            oval(rng.uniform(0, stage.w), rng.uniform(top + 0.02, stage.h), 0.0035, 0.0009)
            for _ in range(pen.count(240 * stage.w))
        ]
        pen.fill(union(specks), lighter(asphalt, 0.35), alpha=0.35)
    return Ground(stage.h * 0.915, stage.h * 0.6, 0.3)


def _space(stage: Stage) -> Ground:
    skies.nebula(stage)
    x = stage.w * (0.5 + stage.side * 0.24)
    skies.planet(
        stage,
        x,
        stage.h * stage.pick(0.34, 0.42, 0.3),
        stage.pick(0.22, 0.17, 0.26),
        stage.pick(True, True, False),
    )
    small = stage.w * (0.5 - stage.side * 0.3)
    pen, palette = stage.pen, stage.palette
    pen.fill(
        oval(small, stage.h * 0.2, 0.045),
        ball(
            (small - 0.02, stage.h * 0.2 - 0.02),
            0.085,
            palette.second,
            mix(palette.second, palette.ink, 0.5),
            palette.ink,
        ),
    )
    line = [
        (i * stage.w / 30, stage.h * 0.9 + 0.13 * ((i / 30 - 0.5) * 2) ** 2) for i in range(-1, 33)
    ]
    ground = mix(palette.far, palette.sky[3], 0.3)
    body = below(line, stage.h + 0.2)
    pen.fill(
        below([(px, py - 0.02) for px, py in line], stage.h + 0.2),
        lighter(palette.second, 0.2),
        soft=0.02,
        alpha=0.35,
    )
    pen.fill(
        body,
        Linear(
            (0, stage.h * 0.87),
            (0, stage.h * 1.03),
            stops(lighter(ground, 0.25), ground, darker(ground, 0.5)),
        ),
    )
    for _ in range(pen.count(12)):
        cx, cy, r = (
            stage.rng.uniform(0, stage.w),
            stage.rng.uniform(stage.h * 0.93, stage.h),
            stage.rng.uniform(0.012, 0.045),
        )
        pen.fill(oval(cx, cy, r, r * 0.3), darker(ground, 0.35), clip=body)
        pen.fill(oval(cx, cy + r * 0.08, r * 0.86, r * 0.22), darker(ground, 0.15), clip=body)
    return Ground(stage.h * 0.93, stage.h * 0.93, 0.46)


def _space_city(stage: Stage) -> Ground:
    """A city of lights under a giant planet."""
    skies.nebula(stage)
    skies.planet(
        stage, stage.w * (0.5 + stage.side * 0.22), stage.h * 0.3, 0.25, stage.pick(True, False)
    )
    line = stage.h * 0.8
    pen, palette = stage.pen, stage.palette
    pen.shine((stage.w / 2, line), glow((stage.w / 2, line), 0.8, palette.sky[3], 0.75))
    skyline(stage, line)
    cx, r = stage.w * (0.5 - stage.side * 0.14), 0.3
    dome = Shape(
        (
            [
                (cx - r, line),
                *[
                    (cx - r * math.cos(a), line - r * math.sin(a))
                    for a in (i * math.pi / 40 for i in range(41))
                ],
                (cx + r, line),
            ],
        )
    )
    pen.fill(dome, fade(palette.second, 0.28, 0.06), blend="screen")
    rim = [
        (cx - r * math.cos(a), line - r * math.sin(a))
        for a in (i * math.pi / 40 for i in range(41))
    ]
    pen.fill(stroke(rim, 0.005), lighter(palette.accent, 0.4), alpha=0.85)
    pen.fill(stroke(rim, 0.012), palette.accent, soft=0.012, alpha=0.5)
    reflect(stage, line, palette.water)
    for i in range(pen.count(7)):
        y = line * stage.rng.uniform(0.3, 0.8)
        x = stage.rng.uniform(0, stage.w)
        pen.fill(
            box(x, y, x + 0.1, y + 0.003),
            fade(palette.second if i % 2 else palette.accent, 0.0, 1.0, 0),
        )
    return Ground(stage.h * 0.95, stage.h * 0.9, 0.4)


def _room(stage: Stage) -> Ground:
    """A calm interior: an arched window with a view, a plant, a wooden floor."""
    pen, palette = stage.pen, stage.palette
    wall = mix(palette.paper, palette.sky[2], 0.55)
    floor = stage.h * 0.78
    pen.wash(
        Linear((0, 0), (stage.w, stage.h), stops(lighter(wall, 0.35), wall, darker(wall, 0.12)))
    )
    cx = stage.w * (0.5 + stage.side * 0.2)
    window = _arch(cx, floor - 0.1, 0.24, 0.6 * min(stage.h, 1.2))
    pen.fill(_arch(cx, floor - 0.075, 0.265, 0.65 * min(stage.h, 1.2)), WHITE)
    sky = palette.sky
    top = floor - 0.1 - 0.6
    pen.fill(window, Linear((0, top), (0, floor - 0.1), stops(sky[0], sky[1], sky[3])))
    pen.fill(oval(cx + 0.07, floor - 0.4, 0.05), palette.sun, clip=window)
    for i, color in enumerate((palette.far, palette.mid, palette.near)):
        pen.fill(
            below(wave_line((cx - 0.3, cx + 0.3), floor - 0.3 + i * 0.06, 0.02, i * 2.0), floor),
            color,
            clip=window,
        )
    bars = union(
        (
            box(cx - 0.006, 0, cx + 0.006, floor - 0.1),
            box(cx - 0.3, floor - 0.36, cx + 0.3, floor - 0.35),
        )
    )
    pen.fill(bars, WHITE, clip=window)
    wood = mix(rgb("b98556"), palette.sky[3], 0.15)
    pen.fill(
        sheet(stage, floor),
        Linear((0, floor), (0, stage.h), stops(lighter(wood, 0.3), wood, darker(wood, 0.25))),
    )
    planks = [
        stroke(
            [(stage.w / 2 + (i - 7) * 0.12, floor), (stage.w / 2 + (i - 7) * 0.2, stage.h)], 0.002
        )
        for i in range(15)
    ]
    pen.fill(union(planks), darker(wood, 0.4), alpha=0.5)
    pen.fill(
        poly(
            (cx - 0.22, floor),
            (cx + 0.22, floor),
            (cx + 0.1 - stage.side * 0.4, stage.h),
            (cx - 0.42 - stage.side * 0.4, stage.h),
        ),
        palette.sun,
        soft=0.02,
        blend="screen",
        alpha=0.4,
    )
    pen.fill(box(-0.1, floor - 0.02, stage.w + 0.1, floor), lighter(wall, 0.7))
    rug = oval(stage.w / 2, stage.h * 0.92, 0.42, 0.055)
    pen.fill(rug, mix(palette.accent, wall, 0.45))
    _plant(stage, stage.w * (0.5 - stage.side * 0.38), floor + 0.06)
    return Ground(stage.h * 0.925, stage.h * 0.9, 0.52)


def _arch(cx: float, bottom: float, half: float, height: float) -> Shape:
    top = bottom - height + half
    crown = [
        (cx - half * math.cos(a), top - half * math.sin(a))
        for a in (i * math.pi / 40 for i in range(41))
    ]
    return Shape(([(cx - half, bottom), *crown, (cx + half, bottom)],))


def _plant(stage: Stage, x: float, y: float) -> None:
    """A potted plant with long leaves."""
    green = mix(rgb("3f8a5c"), stage.palette.near, 0.3)
    for i in range(11):
        turn = -90 + (i - 5) * 13
        size = 0.3 - abs(i - 5) * 0.018
        stage.pen.fill(
            leaf(x, y - 0.13, size, 0.07, turn),
            along(turn, darker(green, 0.25), lighter(green, 0.1 + 0.04 * (i % 4))),
        )
    pot = poly((x - 0.075, y - 0.15), (x + 0.075, y - 0.15), (x + 0.055, y), (x - 0.055, y))
    clay = stage.palette.accent
    stage.pen.fill(pot, along(0, lighter(clay, 0.25), clay, darker(clay, 0.3)))


PLACES: Mapping[str, Place] = {
    "ocean": Place(_ocean, _shore),
    "deep": Place(_deep, _nothing),
    "clouds": Place(_clouds, _nothing),
    "mountains": Place(_mountains, _flowers),
    "lake": Place(_lake, _bank),
    "meadow": Place(_meadow, _flowers),
    "sunflowers": Place(_sunflowers, _sunflowers_front),
    "forest": Place(_forest, _ferns),
    "desert": Place(_desert, _nothing),
    "snow": Place(_snow, _snowfall),
    "city": Place(_city, _nothing),
    "road": Place(_road, _nothing),
    "space": Place(_space, _nothing),
    "space city": Place(_space_city, _nothing),
    "room": Place(_room, _nothing),
}
