"""Things that take people places: car, bicycle, sailing boat, balloon, rocket, aeroplane."""

import math

from darkroom.providers.sandbox.color import RGB, WHITE, darker, lighter, mix, rgb
from darkroom.providers.sandbox.motifs.look import Look
from darkroom.providers.sandbox.paint import along, ball, down, fade, glow
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
    spline,
    stroke,
    union,
)


def car(pen: Pen, look: Look) -> None:
    """A low sports car from the side, nose to the left."""
    paint = look.color(rgb("c9ced6"))
    sky, low = look.palette.sky[1], look.palette.sky[3]
    hull = Shape((spline([(-1.62, -0.2), (-1.6, -0.36), (-1.45, -0.47), (-0.95, -0.56),
        (-0.55, -0.63),
                          (-0.2, -0.88), (0.25, -0.99), (0.72, -0.92), (1.18, -0.68), (1.5, -0.64),
                          (1.64, -0.56), (1.62, -0.3), (1.52, -0.17), (0.0, -0.12),
                          (-1.5, -0.14)]),))  # fmt: skip
    pen.fill(oval(0, -0.02, 1.66, 0.075), (0, 0, 0), soft=0.035, alpha=0.55)
    pen.fill(hull, down(lighter(paint, 0.5), paint, mix(paint, sky, 0.3), darker(paint, 0.55)))
    pen.fill(blob((-1.7, -0.42), (-0.9, -0.6), (0.2, -0.6), (1.7, -0.66), (1.7, -0.5), (0.2, -0.46),
                  (-0.9, -0.5)), mix(low, WHITE, 0.55), soft=0.03, clip=hull,
                  alpha=0.75)  # fmt: skip
    pen.fill(blob((-1.6, -0.28), (-0.4, -0.36), (0.8, -0.33), (1.6, -0.36), (1.6, -0.05),
        (-1.6, -0.05)),
             darker(paint, 0.6), soft=0.05, clip=hull, alpha=0.6)  # fmt: skip
    pen.fill(
        curve([(-1.2, -0.42), (-0.2, -0.47), (0.9, -0.46), (1.5, -0.5)], 0.014),
        WHITE,
        clip=hull,
        alpha=0.6,
    )
    glass = blob((-0.42, -0.64), (-0.14, -0.83), (0.25, -0.925), (0.62, -0.88), (0.98, -0.69),
                 (0.62, -0.635), (0.1, -0.62))  # fmt: skip
    pen.fill(
        glass, along(20, darker(sky, 0.75), mix(darker(sky, 0.5), low, 0.25), darker(sky, 0.8))
    )
    pen.fill(
        poly((-0.28, -0.6), (0.02, -0.95), (0.16, -0.95), (-0.1, -0.6)),
        WHITE,
        clip=glass,
        alpha=0.22,
    )
    pen.fill(
        poly((0.34, -0.95), (0.4, -0.95), (0.42, -0.6), (0.33, -0.6)),
        darker(paint, 0.35),
        clip=glass,
    )
    seam = union((stroke([(-0.38, -0.6), (-0.36, -0.3), (-0.28, -0.2)], 0.009),
                  stroke([(0.44, -0.62), (0.56, -0.4), (0.5, -0.2)], 0.009),
                  stroke([(0.3, -0.52), (0.42, -0.53)], 0.022)))  # fmt: skip
    pen.fill(seam, darker(paint, 0.6), alpha=0.65)
    pen.fill(
        blob((0.66, -0.42), (0.96, -0.46), (0.88, -0.32), (0.7, -0.32)),
        darker(paint, 0.75),
        alpha=0.85,
    )
    pen.fill(
        blob((-1.5, -0.43), (-1.14, -0.51), (-1.02, -0.5), (-1.2, -0.43)),
        along(0, WHITE, rgb("dfeefc")),
    )
    pen.shine((-1.48, -0.44), glow((-1.48, -0.44), 0.5, rgb("fff3d0"), 0.55))
    pen.fill(
        blob((1.4, -0.58), (1.63, -0.55), (1.63, -0.48), (1.46, -0.51)),
        along(0, rgb("b3182d"), rgb("ff4b4b")),
    )
    pen.fill(stroke([(1.2, -0.7), (1.56, -0.75)], 0.035, 0.045), darker(paint, 0.35))
    pen.fill(stroke([(-1.5, -0.15), (1.5, -0.15)], 0.05), darker(paint, 0.85))
    for x in (-0.98, 1.02):
        wheel(pen.at(x, -0.245, 0.225), rgb("b8bec7"))


