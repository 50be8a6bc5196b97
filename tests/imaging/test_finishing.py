"""A result is made what was asked for: its size, its format, and what its mask keeps."""

import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from darkroom.core.finish import Composite, Finish
from darkroom.core.request import InputImage
from darkroom.core.size import Size
from darkroom.imaging.finishing import Finished, Ground, as_asked, finished
from darkroom.imaging.inspect import ImageFacts, NotAnImage, inspect
from tests.imaging.images import exif, gradient, opened, saved, write

MODES = [
    *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")),
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
]
STAND_IN = InputImage("", "", "image/png", 40, 24, 1)
COMPOSITE = Composite(STAND_IN, STAND_IN)


def made(
    folder: Path, data: bytes, finish: Finish, ground: Ground | None = None
) -> tuple[Image.Image, Finished]:
    """The picture as it was written, and what was said of it."""
    source, target = write(folder, data), folder / "target"
    done = finished(source, target, inspect(source), finish, ground)
    assert source.read_bytes() == data
    assert done.facts is not None
    facts = inspect(target)
    plain = ImageFacts(facts.media_type, facts.width, facts.height)
    assert plain == done.facts
    return opened(target.read_bytes()), done


def fit(folder: Path, data: bytes, size: Size) -> Image.Image:
    return made(folder, data, Finish(size))[0]


def codes(done: Finished) -> list[str]:
    return [warning.code for warning in done.warnings]


# --- size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "mode"), MODES)
@pytest.mark.parametrize("size", [Size(30, 30), Size(79, 41), Size(1, 60)])
def test_every_mode_gets_exactly_the_size(kind: str, mode: str, size: Size, tmp_path: Path) -> None:
    image = fit(tmp_path, saved(gradient(mode), kind), size)
    assert image.size == (size.width, size.height)
    assert image.format == kind


def test_the_middle_is_kept(tmp_path: Path) -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste((0, 0, 255), (100, 0, 200, 100))
    picture = fit(tmp_path, saved(image, "PNG"), Size(50, 50))
    assert picture.crop((3, 0, 47, 50)).getextrema() == ((0, 0), (0, 0), (255, 255))


def test_a_transparent_palette_entry_stays_transparent(tmp_path: Path) -> None:
    image = Image.new("P", (64, 64), 0)
    image.paste(1, (0, 0, 32, 64))
    image.putpalette([255, 0, 0, 0, 255, 0])
    picture = fit(tmp_path, saved(image, "PNG", transparency=1), Size(32, 32))
    assert picture.mode == "RGBA"
    assert picture.getchannel("A").getpixel((4, 16)) == 0
    assert picture.getpixel((28, 16)) == (255, 0, 0, 255)


def test_the_colour_profile_stays(tmp_path: Path) -> None:
    profile = b"a profile of 128 bytes or so".ljust(128, b".")
    picture = fit(tmp_path, saved(gradient(), "JPEG", icc_profile=profile), Size(20, 20))
    assert picture.info["icc_profile"] == profile


def test_a_size_that_nobody_announced_is_said(tmp_path: Path) -> None:
    data = saved(gradient(), "PNG")
    (warning,) = made(tmp_path, data, Finish(Size(20, 20)))[1].warnings
    assert (warning.code, warning.asked, warning.used) == ("size_fitted", "20x20", "40x24")
    announced = Finish(Size(20, 20), told=frozenset({"size_fitted"}))
    assert made(tmp_path, data, announced)[1].warnings == ()


def test_a_gif_is_neither_resampled_nor_converted(tmp_path: Path) -> None:
    source, target = write(tmp_path, saved(gradient(), "GIF")), tmp_path / "target"
    done = finished(source, target, inspect(source), Finish(Size(9, 9), "png"), None)
    assert codes(done) == ["size_not_fitted", "format_not_converted"]
    assert done.facts is None
    assert not target.exists()


def test_damaged_pixels_are_no_image(tmp_path: Path) -> None:
    data = saved(gradient(), "PNG", exif=exif())
    with pytest.raises(NotAnImage):
        made(tmp_path, data.replace(b"IDAT", b"IDAX"), Finish(Size(9, 9)))


