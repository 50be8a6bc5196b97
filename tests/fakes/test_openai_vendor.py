"""The fake vendor against the official SDK and, for broken answers, against raw HTTP."""

import asyncio
import base64
import contextlib
import hashlib
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import openai
import pytest
from PIL import Image

from tests.fakes.openai_faults import Fault, marked
from tests.fakes.openai_vendor import OpenAIVendor, refusing_url
from tests.fakes.pictures import Look, picture

PNG = picture("png", Look(64, 64, transparent=True))
ASK: dict[str, Any] = {
    "model": "gpt-image-2",
    "prompt": "a cat",
    "size": "1024x1024",
    "quality": "low",
}


@pytest.fixture
def vendor() -> Any:
    with OpenAIVendor(keys=frozenset({"sk-good"})) as server:
        yield server


@pytest.fixture
async def sdk(vendor: OpenAIVendor) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        api_key="sk-good", base_url=vendor.base_url, max_retries=0, timeout=10
    ) as client:
        yield client


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"authorization": "Bearer sk-good"}
    async with aiohttp.ClientSession(headers=headers, auto_decompress=False) as session:
        yield session


def opened(b64: str | None) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(b64 or "", validate=True)))
    image.load()
    return image


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
async def test_generates_what_was_asked(
    sdk: openai.AsyncOpenAI, vendor: OpenAIVendor, output_format: Any
) -> None:
    result = await sdk.images.generate(
        model="gpt-image-2",
        prompt="a cat",
        n=2,
        size="1536x1024",
        quality="medium",
        output_format=output_format,
    )
    assert result.data is not None
    images = [opened(each.b64_json) for each in result.data]
    assert [(image.size, image.format) for image in images] == [
        ((1536, 1024), output_format.upper())
    ] * 2
    assert result.data[0].b64_json != result.data[1].b64_json
    assert (result.size, result.quality, result.output_format) == (
        "1536x1024",
        "medium",
        output_format,
    )
    assert result.usage is not None
    assert result.usage.output_tokens == 2 * 1372
    assert result.usage.input_tokens_details.image_tokens == 0
    assert result._request_id == "req_fake_000001"
    assert vendor.received[0].json["prompt"] == "a cat"
    assert vendor.received[0].headers["authorization"] == "Bearer sk-good"


async def test_transparent_pictures_have_alpha_and_weight(
    sdk: openai.AsyncOpenAI, vendor: OpenAIVendor
) -> None:
    vendor.weight = 1_500_000
    result = await sdk.images.generate(**ASK, background="transparent")
    assert result.data is not None
    assert len(base64.b64decode(result.data[0].b64_json or "")) >= 1_500_000
    assert opened(result.data[0].b64_json).mode == "RGBA"


async def test_edit_records_every_file(sdk: openai.AsyncOpenAI, vendor: OpenAIVendor) -> None:
    ask: dict[str, Any] = {"model": "gpt-image-1.5", "prompt": "a hat", "quality": "low"}
    one = await sdk.images.edit(image=("a.png", PNG), mask=("m.png", PNG), **ask)
    await sdk.images.edit(image=[("a.png", PNG), ("b.png", PNG)], input_fidelity="high", **ask)
    first, second = vendor.received
    assert [(part.name, part.sha256) for part in first.files] == [
        ("image", hashlib.sha256(PNG).hexdigest()),
        ("mask", hashlib.sha256(PNG).hexdigest()),
    ]
    assert [part.name for part in second.files] == ["image[]", "image[]"]
    assert second.fields["input_fidelity"] == "high"
    assert one.usage is not None
    assert one.usage.input_tokens_details.image_tokens == 65 + 129


