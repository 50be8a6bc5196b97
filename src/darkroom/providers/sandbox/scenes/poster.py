"""Posters: type over a scene, a framed card, or a burst of rays and confetti."""

from PIL import Image, ImageDraw

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, luminance, mix, rgb
from darkroom.providers.sandbox.paint import Linear, along, ball, down, glow, stops
from darkroom.providers.sandbox.pixels import resized
from darkroom.providers.sandbox.scenes.lettering import Frame, lettering, split
from darkroom.providers.sandbox.scenes.outdoor import outdoor
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, place, sheet
from darkroom.providers.sandbox.shapes import (
    Shape,
    box,
    curve,
    leaf,
    oval,
    poly,
    sector,
    star,
    stroke,
    union,
)


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


def _into(stage: Stage, picture: Image.Image, frame: Frame) -> None:
    """Paste the lower middle of ``picture`` into a round-cornered window."""
    left, top, right, bottom = (round(edge * stage.pen.scale) for edge in frame)
    width, height = right - left, bottom - top
    scale = max(width / picture.width, height / picture.height)
    crop_w, crop_h = width / scale, height / scale
    x, y = (
        (picture.width - crop_w) / 2,
        (picture.height - crop_h) * (0.78 if stage.brief.subjects else 0.45),
    )
    part = resized(
        picture, (width, height), Image.Resampling.LANCZOS, box=(x, y, x + crop_w, y + crop_h)
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
        x = cx + side * (width * 0.5 + 0.03)
        for i, color in enumerate((palette.second, accent, palette.paper)):
            _festive_balloon(
                stage,
                (x + side * 0.03 * (i - 1) * 1.6, cy + height * 0.5 - 0.03 + 0.07 * i),
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
