"""The drawing surface: shapes become smooth-edged pixels, with gradients, soft shade and light."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from darkroom.providers.sandbox.color import RGB
from darkroom.providers.sandbox.paint import Across, Linear, Paint, Radial, Rect, across, render
from darkroom.providers.sandbox.pixels import mapped, resized
from darkroom.providers.sandbox.shapes import Point, Polygon, Shape

Blend = Literal["over", "screen", "multiply", "soft"]
_STRIP = 1_000_000
"""Pixels painted at once."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much work a quality level is worth."""

    level: int
    """0 (low) to 4 (max)."""
    oversample: int
    shading: bool
    """Soft light and shade inside shapes."""
    plenty: float
    """Multiplies counts of small things: grass, stars, windows."""
    grain: int
    """Strength of the film grain, in grey levels."""


DETAILS: dict[str, Detail] = {
    "low": Detail(0, 2, shading=False, plenty=0.4, grain=0),
    "medium": Detail(1, 2, shading=True, plenty=0.7, grain=3),
    "high": Detail(2, 3, shading=True, plenty=1.0, grain=5),
    "xhigh": Detail(3, 3, shading=True, plenty=1.3, grain=5),
    "max": Detail(4, 4, shading=True, plenty=1.6, grain=6),
}


@dataclass(slots=True)
class Board:
    """The pixels. With ``clear`` they are transparent and hold premultiplied colour."""

    image: Image.Image
    detail: Detail
    clear: bool = False
    check: Callable[[], None] = lambda: None
    """Called between strokes; raises to abandon the picture."""

    @property
    def oversample(self) -> int:
        pixels = self.image.width * self.image.height
        return min(self.detail.oversample, 2) if pixels > 2_500_000 else self.detail.oversample


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on a board through a similarity transform: its unit and origin are its own."""

    board: Board
    origin: Point = (0.0, 0.0)
    scale: float = 1.0
    turn: float = 0.0
    flip: bool = False

    @property
    def detail(self) -> Detail:
        return self.board.detail

    def at(
        self, x: float, y: float, scale: float = 1.0, turn: float = 0.0, flip: bool = False
    ) -> "Pen":
        """A pen whose origin is (x, y) here, ``scale`` times as large, turned by degrees."""
        angle = -turn if self.flip else turn
        return Pen(
            self.board,
            self.place((x, y)),
            self.scale * scale,
            self.turn + angle,
            self.flip != flip,
        )

    def place(self, point: Point) -> Point:
        """Device pixels of a point of this pen."""
        x, y = point
        if self.flip:
            x = -x
        angle = math.radians(self.turn)
        cos, sin = math.cos(angle) * self.scale, math.sin(angle) * self.scale
        return self.origin[0] + x * cos - y * sin, self.origin[1] + x * sin + y * cos

    def count(self, number: float) -> int:
        """How many small things, at this level of detail."""
        return max(1, round(number * self.detail.plenty))

    def fill(
        self,
        shape: Shape,
        paint: Paint,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        clip: Shape | None = None,
        blend: Blend = "over",
    ) -> None:
        """Paint a shape. ``soft`` blurs its edge (pen units); ``clip`` keeps it inside another."""
        self.board.check()
        if clip is not None and soft > 0 and not self.detail.shading:
            return
        polygons = [self._placed(p) for p in shape.polygons]
        extent = _extent(polygons)
        radius = soft * self.scale
        rect = self._rect(extent, radius * 2.5)
        if rect is None:
            return
        holes = [self._placed(p) for p in shape.holes]
        mask = _mask(polygons, holes, rect, (self.board.oversample, radius))
        if clip is not None:
            inside = [self._placed(p) for p in clip.polygons]
            outside = [self._placed(p) for p in clip.holes]
            mask = ImageChops.multiply(
                mask, _mask(inside, outside, rect, (self.board.oversample, 0.0))
            )
        if isinstance(paint, Across):
            turned = replace(paint, angle=self._angle(paint.angle))
            self.stamp(mask, rect, across(turned, extent), alpha, blend)
        else:
            self.stamp(mask, rect, self._bound(paint), alpha, blend)

    def wash(self, paint: Paint, *, alpha: float = 1.0, blend: Blend = "over") -> None:
        """Paint the whole board."""
        self.board.check()
        size = self.board.image.size
        rect = (0, 0, size[0], size[1])
        if isinstance(paint, Across):
            bound: Paint = across(paint, rect)
        else:
            bound = self._bound(paint)
        self.stamp(Image.new("L", size, 255), rect, bound, alpha, blend)

    def shine(self, center: Point, paint: Radial) -> None:
        """Add light: ``paint`` around ``center``, screened over what is there."""
        radius = paint.radius
        square = [
            (center[0] - radius, center[1] - radius),
            (center[0] + radius, center[1] - radius),
            (center[0] + radius, center[1] + radius),
            (center[0] - radius, center[1] + radius),
        ]
        self.fill(Shape((square,)), paint, blend="screen")

    def stamp(
        self,
        mask: Image.Image,
        rect: Rect,
        paint: RGB | Linear | Radial | Across,
        alpha: float = 1.0,
        blend: Blend = "over",
    ) -> None:
        """Paint through a ready mask. ``rect`` and gradient are in device pixels."""
        if isinstance(paint, Across):
            paint = across(paint, rect)
        left, top, right, bottom = rect
        rows = max(1, _STRIP // max(1, right - left))
        # In strips: some of Pillow's operations keep the interpreter lock, and the event loop
        # must get its turn between them.
        for start in range(top, bottom, rows):
            end = min(bottom, start + rows)
            part = (
                mask.crop((0, start - top, right - left, end - top))
                if rows < bottom - top
                else mask
            )
            self._stamp(part, (left, start, right, end), paint, alpha, blend)

    def _stamp(
        self,
        mask: Image.Image,
        rect: Rect,
        paint: RGB | Linear | Radial,
        alpha: float,
        blend: Blend,
    ) -> None:
        image = self.board.image
        if alpha < 1.0:
            mask = mapped(mask, [round(i * alpha) for i in range(256)])
        source: Image.Image | RGB
        if isinstance(paint, tuple):
            source = paint
        else:
            source, opacity = render(paint, rect)
            if opacity is not None:
                mask = ImageChops.multiply(mask, opacity)
        if blend != "over":
            below = image.crop(rect)
            if self.board.clear:
                mask = ImageChops.multiply(mask, below.getchannel("A"))
            if isinstance(source, tuple):
                source = Image.new("RGB", below.size, source)
            source = _BLENDS[blend](below.convert("RGB"), source)
        if self.board.clear:
            if blend == "over":
                flat = Image.new("RGB", mask.size, source) if isinstance(source, tuple) else source
                flat.putalpha(255)
                image.paste(flat, rect, mask)
            else:
                kept = image.getchannel("A")
                colors = image.convert("RGB")
                if isinstance(source, Image.Image):
                    colors.paste(source, rect, mask)
                colors.putalpha(kept)
                image.paste(colors)
        else:
            image.paste(source, rect, mask)

    def _placed(self, polygon: Polygon) -> Polygon:
        angle = math.radians(self.turn)
        cos, sin = math.cos(angle) * self.scale, math.sin(angle) * self.scale
        ox, oy = self.origin
        side = -1.0 if self.flip else 1.0
        return [(ox + side * x * cos - y * sin, oy + side * x * sin + y * cos) for x, y in polygon]

    def _angle(self, degrees: float) -> float:
        return (180 - degrees if self.flip else degrees) + self.turn

    def _bound(self, paint: RGB | Linear | Radial) -> RGB | Linear | Radial:
        if isinstance(paint, Linear):
            return Linear(self.place(paint.start), self.place(paint.end), paint.stops)
        if isinstance(paint, Radial):
            center, radius = self.place(paint.center), paint.radius * self.scale
            return Radial(center, radius, paint.stops, paint.squash)
        return paint

    def _rect(self, extent: tuple[float, float, float, float], margin: float) -> Rect | None:
        width, height = self.board.image.size
        left = max(0, math.floor(extent[0] - margin))
        top = max(0, math.floor(extent[1] - margin))
        right = min(width, math.ceil(extent[2] + margin) + 1)
        bottom = min(height, math.ceil(extent[3] + margin) + 1)
        return (left, top, right, bottom) if right > left and bottom > top else None


def new_board(
    size: tuple[int, int], detail: Detail, clear: bool, check: Callable[[], None]
) -> Board:
    mode, color = ("RGBA", (0, 0, 0, 0)) if clear else ("RGB", (0, 0, 0))
    return Board(Image.new(mode, size, color), detail, clear, check)


def root(board: Board) -> tuple[Pen, float, float]:
    """A pen whose unit is the short side, and the board's width and height in that unit."""
    width, height = board.image.size
    short = min(width, height)
    return Pen(board, scale=float(short)), width / short, height / short


