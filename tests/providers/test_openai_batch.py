"""The OpenAI adapter's economy tier against the fake vendor's Batch API."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

from darkroom.catalog import Catalog
from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError
from darkroom.core.ports import EconomyProvider, InputFile, NotYet, UpstreamCall
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import ProviderResult
from darkroom.core.secret import Secret
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers.azure import AzureProvider
from darkroom.providers.openai import OpenAIProvider
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor, refusing_url
from tests.fakes.pictures import Look, picture
from tests.support.spooled import FolderSink

KEY = "sk-proj-CANARY_0123456789abcdef"
REQUEST = ImageRequest(
    Operation.GENERATION,
    "gpt-image-1.5",
    "a cat",
    size="1024x1024",
    quality="low",
    service_tier="economy",
)
MODEL = Catalog.load().get("gpt-image-1.5")


class Shop:
    """The adapter bound to a fake vendor."""

    def __init__(self, url: str, egress: HttpEgress, sink: FolderSink) -> None:
        deployment = Deployment("main", "openai", url, Secret(KEY), timeout_s=5)
        self.provider = OpenAIProvider(deployment, egress)
        self.sink = sink

    def call(
        self, inputs: tuple[InputFile, ...] = (), mask: InputFile | None = None, **changes: Any
    ) -> UpstreamCall:
        assert MODEL is not None
        request = replace(REQUEST, **changes)
        return UpstreamCall("job", 1, request, MODEL, "gpt-image-1.5", 5, inputs, mask)

    async def hand_in(self, **changes: Any) -> str:
        batch_id = await self.provider.hand_in(self.call(**changes), self.sink)
        assert self.sink.left == []
        return batch_id

    async def collect(self, batch_id: str, **changes: Any) -> ProviderResult:
        return await self.provider.collect(self.call(**changes), batch_id, self.sink)

    async def fails(self, batch_id: str) -> DarkroomError:
        with pytest.raises(DarkroomError) as caught:
            await self.collect(batch_id)
        assert "CANARY" not in caught.value.message
        assert self.sink.left == []
        return caught.value

    async def waits(self, batch_id: str) -> str:
        with pytest.raises(NotYet) as caught:
            await self.collect(batch_id)
        assert self.sink.left == []
        return caught.value.why


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    opened = HttpEgress(PublicFetcher(AddressGuard()))
    yield opened
    await opened.close()


@pytest.fixture
def shop(openai_vendor: OpenAIVendor, egress: HttpEgress, tmp_path: Path) -> Shop:
    return Shop(openai_vendor.base_url, egress, FolderSink(tmp_path / "spool"))


def input_file(folder: Path, kind: str, *, transparent: bool = False) -> InputFile:
    data = picture(kind, Look(64, 48, transparent=transparent))
    path = folder / f"{kind}-{transparent}"
    path.write_bytes(data)
    return InputFile(path, f"image/{kind}", 64, 48, len(data))


async def test_a_request_becomes_a_file_and_a_batch(
    shop: Shop, openai_vendor: OpenAIVendor
) -> None:
    batch_id = await shop.hand_in()
    uploaded, created = openai_vendor.received
    assert (uploaded.path, created.path) == ("/v1/files", "/v1/batches")
    assert uploaded.headers["authorization"] == f"Bearer {KEY}"
    [batch] = openai_vendor.batches.made
    assert batch.id == batch_id
    assert batch.asked["metadata"] == {"job": "job", "attempt": "1"}
    body = {
        "model": "gpt-image-1.5",
        "prompt": "a cat",
        "n": 1,
        "size": "1024x1024",
        "quality": "low",
    }
    assert batch.lines == [
        {"custom_id": "job-1", "method": "POST", "url": "/v1/images/generations", "body": body}
    ]


async def test_it_waits_and_then_brings_images_and_usage(
    shop: Shop, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.batches.looks = 2
    batch_id = await shop.hand_in(n=2)
    assert "in_progress" in await shop.waits(batch_id)
    await shop.waits(batch_id)
    result = await shop.collect(batch_id, n=2)
    assert len(result.images) == 2
    assert all(image.path.read_bytes().startswith(b"\x89PNG") for image in result.images)
    assert result.usage is not None
    assert result.usage.image_out == 2 * 272


async def test_an_edit_carries_its_images_in_the_line(
    shop: Shop, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    inputs = (input_file(tmp_path, "png"), input_file(tmp_path, "jpeg"))
    mask = input_file(tmp_path, "png", transparent=True)
    sent = {"inputs": inputs, "mask": mask, "operation": Operation.EDIT}
    batch_id = await shop.hand_in(**sent)
    [line] = openai_vendor.batches.made[0].lines
    assert line["url"] == "/v1/images/edits"
    urls = [image["image_url"] for image in (*line["body"]["images"], line["body"]["mask"])]
    for url, file in zip(urls, (*inputs, mask), strict=True):
        assert url.startswith(f"data:{file.media_type};base64,")
        assert base64.b64decode(url.partition(",")[2]) == file.path.read_bytes()
    assert len((await shop.collect(batch_id, **sent)).images) == 1


async def test_a_refused_line_is_a_refusal(shop: Shop, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, categories=("violence",))
    error = await shop.fails(await shop.hand_in())
    assert isinstance(error, errors.ModerationBlocked)
    assert error.details["categories"] == ["violence"]


@pytest.mark.parametrize(
    ("ends_as", "problem", "kind"),
    [
        ("expired", {}, errors.UpstreamFailed),
        ("cancelled", {}, errors.UpstreamFailed),
        ("failed", {"code": "invalid_request", "message": "bad"}, errors.UpstreamRejected),
        ("failed", {"code": "token_limit_exceeded", "message": "x"}, errors.UpstreamRateLimited),
        ("failed", {"code": "billing_hard_limit_reached"}, errors.UpstreamDenied),
        ("unheard_of", {}, errors.UpstreamBroken),
    ],
)
async def test_how_a_batch_can_end_badly(
    shop: Shop,
    openai_vendor: OpenAIVendor,
    ends_as: str,
    problem: dict[str, Any],
    kind: type[DarkroomError],
) -> None:
    openai_vendor.batches.ends_as = ends_as
    openai_vendor.batches.problem = problem
    error = await shop.fails(await shop.hand_in())
    assert type(error) is kind
    if ends_as != "failed" and kind is errors.UpstreamFailed:
        assert error.retry_after_s == 3_600  # not again at once


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.SITE_OVERLOADED])
@pytest.mark.parametrize("where", ["", "/content"])
async def test_trouble_with_a_look_ends_nothing(
    shop: Shop, openai_vendor: OpenAIVendor, fault: Fault, where: str
) -> None:
    batch_id = await shop.hand_in()
    openai_vendor.next(fault, path=where or batch_id)
    await shop.waits(batch_id)
    assert len((await shop.collect(batch_id)).images) == 1


async def test_a_file_that_breaks_off_is_fetched_again(
    shop: Shop, openai_vendor: OpenAIVendor
) -> None:
    batch_id = await shop.hand_in()
    openai_vendor.next(Fault.CUT_BODY, path="/content")
    await shop.waits(batch_id)
    assert len((await shop.collect(batch_id)).images) == 1


async def test_trouble_with_the_file_costs_nothing_with_the_batch_perhaps(
    shop: Shop, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.RESET, path="/files")
    with pytest.raises(errors.UpstreamUnavailable):
        await shop.hand_in()
    openai_vendor.next(Fault.RESET, path="/batches")
    with pytest.raises(errors.UpstreamBroken):
        await shop.hand_in()
    assert len(openai_vendor.batches.made) == 1
    assert shop.sink.left == []


async def test_a_vendor_that_is_away_is_asked_later(
    openai_vendor: OpenAIVendor, egress: HttpEgress, tmp_path: Path
) -> None:
    with refusing_url() as url:
        away = Shop(url, egress, FolderSink(tmp_path / "spool"))
        await away.waits("batch_1")
        with pytest.raises(errors.UpstreamUnavailable):
            await away.hand_in()


async def test_withdrawing_cancels_the_batch(shop: Shop, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.batches.looks = 1_000
    batch_id = await shop.hand_in()
    await shop.provider.withdraw(batch_id)
    assert openai_vendor.batches.made[0].status == "cancelled"


def test_who_has_an_economy_tier() -> None:
    assert issubclass(OpenAIProvider, EconomyProvider)
    assert not issubclass(AzureProvider, EconomyProvider)


async def test_the_official_sdk_can_use_the_fake(openai_vendor: OpenAIVendor) -> None:
    body = {"model": "gpt-image-1.5", "prompt": "a cat", "quality": "low"}
    url = "/v1/images/generations"
    line = json.dumps({"custom_id": "one", "method": "POST", "url": url, "body": body})
    openai_vendor.batches.looks = 1
    async with openai.AsyncOpenAI(api_key="k", base_url=openai_vendor.base_url) as sdk:
        file = await sdk.files.create(file=("b.jsonl", line.encode()), purpose="batch")
        batch = await sdk.batches.create(
            input_file_id=file.id, endpoint="/v1/images/generations", completion_window="24h"
        )
        assert (await sdk.batches.retrieve(batch.id)).status == "in_progress"
        done = await sdk.batches.retrieve(batch.id)
        assert (done.status, done.error_file_id) == ("completed", None)
        assert done.output_file_id is not None
        content = await sdk.files.content(done.output_file_id)
        other = await sdk.batches.create(
            input_file_id=file.id, endpoint="/v1/images/generations", completion_window="24h"
        )
        assert (await sdk.batches.cancel(other.id)).status == "cancelled"
    [answer] = [json.loads(text) for text in content.text.splitlines()]
    assert answer["custom_id"] == "one"
    assert base64.b64decode(answer["response"]["body"]["data"][0]["b64_json"])
