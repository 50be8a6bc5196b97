"""The fakes of Azure, OpenRouter and the compatible servers, driven by the official SDKs."""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openrouter import OpenRouter, errors
from PIL import Image

from tests.fakes.azure_vendor import API_VERSION, AzureVendor
from tests.fakes.compatible_vendor import KINDS, CompatibleVendor
from tests.fakes.pictures import Look, picture

PNG = picture("png", Look(64, 64, transparent=True))
MODEL = "m"
Start = Callable[[str], CompatibleVendor]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(
            CompatibleVendor(kind, frozenset({MODEL}), keys=frozenset({"sk-good"}))
        )


def opened(b64: str | None) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(b64 or "", validate=True)))
    image.load()
    return image


def sdk(vendor: CompatibleVendor, key: str = "sk-good") -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=vendor.base_url, max_retries=0, timeout=10)


# OpenAI's SDK ----------------------------------------------------------------------------------

SAYS: dict[str, dict[str, Any]] = {
    "generic": {"size": "512x256"},
    "sglang": {"size": "512x256"},
    "vllm_omni": {"size": "512x256"},
    "localai": {"size": "512x256"},
    "together": {"extra_body": {"width": 512, "height": 256}},
    "xai": {"extra_body": {"aspect_ratio": "2:1"}},
}
BASE64 = {"together": "base64"}


@pytest.mark.parametrize("kind", sorted(SAYS))
def test_openais_sdk_reads_its_images(start: Start, kind: str) -> None:
    vendor = start(kind)
    with sdk(vendor) as client:
        form: Any = BASE64.get(kind, "b64_json")
        result = client.images.generate(
            model=MODEL, prompt="a cat", n=2, response_format=form, **SAYS[kind]
        )
    assert result.data is not None
    images = [opened(each.b64_json) for each in result.data]
    assert len(images) == 2
    assert {image.width / image.height for image in images} == {2.0}


@pytest.mark.parametrize("kind", ["generic", "sglang", "vllm_omni"])
def test_openais_sdk_edits(start: Start, kind: str) -> None:
    vendor = start(kind)
    with sdk(vendor) as client:
        result = client.images.edit(
            model=MODEL,
            prompt="a cat",
            image=[("a.png", PNG, "image/png")],
            response_format="b64_json",
        )
    assert result.data is not None
    assert opened(result.data[0].b64_json).format in ("PNG", "JPEG", "WEBP")


@pytest.mark.parametrize("kind", sorted(SAYS))
def test_openais_sdk_tells_its_errors_apart(start: Start, kind: str) -> None:
    vendor = start(kind)
    with sdk(vendor, "sk-bad") as client, pytest.raises(openai.AuthenticationError):
        client.images.generate(model=MODEL, prompt="a cat")
    with sdk(vendor) as client:
        with pytest.raises(openai.RateLimitError):
            client.images.generate(
                model=MODEL,
                prompt="a cat [[rate_limited]]",
                response_format=BASE64.get(kind, "b64_json"),  # type: ignore[arg-type]
            )
        with pytest.raises(openai.BadRequestError):
            client.images.generate(model="another", prompt="a cat")


@pytest.mark.parametrize("version", ["", API_VERSION])
def test_openais_sdk_for_azure_generates_and_edits(version: str) -> None:
    with AzureVendor({"my-image": "gpt-image-1.5"}, keys=frozenset({"az"})) as vendor:
        classic = openai.AzureOpenAI(
            api_key="az",
            api_version=API_VERSION,
            azure_endpoint=vendor.base_url,
            max_retries=0,
        )
        v1 = openai.OpenAI(api_key="az", base_url=f"{vendor.base_url}/openai/v1", max_retries=0)
        with classic if version else v1 as client:
            made = client.images.generate(model="my-image", prompt="a cat", quality="low")
            edited = client.images.edit(
                model="my-image", prompt="a cat", image=("a.png", PNG, "image/png")
            )
            with pytest.raises(openai.BadRequestError) as caught:
                client.images.generate(model="my-image", prompt="a cat [[content_filter]]")
    for result in (made, edited):
        assert result.data is not None
        assert opened(result.data[0].b64_json).format == "PNG"
    assert caught.value.code == "contentFilter"


# OpenRouter's SDK ------------------------------------------------------------------------------


def test_openrouters_sdk_reads_images_and_their_cost(start: Start) -> None:
    vendor = start("openrouter")
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    with OpenRouter(api_key="sk-good", server_url=vendor.base_url) as client:
        made: Any = client.images.generate(model=MODEL, prompt="a cat", n=2, size="512x256")
        edited: Any = client.images.generate(
            model=MODEL,
            prompt="a cat",
            input_references=[{"type": "image_url", "image_url": {"url": url}}],
        )
    assert [opened(each.b64_json).size for each in made.data] == [(512, 256)] * 2
    assert made.usage.cost == 0.033876
    assert edited.usage.prompt_tokens > made.usage.prompt_tokens


def test_openrouters_sdk_tells_a_refusal(start: Start) -> None:
    vendor = start("openrouter")
    with (
        OpenRouter(api_key="sk-good", server_url=vendor.base_url) as client,
        pytest.raises(errors.ForbiddenResponseError, match="flagged"),
    ):
        client.images.generate(model=MODEL, prompt="a cat [[moderation_blocked]]")


def test_every_kind_is_driven_by_an_sdk() -> None:
    assert set(KINDS) == {*SAYS, "openrouter"}
