"""Plants and buildings that stand alone: sunflower, bouquet, tree, house, lighthouse."""

import math

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import along, ball, down, fade, glow
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import (
    Shape,
    blob,
    box,
    curve,
    leaf,
    oval,
    poly,
    stroke,
    union,
)


def sunflower_head(pen: Pen, look: Look, petal: RGB = (248, 178, 28)) -> None:
    """A flower head of radius 1, facing us."""
    start = look.rng.uniform(0, 30)
    layers = ((1.0, 17, mix(petal, (214, 112, 10), 0.55)), (0.88, 15, petal))
    if pen.scale < 34:
        layers = layers[1:]
    for radius, count, color in layers:
        petals = [
            leaf(0, 0, radius * look.rng.uniform(0.92, 1.05), 0.36, start + i * 360 / count)
            for i in range(count)
        ]
        pen.fill(
            union(petals),
            ball((0, 0), 1.0, mix(color, (205, 90, 10), 0.65), color, lighter(color, 0.3)),
        )
    pen.fill(
        oval(0, 0, 0.45), ball((-0.08, -0.1), 0.5, rgb("6b3d1c"), rgb("472511"), rgb("2a140a"))
    )
    if pen.detail.level >= 1 and pen.scale > 34:
        seeds: list[Shape] = []
        for i in range(pen.count(60)):
            r, a = 0.42 * math.sqrt((i + 0.5) / pen.count(60)), i * 2.39996
            seeds.append(oval(r * math.cos(a), r * math.sin(a), 0.02))
        pen.fill(union(seeds), rgb("a4692c"), alpha=0.8)


def sunflower(pen: Pen, look: Look) -> None:
    """One sunflower with stem and leaves."""
    green = rgb("4b8a3c")
    pen.fill(
        curve([(0.02, 0.0), (-0.03, -0.3), (0.0, -0.72)], 0.045, 0.035),
        along(0, lighter(green, 0.25), green, darker(green, 0.3)),
    )
    for y, turn, size in ((-0.18, -28, 0.3), (-0.28, 208, 0.32), (-0.42, -40, 0.22)):
        pen.fill(
            leaf(0, y, size, size * 0.52, turn),
            along(turn, lighter(green, 0.2), green, darker(green, 0.15)),
        )
        pen.fill(
            stroke(
                [
                    (0, y),
                    (
                        size * 0.8 * math.cos(math.radians(turn)),
                        y + size * 0.8 * math.sin(math.radians(turn)),
                    ),
                ],
                0.006,
            ),
            lighter(green, 0.5),
            alpha=0.6,
        )
    sunflower_head(pen.at(0, -0.74, 0.26), look, look.color((248, 178, 28)))


def blossom(pen: Pen, look: Look, color: RGB, petals: int = 6) -> None:
    """A simple round-petalled flower of radius 1."""
    start = look.rng.uniform(0, 60)
    shapes: list[Shape] = []
    for i in range(petals):
        a = math.radians(start + i * 360 / petals)
        shapes.append(oval(0.56 * math.cos(a), 0.56 * math.sin(a), 0.46, 0.36, math.degrees(a)))
    pen.fill(union(shapes), ball((0, 0), 1.05, darker(color, 0.25), color, lighter(color, 0.4)))
    pen.fill(oval(0, 0, 0.24), ball((-0.06, -0.08), 0.3, rgb("ffe9a0"), rgb("f4b93a")))


def bouquet(pen: Pen, look: Look) -> None:
    """Mixed flowers in a vase."""
    leaf_color = mix(look.palette.near, rgb("3f8a5c"), 0.7)
    vase_color = look.palette.second if look.tint is None else mix(look.palette.second, WHITE, 0.3)
    tops = [
        (-0.27, -0.68),
        (0.27, -0.7),
        (-0.13, -0.86),
        (0.13, -0.88),
        (0.0, -0.7),
        (-0.33, -0.52),
        (0.34, -0.53),
        (-0.12, -0.58),
        (0.15, -0.57),
    ]
    for x, y in tops:
        pen.fill(
            curve([(x * 0.12, -0.3), (x * 0.5, -0.45), (x, y)], 0.014), darker(leaf_color, 0.15)
        )
    for i, (x, y) in enumerate(
        (
            (-0.38, -0.66),
            (0.38, -0.66),
            (-0.22, -0.95),
            (0.25, -0.97),
            (0, -0.98),
            (-0.42, -0.45),
            (0.42, -0.44),
        )
    ):
        turn = math.degrees(math.atan2(y + 0.4, x))
        pen.fill(
            leaf(x * 0.3, -0.45 + (y + 0.45) * 0.3, 0.4, 0.14, turn),
            along(turn, darker(leaf_color, 0.2), lighter(leaf_color, 0.1 + 0.05 * (i % 3))),
        )
    colors = [
        look.color(look.palette.accent),
        rgb("fff3ea"),
        look.palette.second,
        rgb("f58aa6"),
        rgb("ffce55"),
    ]
    for i, (x, y) in enumerate(tops):
        blossom(pen.at(x, y, 0.115 + 0.02 * (i % 3)), look, colors[i % 5], 5 + i % 3)
    vase = blob(
        (-0.1, -0.36),
        (0.1, -0.36),
        (0.12, -0.3),
        (0.21, -0.16),
        (0.15, -0.01),
        (-0.15, -0.01),
        (-0.21, -0.16),
        (-0.12, -0.3),
    )
    pen.fill(vase, along(0, lighter(vase_color, 0.45), vase_color, darker(vase_color, 0.35)))
    pen.fill(oval(-0.11, -0.17, 0.03, 0.09), WHITE, soft=0.02, clip=vase, alpha=0.6)
    pen.fill(box(-0.3, -0.13, 0.3, -0.1), WHITE, clip=vase, alpha=0.45)