# --- format -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "mode"), MODES)
@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_every_mode_is_converted_to_every_format(
    kind: str, mode: str, format_: str, tmp_path: Path
) -> None:
    image = gradient(mode)
    finish = Finish(format=format_)
    if format_ == kind.lower():
        assert as_asked(inspect(write(tmp_path, saved(image, kind))), finish)
        return
    picture, done = made(tmp_path, saved(image, kind), finish)
    assert picture.format == format_.upper()
    assert picture.size == image.size
    assert codes(done) == ["format_converted"]
    asked, got = image.convert("RGB"), picture.convert("RGB")
    if mode != "I;16":  # Pillow's own conversion of 16 bits clips
        assert max(ImageStat.Stat(ImageChops.difference(asked, got)).mean) < 20


def test_16_bits_are_scaled_to_8(tmp_path: Path) -> None:
    row = struct.pack("<40H", *[0] * 20, *[32_768] * 20)
    grey = Image.frombytes("I;16", (40, 24), row * 24)
    picture, _ = made(tmp_path, saved(grey, "PNG"), Finish(format="jpeg"))
    assert picture.mode == "L"
    assert abs(picture.getpixel((35, 12)) - 127) < 3  # type: ignore[operator]


def test_what_is_transparent_is_white_in_a_jpeg(tmp_path: Path) -> None:
    data = saved(Image.new("RGBA", (16, 16), (200, 0, 0, 0)), "PNG")
    picture, _ = made(tmp_path, data, Finish(format="jpeg"))
    assert picture.getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
def test_compression_decides_how_large_it_gets(format_: str, tmp_path: Path) -> None:
    data = saved(Image.effect_noise((128, 128), 60).convert("RGB"), "PNG")

    def size(compression: int | None) -> int:
        made(tmp_path, data, Finish(format=format_, compression=compression))
        return (tmp_path / "target").stat().st_size

    sizes = [size(value) for value in (0, 40, 90)]
    assert sizes == sorted(sizes)
    assert sizes[0] * 3 < sizes[2] <= size(None)


def test_nothing_of_the_metadata_survives_a_conversion(tmp_path: Path) -> None:
    made(tmp_path, saved(gradient(), "PNG", exif=exif()), Finish(format="webp"))
    assert b"CANARY" not in (tmp_path / "target").read_bytes()


@pytest.mark.parametrize(
    ("finish", "done"),
    [
        (Finish(), True),
        (Finish(Size(40, 24), "png"), True),
        (Finish(Size(40, 24), "png", compression=50), True),
        (Finish(Size(40, 25), "png"), False),
        (Finish(Size(40, 24), "jpeg"), False),
        (Finish(format="png", composite=COMPOSITE), False),
        (Finish(format="png", matte=True), False),
    ],
)
def test_the_head_of_a_file_tells_whether_anything_is_to_do(finish: Finish, done: bool) -> None:
    assert as_asked(ImageFacts("image/png", 40, 24), finish) is done


# --- masks --------------------------------------------------------------------------------------


