"""The OpenAI adapter against the fake vendor: what goes out, what comes back, what goes wrong."""

import asyncio
import email.utils
import hashlib
import resource
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkroom.catalog import Catalog
from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing, DarkroomError
from darkroom.core.ports import InputFile, UpstreamCall
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import Output, ProviderResult
from darkroom.core.secret import Secret
from darkroom.core.usage import Usage
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers.openai import OpenAIProvider
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor, refusing_url
from tests.fakes.pictures import Look, picture
from tests.support.spooled import FolderSink

KEY = "sk-proj-CANARY_0123456789abcdef"
MODELS = Catalog.load()
REQUEST = ImageRequest(Operation.GENERATION, "gpt-image-1.5", "a cat", quality="low")


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    opened = HttpEgress(PublicFetcher(AddressGuard()))
    yield opened
    await opened.close()


@pytest.fixture
def sink(tmp_path: Path) -> FolderSink:
    return FolderSink(tmp_path / "spool")


class Upstream:
    """The adapter bound to a fake vendor."""

    def __init__(self, url: str, egress: HttpEgress, sink: FolderSink) -> None:
        self.deployment = Deployment("main", "openai", url, Secret(KEY), timeout_s=5)
        self.egress = egress
        self.sink = sink

    async def run(
        self,
        request: ImageRequest = REQUEST,
        inputs: tuple[InputFile, ...] = (),
        mask: InputFile | None = None,
    ) -> ProviderResult:
        model = MODELS.get(request.model)
        assert model is not None
        call = UpstreamCall("job", 1, request, model, request.model, 5, inputs, mask)
        return await OpenAIProvider(self.deployment, self.egress).run(call, self.sink)

    async def fails(self, **changes: Any) -> DarkroomError:
        """The error of a request; it tells no secret and leaves no file."""
        with pytest.raises(DarkroomError) as caught:
            await self.run(replace(REQUEST, **changes))
        assert "CANARY" not in f"{caught.value.message} {caught.value.record()}"
        assert self.sink.left == []
        return caught.value


@pytest.fixture
def upstream(openai_vendor: OpenAIVendor, egress: HttpEgress, sink: FolderSink) -> Upstream:
    return Upstream(openai_vendor.base_url, egress, sink)


@pytest.fixture
def vendor(openai_vendor: OpenAIVendor) -> OpenAIVendor:
    return openai_vendor


def input_file(folder: Path, kind: str, width: int = 64, *, transparent: bool = False) -> InputFile:
    data = picture(kind, Look(width, 48, transparent=transparent))
    path = folder / f"{kind}-{width}-{transparent}"
    path.write_bytes(data)
    return InputFile(path, f"image/{kind}", width, 48, len(data))


# What goes out ---------------------------------------------------------------------------------


async def test_a_plain_generation_says_only_what_was_asked(
    upstream: Upstream, vendor: OpenAIVendor
) -> None:
    await upstream.run(ImageRequest(Operation.GENERATION, "gpt-image-1.5", "a cat"))
    sent = vendor.received[0]
    assert (sent.method, sent.path, sent.query) == ("POST", "/v1/images/generations", "")
    assert sent.json == {"model": "gpt-image-1.5", "prompt": "a cat", "n": 1}
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["content-type"] == "application/json"


async def test_every_parameter_goes_out_by_its_name(
    upstream: Upstream, vendor: OpenAIVendor
) -> None:
    await upstream.run(
        replace(
            REQUEST,
            n=2,
            size="1536x1024",
            background="opaque",
            output_format="webp",
            output_compression=60,
            moderation="low",
            user="u-1",
        )
    )
    assert vendor.received[0].json == {
        "model": "gpt-image-1.5",
        "prompt": "a cat",
        "n": 2,
        "size": "1536x1024",
        "quality": "low",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 60,
        "moderation": "low",
        "user": "u-1",
    }


