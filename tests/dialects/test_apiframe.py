"""The Apiframe dialect as a pure translator: no server, no vendor."""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.assets import Spool
from darkroom.catalog import Catalog
from darkroom.core.dialect import Base64Of, WireBody
from darkroom.core.draft import (
    AnswerForm,
    Callback,
    Draft,
    InlineImage,
    RemoteImage,
    Upload,
)
from darkroom.core.errors import (
    BudgetExceeded,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidImage,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    Overloaded,
    RateLimited,
    RequestError,
    Unauthorized,
    UnknownParameter,
    UnsupportedValue,
)
from darkroom.core.job import (
    Asset,
    AssetKind,
    CallbackState,
    Charge,
    Job,
    JobEvent,
    JobState,
)
from darkroom.core.request import ImageRequest, Operation
from darkroom.dialects.apiframe import ApiframeDialect, cost_extremes
from tests.support.spooled import spooled

DIALECT = ApiframeDialect()
JOB_ID = "b2c3d4e5-f6a7-8901-bcde-f23456789012"


def parsed(**fields: Any) -> Draft:
    return DIALECT.parse(None, WireBody({"model": "gpt-image-1.5", "prompt": "x", **fields}))


def gpt(**params: Any) -> ImageRequest:
    return parsed(gptImageParams=params).request


def banana(model: str = "nano-banana-pro", **params: Any) -> Draft:
    return parsed(model=model, nanoBananaParams=params)


def flux(**params: Any) -> Draft:
    return parsed(model="flux-2-pro", fluxParams=params)


def refused(**fields: Any) -> dict[str, list[str]]:
    """What is wrong with a body, as its sender is told."""
    with pytest.raises(RequestError) as caught:
        parsed(**fields)
    answer = DIALECT.render_error(caught.value)
    assert answer.status == 400
    body = written(answer)
    assert set(body) == {"error", "details"}
    assert body["error"]
    return body["details"]


def written(answer: Any) -> Any:
    assert not any(isinstance(piece, Base64Of) for piece in answer.pieces)
    return json.loads(b"".join(answer.pieces))


def told(error: RequestError | Overloaded) -> Any:
    return written(DIALECT.render_error(error))


# --- gptImageParams -----------------------------------------------------------------------------


def test_what_is_not_said_is_the_documented_default() -> None:
    draft = parsed()
    assert draft.request == ImageRequest(
        Operation.GENERATION,
        "gpt-image-1.5",
        "x",
        n=1,
        size="1024x1024",
        quality="auto",
        background="auto",
        output_format="png",
        input_fidelity=None,  # the model's default is the documented one: low
    )
    assert draft.form == AnswerForm(stream=False, links=True, task=True)
    assert draft.callback is None
    assert parsed(gptImageParams={}) == parsed(gptImageParams=None) == draft
    everything = (
        *("aspect_ratio", "quality", "background", "output_format", "input_images"),
        *("input_fidelity", "number_of_images"),
    )
    assert parsed(gptImageParams=dict.fromkeys(everything)) == draft


@pytest.mark.parametrize(
    ("ratio", "size"), [("1:1", "1024x1024"), ("3:2", "1536x1024"), ("2:3", "1024x1536")]
)
def test_a_ratio_is_one_of_three_canvases(ratio: str, size: str) -> None:
    assert gpt(aspect_ratio=ratio).size == size
    assert parsed(model="gpt-image-2", gptImage2Params={"aspect_ratio": ratio}).request.size == size
    assert parsed(model="dall-e-3", dalleParams={"aspect_ratio": ratio}).request.size == size