async def test_edit_takes_numbered_fields_and_json(
    http: aiohttp.ClientSession, vendor: OpenAIVendor
) -> None:
    form = aiohttp.FormData({"model": "gpt-image-2", "prompt": "a hat", "n": "2"})
    form.add_field("image[0]", PNG, filename="a.png", content_type="image/png")
    data_url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    body = {**ASK, "images": [{"image_url": data_url}], "mask": {"image_url": data_url}}
    both: list[dict[str, Any]] = [
        {"data": form},
        {"json": {**body, "n": 2, "moderation": "low"}},
    ]
    for sent in both:
        async with http.post(f"{vendor.base_url}/images/edits", **sent) as answer:
            assert answer.status == 200
            assert len((await answer.json())["data"]) == 2


async def test_stream_has_partials_then_the_image(sdk: openai.AsyncOpenAI) -> None:
    stream = await sdk.images.generate(**ASK, stream=True, partial_images=2)
    events = [event async for event in stream]
    assert [type(event).__name__ for event in events] == [
        "ImageGenPartialImageEvent",
        "ImageGenPartialImageEvent",
        "ImageGenCompletedEvent",
    ]
    assert [getattr(event, "partial_image_index", None) for event in events] == [0, 1, None]
    final = events[-1]
    assert final.type == "image_generation.completed"
    assert final.usage.output_tokens == 196 + 200
    assert opened(final.b64_json).size == (1024, 1024)


async def test_stream_of_an_edit(sdk: openai.AsyncOpenAI) -> None:
    stream = await sdk.images.edit(image=("a.png", PNG), **ASK, stream=True, partial_images=1)  # type: ignore[call-overload]
    kinds = [event.type async for event in stream]
    assert kinds == ["image_edit.partial_image", "image_edit.completed"]


async def test_lists_models(sdk: openai.AsyncOpenAI) -> None:
    assert "gpt-image-2" in [model.id async for model in sdk.models.list()]


REFUSED: list[tuple[dict[str, Any], str | None, str | None, str]] = [
    ({"response_format": "b64_json"}, "unknown_parameter", "response_format",
     "Unknown parameter: 'response_format'."),
    ({"extra_body": {"seed": 1}}, "unknown_parameter", "seed", "Unknown parameter: 'seed'."),
    ({"size": "1792x936"}, "invalid_value", "size",
     "Invalid size '1792x936'. Width and height must both be divisible by 16."),
    ({"model": "gpt-image-1.5", "size": "1254x836"}, "invalid_value", "size",
     "Invalid value: '1254x836'. Supported values are: '1024x1024', '1024x1536', '1536x1024',"
     " and 'auto'."),
    ({"n": 11}, "integer_above_max_value", "n", "Expected a value <= 10"),
    ({"n": "2"}, "invalid_type", "n", "expected an integer, but got a string"),
    ({"quality": "max"}, "invalid_value", "quality", "Invalid value: 'max'."),
    ({"output_compression": 50}, "invalid_value", "output_compression", "PNG output format"),
    ({"output_format": "jpeg", "background": "transparent"}, "invalid_value", "background", ""),
    ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt", "32000"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "param", "text"), REFUSED)
async def test_refuses_as_openai_does(
    sdk: openai.AsyncOpenAI,
    vendor: OpenAIVendor,
    change: dict[str, Any],
    code: str | None,
    param: str | None,
    text: str,
) -> None:
    vendor.next(Fault.SERVER_ERROR)
    with pytest.raises(openai.BadRequestError) as caught:
        await sdk.images.generate(**{**ASK, **change})
    assert (caught.value.code, caught.value.param) == (code, param)
    assert text in caught.value.message
    assert len(vendor.script.queue) == 1, "a request that is refused uses up no fault"


async def test_refuses_bad_inputs(sdk: openai.AsyncOpenAI) -> None:
    other = picture("png", Look(32, 32, transparent=True))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"image": io.BytesIO(PNG)}, "unsupported_file_mimetype"),
        ({"image": [("a.png", PNG), ("b.gif", PNG, "image/gif")]}, "unsupported_file_mimetype"),
        ({"image": ("a.png", b"no picture", "image/png")}, "invalid_image_file"),
        ({"image": ("a.png", PNG), "mask": ("m.png", other)}, "invalid_mask_image_format"),
        ({"image": [("a.png", PNG)] * 17}, "array_above_max_length"),
        ({"image": ("a.png", PNG), "input_fidelity": "high"}, "invalid_value"),
    ]
    for inputs, code in cases:
        with pytest.raises(openai.BadRequestError) as caught:
            await sdk.images.edit(**ASK, **inputs)  # type: ignore[arg-type]
        assert caught.value.code == code


