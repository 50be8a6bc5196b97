"""Green country: a meadow, a field of sunflowers, a forest."""

from collections.abc import Mapping

from darkroom.providers.sandbox.color import darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs import nature
from darkroom.providers.sandbox.paint import Linear, along, down, fade, glow, stops
from darkroom.providers.sandbox.scenes import sky as skies
from darkroom.providers.sandbox.scenes.ground import Ground, Place, flowers, grass, sun_x
from darkroom.providers.sandbox.scenes.stage import Stage, sheet
from darkroom.providers.sandbox.shapes import (
    Shape,
    below,
    blob,
    box,
    leaf,
    oval,
    poly,
    stroke,
    union,
    wave_line,
)


def _meadow(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.56, 0.62, 0.52)
    skies.sky(stage, horizon, (sun_x(stage), horizon * stage.pick(0.45, 0.6)))
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


def _sunflowers(stage: Stage) -> Ground:
    horizon = stage.h * stage.pick(0.44, 0.48, 0.4)
    skies.sky(stage, horizon, (sun_x(stage), horizon * 0.6))
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    _low_hills(stage, horizon)
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
        stems: list[Shape] = []
        leaves: list[Shape] = []
        heads: list[tuple[float, float]] = []
        for k in range(count):
            x = (k + 0.5 * (row % 2)) * step + rng.uniform(-0.3, 0.3) * step
            fy = y + rng.uniform(-0.25, 0.25) * size
            heads.append((x, fy))
            stems.append(stroke([(x, fy + size * 2.4), (x, fy)], size * 0.18))
            leaves += [leaf(x, fy + size * 1.5, size * 1.3, size * 0.75, a) for a in (30, 150)]
        if t < 0.1:
            pen.fill(union(oval(x, fy, size * 1.05, size * 0.7) for x, fy in heads), petal)
            continue
        pen.fill(union(stems), darker(green, 0.2))
        pen.fill(union(leaves), mix(green, rgb("8fbf4d"), rng.uniform(0.1, 0.5)))
        for x, fy in heads:
            nature.sunflower_head(pen.at(x, fy, size), look, petal)
        veil = Linear(
            (0, y),
            (0, y + 0.2),
            ((0.0, palette.sky[3], 0.16 * (1 - t)), (1.0, palette.sky[3], 0.0)),
        )
        pen.fill(sheet(stage, y - 0.02), veil)
    return Ground(stage.h * 0.97, stage.h * 0.8, 0.66)


def _low_hills(stage: Stage, horizon: float) -> None:
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


PLACES: Mapping[str, Place] = {
    "meadow": Place(_meadow, flowers),
    "sunflowers": Place(_sunflowers, _sunflowers_front),
    "forest": Place(_forest, _ferns),
}