def tree(pen: Pen, look: Look) -> None:
    """A round broad-leaved tree."""
    crown = look.color(mix(look.palette.near, look.palette.mid, 0.4))
    bark = rgb("5d4030")
    pen.fill(
        curve([(0.02, 0.0), (0.0, -0.25), (0.02, -0.5)], 0.09, 0.05),
        along(0, lighter(bark, 0.2), darker(bark, 0.3)),
    )
    pen.fill(
        union(
            (
                stroke([(0, -0.32), (-0.14, -0.5)], 0.04, 0.02),
                stroke([(0.01, -0.36), (0.16, -0.54)], 0.035, 0.02),
            )
        ),
        bark,
    )
    puffs = [
        (-0.22, -0.58, 0.19),
        (0.22, -0.6, 0.2),
        (0.0, -0.54, 0.2),
        (-0.12, -0.76, 0.19),
        (0.14, -0.78, 0.18),
        (0, -0.86, 0.14),
    ]
    mass = union(oval(x, y, r) for x, y, r in puffs)
    pen.fill(mass, down(lighter(crown, 0.15), crown, darker(crown, 0.35)))
    for x, y, r in puffs:
        pen.fill(
            oval(x - 0.05, y - 0.06, r * 0.55, r * 0.45),
            lighter(crown, 0.4),
            soft=0.04,
            clip=mass,
            alpha=0.5,
        )
        pen.fill(
            oval(x + 0.06, y + 0.1, r * 0.7, r * 0.4),
            darker(crown, 0.4),
            soft=0.05,
            clip=mass,
            alpha=0.4,
        )


def pine(pen: Pen, color: RGB, light: RGB, rng_lean: float = 0.0) -> None:
    """A layered conifer; flat enough to be drawn by the hundred."""
    pen.fill(box(-0.025, -0.12, 0.025, 0.0), darker(color, 0.4))
    tiers: list[Shape] = []
    for i in range(5):
        top, wide = -1.0 + i * 0.165, 0.1 + i * 0.055
        tiers.append(
            poly(
                (rng_lean * (1 - i / 5), top),
                (wide, top + 0.28),
                (wide * 0.3, top + 0.25),
                (-wide * 0.3, top + 0.25),
                (-wide, top + 0.28),
            )
        )
    shape = union(tiers)
    pen.fill(shape, down(lighter(color, 0.1), color, darker(color, 0.2)))
    if pen.detail.level >= 1 and pen.scale > 60:
        pen.fill(
            poly((-0.5, -1.1), (-0.02, -1.1), (-0.09, 0), (-0.5, 0)), light, clip=shape, alpha=0.28
        )


def house(pen: Pen, look: Look) -> None:
    """A small gabled house with lit windows."""
    wall, roof = look.color(rgb("f6e7cf")), rgb("b5533c")
    pen.fill(box(0.2, -0.98, 0.32, -0.6), down(rgb("a0604a"), rgb("7a4334")))
    front = poly((-0.42, 0.0), (-0.42, -0.5), (0.0, -0.86), (0.42, -0.5), (0.42, 0.0))
    pen.fill(front, along(0, lighter(wall, 0.2), wall, darker(wall, 0.18)))
    pen.fill(
        union(
            (
                stroke([(-0.52, -0.43), (0.0, -0.9)], 0.075),
                stroke([(0.0, -0.9), (0.52, -0.43)], 0.075),
            )
        ),
        along(0, lighter(roof, 0.15), roof, darker(roof, 0.3)),
    )
    pen.fill(box(-0.08, -0.3, 0.1, 0.0, 0.02), down(rgb("6b4a34"), rgb("4a3224")))
    pen.fill(oval(0.07, -0.15, 0.012), rgb("e6b655"))
    for x in (-0.26, 0.26):
        pen.fill(box(x - 0.09, -0.38, x + 0.09, -0.18, 0.01), WHITE)
        pen.fill(box(x - 0.075, -0.365, x + 0.075, -0.195), down(rgb("ffe9a8"), rgb("ffc65c")))
        pen.fill(
            union(
                (
                    stroke([(x, -0.36), (x, -0.2)], 0.01),
                    stroke([(x - 0.07, -0.28), (x + 0.07, -0.28)], 0.01),
                )
            ),
            WHITE,
        )
    pen.fill(oval(0, -0.62, 0.07), rgb("ffd982"))
    for x in (-0.34, -0.2, 0.2, 0.36):
        pen.fill(
            oval(x, -0.03, 0.1, 0.07), down(lighter(look.palette.mid, 0.15), look.palette.near)
        )


