"""Animals: one sitting figure with many faces, and a bird, a fish and a whale."""

from dataclasses import dataclass

from darkroom.providers.sandbox.color import BLACK, RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import ball, down, fade
from darkroom.providers.sandbox.pen import Pen
from darkroom.providers.sandbox.shapes import (
    Shape,
    arc,
    blob,
    curve,
    leaf,
    oval,
    poly,
    spline,
    stroke,
    union,
)


@dataclass(frozen=True, slots=True)
class Coat:
    """What tells one animal from another."""

    fur: RGB
    light: RGB
    ears: str
    """``floppy``, ``pointed``, ``round`` or ``long``."""
    iris: RGB = (72, 44, 26)
    nose: RGB = (40, 28, 30)
    marks: str = ""
    """``stripes``, ``mane``, ``patches`` or nothing."""
    tongue: bool = False
    cheeks: float = 1.0
    tail: str = "plume"


COATS: dict[str, Coat] = {
    "dog": Coat(rgb("e2a353"), rgb("fbe3b4"), "floppy", tongue=True),
    "cat": Coat(rgb("8d93a8"), rgb("eef0f5"), "pointed", iris=rgb("e8b93c"), nose=rgb("e58d97"),
                cheeks=1.1, tail="curl", marks="stripes"),
    "fox": Coat(rgb("e4702c"), rgb("fff1e0"), "pointed", iris=rgb("a8701c"), cheeks=1.12),
    "bear": Coat(rgb("8a5a3b"), rgb("d9b48c"), "round", tail="none", cheeks=1.05),
    "panda": Coat(rgb("f6f4ef"), rgb("ffffff"), "round", marks="patches", tail="none", cheeks=1.1),
    "rabbit": Coat(rgb("d9c7b8"), rgb("fffaf4"), "long", nose=rgb("e58d97"), tail="none"),
    "lion": Coat(rgb("e0a652"), rgb("fbe6bd"), "round", iris=rgb("a8701c"), marks="mane",
                 tail="curl"),
    "tiger": Coat(rgb("ea8a2e"), rgb("fff3e2"), "round", iris=rgb("9c8a1e"), marks="stripes",
                  nose=rgb("d98088"), tail="curl", cheeks=1.12),
}  # fmt: skip


def sitting(kind: str, pen: Pen, look: Look) -> None:
    """An animal sitting and facing us."""
    coat = COATS[kind]
    fur = look.color(coat.fur)
    shade = darker(mix(fur, (120, 50, 30), 0.25), 0.28)
    if coat.marks == "patches":
        shade = rgb("c9c6c4")
    _tail(pen, coat, fur, shade)
    haunches = union((oval(-0.21, -0.15, 0.15, 0.16), oval(0.21, -0.15, 0.15, 0.16)))
    pen.fill(haunches, down(mix(fur, shade, 0.25), shade))
    body = blob((-0.13, -0.62), (0.13, -0.62), (0.23, -0.4), (0.24, -0.12), (0.16, -0.01),
                (-0.16, -0.01), (-0.24, -0.12), (-0.23, -0.4))  # fmt: skip
    dark = rgb("2b2a2e")
    pen.fill(body, down(fur, mix(fur, shade, 0.55)))
    pen.fill(oval(0.24, -0.3, 0.12, 0.34), shade, soft=0.05, clip=body, alpha=0.7)
    chest = blob((0, -0.6), (0.13, -0.46), (0.12, -0.26), (0.0, -0.14), (-0.12, -0.26),
                 (-0.13, -0.46))  # fmt: skip
    pen.fill(chest, down(coat.light, mix(coat.light, fur, 0.45)), soft=0.018, clip=body)
    if not pen.detail.shading:
        pen.fill(chest, coat.light)
    _fur_strokes(pen, look, coat, fur)
    for side in (-1, 1):
        leg = blob((side * 0.03, -0.36), (side * 0.135, -0.36), (side * 0.14, -0.12),
                   (side * 0.155, -0.02), (side * 0.1, 0.005), (side * 0.035, -0.01))  # fmt: skip
        limb = dark if coat.marks == "patches" else fur
        pen.fill(leg, down(mix(limb, shade, 0.15), limb, lighter(limb, 0.12)))
        paw = oval(side * 0.1, -0.025, 0.075, 0.038)
        pen.fill(paw, down(lighter(limb, 0.25) if limb != dark else dark, limb))
        for toe in (-0.025, 0.02):
            x = side * 0.1 + toe
            pen.fill(stroke([(x, -0.035), (x, -0.008)], 0.006), shade, alpha=0.7)
    pen.fill(oval(0, -0.55, 0.17, 0.08), shade, soft=0.03, clip=body, alpha=0.65)
    face(pen.at(0, -0.73, 0.215), coat, look)


