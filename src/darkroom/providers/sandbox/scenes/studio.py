"""Indoor sets: a plinth for goods, a table for food, a backdrop for fashion and for a portrait."""

import math

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, luminance, mix, rgb
from darkroom.providers.sandbox.motifs import nature
from darkroom.providers.sandbox.paint import Linear, along, ball, down, fade, glow, stops
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, place, sheet
from darkroom.providers.sandbox.shapes import (
    Shape,
    blob,
    box,
    curve,
    leaf,
    oval,
    poly,
    ring,
    stroke,
    union,
)


def _wall_color(stage: Stage) -> RGB:
    palette = stage.palette
    if palette.dark:
        return palette.sky[2]
    accent = palette.accent
    soft = mix(accent, palette.paper, 0.62)
    choices = (
        soft,
        mix(palette.sky[1], palette.paper, 0.3),
        mix(palette.second, palette.paper, 0.6),
    )
    return choices[stage.variant % 3]


def arch(cx: float, bottom: float, half: float, height: float) -> Shape:
    """A doorway with a round top."""
    top = bottom - height + half
    crown = [
        (cx - half * math.cos(a), top - half * math.sin(a))
        for a in (i * math.pi / 40 for i in range(41))
    ]
    return Shape(([(cx - half, bottom), *crown, (cx + half, bottom)],))


def _set(stage: Stage, floor: float, wall: RGB) -> None:
    """Wall and floor with light from one side."""
    pen = stage.pen
    lit = 0.05 if stage.palette.dark else 0.4
    start, end = ((0, 0), (stage.w, stage.h)) if stage.side < 0 else ((stage.w, 0), (0, stage.h))
    pen.wash(Linear(start, end, stops(lighter(wall, lit), wall, darker(wall, 0.22))))
    ground = darker(wall, 0.06)
    pen.fill(
        sheet(stage, floor),
        Linear(
            (0, floor), (0, stage.h), stops(darker(ground, 0.1), ground, lighter(ground, lit * 0.6))
        ),
    )
    pen.fill(
        sheet(stage, floor - 0.02),
        Linear(
            (0, floor - 0.02),
            (0, floor + 0.03),
            ((0.0, ground, 0.0), (0.5, darker(ground, 0.25), 0.3), (1.0, ground, 0.0)),
        ),
    )


def _panel(stage: Stage, floor: float, wall: RGB) -> None:
    """An arch, a disc or a slab behind the subject, with its shadow on the wall."""
    pen, palette = stage.pen, stage.palette
    cx = stage.w / 2 + stage.side * 0.06
    color = mix(palette.second, wall, 0.35) if not palette.dark else mix(palette.accent, wall, 0.72)
    shapes = (
        arch(cx, floor, 0.3, 0.66 * min(stage.h, 1.15)),
        oval(cx, floor - 0.3, 0.32),
        arch(cx, floor, 0.24, 0.56 * min(stage.h, 1.2))
        + box(cx + 0.2, floor - 0.34, cx + 0.4, floor),
    )
    shape = shapes[stage.variant % 3]
    pen.fill(shape.moved(-stage.side * 0.03, 0.015), darker(wall, 0.5), soft=0.03, alpha=0.4)
    pen.fill(shape, along(70, lighter(color, 0.22), color, darker(color, 0.12)))


def _leaf_shadow(stage: Stage) -> None:
    """Palm shadows thrown across the wall: the classic studio gobo."""
    if not stage.pen.detail.shading:
        return
    edge = stage.w * (0.5 - stage.side * 0.5)
    for turn, size in ((-35, 0.75), (-5, 0.85), (25, 0.7)):
        pen = stage.pen.at(edge, 0.06, size, 0, stage.side > 0).at(0, 0, 1.0, turn)
        fronds = [
            leaf(0.12 + k * 0.07, 0, 0.34 * (1 - k * 0.055), 0.045, s * (66 - k * 2))
            for k in range(12)
            for s in (-1, 1)
        ]
        pen.fill(
            union((*fronds, stroke([(0, 0), (1, 0)], 0.014, 0.004))),
            stage.palette.ink,
            soft=0.012,
            alpha=0.13,
        )


