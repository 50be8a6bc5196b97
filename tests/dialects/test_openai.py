"""The OpenAI dialect as a pure translator: no server, no vendor."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.core.dialect import Base64Of, WireBody
from darkroom.core.draft import (
    AnswerForm,
    Callback,
    InlineImage,
    MaskConvention,
    RemoteImage,
    StoredImage,
)
from darkroom.core.errors import (
    DarkroomError,
    InvalidRequest,
    ModerationBlocked,
    RateLimited,
    RequestError,
    UnknownParameter,
    UnsupportedValue,
    by_code,
)
from darkroom.core.job import Asset, AssetKind, Charge, Job, JobState
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import Output
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.dialects.openai import OpenAIDialect

DIALECT = OpenAIDialect()
JOB_ID = "01a1fc17-a48a-7d94-9c7f-88f86b7a3c52"


def asset(position: int = 0, kind: AssetKind = AssetKind.RESULT) -> Asset:
    return Asset(f"asset-{position}", kind, position, "0" * 64, "image/webp", 640, 480, 9, 5_999)


def job(*results: Asset, **changes: Any) -> Job:
    made = Job(
        id=JOB_ID,
        account_id="account",
        key_id="key",
        dialect="openai",
        state=JobState.SUCCEEDED,
        request=ImageRequest(Operation.GENERATION, "gpt-image-1.5", "x"),
        created_at_ms=1_000,
        finished_at_ms=7_999,
        assets=results,
        usage=Usage(text_in=3, image_in=4, image_out=5),
    )
    return replace(made, **changes)


def written(pieces: Any) -> bytes:
    """The bytes of an answer, with a picture's name where its base64 goes."""
    return b"".join(
        piece.asset.id.encode() if isinstance(piece, Base64Of) else piece for piece in pieces
    )


def parsed(**fields: Any) -> Any:
    return DIALECT.parse(Operation.GENERATION, WireBody({"prompt": "x", **fields}))


def test_what_is_not_said_is_the_default() -> None:
    draft = parsed()
    assert draft.request == ImageRequest(Operation.GENERATION, "", "x")
    assert draft.form == AnswerForm()
    assert parsed(**dict.fromkeys(("n", "size", "model", "stream", "user"))) == draft


def test_spelling_is_forgiven() -> None:
    request = parsed(size=" 1024X1536 ", quality="HIGH", output_format="jpg").request
    assert (request.size, request.quality, request.output_format) == ("1024x1536", "high", "jpeg")


def test_the_newer_name_of_a_user_wins() -> None:
    assert parsed(user="old").request.user == "old"
    assert parsed(user="old", safety_identifier="new").request.user == "new"


def test_images_of_a_json_edit() -> None:
    images = [
        {"image_url": "data:image/png;base64,AAAA"},
        {"image_url": "https://x.test/a.png"},
        {"file_id": "file-1"},
    ]
    body = WireBody({"prompt": "x", "images": images, "mask": {"file_id": "file-2"}})
    draft = DIALECT.parse(Operation.EDIT, body)
    assert draft.inputs == (
        InlineImage("data:image/png;base64,AAAA"),
        RemoteImage("https://x.test/a.png"),
        StoredImage("file-1"),
    )
    assert draft.mask == StoredImage("file-2")


@pytest.mark.parametrize("convention", MaskConvention)
def test_the_convention_of_a_mask_is_passed_on(convention: MaskConvention) -> None:
    image = {"file_id": "file-1"}
    fields = {"prompt": "a fox", "images": [image], "mask": image}
    draft = DIALECT.parse(Operation.EDIT, WireBody(fields | {"mask_convention": convention.value}))
    assert draft.mask_convention is convention
    assert DIALECT.parse(Operation.EDIT, WireBody(fields)).mask_convention is MaskConvention.AUTO


@pytest.mark.parametrize(
    ("operation", "fields", "kind"),
    [
        (Operation.EDIT, {"mask": {"file_id": "m"}, "mask_convention": "grey"}, InvalidRequest),
        (Operation.EDIT, {"mask_convention": "white"}, InvalidRequest),
        (Operation.GENERATION, {"mask_convention": "white"}, UnknownParameter),
    ],
)
def test_a_convention_that_says_nothing_is_refused_by_name(
    operation: Operation, fields: dict[str, Any], kind: type[RequestError]
) -> None:
    images = {"images": [{"file_id": "file-1"}]} if operation is Operation.EDIT else {}
    with pytest.raises(kind) as caught:
        DIALECT.parse(operation, WireBody({"prompt": "a fox", **images, **fields}))
    assert caught.value.param == "mask_convention"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    [
        *("prompt", "model", "n", "size", "quality", "background", "output_format", "moderation"),
        *("output_compression", "stream", "partial_images", "user", "response_format", "style"),
        *("images", "mask", "input_fidelity", "seed", "size_policy", "svg", "frame_count", "x"),
        "mask_convention",
    ]
)


@given(st.dictionaries(_NAMES, _JSON, max_size=5), st.sampled_from(Operation), st.booleans())
def test_whatever_comes_is_a_draft_or_a_named_refusal(
    fields: dict[str, Any], operation: Operation, is_form: bool
) -> None:
    draft, refused = None, None
    try:
        draft = DIALECT.parse(operation, WireBody(fields, is_form=is_form))
    except RequestError as error:
        refused = error
    if refused is not None:
        assert json.loads(written(DIALECT.render_error(refused).pieces))["error"]["param"]
    if draft is not None:
        assert 1 <= draft.request.n <= 10
        assert isinstance(draft.request.prompt, str)


# --- answers ------------------------------------------------------------------------------------


