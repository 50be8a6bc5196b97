"""What input images tell beside their pixels never leaves; the pixels stay as they are."""

import io
import os
import struct
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, PngImagePlugin

from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.inspect import NotAnImage, inspect
from tests.fakes.pictures import chunk
from tests.imaging.images import CANARY, exif, gradient, opened, riff, saved, segment, write

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>CANARY</x:xmpmeta>"


def clean(data: bytes, folder: Path) -> bytes:
    """The file as it would be stored."""
    source, target = write(folder, data), folder / "target"
    target.unlink(missing_ok=True)
    if not cleaned(source, target, inspect(source)):
        assert not target.exists()
        return data
    return target.read_bytes()


def jpeg(**options: object) -> bytes:
    return saved(gradient(), "JPEG", quality=90, **options)


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def with_text(**options: object) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "CANARY" * 10)
    info.add_text("Comment", "CANARY" * 50, zip=True)
    info.add_itxt("XML:com.adobe.xmp", "<x>CANARY</x>", zip=False)
    return saved(gradient(), "PNG", pnginfo=info, exif=exif(), **options)


def between_scans(data: bytes) -> bytes:
    """A comment and an EXIF block in the middle of a progressive JPEG."""
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    return data[:second] + segment(0xFE, CANARY) + segment(0xE1, CANARY) + data[second:]


def after_frame(data: bytes) -> bytes:
    scan = data.index(b"\xff\xda")
    return data[:scan] + segment(0xFE, CANARY) + segment(0xE1, b"Exif\0\0CANARY") + data[scan:]


TELLTALE = {
    "jpeg exif": jpeg(exif=exif(), icc_profile=PROFILE),
    "jpeg comment": jpeg(comment=CANARY),
    "jpeg xmp": with_segments(jpeg(), segment(0xE1, XMP)),
    "jpeg iptc": with_segments(jpeg(), segment(0xED, b"Photoshop 3.0\0CANARY")),
    "jpeg c2pa": with_segments(jpeg(), segment(0xEB, b"JP\0\0CANARY")),
    "jpeg maker": with_segments(jpeg(), *(segment(0xE0 + n, CANARY) for n in range(16))),
    "jpeg fill bytes": with_segments(jpeg(), b"\xff\xff\xff" + segment(0xFE, CANARY)),
    "jpeg after the frame": after_frame(jpeg()),
    "jpeg between scans": between_scans(jpeg(progressive=True)),
    "jpeg trailer": jpeg() + b"CANARY" + jpeg(exif=exif()),
    "png": with_text(icc_profile=PROFILE),
    "png palette": saved(gradient("P"), "PNG", exif=exif(), transparency=3),
    "png trailer": saved(gradient(), "PNG") + b"<script>CANARY</script>",
    "png c2pa": saved(gradient(), "PNG").replace(
        chunk(b"IEND", b""), chunk(b"caBX", CANARY) + chunk(b"prIv", CANARY) + chunk(b"IEND", b"")
    ),
    "webp": saved(gradient(), "WEBP", exif=exif(), xmp=XMP, icc_profile=PROFILE),
    "webp lossless": saved(gradient("RGBA"), "WEBP", lossless=True, exif=exif()),
    "webp trailer": saved(gradient(), "WEBP") + CANARY,
    "webp unannounced": riff(
        (b"VP8 ", saved(gradient(), "WEBP")[20:]), (b"EXIF", CANARY), (b"SECR", CANARY)
    ),
}


@pytest.mark.parametrize("name", TELLTALE)
def test_the_canary_never_leaves_and_the_pixels_stay(name: str, tmp_path: Path) -> None:
    before = TELLTALE[name]
    after = clean(before, tmp_path)
    assert CANARY not in after
    old, new = opened(before), opened(after)
    assert (new.mode, new.size) == (old.mode, old.size)
    assert new.convert("RGBA").tobytes() == old.convert("RGBA").tobytes()
    assert new.info.get("icc_profile") == old.info.get("icc_profile")
    assert dict(new.getexif()) == {}
    assert {"xmp", "comment", "photoshop"}.isdisjoint(new.info)
    assert clean(after, tmp_path) == after


@pytest.mark.parametrize(
    "data",
    [
        saved(gradient(), "PNG"),
        saved(gradient(), "PNG", icc_profile=PROFILE, dpi=(300, 300)),
        saved(gradient("P"), "PNG", transparency=2),
        jpeg(icc_profile=PROFILE),
        jpeg(progressive=True, restart_marker_rows=1),
        saved(gradient("CMYK"), "JPEG"),
        saved(gradient("RGBA"), "WEBP", icc_profile=PROFILE),
        saved(gradient(), "WEBP", lossless=True),
    ],
)
def test_clean_files_are_left_alone(data: bytes, tmp_path: Path) -> None:
    assert clean(data, tmp_path) is data


