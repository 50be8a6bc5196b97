"""High and bare country: mountains, a lake, snow, dunes."""

from collections.abc import Mapping

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix
from darkroom.providers.sandbox.motifs import nature
from darkroom.providers.sandbox.paint import Linear, down, stops
from darkroom.providers.sandbox.scenes import sky as skies
from darkroom.providers.sandbox.scenes.ground import (
    Ground,
    Place,
    flowers,
    grass,
    nothing,
    reflect,
    sun_x,
)
from darkroom.providers.sandbox.scenes.stage import Stage
from darkroom.providers.sandbox.shapes import (
    Polygon,
    Shape,
    below,
    blob,
    oval,
    ridge,
    spline,
    union,
    wave_line,
)


def _mountains(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.66, 0.6, 0.7)
    skies.sky(stage, horizon, (sun_x(stage), horizon * stage.pick(0.42, 0.55, 0.35)))
    ranges(stage, horizon)
    pen, palette = stage.pen, stage.palette
    for i, amount in enumerate((0.45, 0.75, 1.0)):
        y = horizon + (stage.h - horizon) * (0.05 + i * 0.27)
        color = mix(mix(palette.mid, palette.sky[3], 0.3), palette.near, amount)
        line = wave_line((-0.05, stage.w + 0.05), y, 0.022 + 0.012 * i, i * 1.9 + stage.variant)
        pines(stage, line, 0.07 + 0.05 * i, color, 26 - 7 * i)
        pen.fill(below(line, stage.h + 0.1), down(lighter(color, 0.14), color))
    return Ground(stage.h * 0.95, stage.h * 0.84, 0.46)


def ranges(stage: Stage, base: float) -> None:
    """Three ranges, hazier with distance; the nearest big one has facets and snow."""
    pen, palette = stage.pen, stage.palette
    for i in range(3):
        haze = (0.62, 0.38, 0.12)[i]
        color = mix(
            (palette.far, mix(palette.far, palette.mid, 0.5), palette.mid)[i], palette.sky[3], haze
        )
        height = base * (0.74, 0.62, 0.3)[i] * (1.0 if i != 1 else stage.pick(1.0, 1.15, 0.9))
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
        lean = stage.side * tall * 0.05
        zig = [(x, y)]
        zig += [
            (x - lean * k + rng.uniform(-0.02, 0.02) * tall * k, y + tall * k / 5)
            for k in range(1, 6)
        ]
        shadows.append(Shape(([*zig, (x + stage.side * tall * 1.1, base + 0.1)],)))
        depth = tall * rng.uniform(0.24, 0.36)
        teeth = [(x - tall, y - 0.1), (x + tall, y - 0.1)]
        teeth += [
            (x + tall * (1 - k / 4), y + depth * (0.62 if k % 2 else 1.0) * rng.uniform(0.75, 1.1))
            for k in range(9)
        ]
        caps.append(Shape((teeth,)))
    if caps and palette.name not in ("desert", "autumn"):
        pen.fill(union(caps), snow, clip=shape, alpha=0.9)
    if shadows:
        pen.fill(
            union(shadows), darker(mix(color, palette.sky[0], 0.3), 0.18), clip=shape, alpha=0.42
        )


def pines(stage: Stage, line: Polygon, height: float, color: RGB, count: int) -> None:
    """Conifers along a line, denser at the sides."""
    for _ in range(stage.pen.count(count)):
        x, y = line[stage.rng.randrange(len(line))]
        if abs(x - stage.w / 2) < stage.w * 0.16 and stage.rng.random() < 0.7:
            continue
        tall = height * stage.rng.uniform(0.6, 1.3)
        nature.pine(stage.pen.at(x, y + tall * 0.1, tall), darker(color, 0.12), lighter(color, 0.4))


def _lake(stage: Stage) -> Ground:
    horizon = stage.h * 0.58
    skies.sky(stage, horizon, (sun_x(stage), horizon * 0.5))
    ranges(stage, horizon)
    color = mix(stage.palette.near, stage.palette.mid, 0.4)
    line = wave_line((-0.05, stage.w + 0.05), horizon - 0.012, 0.006, stage.variant)
    pines(stage, line, 0.1, color, 44)
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


def _desert(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.5, 0.56)
    skies.sky(stage, horizon, (sun_x(stage), horizon * 0.62))
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
    skies.sky(stage, horizon, (sun_x(stage), horizon * 0.45))
    ranges(stage, horizon)
    pen, palette = stage.pen, stage.palette
    for i in range(3):
        y = horizon + (stage.h - horizon) * (0.02, 0.22, 0.5)[i]
        line = wave_line((-0.05, stage.w + 0.05), y, 0.025 + 0.01 * i, i * 2.6 + stage.variant)
        pines(
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


PLACES: Mapping[str, Place] = {
    "mountains": Place(_mountains, flowers),
    "lake": Place(_lake, _bank),
    "desert": Place(_desert, nothing),
    "snow": Place(_snow, _snowfall),
}