@pytest.mark.parametrize("quality", ["auto", "low", "medium", "high"])
@pytest.mark.parametrize("background", ["auto", "opaque", "transparent"])
@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_every_documented_value_is_taken(quality: str, background: str, output_format: str) -> None:
    made = gpt(quality=quality, background=background, output_format=output_format)
    assert (made.quality, made.background, made.output_format) == (
        quality,
        background,
        output_format,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aspect_ratio", "16:9"),
        ("aspect_ratio", "1024x1024"),
        ("quality", "xhigh"),
        ("quality", 5),
        ("background", "white"),
        ("output_format", "jpg"),
        ("output_format", "gif"),
        ("input_fidelity", "medium"),
        ("number_of_images", 0),
        ("number_of_images", 11),
        ("number_of_images", 1.5),
        ("number_of_images", "2"),
        ("number_of_images", True),
        ("input_images", 5),
        ("input_images", "ftp://x/a.png"),
        ("size", "1024x1024"),
        ("moderation", "low"),
    ],
)
def test_any_other_value_is_refused_by_its_path(name: str, value: Any) -> None:
    details = refused(gptImageParams={name: value})
    assert [path.removesuffix(".0") for path in details] == [f"gptImageParams.{name}"]


@pytest.mark.parametrize("count", [1, 10, 2.0])
def test_one_to_ten_images(count: float) -> None:
    assert gpt(number_of_images=count).n == int(count)


def test_input_images_make_an_edit() -> None:
    url, data = "https://x.test/a.png", "data:image/png;base64,AAAA"
    one = parsed(gptImageParams={"input_images": url, "input_fidelity": "high"})
    assert one.request.operation is Operation.EDIT
    assert one.request.input_fidelity == "high"
    assert one.inputs == (RemoteImage(url),)
    several = parsed(gptImageParams={"input_images": [url, data]})
    assert several.inputs == (RemoteImage(url), InlineImage(data))
    for none in ([], None):
        assert parsed(gptImageParams={"input_images": none}) == parsed()


def test_an_image_that_is_no_url_is_named_by_its_place() -> None:
    details = refused(gptImageParams={"input_images": ["https://x.test/a.png", "a.png"]})
    assert list(details) == ["gptImageParams.input_images.1"]


# --- other families -----------------------------------------------------------------------------


def test_gpt_image_2_has_moderation_and_no_fidelity() -> None:
    made = parsed(model="gpt-image-2", gptImage2Params={"moderation": "low"}).request
    assert made.moderation == "low"
    for name, value in (("input_fidelity", "low"), ("background", "transparent")):
        details = refused(model="gpt-image-2", gptImage2Params={name: value})
        assert list(details) == [f"gptImage2Params.{name}"]


def test_later_gpt_image_models_have_two_more_qualities() -> None:
    model = "gpt-image-2.5-sunburst"
    assert parsed(model=model, gptImage2Params={"quality": "max"}).request.quality == "max"
    details = refused(model="gpt-image-2", gptImage2Params={"quality": "max"})
    assert list(details) == ["gptImage2Params.quality"]


def test_a_style_of_dall_e_is_dropped_and_said() -> None:
    [note] = parsed(model="dall-e-3", dalleParams={"style": "vivid"}).warnings
    assert (note.code, note.param) == ("parameter_dropped", "dalleParams.style")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("nano-banana", "gemini-2.5-flash-image"),
        ("nano-banana-pro", "gemini-3-pro-image"),
        ("nano-banana-2", "gemini-3.1-flash-image"),
        ("nano-banana-2-lite", "gemini-3.1-flash-lite-image"),
        ("flux-1.1-pro", "flux-pro-1.1"),
    ],
)
def test_names_of_apiframe_are_models_of_the_catalogue(name: str, known: str) -> None:
    assert parsed(model=name).request.model == known
    assert Catalog.load().get(known) is not None
    made = job(request=ImageRequest(Operation.GENERATION, known, "x"))
    assert written(DIALECT.render_job(made, link_of))["model"] == name


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, "auto"),
        ({"aspect_ratio": "16:9"}, "1376x768"),
        ({"aspect_ratio": "16:9", "resolution": "1K"}, "1376x768"),
        ({"aspect_ratio": "21:9", "resolution": "2K"}, "3168x1344"),
        ({"aspect_ratio": "2:3", "resolution": "4K"}, "3392x5056"),
        ({"resolution": "512px"}, "512x512"),
        ({"aspect_ratio": "match_input_image"}, "auto"),
    ],
)
def test_nano_banana_sizes_are_googles(params: dict[str, str], size: str) -> None:
    assert banana(**params).request.size == size


def test_the_first_nano_banana_has_sizes_of_its_own() -> None:
    assert banana("nano-banana", aspect_ratio="16:9").request.size == "1344x768"