def product(stage: Stage) -> None:
    """Goods on a round plinth."""
    pen, palette = stage.pen, stage.palette
    wall = _wall_color(stage)
    floor = stage.h * 0.72
    _set(stage, floor, wall)
    _panel(stage, floor, wall)
    _leaf_shadow(stage)
    cx = stage.w / 2
    pen.shine((cx, floor - 0.25), glow((cx, floor - 0.25), 0.65, palette.sun, 0.4))
    top = stage.h * 0.8
    _props(stage, floor, wall)
    stone = mix(palette.paper, wall, 0.35) if not palette.dark else lighter(wall, 0.1)
    plinth(stage, (cx, top), (0.36, stage.h + 0.1), stone)
    _goods(stage, top)
    pen.shine(
        (cx - stage.side * 0.35, 0.05), glow((cx - stage.side * 0.35, 0.05), 0.7, palette.sun, 0.3)
    )


def _goods(stage: Stage, top: float) -> None:
    names = stage.brief.subjects or ("bottle",)
    tall = 0.56 if len(names) == 1 else 0.42
    step = 0.62 / len(names)
    for i, name in enumerate(names):
        x = stage.w / 2 + (i - (len(names) - 1) / 2) * step
        spot = Spot(x, top + 0.004, min(tall, top * 0.76), 0.66 if len(names) == 1 else step * 1.1)
        place(stage, name, spot, tinted=i == 0)


def plinth(stage: Stage, top: tuple[float, float], size: tuple[float, float], color: RGB) -> None:
    """A cylinder whose upper face is centred on ``top``; ``size`` is its radius and its foot."""
    pen = stage.pen
    (cx, y), (radius, foot) = top, size
    flat = radius * 0.17
    pen.fill(
        oval(cx - stage.side * 0.1, min(foot, stage.h * 0.97), radius * 1.25, flat),
        stage.palette.ink,
        soft=0.05,
        alpha=0.35,
    )
    body = box(cx - radius, y, cx + radius, foot) + oval(cx, foot, radius, flat)
    lights = (darker(color, 0.12), lighter(color, 0.3), color, darker(color, 0.4))
    pen.fill(body, along(0 if stage.side < 0 else 180, *lights))
    pen.fill(oval(cx, y, radius, flat), along(90, color, lighter(color, 0.45)))
    pen.fill(
        curve(
            [(cx - radius * 0.98, y + 0.01), (cx, y + flat), (cx + radius * 0.98, y + 0.01)], 0.003
        ),
        WHITE,
        alpha=0.4,
    )


def _props(stage: Stage, floor: float, wall: RGB) -> None:
    """Still-life geometry beside the plinth."""
    pen, palette, side = stage.pen, stage.palette, stage.side
    x = stage.w / 2 + side * 0.4
    color = mix(palette.accent, wall, 0.25)
    y = floor + 0.1
    pen.fill(oval(x - side * 0.04, y + 0.1, 0.13, 0.03), palette.ink, soft=0.025, alpha=0.4)
    pen.fill(
        oval(x, y, 0.1),
        ball((x - side * 0.04, y - 0.045), 0.16, lighter(color, 0.5), color, darker(color, 0.5)),
    )
    x = stage.w / 2 - side * 0.41
    color = mix(palette.second, wall, 0.25)
    pen.fill(oval(x - side * 0.03, floor + 0.155, 0.12, 0.03), palette.ink, soft=0.025, alpha=0.35)
    stack = box(x - 0.08, floor - 0.12, x + 0.08, floor + 0.14) + oval(x, floor + 0.14, 0.08, 0.016)
    pen.fill(stack, along(0 if side < 0 else 180, lighter(color, 0.3), color, darker(color, 0.35)))
    pen.fill(oval(x, floor - 0.12, 0.08, 0.016), lighter(color, 0.4))


