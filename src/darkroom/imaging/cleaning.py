"""Drops what an input image says beside its pixels: place, device, comments, bytes behind its end.

The pixels are copied as they are; only an image that its EXIF says is turned or mirrored is
decoded and written again, upright.
"""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.imaging.blocks import (
    JPEG_COMMENT,
    JPEG_START,
    Block,
    jpeg_blocks,
    png_blocks,
    webp_blocks,
)
from darkroom.imaging.decoding import decoding
from darkroom.imaging.inspect import PNG_KEPT, WEBP_KEPT, ImageFacts, NotAnImage
from darkroom.imaging.pixels import ORIENTATION, turned_upright
from darkroom.imaging.work import REWRITING, pooled

if TYPE_CHECKING:
    from PIL import Image

# Of the application blocks, these say how to read the pixels.
_JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_JPEG_END = b"\xff\xd9"
_JPEG_EXIF = b"Exif\0\0"
_WEBP_METADATA_FLAGS = 0x08 | 0x04  # EXIF, XMP

# How an upright copy is written: hardly any loss, and in time.
_WRITTEN: dict[str, dict[str, Any]] = {
    "image/jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "image/png": {"format": "PNG", "compress_level": 1},
    "image/webp": {"format": "WEBP", "quality": 95, "method": 2},
}

Piece = bytes | memoryview


@pooled(REWRITING)
def cleaned(source: Path, target: Path, facts: ImageFacts) -> bool:
    """Write the file without its metadata, upright. False, and no file, when nothing changes.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage`.
    """
    if not facts.metadata:
        return False
    orientation = _stripped(source, target, facts)
    if orientation > 1:
        _turn_upright(target, facts, orientation)
        return True
    if target.stat().st_size < source.stat().st_size:
        return True
    target.unlink()
    return False


def _stripped(source: Path, target: Path, facts: ImageFacts) -> int:
    """Write what is kept of the file. Returns how it is turned, 1 to 8."""
    data = source.read_bytes()
    take_apart, join = _FORMATS[facts.media_type]
    try:
        blocks = list(take_apart(memoryview(data)))
        orientation = _orientation(blocks)
        pieces = join(data, blocks)
    except (struct.error, IndexError) as error:
        raise NotAnImage("the image is damaged or cut off") from error
    with target.open("wb") as file:
        file.writelines(pieces)
    return orientation


def _orientation(blocks: list[Block]) -> int:
    """What the EXIF block says, 1 to 8; 1 when there is none or it cannot be read."""
    for kind, whole, start in blocks:
        if kind not in (b"\xe1", b"eXIf", b"EXIF"):
            continue
        content = bytes(whole[start:])
        if kind != b"\xe1" or content.startswith(_JPEG_EXIF):
            try:
                return _tagged_orientation(content.removeprefix(_JPEG_EXIF))
            except struct.error:
                return 1
    return 1


def _tagged_orientation(tiff: bytes) -> int:
    """The tag of the first directory (TIFF 6.0, section 2)."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, value = struct.unpack_from(f"{order}H6xH", tiff, entry)
        if tag == ORIENTATION:
            return value if 1 <= value <= 8 else 1
    return 1


def _turn_upright(path: Path, facts: ImageFacts, orientation: int) -> None:
    turned, options = _turned(path, orientation)
    turned.save(path, **_WRITTEN[facts.media_type], **options)


def _turned(path: Path, orientation: int) -> "tuple[Image.Image, dict[str, Any]]":
    """The upright picture, and what is written with it."""
    with decoding(path) as image:
        turned = turned_upright(image, orientation)
        kept = ("icc_profile", "transparency")
        options = {name: image.info[name] for name in kept if name in image.info}
    turned.info.clear()
    return turned, options


def _jpeg_joined(_: bytes, blocks: list[Block]) -> list[Piece]:
    kept = [whole for kind, whole, start in blocks if _jpeg_keeps(kind[0], whole[start:])]
    return [JPEG_START, *kept, _JPEG_END]


def _jpeg_keeps(marker: int, content: memoryview) -> bool:
    if 0xE0 <= marker <= 0xEF:
        wanted = _JPEG_KEPT.get(marker)
        return wanted is not None and bytes(content[: len(wanted)]) == wanted
    return marker != JPEG_COMMENT


def _png_joined(data: bytes, blocks: list[Block]) -> list[Piece]:
    return [data[:8], *(whole for kind, whole, _ in blocks if kind in PNG_KEPT)]


def _webp_joined(_: bytes, blocks: list[Block]) -> list[Piece]:
    chunks: list[Piece] = []
    for kind, whole, _start in blocks:
        if kind == b"VP8X":
            flags = bytes((whole[8] & ~_WEBP_METADATA_FLAGS,))
            chunks += [whole[:8], flags, whole[9:]]
        elif kind in WEBP_KEPT:
            chunks.append(whole)
    length = len(b"WEBP") + sum(map(len, chunks))
    return [b"RIFF" + struct.pack("<I", length) + b"WEBP", *chunks]


_FORMATS = {
    "image/jpeg": (jpeg_blocks, _jpeg_joined),
    "image/png": (png_blocks, _png_joined),
    "image/webp": (webp_blocks, _webp_joined),
}