def test_cmyk_keeps_the_block_that_says_how_to_read_it(tmp_path: Path) -> None:
    before = saved(gradient("CMYK"), "JPEG", exif=exif())
    after = clean(before, tmp_path)
    assert CANARY not in after
    assert opened(after).tobytes() == opened(before).tobytes()


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_turned_images_are_stored_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    before = saved(gradient(), kind, exif=exif(orientation), icc_profile=PROFILE, **lossless)
    after = clean(before, tmp_path)
    assert CANARY not in after
    upright = ImageOps.exif_transpose(opened(before))
    new = opened(after)
    assert new.size == upright.size == ((24, 40) if orientation > 4 else (40, 24))
    difference = ImageChops.difference(new.convert("RGB"), upright).tobytes()
    assert max(difference) <= (0 if kind == "PNG" else 12)
    assert new.info["icc_profile"] == PROFILE
    assert dict(new.getexif()) == {}
    assert inspect(write(tmp_path, after)).width == new.width


def phone_photo(orientation: int) -> bytes:
    """A JPEG with a second picture behind it and an index of both, as phones make it."""
    out = io.BytesIO()
    second = gradient(size=(16, 16))
    gradient().save(out, "MPO", save_all=True, append_images=[second], exif=exif(orientation))
    return out.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_further_pictures_of_a_phone_are_dropped(orientation: int, tmp_path: Path) -> None:
    before = phone_photo(orientation)
    assert opened(before).format == "MPO"
    after = clean(before, tmp_path)
    assert CANARY not in after
    assert b"MPF\0" not in after
    assert after.count(b"\xff\xd9") == 1
    assert opened(after).size == ((40, 24) if orientation == 1 else (24, 40))


def test_turning_a_palette_keeps_what_is_transparent(tmp_path: Path) -> None:
    palette = gradient("P")
    before = saved(palette, "PNG", exif=exif(3), transparency=palette.getpixel((0, 0)))
    new = opened(clean(before, tmp_path)).convert("RGBA")
    old = ImageOps.exif_transpose(opened(before)).convert("RGBA")
    assert new.tobytes() == old.tobytes()
    assert 0 in new.getchannel("A").tobytes()


@pytest.mark.parametrize("broken", [b"", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"junk"])
def test_exif_that_cannot_be_read_is_dropped_all_the_same(broken: bytes, tmp_path: Path) -> None:
    for data in (
        with_segments(jpeg(), segment(0xE1, broken)),
        saved(gradient(), "PNG").replace(
            chunk(b"IEND", b""), chunk(b"eXIf", broken) + chunk(b"IEND", b"")
        ),
    ):
        after = clean(data, tmp_path)
        assert len(after) < len(data)
        assert opened(after).size == (40, 24)


def scans(count: int) -> bytes:
    """A progressive JPEG with ``count`` scans more than it needs."""
    data = saved(gradient(size=(512, 512)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def test_a_jpeg_of_thousands_of_scans_is_refused_quickly(tmp_path: Path) -> None:
    bomb, useful = scans(2_000), scans(20)
    began = time.process_time()
    with pytest.raises(NotAnImage, match="scans"):
        clean(bomb, tmp_path)
    assert time.process_time() - began < 0.5
    assert clean(useful, tmp_path) is useful


def test_bytes_behind_the_end_are_not_taken_for_scans(tmp_path: Path) -> None:
    data = jpeg()
    assert clean(data + b"\xff\xda\0\x08" * 500 + b"\xff\xd9", tmp_path) == data


def test_a_large_photo_is_cleaned_in_no_time(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (2500, 2400), os.urandom(2500 * 2400 * 3))
    data = saved(noise, "JPEG", quality=92, exif=exif())
    assert len(data) > 5_000_000
    began = time.process_time()
    after = clean(data, tmp_path)
    assert time.process_time() - began < 1
    assert opened(after).tobytes() == opened(data).tobytes()


@pytest.mark.parametrize(
    "data",
    [
        jpeg()[:-2] + b"\xff\xe1\xff\xff\xff\xd9",
        jpeg(progressive=True)[:400] + b"\xff\xd9",
        jpeg().replace(b"\xff\xdb", b"\x00\xdb", 1),
        with_segments(jpeg(), b"\xff\xfe\0\0"),
    ],
)
def test_damaged_files_are_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAnImage):
        clean(data, tmp_path)


def test_every_flipped_bit_is_survived(tmp_path: Path) -> None:
    for data in (TELLTALE["jpeg exif"], TELLTALE["png"], TELLTALE["webp"]):
        for at in range(0, len(data), 5):
            flipped = data[:at] + bytes((data[at] ^ 1 << at % 8,)) + data[at + 1 :]
            try:
                changed = clean(flipped, tmp_path)
            except NotAnImage:
                continue
            assert 0 < len(changed) <= len(data)


def test_turning_is_bounded(tmp_path: Path) -> None:
    """The decoder reads the second frame header of this JPEG, our look at it the first."""
    data = jpeg(exif=exif(6))
    frame = data.index(b"\xff\xc0")
    size = 2 + struct.unpack_from(">H", data, frame + 2)[0]
    giant = bytearray(data[frame : frame + size])
    struct.pack_into(">HH", giant, 5, 60_000, 60_000)
    bomb = data[: frame + size] + bytes(giant) + data[frame + size :]
    path = write(tmp_path, bomb)
    facts = inspect(path)
    assert (facts.width, facts.height) == (40, 24)
    with pytest.raises(NotAnImage):
        cleaned(path, tmp_path / "target", facts)
