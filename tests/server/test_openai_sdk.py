"""OpenAI's own Python SDK, unmodified, against the gateway."""

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai.types import Image
from PIL import Image as Pictures

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.support.running import Running

MODEL = "gpt-image-1.5"
SQUARE = picture("png", Look(64, 64))


@pytest.fixture
def sdk(shared: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{shared.url}/v1", api_key=shared.key) as client:
        yield client


@pytest.fixture
def fresh_sdk(gateway: Running) -> Iterator[openai.OpenAI]:
    """With a gateway and vendor of its own: what fails upstream is remembered for a while."""
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        yield client


def bytes_of(image: Image) -> bytes:
    assert image.b64_json is not None
    return base64.b64decode(image.b64_json, validate=True)


def opened(data: bytes) -> Any:
    return Pictures.open(io.BytesIO(data))


# --- generate -----------------------------------------------------------------------------------


def test_the_course_example(sdk: openai.OpenAI, tmp_path: Path) -> None:
    result = sdk.images.generate(
        model="gpt-image-1.5",
        prompt="A photorealistic golden retriever in a field of sunflowers",
        n=1,
        size="1024x1024",
        quality="high",
        output_format="png",
        background="opaque",
    )
    assert result.data is not None
    (tmp_path / "output.png").write_bytes(bytes_of(result.data[0]))
    with Pictures.open(tmp_path / "output.png") as made:
        assert (made.format, made.size) == ("PNG", (1024, 1024))
    assert (result.size, result.quality, result.output_format) == ("1024x1024", "high", "png")
    assert result.background == "opaque"
    assert result.created > 1_700_000_000
    assert result.usage is not None
    assert result.usage.total_tokens == result.usage.input_tokens + result.usage.output_tokens
    assert result.usage.input_tokens_details.text_tokens == result.usage.input_tokens
    assert result.usage.output_tokens_details is not None
    assert result.usage.output_tokens_details.image_tokens == result.usage.output_tokens == 4160


def test_the_three_sizes_of_the_course_exercise(sdk: openai.OpenAI) -> None:
    """1792x1024 is no size of the model: it comes all the same, exactly, and the answer says so."""
    for size in ("1024x1024", "1792x1024", "1024x1792"):
        raw = sdk.images.with_raw_response.generate(
            model=MODEL,
            prompt="a lighthouse",
            size=size,  # type: ignore[arg-type]
            quality="low",
        )
        result = raw.parse()
        assert result.size == size
        assert result.data
        assert "x".join(map(str, opened(bytes_of(result.data[0])).size)) == size
        assert ("size_fitted" in raw.headers.get("x-darkroom-warnings", "")) == (
            size != "1024x1024"
        )


def test_one_to_ten_images_of_one_request(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    for n in range(1, 11):
        result = sdk.images.generate(model=MODEL, prompt="cats", n=n, quality="low")
        assert result.data is not None
        assert len({hashlib.sha256(bytes_of(image)).digest() for image in result.data}) == n
    assert [each.params["n"] for each in vendor.received] == list(range(1, 11))


@pytest.mark.parametrize(
    ("kind", "wanted", "more"),
    [
        ("png", "PNG", {"background": "transparent"}),
        ("jpeg", "JPEG", {"output_compression": 50}),
        ("webp", "WEBP", {"output_compression": 100, "background": "transparent"}),
    ],
)
def test_every_parameter_arrives_at_the_vendor(
    sdk: openai.OpenAI, vendor: OpenAIVendor, kind: Any, wanted: str, more: dict[str, Any]
) -> None:
    result = sdk.images.generate(
        model=MODEL,
        prompt="a leather handbag",
        n=2,
        size="1536x1024",
        quality="medium",
        output_format=kind,
        moderation="low",
        user="somebody",
        extra_body={"safety_identifier": "hash-of-somebody"},
        **more,
    )
    assert result.data is not None
    assert [opened(bytes_of(image)).format for image in result.data] == [wanted, wanted]
    assert (result.output_format, result.size) == (kind, "1536x1024")
    assert result.background == more.get("background", "opaque")
    sent = vendor.received[0].params
    expected = {"n": 2, "size": "1536x1024", "quality": "medium", "moderation": "low", **more}
    assert expected.items() <= sent.items()
    assert "hash-of-somebody" in sent.values()  # it wins over `user`
    assert "somebody" not in sent.values()
    assert vendor.received[0].headers["authorization"] == "Bearer sk-upstream-secret"


def test_values_of_the_dall_e_age_still_work(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    raw = sdk.images.with_raw_response.generate(
        model=MODEL, prompt="x", quality="hd", style="vivid", response_format="b64_json"
    )
    assert raw.parse().quality == "high"
    assert {"value_mapped", "parameter_dropped"} <= {
        word.strip(":;") for word in raw.headers["x-darkroom-warnings"].split()
    }
    assert not {"style", "response_format"} & set(vendor.received[0].params)


def test_the_default_model_serves_a_request_that_names_none(sdk: openai.OpenAI) -> None:
    raw = sdk.images.with_raw_response.generate(prompt="x", quality="low")
    assert raw.headers["x-darkroom-model"] == "gpt-image-2"


# --- edit ---------------------------------------------------------------------------------------


def test_an_image_in_every_form_the_sdk_takes(
    sdk: openai.OpenAI, vendor: OpenAIVendor, tmp_path: Path
) -> None:
    path = tmp_path / "person.png"
    path.write_bytes(SQUARE)
    with path.open("rb") as file:
        forms: list[Any] = [
            path,
            SQUARE,
            file,
            io.BytesIO(SQUARE),
            ("person.png", SQUARE),
            ("person", SQUARE, "application/octet-stream"),
            [path],
            [SQUARE, ("b.jpg", picture("jpeg", Look(80, 60)), "image/jpeg")],
        ]
        for image in forms:
            sdk.images.edit(model=MODEL, image=image, prompt="make the hat red", quality="low")
    arrived = [[part.sha256 for part in each.files] for each in vendor.received]
    assert [len(files) for files in arrived] == [1] * 7 + [2]
    assert {files[0] for files in arrived} == {hashlib.sha256(SQUARE).hexdigest()}


def test_an_edit_with_every_parameter(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    mask = picture("png", Look(64, 64, transparent=True))
    result = sdk.images.edit(
        model=MODEL,
        image=[SQUARE, SQUARE],
        mask=mask,
        prompt="a pool",
        n=2,
        size="1024x1536",
        quality="high",
        background="transparent",
        input_fidelity="high",
        output_format="webp",
        output_compression=80,
        user="somebody",
    )
    assert result.data is not None
    assert [opened(bytes_of(image)).size for image in result.data] == [(1024, 1536)] * 2
    assert result.usage is not None
    assert result.usage.input_tokens_details.image_tokens > 0
    sent = vendor.received[0]
    assert sorted(part.name for part in sent.files) == ["image[]", "image[]", "mask"]
    assert {
        "n": "2",
        "size": "1024x1536",
        "quality": "high",
        "background": "transparent",
        "input_fidelity": "high",
        "output_format": "webp",
        "output_compression": "80",
    }.items() <= sent.fields.items()


# --- stream -------------------------------------------------------------------------------------


@pytest.mark.parametrize("partial_images", range(4))
@pytest.mark.parametrize("operation", ["generation", "edit"])
def test_a_stream_has_openais_events(
    sdk: openai.OpenAI, operation: str, partial_images: int
) -> None:
    common: dict[str, Any] = {
        "model": MODEL,
        "prompt": "a boat",
        "quality": "low",
        "stream": True,
        "partial_images": partial_images,
        "output_format": "jpeg",
    }
    stream: Any
    if operation == "edit":
        stream = sdk.images.edit(image=SQUARE, **common)
    else:
        stream = sdk.images.generate(**common)
    *partials, final = list(stream)
    prefix = f"image_{operation}"
    assert [event.type for event in partials] == [f"{prefix}.partial_image"] * partial_images
    assert [event.partial_image_index for event in partials] == list(range(partial_images))
    assert final.type == f"{prefix}.completed"
    for event in (*partials, final):
        assert opened(base64.b64decode(event.b64_json, validate=True)).format == "JPEG"
        assert (event.size, event.output_format, event.quality) == ("1024x1024", "jpeg", "low")
        assert event.background == "opaque"
        assert event.created_at > 1_700_000_000
    assert final.usage.total_tokens > 0
    assert final.usage.output_tokens >= 272


def test_a_stream_of_several_images_counts_once(sdk: openai.OpenAI) -> None:
    stream = sdk.images.generate(model=MODEL, prompt="x", n=3, quality="low", stream=True)
    events: list[Any] = list(stream)
    assert [event.type for event in events] == ["image_generation.completed"] * 3
    assert [event.usage.output_tokens for event in events] == [0, 0, 3 * 272]


def test_a_stream_that_fails_late_raises(
    fresh_sdk: openai.OpenAI, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.SSE_NO_COMPLETED)
    stream = fresh_sdk.images.generate(
        model=MODEL, prompt="x", quality="low", stream=True, partial_images=2
    )
    seen: list[str] = []
    with pytest.raises(openai.APIError, match="without an image"):
        seen.extend(event.type for event in stream)
    assert seen == ["image_generation.partial_image"] * 2
    assert len(openai_vendor.received) == 1  # it may have been billed: not bought again


# --- links --------------------------------------------------------------------------------------


def test_a_link_leads_to_the_same_bytes(shared: Running, sdk: openai.OpenAI) -> None:
    result = sdk.images.generate(
        model=MODEL, prompt="x", n=2, quality="low", output_format="webp", response_format="url"
    )
    assert result.data is not None
    assert [image.b64_json for image in result.data] == [None, None]
    with httpx2.Client() as anybody:
        for image in result.data:
            assert image.url is not None
            assert image.url.startswith(f"{shared.url}/assets/")
            answer = anybody.get(image.url)
            assert answer.status_code == 200
            assert opened(answer.content).format == "WEBP"
            assert answer.headers["content-type"] == "image/webp"


# --- errors -------------------------------------------------------------------------------------


def test_a_refused_request_reaches_no_vendor(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    cases: list[tuple[dict[str, Any], type[openai.APIStatusError], str]] = [
        ({"size": "10x10"}, openai.BadRequestError, "size"),
        ({"extra_body": {"colour": "red"}}, openai.BadRequestError, "colour"),
        ({"model": "gpt-image-99"}, openai.NotFoundError, "model"),
    ]
    for more, kind, param in cases:
        with pytest.raises(kind) as caught:
            sdk.images.generate(**{"model": MODEL, "prompt": "x", **more})
        assert type(caught.value) is kind
        assert caught.value.param == param
        assert caught.value.request_id is not None
        assert caught.value.response.headers["x-should-retry"] == "false"
    assert not vendor.received


CASES = [
    (Fault.MODERATION_BLOCKED, openai.BadRequestError),
    (Fault.INVALID_REQUEST, openai.BadRequestError),
    (Fault.BILLING_HARD_LIMIT, openai.InternalServerError),
    (Fault.INVALID_API_KEY, openai.InternalServerError),
    (Fault.CUT_BODY, openai.InternalServerError),  # it may have been billed
]


@pytest.mark.parametrize(("fault", "kind"), CASES)
def test_an_error_has_its_class_and_the_sdk_does_not_buy_twice(
    fresh_sdk: openai.OpenAI,
    openai_vendor: OpenAIVendor,
    fault: Fault,
    kind: type[openai.APIStatusError],
) -> None:
    openai_vendor.always(fault)
    with pytest.raises(kind) as caught:
        fresh_sdk.images.generate(model=MODEL, prompt="x", quality="low")
    assert type(caught.value) is kind
    assert caught.value.request_id is not None
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(openai_vendor.received) == 1


def test_moderation_says_where_and_why(
    fresh_sdk: openai.OpenAI, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, stage="output", categories=("violence",))
    with pytest.raises(openai.BadRequestError) as caught:
        fresh_sdk.images.generate(model=MODEL, prompt="x")
    assert caught.value.code == "moderation_blocked"
    assert caught.value.type == "image_generation_user_error"
    assert caught.value.body is not None
    details: Any = caught.value.body
    assert details["moderation_details"] == {
        "moderation_stage": "output",
        "categories": ["violence"],
    }


def test_a_rate_limit_is_a_rate_limit_error(gateway: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.always(Fault.RATE_LIMITED, retry_after="100")
    url = f"{gateway.url}/v1"
    with (
        openai.OpenAI(base_url=url, api_key=gateway.key, max_retries=0) as sdk,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        sdk.images.generate(model=MODEL, prompt="x")
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "100"
    assert caught.value.response.headers["x-should-retry"] == "true"
    assert len(openai_vendor.received) == 1  # too long a pause to wait for


def test_a_wrong_key_is_an_authentication_error(shared: Running) -> None:
    with (
        openai.OpenAI(base_url=f"{shared.url}/v1", api_key="wrong") as sdk,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        sdk.images.generate(model=MODEL, prompt="x")
    assert caught.value.code == "invalid_api_key"
    assert "wrong" not in caught.value.message


def test_a_reused_idempotency_key_is_a_conflict(sdk: openai.OpenAI) -> None:
    again: dict[str, Any] = {"extra_headers": {"Idempotency-Key": "order-7"}, "quality": "low"}
    sdk.images.generate(model=MODEL, prompt="one", **again)
    with pytest.raises(openai.ConflictError) as caught:
        sdk.images.generate(model=MODEL, prompt="two", **again)
    assert caught.value.code == "idempotency_conflict"
    assert caught.value.response.headers["x-should-retry"] == "false"


# --- models, files, other clients ---------------------------------------------------------------


def test_models_are_listed_and_found(sdk: openai.OpenAI) -> None:
    listed = sdk.models.list().data
    assert {"gpt-image-1.5", "gpt-image-2"} <= {model.id for model in listed}
    assert all(model.object == "model" and model.owned_by for model in listed)
    assert sdk.models.retrieve("gpt-image-1.5").id == "gpt-image-1.5"
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("gpt-image-99")


def test_files_are_kept_and_deleted(sdk: openai.OpenAI) -> None:
    made = sdk.files.create(file=("person.png", SQUARE), purpose="vision")
    assert (made.bytes, made.purpose) == (len(SQUARE), "vision")
    assert sdk.files.retrieve(made.id).id == made.id
    assert made.id in [file.id for file in sdk.files.list()]
    assert sdk.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.files.retrieve(made.id)


async def test_the_async_client(shared: Running) -> None:
    async with openai.AsyncOpenAI(base_url=f"{shared.url}/v1", api_key=shared.key) as sdk:
        made = await sdk.images.generate(model=MODEL, prompt="x", quality="low")
        assert made.data
        assert opened(bytes_of(made.data[0])).size == (1024, 1024)
        edited = await sdk.images.edit(
            model=MODEL, image=SQUARE, prompt="x", quality="low", stream=True
        )
        assert [event.type async for event in edited] == ["image_edit.completed"]


def test_the_azure_client(shared: Running) -> None:
    """It sends `api-key`, `?api-version=` and a path with the deployment's name."""
    with openai.AzureOpenAI(
        azure_endpoint=shared.url, api_key=shared.key, api_version="2025-04-01-preview"
    ) as sdk:
        made = sdk.images.generate(model=MODEL, prompt="x", quality="low")
        assert made.data
        assert bytes_of(made.data[0])
        edited = sdk.images.edit(model=MODEL, image=SQUARE, prompt="x", quality="low")
        assert edited.data
