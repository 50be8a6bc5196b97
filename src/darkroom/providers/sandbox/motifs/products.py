"""Things one photographs on a plinth: handbag, watch, bottle, shoe, headphones, phone, chair."""

import math

from darkroom.providers.sandbox.color import WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import along, ball, down, fade
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import (
    Shape,
    arc,
    blob,
    box,
    curve,
    oval,
    poly,
    ring,
    stroke,
    union,
)

GOLD = rgb("e2b04e")
_GOLD_SHEEN = (rgb("fff0bf"), rgb("e2b04e"), rgb("9a6a1f"), rgb("f6d98a"))


def handbag(pen: Pen, look: Look) -> None:
    """A structured leather handbag with gold hardware."""
    hide = look.color(rgb("9c4f2c"))
    edge = darker(hide, 0.45)
    handle = arc(0, -0.62, 0.24, 0.36, (180, 360))
    pen.fill(stroke(arc(0, -0.6, 0.2, 0.33, (180, 360)), 0.034), edge)
    body = blob(
        (-0.5, -0.6),
        (0.0, -0.64),
        (0.5, -0.6),
        (0.57, -0.3),
        (0.58, -0.05),
        (0.5, 0.0),
        (0, 0.005),
        (-0.5, 0.0),
        (-0.58, -0.05),
        (-0.57, -0.3),
    )
    pen.fill(body, down(lighter(hide, 0.18), hide, darker(hide, 0.35)))
    pen.fill(oval(0.5, -0.25, 0.2, 0.5), edge, soft=0.08, clip=body, alpha=0.75)
    pen.fill(oval(-0.34, -0.3, 0.12, 0.4), lighter(hide, 0.6), soft=0.09, clip=body, alpha=0.42)
    flap = blob(
        (-0.52, -0.61),
        (0, -0.655),
        (0.52, -0.61),
        (0.5, -0.42),
        (0.3, -0.29),
        (0, -0.25),
        (-0.3, -0.29),
        (-0.5, -0.42),
    )
    pen.fill(flap.moved(0.0, 0.03), edge, soft=0.025, clip=body, alpha=0.85)
    pen.fill(flap, down(lighter(hide, 0.34), lighter(hide, 0.08), darker(hide, 0.1)))
    pen.fill(oval(-0.22, -0.52, 0.25, 0.06), WHITE, soft=0.05, clip=flap, alpha=0.35)
    if pen.detail.level >= 1:
        stitches = [(-0.47 + 0.94 * i / 38) for i in range(39)]
        marks = union(
            stroke([(x, _flap_y(x) - 0.022), (x + 0.013, _flap_y(x + 0.013) - 0.022)], 0.006)
            for x in stitches
        )
        pen.fill(marks, lighter(hide, 0.55), clip=flap, alpha=0.8)
    pen.fill(stroke(handle, 0.05), down(lighter(hide, 0.3), hide, darker(hide, 0.3)))
    pen.fill(
        stroke(arc(-0.004, -0.626, 0.24, 0.36, (195, 300)), 0.012), lighter(hide, 0.6), alpha=0.6
    )
    for x in (-0.24, 0.24):
        pen.fill(ring(x, -0.6, 0.036, 0.016), along(60, *_GOLD_SHEEN))
        pen.fill(box(x - 0.034, -0.57, x + 0.034, -0.5, 0.016), down(lighter(hide, 0.2), edge))
        pen.fill(oval(x, -0.525, 0.012), GOLD)
    pen.fill(
        box(-0.075, -0.345, 0.075, -0.215, 0.024).moved(0.008, 0.014),
        (0, 0, 0),
        soft=0.014,
        alpha=0.45,
    )
    pen.fill(box(-0.075, -0.345, 0.075, -0.215, 0.024), along(60, *_GOLD_SHEEN))
    pen.fill(box(-0.05, -0.32, 0.05, -0.24, 0.014), along(240, *_GOLD_SHEEN))
    pen.fill(oval(0, -0.28, 0.014), darker(GOLD, 0.6))
    for x in (-0.5, 0.5):
        pen.fill(oval(x * 1.02, -0.035, 0.022), ball((x, -0.045), 0.04, *_GOLD_SHEEN[:3]))


def _flap_y(x: float) -> float:
    return -0.25 - 0.17 * abs(x / 0.5) ** 2.2