async def test_an_edit_goes_out_as_a_form_with_named_and_typed_files(
    upstream: Upstream, vendor: OpenAIVendor, tmp_path: Path
) -> None:
    inputs = tuple(input_file(tmp_path, kind) for kind in ("png", "jpeg", "webp"))
    mask = input_file(tmp_path, "png", transparent=True)
    request = replace(REQUEST, operation=Operation.EDIT, input_fidelity="high", n=2)
    result = await upstream.run(request, inputs, mask)
    sent = vendor.received[0]
    assert sent.path == "/v1/images/edits"
    assert sent.fields == {
        "model": "gpt-image-1.5",
        "prompt": "a cat",
        "n": "2",
        "quality": "low",
        "input_fidelity": "high",
    }
    assert [(each.name, each.filename, each.content_type) for each in sent.files] == [
        ("image[]", "image-0.png", "image/png"),
        ("image[]", "image-1.jpg", "image/jpeg"),
        ("image[]", "image-2.webp", "image/webp"),
        ("mask", "mask.png", "image/png"),
    ]
    for file, part in zip((*inputs, mask), sent.files, strict=True):
        assert part.data == file.path.read_bytes()
    assert int(sent.headers["content-length"]) == len(sent.body)
    assert len(result.images) == 2


async def test_a_prompt_of_any_characters_survives_the_form(
    upstream: Upstream, vendor: OpenAIVendor, tmp_path: Path
) -> None:
    prompt = 'čaj "for" 2\r\n--boundary\r\n猫 \\ %0A \x00'
    request = replace(REQUEST, operation=Operation.EDIT, prompt=prompt)
    await upstream.run(request, (input_file(tmp_path, "png"),))
    assert vendor.received[0].fields["prompt"] == prompt


# What comes back -------------------------------------------------------------------------------


async def test_images_usage_and_what_was_made_come_back(
    upstream: Upstream, sink: FolderSink
) -> None:
    result = await upstream.run(replace(REQUEST, n=2, output_format="webp"))
    assert [path for path in sink.left if path.is_file()] == sorted(i.path for i in result.images)
    for image in result.images:
        data = image.path.read_bytes()
        assert data[8:12] == b"WEBP"
        assert (image.sha256, image.byte_size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert result.usage == Usage(text_in=8, image_out=2 * 272)
    assert result.output == Output("1024x1024", "low", "opaque", "webp")
    assert result.upstream_id == "req_fake_000001"


@pytest.mark.parametrize(
    "fault",
    [Fault.ESCAPED_SLASHES, Fault.PRETTY_JSON, Fault.GZIP, Fault.WRONG_FORMAT, Fault.WRONG_SIZE],
)
async def test_odd_but_whole_answers_are_read(
    upstream: Upstream, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    result = await upstream.run()
    head = result.images[0].path.read_bytes()[:12]
    assert head[:4] == b"\x89PNG" or head[8:] == b"WEBP"


@pytest.mark.parametrize(("fault", "images"), [(Fault.FEWER_IMAGES, 1), (Fault.MORE_IMAGES, 2)])
async def test_another_number_of_images_than_asked(
    upstream: Upstream, vendor: OpenAIVendor, sink: FolderSink, fault: Fault, images: int
) -> None:
    vendor.next(fault)
    result = await upstream.run(replace(REQUEST, n=2))
    assert len(result.images) == len(sink.left) == images


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({"input_tokens": 50, "output_tokens": 272}, Usage(text_in=50, image_out=272)),
        (
            {
                "input_tokens": 50,
                "output_tokens": 300,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
                "output_tokens_details": {"image_tokens": 272, "text_tokens": 28},
            },
            Usage(text_in=10, image_in=40, image_out=272, text_out=28),
        ),
        ({"input_tokens_details": None, "output_tokens": 5}, Usage(image_out=5)),
        (
            {"input_tokens_details": [1], "output_tokens_details": "x", "output_tokens": 5},
            Usage(image_out=5),
        ),
        (
            {"input_tokens": 5, "input_tokens_details": {"image_tokens": 99}, "output_tokens": 1},
            Usage(image_in=5, image_out=1),
        ),
        (
            {
                "input_tokens": 50,
                "output_tokens": 1,
                "input_tokens_details": {"image_tokens": 40},
                "cached_tokens_details": {"cached_text_tokens": 99, "cached_image_tokens": 20},
            },
            Usage(text_in=10, image_in=40, cached_text_in=10, cached_image_in=20, image_out=1),
        ),
        ({}, None),
        ({"input_tokens": -5, "output_tokens": -1}, None),
        ({"input_tokens": "5", "output_tokens": "1"}, None),
        ({"input_tokens": 10**18, "output_tokens": 1}, None),
    ],
)
async def test_usage_shapes(
    upstream: Upstream, vendor: OpenAIVendor, raw: dict[str, Any], usage: Usage | None
) -> None:
    vendor.next(usage=raw)
    assert (await upstream.run()).usage == usage