def wheel(pen: Pen, rim: RGB) -> None:
    """A car wheel of radius 1."""
    pen.fill(oval(0, 0, 1.18), (14, 14, 20))
    pen.fill(oval(0, 0, 1), ball((-0.2, -0.3), 1.2, rgb("3a3b44"), rgb("15151b")))
    pen.fill(oval(0, 0, 0.74), ball((0, 0), 0.74, rgb("2b2d35"), rgb("4c505a"), rgb("1c1d23")))
    spokes: list[Shape] = []
    for i in range(5):
        angle = math.radians(i * 72 - 90)
        for spread in (-0.16, 0.16):
            tip = (0.66 * math.cos(angle + spread), 0.66 * math.sin(angle + spread))
            spokes.append(stroke([(0.1 * math.cos(angle), 0.1 * math.sin(angle)), tip], 0.12, 0.09))
    pen.fill(
        union((*spokes, ring(0, 0, 0.7, 0.09), oval(0, 0, 0.17))),
        down(lighter(rim, 0.5), rim, darker(rim, 0.4)),
    )
    pen.fill(oval(0, 0, 0.08), darker(rim, 0.5))


def bicycle(pen: Pen, look: Look) -> None:
    """A city bicycle from the side with a basket of flowers."""
    frame = look.color(look.palette.accent)
    tyre = mix(look.palette.ink, (30, 28, 36), 0.6)
    left, right, crank = (-0.56, -0.34), (0.56, -0.34), (-0.03, -0.33)
    seat, head = (-0.2, -0.78), (0.38, -0.84)
    for x, y in (left, right):
        spokes = [stroke([(x, y), (x + 0.31 * math.cos(a), y + 0.31 * math.sin(a))], 0.005)
                  for a in (i * math.pi / 10 for i in range(20))]  # fmt: skip
        pen.fill(union(spokes), rgb("d8d9dd"), alpha=0.85)
        pen.fill(ring(x, y, 0.315, 0.045), down(lighter(tyre, 0.2), tyre))
        pen.fill(ring(x, y, 0.285, 0.014), rgb("d9d4ca"))
        pen.fill(oval(x, y, 0.03), rgb("b9bcc4"))
    pen.fill(
        union((stroke([left, seat], 0.028), stroke([left, crank], 0.03))),
        down(frame, darker(frame, 0.25)),
    )
    main = union((curve([head, (0.18, -0.6), crank], 0.042), stroke([crank, (-0.215, -0.82)], 0.04),
                  curve([(0.36, -0.76), (0.1, -0.56), (-0.12, -0.54)], 0.03),
                  curve([(0.36, -0.92), (0.42, -0.72),
                      (0.5, -0.5), right], 0.036, 0.026)))  # fmt: skip
    pen.fill(main.moved(0.006, 0.008), darker(frame, 0.45))
    pen.fill(main, down(lighter(frame, 0.3), frame, darker(frame, 0.15)))
    for (x, y), radius in ((left, 0.36), (right, 0.36)):
        pen.fill(
            stroke(arc(x, y, radius, radius, (200, 318)), 0.03), down(lighter(frame, 0.35), frame)
        )
    pen.fill(ring(crank[0], crank[1], 0.075, 0.018), rgb("9a9da6"))
    pen.fill(
        union(
            (stroke([crank, (0.04, -0.2)], 0.022), stroke([(0.0, -0.195), (0.08, -0.195)], 0.026))
        ),
        rgb("3b3c44"),
    )
    pen.fill(stroke([(-0.215, -0.82), (-0.23, -0.88)], 0.02), rgb("b9bcc4"))
    leather = rgb("7a4a2b")
    pen.fill(
        blob((-0.38, -0.93), (-0.2, -0.94), (-0.07, -0.9), (-0.2, -0.87), (-0.34, -0.86)),
        down(lighter(leather, 0.3), leather),
    )
    pen.fill(
        curve([(0.36, -0.92), (0.35, -1.0), (0.28, -1.02), (0.2, -0.98)], 0.024), rgb("c9ccd3")
    )
    pen.fill(stroke([(0.25, -1.005), (0.17, -0.965)], 0.036), leather)
    _basket(pen, look)