def _tail(pen: Pen, coat: Coat, fur: RGB, shade: RGB) -> None:
    if coat.tail == "plume":
        plume = blob((0.2, -0.1), (0.34, -0.06), (0.46, -0.2), (0.45, -0.38), (0.37, -0.44),
                     (0.36, -0.28), (0.27, -0.2))  # fmt: skip
        pen.fill(plume, down(coat.light, fur, shade))
    elif coat.tail == "curl":
        path = [(0.2, -0.05), (0.36, -0.05), (0.43, -0.18), (0.38, -0.34), (0.44, -0.44)]
        pen.fill(curve(path, 0.075, 0.05), down(shade, fur))


def _fur_strokes(pen: Pen, look: Look, coat: Coat, fur: RGB) -> None:
    if pen.detail.level < 2:
        return
    tufts: list[Shape] = []
    for _ in range(pen.count(46)):
        x, y = look.rng.gauss(0, 0.055), look.rng.uniform(-0.55, -0.2)
        drop = look.rng.uniform(0.03, 0.06)
        tufts.append(curve([(x, y), (x * 1.05, y + drop * 0.6), (x * 0.9, y + drop)], 0.007, 0.001))
    pen.fill(union(tufts[::2]), lighter(coat.light, 0.4), alpha=0.5)
    pen.fill(union(tufts[1::2]), mix(coat.light, fur, 0.6), alpha=0.35)


def face(pen: Pen, coat: Coat, look: Look) -> None:
    """A head of radius 1 around the pen's origin."""
    fur = look.color(coat.fur)
    shade = darker(mix(fur, (120, 50, 30), 0.25), 0.28)
    if coat.marks == "patches":
        shade = rgb("cfcbc8")
    wide = coat.cheeks
    if coat.marks == "mane":
        _mane(pen)
    _ears(pen, coat, fur, shade)
    skull = blob((0, -0.9), (0.55, -0.8), (0.9, -0.35), (0.9 * wide, 0.15), (0.62 * wide, 0.6),
                 (0.25, 0.86), (-0.25, 0.86), (-0.62 * wide, 0.6), (-0.9 * wide, 0.15),
                 (-0.9, -0.35), (-0.55, -0.8))  # fmt: skip
    pen.fill(skull, down(lighter(fur, 0.16), fur, mix(fur, shade, 0.5)))
    pen.fill(oval(0.85, 0.35, 0.5, 0.85), shade, soft=0.2, clip=skull, alpha=0.55)
    pen.fill(oval(-0.4, -0.65, 0.5, 0.3), WHITE, soft=0.2, clip=skull, alpha=0.28)
    _markings(pen, coat, skull, fur)
    if coat.ears == "floppy":
        pen.fill(blob((0, -0.85), (0.14, -0.3), (0.2, 0.2), (-0.2, 0.2), (-0.14, -0.3)),
                 fade(coat.light, 0.0, 0.9), soft=0.05, clip=skull)  # fmt: skip
        for side in (-1, 1):
            ear = blob((side * 0.5, -0.78), (side * 0.88, -0.72), (side * 1.16, -0.25),
                       (side * 1.18, 0.3), (side * 0.98, 0.56), (side * 0.8, 0.2),
                       (side * 0.72, -0.3))  # fmt: skip
            pen.fill(ear.moved(side * -0.05, 0.07), shade, soft=0.07, clip=skull, alpha=0.6)
            pen.fill(ear, down(mix(fur, shade, 0.35), mix(fur, shade, 0.75), shade))
            pen.fill(oval(side * 0.98, -0.35, 0.12, 0.3), lighter(fur, 0.3), soft=0.08, clip=ear,
                     alpha=0.55)  # fmt: skip
    _features(pen, coat, shade)