def test_what_nano_banana_cannot_do_is_refused() -> None:
    model = {"model": "nano-banana-pro"}
    for name, value in (("aspect_ratio", "7:5"), ("google_search", True), ("image_search", True)):
        details = refused(**model, nanoBananaParams={name: value})
        assert list(details) == [f"nanoBananaParams.{name}"]
    assert banana(google_search=False).request == banana().request


@pytest.mark.parametrize("count", [14, 15])
def test_nano_banana_takes_fourteen_images(count: int) -> None:
    images = ["https://x.test/a.png"] * count
    if count <= 14:
        assert len(banana(image_input=images).inputs) == count
    else:
        details = refused(model="nano-banana-pro", nanoBananaParams={"image_input": images})
        assert list(details) == ["nanoBananaParams.image_input"]


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, "auto"),
        ({"aspect_ratio": "1:1"}, "1024x1024"),
        ({"aspect_ratio": "16:9"}, "1360x768"),
        ({"aspect_ratio": "16:9", "resolution": "4MP"}, "2720x1536"),
        ({"resolution": "0.5MP"}, "720x720"),
        ({"resolution": "match_input_image"}, "auto"),
        ({"width": 512, "height": 768}, "512x768"),
        ({"width": 256, "height": 2048}, "256x2048"),
        ({"aspect_ratio": "1:9999"}, "16x102384"),
    ],
)
def test_flux_sizes_lie_on_its_grid(params: dict[str, Any], size: str) -> None:
    assert flux(**params).request.size == size


@pytest.mark.parametrize(
    ("low", "high", "below", "above", "name"),
    [
        (256, 2048, 255, 2049, "width"),
        (256, 2048, 255, 2049, "height"),
        (1, 50, 0, 51, "steps"),
        (1.5, 10, 1.4, 10.1, "guidance"),
        (0, 100, -1, 101, "output_quality"),
        (0, 1, -0.1, 1.1, "image_prompt_strength"),
        (0, 2**63 - 1, -1, 2**63, "seed"),
    ],
)
def test_flux_ranges(low: float, high: float, below: float, above: float, name: str) -> None:
    other = {"width": 512, "height": 512} if name in ("width", "height") else {}
    for value in (low, high):
        flux(**{**other, name: value})
    for value in (below, above):
        details = refused(model="flux-2-pro", fluxParams={**other, name: value})
        assert list(details) == [f"fluxParams.{name}"]


def test_flux_fields() -> None:
    made = flux(seed=7, output_format="jpg", output_quality=80).request
    assert (made.seed, made.output_format, made.output_compression) == (7, "jpeg", 80)


def test_flux_settings_without_a_counterpart_are_said() -> None:
    draft = flux(steps=20, guidance=3, raw=False, go_fast=True, prompt_upsampling=None)
    assert [(note.code, note.param) for note in draft.warnings] == [
        ("parameter_dropped", "fluxParams.steps"),
        ("parameter_dropped", "fluxParams.guidance"),
        ("parameter_dropped", "fluxParams.go_fast"),
    ]
    sized = flux(width=512, height=512, aspect_ratio="16:9", resolution="1MP")
    assert [note.param for note in sized.warnings] == [
        "fluxParams.aspect_ratio",
        "fluxParams.resolution",
    ]


def test_flux_takes_both_edges_or_none() -> None:
    assert list(refused(model="flux-2-pro", fluxParams={"width": 512})) == ["fluxParams.height"]
    assert list(refused(model="flux-2-pro", fluxParams={"height": 512})) == ["fluxParams.width"]
    prompt = {"image_prompt": "https://x.test/a.png"}
    assert list(refused(model="flux-2-pro", fluxParams=prompt)) == ["fluxParams.image_prompt"]


@pytest.mark.parametrize("count", [10, 11])
def test_flux_takes_ten_images(count: int) -> None:
    images = ["https://x.test/a.png"] * count
    if count <= 10:
        assert len(flux(input_images=images).inputs) == count
    else:
        details = refused(model="flux-2-pro", fluxParams={"input_images": images})
        assert list(details) == ["fluxParams.input_images"]


