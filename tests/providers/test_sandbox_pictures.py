"""The sandbox honours every parameter to the pixel, and the same order gives the same bytes."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from darkroom.core.errors import UnsupportedValue
from darkroom.core.size import Size
from darkroom.providers.sandbox.draw import Order
from darkroom.providers.sandbox.encode import DESCRIPTION, Encoding
from tests.support.sandbox import MODEL, Sink, call, picture, provider, request

PROMPTS = (
    "a golden retriever in a field of sunflowers",
    "a silver sports car on a coastal highway at sunset",
    "a leather handbag, studio lighting",
    "a woman in a green saree",
    "portrait of a woman",
    "a bowl of ramen",
    "a logo for a coffee shop called 'Dawn Brew'",
    "infographic 'Clean Power'",
    "space city at night",
    '"여름 세일" 포스터, 바다와 수박',
    "A poster reading 'GRAND OPENING, SATURDAY 10AM'",
    "a whale under the northern lights",
    "a fish", "a plane", "a rocket", "a cosy room", "a lake", "mountains in the snow", "a desert",
    "forest", "qwertz",
)  # fmt: skip


async def made(tmp_path: Path, **fields: Any) -> list[Image.Image]:
    result = await provider().run(call(request(**fields)), Sink(tmp_path))
    return [picture(image) for image in result.images]


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference per channel, 0 to 255."""
    stat = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    return sum(stat.mean) / 3


def detail(image: Image.Image) -> int:
    """How much there is to compress: a measure of detail."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.tell()


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_every_kind_of_prompt_gives_a_varied_picture(tmp_path: Path, prompt: str) -> None:
    [image] = await made(tmp_path, prompt=prompt, size="256x384", seed=1)
    assert image.size == (256, 384)
    colors = image.convert("RGB").getcolors(1 << 20)
    assert colors is None or len(colors) > 300
    assert max(ImageStat.Stat(image.convert("L")).stddev) > 8


@pytest.mark.parametrize("size", ["256x256", "640x352", "352x640", "1008x336", "257x131", "16x16"])
async def test_sizes_are_exact(tmp_path: Path, size: str) -> None:
    [image] = await made(tmp_path, size=size, seed=3)
    assert str(Size(*image.size)) == size


async def test_auto_takes_the_models_default_size_and_quality(tmp_path: Path) -> None:
    result = await provider().run(call(request(size="auto", quality="auto")), Sink(tmp_path))
    assert picture(result.images[0]).size == (256, 256)
    assert (result.output.size, result.output.quality) == ("256x256", MODEL.default_quality)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp", "gif"])
async def test_formats_say_that_code_drew_the_picture(tmp_path: Path, output_format: str) -> None:
    [image] = await made(tmp_path, output_format=output_format, frame_count=2)
    assert image.format == output_format.upper()
    told = [str(value) for value in image.info.values()]
    told += [str(value) for value in image.getexif().values()]
    assert any(DESCRIPTION in text for text in told)


async def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        await made(tmp_path, output_format="svg")
    assert caught.value.param == "output_format"


@pytest.mark.parametrize("output_format", ["jpeg", "webp"])
async def test_compression_changes_the_file(tmp_path: Path, output_format: str) -> None:
    sizes: list[int] = []
    for quality in (0, 50, 100):
        order = request(output_format=output_format, output_compression=quality, seed=1)
        result = await provider().run(call(order), Sink(tmp_path))
        sizes.append(result.images[0].byte_size)
    assert sizes == sorted(sizes)
    assert sizes[0] * 2 < sizes[2]


async def test_gif_frames_and_their_duration(tmp_path: Path) -> None:
    [image] = await made(tmp_path, output_format="gif", frame_count=5, frame_duration_ms=124)
    assert getattr(image, "n_frames", 1) == 5
    assert image.info["duration"] == 120
    [default] = await made(tmp_path, output_format="gif")
    assert getattr(default, "n_frames", 1) == 9
    assert default.info["duration"] == 200


@pytest.mark.parametrize("output_format", ["png", "webp"])
async def test_transparency_is_real(tmp_path: Path, output_format: str) -> None:
    [image] = await made(
        tmp_path, prompt="a leather handbag", background="transparent", output_format=output_format
    )
    alpha = image.convert("RGBA").getchannel("A")
    assert alpha.getpixel((1, 1)) == 0
    assert alpha.getpixel((128, 140)) == 255
    histogram = alpha.histogram()
    assert sum(histogram[1:255]) > 100, "soft edges and a shadow"
    assert histogram[0] > 256 * 256 * 0.2


async def test_opaque_pictures_have_no_alpha(tmp_path: Path) -> None:
    [image] = await made(tmp_path, background="opaque")
    assert image.mode == "RGB"


async def test_quality_is_visible_detail(tmp_path: Path) -> None:
    amounts = [
        detail((await made(tmp_path, prompt="city at night", quality=quality, seed=2))[0])
        for quality in ("low", "medium", "high", "xhigh", "max")
    ]
    assert amounts[0] < amounts[1] < amounts[2]
    assert amounts[2] < amounts[4]


async def test_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    runs = [
        await provider().run(call(request(seed=7, n=2), job_id=job), Sink(tmp_path))
        for job in ("job-1", "job-2")
    ]
    first, second = ([image.sha256 for image in run.images] for run in runs)
    assert first == second
    assert first[0] != first[1]


async def test_without_a_seed_jobs_differ_but_a_resend_does_not(tmp_path: Path) -> None:
    async def digest(job: str, attempt: int) -> str:
        wanted = call(request(), job_id=job, attempt=attempt)
        return (await provider().run(wanted, Sink(tmp_path))).images[0].sha256

    assert await digest("job-1", 1) == await digest("job-1", 2)
    assert await digest("job-1", 1) != await digest("job-2", 1)


async def test_each_of_n_is_another_composition(tmp_path: Path) -> None:
    images = await made(tmp_path, prompt="mountains", n=4, seed=1)
    pairs = [(a, b) for i, a in enumerate(images) for b in images[i + 1 :]]
    assert all(difference(a, b) > 6 for a, b in pairs)


async def test_partial_images_sharpen(tmp_path: Path) -> None:
    sink = Sink(tmp_path)
    result = await provider().run(call(request(partial_images=3, n=2, seed=1)), sink)
    assert [index for index, _ in sink.partials] == [0, 1, 2]
    final = picture(result.images[0])
    previews = [picture(image) for _, image in sink.partials]
    assert {(p.size, p.format) for p in previews} == {(final.size, final.format)}
    distances = [difference(preview, final) for preview in previews]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] > 0


async def test_a_large_picture_is_drawn_whole(tmp_path: Path) -> None:
    [image] = await made(tmp_path, prompt="sunset over the ocean", size="3840x2160")
    assert image.size == (3840, 2160)


def test_orders_compare_by_value() -> None:
    def order(index: int) -> Order:
        return Order("a", "s", index, Size(8, 8), "low", False, Encoding("png"))

    assert order(1) == order(1) != order(2)
