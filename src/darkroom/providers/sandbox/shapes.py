"""Outlines: every figure is polygons (and holes), made from splines, ovals and tapered strokes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

Point = tuple[float, float]
Polygon = list[Point]


@dataclass(frozen=True, slots=True)
class Shape:
    """The union of ``polygons`` without ``holes``. Coordinates are the pen's own."""

    polygons: tuple[Polygon, ...]
    holes: tuple[Polygon, ...] = ()

    def __add__(self, other: "Shape") -> "Shape":
        return Shape(self.polygons + other.polygons, self.holes + other.holes)

    def without(self, other: "Shape") -> "Shape":
        return Shape(self.polygons, self.holes + other.polygons)

    def moved(self, dx: float, dy: float) -> "Shape":
        def shift(polygon: Polygon) -> Polygon:
            return [(x + dx, y + dy) for x, y in polygon]

        return Shape(tuple(map(shift, self.polygons)), tuple(map(shift, self.holes)))


def union(shapes: Iterable[Shape]) -> Shape:
    polygons: list[Polygon] = []
    holes: list[Polygon] = []
    for shape in shapes:
        polygons.extend(shape.polygons)
        holes.extend(shape.holes)
    return Shape(tuple(polygons), tuple(holes))


def poly(*points: Point) -> Shape:
    return Shape((list(points),))


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Shape:
    """A rectangle, with round corners when ``radius`` is given."""
    if radius <= 0:
        return poly((left, top), (right, top), (right, bottom), (left, bottom))
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    points: Polygon = []
    corners = ((right - r, top + r, -90), (right - r, bottom - r, 0))
    corners += ((left + r, bottom - r, 90), (left + r, top + r, 180))
    for cx, cy, start in corners:
        points.extend(_arc_points((cx, cy), (r, r), (start, start + 90), 10))
    return Shape((points,))


def oval(cx: float, cy: float, rx: float, ry: float | None = None, rotate: float = 0.0) -> Shape:
    """A circle or, with ``ry``, an ellipse; ``rotate`` in degrees."""
    radii = (rx, rx if ry is None else ry)
    steps = 72 if max(radii) > 0.02 else 28
    if not rotate:
        return Shape((_arc_points((cx, cy), radii, (0, 360), steps),))
    return Shape((_placed(_arc_points((0, 0), radii, (0, 360), steps), cx, cy, rotate),))


def ring(cx: float, cy: float, radius: float, width: float) -> Shape:
    outer = oval(cx, cy, radius + width / 2).polygons[0]
    inner = oval(cx, cy, radius - width / 2).polygons[0]
    # One outline, forth and back: a hole would also cut what it is united with.
    return Shape(([*outer, *reversed(inner)],))


def sector(cx: float, cy: float, radius: float, start: float, end: float) -> Shape:
    """A slice of pie between two angles in degrees, clockwise from the right."""
    return Shape(([(cx, cy), *_arc_points((cx, cy), (radius, radius), (start, end), 48)],))


def arc(cx: float, cy: float, rx: float, ry: float, span: tuple[float, float]) -> Polygon:
    """Points along part of an ellipse, for strokes; ``span`` in degrees."""
    return _arc_points((cx, cy), (rx, ry), span, 40)


def spline(points: Sequence[Point], closed: bool = True, steps: int = 10) -> Polygon:
    """A smooth curve through all points (Catmull-Rom)."""
    count = len(points)
    out: Polygon = []
    last = count if closed else count - 1
    for i in range(last):
        if closed:
            p0, p1 = points[i - 1], points[i]
            p2, p3 = points[(i + 1) % count], points[(i + 2) % count]
        else:
            p0, p1 = points[max(i - 1, 0)], points[i]
            p2, p3 = points[i + 1], points[min(i + 2, count - 1)]
        for step in range(steps):
            t = step / steps
            out.append(
                (_cubic(p0[0], p1[0], p2[0], p3[0], t), _cubic(p0[1], p1[1], p2[1], p3[1], t))
            )
    if not closed:
        out.append(points[-1])
    return out


def blob(*points: Point) -> Shape:
    """A closed smooth outline through the points."""
    return Shape((spline(points),))