def test_a_resolution_without_a_ratio_makes_an_edit_square_and_says_so() -> None:
    images = ["https://x.test/a.png"]
    for draft in (
        flux(resolution="1MP", input_images=images),
        banana(resolution="1K", image_input=images),
    ):
        assert draft.request.size == "1024x1024"
        assert [note.code for note in draft.warnings] == ["value_mapped"]


def test_the_former_flux_has_a_grid_of_its_own() -> None:
    draft = parsed(model="flux-1.1-pro", fluxParams={"aspect_ratio": "16:9"})
    assert (draft.request.model, draft.request.size) == ("flux-pro-1.1", "1344x768")
    sized = parsed(model="flux-1.1-pro", fluxParams={"width": 512, "height": 512})
    assert sized.request.size == "512x512"


def test_grok_takes_a_ratio_and_one_image() -> None:
    model = {"model": "grok-imagine-image"}
    draft = parsed(**model, grokImagineParams={"aspect_ratio": "9:16", "image": "https://x.test/a"})
    assert (draft.request.size, draft.request.output_format) == ("720x1280", "jpeg")
    assert draft.inputs == (RemoteImage("https://x.test/a"),)
    assert parsed(**model).request.size == "auto"
    for name, value in (("aspect_ratio", "4:3"), ("image", ["https://x.test/a"])):
        details = refused(**model, grokImagineParams={name: value})
        assert list(details) == [f"grokImagineParams.{name}"]


def test_a_model_of_a_new_family_takes_a_prompt_alone() -> None:
    assert parsed(model="paint-9").request == ImageRequest(Operation.GENERATION, "paint-9", "x")
    assert cost_extremes("paint-9") == ("auto", "auto")
    assert list(refused(model="paint-9", paintParams={})) == ["paintParams"]


def test_every_model_of_the_catalogue_can_be_asked_for_at_its_extremes() -> None:
    for spec in Catalog.load().models:
        assert parsed(model=spec.id).request.model == spec.id
        assert cost_extremes(spec.id) != ("auto", "auto")


# --- the body -----------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 2_000, 2_001])
def test_a_prompt_has_up_to_two_thousand_characters(length: int) -> None:
    prompt = "ü" * length
    if 1 <= length <= 2_000:
        assert parsed(prompt=prompt).request.prompt == prompt
    else:
        assert list(refused(prompt=prompt)) == ["prompt"]


@pytest.mark.parametrize("model", [None, 5, "", "x" * 129, ["gpt-image-1.5"]])
def test_a_model_has_to_be_named(model: Any) -> None:
    assert list(refused(model=model)) == ["model"]
    with pytest.raises(InvalidRequest):
        DIALECT.parse(None, WireBody({"prompt": "x"}))


