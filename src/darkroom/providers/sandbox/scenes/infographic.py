"""Infographics: a title and cards with charts."""

import math

from darkroom.providers.sandbox import typography as type_
from darkroom.providers.sandbox.color import RGB, WHITE, lighter, mix, rgb
from darkroom.providers.sandbox.motifs import MOTIFS, Look
from darkroom.providers.sandbox.paint import Linear, along, down, stops
from darkroom.providers.sandbox.scenes.lettering import Frame, split
from darkroom.providers.sandbox.scenes.stage import Stage
from darkroom.providers.sandbox.shapes import (
    below,
    box,
    oval,
    sector,
    spline,
    stroke,
)

_LEAVES = rgb("4f9a6a")


def infographic(stage: Stage) -> None:
    """A title and cards with charts: columns, a ring, a curve, a picture."""
    pen, palette = stage.pen, stage.palette
    paper = palette.paper
    pen.wash(
        Linear(
            (0, 0), (stage.w, stage.h), stops(lighter(paper, 0.4), mix(paper, palette.sky[2], 0.25))
        )
    )
    pen.fill(oval(stage.w, 0, 0.42), mix(palette.second, paper, 0.55))
    pen.fill(oval(0, stage.h, 0.36), mix(palette.accent, paper, 0.65))
    headline, rest = split(stage.brief.texts)
    m = 0.06
    top = m
    if headline:
        setting = type_.fit(headline, (stage.w - 2 * m) * pen.scale, 0.12 * pen.scale, type_.SANS)
        type_.draw(pen, setting, (m * pen.scale, top * pen.scale), palette.ink, anchor=0.0)
        top += setting.height / pen.scale + 0.04
        for line in rest[:1]:
            small = type_.fit(
                line, (stage.w - 2 * m) * pen.scale * 0.8, 0.04 * pen.scale, type_.SANS
            )
            type_.draw(pen, small, (m * pen.scale, top * pen.scale), palette.accent, anchor=0.0)
            top += small.height / pen.scale + 0.035
    else:
        pen.fill(box(m, top, m + 0.42, top + 0.055, 0.02), palette.ink)
        pen.fill(box(m, top + 0.075, m + 0.28, top + 0.1, 0.012), palette.accent)
        top += 0.15
    columns = 2 if stage.w < 1.35 else 3
    rows = 2 if stage.h < 1.35 else 3
    gap = 0.035
    width = (stage.w - 2 * m - gap * (columns - 1)) / columns
    height = (stage.h - top - m - gap * (rows - 1)) / rows
    draws = (_columns, _ring_chart, _curve_chart, _picture_card, _people, _bars)
    for i in range(columns * rows):
        x = m + (i % columns) * (width + gap)
        y = top + (i // columns) * (height + gap)
        card: Frame = (x, y, x + width, y + height)
        pen.fill(box(*card, 0.03).moved(0, 0.012), palette.ink, soft=0.02, alpha=0.16)
        pen.fill(box(*card, 0.03), WHITE if not palette.dark else lighter(palette.paper, 0.3))
        pen.fill(
            box(x + 0.03, y + 0.035, x + 0.03 + width * 0.4, y + 0.052, 0.008),
            palette.ink,
            alpha=0.85,
        )
        pen.fill(
            box(x + 0.03, y + 0.066, x + 0.03 + width * 0.26, y + 0.077, 0.005),
            palette.ink,
            alpha=0.3,
        )
        draws[(i + stage.variant) % len(draws)](
            stage, (x + 0.035, y + 0.1, x + width - 0.035, y + height - 0.035)
        )


def _tones(stage: Stage) -> tuple[RGB, ...]:
    palette = stage.palette
    return (
        palette.accent,
        palette.second,
        palette.mid,
        mix(palette.accent, palette.near, 0.5),
        palette.near,
    )


def _columns(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    count = 6
    step = (right - left) / count
    for i in range(count):
        share = 0.3 + 0.65 * abs(math.sin(i * 0.9 + stage.variant))
        color = _tones(stage)[0 if i == 3 else 2]
        bar = box(
            left + i * step + step * 0.16,
            bottom - (bottom - top) * share,
            left + (i + 1) * step - step * 0.16,
            bottom,
            0.008,
        )
        stage.pen.fill(bar, down(lighter(color, 0.3), color))
    stage.pen.fill(stroke([(left, bottom), (right, bottom)], 0.003), stage.palette.ink, alpha=0.4)


def _ring_chart(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    radius = min(right - left, bottom - top) / 2
    cx, cy = left + radius, (top + bottom) / 2
    angle = -90.0
    for share, color in zip((0.42, 0.27, 0.19, 0.12), _tones(stage), strict=False):
        end = angle + share * 360
        stage.pen.fill(
            sector(cx, cy, radius, angle + 1.5, end - 1.5).without(oval(cx, cy, radius * 0.6)),
            color,
        )
        angle = end
    for i in range(4):
        y = cy - 0.06 + i * 0.036
        x = cx + radius + 0.03
        if x + 0.03 < right:
            stage.pen.fill(oval(x, y, 0.009), _tones(stage)[i])
            stage.pen.fill(
                box(x + 0.02, y - 0.005, min(right, x + 0.09 - 0.012 * i), y + 0.005, 0.004),
                stage.palette.ink,
                alpha=0.45,
            )


def _curve_chart(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    points = [
        (
            left + (right - left) * i / 5,
            bottom - (bottom - top) * (0.15 + 0.14 * i + 0.12 * math.sin(i * 2.2 + stage.variant)),
        )
        for i in range(6)
    ]
    smooth = spline(points, closed=False)
    color = stage.palette.accent
    for i in range(4):
        y = bottom - (bottom - top) * i / 3.4
        stage.pen.fill(stroke([(left, y), (right, y)], 0.0015), stage.palette.ink, alpha=0.15)
    stage.pen.fill(
        below(smooth, bottom),
        Linear((0, top), (0, bottom), ((0.0, color, 0.55), (1.0, color, 0.03))),
    )
    stage.pen.fill(stroke(smooth, 0.009), color)
    for x, y in points[1:]:
        stage.pen.fill(oval(x, y, 0.013), WHITE)
        stage.pen.fill(oval(x, y, 0.009), color)


def _picture_card(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    name = stage.brief.subjects[0] if stage.brief.subjects else "tree"
    motif = MOTIFS[name]
    tall = min(bottom - top, (right - left) / motif.width)
    cx = (left + right) / 2
    stage.pen.fill(
        oval(cx, bottom - tall * 0.5, min(tall, right - left) * 0.5),
        mix(stage.palette.second, WHITE, 0.55),
    )
    look = stage.look() if stage.brief.subjects else Look(stage.palette, stage.rng, _LEAVES)
    motif.draw(stage.pen.at(cx, bottom, tall * 0.96), look)


def _people(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    columns, rows = 6, 2
    sx, sy = (right - left) / columns, (bottom - top) / rows
    for i in range(columns * rows):
        x, y = left + (i % columns + 0.5) * sx, top + (i // columns) * sy
        color = stage.palette.accent if i < 8 else mix(stage.palette.mid, WHITE, 0.6)
        size = min(sx, sy * 0.6)
        body = oval(x, y + size * 0.3, size * 0.2) + box(
            x - size * 0.3, y + size * 0.58, x + size * 0.3, y + size * 1.35, size * 0.25
        )
        stage.pen.fill(body, color)


def _bars(stage: Stage, frame: Frame) -> None:
    left, top, right, bottom = frame
    step = (bottom - top) / 4
    for i, share in enumerate((0.92, 0.7, 0.52, 0.33)):
        y = top + i * step + step * 0.25
        stage.pen.fill(
            box(left, y, right, y + step * 0.42, 0.02), mix(stage.palette.mid, WHITE, 0.8)
        )
        color = _tones(stage)[i]
        stage.pen.fill(
            box(left, y, left + (right - left) * share, y + step * 0.42, 0.02),
            along(0, color, lighter(color, 0.25)),
        )
