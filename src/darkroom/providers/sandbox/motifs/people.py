"""People: a figure in a saree, a figure in a gown, and a portrait bust; stylised, no likeness."""

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import along, ball, down
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import (
    Shape,
    arc,
    blob,
    curve,
    oval,
    stroke,
    union,
)

SKINS = (rgb("8a5636"), rgb("b9794f"), rgb("d9a074"), rgb("efc39c"), rgb("6b4028"))
HAIR = rgb("1f1a22")
GOLD = rgb("e6b655")


def saree(pen: Pen, look: Look) -> None:
    """A woman in a draped saree, three-quarter pose."""
    cloth = look.color(rgb("1f8a5b"))
    skin = SKINS[1]
    _plait(pen)
    _arm(pen, [(-0.105, -0.755), (-0.16, -0.62), (-0.13, -0.5), (-0.05, -0.46)], skin)
    skirt = blob((-0.085, -0.545), (0.085, -0.545), (0.135, -0.42), (0.155, -0.2), (0.21, 0.0),
                 (0.02, 0.015), (-0.2, 0.0), (-0.15, -0.22), (-0.13, -0.43))  # fmt: skip
    pen.fill(skirt, down(lighter(cloth, 0.08), cloth, darker(cloth, 0.25)))
    pen.fill(oval(0.2, -0.25, 0.12, 0.4), darker(cloth, 0.6), soft=0.05, clip=skirt, alpha=0.6)
    pen.fill(oval(-0.1, -0.3, 0.05, 0.3), lighter(cloth, 0.5), soft=0.04, clip=skirt, alpha=0.4)
    for i in range(6):
        x = -0.03 + i * 0.016
        pleat = curve([(x * 0.6, -0.53), (x * 1.2, -0.3), (x * 2.6 - 0.02, 0.02)], 0.004, 0.009)
        pen.fill(pleat, darker(cloth, 0.5), clip=skirt, alpha=0.55)
    hem = Shape(([(-0.3, -0.05), (0.3, -0.05), (0.3, 0.05), (-0.3, 0.05)],))
    pen.fill(hem, down(lighter(GOLD, 0.3), GOLD, darker(GOLD, 0.25)), clip=skirt)
    _dots(pen, [(-0.18 + i * 0.03, -0.02) for i in range(13)], 0.006, cloth)
    waist = blob((-0.075, -0.6), (0.075, -0.6), (0.09, -0.53), (-0.09, -0.53))
    pen.fill(waist, along(0, lighter(skin, 0.1), darker(skin, 0.2)))
    blouse = blob((-0.115, -0.785), (-0.03, -0.8), (0.04, -0.8), (0.115, -0.785), (0.085, -0.68),
                  (0.075, -0.585), (-0.075, -0.585), (-0.09, -0.68))  # fmt: skip
    second = mix(darker(cloth, 0.45), rgb("7c1f3f"), 0.35)
    pen.fill(blouse, down(lighter(second, 0.12), second))
    _neck_and_head(pen, look, skin, bun=True)
    drape = blob((-0.12, -0.56), (-0.03, -0.66), (0.05, -0.8), (0.125, -0.795), (0.115, -0.69),
                 (0.1, -0.55), (0.02, -0.5), (-0.09, -0.5))  # fmt: skip
    pen.fill(drape, along(60, lighter(cloth, 0.3), cloth, darker(cloth, 0.3)))
    for i in range(4):
        k = i * 0.028
        fold = curve([(-0.1 + k, -0.53), (0.0 + k * 0.9, -0.65), (0.06 + k * 0.7, -0.79)], 0.004)
        pen.fill(fold, darker(cloth, 0.45), clip=drape, alpha=0.6)
    pen.fill(curve([(-0.125, -0.555), (-0.035, -0.665), (0.048, -0.8)], 0.013), GOLD)
    pallu = blob((0.07, -0.8), (0.13, -0.795), (0.165, -0.6), (0.2, -0.35), (0.245, -0.12),
        (0.15, -0.1),
                 (0.125, -0.38), (0.09, -0.6))  # fmt: skip
    pen.fill(pallu.moved(-0.012, 0.012), (0, 0, 0), soft=0.02, alpha=0.3)
    pen.fill(pallu, down(lighter(cloth, 0.22), cloth, darker(cloth, 0.15)))
    pen.fill(
        blob((0.1, -0.16), (0.3, -0.18), (0.3, 0.0), (0.1, 0.0)),
        down(GOLD, lighter(GOLD, 0.35)),
        clip=pallu,
    )
    pen.fill(curve([(0.128, -0.795), (0.165, -0.6), (0.2, -0.35), (0.244, -0.12)], 0.012), GOLD)
    _arm(pen, [(0.108, -0.76), (0.15, -0.64), (0.12, -0.53), (0.075, -0.475)], skin)
    for x, y in ((0.083, -0.485), (0.09, -0.495)):
        pen.fill(oval(x, y, 0.014, 0.006, 40), GOLD)


