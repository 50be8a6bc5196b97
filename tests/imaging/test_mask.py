"""Masks of every kind end as a PNG whose transparent pixels are to be edited."""

import struct
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from darkroom.core.draft import MaskConvention
from darkroom.imaging.inspect import NotAnImage, inspect
from darkroom.imaging.mask import with_alpha
from tests.imaging.images import CANARY, exif, gradient, opened, png_bomb, saved, write

BLACK, WHITE = 0, 255


def halves(mode: str, left: object, right: object) -> Image.Image:
    """40x24: ``left`` is to be edited, ``right`` is kept."""
    image = Image.new(mode, (40, 24), right)  # type: ignore[arg-type]
    image.paste(left, (0, 0, 20, 24))  # type: ignore[arg-type]
    return image


def halves_16(left: int, right: int) -> Image.Image:
    row = struct.pack("<40H", *[left] * 20, *[right] * 20)
    return Image.frombytes("I;16", (40, 24), row * 24)


def palette() -> Image.Image:
    image = halves("P", 1, 0)
    image.putpalette([255, 255, 255, 0, 0, 0])
    return image


def brought(
    data: bytes, folder: Path, convention: MaskConvention = MaskConvention.AUTO
) -> bytes | None:
    """The mask in its one form; None when it is in it already."""
    source, target = write(folder, data), folder / "target"
    target.unlink(missing_ok=True)
    changed = with_alpha(source, target, inspect(source), convention)
    return target.read_bytes() if changed else None


def alpha_of(
    data: bytes, folder: Path, convention: MaskConvention = MaskConvention.AUTO
) -> Image.Image:
    image = opened(brought(data, folder, convention) or data)
    assert image.format == "PNG"
    assert image.mode == "RGBA"
    return image.getchannel("A")


RGB = halves("RGB", (0, 0, 0), (255, 255, 255))
MASKS = {
    "rgb": saved(RGB, "PNG"),
    "grey": saved(halves("L", BLACK, WHITE), "PNG"),
    "one bit": saved(halves("1", 0, 1), "PNG"),
    "16 bit": saved(halves_16(0, 65_535), "PNG"),
    "16 bit, not quite": saved(halves_16(900, 60_000), "PNG"),
    "grey, not quite": saved(halves("L", 9, 240), "PNG"),
    "palette": saved(palette(), "PNG"),
    "palette, transparent": saved(palette(), "PNG", transparency=1),
    "rgb, transparent colour": saved(
        halves("RGB", (9, 9, 9), (0, 0, 0)), "PNG", transparency=(9, 9, 9)
    ),
    "grey with alpha": saved(halves("LA", (255, 0), (0, 255)), "PNG"),
    "rgba": saved(halves("RGBA", (255, 255, 255, 0), (0, 0, 0, 255)), "PNG"),
    "jpeg": saved(RGB, "JPEG", quality=60),
    "jpeg grey": saved(halves("L", BLACK, WHITE), "JPEG", quality=60),
    "jpeg cmyk": saved(RGB.convert("CMYK"), "JPEG", quality=90),
    "webp": saved(RGB, "WEBP"),
    "webp with alpha": saved(halves("RGBA", (9, 9, 9, 0), (0, 0, 0, 255)), "WEBP", lossless=True),
}


@pytest.mark.parametrize("name", MASKS)
def test_the_left_half_is_edited_and_the_right_is_kept(name: str, tmp_path: Path) -> None:
    alpha = alpha_of(MASKS[name], tmp_path)
    assert alpha.size == (40, 24)
    # A lossy format blurs the edge itself.
    assert alpha.crop((0, 0, 18, 24)).getextrema() == (0, 0)
    assert alpha.crop((22, 0, 40, 24)).getextrema() == (255, 255)


def test_a_mask_in_the_right_form_stays_as_it_is(tmp_path: Path) -> None:
    assert brought(MASKS["rgba"], tmp_path) is None
    assert not (tmp_path / "target").exists()


def test_soft_edges_of_an_alpha_channel_stay(tmp_path: Path) -> None:
    soft = gradient("RGBA")
    soft.putalpha(gradient("L"))
    assert alpha_of(saved(soft, "PNG"), tmp_path).tobytes() == gradient("L").tobytes()
    assert alpha_of(saved(soft.convert("LA"), "PNG"), tmp_path).tobytes() == gradient("L").tobytes()


