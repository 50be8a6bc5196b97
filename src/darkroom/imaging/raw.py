"""Hands out the bare pixels of an image: what a provider that works with them itself may touch."""

from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.imaging.decoding import decoding
from darkroom.imaging.pixels import in_colour, upright
from darkroom.imaging.work import pooled

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Raw:
    """``mode`` is Pillow's name of the layout: ``RGB``, ``RGBA`` or ``L``, a byte per channel."""

    mode: str
    width: int
    height: int
    pixels: bytes


@pooled()
def picture_of(path: Path, pixels_max: int) -> Raw:
    """The image in colour and upright, by a whole factor smaller where it has too many pixels.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage`.
    """
    with decoding(path) as image:
        return _raw(upright(_bounded(in_colour(image), pixels_max)))


@pooled()
def kept_by(path: Path, pixels_max: int) -> Raw:
    """Of a mask, how much stays by pixel (``L``): 255 all of it, 0 nothing."""
    with decoding(path) as mask:
        keep = mask.getchannel("A") if "A" in mask.getbands() else mask.convert("L")
        return _raw(_bounded(keep, pixels_max))


def _bounded(image: "Image.Image", pixels_max: int) -> "Image.Image":
    factor = ceil(sqrt(image.width * image.height / pixels_max))
    return image if factor <= 1 else image.reduce(factor)


def _raw(image: "Image.Image") -> Raw:
    return Raw(image.mode, image.width, image.height, image.tobytes())
