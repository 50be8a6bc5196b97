"""Where people have been: a city, a coast road, a room, and out among the planets."""

import math
from collections.abc import Mapping

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.paint import Linear, along, ball, down, fade, glow, stops
from darkroom.providers.sandbox.scenes import sky as skies
from darkroom.providers.sandbox.scenes.ground import Ground, Place, grass, nothing, reflect, sun_x
from darkroom.providers.sandbox.scenes.sea import headland, sea
from darkroom.providers.sandbox.scenes.stage import Stage, sheet
from darkroom.providers.sandbox.scenes.studio import arch
from darkroom.providers.sandbox.shapes import (
    Shape,
    below,
    box,
    leaf,
    oval,
    poly,
    stroke,
    union,
    wave_line,
)


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
    x = sun_x(stage)
    skies.sky(stage, horizon, (x, horizon - 0.07))
    headland(stage, horizon)
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
    window = arch(cx, floor - 0.1, 0.24, 0.6 * min(stage.h, 1.2))
    pen.fill(arch(cx, floor - 0.075, 0.265, 0.65 * min(stage.h, 1.2)), WHITE)
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
    "city": Place(_city, nothing),
    "road": Place(_road, nothing),
    "space": Place(_space, nothing),
    "space city": Place(_space_city, nothing),
    "room": Place(_room, nothing),
}