def ground(folder: Path, base: Image.Image, kind: str = "PNG", **options: Any) -> Ground:
    """``base`` with a mask that opens the left half and half opens the column at 20."""
    alpha = Image.new("L", base.size, 255)
    alpha.paste(0, (0, 0, base.width // 2, base.height))
    alpha.paste(128, (base.width // 2, 0, base.width // 2 + 1, base.height))
    mask = Image.new("RGBA", base.size, "white")
    mask.putalpha(alpha)
    (folder / "base").write_bytes(saved(base, kind, **options))
    (folder / "mask").write_bytes(saved(mask, "PNG"))
    return Ground(folder / "base", folder / "mask")


def masked(**options: Any) -> Finish:
    told = frozenset({"mask_composited"})
    return Finish(options.pop("size", Size(40, 24)), composite=COMPOSITE, told=told, **options)


RED = saved(Image.new("RGB", (80, 48), (255, 0, 0)), "PNG")
KEPT = (21, 0, 40, 24)


@pytest.mark.parametrize("format_", ["png", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_outside_the_mask_every_pixel_of_the_input_stays(
    mode: str, format_: str, tmp_path: Path
) -> None:
    base = gradient("RGB")
    if mode in ("RGBA", "LA"):
        base.putalpha(gradient("L").point([value // 2 for value in range(256)]))
    base = base.convert(mode)
    picture, done = made(tmp_path, RED, masked(format=format_), ground(tmp_path, base))
    assert picture.format == format_.upper()
    full = "RGBA" if mode in ("RGBA", "LA") else "RGB"
    assert picture.mode == full
    assert picture.crop(KEPT).tobytes() == base.convert(full).crop(KEPT).tobytes()
    assert picture.convert("RGB").crop((0, 0, 20, 24)).getcolors() == [(480, (255, 0, 0))]
    codes_said = codes(done)
    assert codes_said == ([] if format_ == "png" else ["format_converted"])


def test_a_soft_mask_blends(tmp_path: Path) -> None:
    base = Image.new("RGB", (40, 24), (0, 0, 255))
    picture, _ = made(tmp_path, RED, masked(format="png"), ground(tmp_path, base))
    red, green, blue = picture.getpixel((20, 5))  # type: ignore[misc]
    assert (red, green, blue) == (127, 0, 128)


def test_compression_is_kept_to_where_it_was_asked(tmp_path: Path) -> None:
    base = Image.effect_noise((40, 24), 90).convert("RGB")
    files = ground(tmp_path, base)
    picture, _ = made(tmp_path, RED, masked(format="webp", compression=10), files)
    assert picture.crop(KEPT).tobytes() != base.crop(KEPT).tobytes()


def test_a_jpeg_of_a_masked_edit_is_close_to_the_input(tmp_path: Path) -> None:
    base = gradient("RGB")
    picture, _ = made(tmp_path, RED, masked(format="jpeg"), ground(tmp_path, base))
    apart = ImageChops.difference(picture.crop((24, 0, 40, 24)), base.crop((24, 0, 40, 24)))
    assert max(high for _, high in apart.getextrema()) < 12  # type: ignore[misc]


def test_another_size_of_the_same_shape_takes_the_input_along(tmp_path: Path) -> None:
    base = Image.new("RGB", (40, 24), (0, 0, 255))
    finish = masked(size=Size(80, 48), format="png")
    picture, _ = made(tmp_path, RED, finish, ground(tmp_path, base))
    assert picture.crop((0, 0, 32, 48)).getcolors() == [(32 * 48, (255, 0, 0))]
    assert picture.crop((48, 0, 80, 48)).getcolors() == [(32 * 48, (0, 0, 255))]


def test_what_was_drawn_takes_the_colours_of_the_inputs_profile(tmp_path: Path) -> None:
    # A profile with red and blue exchanged: its red is sRGB's blue.
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = linear.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    base = gradient("RGB")
    files = ground(tmp_path, base, icc_profile=swapped)
    picture, _ = made(tmp_path, RED, masked(format="png"), files)
    assert picture.info["icc_profile"] == swapped
    red, green, blue = picture.getpixel((5, 5))  # type: ignore[misc]
    assert max(red, green) < 10
    assert blue > 240
    assert picture.crop(KEPT).tobytes() == base.crop(KEPT).tobytes()


def test_a_profile_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    files = ground(tmp_path, gradient("RGB"), icc_profile=b"no profile".ljust(128, b"."))
    picture, _ = made(tmp_path, RED, masked(format="png"), files)
    assert picture.getpixel((5, 5)) == (255, 0, 0)


def test_a_gif_cannot_be_laid_over_anything(tmp_path: Path) -> None:
    files = ground(tmp_path, gradient("RGB"))
    with pytest.raises(NotAnImage):
        made(tmp_path, saved(gradient(), "GIF"), masked(format="png"), files)


# --- transparent backgrounds --------------------------------------------------------------------

MATTE = Finish(format="png", matte=True, told=frozenset({"background_matted"}))


def on_white(size: tuple[int, int] = (120, 90)) -> Image.Image:
    """A ring in the middle: white within as well as around."""
    image = Image.new("RGB", size, (253, 254, 252))
    image.paste((180, 20, 40), (40, 20, 80, 70))
    image.paste((253, 254, 252), (55, 40, 65, 50))
    return image


def test_a_plain_background_becomes_transparent_and_the_subject_stays(tmp_path: Path) -> None:
    picture, done = made(tmp_path, saved(on_white(), "PNG"), MATTE)
    assert (done.matted, done.warnings) == (True, ())
    alpha = picture.getchannel("A")
    outside = alpha.copy()
    outside.paste(0, (40, 20, 80, 70))
    assert outside.getextrema() == (0, 0)
    assert alpha.crop((40, 20, 80, 70)).getextrema() == (255, 255), "the hole is not outside"
    assert picture.convert("RGB").tobytes() == on_white().tobytes()


def test_a_soft_edge_stays_soft(tmp_path: Path) -> None:
    soft = on_white().resize((480, 360), Image.Resampling.BICUBIC)
    picture, _ = made(tmp_path, saved(soft, "PNG"), MATTE)
    row = [picture.getpixel((x, 180))[3] for x in range(150, 175)]  # type: ignore[index]
    assert (row[0], row[-1]) == (0, 255)
    assert any(0 < value < 255 for value in row)
    assert row == sorted(row)


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 80}), ("WEBP", {"quality": 80})]
)
def test_the_noise_of_a_lossy_format_does_not_hide_the_background(
    kind: str, options: dict[str, Any], tmp_path: Path
) -> None:
    picture, done = made(tmp_path, saved(on_white(), kind, **options), MATTE)
    assert done.matted
    assert codes(done) == ["format_converted"]
    assert picture.getpixel((5, 5))[3] == 0  # type: ignore[index]
    assert picture.getpixel((50, 60))[3] == 255  # type: ignore[index]


def test_a_large_picture_is_cut_as_exactly(tmp_path: Path) -> None:
    image = Image.new("RGB", (2000, 1500), "white")
    image.paste((180, 20, 40), (401, 403, 1001, 1007))
    picture, _ = made(tmp_path, saved(image, "PNG", compress_level=1), MATTE)
    clear = picture.getchannel("A").point(lambda value: 255 - value)
    assert clear.crop((401, 403, 1001, 1007)).getbbox() is None
    assert clear.histogram()[255] == 2000 * 1500 - 600 * 604


@pytest.mark.parametrize(
    "image",
    [
        gradient("RGB", (120, 90)),
        Image.new("RGB", (120, 90), "white"),
        Image.effect_noise((120, 90), 120).convert("RGB"),
    ],
    ids=["no plain border", "nothing but background", "noise"],
)
def test_what_has_no_plain_background_stays_as_it_came(image: Image.Image, tmp_path: Path) -> None:
    source, target = write(tmp_path, saved(image, "PNG")), tmp_path / "target"
    done = finished(source, target, inspect(source), MATTE, None)
    assert (done.facts, done.matted, codes(done)) == (None, False, ["background_not_removed"])
    assert not target.exists()


def test_an_image_that_is_transparent_already_stays_as_it_came(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (120, 90), (255, 255, 255, 0))
    clear.paste((9, 9, 9, 255), (40, 20, 80, 70))
    source = write(tmp_path, saved(clear, "PNG"))
    done = finished(source, tmp_path / "target", inspect(source), MATTE, None)
    assert (done.facts, done.matted, done.warnings) == (None, True, ())


def test_a_cut_out_picture_is_resampled_and_converted_at_once(tmp_path: Path) -> None:
    finish = Finish(Size(60, 60), "webp", matte=True)
    picture, done = made(tmp_path, saved(on_white(), "PNG"), finish)
    assert (picture.format, picture.size) == ("WEBP", (60, 60))
    assert picture.getpixel((1, 1))[3] == 0  # type: ignore[index]
    assert codes(done) == ["size_fitted", "format_converted"]
