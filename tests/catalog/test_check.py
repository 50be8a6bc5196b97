"""The capability check: both sides of every limit, and what holds for any request."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkroom.catalog import Catalog, Plan, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import InvalidRequest, RequestError, UnsupportedValue
from darkroom.core.finish import Composite
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.size import Size

CATALOG = Catalog.load()
PICTURE = InputImage("asset_1", "0" * 64, "image/png", 1024, 1024, 1000)
MASK = InputImage("asset_2", "1" * 64, "image/png", 1024, 1024, 1000)
SMALL_MASK = replace(MASK, width=512)


def spec(name: str) -> ModelSpec:
    found = CATALOG.get(name)
    assert found is not None, name
    return found


def planned(model: str, *, emulate: bool = True, **fields: Any) -> Plan:
    inputs = fields.get("inputs", ())
    request = ImageRequest(
        operation=fields.pop("operation", Operation.EDIT if inputs else Operation.GENERATION),
        model=model,
        prompt=fields.pop("prompt", "a fox"),
        **fields,
    )
    return plan(request, spec(model), emulate=emulate, peers=lambda: CATALOG.models)


def edit(count: int = 1, **fields: Any) -> dict[str, Any]:
    return {"inputs": (PICTURE,) * count, **fields}


PASSES: list[tuple[str, dict[str, Any]]] = [
    ("gpt-image-1", {}),
    ("gpt-image-1", {"n": 10}),
    ("gpt-image-1", {"prompt": "x" * 32_000}),
    ("gpt-image-1", edit(16)),
    ("gpt-image-1", edit(mask=MASK, input_fidelity="high")),
    ("gpt-image-1", {"background": "transparent", "output_format": "webp"}),
    ("gpt-image-1", {"output_format": "jpeg", "output_compression": 0}),
    ("gpt-image-1", {"output_format": "webp", "output_compression": 100}),
    ("gpt-image-1", {"moderation": "low", "partial_images": 3}),
    ("gpt-image-1", {"size": "1536x1024", "quality": "low", "size_policy": "strict"}),
    ("gpt-image-1-mini", edit(input_fidelity="low")),
    ("gpt-image-2", {"size": "3840x2160"}),
    ("gpt-image-2", {"size": "1024x640"}),
    ("gpt-image-2", {"size": "3072x1024"}),
    ("gpt-image-2.5-flare", {"quality": "max"}),
    ("gpt-image-2.6-flare", {"complexity": "low"}),
    ("gpt-image-2.6-flare", {"output_format": "gif", "frame_count": 2, "frame_duration_ms": 1}),
    ("gpt-image-2.6-flare", {"output_format": "gif", "frame_count": 16}),
    ("gpt-image-2.6-flare", {"output_format": "gif", "frame_duration_ms": 655_350}),
    ("gemini-nano-banana-2.1", edit(14, size="2752x1536")),
    ("gemini-3.1-flash-image", {"size": "12288x1536"}),
    ("flux-2-pro", edit(8, seed=7, size="2048x2048", output_format="jpeg")),
    ("flux-2-klein-4b", edit(4, size="64x64")),
    ("dall-e-3", {"size": "1792x1024", "quality": "hd"}),
    ("dall-e-2", edit(mask=MASK, n=10, size="256x256")),
]


@pytest.mark.parametrize(("model", "fields"), PASSES)
def test_what_a_model_has_passes_unchanged(model: str, fields: dict[str, Any]) -> None:
    result = planned(model, **fields)
    assert result.warnings == ()
    said = (result.finish.composite, result.finish.matte, result.finish.told)
    assert said == (None, False, frozenset())
    for name, value in fields.items():
        assert getattr(result.request, name) == value


def test_an_alias_goes_upstream_under_the_models_own_name() -> None:
    assert planned("chatgpt-image-latest").request.model == "gpt-image-1.5"


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("gpt-image-1", {"n": 11}, "n", "at most 10 images"),
    ("flux-2-pro", {"n": 11}, "n", "at most 10 images per request"),
    ("gpt-image-1", edit(17), "inputs", "at most 16"),
    ("gemini-2.5-flash-image", edit(4), "inputs", "at most 3"),
    ("flux-2-klein-9b", edit(5), "inputs", "at most 4"),
    ("dall-e-3", edit(), "model", "supports 'generation'"),
    ("gpt-image-2.6-flare", edit(mask=MASK, output_format="gif"), "mask", "'png'"),
    ("flux-2-pro", edit(mask=MASK, output_format="gif"), "mask", "'png'"),
    ("flux-2-pro", edit(mask=MASK, size="1024x768"), "size", "laid over the first input image"),
    (
        "flux-2-pro",
        edit(mask=MASK, background="transparent"),
        "background",
        "neither masks nor transparent backgrounds",
    ),
    ("flux-2-pro", {"output_format": "gif"}, "output_format", "'png', 'jpeg', and 'webp'"),
    (
        "flux-2-pro",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
        "'png' or 'webp', not 'jpeg'",
    ),
    (
        "gpt-image-1",
        {"quality": "banana"},
        "quality",
        "Invalid value: 'banana'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
    ),
    ("flux-2-pro", {"quality": "banana"}, "quality", "Supported values are: 'auto'."),
    ("gpt-image-1", {"output_format": "svg"}, "output_format", "'png', 'jpeg', and 'webp'"),
    ("gpt-image-2.5-flare", {"output_format": "gif"}, "output_format", "Invalid value: 'gif'"),
    ("gpt-image-2.6-flare", {"output_format": "svg"}, "output_format", "and 'gif'"),
    ("gpt-image-1", {"background": "pink"}, "background", "Invalid value: 'pink'"),
    (
        "gpt-image-1",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
        "'png' or 'webp', not 'jpeg'",
    ),
    (
        "gpt-image-2.6-flare",
        {"background": "transparent", "output_format": "gif"},
        "background",
        "not 'gif'",
    ),
    ("gpt-image-1", {"output_compression": 50}, "output_compression", "'jpeg' or 'webp'"),
    (
        "gpt-image-2.6-flare",
        {"output_format": "gif", "output_compression": 50},
        "output_compression",
        "'jpeg' or 'webp'",
    ),
    ("gpt-image-1", {"moderation": "none"}, "moderation", "'auto' and 'low'"),
    ("flux-2-pro", {"moderation": "none"}, "moderation", "'auto'."),
    ("gpt-image-1", {"partial_images": 4}, "partial_images", "at most 3 partial images"),
    ("flux-2-pro", {"partial_images": 1}, "partial_images", "no partial images"),
    (
        "gpt-image-2.6-flare",
        {"output_format": "gif", "partial_images": 1},
        "partial_images",
        "'gif'",
    ),
    ("gpt-image-2", edit(input_fidelity="low"), "input_fidelity", "always reads"),
    ("gpt-image-1-mini", edit(input_fidelity="high"), "input_fidelity", "'low'."),
    ("gpt-image-1", edit(input_fidelity="ultra"), "input_fidelity", "'low' and 'high'"),
    ("gpt-image-2.5-flare", {"complexity": "high"}, "complexity", "leave it out"),
    ("gpt-image-2.6-flare", {"complexity": "max"}, "complexity", "'low', 'medium', and 'high'"),
    ("gpt-image-2.5-flare", {"frame_count": 4}, "frame_count", "no animations"),
    ("gpt-image-2.6-flare", {"frame_count": 4}, "frame_count", "needs output_format 'gif'"),
    ("gpt-image-1", {"size": "9000x9000"}, "size", "64 to 8192"),
    ("gpt-image-1", {"size": "63x64"}, "size", "64 to 8192"),
    ("gpt-image-2", {"size": "1601x200"}, "size", "8:1"),
    (
        "gpt-image-2.6-flare",
        {"size": "1000x1000", "output_format": "gif"},
        "size",
        "Nearest: '1008x1008'",
    ),
    (
        "gpt-image-1.5",
        {"size": "1254x836", "size_policy": "strict"},
        "size",
        "Invalid value: '1254x836'. Supported values are: '1024x1024', '1024x1536', "
        "'1536x1024', and 'auto'.",
    ),
    (
        "gpt-image-2",
        {"size": "1792x936", "size_policy": "strict"},
        "size",
        "Nearest: '1792x944'",
    ),
    (
        "gpt-image-2",
        {"size": "1792x936", "size_policy": "strict"},
        "size",
        "'gpt-image-2' makes sizes whose edges are multiples of 16",
    ),
    (
        "gemini-3-pro-image",
        {"size": "1000x1000", "size_policy": "strict"},
        "size",
        "makes 30 sizes, from",
    ),
]


@pytest.mark.parametrize(("model", "fields", "param", "message"), REFUSED)
def test_what_a_model_lacks_is_refused_with_what_would_work(
    model: str, fields: dict[str, Any], param: str, message: str
) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        planned(model, **fields)
    assert caught.value.param == param
    assert message in caught.value.message


WITHOUT_EMULATION: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "flux-2-pro",
        edit(mask=MASK),
        "mask",
        "does not support masks; describe in the prompt what is to change. "
        "Models that have it: 'gpt-image-1', 'gpt-image-1-mini', and 'gpt-image-1.5'.",
    ),
    (
        "flux-2-pro",
        {"background": "transparent"},
        "background",
        "Transparent background is not supported for 'flux-2-pro'; use 'auto' or 'opaque'. "
        "Models that have it: 'gpt-image-1', 'gpt-image-1-mini', and 'gpt-image-1.5'.",
    ),
    ("dall-e-2", {"output_format": "webp"}, "output_format", "values are: 'png'."),
    ("gpt-image-1", {"quality": "xhigh"}, "quality", "'low', 'medium', 'high', and 'auto'"),
    ("dall-e-3", {"quality": "low"}, "quality", "'standard', 'hd', and 'auto'"),
    ("gpt-image-1", {"size": "1792x1024"}, "size", "Nearest: '1536x1024'"),
]


@pytest.mark.parametrize(("model", "fields", "param", "message"), WITHOUT_EMULATION)
def test_what_could_be_done_here_is_refused_where_the_policy_says_so(
    model: str, fields: dict[str, Any], param: str, message: str
) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        planned(model, emulate=False, **fields)
    assert caught.value.param == param
    assert message in caught.value.message
    assert planned(model, **fields).warnings, "and done, with a warning, where it does not"


def test_a_refusal_names_no_models_when_none_are_known() -> None:
    request = ImageRequest(Operation.GENERATION, "flux-2-pro", "a fox", background="transparent")
    with pytest.raises(UnsupportedValue) as caught:
        plan(request, spec("flux-2-pro"), emulate=False)
    assert caught.value.message.endswith("use 'auto' or 'opaque'.")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": ""}, "prompt", "empty"),
    ({"prompt": " \n"}, "prompt", "empty"),
    (
        {"prompt": "x" * 32_001},
        "prompt",
        "32001 characters; 'gpt-image-2.6-flare' takes at most 32000",
    ),
    ({"operation": Operation.EDIT}, "inputs", "at least one input image"),
    ({"operation": Operation.GENERATION, "inputs": (PICTURE,)}, "inputs", "send an edit"),
    ({"mask": MASK}, "mask", "send an edit"),
    ({"inputs": (PICTURE,), "mask": SMALL_MASK}, "mask", "512x1024"),
    ({"n": 0}, "n", "at least 1"),
    ({"output_format": "jpeg", "output_compression": 101}, "output_compression", "0 and 100"),
    ({"output_format": "jpeg", "output_compression": -1}, "output_compression", "0 and 100"),
    ({"partial_images": -1}, "partial_images", "negative"),
    ({"output_format": "gif", "frame_count": 1}, "frame_count", "between 2 and 16"),
    ({"output_format": "gif", "frame_count": 17}, "frame_count", "between 2 and 16"),
    ({"output_format": "gif", "frame_duration_ms": 0}, "frame_duration_ms", "655350"),
    ({"output_format": "gif", "frame_duration_ms": 655_351}, "frame_duration_ms", "655350"),
    ({"size": "big"}, "size", "Invalid value: 'big'."),
    ({"size": "0x1024"}, "size", "Invalid value: '0x1024'."),
    ({"size_policy": "stretch"}, "size_policy", "'fit' and 'strict'"),
]


@pytest.mark.parametrize(("fields", "param", "message"), WRONG)
def test_what_is_wrong_for_every_model(fields: dict[str, Any], param: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        planned("gpt-image-2.6-flare", **fields)
    assert caught.value.param == param
    assert message in caught.value.message


BENT: list[tuple[str, dict[str, Any], str, str, Any]] = [
    ("gpt-image-1", {"quality": "standard"}, "quality", "value_mapped", "medium"),
    ("gpt-image-1", {"quality": "hd"}, "quality", "value_mapped", "high"),
    ("gpt-image-1", {"quality": "xhigh"}, "quality", "value_mapped", "high"),
    ("gpt-image-1", {"quality": "max"}, "quality", "value_mapped", "high"),
    ("dall-e-3", {"quality": "low"}, "quality", "value_mapped", "standard"),
    ("dall-e-3", {"quality": "max"}, "quality", "value_mapped", "hd"),
    ("dall-e-2", {"quality": "hd"}, "quality", "value_mapped", "standard"),
    ("dall-e-3", {"output_format": "webp"}, "output_format", "format_converted", "png"),
    ("dall-e-3", {"output_format": "jpeg"}, "output_format", "format_converted", "png"),
    ("flux-2-pro", {"quality": "high"}, "quality", "parameter_dropped", "auto"),
    ("flux-2-pro", {"quality": "hd"}, "quality", "parameter_dropped", "auto"),
    ("gpt-image-1", {"seed": 7}, "seed", "parameter_dropped", None),
    ("flux-2-pro", {"moderation": "low"}, "moderation", "parameter_dropped", "auto"),
    ("flux-2-pro", edit(input_fidelity="low"), "input_fidelity", "parameter_dropped", None),
    ("gpt-image-1", {"input_fidelity": "high"}, "input_fidelity", "parameter_dropped", None),
]


@pytest.mark.parametrize(("model", "fields", "param", "code", "used"), BENT)
def test_what_is_bent_leaves_a_warning(
    model: str, fields: dict[str, Any], param: str, code: str, used: Any
) -> None:
    result = planned(model, **fields)
    assert getattr(result.request, param) == used
    (warning,) = result.warnings
    assert (warning.code, warning.param) == (code, param)
    assert warning.asked == str(fields[param])
    assert repr(fields[param]) in warning.message


def test_compression_100_on_png_asks_for_nothing() -> None:
    result = planned("gpt-image-1", output_compression=100)
    assert (result.request.output_compression, result.warnings) == (None, ())


@pytest.mark.parametrize(
    ("model", "asked", "native"),
    [
        ("gpt-image-1.5", "1792x1024", "1536x1024"),
        ("gpt-image-1.5", "1024x1792", "1024x1536"),
        ("gpt-image-1.5", "512x512", "1024x1024"),
        ("gpt-image-1.5", "8192x1024", "1536x1024"),
        ("gpt-image-1.5", "64x64", "1024x1024"),
        ("gpt-image-2", "1792x936", "1792x944"),
        ("gpt-image-2", "256x256", "816x816"),
        ("gpt-image-2", "4096x4096", "2880x2880"),
        ("gpt-image-2", "8192x1024", "3840x1280"),
        ("gemini-nano-banana-2.1", "1792x1024", "2752x1536"),
        ("gemini-nano-banana-2.1", "1000x1000", "1024x1024"),
        ("gemini-nano-banana-2.1", "8000x8000", "4096x4096"),
        ("gemini-3.1-flash-image", "500x500", "512x512"),
        ("flux-2-pro", "100x100", "112x112"),
    ],
)
def test_a_size_the_model_lacks_is_made_larger_and_fitted(
    model: str, asked: str, native: str
) -> None:
    result = planned(model, size=asked)
    assert result.request.size == native
    assert result.finish.size == Size.parse(asked)
    (warning,) = result.warnings
    assert (warning.code, warning.param) == ("size_fitted", "size")
    assert (warning.asked, warning.used) == (asked, native)


def test_spelling_of_a_native_size_is_no_fit() -> None:
    result = planned("gpt-image-1", size=" 1536×1024")
    assert (result.request.size, result.warnings) == ("1536x1024", ())
    assert result.finish.size == Size(1536, 1024)


# --- what is done here --------------------------------------------------------------------------


def test_a_mask_that_the_model_lacks_is_laid_over_the_input_at_its_size() -> None:
    wide = replace(PICTURE, width=800, height=600)
    mask = replace(MASK, width=800, height=600)
    result = planned("gemini-nano-banana-2.1", inputs=(wide, PICTURE), mask=mask)
    assert (result.request.mask, result.request.inputs) == (None, (wide, PICTURE))
    assert result.request.prompt == "a fox"
    assert result.request.size == "1200x896", "the shape of the input, at the usual price"
    assert result.finish.size == Size(800, 600)
    assert result.finish.composite == Composite(wide, mask)
    (warning,) = result.warnings
    assert (warning.code, warning.param) == ("mask_composited", "mask")
    assert result.finish.told == {"mask_composited"}


def test_a_size_of_the_inputs_shape_is_kept_for_a_mask() -> None:
    result = planned("flux-2-pro", **edit(mask=MASK, size="2048x2048"))
    assert (result.request.size, result.finish.size) == ("2048x2048", Size(2048, 2048))
    assert [warning.code for warning in result.warnings] == ["mask_composited"]


def test_an_image_that_was_not_read_yet_is_not_measured() -> None:
    unread = replace(PICTURE, byte_size=0)
    result = planned("flux-2-pro", inputs=(unread,), mask=SMALL_MASK, size="1536x512")
    assert result.finish.size == Size(1536, 512)
    assert planned("gpt-image-1", inputs=(unread,), mask=SMALL_MASK).warnings == ()


def test_a_mask_that_the_model_has_goes_up() -> None:
    result = planned("gpt-image-1", **edit(mask=MASK))
    assert (result.request.mask, result.finish.composite) == (MASK, None)


def test_a_transparent_background_that_the_model_lacks_is_cut_out() -> None:
    result = planned("gemini-3-pro-image", background="transparent", output_format="webp")
    assert result.finish.matte
    assert (result.request.background, result.request.output_format) == ("opaque", "png")
    assert result.request.prompt.startswith("a fox\n\n")
    codes = [warning.code for warning in result.warnings]
    assert codes == ["format_converted", "background_matted", "prompt_extended"]
    added = result.warnings[2].used
    assert added
    assert result.request.prompt == f"a fox\n\n{added}"


def test_a_prompt_without_room_is_not_extended() -> None:
    full = "x" * 32_000
    result = planned("flux-2-pro", background="transparent", prompt=full)
    assert result.request.prompt == full
    assert [warning.code for warning in result.warnings] == ["background_matted"]


@pytest.mark.parametrize(
    ("model", "format_", "sent"),
    [("flux-2-pro", "jpeg", "png"), ("flux-2-pro", "webp", "png"), ("dall-e-3", "webp", "png")],
)
def test_compression_that_the_model_lacks_is_done_from_a_lossless_picture(
    model: str, format_: str, sent: str
) -> None:
    result = planned(model, output_format=format_, output_compression=80)
    assert (result.request.output_format, result.request.output_compression) == (sent, None)
    assert (result.finish.format, result.finish.compression) == (format_, 80)
    assert [warning.code for warning in result.warnings] == ["format_converted"]


def test_compression_is_left_out_where_it_would_wear_a_picture_down_twice() -> None:
    only_jpeg = replace(spec("flux-2-pro"), formats=("jpeg",))
    request = ImageRequest(
        Operation.GENERATION, "any", "a fox", output_format="jpeg", output_compression=80
    )
    for model, emulate in ((only_jpeg, True), (spec("flux-2-pro"), False)):
        result = plan(request, model, emulate=emulate)
        assert (result.request.output_format, result.finish.compression) == ("jpeg", None)
        assert [warning.code for warning in result.warnings] == ["parameter_dropped"]


def test_compression_that_the_model_has_also_holds_for_what_is_written_here() -> None:
    result = planned("gpt-image-1", output_format="jpeg", output_compression=30)
    assert (result.request.output_compression, result.finish.compression) == (30, 30)


def test_high_fidelity_asks_for_nothing_where_the_model_has_no_other() -> None:
    result = planned("gpt-image-2", **edit(input_fidelity="high"))
    assert (result.request.input_fidelity, result.warnings) == (None, ())


def test_a_quality_of_no_known_rank_is_never_guessed() -> None:
    odd = replace(spec("gpt-image-1"), qualities=("turbo",))
    request = ImageRequest(Operation.GENERATION, "any", "a fox", quality="high")
    assert plan(request, odd).warnings[0].code == "parameter_dropped"
    assert plan(replace(request, quality="turbo"), odd).request.quality == "turbo"


EDGES = st.integers(1, 9000) | st.sampled_from([63, 64, 1024, 1536, 1792, 3840, 8192])
SIZES = st.just("auto") | st.builds(Size, EDGES, EDGES).map(str) | st.text(max_size=8)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "operation": st.sampled_from(Operation),
    "prompt": st.sampled_from(["", "a fox", "x" * 4001]),
    "n": st.integers(-1, 12),
    "size": SIZES,
    "quality": st.sampled_from(["auto", "low", "high", "max", "hd", "banana"]),
    "background": st.sampled_from(["auto", "opaque", "transparent", "pink"]),
    "output_format": st.sampled_from(["png", "jpeg", "webp", "gif", "svg"]),
    "output_compression": st.none() | st.integers(-1, 101),
    "moderation": st.sampled_from(["auto", "low", "none"]),
    "input_fidelity": st.sampled_from([None, "low", "high", "x"]),
    "partial_images": st.integers(-1, 4),
    "seed": st.none() | st.integers(0, 9),
    "complexity": st.sampled_from([None, "low", "x"]),
    "frame_count": st.none() | st.integers(1, 17),
    "frame_duration_ms": st.none() | st.integers(0, 300),
    "size_policy": st.sampled_from(["fit", "strict"]),
    "inputs": st.lists(st.just(PICTURE), max_size=17).map(tuple),
    "mask": st.sampled_from([None, MASK, SMALL_MASK]),
}
# A good request with a few fields changed: all fields at random would nearly always be refused.
GOOD = st.sampled_from(
    [
        ImageRequest(Operation.GENERATION, "any", "a fox"),
        ImageRequest(Operation.EDIT, "any", "a fox", inputs=(PICTURE,)),
    ]
)
CHANGE = st.sampled_from(sorted(VALUES)).flatmap(lambda name: VALUES[name].map(lambda v: (name, v)))
REQUESTS = st.builds(
    lambda good, changes: replace(good, **dict(changes)), GOOD, st.lists(CHANGE, max_size=4)
)
MODELS = st.sampled_from(CATALOG.models)


def check_plan(request: ImageRequest, model: ModelSpec) -> None:
    """A refusal names a parameter; a plan is native, and every change has its warning."""
    try:
        result = plan(request, model)
    except RequestError as error:
        refusal = error
    else:
        check_accepted(request, model, result)
        return
    assert refusal.param is not None
    assert refusal.message


def check_accepted(request: ImageRequest, model: ModelSpec, result: Plan) -> None:
    used = result.request
    if used.size == "auto":
        assert (request.size, result.finish.size) == ("auto", None)
    else:
        native, asked = Size.parse(used.size), Size.parse(request.size)
        assert native is not None
        assert model.sizes.allows(native)
        base = result.finish.composite and result.finish.composite.base
        assert result.finish.size == (asked or (base and Size(base.width, base.height)))
    told = {warning.param for warning in result.warnings}
    for name in VALUES:
        same = getattr(used, name) == getattr(request, name)
        assert same or name in told or _met(name, request, result), name
    assert used.output_format in model.formats
    assert result.finish.format == request.output_format
    again = plan(used, model)
    assert (again.request, again.warnings) == (used, ())


def _met(name: str, request: ImageRequest, result: Plan) -> bool:
    """Whether a parameter that is not sent is honoured all the same, or asks for nothing."""
    used, finish = result.request, result.finish
    match name:
        case "size":
            return finish.size in (Size.parse(request.size), Size(1024, 1024))
        case "output_compression":
            return finish.compression == request.output_compression or (
                request.output_compression == 100 and request.output_format in ("png", "gif")
            )
        case "output_format":
            return used.output_format == "png" and "format_converted" in finish.told
        case "input_fidelity":
            return request.input_fidelity == "high" and request.operation is Operation.EDIT
        case _:
            return False


@settings(deadline=None, max_examples=300)
@given(REQUESTS, MODELS)
def test_any_request_is_refused_or_planned(request: ImageRequest, model: ModelSpec) -> None:
    check_plan(request, model)


@settings(deadline=None, max_examples=300)
@given(st.builds(Size, st.integers(1, 9000), st.integers(1, 9000)), MODELS)
def test_any_size_is_refused_or_native(size: Size, model: ModelSpec) -> None:
    check_plan(ImageRequest(Operation.GENERATION, model.id, "a fox", size=str(size)), model)
