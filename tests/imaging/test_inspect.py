"""What a file is, by its own bytes."""

import struct
from pathlib import Path

import pytest

from darkroom.imaging.inspect import PIXELS_MAX, ImageFacts, NotAnImage, inspect
from tests.fakes.pictures import chunk
from tests.imaging.images import PNG, exif, gradient, png_header, riff, saved, segment, write

IMAGE = gradient()
WHOLE = {
    "png": saved(IMAGE, "PNG"),
    "png-16": saved(gradient("I;16"), "PNG"),
    "png-palette": saved(gradient("P"), "PNG"),
    "jpeg": saved(IMAGE, "JPEG"),
    "jpeg-progressive": saved(IMAGE, "JPEG", progressive=True),
    "jpeg-cmyk": saved(gradient("CMYK"), "JPEG"),
    "webp-lossy": saved(IMAGE, "WEBP"),
    "webp-lossless": saved(IMAGE, "WEBP", lossless=True),
    "webp-alpha": saved(gradient("RGBA"), "WEBP", exif=exif()),
    "gif": saved(IMAGE, "GIF"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_type_and_size_come_from_the_bytes(name: str, tmp_path: Path) -> None:
    facts = inspect(write(tmp_path, WHOLE[name]))
    assert (facts.media_type, facts.width, facts.height) == (
        f"image/{name.partition('-')[0]}",
        40,
        24,
    )
    assert not facts.animated


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_stops_early_is_refused(name: str, tmp_path: Path) -> None:
    data = WHOLE[name]
    for end in {*range(0, len(data) - 1, max(1, len(data) // 60)), len(data) - 1}:
        if name == "gif" and data[:end].endswith(b";"):
            continue  # its end is a single byte, which may stand anywhere
        with pytest.raises(NotAnImage):
            inspect(write(tmp_path, data[:end]))


@pytest.mark.parametrize("size", [(1, 1), (3, 4000), (16383, 7)])
@pytest.mark.parametrize(
    ("kind", "lossless"), [("PNG", False), ("JPEG", False), ("WEBP", False), ("WEBP", True)]
)
def test_odd_sizes(kind: str, lossless: bool, size: tuple[int, int], tmp_path: Path) -> None:
    options = {"lossless": lossless} if kind == "WEBP" else {}
    facts = inspect(write(tmp_path, saved(gradient(size=size), kind, **options)))
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>" + b" " * 40,
        b"<!doctype html><script>" + b" " * 40,
        b"%PDF-1.7" + b" " * 40,
        b"BM" + b"\0" * 60,
        b"II*\0" + b"\0" * 60,
        b"\0\0\0\x1cftypavif" + b"\0" * 60,
        PNG[:-1] + b"x" + WHOLE["png"][8:],
        b"RIFF\x40\0\0\0WAVEfmt " + b"\0" * 60,
        riff((b"ALPH", b"\0" * 20)),
        b"\xff\xd8\xff" + b"\0" * 60,
    ],
)
def test_anything_else_is_no_image(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAnImage):
        inspect(write(tmp_path, data))


def jpeg_header(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + segment(0xC0, frame) + segment(0xDA, b"\x01\x01\x00\0\x3f\0") + b"\xff\xd9"


@pytest.mark.parametrize(
    "data",
    [
        PNG + png_header(2**31 - 1, 2**31 - 1) + chunk(b"IEND", b""),
        PNG + png_header(PIXELS_MAX + 1, 1) + chunk(b"IEND", b""),
        jpeg_header(65_535, 65_535),
        riff((b"VP8X", b"\0\0\0\0" + b"\xff" * 6)),
        riff((b"VP8L", b"\x2f" + (16382 | 16382 << 14).to_bytes(4, "little") + b"\0" * 9)),
    ],
)
def test_giant_dimensions_are_refused_by_the_header(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAnImage, match="64 million"):
        inspect(write(tmp_path, data))


def test_no_pixels_at_all(tmp_path: Path) -> None:
    with pytest.raises(NotAnImage, match="no pixels"):
        inspect(write(tmp_path, PNG + png_header(0, 5) + chunk(b"IEND", b"")))


def test_the_first_header_counts_and_has_to_come_first(tmp_path: Path) -> None:
    small, huge = png_header(4, 4), png_header(60_000, 60_000)
    late = chunk(b"tEXt", b"a\0b")
    with pytest.raises(NotAnImage, match="million"):
        inspect(write(tmp_path, PNG + huge + chunk(b"IDAT", b"") + small + chunk(b"IEND", b"")))
    with pytest.raises(NotAnImage):
        inspect(write(tmp_path, PNG + late + small + chunk(b"IEND", b"")))


def test_many_chunks_are_fine_and_endless_ones_are_not(tmp_path: Path) -> None:
    # libpng writes 8 KB at a time: 50 MB are 6,100 chunks.
    for count, good in ((7_000, True), (25_000, False)):
        path = write(
            tmp_path, PNG + png_header(4, 4) + chunk(b"IDAT", b"x") * count + chunk(b"IEND", b"")
        )
        if good:
            assert inspect(path).width == 4
        else:
            with pytest.raises(NotAnImage, match="too many"):
                inspect(path)
    with pytest.raises(NotAnImage, match="too many"):
        inspect(write(tmp_path, b"\xff\xd8" + b"\xff" * 50_000))
    with pytest.raises(NotAnImage, match="too many"):
        inspect(write(tmp_path, riff((b"VP8L", b"\x2f" + b"\0" * 20), *[(b"JUNK", b"")] * 25_000)))


@pytest.mark.parametrize(
    ("data", "metadata"),
    [
        (saved(IMAGE, "PNG"), False),
        (saved(gradient("P"), "PNG", transparency=0, gamma=0.45, dpi=(72, 72)), False),
        (saved(IMAGE, "PNG", exif=exif()), True),
        (saved(IMAGE, "PNG") + b"<script>alert(1)</script>", True),
        (PNG + png_header(1, 1) + chunk(b"prVt", b"x") + chunk(b"IEND", b""), True),
        (saved(IMAGE, "WEBP"), False),
        (saved(IMAGE, "WEBP", exif=exif()), True),
        (saved(IMAGE, "WEBP") + b"more", True),
        (riff((b"VP8L", b"\x2f" + b"\0" * 20), (b"EXIF", b"not announced")), True),
    ],
)
def test_metadata_is_whatever_the_pixels_do_not_need(
    data: bytes, metadata: bool, tmp_path: Path
) -> None:
    assert inspect(write(tmp_path, data)).metadata is metadata


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_noticed(kind: str, tmp_path: Path) -> None:
    data = saved(IMAGE, kind, save_all=True, append_images=[gradient().rotate(90), IMAGE])
    assert inspect(write(tmp_path, data)).animated


def test_a_film_behind_a_photo_does_not_hide_its_end(tmp_path: Path) -> None:
    data = saved(IMAGE, "JPEG") + b"\0" * 300_000
    assert inspect(write(tmp_path, data)) == ImageFacts("image/jpeg", 40, 24, metadata=True)


def test_a_thumbnails_end_is_not_the_end(tmp_path: Path) -> None:
    data = saved(IMAGE, "JPEG", exif=exif() + b"\xff\xd9")
    with pytest.raises(NotAnImage, match="cut off"):
        inspect(write(tmp_path, data[:-40]))