def lighthouse(pen: Pen, look: Look) -> None:
    """A striped lighthouse on a rock, with its beam."""
    main = look.color(rgb("d8463c"))
    pen.fill(
        poly((0.04, -0.86), (1.5, -1.12), (1.5, -0.66)),
        fade(rgb("fff0bf"), 0.55, 0.0, 0),
        soft=0.02,
        alpha=0.8,
    )
    rock = blob(
        (-0.34, 0.02), (-0.28, -0.1), (-0.1, -0.14), (0.12, -0.13), (0.3, -0.07), (0.38, 0.03)
    )
    pen.fill(rock, down(rgb("7d7a80"), rgb("3f3d48")))
    tower = poly((-0.13, -0.1), (-0.085, -0.78), (0.085, -0.78), (0.13, -0.1))
    pen.fill(tower, along(0, WHITE, rgb("f2ece2"), rgb("b9b1b8")))
    for y in (-0.68, -0.45, -0.22):
        pen.fill(
            box(-0.2, y, 0.2, y + 0.115),
            along(0, lighter(main, 0.2), main, darker(main, 0.3)),
            clip=tower,
        )
    pen.fill(box(-0.12, -0.805, 0.12, -0.775, 0.01), rgb("34323d"))
    pen.shine((0, -0.86), glow((0, -0.86), 0.4, rgb("ffe7a0"), 0.9))
    pen.fill(box(-0.065, -0.91, 0.065, -0.8, 0.01), rgb("fff3c4"))
    pen.fill(
        union(box(x - 0.006, -0.91, x + 0.006, -0.8) for x in (-0.06, 0.0, 0.06)), rgb("34323d")
    )
    pen.fill(
        blob((-0.09, -0.905), (0, -1.0), (0.09, -0.905)),
        along(0, lighter(main, 0.15), darker(main, 0.3)),
    )
    for y in (-0.5, -0.3):
        pen.fill(box(-0.02, y - 0.03, 0.02, y + 0.02, 0.01), rgb("34465f"))


def robot(pen: Pen, look: Look) -> None:
    """A friendly robot waving."""
    shell = look.color(mix(look.palette.second, WHITE, 0.25))
    dark = rgb("2c3242")
    for x in (-0.13, 0.13):
        pen.fill(stroke([(x, -0.24), (x, -0.06)], 0.08), along(0, rgb("9aa2b5"), rgb("5b6377")))
        pen.fill(
            box(x - 0.1, -0.08, x + 0.1, 0.0, 0.04), down(lighter(shell, 0.2), darker(shell, 0.25))
        )
    pen.fill(
        curve([(0.24, -0.5), (0.38, -0.5), (0.42, -0.68)], 0.07, 0.06),
        along(0, rgb("9aa2b5"), rgb("6b7387")),
    )
    pen.fill(oval(0.43, -0.71, 0.06), shell)
    pen.fill(
        curve([(-0.24, -0.5), (-0.36, -0.42), (-0.36, -0.26)], 0.07, 0.06),
        along(0, rgb("b3bac9"), rgb("6b7387")),
    )
    pen.fill(oval(-0.36, -0.22, 0.06), shell)
    pen.fill(
        box(-0.26, -0.58, 0.26, -0.2, 0.1),
        along(20, lighter(shell, 0.4), shell, darker(shell, 0.3)),
    )
    pen.fill(box(-0.13, -0.5, 0.13, -0.32, 0.04), dark)
    pen.fill(
        blob((0, -0.35), (-0.06, -0.42), (-0.03, -0.46), (0, -0.44), (0.03, -0.46), (0.06, -0.42)),
        look.palette.accent,
    )
    pen.fill(stroke([(0, -0.62), (0, -0.56)], 0.07), rgb("6b7387"))
    pen.fill(stroke([(0, -0.92), (0, -0.99)], 0.018), rgb("6b7387"))
    pen.fill(oval(0, -1.0, 0.035), look.palette.accent)
    pen.fill(
        box(-0.29, -0.93, 0.29, -0.6, 0.13),
        along(20, lighter(shell, 0.5), shell, darker(shell, 0.25)),
    )
    pen.fill(box(-0.23, -0.87, 0.23, -0.67, 0.09), down(rgb("171c2a"), rgb("2c3448")))
    for x in (-0.1, 0.1):
        pen.shine((x, -0.78), glow((x, -0.78), 0.13, rgb("6ff0ff"), 0.7))
        pen.fill(oval(x, -0.78, 0.036, 0.045), rgb("a8f6ff"))
    pen.fill(curve([(-0.05, -0.72), (0, -0.703), (0.05, -0.72)], 0.014), rgb("a8f6ff"))