def _ears(pen: Pen, coat: Coat, fur: RGB, shade: RGB) -> None:
    inner = mix(coat.light, rgb("e8959a"), 0.55)
    dark = coat.marks == "patches"
    for side in (-1, 1):
        if coat.ears == "pointed":
            ear = Shape((spline([(side * 0.9, -0.2), (side * 0.86, -1.3), (side * 0.74, -1.34),
                                 (side * 0.16, -0.72)], steps=8),))  # fmt: skip
            pen.fill(ear, down(mix(fur, shade, 0.3), fur))
            hollow = blob((side * 0.76, -0.45), (side * 0.77, -1.08), (side * 0.36, -0.7))
            pen.fill(hollow, down(mix(inner, shade, 0.35), inner))
        elif coat.ears == "round":
            outer = rgb("2b2a2e") if dark else fur
            pen.fill(oval(side * 0.68, -0.72, 0.34), down(lighter(outer, 0.12), darker(outer, 0.2)))
            pen.fill(oval(side * 0.66, -0.68, 0.19), darker(outer, 0.3) if dark else inner)
        elif coat.ears == "long":
            lean = side * 9
            pen.fill(oval(side * 0.42, -1.35, 0.25, 0.8, lean), down(fur, mix(fur, shade, 0.4)))
            pen.fill(oval(side * 0.43, -1.32, 0.13, 0.62, lean), down(lighter(inner, 0.2), inner))


def _mane(pen: Pen) -> None:
    hair = rgb("9a4f22")
    for radius, count, color in (
        (1.5, 26, darker(hair, 0.15)),
        (1.28, 22, mix(hair, (226, 140, 60), 0.5)),
    ):
        tufts = [leaf(0, 0, radius, 0.62, i * 360 / count) for i in range(count)]
        pen.fill(union((*tufts, oval(0, 0, radius * 0.8))), down(lighter(color, 0.12), color))


def _markings(pen: Pen, coat: Coat, skull: Shape, fur: RGB) -> None:
    if coat.marks == "stripes":
        dark = mix(darker(fur, 0.62), (60, 40, 40), 0.3)
        lines = [poly((-0.07, -0.92), (0.07, -0.92), (0, -0.45))]
        for side in (-1, 1):
            lines.append(poly((side * 0.2, -0.92), (side * 0.34, -0.9), (side * 0.16, -0.52)))
            for y in (-0.02, 0.2, 0.4):
                tip = (side * 0.66, y + 0.06)
                lines += [poly((side * 1.1, y - 0.07), (side * 1.1, y + 0.07), tip)]
        pen.fill(union(lines), dark, clip=skull, alpha=0.75)
    elif coat.marks == "patches":
        for side in (-1, 1):
            pen.fill(oval(side * 0.42, -0.06, 0.25, 0.32, side * 28), rgb("2b2a2e"))


