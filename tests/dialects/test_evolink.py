"""The EvoLink dialect as a pure translator: no server, no vendor."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.core.dialect import Base64Of, WireBody
from darkroom.core.draft import (
    AnswerForm,
    Callback,
    Draft,
    InlineImage,
    MaskConvention,
    RemoteImage,
)
from darkroom.core.errors import (
    BudgetExceeded,
    DarkroomError,
    Forbidden,
    InsufficientBalance,
    Internal,
    InvalidImage,
    InvalidRequest,
    JobCanceled,
    ModelNotFound,
    ModerationBlocked,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RateLimited,
    RequestError,
    Unauthorized,
    UnknownParameter,
    UpstreamTimeout,
    by_code,
)
from darkroom.core.job import Asset, AssetKind, Charge, Job, JobEvent, JobQuote, JobState
from darkroom.core.price import Price, PriceSnapshot
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.usage import Usage
from darkroom.dialects.evolink import EvoLinkDialect
from tests.support.jobs import a_job, a_request

DIALECT = EvoLinkDialect()
URL = "https://example.com/image1.png"
FIRST, SECOND, GOOGLE = "gpt-image-1.5", "gpt-image-2", "gemini-3-pro-image-preview"


def parsed(model: str = FIRST, **fields: Any) -> Draft:
    body = {"model": model, "prompt": "A beautiful colorful sunset over the ocean", **fields}
    return DIALECT.parse(None, WireBody(body))


def refused(model: str = FIRST, **fields: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parsed(model, **fields)
    return caught.value


def asset(position: int = 0) -> Asset:
    return Asset(f"asset-{position}", AssetKind.RESULT, position, "0" * 64, "image/png", 8, 8, 9, 1)


def link_of(found: Asset) -> str:
    return f"https://gateway.example/assets/{found.id}.png"


def body_of(answer: Any) -> dict[str, Any]:
    assert not any(isinstance(piece, Base64Of) for piece in answer.pieces)
    return json.loads(b"".join(answer.pieces))


# --- requests -----------------------------------------------------------------------------------


def test_the_pages_own_request() -> None:
    draft = parsed(
        size="1:1",
        quality="high",
        image_urls=[URL],
        n=1,
        callback_url="https://your-domain.com/webhooks/image-task-completed",
    )
    assert draft == Draft(
        request=ImageRequest(
            Operation.EDIT,
            FIRST,
            "A beautiful colorful sunset over the ocean",
            size="1024x1024",
            quality="high",
        ),
        inputs=(RemoteImage(URL),),
        callback=Callback("https://your-domain.com/webhooks/image-task-completed"),
        form=AnswerForm(task=True, links=True),
    )


def test_what_is_not_said_is_the_documented_default() -> None:
    asked = parsed().request
    assert (asked.operation, asked.n) == (Operation.GENERATION, 1)
    assert (asked.size, asked.quality) == ("1024x1024", "high")
    asked = parsed(SECOND).request
    assert (asked.size, asked.quality) == ("auto", "medium")
    assert (parsed(GOOGLE).request.size, parsed(GOOGLE).request.quality) == ("2048x2048", "auto")
    nobody = {"prompt": "x", **dict.fromkeys(("model", "size", "n", "image_urls", "mask_url"))}
    unnamed = DIALECT.parse(None, WireBody(nobody)).request
    assert (unnamed.model, unnamed.size, unnamed.quality) == (FIRST, "1024x1024", "high")


SIZES = [
    *((FIRST, {"size": text}, size) for text, size in (
        ("1:1", "1024x1024"), ("2:3", "1024x1536"), ("3:2", "1536x1024"),
        ("1024x1024", "1024x1024"), ("1024x1536", "1024x1536"), ("1536x1024", "1536x1024"),
        (" 1536X1024 ", "1536x1024"), ("1536×1024", "1536x1024"),
    )),
    *((SECOND, {"size": text}, size) for text, size in (
        ("auto", "auto"), ("1:1", "1024x1024"), ("2:1", "1456x720"), ("1:2", "720x1456"),
        ("3:1", "1776x592"), ("1:3", "592x1776"), ("3:2", "1248x832"), ("2:3", "832x1248"),
        ("4:3", "1184x880"), ("3:4", "880x1184"), ("5:4", "1152x912"), ("4:5", "912x1152"),
        ("16:9", "1360x768"), ("9:16", "768x1360"), ("21:9", "1568x672"), ("9:21", "672x1568"),
        ("3840×2160", "3840x2160"), ("1024x640", "1024x640"), ("3840x1280", "3840x1280"),
    )),
    (SECOND, {"size": "16:9", "resolution": "4K"}, "3840x2160"),
    (SECOND, {"size": "2:3", "resolution": "2k"}, "1680x2512"),
    (SECOND, {"size": "1:1", "resolution": "4k"}, "2880x2880"),
    ("gpt-image-2.6-flare", {"size": "16:9", "resolution": "2K"}, "2736x1536"),
    (GOOGLE, {"size": "16:9", "quality": "4K"}, "5504x3072"),
    (GOOGLE, {"size": "2:3", "quality": "1K"}, "848x1264"),
    (GOOGLE, {"size": "auto", "quality": "1k"}, "1024x1024"),
    ("gemini-3.1-flash-image-preview", {"size": "1:1", "quality": "0.5K"}, "512x512"),
    ("gemini-3.1-flash-image-preview", {"size": "8:1"}, "6144x768"),
    ("gemini-2.5-flash-image", {"size": "9:16"}, "768x1344"),
    ("gemini-3.1-flash-lite-image", {"size": "4:5"}, "928x1152"),
    ("flux-2-pro", {"size": "16:9"}, "1360x768"),
    ("flux-2-pro", {"size": "1000x900"}, "1000x900"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "fields", "size"), SIZES)
def test_sizes(model: str, fields: dict[str, str], size: str) -> None:
    draft = parsed(model, **fields)
    assert draft.request.size == size
    assert draft.warnings == ()


BAD_SIZES = [
    *((FIRST, text) for text in ("auto", "16:9", "1792x1024", "1024", "", "1:1:1", "0x0")),
    *((SECOND, text) for text in (
        "4:1", "7:5", "1000x1000", "1024x624", "3856x2160", "3840x2176", "3840x1264", "12x12",
    )),
    (GOOGLE, "1:4"), (GOOGLE, "9:21"), (GOOGLE, "1024x1024"),
    ("flux-2-pro", "9999x16"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "size"), BAD_SIZES)
def test_sizes_that_are_refused(model: str, size: str) -> None:
    error = refused(model, size=size)
    assert error.param == "size"
    assert "'1:1'" in error.message


@pytest.mark.parametrize(
    ("model", "quality"),
    [
        *((FIRST, quality) for quality in ("low", "medium", "high", "auto")),
        *((SECOND, quality) for quality in ("low", "medium", "high")),
        *(("gpt-image-2.5-sunburst", quality) for quality in ("low", "xhigh", "max")),
    ],
)
def test_qualities(model: str, quality: str) -> None:
    assert parsed(model, quality=quality).request.quality == quality
    assert parsed(model, quality=quality.upper()).request.quality == quality


@pytest.mark.parametrize(
    ("model", "quality"),
    [
        *((FIRST, quality) for quality in ("2K", "ultra", "")),
        *((SECOND, quality) for quality in ("auto", "max")),
        *((GOOGLE, quality) for quality in ("high", "0.5K", "8K")),
        ("gemini-2.5-flash-image", "2K"),
    ],
)
def test_qualities_that_are_refused(model: str, quality: str) -> None:
    assert refused(model, quality=quality).param == "quality"


@pytest.mark.parametrize(("n", "taken"), [(0, False), (1, True), (10, True), (11, False)])
def test_how_many_images(n: int, taken: bool) -> None:
    if taken:
        assert parsed(n=n).request.n == n
    else:
        assert refused(n=n).param == "n"


@pytest.mark.parametrize("n", ["2", 1.0, True, [1]])
def test_a_number_is_a_whole_number(n: object) -> None:
    assert refused(n=n).param == "n"


@pytest.mark.parametrize(
    ("model", "most"), [(FIRST, 16), (SECOND, 16), (GOOGLE, 14), ("flux-2-pro", 16)]
)
def test_how_many_input_images(model: str, most: int) -> None:
    assert len(parsed(model, image_urls=[URL] * most).inputs) == most
    assert parsed(model, image_urls=[URL]).request.operation is Operation.EDIT
    for count in (0, most + 1):
        error = refused(model, image_urls=[URL] * count)
        assert error.param == "image_urls"
        assert f"1 to {most}" in error.message


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_urls", [5] * 101), ("model_params", dict.fromkeys(map(str, range(101)), 1))],
)
def test_very_many_entries_are_one_mistake(name: str, value: object) -> None:
    assert refused(FIRST, **{name: value}).param == name


@pytest.mark.parametrize("model", [FIRST, GOOGLE])
def test_how_long_a_prompt(model: str) -> None:
    """Measured in tokens: "sunset" with its space is one."""
    assert parsed(model, prompt=" sunset" * 2_000).request.prompt
    error = refused(model, prompt=" sunset" * 2_001)
    assert error.param == "prompt"
    assert "2,000 tokens" in error.message


def test_a_prompt_of_any_length_is_counted_up_to_32_000_characters() -> None:
    """Counting takes a second for each 40,000 characters that make no words."""
    assert parsed(FIRST, prompt="=" * 32_000).request.prompt
    error = refused(FIRST, prompt="=" * 32_001)
    assert error.param == "prompt"
    assert "32,001 characters" in error.message


def test_a_prompt_of_the_second_generation_has_no_limit_in_tokens() -> None:
    assert parsed(SECOND, prompt=" sunset" * 4_000).request.prompt


def test_images_and_mask() -> None:
    data = "data:image/png;base64,AAAA"
    draft = parsed(image_urls=[URL, data], mask_url=URL)
    assert draft.inputs == (RemoteImage(URL), InlineImage(data))
    assert draft.mask == RemoteImage(URL)
    assert draft.mask_convention is MaskConvention.WHITE
    assert parsed(image_urls=[URL]).mask_convention is MaskConvention.AUTO
    assert refused(mask_url=URL).param == "mask_url"


def test_what_was_bent_is_said() -> None:
    bent = {
        (FIRST, "resolution"): {"resolution": "2K"},
        (FIRST, "nsfw_check"): {"nsfw_check": True},
        (FIRST, "prompt_priority"): {"prompt_priority": "standard"},
        (FIRST, "model_params.web_search"): {"model_params": {"web_search": True}},
        (SECOND, "resolution"): {"size": "1024x1024", "resolution": "4K"},
        ("gpt-image-2.5-flare", "resolution"): {"size": "auto", "resolution": "4K"},
        (GOOGLE, "quality"): {"image_urls": [URL]},
    }
    for (model, param), fields in bent.items():
        [warning] = parsed(model, **fields).warnings
        assert (warning.code, warning.param) == ("parameter_dropped", param)


def test_the_output_format_is_a_model_parameter() -> None:
    assert parsed(GOOGLE, model_params={"output_format": "JPG"}).request.output_format == "jpeg"
    assert refused(model_params={"output_format": 1}).param == "model_params.output_format"
    assert refused(model_params="png").param == "model_params"


def test_a_seed() -> None:
    assert parsed(seed=7).request.seed == 7
    assert refused(seed=-1).param == "seed"


@pytest.mark.parametrize("name", ["stream", "response_format", "style", "images", "callbackUrl"])
def test_what_it_does_not_know_is_refused_by_name(name: str) -> None:
    error = refused(**{name: "x"})
    assert isinstance(error, UnknownParameter)
    assert error.param == name
    assert body_of(DIALECT.render_error(error)) == {
        "error": {
            "code": "invalid_request",
            "message": f"Unknown parameter: '{name}'.",
            "type": "invalid_request_error",
            "param": name,
        }
    }


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    [
        *("prompt", "model", "n", "size", "quality", "resolution", "image_urls", "mask_url"),
        *("seed", "callback_url", "model_params", "nsfw_check", "prompt_priority", "x"),
    ]
)


@given(st.dictionaries(_NAMES, _JSON, max_size=5), st.sampled_from([FIRST, SECOND, GOOGLE, "x"]))
def test_whatever_comes_is_a_draft_or_a_named_refusal(fields: dict[str, Any], model: str) -> None:
    refusal: RequestError | None = None
    try:
        assert parsed(**{"model": model, **fields}).form.task
    except RequestError as error:
        refusal = error
    assert refusal is None or refusal.param


# --- who it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {"callback_url": "https://x.example"}),
        ({}, {"image_urls": []}),
        ({}, {"size": "16:9"}),
        ({}, {"quality": "0.5k"}),
        ({"user-agent": "EvolinkImageGenSkill/1.0"}, {}),
        ({"x-evolink-source": "skill"}, {}),
    ],
)
def test_its_own_signs(headers: dict[str, str], fields: dict[str, Any]) -> None:
    assert DIALECT.claims(headers, WireBody(fields))


@pytest.mark.parametrize(
    "fields",
    [{}, {"size": "1024x1024", "quality": "high"}, {"size": 5}, {"response_format": "url"}],
)
def test_what_shows_nothing(fields: dict[str, Any]) -> None:
    assert not DIALECT.claims({"user-agent": "node"}, WireBody({"prompt": "x", **fields}))


# --- tasks --------------------------------------------------------------------------------------

UUID = "019a0000-0000-7000-8000-00000000002a"


def a_task(**changes: Any) -> Job:
    snapshot = PriceSnapshot(Price("evolink", FIRST, "2026-01-01"))
    quote = JobQuote(7_833_600, 119_808_000, {"main": snapshot})
    changes = {"id": UUID, "created_at_ms": 1_757_156_493_123, "quote": quote, **changes}
    return a_job(request=a_request(quality="low"), dialect="evolink", **changes)


SUBMITTED = {
    "created": 1_757_156_493,
    "id": "task-unified-1757156493-03c39ujaxfobamps21htdc4l6",
    "model": FIRST,
    "object": "image.generation.task",
    "progress": 0,
    "status": "pending",
    "task_info": {"can_cancel": True, "estimated_time": 15},
    "type": "image",
    "usage": {"billing_rule": "per_token", "credits_reserved": 8.1469, "user_group": "default"},
}


def test_a_task_that_was_just_accepted() -> None:
    answer = DIALECT.render_accepted(a_task(), link_of)
    assert answer.status == 200
    assert body_of(answer) == {**SUBMITTED, "id": DIALECT.wire_id(a_task())}
    assert DIALECT.job_id(DIALECT.wire_id(a_task())) == UUID
    assert body_of(DIALECT.render_job(a_task(), link_of)) == body_of(answer)


def test_a_task_that_succeeded() -> None:
    job = a_task(
        state=JobState.SUCCEEDED, charge=Charge(7_833_600, ()), assets=(asset(0), asset(1))
    )
    shown = body_of(DIALECT.render_job(job, link_of))
    assert shown == {
        **SUBMITTED,
        "id": DIALECT.wire_id(job),
        "progress": 100,
        "status": "completed",
        "results": [link_of(asset(0)), link_of(asset(1))],
        "task_info": {"can_cancel": False},
        "usage": {**SUBMITTED["usage"], "credits_reserved": 0.5327},
    }
    assert json.loads(DIALECT.webhook(job, JobEvent.COMPLETED, link_of)) == shown
    assert DIALECT.webhook_headers(JobEvent.COMPLETED, b"", b"k" * 32) == {}


def test_who_waited_gets_what_clients_of_openai_read_too() -> None:
    usage = Usage(text_in=7, image_in=3, image_out=100)
    job = a_task(state=JobState.SUCCEEDED, assets=(asset(),), usage=usage)
    waited = body_of(DIALECT.render(job, AnswerForm(task=True, links=True), link_of))
    polled = body_of(DIALECT.render_job(job, link_of))
    assert {**polled, **waited} == waited
    assert waited["data"] == [{"url": link_of(asset())}]
    assert waited["usage"]["total_tokens"] == 110
    assert waited["usage"]["input_tokens_details"] == {"text_tokens": 7, "image_tokens": 3}
    assert waited["usage"]["user_group"] == "default"


FAILURES = [
    (ModerationBlocked("x"), "content_policy_violation"),
    (UpstreamTimeout("x"), "generation_timeout"),
    (InvalidImage("x"), "image_processing_error"),
    (Internal("x"), "service_error"),
]


@pytest.mark.parametrize(("error", "code"), FAILURES)
def test_a_task_that_failed(error: DarkroomError, code: str) -> None:
    job = a_task(state=JobState.FAILED, error=error.record())
    shown = body_of(DIALECT.render_job(job, link_of))
    assert (shown["status"], shown["progress"]) == ("failed", 0)
    assert shown["error"] == {"code": code, "message": "x", "type": "task_error"}
    assert shown["usage"]["credits_reserved"] == 0
    assert "results" not in shown


@pytest.mark.parametrize("record", [None, JobCanceled("The task was cancelled.").record()])
def test_a_task_that_was_canceled_is_one_that_failed(record: Any) -> None:
    job = a_task(state=JobState.CANCELED, error=record)
    shown = body_of(DIALECT.render_job(job, link_of))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "request_cancelled")
    assert shown["task_info"] == {"can_cancel": False}


def test_every_failure_has_a_word_of_the_vendors() -> None:
    known = {
        *("content_policy_violation", "invalid_parameters", "image_processing_error"),
        *("image_dimension_mismatch", "request_cancelled", "generation_failed_no_content"),
        *("service_error", "generation_timeout", "resource_exhausted", "quota_exceeded"),
        *("service_unavailable", "resource_not_found", "unknown_error"),
    }
    for kind in by_code().values():
        job = a_task(state=JobState.FAILED, error=kind("x").record())
        assert body_of(DIALECT.render_job(job, link_of))["error"]["code"] in known


def test_a_price_for_each_image_is_billed_by_call() -> None:
    snapshot = PriceSnapshot(Price("s", FIRST, "2026-01-01"), fixed_per_image=40_000_000)
    job = a_task(quote=JobQuote(1, 40_000_000, {"main": snapshot}))
    usage = body_of(DIALECT.render_accepted(job, link_of))["usage"]
    assert (usage["billing_rule"], usage["credits_reserved"]) == ("per_call", 2.72)


# --- errors -------------------------------------------------------------------------------------

BAD_ID = InvalidRequest("x", param="task_id")
ERRORS = [
    (Unauthorized("x"), 401, "unauthorized", "authentication_error", None),
    (InsufficientBalance("x"), 402, "insufficient_quota", "insufficient_quota", None),
    (BudgetExceeded("x"), 402, "insufficient_quota", "insufficient_quota", None),
    (Forbidden("x"), 403, "permission_denied", "permission_error", None),
    (Forbidden("x", param="model"), 403, "model_access_denied", "invalid_request_error", "model"),
    (ModelNotFound("x", param="model"), 404, "model_not_found", "not_found_error", "model"),
    (NotFound("x", param="job_id"), 404, "task_not_found", "not_found_error", "task_id"),
    (NotFound("x"), 404, "resource_not_found", "not_found_error", None),
    (BAD_ID, 400, "invalid_task_id", "invalid_request_error", "task_id"),
    (InvalidImage("x", param="image[3]"), 400, "invalid_request", "invalid_request_error",
     "image_urls[3]"),
    (InvalidImage("x", param="mask"), 400, "invalid_request", "invalid_request_error", "mask_url"),
    (PayloadTooLarge("x", param="image"), 413, "request_too_large", "request_too_large_error",
     "image_urls"),
    (RateLimited("x"), 429, "rate_limit_exceeded", "rate_limit_error", None),
    (ModerationBlocked("x"), 400, "content_policy_violation", "invalid_request_error", None),
    (UpstreamTimeout("x"), 504, "generation_timeout", "upstream_error", None),
    (Overloaded("x"), 503, "service_unavailable", "service_unavailable_error", None),
    (Internal("x"), 500, "internal_error", "api_error", None),
]  # fmt: skip


@pytest.mark.parametrize(("error", "status", "code", "kind", "param"), ERRORS)
def test_errors(error: DarkroomError, status: int, code: str, kind: str, param: str | None) -> None:
    answer = DIALECT.render_error(error)
    shown = body_of(answer)["error"]
    assert answer.status == status
    assert (shown["code"], shown["type"], shown.get("param")) == (code, kind, param)
    assert ("fallback_suggestion" in shown) == (status in (402, 413) or code == "model_not_found")


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", UUID, "task-unified-", "task-unified-1-abc", f"task-unified-1-{'z' * 25}"),
        *(f"job-{'0' * 25}", f"task-unified-1-{'0' * 26}", f"task-unified-\u0661-{'0' * 25}"),
    ],
)
def test_what_is_no_id_of_a_task(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.job_id(text)
    assert body_of(DIALECT.render_error(caught.value))["error"] == {
        "code": "invalid_task_id",
        "message": "Invalid task ID format, must start with 'task-unified-'",
        "type": "invalid_request_error",
        "param": "task_id",
    }