@pytest.mark.parametrize(
    "fault",
    [
        Fault.USAGE_MISSING,
        Fault.USAGE_ZERO,
        Fault.USAGE_NEGATIVE,
        Fault.USAGE_HUGE,
        Fault.USAGE_STRINGS,
    ],
)
async def test_useless_usage_is_none_and_harms_no_image(
    upstream: Upstream, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    result = await upstream.run()
    assert (len(result.images), result.usage) == (1, None)


# Streams ---------------------------------------------------------------------------------------

STREAMED = replace(REQUEST, partial_images=2)


async def test_a_stream_hands_over_previews_and_returns_the_image(
    upstream: Upstream, vendor: OpenAIVendor, sink: FolderSink
) -> None:
    result = await upstream.run(STREAMED)
    assert vendor.received[0].json["stream"] is True
    assert vendor.received[0].json["partial_images"] == 2
    assert [index for index, _ in sink.partials] == [0, 1]
    assert all(data.startswith(b"\x89PNG") for _, data in sink.partials)
    assert [each.path for each in result.images] == sink.left
    assert result.usage == Usage(text_in=8, image_out=272 + 200)
    assert result.output == Output("1024x1024", "low", "opaque", "png")


async def test_an_edit_streams_too(
    upstream: Upstream, vendor: OpenAIVendor, sink: FolderSink, tmp_path: Path
) -> None:
    request = replace(STREAMED, operation=Operation.EDIT)
    result = await upstream.run(request, (input_file(tmp_path, "png"),))
    assert vendor.received[0].fields["stream"] == "true"
    assert (len(sink.partials), len(result.images)) == (2, 1)


async def test_usage_of_a_stream_is_the_sum_over_its_images(upstream: Upstream) -> None:
    result = await upstream.run(replace(STREAMED, n=3, partial_images=1))
    assert result.usage == Usage(text_in=24, image_out=3 * 372)
    assert len(result.images) == 3


@pytest.mark.parametrize("fault", [Fault.SSE_DONE, Fault.SSE_COMMENTS, Fault.SSE_AS_JSON])
async def test_odd_but_whole_streams_are_read(
    upstream: Upstream, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    assert len((await upstream.run(STREAMED)).images) == 1


async def test_a_repeated_final_event_is_neither_kept_nor_counted(
    upstream: Upstream, vendor: OpenAIVendor, sink: FolderSink
) -> None:
    vendor.next(Fault.SSE_DUPLICATE_COMPLETED)
    result = await upstream.run(STREAMED)
    assert len(result.images) == len(sink.left) == 1
    assert result.usage == Usage(text_in=8, image_out=472)


async def test_a_drip_split_anywhere_is_read(upstream: Upstream, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.DRIP, drip_bytes=997, drip_s=0)
    assert len((await upstream.run(STREAMED)).images) == 1


# What goes wrong -------------------------------------------------------------------------------

FAILURES: dict[Fault, type[DarkroomError]] = {
    Fault.RATE_LIMITED: errors.UpstreamRateLimited,
    Fault.INSUFFICIENT_QUOTA: errors.UpstreamDenied,
    Fault.MODERATION_BLOCKED: errors.ModerationBlocked,
    Fault.MODERATION_PLAIN: errors.ModerationBlocked,
    Fault.CONTENT_POLICY: errors.ModerationBlocked,
    Fault.CONTENT_FILTER: errors.ModerationBlocked,
    Fault.BILLING_HARD_LIMIT: errors.UpstreamDenied,
    Fault.INVALID_REQUEST: errors.UpstreamRejected,
    Fault.INVALID_API_KEY: errors.UpstreamDenied,
    Fault.UNVERIFIED_ORG: errors.UpstreamDenied,
    Fault.MODEL_NOT_FOUND: errors.UpstreamDenied,
    Fault.REQUEST_TIMEOUT: errors.UpstreamFailed,
    Fault.CONFLICT: errors.UpstreamFailed,
    Fault.TOO_LARGE: errors.UpstreamRejected,
    Fault.SERVER_ERROR: errors.UpstreamFailed,
    Fault.BAD_GATEWAY: errors.UpstreamFailed,
    Fault.OVERLOADED: errors.UpstreamFailed,
    Fault.SLOW_DOWN: errors.UpstreamFailed,
    Fault.GATEWAY_TIMEOUT: errors.UpstreamTimeout,
    Fault.SITE_OVERLOADED: errors.UpstreamFailed,
    Fault.REDIRECT: errors.UpstreamFailed,
    Fault.HTML_200: errors.UpstreamBroken,
    Fault.EMPTY_200: errors.UpstreamBroken,
    Fault.ERROR_200: errors.UpstreamFailed,
    Fault.INVALID_BASE64: errors.UpstreamBroken,
    Fault.EMPTY_DATA: errors.UpstreamBroken,
    Fault.MISSING_DATA: errors.UpstreamBroken,
    Fault.NULL_IMAGE: errors.UpstreamBroken,
    Fault.URL_IMAGE: errors.UpstreamBroken,
    Fault.TRUNCATED_JSON: errors.UpstreamBroken,
    Fault.INVALID_JSON: errors.UpstreamBroken,
    Fault.RESET: errors.UpstreamBroken,
    Fault.RESET_MID_BODY: errors.UpstreamBroken,
    Fault.CUT_BODY: errors.UpstreamBroken,
    Fault.HUGE_BODY: errors.UpstreamBroken,
    Fault.GZIP_BOMB: errors.UpstreamBroken,
    Fault.HANG: errors.UpstreamTimeout,
    Fault.HEADER_THEN_HANG: errors.UpstreamTimeout,
}
STREAM_FAILURES: dict[Fault, type[DarkroomError]] = {
    Fault.SSE_CUT: errors.UpstreamBroken,
    Fault.SSE_RESET: errors.UpstreamBroken,
    Fault.SSE_HANG: errors.UpstreamTimeout,
    Fault.SSE_ERROR: errors.UpstreamFailed,
    Fault.SSE_NO_COMPLETED: errors.UpstreamBroken,
    Fault.INVALID_BASE64: errors.UpstreamBroken,
    Fault.INVALID_JSON: errors.UpstreamBroken,
    Fault.TRUNCATED_JSON: errors.UpstreamBroken,
    Fault.CUT_BODY: errors.UpstreamBroken,
    Fault.MODERATION_BLOCKED: errors.ModerationBlocked,
}
HARMLESS = {
    *(Fault.NONE, Fault.HOLD, Fault.DRIP, Fault.GZIP, Fault.ESCAPED_SLASHES, Fault.PRETTY_JSON),
    *(Fault.FEWER_IMAGES, Fault.MORE_IMAGES, Fault.WRONG_FORMAT, Fault.WRONG_SIZE),
    *(Fault.USAGE_MISSING, Fault.USAGE_NO_BREAKDOWN, Fault.USAGE_ZERO, Fault.USAGE_NEGATIVE),
    *(Fault.USAGE_HUGE, Fault.USAGE_STRINGS, Fault.USAGE_INCONSISTENT),
    *(Fault.SSE_DONE, Fault.SSE_COMMENTS, Fault.SSE_AS_JSON, Fault.SSE_DUPLICATE_COMPLETED),
    # The bytes are looked at where they are stored.
    *(Fault.NOT_AN_IMAGE, Fault.TRUNCATED_IMAGE, Fault.CORRUPT_IMAGE),
}
BILLED_PERHAPS = (errors.UpstreamBroken, errors.UpstreamTimeout)


def test_every_fault_of_the_catalogue_is_spoken_of() -> None:
    assert set(Fault) == FAILURES.keys() | STREAM_FAILURES.keys() | HARMLESS


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_fault_becomes_the_right_error(
    upstream: Upstream, vendor: OpenAIVendor, fault: Fault
) -> None:
    upstream.deployment = replace(upstream.deployment, timeout_s=0.4)
    if fault in (Fault.HUGE_BODY, Fault.GZIP_BOMB):
        upstream.deployment = replace(upstream.deployment, timeout_s=20)
    vendor.next(fault, huge_bytes=180_000_000)
    error = await upstream.fails(n=2)
    assert type(error) is FAILURES[fault]
    assert error.billing is (Billing.UNKNOWN if type(error) in BILLED_PERHAPS else Billing.NO)


@pytest.mark.parametrize("fault", STREAM_FAILURES)
async def test_a_fault_in_a_stream_becomes_the_right_error(
    upstream: Upstream, vendor: OpenAIVendor, fault: Fault
) -> None:
    upstream.deployment = replace(upstream.deployment, timeout_s=0.4)
    vendor.next(fault)
    assert type(await upstream.fails(partial_images=2)) is STREAM_FAILURES[fault]


async def test_an_image_over_the_limit_is_refused_without_holding_it(
    upstream: Upstream, vendor: OpenAIVendor
) -> None:
    upstream.deployment = replace(upstream.deployment, timeout_s=20)
    vendor.next(Fault.HUGE_BODY, huge_bytes=400_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await upstream.fails()
    assert "larger than 128,000,000 bytes" in error.message
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 40_000
    await vendor.wait_hung_up(1)


async def test_moderation_says_stage_and_categories(
    upstream: Upstream, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.MODERATION_BLOCKED, stage="output", categories=("violence", "self-harm"))
    error = await upstream.fails()
    assert error.details == {"stage": "output", "categories": ["violence", "self-harm"]}
    vendor.next(Fault.MODERATION_PLAIN)
    assert (await upstream.fails()).details == {"stage": "unknown", "categories": []}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "7", "retry_after_ms": "240"}, 0.24),
        ({"retry_after": "7", "retry_after_ms": "soon"}, 7),
        ({"retry_after": "-3"}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "1e300"}, 86_400),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({}, None),
    ],
)
async def test_retry_after_in_every_form(
    upstream: Upstream, vendor: OpenAIVendor, headers: dict[str, str], seconds: float | None
) -> None:
    vendor.next(Fault.RATE_LIMITED, times=1, **headers)
    assert (await upstream.fails()).retry_after_s == seconds