async def test_wants_a_key_and_a_living_model(
    sdk: openai.AsyncOpenAI, http: aiohttp.ClientSession, vendor: OpenAIVendor
) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        await sdk.with_options(api_key="sk-bad").images.generate(**ASK)
    assert caught.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as gone:
        await sdk.images.generate(**{**ASK, "model": "dall-e-3"})
    assert gone.value.code == "model_not_found"
    url = f"{vendor.base_url}/images/generations"
    async with http.post(url, json=ASK, headers={"authorization": ""}) as answer:
        assert answer.status == 401


async def test_serves_the_paths_and_key_header_of_azure(
    http: aiohttp.ClientSession, vendor: OpenAIVendor
) -> None:
    root = vendor.base_url.removesuffix("/v1")
    url = f"{root}/openai/deployments/gpt-image-2/images/generations?api-version=1"
    headers = {"authorization": "", "api-key": "sk-good"}
    async with http.post(url, json={"prompt": "a cat"}, headers=headers) as answer:
        assert answer.status == 200
    assert vendor.received[0].query == "api-version=1"


STATUS: list[tuple[Fault, type[openai.APIStatusError], str | None]] = [
    (Fault.RATE_LIMITED, openai.RateLimitError, "rate_limit_exceeded"),
    (Fault.INSUFFICIENT_QUOTA, openai.RateLimitError, "insufficient_quota"),
    (Fault.MODERATION_BLOCKED, openai.BadRequestError, "moderation_blocked"),
    (Fault.MODERATION_PLAIN, openai.BadRequestError, "moderation_blocked"),
    (Fault.CONTENT_POLICY, openai.BadRequestError, "content_policy_violation"),
    (Fault.CONTENT_FILTER, openai.BadRequestError, "contentFilter"),
    (Fault.BILLING_HARD_LIMIT, openai.BadRequestError, "billing_hard_limit_reached"),
    (Fault.INVALID_REQUEST, openai.BadRequestError, "invalid_value"),
    (Fault.INVALID_API_KEY, openai.AuthenticationError, "invalid_api_key"),
    (Fault.UNVERIFIED_ORG, openai.PermissionDeniedError, None),
    (Fault.MODEL_NOT_FOUND, openai.NotFoundError, "model_not_found"),
    (Fault.CONFLICT, openai.ConflictError, None),
    (Fault.REQUEST_TIMEOUT, openai.APIStatusError, None),
    (Fault.TOO_LARGE, openai.APIStatusError, None),
    (Fault.SERVER_ERROR, openai.InternalServerError, None),
    (Fault.BAD_GATEWAY, openai.InternalServerError, None),
    (Fault.OVERLOADED, openai.InternalServerError, None),
    (Fault.SLOW_DOWN, openai.InternalServerError, "slow_down"),
    (Fault.GATEWAY_TIMEOUT, openai.InternalServerError, None),
    (Fault.SITE_OVERLOADED, openai.InternalServerError, None),
]


@pytest.mark.parametrize(("fault", "kind", "code"), STATUS)
async def test_error_answers(
    sdk: openai.AsyncOpenAI,
    vendor: OpenAIVendor,
    fault: Fault,
    kind: type[openai.APIStatusError],
    code: str | None,
) -> None:
    vendor.next(fault, retry_after="3", retry_after_ms="240")
    with pytest.raises(kind) as caught:
        await sdk.images.generate(**ASK)
    assert caught.value.code == code
    body: Any = caught.value.body
    assert ("moderation_details" in (body or "")) is (fault is Fault.MODERATION_BLOCKED)
    if fault is Fault.RATE_LIMITED:
        assert caught.value.response.headers["retry-after"] == "3"
        assert caught.value.response.headers["retry-after-ms"] == "240"
    await sdk.images.generate(**ASK)  # the queue is empty again


