"""Things to eat and drink: coffee, watermelon, a bowl, cake, pizza, fruit, ice cream."""

import math

from darkroom.providers.sandbox.color import WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import along, ball, down, fade, glow
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import (
    Shape,
    arc,
    blob,
    box,
    curve,
    leaf,
    oval,
    poly,
    ring,
    sector,
    stroke,
    union,
)


def coffee(pen: Pen, look: Look) -> None:
    """A steaming cup on its saucer."""
    china = look.color(rgb("fbf5ea"))
    pen.fill(oval(0, -0.06, 0.62, 0.075), down(lighter(china, 0.3), darker(china, 0.22)))
    pen.fill(oval(0, -0.075, 0.46, 0.045), darker(china, 0.16))
    pen.fill(ring(0.46, -0.34, 0.14, 0.055), along(0, china, darker(china, 0.25)))
    cup = blob(
        (-0.42, -0.56),
        (0, -0.6),
        (0.42, -0.56),
        (0.37, -0.26),
        (0.2, -0.09),
        (-0.2, -0.09),
        (-0.37, -0.26),
    )
    pen.fill(cup, along(0, lighter(china, 0.5), china, darker(china, 0.3)))
    pen.fill(box(-0.6, -0.36, 0.6, -0.28), look.palette.accent, clip=cup, alpha=0.9)
    pen.fill(oval(0, -0.56, 0.42, 0.085), down(darker(china, 0.12), lighter(china, 0.4)))
    surface = oval(0, -0.55, 0.37, 0.066)
    brew = rgb("6b3d22")
    pen.fill(surface, ball((0, -0.55), 0.37, lighter(brew, 0.25), brew, darker(brew, 0.35)))
    art = union(
        (
            leaf(0, -0.51, 0.1, 0.16, -90),
            oval(-0.06, -0.565, 0.075, 0.02),
            oval(0.06, -0.565, 0.075, 0.02),
        )
    )
    pen.fill(art, rgb("f3dcba"), clip=surface)
    for x, lean in ((-0.14, 0.05), (0.03, -0.05), (0.19, 0.05)):
        pen.fill(
            curve(
                [(x, -0.64), (x + lean, -0.74), (x - lean, -0.85), (x + lean * 0.6, -0.98)],
                0.05,
                0.012,
            ),
            fade(WHITE, 0.0, 0.6),
            soft=0.014,
            alpha=0.8,
        )


def watermelon(pen: Pen, look: Look) -> None:
    """A generous slice of watermelon."""
    p = pen.at(0, -0.93, 1.0)
    p.fill(sector(0, 0, 0.93, 0, 180), along(90, rgb("2f9a52"), rgb("1c6b3a")))
    if pen.detail.level:
        for i in range(9):
            p.fill(sector(0, 0, 0.93, 8 + i * 20, 14 + i * 20), rgb("124d2b"), alpha=0.7)
    p.fill(sector(0, 0, 0.85, 0, 180), rgb("eff6cf"))
    flesh = sector(0, 0, 0.8, 0, 180)
    p.fill(flesh, ball((0, 0), 0.82, rgb("ff6a67"), rgb("f5434f"), rgb("f98a7e")))
    p.fill(oval(-0.3, 0.2, 0.3, 0.16), WHITE, soft=0.1, clip=flesh, alpha=0.22)
    seeds: list[Shape] = []
    for radius, count in ((0.3, 3), (0.5, 5), (0.67, 7)):
        for i in range(count):
            a = math.radians(180 * (i + 0.5) / count + look.rng.uniform(-4, 4))
            seeds.append(
                oval(radius * math.cos(a), radius * math.sin(a), 0.034, 0.018, math.degrees(a))
            )
    p.fill(union(s.moved(0.006, 0.008) for s in seeds), rgb("c22d3c"))
    p.fill(union(seeds), rgb("2a1518"))
    p.fill(box(-0.93, -0.015, 0.93, 0.012, 0.01), rgb("ff8d86"), clip=flesh)


