"""Image files that are meant to hurt: each small, each a lot of work for whoever believes it."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from tests.fakes.pictures import chunk
from tests.imaging.images import PNG, exif, gradient, png_header, riff, saved, segment

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n"
END = chunk(b"IEND", b"")


def zeros(length: int) -> bytes:
    """So many zero bytes, as a zlib stream of a thousandth of the size."""
    packer, block = zlib.compressobj(1), bytes(1 << 20)
    whole, rest = divmod(length, len(block))
    packed = [packer.compress(block) for _ in range(whole)]
    return b"".join((*packed, packer.compress(block[:rest]), packer.flush()))


def flat_png(width: int, height: int, *, interlaced: bool = False) -> bytes:
    """A valid grey PNG of zeros."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    length = _interlaced_length(width, height) if interlaced else (width + 1) * height
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zeros(length)) + END


def _interlaced_length(width: int, height: int) -> int:
    """Of the seven passes of Adam7."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4))
    passes += ((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    length = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        length += rows * (columns + 1) if columns > 0 and rows > 0 else 0
    return length


def flat_webp(width: int, height: int) -> bytes:
    """A valid lossless WebP of one colour: thirty bytes, whatever the size.

    No transforms, no cache, one code of one symbol for each channel: no bits per pixel at all.
    https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
    """
    bits = (width - 1) | (height - 1) << 14
    at = 32 + 3  # alpha and version; then no transform, no cache, no further codes
    for _ in range(5):
        bits |= 1 << at  # a simple code, of one symbol, of one bit, which is 0
        at += 4
    data = b"\x2f" + bits.to_bytes((at + 7) // 8, "little") + bytes(4)
    return riff((b"VP8L", data))


@lru_cache
def _progressive(side: int) -> bytes:
    return saved(Image.new("L", (side, side), 90), "JPEG", progressive=True)


def many_scans(side: int, count: int, *, turned: bool = False) -> bytes:
    """A progressive JPEG that says ``count`` times more what it has said."""
    data = _progressive(side)
    last = data.rindex(b"\xff\xda")
    data = data[:-2] + data[last:-2] * count + data[-2:]
    if turned:
        data = data[:2] + segment(0xE1, exif(6)) + data[2:]
    return data


def resized_header(side: int) -> bytes:
    """A JPEG whose head tells another size than its scans have."""
    data = bytearray(many_scans(512, 1_000))
    frame = data.index(b"\xff\xc2")
    struct.pack_into(">HH", data, frame + 5, side, side)
    return bytes(data)


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A small PNG with one more chunk, before its pixels."""
    return saved(gradient(), "PNG").replace(
        png_header(40, 24), png_header(40, 24) + chunk(kind, content)
    )


def over_full() -> bytes:
    """A PNG of 960 pixels with two hundred megabytes of them."""
    return PNG + png_header(40, 24) + chunk(b"IDAT", zeros(200 << 20)) + END


def animated_webp() -> bytes:
    more = [gradient().rotate(turn) for turn in range(40)]
    return saved(gradient(), "WEBP", save_all=True, append_images=more)


def flat_gif(width: int, height: int) -> bytes:
    """A GIF whose canvas is as large as told, with a frame of one pixel."""
    canvas = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + canvas + frame + b";"


