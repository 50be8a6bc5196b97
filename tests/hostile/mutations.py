"""Damages image files in the ways that find mistakes of decoders, the same way for a seed."""

import random
import struct
from collections.abc import Callable, Iterator

from PIL import ImageCms, PngImagePlugin

from tests.fakes.pictures import chunk
from tests.imaging.images import exif, gradient, saved, segment

_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_TELLING = (0, 1, 0x7F, 0x80, 0xD8, 0xD9, 0xDA, 0xFF)
_SIZES = (0, 1, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def seeds() -> dict[str, bytes]:
    """Valid files that between them have most of what the three formats know."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words " * 20, zip=True)
    jpeg = saved(gradient(), "JPEG", exif=exif(6), icc_profile=_PROFILE)
    return {
        **{f"png {mode}": saved(gradient(mode), "PNG") for mode in ("RGB", "RGBA", "L", "LA", "1")},
        "png palette": saved(gradient("P"), "PNG", transparency=2),
        "png 16": saved(gradient("L").convert("I;16"), "PNG"),
        "png told": saved(gradient(), "PNG", pnginfo=text, exif=exif(3), icc_profile=_PROFILE),
        "png frames": saved(gradient(), "PNG", save_all=True, append_images=[gradient().rotate(9)]),
        "jpeg": jpeg,
        "jpeg progressive": saved(gradient(), "JPEG", progressive=True, restart_marker_rows=1),
        "jpeg L": saved(gradient("L"), "JPEG"),
        "jpeg CMYK": saved(gradient("CMYK"), "JPEG"),
        "jpeg segments": jpeg[:2] + segment(0xE0, b"JFXX\0\x10") + segment(0xFE, b"c") + jpeg[2:],
        "webp": saved(gradient(), "WEBP", exif=exif(8), icc_profile=_PROFILE),
        "webp alpha": saved(gradient("RGBA"), "WEBP", quality=40),
        "webp lossless": saved(gradient("RGBA"), "WEBP", lossless=True),
        "webp frames": saved(gradient(), "WEBP", save_all=True, append_images=[gradient("L")]),
        "gif": saved(gradient("P"), "GIF"),
    }


def mutations(files: dict[str, bytes], seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Without end: the name of the file that was damaged, and what became of it."""
    names = sorted(files)
    number = 0
    while True:
        # A generator of its own for each, so that one can be made again by its number.
        rng = random.Random(f"{seed}/{number}")
        name = names[number % len(names)]
        data = bytearray(files[name])
        damage(data, rng)
        if data[:4] == b"\x89PNG" and rng.random() < 0.7:
            data = _checked(data)  # else the checksum keeps most damage from the decoder
        yield f"{name} #{number}", bytes(data)
        number += 1


def damage(data: bytearray, rng: random.Random) -> None:
    """A few changes of whatever kind, in place."""
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if data:
            rng.choice(_DAMAGES)(data, rng)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice(_TELLING)


def _size(data: bytearray, rng: random.Random) -> None:
    """Somewhere, mostly near the start, a number that is taken for a length or a size."""
    order, width = rng.choice("<>"), rng.choice("HI")
    at = rng.randrange(min(len(data), rng.choice((40, 400, 1 << 20))))
    value = rng.choice(_SIZES) & (0xFFFF if width == "H" else 0xFFFFFFFF)
    packed = struct.pack(order + width, value)
    data[at : at + len(packed)] = packed


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 64)]


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.randrange(1, 64))


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    piece = data[at : at + rng.randrange(1, 256)]
    data[at:at] = piece * rng.choice((1, 2, 50))


def _move(data: bytearray, rng: random.Random) -> None:
    start, to = rng.randrange(len(data)), rng.randrange(len(data))
    piece = data[start : start + rng.randrange(1, 128)]
    data[to : to + len(piece)] = piece


_DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _set, _size, _cut, _remove, _insert, _repeat, _move),
)


def _checked(data: bytearray) -> bytearray:
    """A PNG with right checksums, as far as its chunks can be followed."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        out += chunk(bytes(data[at + 4 : at + 8]), bytes(data[at + 8 : at + 8 + length]))
        at += 12 + length
    return out + data[at:]
