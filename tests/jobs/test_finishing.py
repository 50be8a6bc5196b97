"""What a model lacks is done here to what it made: masks, transparency, formats; it is said."""

import base64
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from darkroom.core.draft import Draft, InlineImage, MaskConvention
from darkroom.core.errors import UnsupportedValue
from darkroom.core.job import Asset, AssetKind, Job
from darkroom.core.policy import Policy
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import Output, ProviderResult
from darkroom.core.usage import Usage
from darkroom.jobs import Submission
from tests.support.jobs import a_request
from tests.support.workshop import Scripted, Workshop, workshop

MODEL = "gemini-3-pro-image"
"""It has neither masks nor transparency, and makes PNG alone."""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as made:
        yield made


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def inline(image: Image.Image) -> InlineImage:
    return InlineImage(base64.b64encode(png(image)).decode())


def photo() -> Image.Image:
    """Every pixel of its own colour."""
    image = Image.new("RGB", (160, 120))
    image.putdata([(x, y, x ^ y) for y in range(120) for x in range(160)])
    return image


def product(size: tuple[int, int]) -> Image.Image:
    """A red thing on a plain white ground."""
    image = Image.new("RGB", size, "white")
    image.paste((200, 0, 0), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    return image


async def makes_products(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
    width, height = map(int, (call.request.size + "x").split("x")[:2])
    writer = sink.writer()
    writer.write(png(product((width, height))))
    output = Output(size=call.request.size, background="opaque")
    return ProviderResult((writer.finish(),), Usage(image_out=100), output)


async def run(shop: Workshop, draft: Draft, policy: Policy = Policy()) -> Job:
    shop.providers["first"].script.append(makes_products)
    submission = Submission(draft, "account", "key", "openai", policy=policy)
    with await shop.jobs.submit(submission) as follower:
        return await follower.end()


async def opened(shop: Workshop, asset: Asset) -> Image.Image:
    path = shop.spool_folder.parent / "images" / asset.sha256[:2] / asset.sha256
    with Image.open(path) as image:
        image.load()
        return image


def masked_edit(**changes: object) -> Draft:
    """The right half may change; the mask says so in white."""
    mask = Image.new("RGB", (160, 120), "black")
    mask.paste((255, 255, 255), (80, 0, 160, 120))
    request = a_request(operation=Operation.EDIT, model=MODEL)
    draft = Draft(
        request,
        inputs=(inline(photo()),),
        mask=inline(mask),
        mask_convention=MaskConvention.WHITE,
    )
    return replace(draft, **changes)  # type: ignore[arg-type]


async def test_a_mask_is_kept_though_the_model_knows_none(shop: Workshop) -> None:
    job = await run(shop, masked_edit())
    (call,) = shop.providers["first"].calls
    assert (call.mask, call.request.mask, call.request.size) == (None, None, "1200x896")
    assert job.request.mask is not None
    assert [warning.code for warning in job.warnings] == ["mask_composited"]
    (result,) = job.results
    (original,) = job.assets_of(AssetKind.ORIGINAL)
    assert (original.width, original.height) == (1200, 896)
    picture = await opened(shop, result)
    assert picture.size == (160, 120)
    left = (0, 0, 80, 120)
    assert picture.crop(left).tobytes() == photo().crop(left).tobytes()
    assert picture.crop((90, 0, 160, 120)).getcolors() == [(70 * 120, (255, 255, 255))]


async def test_a_transparent_background_is_cut_out_though_the_model_knows_none(
    shop: Workshop,
) -> None:
    request = a_request(model=MODEL, background="transparent", output_format="webp")
    job = await run(shop, Draft(replace(request, size="1024x1024")))
    (call,) = shop.providers["first"].calls
    assert call.request.prompt.startswith("a red bicycle\n\n")
    assert call.request.background == "opaque"
    assert (job.request.prompt, job.request.background) == ("a red bicycle", "transparent")
    codes = [warning.code for warning in job.warnings]
    assert codes == ["format_converted", "background_matted", "prompt_extended"]
    assert job.output is not None
    assert job.output.background == "transparent"
    picture = await opened(shop, job.results[0])
    assert (picture.format, picture.mode) == ("WEBP", "RGBA")
    alpha = picture.getchannel("A")
    assert alpha.getpixel((5, 5)) == 0
    assert alpha.getpixel((300, 300)) == 255


@pytest.mark.parametrize(
    ("draft", "param"),
    [
        (masked_edit(), "mask"),
        (Draft(a_request(model=MODEL, background="transparent")), "background"),
        (Draft(a_request(model=MODEL, output_format="webp")), "output_format"),
        (Draft(a_request(model=MODEL, size="1000x1000")), "size"),
    ],
)
async def test_a_policy_without_emulation_refuses_before_anything_is_bought(
    shop: Workshop, draft: Draft, param: str
) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        await run(shop, draft, Policy(emulate=False))
    assert caught.value.param == param
    assert shop.providers["first"].calls == []


async def test_another_convention_is_another_request(shop: Workshop) -> None:
    first = await run(shop, masked_edit())
    other = await run(shop, masked_edit(mask_convention=MaskConvention.BLACK))
    assert first.results[0].sha256 != other.results[0].sha256
    picture = await opened(shop, other.results[0])
    right = (80, 0, 160, 120)
    assert picture.crop(right).tobytes() == photo().crop(right).tobytes()
