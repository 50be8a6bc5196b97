"""Logos: an emblem on paper with the name set beneath it."""

import math

from darkroom.providers.sandbox import typography as type_
from darkroom.providers.sandbox.color import RGB, darker, lighter, luminance, mix
from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.paint import Linear, down, stops
from darkroom.providers.sandbox.scenes.lettering import split
from darkroom.providers.sandbox.scenes.stage import Stage
from darkroom.providers.sandbox.shapes import (
    below,
    leaf,
    oval,
    ring,
    star,
    stroke,
    union,
    wave_line,
)

_RADIUS = 0.235


def logo(stage: Stage) -> None:
    """An emblem on paper with the name set beneath it."""
    pen, palette = stage.pen, stage.palette
    paper = stage.pick(
        palette.paper, mix(palette.paper, palette.sky[3], 0.5), darker(palette.near, 0.25)
    )
    dark = luminance(paper) < 0.45
    ink = palette.paper if dark else mix(palette.ink, palette.near, 0.2)
    if not pen.board.clear:
        pen.wash(
            Linear(
                (0, 0), (stage.w, stage.h), stops(lighter(paper, 0.25 if not dark else 0.08), paper)
            )
        )
    headline, rest = split(stage.brief.texts)
    cx, cy = stage.w / 2, stage.h * (0.42 if headline else 0.5)
    _emblem(stage, (cx, cy), ink)
    if headline:
        _name(stage, headline, rest, (cx, cy + _RADIUS + 0.085, ink))


def _emblem(stage: Stage, center: tuple[float, float], ink: RGB) -> None:
    """A round badge: sun, hills and the subject."""
    pen, palette = stage.pen, stage.palette
    cx, cy = center
    radius = _RADIUS
    emblem = oval(cx, cy, radius)
    warm = palette.accent if stage.brief.tint is None else stage.brief.tint
    pen.fill(emblem, down(mix(warm, palette.second, 0.75), warm))
    pen.fill(oval(cx, cy + 0.01, 0.13), lighter(palette.second, 0.55), clip=emblem)
    if pen.detail.level >= 1:
        beams = union(
            stroke(
                [
                    (cx + 0.15 * math.cos(a), cy + 0.01 + 0.15 * math.sin(a)),
                    (cx + 0.2 * math.cos(a), cy + 0.01 + 0.2 * math.sin(a)),
                ],
                0.009,
            )
            for a in (math.pi + i * math.pi / 10 for i in range(11))
        )
        pen.fill(beams, lighter(palette.second, 0.55), clip=emblem, alpha=0.9)
    for i, color in enumerate((mix(warm, palette.near, 0.45), palette.near)):
        hill = wave_line(
            (cx - radius, cx + radius), cy + 0.1 + i * 0.06, 0.016, i * 2.0 + stage.variant
        )
        pen.fill(below(hill, cy + radius), color, clip=emblem)
    name = stage.brief.subjects[0] if stage.brief.subjects else ""
    if name in MOTIFS:
        motif = MOTIFS[name]
        tall = min(0.3, 0.36 / motif.width)
        motif.draw(pen.at(cx, cy + 0.16, tall), stage.look(False))
    else:
        for turn in (-150, -120, -90, -60, -30):
            pen.fill(leaf(cx, cy + 0.16, 0.24, 0.075, turn), lighter(palette.second, 0.65))
    pen.fill(ring(cx, cy, radius + 0.022, 0.006), ink)


def _name(stage: Stage, headline: str, rest: list[str], spot: tuple[float, float, RGB]) -> None:
    """The name, and under it a line of the prompt's own, between two rules."""
    pen = stage.pen
    cx, top, ink = spot
    latin = headline.isascii()
    setting = type_.fit(headline, 0.74 * pen.scale, 0.115 * pen.scale, type_.SANS)
    place_ = (cx * pen.scale, top * pen.scale)
    type_.draw(pen, setting, place_, ink, spread=0.02 if latin else 0.0)
    line = top + setting.height / pen.scale + 0.05
    for tag in rest[:1]:
        small = type_.fit(tag, 0.4 * pen.scale, 0.028 * pen.scale, type_.SANS)
        spread = 0.3 if tag.isascii() else 0.1
        type_.draw(pen, small, (cx * pen.scale, line * pen.scale), ink, alpha=0.8, spread=spread)
    near, far = (0.24, 0.32) if rest else (0.03, 0.16)
    for side in (-1, 1):
        rule = [(cx + side * near, line + 0.011), (cx + side * far, line + 0.011)]
        pen.fill(stroke(rule, 0.004, 0.001), ink, alpha=0.6)
    if not rest:
        pen.fill(star(cx, line + 0.011, 0.016, 0.006, 4), ink, alpha=0.8)
