"""Brings a mask into the one form that goes upstream: a PNG whose transparent pixels are edited.

Masks come in two conventions: alpha 0 marks what may change (OpenAI), or black marks it and white
is kept, without an alpha channel (OpenTryOn). The second is turned into the first.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.assets.cleaning import cleaned
from darkroom.assets.decoding import decoding
from darkroom.assets.inspect import ImageFacts

if TYPE_CHECKING:
    from PIL import Image

_GREY = 128


def with_alpha(path: Path, facts: ImageFacts) -> bytes | None:
    """The mask as a PNG with alpha and nothing else; None when it is one already.

    Raises :class:`~darkroom.assets.inspect.NotAnImage`. CPU work for large files.
    """
    from PIL import Image, ImageOps

    out = io.BytesIO()
    with decoding(path) as image:
        if facts.media_type == "image/png" and image.mode == "RGBA":
            return cleaned(path, facts)
        upright = ImageOps.exif_transpose(image)
        white = Image.new("L", upright.size, 255)
        alpha = _alpha(upright)
        Image.merge("RGBA", (white, white, white, alpha)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _alpha(image: "Image.Image") -> "Image.Image":
    if image.has_transparency_data:
        return image.convert("RGBA").getchannel("A")
    if image.mode.startswith("I"):  # Pillow clips 16 bits to 8 instead of scaling them
        image = image.convert("I").point(lambda value: value / 257)  # pyright: ignore[reportUnknownMemberType]
    return image.convert("L").point(_sides)  # pyright: ignore[reportUnknownMemberType]


def _sides(value: int) -> int:
    """Black or white: what a lossy format left in between has to fall on one side."""
    return 0 if value < _GREY else 255