def stroke(points: Sequence[Point], width: float, tip: float | None = None) -> Shape:
    """A round-ended line ``width`` wide at its start and ``tip`` wide at its end."""
    end = width if tip is None else tip
    count = max(len(points) - 1, 1)
    polygons: list[Polygon] = []
    for i, (x, y) in enumerate(points):
        radius = (width + (end - width) * i / count) / 2
        polygons.append(_arc_points((x, y), (radius, radius), (0, 360), 12))
        if i == 0:
            continue
        before = (width + (end - width) * (i - 1) / count) / 2
        px, py = points[i - 1]
        length = math.hypot(x - px, y - py) or 1.0
        nx, ny = -(y - py) / length, (x - px) / length
        polygons.append(
            [
                (px + nx * before, py + ny * before),
                (x + nx * radius, y + ny * radius),
                (x - nx * radius, y - ny * radius),
                (px - nx * before, py - ny * before),
            ]
        )
    return Shape(tuple(polygons))


def curve(points: Sequence[Point], width: float, tip: float | None = None) -> Shape:
    """A stroke along the smooth line through the points."""
    return stroke(spline(points, closed=False, steps=8), width, tip)


def leaf(cx: float, cy: float, length: float, width: float, rotate: float = 0.0) -> Shape:
    """A pointed petal that starts at (cx, cy) and points right before ``rotate`` degrees."""
    outline = [(x * length, y * width) for x, y in _unit_leaf()]
    return Shape((_placed(outline, cx, cy, rotate),))


def star(cx: float, cy: float, outer: float, inner: float, points: int = 5) -> Shape:
    out: Polygon = []
    for i in range(points * 2):
        radius = outer if i % 2 == 0 else inner
        angle = math.radians(-90 + i * 180 / points)
        out.append((cx + radius * math.cos(angle), cy + radius * math.sin(angle)))
    return Shape((out,))


def ridge(rng: Random, span: tuple[float, float], height: float, rough: float = 0.55) -> Polygon:
    """A mountain skyline from ``span[0]`` to ``span[1]``: y is 0 to about ``height`` upwards."""
    values: list[float] = [rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6)]
    spread = 0.5
    while len(values) < 129:
        between = [(a + b) / 2 + rng.uniform(-spread, spread) * 0.5 for a, b in pairwise(values)]
        merged: list[float] = [values[0]]
        for middle, right in zip(between, values[1:], strict=True):
            merged += [middle, right]
        values = merged
        spread *= rough
    low, high = min(values), max(values)
    step = (span[1] - span[0]) / (len(values) - 1)
    return [
        (span[0] + i * step, -height * (0.15 + 0.85 * (v - low) / (high - low or 1)))
        for i, v in enumerate(values)
    ]


def wave_line(span: tuple[float, float], y: float, size: float, phase: float) -> Polygon:
    """A gently rolling line; ``size`` is its amplitude, ``phase`` shifts it."""
    count = 80
    step = (span[1] - span[0]) / count
    out: Polygon = []
    for i in range(count + 1):
        x = span[0] + i * step
        swing = math.sin(x * 3.1 + phase) + 0.5 * math.sin(x * 7.3 + phase * 2.1)
        out.append((x, y + size * swing))
    return out


def below(line: Polygon, bottom: float) -> Shape:
    """Everything under a line that runs from left to right."""
    return Shape(([*line, (line[-1][0], bottom), (line[0][0], bottom)],))


def _cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3
    )


def _arc_points(center: Point, radii: Point, span: Point, steps: int) -> Polygon:
    (cx, cy), (rx, ry) = center, radii
    return [(cx + rx * cos, cy + ry * sin) for cos, sin in _unit_arc(span, steps)]


@lru_cache(maxsize=512)
def _unit_arc(span: Point, steps: int) -> tuple[Point, ...]:
    start, end = span
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)


@lru_cache(maxsize=1)
def _unit_leaf() -> tuple[Point, ...]:
    """A petal one long and one wide, from the origin to the right."""
    side = [(0.0, 0.0), (0.25, 0.425), (0.6, 0.45), (1.0, 0.0)]
    upper = spline(side, closed=False, steps=6)
    return tuple(upper + [(x, -y) for x, y in reversed(upper)])


def _placed(points: Polygon, cx: float, cy: float, rotate: float) -> Polygon:
    angle = math.radians(rotate)
    cos, sin = math.cos(angle), math.sin(angle)
    return [(cx + x * cos - y * sin, cy + x * sin + y * cos) for x, y in points]