def table(stage: Stage) -> None:
    """Food on a table in front of a coloured disc, with ingredients around."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    wall = _wall_color(stage)
    edge = stage.h * 0.68
    _set(stage, edge, wall)
    cx = stage.w / 2
    disc = (
        mix(palette.accent, wall, 0.3) if luminance(wall) > 0.45 else mix(palette.accent, wall, 0.5)
    )
    pen.fill(oval(cx, edge - 0.2, 0.36), along(80, lighter(disc, 0.25), disc))
    _leaf_shadow(stage)
    wood = stage.pick(rgb("c98d58"), rgb("f2e9dc"), rgb("8a5c3c"))
    pen.fill(
        sheet(stage, edge),
        Linear((0, edge), (0, stage.h), stops(darker(wood, 0.12), wood, lighter(wood, 0.22))),
    )
    if pen.detail.level >= 1:
        grain = [
            curve(
                [(-0.1, y), (stage.w * 0.4, y + rng.uniform(-0.006, 0.006)), (stage.w + 0.1, y)],
                0.0016 + 0.002 * (y - edge),
            )
            for y in (edge + (stage.h - edge) * (k / 16) ** 1.4 for k in range(1, 16))
        ]
        pen.fill(union(grain), darker(wood, 0.35), alpha=0.22)
    pen.fill(box(-0.1, edge, stage.w + 0.1, edge + 0.006), lighter(wood, 0.5), alpha=0.7)
    foot = stage.h * 0.88
    _ingredients(stage, edge)
    names = stage.brief.subjects or ("bowl",)
    step = 0.78 / len(names)
    for i, name in enumerate(names):
        tall = 0.56 if len(names) == 1 else 0.4
        x = cx + (i - (len(names) - 1) / 2) * step
        place(
            stage,
            name,
            Spot(x, foot + 0.02 * (i % 2), tall, 0.8 if len(names) == 1 else step * 1.15),
            0.6,
            i == 0,
        )
    pen.shine(
        (cx - stage.side * 0.4, 0.0), glow((cx - stage.side * 0.4, 0.0), 0.9, palette.sun, 0.3)
    )


def _ingredients(stage: Stage, edge: float) -> None:
    """Leaves, berries and small flowers strewn at both sides."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    green = mix(rgb("4f9a52"), palette.near, 0.2)
    for side in (-1, 1):
        for _ in range(pen.count(8)):
            x = stage.w / 2 + side * rng.uniform(0.36, 0.5) * max(1.0, stage.w * 0.9)
            y = edge + (stage.h - edge) * rng.uniform(0.25, 0.98)
            size = 0.03 + 0.05 * (y - edge) / (stage.h - edge)
            pen.fill(
                oval(x, y + size * 0.3, size, size * 0.25), palette.ink, soft=size * 0.2, alpha=0.25
            )
            kind = rng.randrange(3)
            if kind == 0:
                berry = rng.choice((rgb("d8343f"), palette.accent, rgb("54306b")))
                pen.fill(
                    oval(x, y, size * 0.5),
                    ball(
                        (x - size * 0.15, y - size * 0.2),
                        size * 0.75,
                        lighter(berry, 0.55),
                        berry,
                        darker(berry, 0.4),
                    ),
                )
            elif kind == 1:
                for turn in (rng.uniform(-40, 10), rng.uniform(140, 200)):
                    pen.fill(
                        leaf(x, y, size * 1.8, size * 0.8, turn),
                        along(turn, darker(green, 0.15), lighter(green, 0.25)),
                    )
            else:
                nature.blossom(
                    pen.at(x, y, size * 0.75),
                    stage.look(False),
                    rng.choice((WHITE, palette.second, palette.accent)),
                )


def fashion(stage: Stage) -> None:
    """A full-length figure before an arch, with a bowl of light and plants."""
    pen, palette = stage.pen, stage.palette
    tint = stage.brief.tint
    wall = mix(mix(tint, palette.paper, 0.72), palette.sky[2], 0.35) if tint else _wall_color(stage)
    warm = mix(wall, rgb("f0c9a4"), 0.4)
    floor = stage.h * 0.85
    _set(stage, floor, warm)
    cx = stage.w / 2
    glowing = mix(palette.accent if tint is None else rgb("e8a15c"), warm, 0.25)
    door = arch(cx, floor, 0.33, min(0.78 * stage.h, 1.2))
    pen.fill(door.moved(-stage.side * 0.03, 0.02), darker(warm, 0.5), soft=0.03, alpha=0.4)
    pen.fill(door, down(lighter(glowing, 0.15), glowing, mix(glowing, rgb("b4553a"), 0.35)))
    pen.fill(
        oval(cx, stage.h * 0.955 - min(0.84 * stage.h, 1.25) * 0.9, 0.2),
        along(90, lighter(palette.sun, 0.3), mix(palette.sun, glowing, 0.4)),
        clip=door,
        alpha=0.9,
    )
    frame = arch(cx, floor, 0.345, min(0.78 * stage.h, 1.2) + 0.015)
    pen.fill(Shape((_ribbon(door, frame),)), lighter(warm, 0.55))
    _leaf_shadow(stage)
    for side in (-1, 1):
        _tall_plant(stage, cx + side * 0.43, floor + 0.05, side)
    names = stage.brief.subjects or ("gown",)
    step = 0.4
    for i, name in enumerate(names):
        x = cx + (i - (len(names) - 1) / 2) * step
        place(stage, name, Spot(x, stage.h * 0.955, min(0.84 * stage.h, 1.25), 0.9), tinted=i == 0)
    pen.shine(
        (cx - stage.side * 0.4, 0.1), glow((cx - stage.side * 0.4, 0.1), 0.9, palette.sun, 0.35)
    )