def gown(pen: Pen, look: Look) -> None:
    """A woman in a flowing evening gown."""
    cloth = look.color(look.palette.accent)
    skin = look.rng.choice(SKINS)
    _arm(pen, [(-0.1, -0.76), (-0.17, -0.66), (-0.19, -0.54), (-0.14, -0.45)], skin)
    _arm(pen, [(0.1, -0.76), (0.165, -0.65), (0.15, -0.55), (0.085, -0.535)], skin)
    train = blob((-0.06, -0.5), (0.09, -0.5), (0.16, -0.28), (0.3, -0.06), (0.46, 0.0), (0.1, 0.02),
                 (-0.26, 0.0), (-0.16, -0.2), (-0.1, -0.38))  # fmt: skip
    pen.fill(train, down(lighter(cloth, 0.12), cloth, darker(cloth, 0.3)))
    for i in range(8):
        x = -0.05 + i * 0.018
        tip = -0.24 + i * 0.085
        color = lighter(cloth, 0.35) if i % 2 else darker(cloth, 0.4)
        pen.fill(curve([(x, -0.5), (x + (tip - x) * 0.3, -0.25), (tip, 0.03)], 0.006, 0.024), color,
                 soft=0.008, clip=train, alpha=0.55)  # fmt: skip
    bodice = blob((-0.085, -0.73), (-0.04, -0.755), (0, -0.725), (0.04, -0.755), (0.085, -0.73),
                  (0.07, -0.62), (0.06, -0.57), (0.09, -0.47), (-0.085, -0.47),
                  (-0.06, -0.57), (-0.07, -0.62))  # fmt: skip
    chest = blob(
        (-0.105, -0.785),
        (-0.02, -0.82),
        (0.02, -0.82),
        (0.105, -0.785),
        (0.085, -0.7),
        (-0.085, -0.7),
    )
    pen.fill(chest, along(0, lighter(skin, 0.18), skin, darker(skin, 0.18)))
    pen.fill(bodice, along(0, lighter(cloth, 0.25), cloth, darker(cloth, 0.3)))
    pen.fill(curve([(-0.065, -0.58), (0, -0.57), (0.065, -0.58)], 0.018), darker(cloth, 0.45))
    _neck_and_head(pen, look, skin, bun=False)


def _arm(pen: Pen, path: list[tuple[float, float]], skin: RGB) -> None:
    pen.fill(curve(path, 0.048, 0.024), along(0, lighter(skin, 0.12), skin, darker(skin, 0.15)))


def _plait(pen: Pen) -> None:
    pen.fill(
        curve([(-0.03, -0.93), (-0.075, -0.82), (-0.085, -0.7), (-0.07, -0.6)], 0.04, 0.012), HAIR
    )


def _dots(pen: Pen, places: list[tuple[float, float]], radius: float, color: RGB) -> None:
    if pen.detail.level:
        pen.fill(union(oval(x, y, radius) for x, y in places), color)