def test_the_params_of_another_family_are_unknown() -> None:
    details = refused(fluxParams={"seed": 1}, gptImageParams={})
    assert list(details) == ["fluxParams"]
    assert "'gptImageParams'" in details["fluxParams"][0]
    assert list(refused(gptImage2Params={})) == ["gptImage2Params"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    details = refused(
        prompt="", seed=1, gptImageParams={"foo": 1, "number_of_images": 11, "quality": "best"}
    )
    assert set(details) == {
        "prompt",
        "seed",
        "gptImageParams.foo",
        "gptImageParams.number_of_images",
        "gptImageParams.quality",
    }
    with pytest.raises(UnknownParameter) as caught:
        parsed(gptImageParams={"foo": 1})
    assert caught.value.param == "gptImageParams.foo"


def test_very_many_entries_are_one_mistake() -> None:
    assert list(refused(gptImageParams={"input_images": ["x"] * 101})) == [
        "gptImageParams.input_images"
    ]
    many = dict.fromkeys(map(str, range(101)), 1)
    assert list(refused(gptImageParams=many)) == ["gptImageParams"]
    assert list(refused(webhookEvents=["x"] * 101)) == ["webhookEvents"]


@pytest.mark.parametrize("params", [[], "x", 5, [{}]])
def test_a_parameter_object_is_an_object(params: Any) -> None:
    assert list(refused(gptImageParams=params)) == ["gptImageParams"]


def test_a_form_with_a_file_is_sent_to_uploads(tmp_path: Any) -> None:
    upload = Upload(spooled(Spool(tmp_path / "spool"), b"x"))
    body = WireBody({"model": "gpt-image-1.5", "prompt": "x"}, (("image", upload),), is_form=True)
    with pytest.raises(UnknownParameter, match="/v2/uploads"):
        DIALECT.parse(None, body)


@pytest.mark.parametrize("name", ["webhook_url", "webhookUrl"])
def test_both_spellings_of_a_webhook(name: str) -> None:
    url = "https://app.test/hook"
    assert parsed(**{name: url}).callback == Callback(url, param=name)
    both = {"webhook_url": url, "webhookUrl": url}
    assert parsed(**both).callback == Callback(url, param="webhook_url")
    assert list(refused(webhook_url=url, webhookUrl="https://b.test")) == ["webhook_url"]
    assert parsed(**{name: url.ljust(2_048, "x")}).callback
    for wrong in (url.ljust(2_049, "x"), "", 5):
        assert list(refused(**{name: wrong})) == [name]


@pytest.mark.parametrize("name", ["webhook_events", "webhookEvents"])
def test_events_of_a_webhook(name: str) -> None:
    def events(*names: str) -> tuple[JobEvent, ...]:
        callback = parsed(webhookUrl="https://a.test", **{name: list(names)}).callback
        assert callback is not None
        return callback.events

    assert events("completed") == (JobEvent.COMPLETED,)
    assert events("progress", "completed") == (JobEvent.PROGRESS, JobEvent.COMPLETED)
    # a cancel is told as a failure
    assert events("failed", "failed") == (JobEvent.FAILED, JobEvent.CANCELED)
    for wrong in ([], ["queued"], "completed"):
        details = refused(webhookUrl="https://a.test", **{name: wrong})
        assert [path.removesuffix(".0") for path in details] == [name]


def test_events_without_a_webhook_are_said_to_have_no_effect() -> None:
    draft = parsed(webhookEvents=["completed"])
    assert draft.callback is None
    assert [note.param for note in draft.warnings] == ["webhookEvents"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_MODELS = st.sampled_from(
    ["gpt-image-1.5", "gpt-image-2", "nano-banana", "flux-2-pro", "dall-e-3", "x", ""]
)
_NAMES = st.sampled_from(
    [
        *("gptImageParams", "gptImage2Params", "nanoBananaParams", "fluxParams", "dalleParams"),
        *("webhook_url", "webhookUrl", "webhookEvents", "x", "", "prompt"),
    ]
)
_PARAMS = st.dictionaries(
    st.sampled_from(
        [
            *("aspect_ratio", "quality", "number_of_images", "input_images", "image_input"),
            *("width", "height", "seed", "resolution", "steps", "output_format", "x"),
        ]
    ),
    _JSON | st.sampled_from(["16:9", "1:1", "1K", "0.5MP", "auto", 512]),
    max_size=4,
)


@given(_MODELS, st.dictionaries(_NAMES, _JSON | _PARAMS, max_size=4))
def test_whatever_comes_is_a_draft_or_a_named_refusal(model: str, fields: dict[str, Any]) -> None:
    draft, refusal = None, None
    try:
        draft = DIALECT.parse(None, WireBody({"prompt": "x", "model": model, **fields}))
    except RequestError as error:
        refusal = error
    if refusal is not None:
        assert told(refusal)["details"]
    if draft is not None:
        assert 1 <= draft.request.n <= 10
        assert bool(draft.inputs) is (draft.request.operation is Operation.EDIT)


# --- answers ------------------------------------------------------------------------------------


def asset(position: int = 0, expires_at_ms: int | None = None) -> Asset:
    return Asset(
        f"asset-{position}",
        AssetKind.RESULT,
        position,
        "0" * 64,
        "image/png",
        640,
        480,
        9,
        5_999,
        expires_at_ms,
    )


def link_of(asset: Asset) -> str:
    return f"https://h/{asset.id}"


def job(**changes: Any) -> Job:
    made = Job(
        id=JOB_ID,
        account_id="account",
        key_id="key",
        dialect="apiframe",
        state=JobState.SUCCEEDED,
        request=ImageRequest(Operation.GENERATION, "gpt-image-1.5", "x"),
        created_at_ms=1_773_568_800_000,
        finished_at_ms=1_773_568_832_007,
        assets=(asset(0), asset(1)),
        charge=Charge(147_058_824, ()),  # 10.00000003 credits
    )
    return replace(made, **changes)


def test_a_job_that_succeeded() -> None:
    answer = DIALECT.render(job(), AnswerForm(links=True, task=True), link_of)
    assert answer.status == 200
    assert written(answer) == {
        "id": JOB_ID,
        "status": "COMPLETED",
        "model": "gpt-image-1.5",
        "progress": 100,
        "result": {"images": ["https://h/asset-0", "https://h/asset-1"]},
        "error": None,
        "creditCost": 11,
        "webhookStatus": None,
        "createdAt": "2026-03-15T10:00:00.000Z",
        "completedAt": "2026-03-15T10:00:32.007Z",
    }
    assert written(DIALECT.render_job(job(), link_of)) == written(answer)


@pytest.mark.parametrize(
    ("nanos", "credits"), [(0, 0), (1, 1), (14_705_882, 1), (14_705_883, 2), (10**9, 68)]
)
def test_a_cost_is_rounded_up_to_whole_credits(nanos: int, credits: int) -> None:
    shown = written(DIALECT.render_job(job(charge=Charge(nanos, ())), link_of))
    assert shown["creditCost"] == credits


def test_a_job_that_failed() -> None:
    why = UnsupportedValue("Provider returned an error: content policy violation").record()
    made = job(state=JobState.FAILED, error=why, charge=None, assets=())
    shown = written(DIALECT.render_job(made, link_of))
    assert (shown["status"], shown["progress"], shown["result"]) == ("FAILED", 0, None)
    assert shown["error"] == "Provider returned an error: content policy violation"
    assert shown["creditCost"] == 0


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (JobState.QUEUED, "QUEUED"),
        (JobState.RUNNING, "PROCESSING"),
        (JobState.SUCCEEDED, "COMPLETED"),
        (JobState.FAILED, "FAILED"),
        (JobState.CANCELED, "CANCELLED"),
    ],
)
def test_states(state: JobState, status: str) -> None:
    made = job(state=state, charge=None, finished_at_ms=None if not state.final else 1)
    shown = written(DIALECT.render_job(made, link_of))
    assert shown["status"] == status
    assert (shown["creditCost"] is None) is (not state.final)
    assert (shown["completedAt"] is None) is (not state.final)
    accepted = DIALECT.render_accepted(made, link_of)
    assert accepted.status == 202
    assert written(accepted) == {"jobId": JOB_ID, "status": status}