@pytest.mark.parametrize("name", ["rgba", "rgb", "jpeg"])
def test_what_a_mask_tells_beside_its_pixels_goes(name: str, tmp_path: Path) -> None:
    image = opened(MASKS[name])
    changed = brought(saved(image, image.format or "", exif=exif()), tmp_path)
    assert changed is not None
    assert CANARY not in changed


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_turned_mask_is_stored_upright(kind: str, tmp_path: Path) -> None:
    alpha = alpha_of(
        saved(RGB, kind, exif=exif(6), **({"quality": 95} if kind == "JPEG" else {})), tmp_path
    )
    assert alpha.size == (24, 40)
    assert alpha.crop((0, 0, 24, 18)).getextrema() == (0, 0)


def test_a_turned_mask_with_alpha_is_stored_upright(tmp_path: Path) -> None:
    alpha = alpha_of(saved(opened(MASKS["rgba"]), "PNG", exif=exif(6)), tmp_path)
    assert alpha.size == (24, 40)


def test_damaged_animated_and_giant_masks_are_refused(tmp_path: Path) -> None:
    frames = {"save_all": True, "append_images": [gradient().rotate(90)]}
    whole = MASKS["rgb"]
    ready = saved(opened(MASKS["rgba"]), "PNG")
    for data in (
        saved(gradient(), "PNG", **frames),
        saved(gradient(), "WEBP", **frames),
        whole[:60] + b"\0\0\0\0" + whole[64:],
        ready[:60] + b"\0\0\0\0" + ready[64:],
    ):
        with pytest.raises(NotAnImage):
            brought(data, tmp_path)
    with pytest.raises(NotAnImage, match="million"):
        inspect(write(tmp_path, png_bomb(13_000, 13_000 // 2)))


# --- conventions --------------------------------------------------------------------------------

LEFT, RIGHT = ((0, 0, 20, 24), (20, 0, 40, 24))
# One mask for all: black and white, and transparent at the top, where nothing was painted.
PAINTED = halves("RGBA", (0, 0, 0, 255), (255, 255, 255, 255))
PAINTED.paste((9, 200, 9, 0), (0, 0, 40, 6))
EDITED = {
    MaskConvention.AUTO: (0, 0, 40, 6),
    MaskConvention.ALPHA: (0, 0, 40, 6),
    MaskConvention.BLACK: (0, 6, 20, 24),
    MaskConvention.WHITE: (20, 6, 40, 24),
}


def expected(*edited: tuple[int, int, int, int]) -> bytes:
    alpha = Image.new("L", (40, 24), 255)
    for box in edited:
        alpha.paste(0, box)
    return alpha.tobytes()


@pytest.mark.parametrize("convention", MaskConvention)
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_each_convention_edits_exactly_its_pixels(
    mode: str, convention: MaskConvention, tmp_path: Path
) -> None:
    alpha = alpha_of(saved(PAINTED.convert(mode), "PNG"), tmp_path, convention)
    assert alpha.tobytes() == expected(EDITED[convention])


@pytest.mark.parametrize(
    ("convention", "edited"),
    [
        (MaskConvention.AUTO, LEFT),
        (MaskConvention.BLACK, LEFT),
        (MaskConvention.WHITE, RIGHT),
    ],
)
@pytest.mark.parametrize("name", ["rgb", "grey", "one bit", "16 bit", "16 bit, not quite"])
def test_a_mask_without_alpha_is_read_by_its_colours(
    name: str, convention: MaskConvention, edited: tuple[int, int, int, int], tmp_path: Path
) -> None:
    assert alpha_of(MASKS[name], tmp_path, convention).tobytes() == expected(edited)


def test_grey_falls_to_one_side_alike_in_both(tmp_path: Path) -> None:
    grey = saved(halves("L", 127, 128), "PNG")
    assert alpha_of(grey, tmp_path, MaskConvention.BLACK).tobytes() == expected(LEFT)
    assert alpha_of(grey, tmp_path, MaskConvention.WHITE).tobytes() == expected(RIGHT)


@pytest.mark.parametrize("name", ["rgb", "jpeg", "16 bit"])
def test_a_mask_that_should_have_alpha_and_has_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotAnImage, match="no alpha channel"):
        brought(MASKS[name], tmp_path, MaskConvention.ALPHA)


def test_exif_that_cannot_be_written_again_is_no_matter(tmp_path: Path) -> None:
    """The height above the sea, a number, is given as text: Pillow reads it and cannot write it."""
    broken = exif(6).replace(b"\0\1\0\2\0\0\0\t", b"\0\5\0\2\0\0\0\t")
    assert broken != exif(6)
    with pytest.raises(TypeError):
        ImageOps.exif_transpose(opened(saved(RGB, "JPEG", exif=broken)))
    alpha = alpha_of(saved(RGB, "JPEG", quality=95, exif=broken), tmp_path)
    assert alpha.size == (24, 40)
