"""Small WebP copies of any image: for lists of images, and for the eyes of agents."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.imaging.decoding import opening
from darkroom.imaging.inspect import ImageFacts
from darkroom.imaging.pixels import in_colour, upright
from darkroom.imaging.work import pooled

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITY = 80
_STEPS = ((1.0, 75), (1.0, 50), (0.75, 50), (0.5, 40), (0.25, 30), (0.125, 20))
"""Share of the asked size, and quality: until it fits."""


@pooled()
def thumbnail(source: Path, target: Path, edge: int) -> ImageFacts:
    """Write a WebP whose longest side has at most ``edge`` pixels; never larger than the image.

    Upright, transparent where it was, with its colour profile and no other metadata; of an
    animation, the first frame. Raises :class:`~darkroom.imaging.inspect.NotAnImage`.
    """
    picture, profile = _shrunk(source, edge)
    _save(picture, target, _QUALITY, profile)
    return ImageFacts("image/webp", picture.width, picture.height)


@pooled()
def preview(source: Path, edge: int) -> bytes:
    """The same as bytes."""
    picture, profile = _shrunk(source, edge)
    out = BytesIO()
    _save(picture, out, _QUALITY, profile)
    return out.getvalue()


@pooled()
def small(data: bytes, edge: int, bytes_max: int) -> bytes:
    """The same of bytes that are at hand: of less quality, and then smaller, until it fits."""
    picture, profile = _shrunk(BytesIO(data), edge)
    made = b""
    for share, quality in _STEPS:
        side = max(1, round(edge * share))
        picture.thumbnail((side, side))
        out = BytesIO()
        _save(picture, out, quality, profile)
        made = out.getvalue()
        if len(made) <= bytes_max:
            break
        profile = None  # some are larger than the picture
    return made


def _save(
    picture: "Image.Image", target: Path | BytesIO, quality: int, profile: bytes | None
) -> None:
    picture.save(target, "WEBP", quality=quality, method=4, icc_profile=profile or b"")


def _shrunk(source: Path | BytesIO, edge: int) -> "tuple[Image.Image, bytes | None]":
    from PIL import Image

    with opening(source, _FORMATS) as image:
        image.draft("RGB", (2 * edge, 2 * edge))  # a JPEG is decoded smaller at once
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        picture = in_colour(image)
        picture.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
        picture = upright(picture)
        picture.load()  # one that is small already was not decoded yet
    picture.info.clear()
    return picture, profile
