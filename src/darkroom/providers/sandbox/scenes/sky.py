"""Skies: gradient, sun or moon, clouds, stars, birds."""

import math

from darkroom.providers.sandbox.color import WHITE, lighter, mix, rgb
from darkroom.providers.sandbox.paint import Linear, Radial, ball, down, fade, glow, stops
from darkroom.providers.sandbox.pen import noise
from darkroom.providers.sandbox.pixels import mapped
from darkroom.providers.sandbox.scenes.stage import Stage
from darkroom.providers.sandbox.shapes import Shape, box, curve, oval, union


def sky(stage: Stage, horizon: float, sun: tuple[float, float] | None = None) -> None:
    """Everything above ``horizon``; ``sun`` is the disc's centre, None for no disc."""
    colors = stage.palette.sky
    spread = Linear((0, 0), (0, horizon), ((0.0, colors[0], 1.0), (0.42, colors[1], 1.0),
                                           (0.78, colors[2], 1.0),
                                           (1.0, colors[3], 1.0)))  # fmt: skip
    stage.pen.wash(spread)
    if stage.brief.night:
        stars(stage, horizon, 220)
    if sun is not None:
        disc(stage, *sun)
    if not stage.brief.night:
        clouds(stage, horizon)


def disc(stage: Stage, x: float, y: float) -> None:
    """The sun, or at night the moon."""
    pen, palette = stage.pen, stage.palette
    if stage.brief.night:
        pen.shine((x, y), glow((x, y), 0.55, lighter(palette.sky[3], 0.3), 0.55))
        pen.fill(
            oval(x, y, 0.082),
            ball((x - 0.03, y - 0.03), 0.13, rgb("fffbe9"), rgb("f3e6bd"), rgb("c9b98e")),
        )
        face = oval(x, y, 0.082)
        for dx, dy, r in (
            (0.022, -0.02, 0.018),
            (-0.03, 0.02, 0.013),
            (0.012, 0.035, 0.011),
            (-0.01, -0.045, 0.009),
        ):
            pen.fill(oval(x + dx, y + dy, r), rgb("cdbf98"), clip=face, alpha=0.55)
        return
    low = stage.palette.name in ("sunset", "dawn", "desert", "neon")
    radius = 0.115 if low else 0.07
    pen.shine((x, y), glow((x, y), 1.15, mix(palette.sun, palette.sky[3], 0.5), 0.6))
    pen.shine((x, y), glow((x, y), 0.45, palette.sun, 0.75))
    pen.fill(
        oval(x, y, radius),
        down(
            lighter(palette.sun, 0.6),
            palette.sun,
            mix(palette.sun, palette.sky[2], 0.3 if low else 0.0),
        ),
    )


def stars(stage: Stage, horizon: float, count: float) -> None:
    """Stars in three brightnesses, a few of them twinkling, and a faint milky way."""
    pen, rng = stage.pen, stage.rng
    for alpha, radius, share in ((0.45, 0.0014, 0.6), (0.75, 0.002, 0.3), (1.0, 0.003, 0.1)):
        dots = [
            oval(rng.uniform(0, stage.w), horizon * rng.random() ** 1.3, radius)
            for _ in range(pen.count(count * share * stage.w))
        ]
        pen.fill(union(dots), rgb("fff9ea"), alpha=alpha)
    if pen.detail.level < 1:
        return
    for _ in range(pen.count(5)):
        x, y, r = (
            rng.uniform(0.05, stage.w),
            horizon * rng.uniform(0.05, 0.6),
            rng.uniform(0.012, 0.022),
        )
        pen.shine((x, y), glow((x, y), r * 2.2, rgb("cfd8ff"), 0.7))
        pen.fill(
            box(x - r, y - r * 0.06, x + r, y + r * 0.06)
            + box(x - r * 0.06, y - r, x + r * 0.06, y + r),
            WHITE,
            alpha=0.9,
        )


def clouds(stage: Stage, horizon: float) -> None:
    """Thin bands near the horizon and a few heaped clouds above."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    glowing = palette.name in ("sunset", "dawn", "desert", "autumn", "pastel")
    for _ in range(pen.count(6 if glowing else 3)):
        x, y = rng.uniform(-0.1, stage.w), horizon * rng.uniform(0.32, 0.92)
        length, thick = rng.uniform(0.25, 0.75), rng.uniform(0.008, 0.02)
        shape = _lens(x, y, length, thick)
        color = mix(palette.sky[2], palette.sun, rng.uniform(0.2, 0.7)) if glowing else WHITE
        pen.fill(shape, color, alpha=rng.uniform(0.25, 0.6), soft=0.003)
    for _ in range(rng.randint(2, 4)):
        heap(
            stage, rng.uniform(0, stage.w), horizon * rng.uniform(0.15, 0.6), rng.uniform(0.14, 0.3)
        )


def heap(stage: Stage, x: float, y: float, size: float) -> None:
    """One heaped cloud with a flat base, lit from above."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    puffs: list[Shape] = []
    count = rng.randint(5, 7)
    for i in range(count):
        across = (i + 0.5) / count * 2 - 1
        tall = size * (0.12 + 0.2 * (1 - across * across) * rng.uniform(0.6, 1.1))
        # Every puff touches the base line from above, so the underside is flat.
        puffs.append(oval(x + across * size, y - tall, tall * 1.05, tall))
    ends = puffs[0].polygons[0], puffs[-1].polygons[0]
    left = sum(p[0] for p in ends[0]) / len(ends[0])
    right = sum(p[0] for p in ends[1]) / len(ends[1])
    puffs.append(box(left, y - size * 0.16, right, y))
    mass = union(puffs)
    shade = mix(palette.sky[1], palette.sky[2], 0.5)
    top = mix(palette.sun, WHITE, 0.5)
    pen.fill(mass, fade(top, 0.95, 0.16), alpha=0.88)
    if pen.detail.shading:
        pen.fill(
            mass.moved(size * 0.1, size * 0.12), shade, soft=size * 0.06, clip=mass, alpha=0.22
        )


