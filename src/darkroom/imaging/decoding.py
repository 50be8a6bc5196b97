"""Opens an image for decoding: known formats, a bounded canvas, one frame, one kind of error.

Only the workers of the pool call this: a decoder may be slow, large, or wrong.
"""

import struct
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.imaging.blocks import JPEG_START, jpeg_blocks
from darkroom.imaging.inspect import NotAnImage, bounded
from darkroom.imaging.work import pooled

if TYPE_CHECKING:
    from PIL import Image

DECODED_PIXELS_MAX = {"PNG": 25_000_000, "JPEG": 25_000_000, "MPO": 25_000_000, "WEBP": 17_000_000}
"""So many fit into a worker's memory: decoding takes up to 10 bytes a pixel, of a WebP 15."""
_FORMATS = ("PNG", "JPEG", "WEBP")


@contextmanager
def decoding(source: Path | BytesIO) -> "Generator[Image.Image]":
    """The image of a PNG, JPEG or WebP, not decoded yet.

    Whatever a decoder raises inside becomes :class:`~darkroom.imaging.inspect.NotAnImage`.
    """
    with opening(source, _FORMATS) as image:
        # The decoder may read another size, or more frames, than our look at the header.
        bounded(image.width, image.height, DECODED_PIXELS_MAX[image.format or ""])
        # Phones put further pictures behind a JPEG, which the decoder takes for frames (MPO).
        if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
            raise NotAnImage("the image is animated")
        yield image


@contextmanager
def opening(source: Path | BytesIO, formats: tuple[str, ...]) -> "Generator[Image.Image]":
    """The same of any size, and possibly animated: for whoever decodes it smaller."""
    from PIL import Image

    try:
        _check_scans(source)
        with Image.open(source, formats=formats) as image:
            bounded(image.width, image.height)
            yield image
    except NotAnImage:
        raise
    except (
        ArithmeticError,
        AssertionError,  # of a palette that is missing
        EOFError,
        LookupError,
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise NotAnImage("the image is damaged") from error


@pooled()
def check_decodes(path: Path) -> None:
    """Raises :class:`~darkroom.imaging.inspect.NotAnImage` unless all of it can be decoded."""
    with decoding(path) as image:
        image.load()


def _check_scans(source: Path | BytesIO) -> None:
    """A JPEG has few scans and segments, or is refused: each costs, and none is seen in its size.

    Before anything else, since the decoder begins to read them when it opens the file.
    """
    data = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    if data.startswith(JPEG_START):
        for _ in jpeg_blocks(memoryview(data)):
            pass