def _neck_and_head(pen: Pen, look: Look, skin: RGB, bun: bool) -> None:
    neck = blob(
        (-0.024, -0.87),
        (0.024, -0.87),
        (0.028, -0.81),
        (0.05, -0.785),
        (-0.05, -0.785),
        (-0.028, -0.81),
    )
    pen.fill(neck, down(darker(skin, 0.25), skin))
    if not bun:
        hair = blob((0, -1.01), (0.06, -0.98), (0.07, -0.88), (0.095, -0.78), (0.05, -0.74),
            (0.03, -0.85),
                    (-0.04, -0.85), (-0.06, -0.72), (-0.1, -0.76), (-0.07, -0.88),
                    (-0.06, -0.98))  # fmt: skip
        pen.fill(hair, down(lighter(HAIR, 0.18), HAIR))
    else:
        pen.fill(oval(-0.045, -0.985, 0.034), HAIR)
        _dots(
            pen, [(-0.06, -1.005), (-0.075, -0.985), (-0.07, -0.965), (-0.04, -1.012)], 0.009, WHITE
        )
    head = oval(0, -0.92, 0.052, 0.068)
    pen.fill(head, along(20, lighter(skin, 0.2), skin, darker(skin, 0.2)))
    cap = blob((-0.056, -0.915), (-0.05, -0.975), (0, -0.996), (0.05, -0.975), (0.056, -0.915),
               (0.036, -0.95), (0.004, -0.972), (-0.034, -0.95))  # fmt: skip
    pen.fill(cap, HAIR)
    lash = union((stroke(arc(-0.021, -0.917, 0.012, 0.006, (10, 170)), 0.004),
                  stroke(arc(0.021, -0.917, 0.012, 0.006, (10, 170)), 0.004),
                  stroke([(-0.033, -0.936), (-0.012, -0.94)], 0.004), stroke([(0.033, -0.936),
                      (0.012, -0.94)], 0.004)))  # fmt: skip
    pen.fill(lash, HAIR, alpha=0.85)
    pen.fill(curve([(0.002, -0.92), (0.006, -0.902), (-0.002, -0.9)], 0.003), darker(skin, 0.4))
    pen.fill(
        blob((-0.015, -0.882), (0, -0.886), (0.015, -0.882), (0, -0.873)),
        mix(rgb("b3293f"), skin, 0.15),
    )
    if bun:
        pen.fill(oval(0, -0.948, 0.0055), rgb("c3263c"))
        pen.fill(curve([(-0.04, -0.79), (0, -0.768), (0.04, -0.79)], 0.008), GOLD)
    for side in (-1, 1):
        pen.fill(oval(side * 0.053, -0.885, 0.008, 0.013), GOLD)


def portrait(pen: Pen, look: Look) -> None:
    """A head and shoulders, eyes closed, with a flower in the hair."""
    skin = look.rng.choice(SKINS)
    cloth = look.color(look.palette.accent)
    shade = mix(darker(skin, 0.3), rgb("7a2b3a"), 0.25)
    back = blob((0, -1.02), (0.26, -0.95), (0.33, -0.7), (0.35, -0.42), (0.44, -0.2), (0.3, -0.1),
                (-0.3, -0.1), (-0.44, -0.2), (-0.35, -0.42), (-0.33, -0.7),
                (-0.26, -0.95))  # fmt: skip
    pen.fill(back, down(lighter(HAIR, 0.14), HAIR))
    neck = blob(
        (-0.1, -0.5),
        (0.1, -0.5),
        (0.11, -0.32),
        (0.24, -0.22),
        (0.0, -0.1),
        (-0.24, -0.22),
        (-0.11, -0.32),
    )
    pen.fill(neck, down(shade, skin))
    shirt = blob(
        (-0.2, -0.24),
        (-0.08, -0.17),
        (0.08, -0.17),
        (0.2, -0.24),
        (0.46, -0.14),
        (0.54, 0.02),
        (-0.54, 0.02),
        (-0.46, -0.14),
    )
    pen.fill(shirt, along(70, lighter(cloth, 0.2), cloth, darker(cloth, 0.3)))
    pen.fill(
        curve([(-0.21, -0.245), (-0.09, -0.165), (0.09, -0.165), (0.21, -0.245)], 0.018),
        lighter(cloth, 0.35),
    )
    head = blob((0, -0.93), (0.18, -0.87), (0.225, -0.68), (0.19, -0.5), (0.08, -0.395),
        (-0.08, -0.395),
                (-0.19, -0.5), (-0.225, -0.68), (-0.18, -0.87))  # fmt: skip
    pen.fill(head.moved(0, 0.04), shade, soft=0.03, clip=neck, alpha=0.9)
    pen.fill(head, along(25, lighter(skin, 0.2), skin, darker(skin, 0.12)))
    pen.fill(oval(0.22, -0.6, 0.13, 0.34), shade, soft=0.06, clip=head, alpha=0.5)
    _features(pen, skin, shade, head)
    _fringe(pen, look)