def bowl(pen: Pen, look: Look) -> None:
    """A bowl of noodles with egg, greens and chopsticks."""
    glaze = look.color(mix(look.palette.near, rgb("27496d"), 0.5))
    for dx in (0.0, 0.07):
        pen.fill(
            stroke([(0.15 + dx, -0.5), (0.72 + dx * 1.6, -1.02)], 0.026, 0.036),
            along(0, rgb("7a3320"), rgb("c2613a")),
        )
    body = blob(
        (-0.66, -0.52),
        (0, -0.56),
        (0.66, -0.52),
        (0.56, -0.26),
        (0.3, -0.06),
        (0, -0.03),
        (-0.3, -0.06),
        (-0.56, -0.26),
    )
    pen.fill(blob((-0.24, -0.08), (0.24, -0.08), (0.26, 0.0), (-0.26, 0.0)), darker(glaze, 0.45))
    pen.fill(body, along(15, lighter(glaze, 0.4), glaze, darker(glaze, 0.4)))
    for i in range(7):
        x = -0.54 + i * 0.18
        pen.fill(
            ring(x, -0.33 + 0.03 * math.cos(i - 3), 0.05, 0.014),
            lighter(glaze, 0.7),
            clip=body,
            alpha=0.8,
        )
    pen.fill(oval(0, -0.52, 0.66, 0.17), down(lighter(glaze, 0.2), lighter(glaze, 0.6)))
    soup = oval(0, -0.51, 0.6, 0.142)
    pen.fill(soup, ball((-0.1, -0.54), 0.7, rgb("f2b04c"), rgb("d9832b"), rgb("a4541c")))
    for i in range(9):
        x = -0.42 + i * 0.07
        pen.fill(
            curve([(x, -0.44), (x + 0.06, -0.56), (x + 0.2, -0.52), (x + 0.16, -0.4)], 0.02),
            rgb("fbe3a3") if i % 2 else rgb("f3cf7c"),
            clip=soup,
        )
    pen.fill(oval(-0.22, -0.56, 0.15, 0.075), down(WHITE, rgb("efe6d8")))
    pen.fill(
        oval(-0.22, -0.557, 0.075, 0.04), ball((-0.24, -0.57), 0.09, rgb("ffd45e"), rgb("f28c28"))
    )
    for x, y, turn in (
        (0.3, -0.56, -160),
        (0.36, -0.53, -120),
        (0.4, -0.57, -40),
        (0.33, -0.5, 10),
    ):
        pen.fill(leaf(x, y, 0.17, 0.085, turn), down(rgb("79c267"), rgb("2f7d45")))
    for x, y in ((0.08, -0.6), (0.14, -0.58), (0.02, -0.57), (0.1, -0.45)):
        pen.fill(ring(x, y, 0.026, 0.012), rgb("8ed06f"))
    for x in (-0.16, 0.08):
        pen.fill(
            curve([(x, -0.68), (x + 0.06, -0.8), (x - 0.05, -0.9), (x + 0.03, -1.04)], 0.05, 0.012),
            fade(WHITE, 0.0, 0.55),
            soft=0.016,
            alpha=0.8,
        )


def cake(pen: Pen, look: Look) -> None:
    """A layered celebration cake with candles."""
    icing = look.color(rgb("f7a9b8"))
    pen.fill(oval(0, -0.03, 0.6, 0.055), down(WHITE, rgb("c9c3cf")))
    for width, top, bottom, color in (
        (0.46, -0.36, -0.04, rgb("fff3df")),
        (0.33, -0.62, -0.34, mix(icing, WHITE, 0.35)),
    ):
        tier = box(-width, top, width, bottom, 0.03) + oval(0, bottom, width, 0.045)
        pen.fill(tier, along(0, lighter(color, 0.4), color, darker(color, 0.22)))
        drips = [
            box(
                -width + i * width / 5,
                top,
                -width + (i + 0.82) * width / 5,
                top + 0.07 + 0.05 * ((i * 7) % 3),
                0.04,
            )
            for i in range(10)
        ]
        pen.fill(union(drips), along(0, lighter(icing, 0.25), icing, darker(icing, 0.15)))
        pen.fill(oval(0, top, width, 0.055), down(lighter(icing, 0.15), lighter(icing, 0.45)))
        beads = union(
            oval(
                -width + 0.03 + i * (2 * width - 0.06) / 11,
                bottom + 0.012 + 0.03 * math.sin(math.pi * i / 11),
                0.032,
            )
            for i in range(12)
        )
        pen.fill(beads, down(WHITE, mix(WHITE, icing, 0.4)))
    for i, x in enumerate((-0.2, -0.07, 0.07, 0.2)):
        top = -0.86 - 0.015 * (i % 2)
        pen.fill(
            box(x - 0.015, top, x + 0.015, -0.61, 0.008),
            along(0, WHITE, look.palette.second, darker(look.palette.second, 0.2)),
        )
        pen.shine((x, top - 0.05), glow((x, top - 0.05), 0.2, rgb("ffc65c"), 0.6))
        pen.fill(
            blob(
                (x, top - 0.11),
                (x + 0.022, top - 0.045),
                (x, top - 0.015),
                (x - 0.022, top - 0.045),
            ),
            down(rgb("ffdb6e"), rgb("ff8a2a")),
        )
    for i in range(7):
        x = -0.25 + i * 0.083
        pen.fill(
            oval(x, -0.615 + 0.014 * (i % 2), 0.034),
            ball((x - 0.01, -0.63), 0.045, rgb("ff8a94"), rgb("d92b45"), rgb("8f1630")),
        )