def watch(pen: Pen, look: Look) -> None:
    """A wrist watch with a leather strap, standing upright."""
    strap = look.color(rgb("4a2c20"))
    band = blob(
        (-0.125, -0.98),
        (0.125, -0.98),
        (0.16, -0.7),
        (0.165, -0.3),
        (0.125, -0.0),
        (-0.125, -0.0),
        (-0.165, -0.3),
        (-0.16, -0.7),
    )
    pen.fill(band, along(0, darker(strap, 0.3), lighter(strap, 0.25), strap, darker(strap, 0.45)))
    if pen.detail.level:
        for x in (-0.105, 0.105):
            marks = [
                stroke(
                    [
                        (x * (1 + 0.15 * math.sin(math.pi * i / 26)), -0.96 + i * 0.037),
                        (x * (1 + 0.15 * math.sin(math.pi * i / 26)), -0.943 + i * 0.037),
                    ],
                    0.006,
                )
                for i in range(26)
            ]
            pen.fill(union(marks), lighter(strap, 0.5), alpha=0.7)
    c = pen.at(0, -0.5, 0.3)
    c.fill(oval(0.04, 0.08, 1.04), (0, 0, 0), soft=0.1, alpha=0.4)
    c.fill(box(0.95, -0.12, 1.14, 0.12, 0.05), along(90, *_GOLD_SHEEN))
    c.fill(oval(0, 0, 1.02), along(60, *_GOLD_SHEEN, rgb("9a6a1f")))
    c.fill(oval(0, 0, 0.9), along(240, *_GOLD_SHEEN))
    dial = oval(0, 0, 0.82)
    face = mix(look.palette.near, rgb("12263f"), 0.6)
    c.fill(dial, ball((-0.2, -0.3), 1.2, lighter(face, 0.28), face, darker(face, 0.5)))
    c.fill(_minute_marks(pen.detail.level > 0), rgb("f7e7bd"))
    for angle, length, width in ((305, 0.42, 0.06), (62, 0.62, 0.045)):
        a = math.radians(angle)
        c.fill(
            stroke(
                [
                    (-0.1 * math.sin(a), 0.1 * math.cos(a)),
                    (length * math.sin(a), -length * math.cos(a)),
                ],
                width,
                width * 0.4,
            ),
            rgb("fdf3d6"),
        )
    c.fill(stroke([(0.06, 0.16), (-0.24, -0.62)], 0.014), look.palette.accent)
    c.fill(oval(0, 0, 0.055), GOLD)
    c.fill(
        blob((-0.75, -0.3), (-0.3, -0.75), (0.25, -0.78), (-0.35, -0.2), (-0.7, 0.1)),
        WHITE,
        soft=0.06,
        clip=dial,
        alpha=0.22,
    )


def _minute_marks(every: bool) -> Shape:
    """Hour marks of a dial of radius 1, and the minutes between them."""
    marks: list[Shape] = []
    for i in range(60):
        inner = 0.62 if i % 5 == 0 else 0.72
        if i % 5 and not every:
            continue
        a = math.radians(i * 6)
        marks.append(
            stroke(
                [
                    (inner * math.sin(a), -inner * math.cos(a)),
                    (0.765 * math.sin(a), -0.765 * math.cos(a)),
                ],
                0.045 if i % 5 == 0 else 0.012,
            )
        )
    return union(marks)


