"""Graphic work: posters with lettering, logos, infographics and abstract compositions."""

import math

from darkroom.providers.sandbox import typography as type_
from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, luminance, mix, rgb
from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.paint import Linear, Paint, along, ball, down, glow, stops
from darkroom.providers.sandbox.scenes.outdoor import outdoor
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, place, sheet
from darkroom.providers.sandbox.scenes.studio import plinth
from darkroom.providers.sandbox.shapes import (
    Shape,
    below,
    box,
    curve,
    leaf,
    oval,
    poly,
    ring,
    sector,
    star,
    stroke,
    union,
    wave_line,
)

Frame = tuple[float, float, float, float]
"""Left, top, right, bottom in the pen's units."""


def lettering(
    stage: Stage, texts: tuple[str, ...], frame: Frame, paints: tuple[Paint, Paint]
) -> None:
    """Headline and small lines centred in ``frame``: the text decides how the space is shared."""
    headline, rest = split(texts)
    left, top, right, bottom = (edge * stage.pen.scale for edge in frame)
    width, height = right - left, bottom - top
    wish = stage.pick(type_.SANS, type_.NARROW)
    gap = height * 0.07
    small = [
        type_.fit(line, width * 0.92, height * 0.24 / len(rest), type_.SANS, height * 0.17)
        for line in rest
    ]
    below_ = sum(item.height + gap for item in small)
    main = type_.fit(headline, width, height - below_, wish)
    y = top + (height - main.height - below_) / 2
    middle = (left + right) / 2
    type_.draw(stage.pen, main, (middle, y), paints[0])
    y += main.height + gap
    for item in small:
        type_.draw(stage.pen, item, (middle, y), paints[1])
        y += item.height + gap


def split(texts: tuple[str, ...]) -> tuple[str, list[str]]:
    """A headline and what follows: at the first comma, dash or colon of a single text."""
    usable = [text for text in map(type_.typesettable, texts) if text]
    if not usable:
        return "", []
    first, rest = usable[0], usable[1:]
    for mark in (", ", " - ", " — ", ": ", " | ", "! "):
        head, found, tail = first.partition(mark)
        if found and len(head) >= 3 and tail:
            return head + mark.strip(" ,-—:|"), [tail, *rest]
    return first, rest


# --- posters ------------------------------------------------------------------------------------


def poster(stage: Stage) -> None:
    """Lettering over a scene, in a framed card, or over a burst of rays."""
    headline, _ = split(stage.brief.texts)
    if not stage.brief.subjects and not stage.brief.place:
        _burst(stage)
    elif headline:
        stage.pick(_framed, _over, _framed, _over, _over)(stage)
    else:
        _picture(stage)


def _picture(stage: Stage) -> None:
    if stage.brief.place:
        outdoor(stage)
    else:
        _still(stage)


def _still(stage: Stage) -> None:
    """The subject on a bold two-colour ground with rays."""
    pen, palette = stage.pen, stage.palette
    _rays(
        stage,
        (stage.w / 2, stage.h * 0.66),
        palette.sky[3],
        mix(palette.sky[2], palette.sky[3], 0.35),
    )
    base = mix(palette.accent, palette.sky[2], 0.2)
    pen.fill(oval(stage.w / 2, stage.h * 0.66, 0.36), along(90, lighter(base, 0.25), base))
    pen.fill(sheet(stage, stage.h * 0.84), down(mix(palette.near, palette.mid, 0.4), palette.near))
    _subjects(stage, stage.h * 0.9, 0.46)


def _subjects(stage: Stage, foot: float, tall: float) -> None:
    names = stage.brief.subjects
    for i, name in enumerate(names):
        x = stage.w / 2 + (i - (len(names) - 1) / 2) * (0.9 * stage.w / max(len(names), 1))
        width = min(0.86 * stage.w / len(names), 0.95)
        place(stage, name, Spot(x, foot, tall, width), tinted=i == 0)


def _over(stage: Stage) -> None:
    """Large type in the sky, the scene below."""
    pen, palette = stage.pen, stage.palette
    _picture(stage)
    shade = palette.sky[0]
    dark = luminance(mix(palette.sky[0], palette.sky[1], 0.5)) < 0.62
    ink = palette.paper if dark else palette.ink
    veil = Linear(
        (0, 0),
        (0, stage.h * 0.6),
        (
            (0.0, darker(shade, 0.25) if dark else palette.paper, 0.78),
            (0.6, shade if dark else palette.paper, 0.5),
            (1.0, shade, 0.0),
        ),
    )
    pen.fill(box(-0.1, -0.1, stage.w + 0.1, stage.h * 0.6), veil)
    margin = 0.075
    pen.fill(
        stroke([(stage.w / 2 - 0.06, 0.075), (stage.w / 2 + 0.06, 0.075)], 0.006),
        palette.second if dark else palette.accent,
    )
    frame = (margin, 0.11, stage.w - margin, stage.h * (0.47 if stage.h >= 1 else 0.5))
    second = mix(palette.second, WHITE, 0.25) if dark else darker(palette.accent, 0.15)
    lettering(stage, stage.brief.texts, frame, (ink, second))


