"""Cheap valid pictures: flat PNG, JPEG and WebP of any size, padded to any weight on request."""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture appears: pixels across and down, its colour, and whether it has alpha."""

    width: int
    height: int
    color: Color = (90, 140, 200)
    transparent: bool = False


def color_of(*words: object) -> Color:
    """A colour that follows from the words, so that different requests get different bytes."""
    digest = hashlib.sha256("\0".join(str(word) for word in words).encode()).digest()
    return digest[0], digest[1], digest[2]


@lru_cache(maxsize=64)
def picture(output_format: str, look: Look, weight: int = 0) -> bytes:
    """Valid bytes of ``output_format`` (png, jpeg, webp), at least ``weight`` bytes long."""
    if output_format == "png":
        return _png(look, weight)
    return _lossy(output_format, look, weight)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(look: Look, weight: int) -> bytes:
    alpha = b"\x00" if look.transparent else b""
    row = b"\x00" + (bytes(look.color) + alpha) * look.width
    header = struct.pack(
        ">IIBBBBB", look.width, look.height, 8, 6 if look.transparent else 2, 0, 0, 0
    )
    head = PNG_SIGNATURE + chunk(b"IHDR", header)
    tail = chunk(b"IDAT", zlib.compress(row * look.height, 1)) + chunk(b"IEND", b"")
    missing = weight - len(head) - len(tail) - 12
    return head + (chunk(b"paDd", _noise(missing)) if missing > 0 else b"") + tail


def _lossy(output_format: str, look: Look, weight: int) -> bytes:
    mode = "RGBA" if look.transparent and output_format == "webp" else "RGB"
    color = (*look.color, 0) if mode == "RGBA" else look.color
    out = io.BytesIO()
    Image.new(mode, (look.width, look.height), color).save(out, output_format.upper(), quality=80)
    data = out.getvalue()
    missing = weight - len(data)
    if missing <= 0:
        return data
    if output_format == "jpeg":
        return data[:2] + _comments(missing) + data[2:]
    padding = _noise(missing + missing % 2)
    body = data[8:] + b"paDd" + struct.pack("<I", len(padding)) + padding
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _comments(length: int) -> bytes:
    """JPEG comment segments holding at least ``length`` bytes."""
    piece = 65_533
    segments = [_noise(min(piece, length - done)) for done in range(0, length, piece)]
    return b"".join(b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text for text in segments)


@lru_cache(maxsize=16)
def _noise(length: int) -> bytes:
    """Bytes that do not compress, the same in every run."""
    return hashlib.shake_128(b"darkroom").digest(length)