def bottle(pen: Pen, look: Look) -> None:
    """A glass flacon with a golden cap."""
    liquid = look.color(look.palette.accent)
    body = box(-0.26, -0.66, 0.26, 0.0, 0.07)
    pen.fill(
        body,
        along(0, mix(liquid, WHITE, 0.72), mix(liquid, WHITE, 0.45), mix(liquid, WHITE, 0.65)),
        alpha=0.96,
    )
    inner = box(-0.21, -0.56, 0.21, -0.06, 0.045)
    pen.fill(inner, down(lighter(liquid, 0.35), liquid, darker(liquid, 0.25)))
    pen.fill(oval(0.05, -0.12, 0.22, 0.16), lighter(liquid, 0.6), soft=0.07, clip=inner, alpha=0.7)
    pen.fill(box(0.12, -0.6, 0.24, -0.02), darker(liquid, 0.5), soft=0.05, clip=body, alpha=0.35)
    pen.fill(box(-0.235, -0.62, -0.195, -0.05, 0.02), fade(WHITE, 0.95, 0.35))
    pen.fill(box(-0.17, -0.5, -0.15, -0.12, 0.01), WHITE, alpha=0.45)
    pen.fill(box(-0.12, -0.4, 0.12, -0.2, 0.012), rgb("fffaf0"), alpha=0.95)
    pen.fill(
        union(
            (
                stroke([(-0.07, -0.335), (0.07, -0.335)], 0.014),
                stroke([(-0.05, -0.295), (0.05, -0.295)], 0.007),
                stroke([(-0.06, -0.262), (0.06, -0.262)], 0.007),
            )
        ),
        look.palette.ink,
        alpha=0.8,
    )
    pen.fill(box(-0.09, -0.71, 0.09, -0.65, 0.01), along(0, *_GOLD_SHEEN, rgb("b98a35")))
    cap = box(-0.125, -0.95, 0.125, -0.7, 0.03)
    pen.fill(cap, along(0, rgb("a87a2c"), rgb("fff0bf"), rgb("e2b04e"), rgb("8a5d18")))
    pen.fill(box(-0.125, -0.74, 0.125, -0.7), rgb("6d4711"), clip=cap, alpha=0.4)


def shoe(pen: Pen, look: Look) -> None:
    """A running shoe from the side, toe to the left."""
    upper_color, second = look.color(look.palette.accent), look.palette.second
    sole = blob(
        (-0.92, -0.12),
        (-0.7, -0.2),
        (0.0, -0.2),
        (0.75, -0.26),
        (0.9, -0.2),
        (0.86, -0.04),
        (0.5, 0.0),
        (-0.6, 0.0),
        (-0.88, -0.03),
    )
    upper = blob(
        (-0.9, -0.16),
        (-0.86, -0.3),
        (-0.62, -0.4),
        (-0.3, -0.5),
        (0.0, -0.72),
        (0.14, -0.86),
        (0.36, -0.8),
        (0.62, -0.78),
        (0.74, -0.88),
        (0.84, -0.7),
        (0.83, -0.4),
        (0.84, -0.18),
        (0.2, -0.14),
    )
    pen.fill(upper, along(70, lighter(upper_color, 0.25), upper_color, darker(upper_color, 0.3)))
    pen.fill(
        blob((0.14, -0.88), (0.36, -0.8), (0.62, -0.78), (0.74, -0.9), (0.6, -0.66), (0.3, -0.68)),
        darker(upper_color, 0.6),
        clip=upper,
        alpha=0.8,
    )
    pen.fill(
        blob((-0.95, -0.1), (-0.9, -0.34), (-0.66, -0.4), (-0.55, -0.3), (-0.62, -0.1)),
        down(lighter(second, 0.2), second),
        clip=upper,
    )
    pen.fill(
        blob((0.6, -0.72), (0.9, -0.8), (0.9, -0.1), (0.55, -0.1), (0.5, -0.4)),
        down(second, darker(second, 0.2)),
        clip=upper,
    )
    pen.fill(
        curve([(-0.28, -0.16), (0.05, -0.28), (0.3, -0.46), (0.5, -0.66)], 0.085, 0.02),
        WHITE,
        clip=upper,
        alpha=0.95,
    )
    laces = [
        stroke([(-0.34 + k * 0.1, -0.42 - k * 0.085), (-0.2 + k * 0.1, -0.4 - k * 0.085)], 0.03)
        for k in range(5)
    ]
    pen.fill(union(laces), WHITE)
    pen.fill(sole, down(WHITE, rgb("f1f1f4"), rgb("b9bcc8")))
    pen.fill(stroke([(-0.86, -0.015), (0.82, -0.02)], 0.03), darker(upper_color, 0.3))