def _ribbon(inner: Shape, outer: Shape) -> list[tuple[float, float]]:
    return [*outer.polygons[0], *reversed(inner.polygons[0])]


def _tall_plant(stage: Stage, x: float, y: float, side: int) -> None:
    pen = stage.pen
    green = mix(rgb("3f7f5a"), stage.palette.near, 0.25)
    pen.fill(oval(x, y, 0.1, 0.02), stage.palette.ink, soft=0.02, alpha=0.4)
    for i in range(9):
        turn = -90 + (i - 4) * 17 + side * 6
        size = 0.36 - abs(i - 4) * 0.028
        pen.fill(
            leaf(x, y - 0.15, size, 0.085, turn),
            along(turn, darker(green, 0.3), lighter(green, 0.1 + 0.05 * (i % 3))),
        )
    pot = blob(
        (x - 0.07, y - 0.17),
        (x + 0.07, y - 0.17),
        (x + 0.085, y - 0.08),
        (x + 0.05, y),
        (x - 0.05, y),
        (x - 0.085, y - 0.08),
    )
    clay = mix(stage.palette.second, rgb("c97a52"), 0.5)
    pen.fill(pot, along(0, lighter(clay, 0.35), clay, darker(clay, 0.35)))


def portrait(stage: Stage) -> None:
    """A bust before a large sun, framed by leaves."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    wall = _wall_color(stage)
    pen.wash(Linear((0, 0), (stage.w, stage.h), stops(lighter(wall, 0.3), wall, darker(wall, 0.2))))
    cx, cy = stage.w / 2, stage.h * 0.47
    disc = mix(palette.second, palette.accent, 0.3 if stage.variant % 2 else 0.75)
    pen.fill(oval(cx, cy, 0.42), down(lighter(disc, 0.3), disc))
    pen.fill(ring(cx, cy, 0.455, 0.006), lighter(wall, 0.7), alpha=0.9)
    green = mix(rgb("3c7d63"), palette.near, 0.3)
    for side in (-1, 1):
        for i in range(9):
            turn = -90 + side * (18 + i * 13) + rng.uniform(-5, 5)
            size = rng.uniform(0.34, 0.52)
            base = (cx + side * 0.26, stage.h * 0.86 - i * 0.025)
            tone = mix(
                green,
                rng.choice((palette.accent, palette.second, rgb("1f4d45"))),
                rng.uniform(0.0, 0.4),
            )
            pen.fill(
                leaf(*base, size, size * 0.3, turn),
                along(turn, darker(tone, 0.3), lighter(tone, 0.2)),
            )
            end = (
                base[0] + size * 0.85 * math.cos(math.radians(turn)),
                base[1] + size * 0.85 * math.sin(math.radians(turn)),
            )
            pen.fill(stroke([base, end], 0.004, 0.001), lighter(tone, 0.45), alpha=0.6)
    place(stage, "portrait", Spot(cx, stage.h + 0.01, 0.84 * min(stage.h, 1.12), 1.2))
    for _ in range(pen.count(16)):
        x, y, r = rng.uniform(0, stage.w), rng.uniform(0, stage.h), rng.uniform(0.004, 0.014)
        pen.fill(
            oval(x, y, r, r * 0.6, rng.uniform(0, 180)), lighter(palette.second, 0.3), alpha=0.7
        )
    pen.fill(
        poly((0, 0), (stage.w, 0), (stage.w, stage.h), (0, stage.h)),
        fade(palette.sun, 0.25, 0.0, 40),
        blend="screen",
    )