@pytest.mark.parametrize("state", [None, *CallbackState])
def test_how_far_a_webhook_came(state: CallbackState | None) -> None:
    shown = written(DIALECT.render_job(job(callback=state), link_of))
    assert shown["webhookStatus"] == state


def test_a_job_whose_images_are_gone_has_expired() -> None:
    for gone in ((), (asset(0, 1),)):
        assert written(DIALECT.render_job(job(assets=gone), link_of))["expired"] is True
    for there in ((asset(0, 1), asset(1)), (asset(0, 2**52),)):
        assert "expired" not in written(DIALECT.render_job(job(assets=there), link_of))
    made = job(assets=(), state=JobState.RUNNING)
    assert "expired" not in written(DIALECT.render_job(made, link_of))


@pytest.mark.parametrize("text", ["JOB_ID", "", JOB_ID[:-1], JOB_ID.replace("-", ""), JOB_ID + "0"])
def test_the_id_of_a_job_is_a_uuid(text: str) -> None:
    assert DIALECT.job_id(JOB_ID.upper()) == JOB_ID
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.job_id(text)
    assert DIALECT.render_error(caught.value).status == 400


# --- webhooks -----------------------------------------------------------------------------------


def test_bodies_of_webhooks() -> None:
    assert json.loads(DIALECT.webhook(job(), JobEvent.COMPLETED, link_of)) == {
        "event": "completed",
        "jobId": JOB_ID,
        "status": "COMPLETED",
        "progress": 100,
        "result": {"images": ["https://h/asset-0", "https://h/asset-1"]},
        "model": "gpt-image-1.5",
        "creditCost": 11,
        "completedAt": "2026-03-15T10:00:32.007Z",
    }
    running = job(state=JobState.RUNNING, charge=None, finished_at_ms=None, started_at_ms=1)
    assert json.loads(DIALECT.webhook(running, JobEvent.PROGRESS, link_of)) == {
        "event": "progress",
        "jobId": JOB_ID,
        "status": "PROCESSING",
        "progress": 95,
        "model": "gpt-image-1.5",
    }
    why = UnsupportedValue("It broke.").record()
    for event, state, status in (
        (JobEvent.FAILED, JobState.FAILED, "FAILED"),
        (JobEvent.CANCELED, JobState.CANCELED, "CANCELLED"),
    ):
        ended = job(state=state, error=why, charge=None, assets=())
        assert json.loads(DIALECT.webhook(ended, event, link_of)) == {
            "event": "failed",
            "jobId": JOB_ID,
            "status": status,
            "error": "It broke.",
            "model": "gpt-image-1.5",
        }