def headphones(pen: Pen, look: Look) -> None:
    """Over-ear headphones, from the front."""
    shell = look.color(look.palette.accent)
    pen.fill(
        stroke(arc(0, -0.42, 0.4, 0.52, (180, 360)), 0.075),
        along(20, lighter(shell, 0.35), shell, darker(shell, 0.35)),
    )
    pen.fill(stroke(arc(0, -0.42, 0.365, 0.48, (196, 344)), 0.05), darker(shell, 0.65))
    for side in (-1, 1):
        pen.fill(
            stroke([(side * 0.4, -0.44), (side * 0.4, -0.3)], 0.05),
            along(0, rgb("f0f1f5"), rgb("8c90a0")),
        )
        pad = (
            box(-0.06, -0.22, 0.12, 0.22, 0.09) if side < 0 else box(-0.12, -0.22, 0.06, 0.22, 0.09)
        )
        pen.fill(pad.moved(side * 0.36, -0.23), along(0, rgb("35343c"), rgb("17161c")))
        cup = oval(side * 0.44, -0.23, 0.13, 0.23)
        pen.fill(cup, along(30, lighter(shell, 0.4), shell, darker(shell, 0.4)))
        pen.fill(
            oval(side * 0.455, -0.23, 0.07, 0.14),
            along(210, lighter(shell, 0.25), darker(shell, 0.25)),
        )
        pen.fill(oval(side * 0.4, -0.36, 0.03, 0.06), WHITE, soft=0.02, clip=cup, alpha=0.5)


def phone(pen: Pen, look: Look) -> None:
    """A smartphone showing a small landscape."""
    body = box(-0.25, -1.0, 0.25, 0.0, 0.07)
    pen.fill(body, along(30, rgb("8c909c"), rgb("2a2c33"), rgb("5b5f6a")))
    screen = box(-0.228, -0.978, 0.228, -0.022, 0.055)
    sky = look.palette.sky
    pen.fill(screen, down(sky[0], sky[1], sky[2], sky[3]))
    pen.fill(oval(0.05, -0.5, 0.08), look.palette.sun, clip=screen)
    pen.fill(
        blob((-0.3, -0.4), (-0.1, -0.5), (0.1, -0.36), (0.3, -0.46), (0.3, 0.1), (-0.3, 0.1)),
        look.palette.mid,
        clip=screen,
    )
    pen.fill(
        blob((-0.3, -0.22), (0.0, -0.3), (0.3, -0.2), (0.3, 0.1), (-0.3, 0.1)),
        look.palette.near,
        clip=screen,
    )
    pen.fill(box(-0.06, -0.955, 0.06, -0.93, 0.012), (8, 8, 12))
    for i, color in enumerate(
        (look.palette.accent, look.palette.second, WHITE, look.palette.accent)
    ):
        pen.fill(box(-0.185 + i * 0.1, -0.14, -0.115 + i * 0.1, -0.07, 0.018), color)
    pen.fill(poly((-0.23, -0.98), (0.02, -0.98), (-0.23, -0.4)), WHITE, clip=screen, alpha=0.12)


def chair(pen: Pen, look: Look) -> None:
    """An upholstered armchair on wooden legs."""
    cloth = look.color(look.palette.accent)
    wood = rgb("8a5a34")
    for x0, x1 in ((-0.3, -0.37), (0.3, 0.37)):
        pen.fill(
            stroke([(x0, -0.22), (x1, -0.01)], 0.045, 0.025), along(0, lighter(wood, 0.3), wood)
        )
    back = blob(
        (-0.34, -0.3),
        (-0.38, -0.75),
        (-0.25, -0.97),
        (0, -1.0),
        (0.25, -0.97),
        (0.38, -0.75),
        (0.34, -0.3),
    )
    pen.fill(back, down(lighter(cloth, 0.2), cloth, darker(cloth, 0.3)))
    pen.fill(oval(-0.14, -0.82, 0.18, 0.12), WHITE, soft=0.08, clip=back, alpha=0.25)
    for x in (-0.14, 0.0, 0.14):
        pen.fill(
            stroke([(x, -0.9), (x * 0.95, -0.5)], 0.008), darker(cloth, 0.4), clip=back, alpha=0.5
        )
    seat = box(-0.36, -0.44, 0.36, -0.2, 0.09)
    pen.fill(seat, down(lighter(cloth, 0.28), cloth, darker(cloth, 0.35)))
    for side in (-1, 1):
        rest = blob(
            (side * 0.3, -0.6),
            (side * 0.44, -0.62),
            (side * 0.5, -0.52),
            (side * 0.46, -0.2),
            (side * 0.32, -0.18),
        )
        pen.fill(rest, down(lighter(cloth, 0.15), darker(cloth, 0.2)))
    pen.fill(
        box(-0.2, -0.66, 0.14, -0.38, 0.07),
        along(60, lighter(look.palette.second, 0.25), look.palette.second),
    )
