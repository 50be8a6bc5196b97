"""Drops what an input image says beside its pixels: place, device, comments.

The pixels are copied as they are; only an image that its EXIF says is turned or mirrored is
decoded and written again, upright.
"""

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from darkroom.assets.inspect import (
    JPEG_METADATA,
    PNG_METADATA,
    WEBP_METADATA_FLAGS,
    ImageFacts,
    NotAnImage,
)

_ORIENTATION = 0x0112
# Real files have about ten scans. Thousands of them make a 132 KB file burn 26 s in a decoder.
_JPEG_SCANS_MAX = 64
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_WEBP_METADATA = (b"EXIF", b"XMP ", b"C2PA")


def cleaned(path: Path, facts: ImageFacts) -> bytes | None:
    """The file without its metadata, upright; None when there is nothing to change.

    Raises :class:`~darkroom.assets.inspect.NotAnImage`. CPU work for large files.
    """
    data = path.read_bytes()
    if facts.media_type == "image/jpeg":
        _refuse_many_scans(data)
    if not facts.metadata:
        return None
    if _orientation(data) > 1:
        return _upright(data, facts)
    try:
        kept = b"".join(_STRIPPERS[facts.media_type](data))
    except (struct.error, IndexError) as error:
        raise NotAnImage("the image is damaged") from error
    return kept if len(kept) < len(data) else None


def _orientation(data: bytes) -> int:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        return int(image.getexif().get(_ORIENTATION, 1))


def _upright(data: bytes, facts: ImageFacts) -> bytes:
    from PIL import Image, ImageOps

    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        turned = ImageOps.exif_transpose(image)
        profile = image.info.get("icc_profile")
        options = {"icc_profile": profile} if profile else {}
        kind = facts.media_type.removeprefix("image/")
        quality = {"jpeg": {"quality": 95, "subsampling": 0}, "webp": {"quality": 95}}.get(kind, {})
        turned.info.clear()
        turned.save(out, kind.upper(), **options, **quality)
    return out.getvalue()


def _jpeg_without(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] not in JPEG_METADATA and data[at + 4 : at + 7] != b"MPF":
            yield data[at : at + 2 + length]
        at += 2 + length
    # Phones append films and further pictures behind the end marker.
    end = next((m.end() for m in _JPEG_MARKER.finditer(data, at) if m[0] == b"\xff\xd9"), len(data))
    yield data[at:end]


def _png_without(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind not in PNG_METADATA:
            yield data[at:end]
        if kind == b"IEND":
            return
        at = end


def _webp_without(data: bytes) -> Iterator[bytes]:
    chunks: list[bytes] = []
    at, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        after = at + 8 + length + length % 2
        if kind == b"VP8X":
            flags = data[at + 8] & ~WEBP_METADATA_FLAGS
            chunks.append(data[at : at + 8] + bytes([flags]) + data[at + 9 : after])
        elif kind not in _WEBP_METADATA:
            chunks.append(data[at:after])
        at = after
    body = b"WEBP" + b"".join(chunks)
    yield b"RIFF" + struct.pack("<I", len(body)) + body


def _refuse_many_scans(data: bytes) -> None:
    scans = sum(match[0] == b"\xff\xda" for match in _JPEG_MARKER.finditer(data))
    if scans > _JPEG_SCANS_MAX:
        raise NotAnImage(f"the JPEG has {scans:,} scans; at most {_JPEG_SCANS_MAX} are accepted")


_STRIPPERS = {
    "image/jpeg": _jpeg_without,
    "image/png": _png_without,
    "image/webp": _webp_without,
}
