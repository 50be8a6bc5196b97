"""Small copies: of every format, upright, with transparency, and never larger than the image."""

import io
from pathlib import Path

import pytest
from PIL import Image

from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.raw import kept_by, picture_of
from darkroom.imaging.thumbnail import preview, small, thumbnail
from tests.fakes.pictures import chunk
from tests.imaging.images import CANARY, PNG, exif, gradient, opened, png_header, saved, write

MODES = [
    *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")),
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ("GIF", "P"),
]
# A palette is promised and missing: Pillow finds that out by an assertion.
NO_PALETTE = (
    PNG + png_header(4, 4, 8, 3) + chunk(b"tRNS", b"\0") + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
)


def made(folder: Path, data: bytes, edge: int) -> Image.Image:
    target = folder / "target"
    facts = thumbnail(write(folder, data), target, edge)
    picture = opened(target.read_bytes())
    assert (facts.media_type, facts.width, facts.height) == ("image/webp", *picture.size)
    assert CANARY not in target.read_bytes()
    return picture


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_format_and_mode(kind: str, mode: str, tmp_path: Path) -> None:
    image = gradient(size=(400, 240)).convert("L") if mode == "I;16" else gradient(size=(400, 240))
    picture = made(tmp_path, saved(image.convert(mode), kind), 100)
    assert picture.size == (100, 60)
    assert picture.format == "WEBP"


def test_it_looks_the_same(tmp_path: Path) -> None:
    picture = made(tmp_path, saved(gradient(size=(400, 240)), "JPEG", quality=95), 100)
    pixel = picture.convert("RGB").getpixel((50, 30))
    assert all(abs(a - b) < 12 for a, b in zip(pixel, (128, 128, 90), strict=True))  # type: ignore[arg-type]


def test_a_small_image_is_not_enlarged(tmp_path: Path) -> None:
    assert made(tmp_path, saved(gradient(), "PNG"), 320).size == (40, 24)


def test_what_is_transparent_stays_so(tmp_path: Path) -> None:
    clear = gradient("RGBA", (200, 200))
    clear.putalpha(0)
    picture = made(tmp_path, saved(clear, "PNG"), 50)
    assert picture.getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_is_upright_and_says_nothing_else(kind: str, tmp_path: Path) -> None:
    picture = made(tmp_path, saved(gradient(size=(400, 240)), kind, exif=exif(6)), 100)
    assert picture.size == (60, 100)
    assert dict(picture.getexif()) == {}


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame(kind: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (80, 80), color) for color in ("blue", "red")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    picture = made(tmp_path, data, 40)
    red, _, blue = picture.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
    assert blue > 200
    assert red < 60


@pytest.mark.parametrize("data", [b"", b"words", saved(gradient(), "PNG")[:60], NO_PALETTE])
def test_what_is_no_image_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAnImage):
        made(tmp_path, data, 40)


def test_bytes_within_a_bound() -> None:
    noise = saved(Image.effect_noise((500, 500), 200).convert("RGB"), "PNG")
    assert max(opened(small(noise, 400, 1_000_000)).size) == 400
    tight = small(noise, 400, 9_000)
    assert len(tight) <= 9_000
    assert max(opened(tight).size) < 400


def test_a_preview_is_the_same_as_bytes(tmp_path: Path) -> None:
    data = preview(write(tmp_path, saved(gradient(), "PNG")), 20)
    assert Image.open(io.BytesIO(data)).size == (20, 12)


def test_bare_pixels(tmp_path: Path) -> None:
    turned = write(tmp_path, saved(gradient(), "PNG", exif=exif(6)))
    raw = picture_of(turned, 10**6)
    assert (raw.mode, raw.width, raw.height) == ("RGB", 24, 40)
    assert raw.pixels == gradient().transpose(Image.Transpose.ROTATE_270).tobytes()
    less = picture_of(turned, 300)
    assert (less.width, less.height) == (12, 20)


def test_how_much_a_mask_keeps(tmp_path: Path) -> None:
    mask = gradient("RGBA")
    mask.putalpha(gradient("L"))
    raw = kept_by(write(tmp_path, saved(mask, "PNG")), 10**6)
    assert (raw.mode, raw.pixels) == ("L", gradient("L").tobytes())