def _framed(stage: Stage) -> None:
    """A paper border, the picture in a window, the type beneath."""
    pen, palette = stage.pen, stage.palette
    _picture(stage)
    image = pen.board.image
    picture = image.copy()
    paper = mix(palette.paper, palette.sky[3], 0.12) if not palette.dark else palette.paper
    pen.wash(Linear((0, 0), (stage.w, stage.h), stops(lighter(paper, 0.5), paper)))
    m = 0.06
    window = box(m, m, stage.w - m, stage.h * 0.66, 0.03)
    pen.fill(window.moved(0.004, 0.012), palette.ink, soft=0.014, alpha=0.3)
    pen.fill(window, palette.sky[1])
    _into(stage, picture, (m, m, stage.w - m, stage.h * 0.66))
    ink = palette.ink if luminance(palette.ink) < 0.3 else rgb("22202c")
    accent = palette.accent if luminance(palette.accent) < 0.62 else darker(palette.accent, 0.3)
    lettering(
        stage,
        stage.brief.texts,
        (m + 0.02, stage.h * 0.66 + 0.05, stage.w - m - 0.02, stage.h - 0.075),
        (ink, accent),
    )


def _into(stage: Stage, picture: "type_.Image.Image", frame: Frame) -> None:
    """Paste the lower middle of ``picture`` into a round-cornered window."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = (round(edge * stage.pen.scale) for edge in frame)
    width, height = right - left, bottom - top
    scale = max(width / picture.width, height / picture.height)
    crop_w, crop_h = width / scale, height / scale
    x, y = (picture.width - crop_w) / 2, (picture.height - crop_h) * 0.78
    part = picture.resize(
        (width, height), Image.Resampling.LANCZOS, box=(x, y, x + crop_w, y + crop_h)
    )
    mask = Image.new("L", (width * 2, height * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width * 2 - 1, height * 2 - 1), 0.03 * stage.pen.scale * 2, fill=255
    )
    stage.pen.board.image.paste(part, (left, top), mask.reduce(2))


def _rays(stage: Stage, center: tuple[float, float], one: RGB, other: RGB) -> None:
    pen = stage.pen
    pen.wash(one)
    reach = stage.w + stage.h
    count = 14
    rays = union(
        sector(*center, reach, i * 360 / count, (i + 0.5) * 360 / count) for i in range(count)
    )
    pen.fill(rays, other)
    pen.shine(center, glow(center, 0.9, lighter(one, 0.4), 0.5))


def _burst(stage: Stage) -> None:
    """Celebration: rays, bunting, confetti, and a card of type in the middle."""
    pen, palette, rng = stage.pen, stage.palette, stage.rng
    deep = mix(palette.accent, palette.near, 0.15)
    if palette.dark:
        deep = mix(palette.sky[2], palette.accent, 0.25)
    _rays(stage, (stage.w / 2, stage.h * 0.52), deep, mix(deep, palette.second, 0.22))
    colors = (
        palette.second,
        palette.paper,
        palette.sky[1],
        mix(palette.accent, WHITE, 0.45),
        palette.near,
    )
    dots: dict[RGB, list[Shape]] = {color: [] for color in colors}
    for _ in range(pen.count(120)):
        x, y = rng.uniform(0, stage.w), rng.uniform(0, stage.h)
        size, turn = rng.uniform(0.006, 0.016), rng.uniform(0, 180)
        shape = rng.choice(
            (
                oval(x, y, size * 0.6),
                oval(x, y, size, size * 0.35, turn),
                star(x, y, size, size * 0.45),
                leaf(x, y, size * 2, size * 0.7, turn),
            )
        )
        dots[rng.choice(colors)].append(shape)
    for color, shapes in dots.items():
        pen.fill(union(shapes), color, alpha=0.95)
    for row, (y, drop) in enumerate(((-0.02, 0.13), (-0.05, 0.075))):
        _bunting(stage, y, drop, colors[row:] + colors[:row])
    width = min(stage.w * 0.8, 1.15)
    height = min(stage.h * 0.5, width * 0.9)
    cx, cy = stage.w / 2, stage.h * 0.54
    card: Frame = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
    pen.fill(box(*card, 0.035).moved(0.0, 0.02), palette.ink, soft=0.03, alpha=0.45)
    pen.fill(box(*card, 0.035), down(lighter(palette.paper, 0.6), palette.paper))
    inner = box(card[0] + 0.022, card[1] + 0.022, card[2] - 0.022, card[3] - 0.022, 0.024)
    edge = box(card[0] + 0.027, card[1] + 0.027, card[2] - 0.027, card[3] - 0.027, 0.02)
    accent = palette.accent if luminance(palette.accent) < 0.6 else darker(palette.accent, 0.35)
    pen.fill(inner.without(edge), accent)
    pad = 0.075
    frame = (card[0] + pad, card[1] + pad, card[2] - pad, card[3] - pad)
    ink = palette.ink if luminance(palette.ink) < 0.3 else rgb("22202c")
    if split(stage.brief.texts)[0]:
        lettering(stage, stage.brief.texts, frame, (ink, accent))
    else:
        pen.fill(star(cx, cy, height * 0.3, height * 0.13, 8), accent)
    for side in (-1, 1):
        x = cx + side * width * 0.5
        for i, color in enumerate((palette.second, accent, palette.paper)):
            _festive_balloon(
                stage,
                (x + side * 0.03 * (i - 1) * 1.6, cy + height * 0.5 - 0.1 + 0.07 * i),
                0.062,
                color,
            )


def _festive_balloon(stage: Stage, at: tuple[float, float], radius: float, color: RGB) -> None:
    x, y = at
    pen = stage.pen
    pen.fill(
        curve([(x, y + radius), (x + 0.012, y + radius * 2.2), (x - 0.01, y + radius * 4)], 0.003),
        WHITE,
        alpha=0.7,
    )
    pen.fill(
        oval(x, y, radius * 0.88, radius),
        ball(
            (x - radius * 0.3, y - radius * 0.4),
            radius * 1.5,
            lighter(color, 0.55),
            color,
            darker(color, 0.35),
        ),
    )
    pen.fill(
        poly((x - 0.008, y + radius * 1.1), (x + 0.008, y + radius * 1.1), (x, y + radius * 0.95)),
        darker(color, 0.2),
    )


def _bunting(stage: Stage, y: float, drop: float, colors: tuple[RGB, ...]) -> None:
    pen = stage.pen
    count = max(8, round(stage.w * 11))
    line = [
        (stage.w * t, y + drop * 4 * t * (1 - t)) for t in (i / count for i in range(count + 1))
    ]
    pen.fill(stroke(line, 0.004), stage.palette.ink, alpha=0.6)
    for i in range(count):
        (x0, y0), (x1, y1) = line[i], line[i + 1]
        flag = poly((x0 + 0.006, y0), (x1 - 0.006, y1), ((x0 + x1) / 2, (y0 + y1) / 2 + 0.085))
        pen.fill(flag.moved(0.004, 0.008), stage.palette.ink, soft=0.006, alpha=0.3)
        color = colors[i % len(colors)]
        pen.fill(flag, down(lighter(color, 0.18), darker(color, 0.08)))


# --- logos --------------------------------------------------------------------------------------


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
    radius = 0.235
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
    if headline:
        name_setting = type_.fit(headline, 0.74 * pen.scale, 0.115 * pen.scale, type_.SANS)
        top = (cy + radius + 0.085) * pen.scale
        type_.draw(
            pen,
            name_setting,
            (cx * pen.scale, top),
            ink,
            spread=0.02 if headline.isascii() else 0.0,
        )
        line = (top + name_setting.height) / pen.scale + 0.045
        tag = rest[0] if rest else "SINCE " + str(1900 + stage.rng.randrange(20, 99))
        setting = type_.fit(tag, 0.4 * pen.scale, 0.028 * pen.scale, type_.SANS)
        type_.draw(
            pen,
            setting,
            (cx * pen.scale, line * pen.scale),
            ink,
            alpha=0.75,
            spread=0.3 if tag.isascii() else 0.1,
        )
        for side in (-1, 1):
            y = line + 0.011
            pen.fill(
                stroke([(cx + side * 0.2, y), (cx + side * 0.3, y)], 0.004, 0.001), ink, alpha=0.6
            )


# --- infographics -------------------------------------------------------------------------------


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
    from darkroom.providers.sandbox.shapes import spline

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
    motif.draw(stage.pen.at(cx, bottom, tall * 0.96), stage.look())


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


# --- abstract -----------------------------------------------------------------------------------


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
    pen, palette, rng = stage.pen, stage.palette, stage.rng
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


__all__ = ["abstract", "infographic", "lettering", "logo", "plinth", "poster", "split", "sticker"]