def _data(answer: Any) -> Any:
    return answer["data"][0]["b64_json"]


CONTENTS: list[tuple[Fault, dict[str, Any], Callable[[Any], bool]]] = [
    (Fault.INVALID_BASE64, {}, lambda answer: "!*~" in _data(answer)),
    (Fault.WRONG_FORMAT, {}, lambda answer: opened(_data(answer)).format == "WEBP"),
    (Fault.WRONG_SIZE, {}, lambda answer: opened(_data(answer)).size == (640, 400)),
    (Fault.NOT_AN_IMAGE, {}, lambda answer: base64.b64decode(_data(answer))[:4] == b"%PDF"),
    (Fault.EMPTY_DATA, {}, lambda answer: answer["data"] == []),
    (Fault.MISSING_DATA, {}, lambda answer: "data" not in answer),
    (Fault.NULL_IMAGE, {}, lambda answer: _data(answer) is None),
    (Fault.URL_IMAGE, {}, lambda answer: answer["data"][0]["url"].startswith("http")),
    (Fault.FEWER_IMAGES, {}, lambda answer: answer["data"] == []),
    (Fault.MORE_IMAGES, {}, lambda answer: len(answer["data"]) == 2),
    (Fault.MORE_IMAGES, {"images": 5}, lambda answer: len(answer["data"]) == 5),
    (Fault.USAGE_MISSING, {}, lambda answer: "usage" not in answer),
    (Fault.USAGE_NO_BREAKDOWN, {}, lambda answer: len(answer["usage"]) == 3),
    (Fault.USAGE_ZERO, {}, lambda answer: answer["usage"]["output_tokens"] == 0),
    (Fault.USAGE_NEGATIVE, {}, lambda answer: answer["usage"]["output_tokens"] == -196),
    (Fault.USAGE_HUGE, {}, lambda answer: answer["usage"]["output_tokens"] > 10**17),
    (Fault.USAGE_STRINGS, {}, lambda answer: answer["usage"]["output_tokens"] == "196"),
    (Fault.USAGE_INCONSISTENT, {}, lambda answer: answer["usage"]["total_tokens"] == 1),
    (Fault.NONE, {"usage": {"x": 1}}, lambda answer: answer["usage"] == {"x": 1}),
    (Fault.ESCAPED_SLASHES, {}, lambda answer: opened(_data(answer)).size == (1024, 1024)),
    (Fault.PRETTY_JSON, {}, lambda answer: opened(_data(answer)).size == (1024, 1024)),
    (Fault.ERROR_200, {}, lambda answer: "error" in answer),
    (Fault.DRIP, {"drip_bytes": 4096, "drip_s": 0}, lambda answer: bool(_data(answer))),
    (Fault.NONE, {"delay_s": 0.01, "weight": 200_000}, lambda a: len(_data(a)) > 260_000),
]


@pytest.mark.parametrize(("fault", "options", "holds"), CONTENTS)
async def test_contents_go_wrong(
    http: aiohttp.ClientSession,
    vendor: OpenAIVendor,
    fault: Fault,
    options: dict[str, Any],
    holds: Callable[[Any], bool],
) -> None:
    vendor.next(fault, **options)
    async with http.post(f"{vendor.base_url}/images/generations", json=ASK) as answer:
        assert answer.status == 200
        assert holds(await answer.json())
    assert vendor.received[0].fault == fault.value