def _features(pen: Pen, coat: Coat, shade: RGB) -> None:
    """Muzzle, nose, mouth and eyes."""
    muzzle = union(
        (oval(-0.2, 0.36, 0.3, 0.26), oval(0.2, 0.36, 0.3, 0.26), oval(0, 0.52, 0.26, 0.24))
    )
    pen.fill(muzzle.moved(0, 0.05), shade, soft=0.06, alpha=0.5)
    pen.fill(muzzle, down(lighter(coat.light, 0.3), coat.light, mix(coat.light, shade, 0.3)))
    if coat.tongue:
        pen.fill(blob((-0.17, 0.52), (0.17, 0.52), (0.15, 0.8), (0, 0.92), (-0.15, 0.8)),
                 down(rgb("b8434f"), rgb("ef7f86"), rgb("f79aa0")))  # fmt: skip
        pen.fill(stroke([(0, 0.58), (0, 0.8)], 0.02), rgb("c9545f"), alpha=0.8)
    line = darker(shade, 0.55)
    pen.fill(union((stroke([(0, 0.3), (0, 0.46)], 0.035),
                    stroke(arc(-0.16, 0.42, 0.16, 0.13, (5, 150)), 0.04, 0.015),
                    stroke(arc(0.16, 0.42, 0.16, 0.13, (175, 30)), 0.04, 0.015))),
                        line)  # fmt: skip
    nose = blob((-0.2, 0.16), (0, 0.12), (0.2, 0.16), (0.13, 0.29), (0, 0.35), (-0.13, 0.29))
    pen.fill(nose, down(lighter(coat.nose, 0.18), coat.nose))
    pen.fill(oval(-0.05, 0.185, 0.08, 0.028), WHITE, alpha=0.5)
    for side in (-1, 1):
        x, y = side * 0.42, -0.1
        if coat.marks != "patches":
            pen.fill(oval(x, y, 0.19, 0.2), shade, soft=0.04, alpha=0.55)
        pen.fill(oval(x, y, 0.155, 0.165), BLACK if coat.marks != "patches" else rgb("111111"))
        pen.fill(oval(x, y + 0.012, 0.128, 0.138),
                 ball((x, y + 0.06), 0.16, lighter(coat.iris, 0.35), coat.iris,
                     darker(coat.iris, 0.5)))  # fmt: skip
        narrow = coat.ears == "pointed" and coat.tail == "curl"
        pen.fill(oval(x, y, 0.04 if narrow else 0.075, 0.11 if narrow else 0.08), (14, 10, 12))
        pen.fill(oval(x - 0.05, y - 0.06, 0.042), WHITE)
        pen.fill(oval(x + 0.05, y + 0.06, 0.02), WHITE, alpha=0.7)
    if pen.detail.level >= 1 and coat.ears in ("pointed", "long"):
        hairs = [curve([(s * 0.3, 0.38 + k * 0.07), (s * 0.8, 0.3 + k * 0.13),
                        (s * 1.2, 0.3 + k * 0.2)], 0.018, 0.004) for s in (-1,
                        1) for k in range(3)]  # fmt: skip
        pen.fill(union(hairs), WHITE, alpha=0.75)


def bird(pen: Pen, look: Look) -> None:
    """A songbird on a twig, seen from the side."""
    main = look.color(look.palette.accent)
    deep, pale = darker(main, 0.4), mix(lighter(main, 0.65), (255, 246, 224), 0.5)
    twig = rgb("5b4334")
    pen.fill(
        curve([(-0.75, -0.12), (-0.2, -0.07), (0.3, -0.1), (0.8, -0.03)], 0.05, 0.025),
        down(lighter(twig, 0.25), twig),
    )
    for x, y, turn in (
        (-0.5, -0.11, -140),
        (-0.6, -0.1, 110),
        (0.55, -0.07, -50),
        (0.66, -0.05, 40),
    ):
        pen.fill(
            leaf(x, y, 0.17, 0.09, turn), down(lighter(look.palette.near, 0.35), look.palette.near)
        )
    tail = blob((0.2, -0.28), (0.62, -0.02), (0.7, 0.06), (0.58, 0.06), (0.12, -0.16))
    pen.fill(tail, down(deep, darker(main, 0.55)))
    body = blob((-0.25, -0.9), (-0.08, -0.95), (0.06, -0.84), (0.12, -0.66), (0.32, -0.42),
                (0.28, -0.2), (0.08, -0.1), (-0.16, -0.12), (-0.32, -0.32), (-0.33, -0.55),
                (-0.3, -0.68), (-0.36, -0.8))  # fmt: skip
    pen.fill(body, down(lighter(main, 0.12), main, darker(main, 0.15)))
    pen.fill(blob((-0.3, -0.62), (-0.1, -0.6), (0.02, -0.36), (0.0, -0.14), (-0.22, -0.14),
                  (-0.36, -0.4)), down(pale, mix(pale, main, 0.4)), soft=0.025,
                  clip=body)  # fmt: skip
    pen.fill(oval(-0.2, -0.86, 0.14, 0.07), WHITE, soft=0.04, clip=body, alpha=0.3)
    wing = blob((-0.08, -0.58), (0.1, -0.6), (0.3, -0.4), (0.5, -0.12), (0.2, -0.2), (-0.04, -0.32))
    pen.fill(wing.moved(-0.015, 0.03), deep, soft=0.03, clip=body, alpha=0.5)
    pen.fill(wing, down(mix(main, deep, 0.35), deep))
    for k in range(3):
        y = -0.46 + k * 0.09
        pen.fill(
            curve([(-0.02, y), (0.16, y + 0.04), (0.36 + k * 0.03, y + 0.17)], 0.016, 0.006),
            lighter(main, 0.35),
            alpha=0.8,
        )
    pen.fill(
        poly((-0.345, -0.8), (-0.54, -0.73), (-0.33, -0.7)), down(rgb("f6b43c"), rgb("d9822b"))
    )
    pen.fill(oval(-0.21, -0.79, 0.045), (20, 18, 24))
    pen.fill(oval(-0.225, -0.805, 0.015), WHITE)
    for x in (-0.08, 0.06):
        pen.fill(stroke([(x, -0.13), (x - 0.01, -0.06)], 0.02), rgb("b0652b"))


