"""Drops what an input image says beside its pixels: place, device, comments.

The pixels are copied as they are; only an image that its EXIF says is turned or mirrored is
decoded and written again, upright.
"""

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from darkroom.assets.decoding import decoding
from darkroom.assets.inspect import PNG_KEPT, WEBP_KEPT, ImageFacts, NotAnImage

_ORIENTATION = 0x0112
# Real files have about ten scans. Thousands of them make a 132 KB file burn 26 s in a decoder.
_JPEG_SCANS_MAX = 64
# The next marker within a scan: not a stuffed zero, not a restart, not a fill byte.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JPEG_END, _JPEG_SCAN, _JPEG_COMMENT = 0xD9, 0xDA, 0xFE
# Of the application blocks, these say how to read the pixels.
_JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_JPEG_EXIF = b"Exif\0\0"
_WEBP_METADATA_FLAGS = 0x08 | 0x04  # EXIF, XMP

# A piece of the file: its kind, the whole of it, and where its contents begin within.
Block = tuple[bytes, memoryview, int]


def cleaned(path: Path, facts: ImageFacts) -> bytes | None:
    """The file without its metadata, upright; None when there is nothing to change.

    Raises :class:`~darkroom.assets.inspect.NotAnImage`. CPU work for large files.
    """
    if not facts.metadata:
        return None
    data = path.read_bytes()
    try:
        blocks = list(_BLOCKS[facts.media_type](memoryview(data)))
        orientation = _orientation(blocks)
        kept = _JOINED[facts.media_type](data, blocks)
    except (struct.error, IndexError) as error:
        raise NotAnImage("the image is damaged or cut off") from error
    if orientation > 1:
        return _upright(kept, facts, orientation)
    return kept if len(kept) < len(data) else None


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
        if tag == _ORIENTATION:
            return value if 1 <= value <= 8 else 1
    return 1


def _upright(data: bytes, facts: ImageFacts, orientation: int) -> bytes:
    from PIL import Image

    turns = Image.Transpose
    turn = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }[orientation]
    out = io.BytesIO()
    with decoding(io.BytesIO(data)) as image:
        kept = ("icc_profile", "transparency")
        options: dict[str, Any] = {name: image.info[name] for name in kept if name in image.info}
        kind = facts.media_type.removeprefix("image/")
        options |= {"jpeg": {"quality": 95, "subsampling": 0}, "webp": {"quality": 95}}.get(
            kind, {}
        )
        turned = image.transpose(turn)
        turned.info.clear()
        turned.save(out, kind.upper(), **options)
    return out.getvalue()


def _jpeg_blocks(data: memoryview) -> Iterator[Block]:
    """The marker segments, and what follows each scan's header up to the next marker."""
    at, scans = 2, 0
    while True:
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        if data[at] != 0xFF:
            raise NotAnImage("the JPEG is damaged")
        marker = data[at + 1]
        if marker == _JPEG_END:
            return  # phones append films and further pictures behind it
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if marker == _JPEG_SCAN:
            scans += 1
            if scans > _JPEG_SCANS_MAX:
                raise NotAnImage(f"the JPEG has more than {_JPEG_SCANS_MAX} scans")
            following = _JPEG_MARKER.search(data, end)
            if following is None:
                raise NotAnImage("the JPEG is cut off")
            end = following.start()
        if end > len(data):
            raise NotAnImage("the JPEG is cut off")
        yield bytes((marker,)), data[at:end], 4
        at = end


def _jpeg_joined(_: bytes, blocks: list[Block]) -> bytes:
    kept = [whole for kind, whole, start in blocks if _jpeg_keeps(kind[0], whole[start:])]
    return b"".join((b"\xff\xd8", *kept, b"\xff\xd9"))


def _jpeg_keeps(marker: int, content: memoryview) -> bool:
    if 0xE0 <= marker <= 0xEF:
        wanted = _JPEG_KEPT.get(marker)
        return wanted is not None and bytes(content[: len(wanted)]) == wanted
    return marker != _JPEG_COMMENT


def _png_blocks(data: memoryview) -> Iterator[Block]:
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + 12 + length], 8
        at += 12 + length
        if kind == b"IEND":
            return


def _png_joined(data: bytes, blocks: list[Block]) -> bytes:
    return b"".join((data[:8], *(whole for kind, whole, _ in blocks if kind in PNG_KEPT)))


def _webp_blocks(data: memoryview) -> Iterator[Block]:
    at, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        after = at + 8 + length + length % 2
        yield kind, data[at:after], 8
        at = after


def _webp_joined(_: bytes, blocks: list[Block]) -> bytes:
    chunks = [b"WEBP"]
    for kind, whole, _start in blocks:
        chunk = bytes(whole)
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes((chunk[8] & ~_WEBP_METADATA_FLAGS,)) + chunk[9:]
        if kind in WEBP_KEPT:
            chunks.append(chunk)
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_BLOCKS = {"image/jpeg": _jpeg_blocks, "image/png": _png_blocks, "image/webp": _webp_blocks}
_JOINED = {"image/jpeg": _jpeg_joined, "image/png": _png_joined, "image/webp": _webp_joined}