def _features(pen: Pen, skin: RGB, shade: RGB, head: Shape) -> None:
    """Closed eyes, brows, nose, lips and earrings."""
    for side in (-1, 1):
        pen.fill(
            oval(side * 0.115, -0.56, 0.05, 0.035), rgb("e0625f"), soft=0.025, clip=head, alpha=0.45
        )
        x = side * 0.095
        pen.fill(stroke(arc(x, -0.665, 0.052, 0.026, (8, 172)), 0.013), HAIR)
        lashes = [
            stroke(
                [(x + side * k, -0.643 + abs(k) * 0.1), (x + side * (k + 0.016), -0.626)],
                0.006,
                0.002,
            )
            for k in (0.014, 0.034)
        ]
        pen.fill(union(lashes), HAIR)
        pen.fill(
            curve(
                [(x - side * 0.048, -0.742), (x + side * 0.01, -0.762), (x + side * 0.06, -0.738)],
                0.017,
                0.007,
            ),
            HAIR,
            alpha=0.9,
        )
        pen.fill(
            oval(side * 0.235, -0.52, 0.024),
            ball((side * 0.235, -0.53), 0.03, lighter(GOLD, 0.5), GOLD),
        )
    pen.fill(
        curve([(0.012, -0.68), (0.026, -0.58), (0.0, -0.562)], 0.011, 0.007), shade, alpha=0.85
    )
    lips = mix(rgb("c2384d"), skin, 0.15)
    pen.fill(
        blob(
            (-0.062, -0.482),
            (-0.018, -0.5),
            (0, -0.493),
            (0.018, -0.5),
            (0.062, -0.482),
            (0.0, -0.447),
        ),
        down(lips, lighter(lips, 0.15)),
    )
    pen.fill(curve([(-0.062, -0.482), (0, -0.476), (0.062, -0.482)], 0.006), darker(lips, 0.45))


def _fringe(pen: Pen, look: Look) -> None:
    """Hair over the forehead and a flower in it."""
    fringe = blob((-0.235, -0.6), (-0.255, -0.82), (-0.14, -0.98), (0.06, -1.0), (0.22, -0.9),
        (0.25, -0.62),
                  (0.2, -0.78), (0.08, -0.88), (-0.06, -0.86), (-0.17, -0.78))  # fmt: skip
    pen.fill(fringe, down(lighter(HAIR, 0.22), HAIR))
    pen.fill(
        curve([(-0.16, -0.9), (0.0, -0.955), (0.16, -0.9)], 0.012, 0.004),
        lighter(HAIR, 0.5),
        clip=fringe,
        alpha=0.5,
    )
    for i in range(6):
        pen.at(0.24, -0.86, 1.0, i * 60).fill(
            oval(0.055, 0, 0.055, 0.035), along(0, rgb("ffb4a8"), look.palette.second)
        )
    pen.fill(oval(0.24, -0.86, 0.03), rgb("ffe08a"))