@pytest.mark.parametrize("fault", [Fault.TRUNCATED_IMAGE, Fault.CORRUPT_IMAGE])
async def test_broken_pictures_do_not_decode(
    sdk: openai.AsyncOpenAI, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    result = await sdk.images.generate(**ASK)
    assert result.data is not None
    with pytest.raises((OSError, SyntaxError)):
        opened(result.data[0].b64_json)


@pytest.mark.parametrize(
    "fault", [Fault.TRUNCATED_JSON, Fault.INVALID_JSON, Fault.EMPTY_200, Fault.HTML_200]
)
async def test_bodies_that_are_no_json(
    http: aiohttp.ClientSession, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    async with http.post(f"{vendor.base_url}/images/generations", json=ASK) as answer:
        assert answer.status == 200
        with pytest.raises(ValueError, match=r"."):
            json.loads(await answer.read())


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.RESET_MID_BODY, Fault.CUT_BODY])
async def test_connections_break(vendor: OpenAIVendor, fault: Fault) -> None:
    vendor.next(fault)
    reader, writer = await asyncio.open_connection("127.0.0.1", vendor.port)
    body = json.dumps(ASK).encode()
    writer.write(
        b"POST /v1/images/generations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-good\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )
    if fault is Fault.CUT_BODY:
        head, _, half = (await reader.read()).partition(b"\r\n\r\n")
        promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert 0 < len(half) < promised
    else:
        with pytest.raises(ConnectionResetError):
            await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HEADER_THEN_HANG, Fault.DRIP])
