"""Looks at the head and tail of an image file: what it really is, how large, whether it is whole.

Nothing is decoded here. Layouts: PNG (w3.org/TR/png-3), JPEG (ITU T.81 annex B), WebP
(developers.google.com/speed/webp/docs/riff_container), GIF (w3.org/Graphics/GIF/spec-gif89a.txt).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIXELS_MAX = 64_000_000
_SEGMENTS_MAX = 2_000
_TRAILER = 1 << 16


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the bytes say. ``metadata``: there are EXIF, XMP or text blocks in the file."""

    media_type: str
    width: int
    height: int
    metadata: bool = False


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
                return _bounded(facts)
    raise NotAnImage("the bytes are not a PNG, JPEG, WebP or GIF image")


def _bounded(facts: ImageFacts) -> ImageFacts:
    if facts.width < 1 or facts.height < 1:
        raise NotAnImage("the image has no pixels")
    if facts.width * facts.height > PIXELS_MAX:
        raise NotAnImage(
            f"the image has {facts.width}x{facts.height} pixels;"
            f" at most {PIXELS_MAX // 10**6} million are accepted"
        )
    return facts


def _png(file: BinaryIO) -> ImageFacts:
    file.seek(8)
    width = height = 0
    metadata = False
    for _ in range(_SEGMENTS_MAX):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IHDR":
            width, height = struct.unpack(">II", file.read(8))
            file.seek(length - 8 + 4, 1)
            continue
        if kind == b"IEND":
            return ImageFacts("image/png", width, height, metadata)
        metadata = metadata or kind in PNG_METADATA
        file.seek(length + 4, 1)
    raise NotAnImage("the PNG has too many chunks")


def _jpeg(file: BinaryIO) -> ImageFacts:
    file.seek(2)
    metadata = False
    for _ in range(_SEGMENTS_MAX):
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
            return ImageFacts("image/jpeg", width, height, metadata)
        metadata = metadata or marker[1] in JPEG_METADATA
        file.seek(length - 2, 1)
    raise NotAnImage("the JPEG has too many segments")


def _require_jpeg_end(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(max(0, size - _TRAILER))
    if b"\xff\xd9" not in file.read():
        raise NotAnImage("the JPEG is cut off")


def _webp(file: BinaryIO) -> ImageFacts:
    file.seek(4)
    (riff_size,) = struct.unpack("<I", file.read(4))
    if file.seek(0, 2) < riff_size + 8:
        raise NotAnImage("the WebP is cut off")
    file.seek(12)
    kind, _ = struct.unpack("<4sI", file.read(8))
    body = file.read(14)
    if kind == b"VP8X":
        width = 1 + int.from_bytes(body[4:7], "little")
        height = 1 + int.from_bytes(body[7:10], "little")
        return ImageFacts("image/webp", width, height, bool(body[0] & WEBP_METADATA_FLAGS))
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return ImageFacts("image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return ImageFacts("image/webp", width & 0x3FFF, height & 0x3FFF)
    raise NotAnImage("the WebP is damaged")


def _gif(file: BinaryIO) -> ImageFacts:
    file.seek(6)
    width, height = struct.unpack("<HH", file.read(4))
    file.seek(-1, 2)
    if file.read(1) != b";":
        raise NotAnImage("the GIF is cut off")
    return ImageFacts("image/gif", width, height)


PNG_METADATA = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"tIME", b"caBX"})
# APP1 Exif and XMP, APP11 provenance, APP13 IPTC, COM
JPEG_METADATA = frozenset({0xE1, 0xEB, 0xED, 0xFE})
WEBP_METADATA_FLAGS = 0x08 | 0x04  # EXIF, XMP

_KINDS: tuple[tuple[bytes, int, Callable[[BinaryIO], ImageFacts]], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, _png),
    (b"\xff\xd8\xff", 0, _jpeg),
    (b"WEBP", 8, _webp),
    (b"GIF8", 0, _gif),
)
