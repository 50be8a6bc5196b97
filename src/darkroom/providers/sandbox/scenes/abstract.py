"""For prompts without a known word, and cut-outs: compositions of pure form, and stickers."""

import math

from darkroom.providers.sandbox.color import RGB, darker, lighter, mix
from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.paint import Linear, along, ball, glow, stops
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, place
from darkroom.providers.sandbox.shapes import (
    below,
    box,
    oval,
    poly,
    ring,
    sector,
    stroke,
    union,
    wave_line,
)


def abstract(stage: Stage) -> None:
    """When no word is known: paper-cut hills, a Bauhaus still life, or silk ribbons."""
    stage.pick(_papercut, _bauhaus, _ribbons)(stage)


def _papercut(stage: Stage) -> None:
    pen, palette = stage.pen, stage.palette
    pen.wash(Linear((0, 0), (0, stage.h), stops(palette.sky[1], palette.sky[2], palette.sky[3])))
    x, y = stage.w * (0.5 + stage.side * 0.15), stage.h * 0.36
    pen.shine((x, y), glow((x, y), 0.8, palette.sun, 0.7))
    for radius, alpha in ((0.3, 0.18), (0.235, 0.28), (0.17, 1.0)):
        pen.fill(
            oval(x, y, radius),
            along(90, lighter(palette.sun, 0.5), mix(palette.sun, palette.sky[2], 0.35)),
            alpha=alpha,
        )
    colors = (
        palette.sky[2],
        palette.far,
        mix(palette.far, palette.mid, 0.5),
        palette.mid,
        mix(palette.mid, palette.near, 0.55),
        palette.near,
    )
    for i, color in enumerate(colors):
        level = stage.h * (0.46 + 0.092 * i)
        line = wave_line((-0.05, stage.w + 0.05), level, 0.05 + 0.006 * i, stage.rng.uniform(0, 6))
        hill = below(line, stage.h + 0.1)
        pen.fill(hill.moved(0, -0.012), palette.ink, soft=0.022, alpha=0.3)
        pen.fill(
            hill,
            Linear(
                (0, level - 0.08),
                (0, level + 0.3),
                stops(lighter(color, 0.2), color, darker(color, 0.1)),
            ),
        )
        if pen.detail.level >= 1:
            pen.fill(
                stroke([(px, py + 0.003) for px, py in line], 0.003), lighter(color, 0.5), alpha=0.6
            )


def _bauhaus(stage: Stage) -> None:
    pen, palette = stage.pen, stage.palette
    base = palette.paper if not palette.dark else palette.sky[1]
    pen.wash(
        Linear(
            (0, 0), (stage.w, stage.h), stops(lighter(base, 0.3), mix(base, palette.sky[3], 0.35))
        )
    )
    tones = (
        palette.accent,
        palette.second,
        palette.mid,
        palette.near,
        palette.sky[0],
        palette.sky[2],
    )
    cx, cy = stage.w / 2, stage.h / 2
    s = stage.side
    pen.fill(
        oval(cx + s * 0.1, cy - 0.08, 0.31).moved(0.01, 0.02), palette.ink, soft=0.03, alpha=0.3
    )
    pen.fill(
        oval(cx + s * 0.1, cy - 0.08, 0.31),
        along(60, lighter(tones[0], 0.25), tones[0], darker(tones[0], 0.1)),
    )
    pen.fill(
        sector(cx - s * 0.16, cy + 0.17, 0.27, 180, 360).moved(0.01, 0.02),
        palette.ink,
        soft=0.025,
        alpha=0.3,
    )
    pen.fill(
        sector(cx - s * 0.16, cy + 0.17, 0.27, 180, 360),
        along(60, lighter(tones[3], 0.2), tones[3]),
    )
    pen.fill(
        ring(cx + s * 0.24, cy + 0.22, 0.13, 0.05).moved(0.006, 0.014),
        palette.ink,
        soft=0.015,
        alpha=0.3,
    )
    pen.fill(
        ring(cx + s * 0.24, cy + 0.22, 0.13, 0.05), along(40, lighter(tones[1], 0.3), tones[1])
    )
    pen.fill(box(cx - s * 0.16 - 0.27, cy + 0.17, cx - s * 0.16 + 0.27, cy + 0.235), tones[1])
    pen.fill(
        oval(cx - s * 0.25, cy - 0.27, 0.085),
        ball(
            (cx - s * 0.25 - 0.03, cy - 0.3),
            0.14,
            lighter(tones[4], 0.5),
            tones[4],
            darker(tones[4], 0.3),
        ),
    )
    _bauhaus_marks(stage, tones)


