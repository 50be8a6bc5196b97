"""The fake Gemini API against Google's own SDK."""

import io
import warnings
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.fakes.gemini_vendor import GeminiVendor
from tests.fakes.openai_faults import Fault
from tests.fakes.pictures import Look, picture

with warnings.catch_warnings():  # its sources hold escapes that Python warns of when it compiles
    warnings.simplefilter("ignore")
    from google import genai
    from google.genai import errors, types

PRO = "gemini-3-pro-image"


@pytest.fixture
def vendor() -> Iterator[GeminiVendor]:
    with GeminiVendor(keys=frozenset({"gk-good"})) as server:
        yield server


@pytest.fixture
def sdk(vendor: GeminiVendor) -> Iterator[genai.Client]:
    client = client_of(vendor, "gk-good")
    yield client
    client.close()


def client_of(vendor: GeminiVendor, key: str) -> genai.Client:
    options = types.HttpOptions(base_url=vendor.base_url)
    return genai.Client(api_key=key, http_options=options, vertexai=False)


def config(ratio: str, tier: str | None) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio=ratio, image_size=tier),
    )


def parts_of(answer: types.GenerateContentResponse) -> list[types.Part]:
    assert answer.candidates
    content = answer.candidates[0].content
    assert content is not None
    return list(content.parts or [])


def test_the_sdk_gets_the_picture_that_it_asked_for(
    sdk: genai.Client, vendor: GeminiVendor
) -> None:
    reference = types.Part.from_bytes(data=picture("png", Look(64, 64)), mime_type="image/png")
    answer = sdk.models.generate_content(
        model=PRO, contents=["a cat", reference], config=config("16:9", "2K")
    )
    drafts = [part for part in parts_of(answer) if part.inline_data and part.thought]
    [final] = [part for part in parts_of(answer) if part.inline_data and not part.thought]
    assert len(drafts) == 1
    assert final.thought_signature
    assert final.inline_data is not None
    assert final.inline_data.mime_type == "image/jpeg"
    with Image.open(io.BytesIO(final.inline_data.data or b"")) as opened:
        assert opened.size == (2752, 1536)
    usage = answer.usage_metadata
    assert usage is not None
    assert (usage.candidates_token_count, usage.thoughts_token_count) == (1129, 120)
    assert [each.modality for each in usage.prompt_tokens_details or []] == ["TEXT", "IMAGE"]
    assert vendor.received[0].path == f"/v1/models/{PRO}:generateContent"


def test_the_first_model_neither_thinks_nor_knows_tiers(sdk: genai.Client) -> None:
    model = "gemini-2.5-flash-image"
    answer = sdk.models.generate_content(model=model, contents="a cat", config=config("3:2", None))
    assert not any(part.thought for part in parts_of(answer))
    with pytest.raises(errors.ClientError, match="image_size"):
        sdk.models.generate_content(model=model, contents="a cat", config=config("3:2", "2K"))


@pytest.mark.parametrize(
    ("fault", "stage", "block", "finish"),
    [
        (Fault.MODERATION_BLOCKED, "input", "SAFETY", None),
        (Fault.MODERATION_BLOCKED, "output", None, "IMAGE_SAFETY"),
        (Fault.MODERATION_PLAIN, "output", None, "IMAGE_PROHIBITED_CONTENT"),
        (Fault.MISSING_DATA, "output", None, "NO_IMAGE"),
    ],
)
def test_the_sdk_understands_every_answer_without_an_image(
    sdk: genai.Client,
    vendor: GeminiVendor,
    fault: Fault,
    stage: str,
    block: str | None,
    finish: str | None,
) -> None:
    vendor.next(fault, stage=stage)
    answer = sdk.models.generate_content(model=PRO, contents="a cat")
    feedback, candidates = answer.prompt_feedback, answer.candidates or []
    assert (feedback.block_reason if feedback else None) == block
    assert [each.finish_reason for each in candidates] == ([finish] if finish else [])


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault.RATE_LIMITED, 429, "RESOURCE_EXHAUSTED"),
        (Fault.INVALID_API_KEY, 400, "INVALID_ARGUMENT"),
        (Fault.OVERLOADED, 503, "UNAVAILABLE"),
    ],
)
def test_the_sdk_understands_errors(
    sdk: genai.Client, vendor: GeminiVendor, fault: Fault, code: int, status: str
) -> None:
    vendor.next(fault)
    with pytest.raises(errors.APIError) as caught:
        sdk.models.generate_content(model=PRO, contents="a cat")
    assert (caught.value.code, caught.value.status) == (code, status)


def test_a_wrong_key_and_an_unknown_model_are_refused(
    sdk: genai.Client, vendor: GeminiVendor
) -> None:
    stranger = client_of(vendor, "gk-bad")
    with pytest.raises(errors.ClientError, match="API key not valid"):
        stranger.models.generate_content(model=PRO, contents="a cat")
    stranger.close()
    with pytest.raises(errors.ClientError, match="not found"):
        sdk.models.generate_content(model="gemini-9", contents="a cat")


def test_the_sdk_lists_the_models(sdk: genai.Client) -> None:
    assert f"models/{PRO}" in [model.name for model in sdk.models.list()]
