"""A result is made exactly the asked size, whatever the original's mode."""

from pathlib import Path

import pytest
from PIL import Image

from darkroom.assets.fitting import fitted
from darkroom.assets.inspect import NotAnImage, inspect
from darkroom.core.size import Size
from tests.assets.images import exif, gradient, saved, write

MODES = [
    *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")),
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
]


def fit(data: bytes, size: Size, folder: Path) -> Image.Image:
    source, target = write(folder, data), folder / "target"
    facts = inspect(source)
    assert fitted(source, target, facts.media_type, size)
    assert source.read_bytes() == data
    made = inspect(target)
    assert (made.media_type, made.width, made.height) == (facts.media_type, size.width, size.height)
    return Image.open(target)


@pytest.mark.parametrize(("kind", "mode"), MODES)
@pytest.mark.parametrize("size", [Size(30, 30), Size(79, 41), Size(1, 60)])
def test_every_mode_gets_exactly_the_size(kind: str, mode: str, size: Size, tmp_path: Path) -> None:
    with fit(saved(gradient(mode), kind), size, tmp_path) as image:
        image.load()
        assert image.size == (size.width, size.height)


def test_the_middle_is_kept(tmp_path: Path) -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste((0, 0, 255), (100, 0, 200, 100))
    with fit(saved(image, "PNG"), Size(50, 50), tmp_path) as made:
        assert made.crop((3, 0, 47, 50)).getextrema() == ((0, 0), (0, 0), (255, 255))


def test_a_transparent_palette_entry_stays_transparent(tmp_path: Path) -> None:
    image = Image.new("P", (64, 64), 0)
    image.paste(1, (0, 0, 32, 64))
    image.putpalette([255, 0, 0, 0, 255, 0])
    with fit(saved(image, "PNG", transparency=1), Size(32, 32), tmp_path) as made:
        assert made.mode == "RGBA"
        assert made.getchannel("A").getpixel((4, 16)) == 0
        assert made.getpixel((28, 16)) == (255, 0, 0, 255)


def test_the_colour_profile_stays(tmp_path: Path) -> None:
    profile = b"a profile of 128 bytes or so".ljust(128, b".")
    with fit(saved(gradient(), "JPEG", icc_profile=profile), Size(20, 20), tmp_path) as made:
        assert made.info["icc_profile"] == profile


def test_a_gif_is_not_resampled(tmp_path: Path) -> None:
    source = write(tmp_path, saved(gradient(), "GIF"))
    assert not fitted(source, tmp_path / "target", "image/gif", Size(9, 9))
    assert not (tmp_path / "target").exists()


def test_damaged_pixels_are_no_image(tmp_path: Path) -> None:
    data = saved(gradient(), "PNG", exif=exif())
    source = write(tmp_path, data.replace(b"IDAT", b"IDAX"))
    with pytest.raises(NotAnImage):
        fitted(source, tmp_path / "target", "image/png", Size(9, 9))
