"""Edits: masks are exact, every input can be recognised, fidelity keeps detail."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from darkroom.core.errors import UpstreamRejected
from darkroom.core.ports import InputFile
from darkroom.core.request import Operation
from tests.support.sandbox import Sink, call, input_file, picture, provider, request


def checkered(size: tuple[int, int], color: str = "teal") -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for x in range(0, size[0], 8):
        for y in range((x // 8 % 2) * 8, size[1], 16):
            draw.rectangle((x, y, x + 7, y + 7), fill=color)
    return image


async def edited(tmp_path: Path, inputs: list[InputFile], **fields: Any) -> Image.Image:
    mask = fields.pop("mask", None)
    fields.setdefault("prompt", "a cat in a forest")
    wanted = request(operation=Operation.EDIT, seed=1, **fields)
    sink = Sink(tmp_path)
    result = await provider().run(call(wanted, inputs=tuple(inputs), mask=mask), sink)
    return picture(result.images[0])


def masked_file(
    tmp_path: Path, size: tuple[int, int], hole: tuple[int, int, int, int]
) -> InputFile:
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), hole)
    return input_file(tmp_path / "mask.png", mask)


async def test_outside_the_mask_nothing_changes(tmp_path: Path) -> None:
    base = checkered((256, 256))
    hole = (60, 80, 200, 220)
    image = await edited(
        tmp_path,
        [input_file(tmp_path / "a.png", base)],
        mask=masked_file(tmp_path, base.size, hole),
    )
    assert image.size == base.size
    change = ImageChops.difference(image.convert("RGB"), base).convert("L")
    inside = change.crop(hole)
    change.paste(0, hole)
    assert change.getbbox() is None
    assert ImageStat.Stat(inside).mean[0] > 20


async def test_a_resized_edit_keeps_the_resampled_input(tmp_path: Path) -> None:
    base = checkered((128, 128))
    image = await edited(
        tmp_path,
        [input_file(tmp_path / "a.png", base)],
        mask=masked_file(tmp_path, base.size, (0, 0, 64, 128)),
        size="256x384",
    )
    resampled = base.resize((256, 384), Image.Resampling.LANCZOS)
    right = (140, 0, 256, 384)
    kept = ImageChops.difference(image.convert("RGB").crop(right), resampled.crop(right))
    assert kept.getbbox() is None


async def test_half_transparent_mask_blends(tmp_path: Path) -> None:
    base = Image.new("RGB", (256, 256), (255, 0, 255))
    clear = masked_file(tmp_path, base.size, (0, 0, 256, 256))
    source = [input_file(tmp_path / "a.png", base)]
    drawn = await edited(tmp_path, source, mask=clear)
    half = Image.new("RGBA", base.size, (0, 0, 0, 128))
    image = await edited(tmp_path, source, mask=input_file(tmp_path / "half.png", half))
    expected = Image.blend(drawn.convert("RGB"), base, 128 / 255)
    worst = ImageChops.difference(image.convert("RGB"), expected).getextrema()
    assert all(isinstance(band, tuple) and band[1] <= 2 for band in worst)


async def test_an_opaque_mask_returns_the_input(tmp_path: Path) -> None:
    base = checkered((256, 256))
    mask = input_file(tmp_path / "m.png", Image.new("RGBA", base.size, (0, 0, 0, 255)))
    image = await edited(tmp_path, [input_file(tmp_path / "a.png", base)], mask=mask)
    assert image.convert("RGB").tobytes() == base.tobytes()


async def test_a_tiny_hole_can_be_filled(tmp_path: Path) -> None:
    base = Image.new("RGB", (256, 256), "white")
    image = await edited(
        tmp_path,
        [input_file(tmp_path / "a.png", base)],
        mask=masked_file(tmp_path, base.size, (10, 10, 13, 12)),
    )
    assert ImageChops.difference(image.convert("RGB"), base).getbbox() == (10, 10, 13, 12)


async def test_the_input_shows_through_an_edit(tmp_path: Path) -> None:
    dark = Image.new("RGB", (256, 256), "black")
    dark.paste("white", (0, 0, 128, 256))
    image = await edited(
        tmp_path, [input_file(tmp_path / "a.png", dark)], prompt="make it a sunset"
    )
    grey = image.convert("L")
    left = ImageStat.Stat(grey.crop((20, 90, 110, 130))).mean[0]
    right = ImageStat.Stat(grey.crop((150, 90, 240, 130))).mean[0]
    assert left > right + 60


async def test_high_fidelity_keeps_more_of_the_input(tmp_path: Path) -> None:
    base = checkered((256, 256))
    source = [input_file(tmp_path / "a.jpg", base)]

    async def contrast(fidelity: str) -> float:
        image = await edited(tmp_path, source, prompt="warmer", input_fidelity=fidelity)
        return ImageStat.Stat(image.convert("L").crop((40, 80, 120, 130))).stddev[0]

    assert await contrast("high") > await contrast("low")


@pytest.mark.parametrize("count", [2, 5, 16])
@pytest.mark.parametrize("background", ["opaque", "transparent"])
async def test_all_inputs_are_visible(tmp_path: Path, count: int, background: str) -> None:
    hues = [(index * 255 // count, 255, 255) for index in range(count)]
    files = [
        input_file(tmp_path / f"{i}.png", Image.new("HSV", (64, 48), hue).convert("RGB"))
        for i, hue in enumerate(hues)
    ]
    image = await edited(
        tmp_path, files, background=background, input_fidelity="high", prompt="a mood board"
    )
    shown = image.convert("RGB").getcolors(1 << 20) or []
    for file in files:
        with Image.open(file.path) as source:
            color = source.getpixel((5, 5))
        assert isinstance(color, tuple)
        near = sum(
            many
            for many, pixel in shown
            if isinstance(pixel, tuple)
            and all(abs(a - b) < 24 for a, b in zip(pixel, color, strict=False))
        )
        assert near > 40, color


async def test_transparent_inputs_stay_transparent_outside_the_mask(tmp_path: Path) -> None:
    base = Image.new("RGBA", (256, 256), (10, 200, 30, 90))
    image = await edited(
        tmp_path,
        [input_file(tmp_path / "a.png", base)],
        mask=masked_file(tmp_path, base.size, (0, 0, 100, 100)),
    )
    assert image.getpixel((200, 200)) == (10, 200, 30, 90)


async def test_an_unreadable_input_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(UpstreamRejected):
        await edited(tmp_path, [InputFile(path, "image/png", 8, 8, 13)])
