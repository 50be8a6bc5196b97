"""Image files for the tests of this room: real ones from Pillow, and parts to take them apart."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from tests.fakes.pictures import chunk

CANARY = b"CANARY"
PNG = b"\x89PNG\r\n\x1a\n"


def gradient(mode: str = "RGB", size: tuple[int, int] = (40, 24)) -> Image.Image:
    """A picture without symmetry, so that a wrong turn shows."""
    width, height = size
    image = Image.new("RGB", size)
    image.putdata(
        [(x * 255 // width, y * 255 // height, 90) for y in range(height) for x in range(width)]
    )
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def exif(orientation: int = 1) -> bytes:
    """An EXIF block with a place and a camera."""
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = "CANARY camera"
    made.get_ifd(0x8825)[1] = "CANARY N"
    return made.tobytes()


def segment(marker: int, content: bytes) -> bytes:
    """A JPEG marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file."""
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def png_header(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))


def png_bomb(width: int, height: int) -> bytes:
    """A valid PNG of zeros."""
    packer = zlib.compressobj(1)
    row = b"\0" * (width * 3 + 1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return PNG + png_header(width, height) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write(folder: Path, data: bytes) -> Path:
    path = folder / "image"
    path.write_bytes(data)
    return path