def test_an_answer_with_pictures() -> None:
    made = job(asset(0), asset(1), output=Output(quality="high", revised_prompts=('say "x"', None)))
    answer = DIALECT.render(made, AnswerForm(), lambda a: f"https://h/{a.id}")
    assert json.loads(written(answer.pieces)) == {
        "created": 7,
        "data": [
            {"revised_prompt": 'say "x"', "b64_json": "asset-0"},
            {"b64_json": "asset-1"},
        ],
        "background": "opaque",
        "output_format": "webp",
        "size": "640x480",
        "quality": "high",
        "usage": {
            "total_tokens": 12,
            "input_tokens": 7,
            "output_tokens": 5,
            "input_tokens_details": {"text_tokens": 3, "image_tokens": 4},
            "output_tokens_details": {"text_tokens": 0, "image_tokens": 5},
        },
        # beside OpenAI's keys, those of a finished task
        "id": "task-unified-1-03h9wl8nua7j9w3f5ez1aap8y",
        "model": "gpt-image-1.5",
        "object": "image.generation.task",
        "progress": 100,
        "results": ["https://h/asset-0", "https://h/asset-1"],
        "status": "completed",
        "task_info": {"can_cancel": False},
        "type": "image",
    }


def test_an_answer_says_what_it_cost() -> None:
    warning = Warning("size_fitted", "It was cropped.", param="size")
    made = job(asset(), charge=Charge(8_320_000, ()), deployment="azure", warnings=(warning,))
    answer = DIALECT.render(made, AnswerForm(), lambda _: "x")
    said = json.loads(written(answer.pieces))["darkroom"]
    [warned] = said.pop("warnings")
    assert (warned["code"], warned["param"]) == ("size_fitted", "size")
    assert said == {
        "job": JOB_ID,
        "model": None,
        "deployment": "azure",
        "charge_nanos": 8_320_000,
        "charge_usd": "0.00832",
    }


@pytest.mark.parametrize("name", ["callback_url", "webhook_url"])
def test_a_request_may_say_where_its_end_is_told(name: str) -> None:
    assert parsed(**{name: "https://app/hook"}).callback == Callback("https://app/hook", param=name)
    assert parsed().callback is None
    with pytest.raises(InvalidRequest) as caught:
        parsed(callback_url="https://a", webhook_url="https://b")
    assert caught.value.param == "webhook_url"


def test_an_answer_with_links() -> None:
    answer = DIALECT.render(job(asset()), AnswerForm(links=True), lambda a: f"https://h/{a.id}")
    assert json.loads(written(answer.pieces))["data"] == [{"url": "https://h/asset-0"}]


@pytest.mark.parametrize("operation", Operation)
def test_events(operation: Operation) -> None:
    made = job(asset(), request=ImageRequest(operation, "m", "x"))
    partial = written(DIALECT.render_partial(made, asset(1, AssetKind.PARTIAL)))
    last = written(DIALECT.render_completed(made, asset(), last=True))
    for event, name in ((partial, "partial_image"), (last, "completed")):
        head, data, end, rest = event.decode().split("\n")
        assert head == f"event: image_{operation}.{name}"
        assert (end, rest) == ("", "")
        said = json.loads(data.removeprefix("data: "))
        assert said["type"] == f"image_{operation}.{name}"
        assert (said["created_at"], said["size"]) == (5, "640x480")
    assert b'"partial_image_index":1' in partial
    assert b'"total_tokens":12' in last


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", by_code().values(), ids=by_code().keys())
def test_every_error_has_an_envelope(kind: type[DarkroomError]) -> None:
    answer = DIALECT.render_error(kind("What happened.", param="n", retry_after_s=0.2))
    error = json.loads(written(answer.pieces))["error"]
    assert answer.status in (kind.status, 429)  # money that is spent is a 429 at OpenAI
    assert error["message"] == "What happened."
    assert error["param"] == "n"
    assert error["type"]
    assert error["code"]
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-should-retry"] in ("true", "false")
    assert answer.status < 500 or error["type"] == "server_error"
    [event] = DIALECT.render_stream_error(kind("What happened."))
    assert isinstance(event, bytes)
    assert json.loads(event.split(b"data: ")[1])["error"]["code"] == error["code"]


def test_canonical_names_become_the_wires() -> None:
    answer = DIALECT.render_error(UnsupportedValue("Too many.", param="inputs"))
    assert json.loads(written(answer.pieces))["error"]["param"] == "image"


def test_only_what_is_safe_to_repeat_is_said_to_be() -> None:
    repeated = {
        code
        for code, kind in by_code().items()
        if DIALECT.render_error(kind("x")).headers["x-should-retry"] == "true"
    }
    assert repeated == {
        "rate_limit_exceeded",
        "upstream_rate_limited",
        "overloaded",
        "request_timeout",
    }
    assert RateLimited.code in repeated
    assert InvalidRequest.code not in repeated


def test_moderation_tells_stage_and_categories() -> None:
    blocked = ModerationBlocked("No.", details={"stage": "input", "categories": ["violence"]})
    error = json.loads(written(DIALECT.render_error(blocked).pieces))["error"]
    assert error["moderation_details"] == {
        "moderation_stage": "input",
        "categories": ["violence"],
    }


def test_economy_is_answered_with_a_task() -> None:
    draft = parsed(service_tier="economy")
    assert draft.request.economy
    assert draft.form == AnswerForm(task=True)
    assert not parsed(service_tier="auto").request.economy
    with pytest.raises(InvalidRequest) as caught:
        parsed(service_tier="economy", stream=True)
    assert caught.value.param == "stream"
    with pytest.raises(InvalidRequest) as caught:
        parsed(service_tier="priority")
    assert caught.value.param == "service_tier"
