"""Pixels to bytes: every output format, with a note in the file that code drew the picture."""

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

from darkroom.providers.sandbox.chance import chance
from darkroom.providers.sandbox.color import rgb
from darkroom.providers.sandbox.paint import glow
from darkroom.providers.sandbox.pen import DETAILS, Board, root
from darkroom.providers.sandbox.pixels import resized

SOFTWARE = "Darkroom sandbox"
DESCRIPTION = "Darkroom sandbox, drawn by code, not an AI model"

_TIFF_DESCRIPTION, _TIFF_SOFTWARE = 0x010E, 0x0131
_FINE = 95
"""JPEG and WebP quality when the request does not say."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """``quality`` is 0 to 100 (JPEG, WebP); frames and milliseconds are for GIF."""

    format: str
    quality: int | None = None
    frames: int = 9
    frame_ms: int = 200


def encode(picture: Image.Image, encoding: Encoding) -> bytes:
    """The file's bytes; the same picture and encoding give the same bytes."""
    return _WRITERS[encoding.format](picture, encoding)


def preview(picture: Image.Image, step: int, steps: int) -> Image.Image:
    """Partial image ``step`` of ``steps``: the same size, sharper with every step."""
    share = (step + 1) / (steps + 1)
    cells = round(14 * 16**share)
    scale = cells / max(picture.size)
    small = resized(
        picture,
        (max(2, round(picture.width * scale)), max(2, round(picture.height * scale))),
        Image.Resampling.BOX,
    )
    large = resized(small, picture.size, Image.Resampling.BICUBIC)
    return large.filter(ImageFilter.BoxBlur(max(picture.size) / cells * 0.35))


def _png(picture: Image.Image, encoding: Encoding) -> bytes:
    info = PngInfo()
    info.add_text("Software", SOFTWARE)
    info.add_text("Description", DESCRIPTION)
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=info, compress_level=4)
    return out.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[_TIFF_DESCRIPTION] = DESCRIPTION
    exif[_TIFF_SOFTWARE] = SOFTWARE
    return exif.tobytes()


def _jpeg(picture: Image.Image, encoding: Encoding) -> bytes:
    quality = _FINE if encoding.quality is None else encoding.quality
    out = io.BytesIO()
    # libjpeg knows 1 to 100; Pillow takes 0 for "not said".
    flat(picture).save(
        out,
        "JPEG",
        quality=max(1, quality),
        subsampling=0 if quality >= 90 else 2,
        comment=DESCRIPTION.encode(),
        exif=_exif(),
    )
    return out.getvalue()


def _webp(picture: Image.Image, encoding: Encoding) -> bytes:
    quality = _FINE if encoding.quality is None else encoding.quality
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=3, exif=_exif())
    return out.getvalue()


def _gif(picture: Image.Image, encoding: Encoding) -> bytes:
    frames = animate(flat(picture), encoding.frames)
    first = frames[0].quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    rest = [f.quantize(palette=first, dither=Image.Dither.FLOYDSTEINBERG) for f in frames[1:]]
    out = io.BytesIO()
    first.save(
        out,
        "GIF",
        save_all=True,
        append_images=rest,
        # GIF counts in hundredths of a second, in 16 bits.
        duration=min(655_350, max(10, round(encoding.frame_ms / 10) * 10)),
        loop=0,
        comment=DESCRIPTION.encode(),
        optimize=False,
    )
    return out.getvalue()


_WRITERS: Mapping[str, Callable[[Image.Image, Encoding], bytes]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
    "gif": _gif,
}


def flat(picture: Image.Image) -> Image.Image:
    """Without transparency: over white."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, (255, 255, 255))
    ground.paste(picture.convert("RGB"), (0, 0), picture.convert("RGBA").getchannel("A"))
    return ground


def animate(picture: Image.Image, count: int) -> list[Image.Image]:
    """A loop: the camera breathes and drifts a little while motes of light rise."""
    rng = chance("frames", count)
    motes = [
        (rng.random(), rng.random(), rng.uniform(0.006, 0.016), rng.random()) for _ in range(16)
    ]
    width, height = picture.size
    frames: list[Image.Image] = []
    for i in range(count):
        turn = i / count
        angle = turn * math.tau
        zoom = 1 - 0.03 - 0.015 * math.cos(angle)
        span_x, span_y = width * zoom, height * zoom
        left = (width - span_x) * (0.5 + 0.4 * math.sin(angle))
        top = (height - span_y) * (0.5 + 0.3 * math.cos(angle))
        frame = resized(
            picture,
            picture.size,
            Image.Resampling.BICUBIC,
            box=(left, top, left + span_x, top + span_y),
        )
        pen, wide, tall = root(Board(frame, DETAILS["medium"]))
        for x, y, radius, phase in motes:
            rise = (y - turn) % 1.0
            bright = 0.35 + 0.5 * abs(math.sin(math.pi * (turn + phase)))
            center = (wide * x + 0.02 * math.sin(angle + phase * 6), tall * rise)
            pen.shine(center, glow(center, radius * 2.4, rgb("fff3c9"), bright))
        frames.append(frame)
    return frames