def _lens(x: float, y: float, length: float, thick: float) -> Shape:
    return oval(x, y, length / 2, thick / 2) + oval(
        x + length * 0.22, y + thick * 0.6, length * 0.3, thick * 0.4
    )


def birds(stage: Stage, x: float, y: float, count: int) -> None:
    """A small flock, far away."""
    pen, rng = stage.pen, stage.rng
    flock: list[Shape] = []
    for _ in range(count):
        bx, by, s = (
            x + rng.uniform(-0.16, 0.16),
            y + rng.uniform(-0.07, 0.07),
            rng.uniform(0.01, 0.02),
        )
        flock.append(
            curve(
                [(bx - s, by - s * 0.35), (bx - s * 0.4, by - s * 0.45), (bx, by)],
                s * 0.06,
                s * 0.2,
            )
        )
        flock.append(
            curve(
                [(bx + s, by - s * 0.35), (bx + s * 0.4, by - s * 0.45), (bx, by)],
                s * 0.06,
                s * 0.2,
            )
        )
    pen.fill(union(flock), stage.palette.ink, alpha=0.6)


def nebula(stage: Stage) -> None:
    """Deep space: coloured gas over black, and stars."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    pen.wash(
        Linear((0, 0), (stage.w, stage.h), stops(palette.sky[0], palette.sky[1], palette.sky[0]))
    )
    size = pen.board.image.size
    rect = (0, 0, size[0], size[1])
    gases = ((palette.sky[3], 0.75), (palette.accent, 0.34), (palette.second, 0.4))
    for color, strength in gases:
        gas = noise(rng, size, 3, 4 if pen.detail.level else 2)
        gas = mapped(gas, [max(0, min(255, round((i - 118) * 3.0))) for i in range(256)])
        pen.stamp(gas, rect, color, strength, "screen")
    stars(stage, stage.h, 420)


def planet(stage: Stage, x: float, y: float, radius: float, ringed: bool) -> None:
    """A banded planet lit from the upper left."""
    pen, rng, palette = stage.pen, stage.rng, stage.palette
    main, second = palette.accent, mix(palette.accent, palette.sky[3], 0.55)
    pen.shine((x, y), glow((x, y), radius * 1.8, lighter(main, 0.2), 0.45))
    p = pen.at(x, y, radius, -18)
    if ringed:
        p.fill(_rings(), fade(rgb("ffe9c9"), 0.25, 0.8, 0))
    body = oval(0, 0, 1)
    p.fill(body, main)
    y0 = -1.0
    while y0 < 1.0:
        step = rng.uniform(0.1, 0.3)
        band = [(-1.1 + i * 0.11, y0 + 0.03 * math.sin(i * 0.9 + y0 * 9)) for i in range(21)]
        lower = [(px, py + step * 0.7) for px, py in reversed(band)]
        p.fill(
            Shape((band + lower,)), mix(main, second, rng.uniform(0.3, 1.0)), clip=body, alpha=0.75
        )
        y0 += step
    shade = Radial(
        (-0.45, -0.35),
        1.75,
        (
            (0.0, WHITE, 0.3),
            (0.3, main, 0.0),
            (0.55, palette.ink, 0.25),
            (0.85, palette.ink, 0.9),
            (1.0, palette.ink, 0.95),
        ),
    )
    p.fill(body, shade)
    if ringed:
        front = Shape(([(-3, 0.0), (3, 0.0), (3, 2), (-3, 2)],))
        p.fill(_rings(), fade(rgb("ffe9c9"), 0.95, 0.5, 0), clip=front)


def _rings() -> Shape:
    outer = oval(0, 0, 1.95, 0.42).without(oval(0, 0, 1.66, 0.345))
    inner = oval(0, 0, 1.6, 0.33).without(oval(0, 0, 1.32, 0.265))
    return _band(outer, inner)


def _band(outer: Shape, inner: Shape) -> Shape:
    """Two rings as one outline: each is walked forth along its rim and back along its hole."""
    return Shape(tuple([*shape.polygons[0], *reversed(shape.holes[0])] for shape in (outer, inner)))
