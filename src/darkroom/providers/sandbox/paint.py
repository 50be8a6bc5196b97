"""Paints: flat colours and gradients, and how a gradient becomes pixels for one rectangle."""

import math
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from darkroom.providers.sandbox.color import RGB, mix
from darkroom.providers.sandbox.pixels import mapped, resized
from darkroom.providers.sandbox.shapes import Point

Stop = tuple[float, RGB, float]
"""Position from 0 to 1, colour, opacity from 0 to 1."""
Rect = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Linear:
    """A gradient between two points of the pen's coordinates."""

    start: Point
    end: Point
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Across:
    """A gradient over the filled shape's own extent; 90 degrees runs downwards."""

    stops: tuple[Stop, ...]
    angle: float = 90.0


@dataclass(frozen=True, slots=True)
class Radial:
    """A gradient around a point."""

    center: Point
    radius: float
    stops: tuple[Stop, ...]
    squash: float = 1.0
    """Vertical over horizontal radius."""


Paint = RGB | Linear | Across | Radial


def stops(*colors: RGB) -> tuple[Stop, ...]:
    """Evenly spaced opaque stops."""
    last = max(len(colors) - 1, 1)
    return tuple((i / last, color, 1.0) for i, color in enumerate(colors))


def down(*colors: RGB) -> Across:
    """From top to bottom of the shape."""
    return Across(stops(*colors))


def along(angle: float, *colors: RGB) -> Across:
    return Across(stops(*colors), angle)


def fade(color: RGB, start: float, end: float, angle: float = 90.0) -> Across:
    """One colour whose opacity changes over the shape."""
    return Across(((0.0, color, start), (1.0, color, end)), angle)


def ball(center: Point, radius: float, *colors: RGB) -> Radial:
    return Radial(center, radius, stops(*colors))


def glow(center: Point, radius: float, color: RGB, strength: float = 1.0) -> Radial:
    """Light that falls off softly to nothing at ``radius``."""
    steps = 10
    falloff = tuple((i / steps, color, strength * (1 - i / steps) ** 2.2) for i in range(steps + 1))
    return Radial(center, radius, falloff)


def render(paint: Linear | Radial, rect: Rect) -> tuple[Image.Image, Image.Image | None]:
    """The gradient's colours over ``rect`` (device pixels), and its opacity if not all opaque."""
    field = _linear_field(paint, rect) if isinstance(paint, Linear) else _radial_field(paint, rect)
    tables = _tables(paint.stops)
    colors = Image.merge("RGB", [mapped(field, table) for table in tables[:3]])
    opacity = mapped(field, tables[3]) if any(stop[2] < 1.0 for stop in paint.stops) else None
    return colors, opacity


def across(paint: Across, extent: tuple[float, float, float, float]) -> Linear:
    """``paint`` bound to a shape that covers ``extent`` (left, top, right, bottom)."""
    left, top, right, bottom = extent
    cx, cy = (left + right) / 2, (top + bottom) / 2
    angle = math.radians(paint.angle)
    dx, dy = math.cos(angle), math.sin(angle)
    reach = abs(dx) * (right - left) / 2 + abs(dy) * (bottom - top) / 2
    return Linear(
        (cx - dx * reach, cy - dy * reach), (cx + dx * reach, cy + dy * reach), paint.stops
    )


@lru_cache(maxsize=1)
def _circle() -> Image.Image:
    # Pillow's gradient reaches white in the corners; ours at the middle of each side.
    return mapped(
        Image.radial_gradient("L"), [min(255, round(i * math.sqrt(2))) for i in range(256)]
    )


def _linear_field(paint: Linear, rect: Rect) -> Image.Image:
    (x0, y0), (x1, y1) = paint.start, paint.end
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    square = (x1 - x0) ** 2 + (y1 - y0) ** 2 or 1.0
    gx, gy = (x1 - x0) / square, (y1 - y0) / square
    at = (rect[0] + 0.5 - x0) * gx + (rect[1] + 0.5 - y0) * gy
    if abs(gx) < 1e-9 or abs(gy) < 1e-9:
        upright = abs(gx) < 1e-9
        count, slope = (height, gy) if upright else (width, gx)
        values = bytes(min(255, max(0, round((at + i * slope) * 255))) for i in range(count))
        strip = Image.frombytes("L", (1, count) if upright else (count, 1), values)
        return resized(strip, (width, height), Image.Resampling.NEAREST)
    corners = [at + gx * x + gy * y for x in (0, width) for y in (0, height)]
    low, scale = min(corners), (max(corners) - min(corners)) / 1024
    values = bytes(min(255, max(0, round((low + i * scale) * 255))) for i in range(1024))
    row = Image.frombytes("L", (1024, 1), values)
    strip = resized(row, (1024, 4), Image.Resampling.NEAREST)
    matrix = (gx / scale, gy / scale, (at - low) / scale, 0.0, 0.0, 2.0)
    return strip.transform(
        (width, height), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR
    )


def _radial_field(paint: Radial, rect: Rect) -> Image.Image:
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    step = 127.5 / max(paint.radius, 1e-6)
    rise = step / max(paint.squash, 1e-6)
    matrix = (
        step,
        0.0,
        128 + (rect[0] - paint.center[0]) * step,
        0.0,
        rise,
        128 + (rect[1] - paint.center[1]) * rise,
    )
    return _circle().transform(
        (width, height),
        Image.Transform.AFFINE,
        matrix,
        resample=Image.Resampling.BILINEAR,
        fillcolor=255,
    )


@lru_cache(maxsize=512)
def _tables(spec: tuple[Stop, ...]) -> tuple[list[int], list[int], list[int], list[int]]:
    red: list[int] = []
    green: list[int] = []
    blue: list[int] = []
    alpha: list[int] = []
    for i in range(256):
        color, opacity = _at(spec, i / 255)
        red.append(color[0])
        green.append(color[1])
        blue.append(color[2])
        alpha.append(round(opacity * 255))
    return red, green, blue, alpha


def _at(spec: tuple[Stop, ...], t: float) -> tuple[RGB, float]:
    before = spec[0]
    if t <= before[0]:
        return before[1], before[2]
    for stop in spec[1:]:
        if t <= stop[0]:
            share = (t - before[0]) / (stop[0] - before[0] or 1.0)
            return mix(before[1], stop[1], share), before[2] + (stop[2] - before[2]) * share
        before = stop
    return before[1], before[2]
