"""Looks at the head and tail of an image file: what it really is, how large, whether it is whole.

Nothing is decoded here. Layouts: PNG (w3.org/TR/png-3), JPEG (ITU T.81 annex B), WebP
(developers.google.com/speed/webp/docs/riff_container), GIF (w3.org/Graphics/GIF/spec-gif89a.txt).
"""

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIXELS_MAX = 64_000_000
# Enough for 128 MB in libpng's chunks of 8 KB.
SEGMENTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the bytes say.

    ``metadata``: a PNG or WebP has blocks that its pixels do not need, or bytes behind its end.
    For a JPEG it is always True: its blocks may stand anywhere, and only reading all of it tells.
    """

    media_type: str
    width: int
    height: int
    metadata: bool = False
    animated: bool = False


class NotAnImage(ValueError):
    """The message says what is wrong, for whoever supplied the file."""


def inspect(path: Path) -> ImageFacts:
    """The facts of the file. Raises :class:`NotAnImage`."""
    with path.open("rb") as file:
        head = file.read(32)
        for magic, offset, read in _KINDS:
            if head[offset : offset + len(magic)] == magic:
                try:
                    facts = read(file)
                except (struct.error, IndexError) as error:
                    raise NotAnImage("the image is cut off") from error
                bounded(facts.width, facts.height)
                return facts
    raise NotAnImage("the bytes are not a PNG, JPEG, WebP or GIF image")


def bounded(width: int, height: int, pixels_max: int = PIXELS_MAX) -> None:
    """Raises :class:`NotAnImage` for a canvas that is empty or too large."""
    if width < 1 or height < 1:
        raise NotAnImage("the image has no pixels")
    if width * height > pixels_max:
        doing = "are accepted" if pixels_max == PIXELS_MAX else "can be decoded here"
        raise NotAnImage(
            f"the image has {width}x{height} pixels; at most {pixels_max // 10**6} million {doing}"
        )


def _png(file: BinaryIO) -> ImageFacts:
    size = file.seek(0, 2)
    file.seek(8)
    length, kind, width, height = struct.unpack(">I4sII", file.read(16))
    if (length, kind) != (13, b"IHDR"):
        raise NotAnImage("the PNG is damaged")
    file.seek(9, 1)
    metadata = animated = False
    for _ in range(SEGMENTS_MAX):
        length, kind = struct.unpack(">I4s", file.read(8))
        end = file.tell() + length + 4
        if end > size:
            raise NotAnImage("the PNG is cut off")
        if kind == b"IEND":
            return ImageFacts("image/png", width, height, metadata or end < size, animated)
        if kind == b"acTL":
            animated = animated or struct.unpack(">I", file.read(4))[0] > 1
        metadata = metadata or kind not in PNG_KEPT
        file.seek(end)
    raise NotAnImage("the PNG has too many chunks")


def _jpeg(file: BinaryIO) -> ImageFacts:
    file.seek(2)
    for _ in range(SEGMENTS_MAX):
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            raise NotAnImage("the JPEG is damaged or cut off")
        if marker[1] == 0xFF:  # fill bytes before a marker
            file.seek(-1, 1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">xHH", file.read(5))
            _require_jpeg_end(file)
            return ImageFacts("image/jpeg", width, height, metadata=True)
        file.seek(length - 2, 1)
    raise NotAnImage("the JPEG has too many segments")


def _require_jpeg_end(file: BinaryIO) -> None:
    # Found at once at the very end, or before what phones append: films, further pictures.
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.rfind(b"\xff\xd9", file.tell()) < 0:
            raise NotAnImage("the JPEG is cut off")


def _webp(file: BinaryIO) -> ImageFacts:
    size = file.seek(0, 2)
    file.seek(4)
    (riff_size,) = struct.unpack("<I", file.read(4))
    if size < riff_size + 8:
        raise NotAnImage("the WebP is cut off")
    file.seek(12)
    kind, _, body = struct.unpack("<4sI10s", file.read(18))
    canvas = _WEBP_CANVAS.get(kind)
    if canvas is None:
        raise NotAnImage("the WebP is damaged")
    width, height = canvas(body)
    kinds = _webp_chunks(file, riff_size + 8)
    metadata = size > riff_size + 8 or not kinds <= WEBP_KEPT
    return ImageFacts("image/webp", width, height, metadata, animated=b"ANMF" in kinds)


def _webp_chunks(file: BinaryIO, end: int) -> set[bytes]:
    kinds: set[bytes] = set()
    file.seek(12)
    for _ in range(SEGMENTS_MAX):
        if file.tell() + 8 > end:
            return kinds
        kind, length = struct.unpack("<4sI", file.read(8))
        kinds.add(kind)
        file.seek(length + length % 2, 1)
    raise NotAnImage("the WebP has too many chunks")


def _vp8x(body: bytes) -> tuple[int, int]:
    return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")


def _vp8l(body: bytes) -> tuple[int, int]:
    bits = int.from_bytes(body[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _vp8(body: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


_WEBP_CANVAS = {b"VP8X": _vp8x, b"VP8L": _vp8l, b"VP8 ": _vp8}


def _gif(file: BinaryIO) -> ImageFacts:
    file.seek(6)
    width, height = struct.unpack("<HH", file.read(4))
    file.seek(-1, 2)
    if file.read(1) != b";":
        raise NotAnImage("the GIF is cut off")
    return ImageFacts("image/gif", width, height)


# What the pixels and their colours need; everything else goes.
PNG_KEPT = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"sBIT", b"pHYs"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI"),
    )
)
WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"})

_KINDS: tuple[tuple[bytes, int, Callable[[BinaryIO], ImageFacts]], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, _png),
    (b"\xff\xd8\xff", 0, _jpeg),
    (b"WEBP", 8, _webp),
    (b"GIF8", 0, _gif),
)