def _basket(pen: Pen, look: Look) -> None:
    colors = (look.palette.second, rgb("fff4ea"), rgb("f58aa6"), rgb("ffce55"))
    for i in range(9):
        x, y = 0.43 + 0.036 * i, -1.0 - 0.035 * math.sin(i * 1.9) - 0.03
        pen.fill(stroke([(x, -0.92), (x, y)], 0.01), rgb("4f8a58"))
        pen.fill(oval(x, y, 0.036), colors[i % 4])
        pen.fill(oval(x, y, 0.013), rgb("f7c948"))
    basket = poly((0.41, -0.97), (0.76, -0.97), (0.71, -0.74), (0.46, -0.74))
    straw = rgb("c98f4e")
    pen.fill(basket, down(lighter(straw, 0.25), straw, darker(straw, 0.2)))
    lines = [stroke([(0.41, y), (0.76, y)], 0.006) for y in (-0.92, -0.87, -0.82, -0.78)]
    lines += [
        stroke([(0.44 + i * 0.045, -0.97), (0.47 + i * 0.036, -0.74)], 0.005) for i in range(7)
    ]
    pen.fill(union(lines), darker(straw, 0.4), clip=basket, alpha=0.55)
    pen.fill(stroke([(0.4, -0.97), (0.77, -0.97)], 0.024), lighter(straw, 0.2))


def boat(pen: Pen, look: Look) -> None:
    """A sailing boat on the water."""
    hull_color = look.color(look.palette.accent)
    sail = mix(rgb("fff8ea"), look.palette.sky[3], 0.3)
    pen.fill(stroke([(0.0, -0.98), (0.0, -0.14)], 0.02), rgb("6b4a34"))
    main = Shape(
        ([*spline([(0.02, -0.95), (0.24, -0.65), (0.42, -0.24)], closed=False), (0.02, -0.2)],)
    )
    pen.fill(main, along(10, lighter(sail, 0.4), sail, darker(sail, 0.18)))
    jib = Shape(
        ([*spline([(-0.02, -0.9), (-0.2, -0.55), (-0.4, -0.26)], closed=False), (-0.02, -0.22)],)
    )
    pen.fill(jib, along(0, mix(hull_color, sail, 0.35), lighter(hull_color, 0.3)))
    hull = blob((-0.5, -0.17), (0.0, -0.13), (0.52, -0.18), (0.36, 0.0), (0.0, 0.03), (-0.34, 0.0))
    pen.fill(hull, down(lighter(hull_color, 0.2), hull_color, darker(hull_color, 0.4)))
    pen.fill(
        curve([(-0.48, -0.135), (0.0, -0.1), (0.5, -0.145)], 0.024), WHITE, clip=hull, alpha=0.9
    )
    pen.fill(oval(0, 0.045, 0.5, 0.018), WHITE, alpha=0.55)


def balloon(pen: Pen, look: Look) -> None:
    """A striped hot-air balloon."""
    main, second = look.color(look.palette.accent), look.palette.second
    bag = blob((0, -1.0), (0.26, -0.94), (0.36, -0.74), (0.3, -0.5), (0.1, -0.24), (-0.1, -0.24),
               (-0.3, -0.5), (-0.36, -0.74), (-0.26, -0.94))  # fmt: skip
    pen.fill(bag, main)
    for i, (inner, outer) in enumerate(((0.34, 0.46), (0.1, 0.22), (-0.22, -0.1), (-0.46, -0.34))):
        shape = blob((inner * 0.3, -1.02), (inner * 0.98, -0.7), (inner * 0.35, -0.22),
                     (outer * 0.35, -0.22), (outer * 0.98, -0.7), (outer * 0.3, -1.02))  # fmt: skip
        pen.fill(shape, second if i % 2 else rgb("fff4e2"), clip=bag)
    pen.fill(oval(0.3, -0.5, 0.25, 0.5), darker(main, 0.5), soft=0.1, clip=bag, alpha=0.55)
    pen.fill(oval(-0.16, -0.82, 0.12, 0.14), WHITE, soft=0.06, clip=bag, alpha=0.5)
    ropes = union(
        stroke([(x * 1.4, -0.26), (x * 0.75, -0.12)], 0.006) for x in (-0.07, -0.025, 0.025, 0.07)
    )
    pen.fill(ropes, rgb("6b4a34"))
    pen.fill(box(-0.07, -0.12, 0.07, 0.0, 0.02), down(rgb("c99455"), rgb("7d4f2b")))
    pen.fill(box(-0.078, -0.125, 0.078, -0.1, 0.01), rgb("e3b679"))