async def test_retry_after_as_a_date(upstream: Upstream, vendor: OpenAIVendor) -> None:
    vendor.next(
        Fault.RATE_LIMITED, retry_after=email.utils.formatdate(time.time() + 100, usegmt=True)
    )
    found = (await upstream.fails()).retry_after_s
    assert found is not None
    assert 90 < found <= 101


async def test_a_refused_connection_means_nothing_was_sent(
    egress: HttpEgress, sink: FolderSink
) -> None:
    with refusing_url() as url:
        error = await Upstream(url, egress, sink).fails()
    assert type(error) is errors.UpstreamUnavailable


async def test_an_unusable_base_url_means_nothing_was_sent(
    egress: HttpEgress, sink: FolderSink
) -> None:
    for url in ("http:///v1", "ftp://127.0.0.1/v1", "http://127.1:9/v1"):
        assert type(await Upstream(url, egress, sink).fails()) is errors.UpstreamUnavailable


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HEADER_THEN_HANG, Fault.SSE_HANG])
async def test_cancelling_closes_the_upstream_connection(
    upstream: Upstream, vendor: OpenAIVendor, sink: FolderSink, fault: Fault
) -> None:
    vendor.next(fault)
    task = asyncio.create_task(upstream.run(STREAMED))
    await vendor.wait_received(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await vendor.wait_hung_up(1)
    assert sink.left == []


async def test_connections_are_kept(upstream: Upstream, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.SERVER_ERROR)
    await upstream.fails()
    await upstream.run()
    await upstream.run()
    assert len({received.peer for received in vendor.received}) == 1


async def test_the_model_is_served_by_vendor(upstream: Upstream) -> None:
    provider = OpenAIProvider(upstream.deployment, upstream.egress)
    served = MODELS.get("gpt-image-2")
    assert served is not None
    assert provider.serves(served)
    assert not provider.serves(replace(served, vendors={}))