def fish(pen: Pen, look: Look) -> None:
    """A tropical fish with trailing fins."""
    main = look.color(look.palette.accent)
    second = look.palette.second
    c = pen.at(0, -0.5)
    fins = blob((0.42, 0), (0.95, -0.42), (0.82, -0.05), (0.95, 0.4), (0.6, 0.16))
    c.fill(fins, down(second, main))
    c.fill(blob((-0.25, -0.26), (0.05, -0.56), (0.42, -0.44), (0.3, -0.2)), down(second, main))
    body = blob((-0.78, 0.04), (-0.5, -0.24), (-0.1, -0.33), (0.3, -0.18), (0.55, -0.02),
        (0.3, 0.2),
                (-0.1, 0.33), (-0.5, 0.26))  # fmt: skip
    c.fill(body, down(lighter(main, 0.25), main, darker(main, 0.25)))
    for x in (-0.32, 0.06):
        band = blob(
            (x, -0.4), (x + 0.14, -0.38), (x + 0.1, 0), (x + 0.15, 0.4), (x, 0.4), (x - 0.05, 0)
        )
        c.fill(band, WHITE, clip=body, alpha=0.92)
    c.fill(oval(-0.2, 0.3, 0.7, 0.2), darker(main, 0.5), soft=0.08, clip=body, alpha=0.4)
    c.fill(oval(-0.58, -0.04, 0.075), WHITE)
    c.fill(oval(-0.59, -0.04, 0.045), (20, 18, 30))
    c.fill(oval(-0.605, -0.058, 0.016), WHITE)
    c.fill(
        blob((-0.12, 0.06), (0.1, 0.0), (0.2, 0.16), (0.02, 0.22)),
        down(second, mix(second, main, 0.6)),
    )


def whale(pen: Pen, look: Look) -> None:
    """A breaching whale in profile."""
    skin = look.color(mix(look.palette.near, (50, 84, 130), 0.6))
    body = blob((-0.95, -0.42), (-0.8, -0.72), (-0.35, -0.86), (0.15, -0.74), (0.55, -0.5),
                (0.8, -0.56), (0.86, -0.46), (0.62, -0.3), (0.2, -0.14), (-0.4, -0.08),
                (-0.85, -0.2))  # fmt: skip
    fluke = blob(
        (0.7, -0.5), (0.84, -0.86), (1.04, -0.96), (0.98, -0.72), (1.14, -0.56), (0.95, -0.5)
    )
    pen.fill(fluke, down(lighter(skin, 0.12), darker(skin, 0.2)))
    pen.fill(body, down(lighter(skin, 0.22), skin, darker(skin, 0.3)))
    belly = blob((-0.98, -0.34), (-0.5, -0.36), (0.1, -0.28), (0.4, -0.2), (0.0, 0.02), (-0.9, 0.0))
    pen.fill(belly, down(rgb("eaf1f4"), rgb("a9c0d0")), clip=body)
    if pen.detail.level >= 1:
        for k in range(6):
            y = -0.3 + k * 0.04
            pen.fill(
                curve([(-0.9, y + 0.02), (-0.4, y), (0.05, y + 0.03)], 0.008),
                skin,
                clip=body,
                alpha=0.6,
            )
    pen.fill(
        blob((-0.3, -0.32), (-0.08, -0.34), (0.06, 0.02), (-0.06, 0.06), (-0.22, -0.14)),
        down(skin, darker(skin, 0.35)),
    )
    pen.fill(oval(-0.62, -0.44, 0.028), (12, 14, 24))
    pen.fill(oval(-0.628, -0.448, 0.009), WHITE)
    for turn in (-118, -90, -62):
        pen.fill(leaf(-0.45, -0.86, 0.3, 0.05, turn), fade(WHITE, 0.95, 0.3), alpha=0.85)