def straight(board: Board) -> Image.Image:
    """The picture with ordinary (not premultiplied) alpha."""
    if not board.clear:
        return board.image
    return Image.frombytes("RGBa", board.image.size, board.image.tobytes()).convert("RGBA")


def noise(rng: Random, size: tuple[int, int], cells: int, octaves: int = 4) -> Image.Image:
    """Smooth fractal noise (mode L): clouds, nebulae, uneven light."""
    total: Image.Image | None = None
    weight = 0.0
    longest = max(size)
    for octave in range(octaves):
        count = cells * 2**octave
        grid = (
            max(2, round(count * size[0] / longest)),
            max(2, round(count * size[1] / longest)),
        )
        layer = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1]))
        # A quarter of the size is smooth enough and sixteen times cheaper.
        small = (max(2, size[0] // 4), max(2, size[1] // 4))
        layer = resized(layer, small, Image.Resampling.BICUBIC)
        share = 0.5**octave
        weight += share
        total = layer if total is None else Image.blend(total, layer, share / weight)
    if total is None:
        return Image.new("L", size, 128)
    return resized(total, size, Image.Resampling.BICUBIC)


def grain(image: Image.Image, rng: Random, strength: int) -> Image.Image:
    """Fine film grain: hides banding and makes flat colour look printed."""
    if strength <= 0:
        return image
    side = 256
    span = [128 + round((i - 127.5) / 127.5 * strength) for i in range(256)]
    tile = mapped(Image.frombytes("L", (side, side), rng.randbytes(side * side)), span)
    colors = Image.merge("RGB", [tile] * 3)
    row = Image.new("RGB", (image.width, side))
    for left in range(0, image.width, side):
        row.paste(colors, (left, 0))
    for top in range(0, image.height, side):
        strip = image.crop((0, top, image.width, min(image.height, top + side)))
        film = row.crop((0, 0, strip.width, strip.height))
        image.paste(ImageChops.add(strip, film, 1, -128), (0, top))
    return image


def _soft(below: Image.Image, above: Image.Image) -> Image.Image:
    return ImageChops.soft_light(below, above)


_BLENDS: dict[str, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "screen": ImageChops.screen,
    "multiply": ImageChops.multiply,
    "soft": _soft,
}


def _extent(polygons: list[Polygon]) -> tuple[float, float, float, float]:
    xs = [x for polygon in polygons for x, _ in polygon]
    ys = [y for polygon in polygons for _, y in polygon]
    if not xs:
        return 0.0, 0.0, -1.0, -1.0
    return min(xs), min(ys), max(xs), max(ys)


def _mask(
    polygons: list[Polygon], holes: list[Polygon], rect: Rect, edge: tuple[int, float]
) -> Image.Image:
    """Coverage of ``rect``; ``edge`` is the oversampling factor and the blur in pixels."""
    oversample, blur = edge
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    shrink = max(1, int(blur / 2.5)) if blur > 0 else 1
    factor = 1.0 / shrink if blur > 1.5 else float(oversample)
    size = (max(1, math.ceil(width * factor)), max(1, math.ceil(height * factor)))
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    left, top = rect[0], rect[1]
    for group, value in ((polygons, 255), (holes, 0)):
        for polygon in group:
            if len(polygon) > 2:
                draw.polygon(
                    [((x - left) * factor - 0.5, (y - top) * factor - 0.5) for x, y in polygon],
                    fill=value,
                )
    if blur > 0:
        mask = mask.filter(ImageFilter.GaussianBlur(blur * factor))
    if factor > 1:
        return mask.reduce(oversample)
    if mask.size != (width, height):
        mask = resized(
            mask,
            (width, height),
            Image.Resampling.BICUBIC,
            box=(0, 0, width * factor, height * factor),
        )
    return mask