def pizza(pen: Pen, look: Look) -> None:
    """A whole pizza, tilted towards us."""
    p = pen.at(0, -0.5, 0.5)
    p.fill(oval(0, 0.06, 1.02, 1.0), (60, 30, 12), soft=0.04, alpha=0.5)
    p.fill(oval(0, 0, 1.0), ball((-0.2, -0.3), 1.25, rgb("f3c77e"), rgb("dd9a48"), rgb("a55f22")))
    cheese = oval(0, 0, 0.86)
    p.fill(cheese, ball((-0.15, -0.2), 1.0, rgb("ffe09a"), rgb("fbc25b"), rgb("e07b34")))
    for _ in range(pen.count(11)):
        a, r = look.rng.uniform(0, 6.28), look.rng.uniform(0.1, 0.72)
        p.fill(
            oval(r * math.cos(a), r * math.sin(a), look.rng.uniform(0.05, 0.13)),
            rgb("fff0c4"),
            soft=0.02,
            clip=cheese,
            alpha=0.8,
        )
    for i in range(8):
        a = math.radians(i * 45 + (10 if i % 2 else -8))
        r = 0.6 if i % 2 else 0.34
        x, y = r * math.cos(a), r * math.sin(a)
        p.fill(oval(x + 0.01, y + 0.02, 0.155), rgb("8a2a17"), alpha=0.5)
        p.fill(
            oval(x, y, 0.15),
            ball((x - 0.04, y - 0.05), 0.2, rgb("e8603f"), rgb("c23a26"), rgb("8f2317")),
        )
    for i in range(7):
        a = math.radians(i * 51 + 20)
        r = 0.5 if i % 2 else 0.2
        p.fill(
            leaf(r * math.cos(a), r * math.sin(a), 0.22, 0.11, i * 77),
            down(rgb("6cb75a"), rgb("2c7a3d")),
        )
    cuts = union(
        stroke(
            [(-0.98 * math.cos(a), -0.98 * math.sin(a)), (0.98 * math.cos(a), 0.98 * math.sin(a))],
            0.014,
        )
        for a in (0.3, 1.35, 2.4)
    )
    p.fill(cuts, rgb("a55f22"), alpha=0.55)


def fruit(pen: Pen, look: Look) -> None:
    """Oranges, a lemon and leaves."""
    for x, y, r, color in (
        (0.3, -0.3, 0.3, rgb("f6a02d")),
        (-0.3, -0.33, 0.33, rgb("f28a1f")),
        (0.02, -0.62, 0.28, rgb("f8b53c")),
    ):
        skin = oval(x, y, r)
        pen.fill(
            skin,
            ball(
                (x - r * 0.3, y - r * 0.35),
                r * 1.45,
                lighter(color, 0.5),
                color,
                darker(color, 0.35),
            ),
        )
    pen.fill(leaf(0.02, -0.88, 0.28, 0.14, -25), down(rgb("7cc36a"), rgb("2c7a45")))
    pen.fill(leaf(0.0, -0.88, 0.24, 0.12, -155), down(rgb("8ccf78"), rgb("35864c")))
    c = pen.at(0.02, -0.24, 0.25)
    c.fill(oval(0, 0, 1.0), rgb("f28a1f"))
    c.fill(oval(0, 0, 0.92), rgb("fff0d2"))
    for i in range(8):
        c.fill(
            sector(0, 0, 0.82, i * 45 + 4, i * 45 + 41),
            ball((0, 0), 0.9, rgb("ffd27a"), rgb("ff9d2e"), rgb("f27f16")),
        )


def icecream(pen: Pen, look: Look) -> None:
    """Three scoops in a waffle cone."""
    waffle = rgb("dd9f55")
    cone = poly((-0.2, -0.48), (0.2, -0.48), (0.0, 0.0))
    pen.fill(cone, along(0, lighter(waffle, 0.3), waffle, darker(waffle, 0.25)))
    grid = [stroke([(-0.4 + i * 0.09, -0.5), (0.0 + i * 0.09, 0.0)], 0.008) for i in range(-3, 9)]
    grid += [stroke([(0.4 - i * 0.09, -0.5), (0.0 - i * 0.09, 0.0)], 0.008) for i in range(-3, 9)]
    pen.fill(union(grid), darker(waffle, 0.35), clip=cone, alpha=0.55)
    scoops = (
        (-0.13, -0.58, 0.18, look.palette.second),
        (0.13, -0.58, 0.18, rgb("fff1dc")),
        (0.0, -0.78, 0.19, look.color(rgb("f58aa6"))),
    )
    for x, y, r, color in scoops:
        scoop = oval(x, y, r) + union(
            oval(x + r * 0.85 * math.cos(a), y + r * 0.62 + 0.02 * math.sin(a * 5), r * 0.24)
            for a in (0.0, 0.8, 1.57, 2.3, 3.14)
        )
        pen.fill(
            scoop,
            ball(
                (x - r * 0.35, y - r * 0.4),
                r * 1.7,
                lighter(color, 0.55),
                color,
                darker(color, 0.28),
            ),
        )
    pen.fill(stroke(arc(0.03, -1.0, 0.06, 0.08, (180, 300)), 0.012), rgb("4f8a58"))
    pen.fill(
        oval(0.0, -0.98, 0.05),
        ball((-0.015, -0.995), 0.07, rgb("ff8a94"), rgb("d92b45"), rgb("8f1630")),
    )