def _bauhaus_marks(stage: Stage, tones: tuple[RGB, ...]) -> None:
    """The small things: a slab, hatching, a field of dots, stray discs."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    cx, cy, s = stage.w / 2, stage.h / 2, stage.side
    slab = poly(
        (cx - 0.46, cy + 0.4),
        (cx - 0.05, cy + 0.36),
        (cx - 0.05, cy + 0.385),
        (cx - 0.46, cy + 0.425),
    )
    pen.fill(slab, tones[2])
    lines = union(
        stroke(
            [(cx + s * (0.02 + i * 0.035), cy - 0.42), (cx + s * (0.3 + i * 0.035), cy + 0.0)],
            0.005,
        )
        for i in range(6)
    )
    pen.fill(lines, palette.ink if not palette.dark else palette.paper, alpha=0.75)
    dots = union(
        oval(cx - s * 0.42 + s * (i % 5) * 0.035, cy - 0.08 + (i // 5) * 0.035, 0.007)
        for i in range(25)
    )
    pen.fill(dots, palette.ink if not palette.dark else palette.paper, alpha=0.7)
    for _ in range(pen.count(5)):
        x, y, r = (
            rng.uniform(0.05, stage.w - 0.05),
            rng.uniform(0.05, stage.h - 0.05),
            rng.uniform(0.012, 0.03),
        )
        pen.fill(oval(x, y, r), rng.choice(tones), alpha=0.9)


def _ribbons(stage: Stage) -> None:
    """Broad silk bands sweeping across, each lit along its edge."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    pen.wash(
        Linear((0, 0), (stage.w, stage.h), stops(palette.sky[0], palette.sky[1], palette.sky[2]))
    )
    tones = (
        palette.sky[2],
        palette.accent,
        palette.second,
        palette.sky[3],
        palette.mid,
        palette.near,
    )
    phase = rng.uniform(0, 6)
    for i in range(7):
        color = tones[i % len(tones)]
        level = stage.h * (-0.02 + 0.16 * i)
        upper = [
            (
                x,
                level
                + 0.16 * math.sin(x * 2.1 * stage.side + phase + i * 0.35)
                + 0.05 * math.sin(x * 5.2 + i),
            )
            for x in (-0.1 + k * (stage.w + 0.2) / 70 for k in range(71))
        ]
        band = below(upper, stage.h + 0.3)
        pen.fill(band.moved(0, -0.016), palette.ink, soft=0.03, alpha=0.34)
        pen.fill(
            band,
            Linear(
                (0, level - 0.16),
                (0, level + 0.3),
                stops(lighter(color, 0.35), color, darker(color, 0.3)),
            ),
        )
        pen.fill(stroke(upper, 0.0035), lighter(color, 0.7), alpha=0.8)
    x, y = stage.w * (0.5 + stage.side * 0.22), stage.h * 0.24
    pen.fill(oval(x + 0.012, y + 0.03, 0.115), palette.ink, soft=0.03, alpha=0.35)
    pen.fill(
        oval(x, y, 0.115),
        ball(
            (x - 0.04, y - 0.05),
            0.2,
            lighter(palette.sun, 0.7),
            palette.sun,
            mix(palette.sun, palette.accent, 0.55),
        ),
    )


def sticker(stage: Stage) -> None:
    """The subject alone on transparency, with a soft shadow under it."""
    names = stage.brief.subjects or ("bouquet",)
    floating = all(MOTIFS[name].habitat in ("air", "water") for name in names)
    foot = stage.h * (0.82 if floating else 0.9)
    share = 0.9 * stage.w / len(names)
    for i, name in enumerate(names):
        x = stage.w / 2 + (i - (len(names) - 1) / 2) * share
        motif = MOTIFS[name]
        tall = min(0.8 * stage.h, share / motif.width)
        y = foot if not floating else stage.h / 2 + tall / 2
        y = min(y, stage.h / 2 + tall / 2 + 0.06)
        place(stage, name, Spot(x, y, tall, share), 0.55, i == 0)