def test_a_webhook_is_signed_with_the_digest_of_the_key() -> None:
    digest = hashlib.sha256(b"afk_your_api_key_here").digest()
    body = DIALECT.webhook(job(), JobEvent.COMPLETED, link_of)
    headers = DIALECT.webhook_headers(JobEvent.COMPLETED, body, digest)
    assert headers == {
        "x-webhook-event": "completed",
        "x-webhook-signature": "sha256=" + hmac.new(digest, body, "sha256").hexdigest(),
    }
    unsigned = DIALECT.webhook_headers(JobEvent.CANCELED, body, b"")
    assert unsigned == {"x-webhook-event": "failed"}


# --- errors -------------------------------------------------------------------------------------


def test_no_credits_are_told_with_numbers() -> None:
    details = {"required_nanos": 735_294_117, "available_nanos": 160_000_000}
    answer = DIALECT.render_error(InsufficientBalance("Top up.", details=details))
    assert answer.status == 402
    assert written(answer) == {
        "error": "Insufficient credits",
        "creditsRequired": 50,
        "creditsAvailable": 10,
    }
    overdrawn = InsufficientBalance("x", details={"required_nanos": 1, "available_nanos": -5})
    assert told(overdrawn)["creditsAvailable"] == 0


def test_a_spent_budget_is_told_in_its_own_words() -> None:
    details = {"limit_nanos": 10**9, "used_nanos": 5 * 10**8, "required_nanos": 6 * 10**8}
    answer = DIALECT.render_error(BudgetExceeded("The key's budget is used up.", details=details))
    assert answer.status == 402
    assert written(answer) == {
        "error": "The key's budget is used up.",
        "creditsRequired": 41,
        "creditsAvailable": 34,
    }


def test_wrong_keys_have_the_documented_words() -> None:
    missing = Unauthorized("You gave none.", details={"missing": True})
    assert told(missing) == {"error": "API key is required"}
    assert told(Unauthorized("Nobody has that.")) == {"error": "Invalid API key"}


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (NotFound("No job."), 404, {"error": "No job."}),
        (IdempotencyConflict("Used.", param="Idempotency-Key"), 409, {"error": "Used."}),
        (RateLimited("Slow down.", retry_after_s=1.2), 429, {"error": "Slow down."}),
        (Overloaded("Busy."), 503, {"error": "Busy."}),
        (
            ModelNotFound("No such model.", param="model"),
            400,
            {"error": "No such model.", "details": {"model": ["No such model."]}},
        ),
        (
            UnsupportedValue("Too many.", param="inputs"),
            400,
            {"error": "Too many.", "details": {"input_images": ["Too many."]}},
        ),
        (
            InvalidImage("No image.", param="image[3]"),
            400,
            {"error": "No image.", "details": {"input_images.3": ["No image."]}},
        ),
        (InvalidRequest("What?"), 400, {"error": "What?"}),
    ],
)
def test_errors_are_plain_strings(error: Any, status: int, body: Any) -> None:
    answer = DIALECT.render_error(error)
    assert (answer.status, written(answer)) == (status, body)
    assert answer.headers.get("retry-after") == ("2" if status == 429 else None)