async def test_silence_ends_when_the_caller_hangs_up(
    http: aiohttp.ClientSession, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)

    async def call() -> None:
        async with http.post(f"{vendor.base_url}/images/generations", json=ASK) as answer:
            await answer.read()

    task = asyncio.create_task(call())
    await vendor.wait_received(1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await vendor.wait_hung_up(1)
    assert vendor.hung_up == 1


async def test_held_answers_wait_for_the_word(
    sdk: openai.AsyncOpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.HOLD, times=2)
    calls = [asyncio.create_task(sdk.images.generate(**ASK)) for _ in range(2)]
    await vendor.wait_received(2)
    assert not any(call.done() for call in calls)
    vendor.release()
    assert all(result.data for result in await asyncio.gather(*calls))


async def test_huge_and_compressed_bodies(
    http: aiohttp.ClientSession, vendor: OpenAIVendor
) -> None:
    url = f"{vendor.base_url}/images/generations"
    vendor.next(Fault.HUGE_BODY)
    async with http.post(url, json=ASK) as answer:
        assert answer.content_length is not None
        assert answer.content_length > 300_000_000
        await answer.content.readexactly(1_000_000)
        answer.close()
    await vendor.wait_hung_up(1)
    for fault in (Fault.GZIP, Fault.GZIP_BOMB):
        vendor.next(fault, huge_bytes=5_000_000)
        async with http.post(url, json=ASK) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert len(await answer.read()) < 200_000


async def test_redirects_elsewhere(http: aiohttp.ClientSession, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.REDIRECT, location="http://127.0.0.1:9/secret")
    url = f"{vendor.base_url}/images/generations"
    async with http.post(url, json=ASK, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:9/secret")


STREAM: list[tuple[Fault, list[str]]] = [
    (Fault.SSE_DUPLICATE_COMPLETED, ["partial_image", "completed", "completed"]),
    (Fault.SSE_NO_COMPLETED, ["partial_image"]),
    (Fault.SSE_DONE, ["partial_image", "completed"]),
    (Fault.SSE_COMMENTS, ["partial_image", "completed"]),
]


@pytest.mark.parametrize(("fault", "kinds"), STREAM)
async def test_odd_streams(
    sdk: openai.AsyncOpenAI, vendor: OpenAIVendor, fault: Fault, kinds: list[str]
) -> None:
    vendor.next(fault)
    stream = await sdk.images.generate(**ASK, stream=True, partial_images=1)
    assert [event.type.split(".")[1] async for event in stream] == kinds


@pytest.mark.parametrize("fault", [Fault.SSE_CUT, Fault.SSE_RESET, Fault.SSE_ERROR])
async def test_streams_that_break(
    sdk: openai.AsyncOpenAI, http: aiohttp.ClientSession, vendor: OpenAIVendor, fault: Fault
) -> None:
    vendor.next(fault)
    if fault is Fault.SSE_ERROR:
        stream = await sdk.images.generate(**ASK, stream=True, partial_images=1)
        assert (await anext(stream)).type == "image_generation.partial_image"
        with pytest.raises(openai.APIError, match="had an error"):
            await anext(stream)
        await stream.close()
        return
    body = {**ASK, "stream": True, "partial_images": 1}
    with pytest.raises(aiohttp.ClientError):
        async with http.post(f"{vendor.base_url}/images/generations", json=body) as answer:
            await answer.read()


async def test_stream_that_falls_silent(http: aiohttp.ClientSession, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.SSE_HANG)
    body = {**ASK, "stream": True, "partial_images": 1}
    async with http.post(f"{vendor.base_url}/images/generations", json=body) as answer:
        assert await answer.content.readline() == b"event: image_generation.partial_image\n"
        answer.close()
    await vendor.wait_hung_up(1)
    vendor.next(Fault.SSE_AS_JSON)
    async with http.post(f"{vendor.base_url}/images/generations", json=body) as answer:
        assert answer.content_type == "application/json"


async def test_prompts_carry_faults(sdk: openai.AsyncOpenAI, vendor: OpenAIVendor) -> None:
    prompt = "a cat [[rate_limited retry_after=2 times=1]]"
    with pytest.raises(openai.RateLimitError) as caught:
        await sdk.images.generate(**{**ASK, "prompt": prompt})
    assert caught.value.response.headers["retry-after"] == "2"
    await sdk.images.generate(**{**ASK, "prompt": prompt})
    assert [each.fault for each in vendor.received] == ["rate_limited", "none"]
    with pytest.raises(ValueError, match="no_such_fault"):
        marked("[[no_such_fault]]")


async def test_another_process_can_script_and_look(
    http: aiohttp.ClientSession, sdk: openai.AsyncOpenAI, vendor: OpenAIVendor
) -> None:
    control = vendor.base_url.removesuffix("/v1") + "/_control"
    async with http.post(control, json={"fault": "overloaded", "times": 1}) as answer:
        assert (await answer.json())["queued"] == ["overloaded"]
    with pytest.raises(openai.InternalServerError):
        await sdk.images.generate(**ASK)
    async with http.get(control) as answer:
        seen = await answer.json()
    assert seen["received"][0]["json"]["prompt"] == "a cat"
    assert seen["received"][0]["fault"] == "overloaded"
    async with http.delete(control) as answer:
        assert (await answer.json())["received"] == []


async def test_standing_faults_and_paths(sdk: openai.AsyncOpenAI, vendor: OpenAIVendor) -> None:
    vendor.always(Fault.SERVER_ERROR)
    vendor.next(Fault.OVERLOADED, path="/models")
    with pytest.raises(openai.InternalServerError, match="had an error"):
        await sdk.images.generate(**ASK)
    with pytest.raises(openai.InternalServerError, match="overloaded"):
        await sdk.models.list()
    vendor.reset()
    await sdk.images.generate(**ASK)


async def test_nobody_listens_there(http: aiohttp.ClientSession) -> None:
    with refusing_url() as url, pytest.raises(aiohttp.ClientConnectorError):
        await http.get(url)


def test_every_fault_is_met_by_a_test() -> None:
    special = {
        *(Fault.TRUNCATED_IMAGE, Fault.CORRUPT_IMAGE, Fault.TRUNCATED_JSON, Fault.INVALID_JSON),
        *(Fault.EMPTY_200, Fault.HTML_200, Fault.REDIRECT, Fault.GZIP, Fault.GZIP_BOMB),
        *(Fault.RESET, Fault.RESET_MID_BODY, Fault.CUT_BODY, Fault.HUGE_BODY, Fault.HOLD),
        *(Fault.HANG, Fault.HEADER_THEN_HANG, Fault.SSE_CUT, Fault.SSE_RESET, Fault.SSE_ERROR),
        *(Fault.SSE_HANG, Fault.SSE_AS_JSON),
    }
    met = {row[0] for row in (*STATUS, *CONTENTS, *STREAM)} | special
    assert met == set(Fault)