def rocket(pen: Pen, look: Look) -> None:
    """A retro rocket under way."""
    main = look.color(look.palette.accent)
    pen.shine((0, -0.05), glow((0, -0.05), 0.5, rgb("ffb347"), 0.8))
    pen.fill(
        blob((-0.09, -0.24), (0.09, -0.24), (0.11, -0.1), (0, 0.14), (-0.11, -0.1)),
        down(rgb("fff1b8"), rgb("ffb03a"), rgb("f2542d")),
    )
    pen.fill(
        blob((-0.045, -0.24), (0.045, -0.24), (0.05, -0.14), (0, 0.0), (-0.05, -0.14)),
        down(WHITE, rgb("ffe27a")),
    )
    for side in (-1, 1):
        fin = blob(
            (side * 0.12, -0.5), (side * 0.26, -0.34), (side * 0.27, -0.16), (side * 0.12, -0.27)
        )
        pen.fill(fin, down(lighter(main, 0.1), darker(main, 0.3)))
    body = blob(
        (0, -1.0),
        (0.13, -0.8),
        (0.17, -0.55),
        (0.11, -0.24),
        (-0.11, -0.24),
        (-0.17, -0.55),
        (-0.13, -0.8),
    )
    pen.fill(body, along(0, rgb("ffffff"), rgb("eceef4"), rgb("a9adc0")))
    pen.fill(
        box(-0.3, -1.1, 0.3, -0.79),
        along(0, lighter(main, 0.25), main, darker(main, 0.35)),
        clip=body,
    )
    pen.fill(box(-0.3, -0.33, 0.3, -0.28), main, clip=body)
    pen.fill(oval(0, -0.6, 0.085), along(0, rgb("c9cdda"), rgb("7c8196")))
    pen.fill(
        oval(0, -0.6, 0.06), ball((-0.02, -0.62), 0.09, rgb("bfefff"), rgb("3a8fd0"), rgb("173a6b"))
    )
    pen.fill(stroke([(0, -0.36), (0, -0.16)], 0.035), darker(main, 0.25))


def plane(pen: Pen, look: Look) -> None:
    """An airliner from the side, climbing slightly."""
    main = look.color(look.palette.accent)
    p = pen.at(0, -0.5, 1.0, -8)
    p.fill(
        poly((0.62, -0.02), (0.9, -0.42), (1.04, -0.42), (0.9, 0.0)), down(main, darker(main, 0.25))
    )
    body = blob((-1.0, 0.05), (-0.86, -0.08), (-0.5, -0.14), (0.5, -0.12), (0.98, -0.04),
        (0.7, 0.07),
                (0.2, 0.14), (-0.6, 0.14))  # fmt: skip
    p.fill(body, down(WHITE, rgb("e9edf4"), rgb("9aa6bb")))
    p.fill(box(-1.2, 0.03, 1.2, 0.07), main, clip=body)
    windows = union(oval(-0.6 + i * 0.085, -0.025, 0.02, 0.026) for i in range(15))
    p.fill(windows, rgb("34465f"))
    p.fill(blob((-0.96, -0.01), (-0.84, -0.06), (-0.76, -0.02), (-0.88, 0.01)), rgb("24344c"))
    p.fill(
        poly((-0.18, 0.06), (0.16, 0.06), (0.52, 0.42), (0.38, 0.42)),
        down(rgb("c3cbd9"), rgb("7f8ba2")),
    )
    p.fill(box(-0.06, 0.17, 0.16, 0.26, 0.04), along(0, rgb("5b6880"), rgb("d9dfe9")))
    p.fill(box(0.9, -0.02, 2.2, 0.01), fade(WHITE, 0.5, 0.0, 0), soft=0.02)
