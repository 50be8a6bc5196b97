"""The Gemini adapter against the fake API: what goes out, what comes back, what goes wrong."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing, DarkroomError, ModerationBlocked, UpstreamBroken
from darkroom.core.ports import Finding
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import Output
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.core.usage import Usage
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers.gemini import GeminiProvider
from darkroom.providers.gemini.answer import read_answer, read_usage
from darkroom.providers.gemini.asking import image_config
from tests.fakes.gemini_vendor import MODELS as VENDORS_MODELS
from tests.fakes.gemini_vendor import Asked, GeminiVendor
from tests.fakes.openai_faults import Fault
from tests.fakes.pictures import Look, picture
from tests.support.pictures import size_of
from tests.support.spooled import FolderSink
from tests.support.upstreams import CANARY, MODELS, Bound, input_file

KEY = f"AIzaSy{CANARY}"
PRO = "gemini-3-pro-image"
REQUEST = ImageRequest(Operation.GENERATION, PRO, "a cat")
GOOGLES = [model for model in MODELS.models if "google" in model.vendors]


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    opened = HttpEgress(PublicFetcher(AddressGuard()))
    yield opened
    await opened.close()


@pytest.fixture
def vendor() -> Any:
    with GeminiVendor() as server:
        yield server


@pytest.fixture
def deployment(vendor: GeminiVendor) -> Deployment:
    return Deployment("main", "gemini", vendor.base_url, Secret(KEY), timeout_s=5)


@pytest.fixture
def gemini(deployment: Deployment, egress: HttpEgress, tmp_path: Path) -> Bound:
    return Bound(GeminiProvider(deployment, egress), REQUEST, FolderSink(tmp_path / "spool"))


# What goes out ----------------------------------------------------------------------------------


async def test_a_plain_generation_says_only_what_was_asked(
    gemini: Bound, vendor: GeminiVendor
) -> None:
    await gemini.run()
    [sent] = vendor.received
    assert (sent.method, sent.path) == ("POST", f"/v1beta/models/{PRO}:generateContent")
    assert sent.headers["x-goog-api-key"] == KEY
    assert sent.json == {
        "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
    }


async def test_input_images_follow_the_prompt(
    gemini: Bound, vendor: GeminiVendor, tmp_path: Path
) -> None:
    inputs = tuple(input_file(tmp_path, kind) for kind in ("png", "jpeg", "webp"))
    result = await gemini.run(inputs)
    [sent] = vendor.received
    text, *files = sent.json["contents"][0]["parts"]
    assert text == {"text": "a cat"}
    for file, part in zip(inputs, files, strict=True):
        assert part["inlineData"]["mimeType"] == file.media_type
        assert base64.b64decode(part["inlineData"]["data"]) == file.path.read_bytes()
    assert result.usage is not None
    assert result.usage.image_in == 3 * 258


@pytest.mark.parametrize("model", [model.id for model in GOOGLES])
def test_every_native_size_of_a_model_is_asked_for_exactly(model: str) -> None:
    spec = MODELS.get(model)
    assert spec is not None
    for size in spec.sizes.fixed:
        config = image_config(size)
        asked = Asked(model, "a cat", config["aspectRatio"], config.get("imageSize", "1K"))
        assert asked.size == (size.width, size.height)
        assert "imageSize" not in config or config["imageSize"] in VENDORS_MODELS[model].tiers


async def test_an_image_of_a_size_comes_in_that_size(gemini: Bound) -> None:
    result = await gemini.run(model="gemini-nano-banana-2.1", size="6144x768")
    assert size_of(result.images[0].path) == Size(6144, 768)


@pytest.mark.parametrize(
    ("size", "config"),
    [
        ("1376x768", {"aspectRatio": "16:9"}),
        ("2752x1536", {"aspectRatio": "16:9", "imageSize": "2K"}),
        ("2048x8192", {"aspectRatio": "1:4", "imageSize": "4K"}),
        ("512x512", {"aspectRatio": "1:1", "imageSize": "512"}),
        ("1536x672", {"aspectRatio": "21:9"}),
    ],
)
def test_a_size_goes_out_as_ratio_and_tier(size: str, config: dict[str, str]) -> None:
    parsed = Size.parse(size)
    assert parsed is not None
    assert image_config(parsed) == config


def test_a_size_that_gemini_does_not_make_is_refused() -> None:
    with pytest.raises(errors.UnsupportedValue) as caught:
        image_config(Size(1000, 1000))
    assert caught.value.param == "size"


def test_what_the_api_has_no_field_for_is_taken_away(deployment: Deployment) -> None:
    provider: Any = GeminiProvider(deployment, egress=None)  # type: ignore[arg-type]
    gpt = MODELS.get("gpt-image-1.5")
    spec = provider.spec(gpt)
    assert (spec.mask, spec.stream, spec.compression, spec.max_partial_images) == (
        *(False, False, False),
        0,
    )
    assert (spec.qualities, spec.fidelities, spec.moderations) == ((), (), ())
    assert "transparent" not in spec.backgrounds
    assert [model for model in GOOGLES if provider.spec(model) != model] == []
    assert not provider.serves(gpt)


# What comes back --------------------------------------------------------------------------------


async def test_the_image_is_taken_and_its_drafts_are_not(gemini: Bound) -> None:
    result = await gemini.run()
    [image] = result.images
    assert gemini.sink.left == [image.path]
    assert image.path.read_bytes().startswith(b"\xff\xd8\xff")
    assert result.usage == Usage(text_in=2, image_out=1120, text_out=9 + 120)
    assert result.output == Output(output_format="jpeg")
    assert result.upstream_id == "resp-fake-1"
    assert result.cost_nanos is None


async def test_several_images_are_as_many_calls(gemini: Bound, vendor: GeminiVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    result = await gemini.run(n=3)
    assert len(vendor.received) == 3
    assert len(result.images) == 2
    assert result.usage == Usage(text_in=4, image_out=2240, text_out=258)
    [note] = result.warnings
    assert note.code == "image_refused"


@pytest.mark.parametrize("fault", [Fault.ESCAPED_SLASHES, Fault.PRETTY_JSON])
async def test_odd_but_whole_answers_are_read(
    gemini: Bound, vendor: GeminiVendor, fault: Fault
) -> None:
    vendor.next(fault)
    assert len((await gemini.run()).images) == 1


async def test_a_drip_split_anywhere_is_read(gemini: Bound, vendor: GeminiVendor) -> None:
    vendor.next(Fault.DRIP, drip_bytes=997, drip_s=0)
    assert len((await gemini.run()).images) == 1


class Canned:
    """A prepared answer in small pieces."""

    status = 200

    def __init__(self, body: bytes) -> None:
        self._pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]

    def header(self, name: str) -> str | None:
        return None

    async def read_piece(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    async def read(self, limit: int) -> bytes:
        return b"".join(self._pieces)

    async def close(self) -> None: ...


async def test_signatures_larger_than_images_and_snake_case_are_read(
    deployment: Deployment, tmp_path: Path
) -> None:
    png = picture("png", Look(64, 64))
    signature = base64.b64encode(b"s" * 3_000_000).decode()
    inline = {"mime_type": "image/png", "data": base64.b64encode(png).decode()}
    parts = [
        {"text": "…", "thought": True, "thought_signature": signature},
        {"inline_data": inline, "thoughtSignature": signature},
    ]
    document = {
        "candidates": [{"content": {"parts": parts}, "finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 1290},
    }
    sink = FolderSink(tmp_path)
    result = await read_answer(Canned(json.dumps(document).encode()), deployment, sink)
    assert result.images[0].path.read_bytes() == png
    assert result.usage == Usage(text_in=3, image_out=1290)


IMAGE = {"modality": "IMAGE", "tokenCount": 1120}


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "promptTokenCount": 300,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 42},
                    {"modality": "IMAGE", "tokenCount": 258},
                ],
                "cachedContentTokenCount": 110,
                "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 100}],
                "candidatesTokenCount": 1130,
                "candidatesTokensDetails": [IMAGE],
                "thoughtsTokenCount": 50,
            },
            Usage(
                text_in=42,
                image_in=258,
                cached_text_in=10,
                cached_image_in=100,
                image_out=1120,
                text_out=60,
            ),
        ),
        (
            {"promptTokenCount": 3, "candidatesTokenCount": 9, "candidatesTokensDetails": [IMAGE]},
            Usage(text_in=3, image_out=9),
        ),
        ({"promptTokenCount": 3, "candidatesTokenCount": "9"}, Usage(text_in=3)),
        ({"promptTokenCount": -3, "candidatesTokensDetails": "x"}, None),
        ({"promptTokenCount": 10**12}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_shapes(raw: Any, usage: Usage | None) -> None:
    assert read_usage(raw) == usage


async def test_usage_without_breakdown_is_image_and_none_is_none(
    gemini: Bound, vendor: GeminiVendor
) -> None:
    vendor.next(Fault.USAGE_NO_BREAKDOWN)
    assert (await gemini.run()).usage == Usage(text_in=2, image_out=1129, text_out=120)
    vendor.next(Fault.USAGE_MISSING)
    assert (await gemini.run()).usage is None


# What goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "stage", "category", "said"),
    [
        (
            Fault.MODERATION_BLOCKED,
            *("input", "sexually_explicit", "Google refused the prompt on policy (SAFETY)."),
        ),
        (
            Fault.MODERATION_BLOCKED,
            *("output", "sexually_explicit", "Google refused the image on policy (IMAGE_SAFETY)."),
        ),
        (
            Fault.MODERATION_PLAIN,
            *("output", "image_prohibited_content", "Support code: 42876398."),
        ),
    ],
)
async def test_a_refusal_under_status_200_is_one(
    gemini: Bound, vendor: GeminiVendor, fault: Fault, stage: str, category: str, said: str
) -> None:
    vendor.next(fault, stage=stage)
    error = await gemini.fails()
    assert isinstance(error, ModerationBlocked)
    assert error.details == {"stage": stage, "categories": [category]}
    assert said in error.message


async def test_a_model_that_only_talks_is_quoted(gemini: Bound, vendor: GeminiVendor) -> None:
    vendor.next(Fault.MISSING_DATA)
    error = await gemini.fails()
    assert isinstance(error, UpstreamBroken)
    assert error.message == (
        "main answered without an image (NO_IMAGE). The model said: “I can describe that picture,"
        " but I need to know which cat you mean.”."
    )


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault.FEWER_IMAGES, Fault.EMPTY_DATA, Fault.INVALID_BASE64, Fault.TRUNCATED_JSON),
        *(Fault.INVALID_JSON, Fault.HTML_200, Fault.EMPTY_200, Fault.CUT_BODY),
        Fault.RESET_MID_BODY,
    ],
)
async def test_an_answer_that_cannot_be_used_leaves_nothing_behind(
    gemini: Bound, vendor: GeminiVendor, fault: Fault
) -> None:
    vendor.next(fault)
    error = await gemini.fails()
    assert (type(error), error.billing) == (UpstreamBroken, Billing.UNKNOWN)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.INSUFFICIENT_QUOTA, errors.UpstreamDenied),
        (Fault.INVALID_API_KEY, errors.UpstreamDenied),
        (Fault.BILLING_HARD_LIMIT, errors.UpstreamDenied),
        (Fault.INVALID_REQUEST, errors.UpstreamRejected),
        (Fault.SERVER_ERROR, errors.UpstreamFailed),
        (Fault.OVERLOADED, errors.UpstreamFailed),
        (Fault.BAD_GATEWAY, errors.UpstreamFailed),
        (Fault.GATEWAY_TIMEOUT, errors.UpstreamTimeout),
    ],
)
async def test_errors_are_told_apart(
    gemini: Bound, vendor: GeminiVendor, fault: Fault, kind: type[DarkroomError]
) -> None:
    vendor.next(fault)
    assert type(await gemini.fails()) is kind


async def test_an_unknown_model_and_a_wrong_key_are_denied(
    gemini: Bound, vendor: GeminiVendor
) -> None:
    error = await gemini.fails(model="gpt-image-1.5")
    assert isinstance(error, errors.UpstreamDenied)
    assert "models/gpt-image-1.5 is not found" in error.message
    vendor.keys = frozenset({"another"})
    assert "API key not valid" in (await gemini.fails()).message


@pytest.mark.parametrize(("told", "pause"), [("17", 17.0), ("0.5", 0.5), (None, None)])
async def test_the_pause_that_google_asks_for_is_passed_on(
    gemini: Bound, vendor: GeminiVendor, told: str | None, pause: float | None
) -> None:
    vendor.next(Fault.RATE_LIMITED, retry_after=told)
    assert (await gemini.fails()).retry_after_s == pause


# Checks -----------------------------------------------------------------------------------------


async def check(vendor: GeminiVendor, egress: HttpEgress, *models: str) -> list[Finding]:
    wanted = {name: name for name in models}
    deployment = Deployment("main", "gemini", vendor.base_url, Secret(KEY), wanted)
    return list(await GeminiProvider(deployment, egress).check())


async def test_a_check_says_what_the_key_sees(vendor: GeminiVendor, egress: HttpEgress) -> None:
    accepted, missing = await check(vendor, egress, PRO, "gemini-9")
    assert accepted == Finding(True, "The key is accepted and sees 5 models.")
    assert missing.what == "The key does not see the model 'gemini-9'."
    assert missing.advice


async def test_a_check_says_what_is_wrong(vendor: GeminiVendor, egress: HttpEgress) -> None:
    vendor.keys = frozenset({"another"})
    [denied] = await check(vendor, egress)
    assert (denied.ok, denied.advice) == (False, "Check the key and what it may use.")
    vendor.keys = frozenset()
    vendor.next(Fault.HTML_200, path="/models")
    [lost] = await check(vendor, egress)
    assert (lost.ok, lost.what) == (False, "GET /v1beta/models lists no models.")