BOMBS: dict[str, Callable[[], bytes]] = {
    "png 13k x 13k": lambda: flat_png(13_000, 13_000),
    "png 8k x 8k": lambda: flat_png(8_000, 8_000),
    "png 60M x 1": lambda: PNG + png_header(60_000_000, 1) + chunk(b"IDAT", b"") + END,
    "png 2^31 x 2^31": lambda: PNG + png_header(2**31 - 1, 2**31 - 1) + END,
    "png interlaced 81M": lambda: flat_png(9_000, 9_000, interlaced=True),
    "png zTXt": lambda: with_chunk(b"zTXt", b"Comment\0\0" + zeros(100 << 20)),
    "png iTXt": lambda: with_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros(100 << 20)),
    "png iCCP": lambda: with_chunk(b"iCCP", b"p\0\0" + zeros(100 << 20)),
    "png 2^31 frames": lambda: with_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
    "png 30,000 chunks": lambda: with_chunk(b"tEXt", b"").replace(
        chunk(b"tEXt", b""), chunk(b"tEXt", b"") * 30_000
    ),
    "png truncated": lambda: saved(gradient(), "PNG")[:-30],
    "webp 16383 x 10000": lambda: flat_webp(16_383, 10_000),
    "webp 16383 x 16383": lambda: flat_webp(16_383, 16_383),
    "webp 8k x 8k": lambda: flat_webp(8_000, 8_000),
    "webp 25M": lambda: flat_webp(5_000, 5_000),
    "webp animated": animated_webp,
    "webp truncated": lambda: saved(gradient(), "WEBP")[:-20],
    "jpeg 4096 x 4096, 2,000 scans": lambda: many_scans(4096, 2_000),
    "jpeg 144M, 1,000 scans": lambda: resized_header(12_000),
    "jpeg 65535 x 65535": lambda: resized_header(65_535),
    "jpeg 3M comments": lambda: _with_comments(3_000_000),
    "jpeg fill bytes": lambda: b"\xff\xd8" + b"\xff" * 8_000_000 + b"\xff\xd9",
    "jpeg truncated": lambda: saved(gradient(), "JPEG")[:-40],
    "gif 65535 x 65535": lambda: flat_gif(65_535, 65_535),
    "svg": lambda: SVG,
    "svg as png": lambda: PNG + SVG,
    "eps": lambda: EPS,
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "wrong magic": lambda: b"\x89PNG\n" + saved(gradient(), "PNG")[8:],
    "nothing": lambda: b"",
}
"""By name; each is refused."""


def _with_comments(count: int) -> bytes:
    data = saved(gradient(), "JPEG")
    scan = data.index(b"\xff\xda")
    return data[:scan] + segment(0xFE, b"") * count + data[scan:]


def _polyglot() -> bytes:
    return saved(gradient(), "PNG") + b"<script>CANARY</script>"


def _phone() -> bytes:
    """A JPEG with a second picture behind it, as phones make it."""
    out = io.BytesIO()
    gradient().save(out, "MPO", save_all=True, append_images=[gradient()], exif=exif(6))
    return out.getvalue()


ODD: dict[str, Callable[[], bytes]] = {
    "png and html": _polyglot,
    "jpeg and zip": lambda: saved(gradient(), "JPEG") + b"PK\3\4CANARY",
    "webp and html": lambda: saved(gradient(), "WEBP") + b"<script>CANARY</script>",
    "jpeg cmyk": lambda: saved(gradient("CMYK"), "JPEG"),
    "jpeg grey": lambda: saved(gradient("L"), "JPEG"),
    "png 16 bit": lambda: saved(gradient("L").convert("I;16"), "PNG"),
    "png palette": lambda: saved(gradient("P"), "PNG", transparency=3),
    "png interlaced": lambda: flat_png(1_000, 700, interlaced=True),
    "png over-full": over_full,
    "png 9M": lambda: flat_png(3_000, 3_000),
    "jpeg 60 scans": lambda: many_scans(1_024, 50),
    "webp flat": lambda: flat_webp(900, 500),
    "jpeg turned": lambda: saved(gradient(), "JPEG", exif=exif(6)),
    "png turned": lambda: saved(gradient(), "PNG", exif=exif(8)),
    "webp turned": lambda: saved(gradient(), "WEBP", exif=exif(3)),
    "phone": _phone,
    "gps in jpeg": lambda: saved(gradient(), "JPEG", exif=exif(), comment=b"CANARY"),
    "gps in png": lambda: saved(gradient(), "PNG", exif=exif()),
    "gps in webp": lambda: saved(gradient(), "WEBP", exif=exif(), xmp=b"<x>CANARY</x>"),
    "gps in xmp": lambda: with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x>CANARY</x>"),
}
"""By name; each is strange and yet an image, which is taken in without what it says beside it."""

LARGE: dict[str, Callable[[], bytes]] = {
    "png 25M": lambda: flat_png(5_000, 5_000),
    "png interlaced 25M": lambda: flat_png(5_000, 5_000, interlaced=True),
    "webp 17M": lambda: flat_webp(4_100, 4_100),
    "jpeg 25M, 60 scans": lambda: many_scans(5_000, 50),
    "jpeg 25M, 60 scans, turned": lambda: many_scans(5_000, 50, turned=True),
}
"""By name; each is as much work as is allowed."""
