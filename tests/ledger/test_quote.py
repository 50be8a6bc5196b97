"""Quotes: what is expected, the most that it can be, and that nothing ever costs more."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.catalog import Catalog, PriceBook, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import DarkroomError, PriceUnknown
from darkroom.core.money import credits, dollars
from darkroom.core.price import Line, Price, PriceSnapshot, charge, total
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.size import Size
from darkroom.core.tokens import input_image_tokens, output_tokens
from darkroom.core.usage import Usage
from darkroom.ledger import Estimate, Terms, estimate, price_on

CATALOG = Catalog.load()
BOOK = PriceBook.load()
TODAY = date(2026, 11, 20)
IMAGE_LINES = ("image_in", "image_out")


def model(name: str) -> ModelSpec:
    spec = CATALOG.get(name)
    assert spec is not None
    return spec


def an_input(width: int = 1024, height: int = 1024) -> InputImage:
    return InputImage("a", "0" * 64, "image/png", width, height, 1000)


def generation(name: str, **changes: object) -> ImageRequest:
    request = ImageRequest(Operation.GENERATION, name, "a red bicycle")
    return replace(request, **changes)  # type: ignore[arg-type]


def edit(name: str, *inputs: InputImage, **changes: object) -> ImageRequest:
    return generation(name, operation=Operation.EDIT, inputs=inputs, **changes)


def quote(request: ImageRequest, sheet: str = "openai", text_tokens: int = 4) -> Estimate:
    spec = model(request.model)
    return estimate(request, spec, price_on(BOOK, Terms(sheet), spec, TODAY), text_tokens)


def of_images(lines: tuple[Line, ...]) -> int:
    return total(line for line in lines if line.category in IMAGE_LINES)


def quantities(lines: tuple[Line, ...]) -> dict[str, int]:
    return {line.category: line.quantity for line in lines}


# --- the documents' own numbers -----------------------------------------------------------------


def test_evolink_range_is_as_printed() -> None:
    low = generation("gpt-image-1.5", quality="low", size="1024x1024")
    inputs = [an_input()] * 16
    high = edit("gpt-image-1.5", *inputs, quality="high", size="1024x1536")
    assert credits(of_images(quote(low, "evolink").lines_expected)) == "0.53268"
    for lines in (quote(high, "evolink").lines_expected, quote(high, "evolink").lines_max):
        assert of_images(lines) == 356_659_200
        assert credits(of_images(lines)) == "24.25283"


def test_the_bound_does_not_rest_on_a_sheets_own_reckoning() -> None:
    # At high fidelity an input image counts 6563 tokens, not the 1536 that EvoLink reckons.
    inputs = [an_input(1536, 1024)] * 16
    request = edit(
        "gpt-image-1.5", *inputs, quality="high", size="1024x1536", input_fidelity="high"
    )
    found = quote(request, "evolink")
    assert dollars(of_images(found.lines_expected)) == "0.3566592"
    assert dollars(of_images(found.lines_max), 4) == "0.9358"


def test_a_quote_names_every_category() -> None:
    request = edit("gpt-image-1.5", an_input(), quality="high", size="1024x1024", n=2)
    found = quote(request, text_tokens=13)
    assert quantities(found.lines_expected) == {
        "text_in": 13 + 6 + 16,
        "image_in": 194,
        "image_out": 2 * 4160,
    }
    assert quantities(found.lines_max) == {
        "text_in": 13 + 6 + 64,
        "image_in": 194,
        "image_out": 2 * 4160,
        "text_out": 512,
    }
    assert found.expected_nanos == 35 * 5_000 + 194 * 8_000 + 8320 * 32_000
    assert found.max_nanos == total(found.lines_max)
    assert found.usage_max.image_out == 8320
    assert not found.usage_expected.reported


@pytest.mark.parametrize(("inputs", "counted"), [(1, 28), (2, 50)])
def test_measured_text_tokens_of_edits_stay_below_the_bound(inputs: int, counted: int) -> None:
    found = quote(edit("gpt-image-1.5", *[an_input()] * inputs), text_tokens=13)
    assert abs(found.usage_expected.text_in - counted) < 10
    assert counted < found.usage_max.text_in


def test_a_long_prompt_is_bounded_by_its_bytes() -> None:
    found = quote(generation("gpt-image-2", prompt="밤하늘" * 100), text_tokens=250)
    assert found.usage_expected.text_in == 256
    assert found.usage_max.text_in == 906


# --- what `auto` leaves open --------------------------------------------------------------------


def test_b4_auto_has_a_price_and_a_range() -> None:
    """Nothing was tracked for auto. https://github.com/BerriAI/litellm/issues/10335"""
    found = quote(generation("gpt-image-1.5"))
    assert of_images(found.lines_expected) == 133_120_000  # high, 1024x1024
    assert of_images(found.lines_max) == 199_680_000  # high, 1024x1536
    low = quote(generation("gpt-image-1.5", quality="low"))
    assert of_images(low.lines_expected) == 8_704_000
    assert of_images(low.lines_max) == 13_056_000
    assert of_images(quote(generation("gpt-image-2")).lines_max) == 23719 * 30_000


def test_b4_an_answer_without_usage_can_be_charged_as_expected() -> None:
    request = edit("gpt-image-1.5", an_input(), quality="medium", size="1536x1024")
    spec = model(request.model)
    snapshot = price_on(BOOK, Terms("openai"), spec, TODAY)
    found = estimate(request, spec, snapshot, 4)
    assert charge(snapshot, found.usage_expected, request.n) == found.lines_expected
    assert found.lines_expected[-1].amount_nanos == 50_176_000


def test_partial_images_cost_a_hundred_tokens_each() -> None:
    request = generation("gpt-image-2", quality="low", size="1024x1024")
    plain, streamed = quote(request), quote(replace(request, partial_images=3))
    assert streamed.expected_nanos - plain.expected_nanos == 300 * 30_000
    assert streamed.max_nanos - plain.max_nanos == 300 * 30_000
    several = quote(replace(request, partial_images=3, n=2))
    assert several.usage_max.image_out == 2 * (196 + 300)


@pytest.mark.parametrize(("frames", "counted"), [(None, 9), (2, 2), (16, 16)])
def test_an_animation_is_bounded_by_its_frames(frames: int | None, counted: int) -> None:
    still = generation("gpt-image-2.6-flare", quality="low", size="1024x1024")
    moving = replace(still, output_format="gif", frame_count=frames)
    one = quote(still).usage_max.image_out
    assert quote(moving).usage_max.image_out == counted * one


def test_text_output_is_bounded_only_where_it_has_a_price() -> None:
    assert quote(generation("gpt-image-2")).usage_max.text_out == 0
    assert quote(generation("gpt-image-1.5", quality="low")).usage_max.text_out == 256
    assert quote(generation("gpt-image-1.5", n=10)).usage_max.text_out == 2560
    # At least one per cent of the dearest image.
    dearest = quote(generation("gpt-image-1.5", quality="high", size="1024x1536"))
    lines = {line.category: line.amount_nanos for line in dearest.lines_max}
    assert lines["text_out"] * 100 >= lines["image_out"]


# --- megapixels ---------------------------------------------------------------------------------


def test_flux_is_quoted_by_the_megapixel() -> None:
    request = edit("flux-2-pro", an_input(1024, 2048), an_input(64, 64), size="1920x1088")
    found = quote(request, "bfl")
    assert quantities(found.lines_expected) == {
        "image": 1,
        "output_megapixel": 1,
        "input_megapixel": 3,
    }
    assert dollars(found.expected_nanos) == "0.09"
    assert found.max_nanos == found.expected_nanos


def test_a_flux_edit_without_a_size_may_come_as_large_as_its_input() -> None:
    found = quote(edit("flux-2-pro", an_input(8000, 4000)), "bfl")
    assert quantities(found.lines_expected) == {"image": 1, "input_megapixel": 31}
    assert quantities(found.lines_max)["output_megapixel"] == 3  # four megapixels at most
    assert quote(generation("flux-2-pro"), "bfl").max_nanos == 30_000_000


@pytest.mark.parametrize(
    ("name", "sheet"), [("flux-2-pro", "bfl"), ("gemini-3-pro-image", "google")]
)
def test_each_call_of_a_model_that_makes_one_image_is_charged_what_goes_in(
    name: str, sheet: str
) -> None:
    one, four = (quote(edit(name, an_input(), n=n, size="1024x1024"), sheet) for n in (1, 4))
    assert (four.expected_nanos, four.max_nanos) == (4 * one.expected_nanos, 4 * one.max_nanos)
    gpt = [quote(edit("gpt-image-1.5", an_input(), n=n)).usage_expected.image_in for n in (1, 4)]
    assert gpt[0] == gpt[1]


# --- terms --------------------------------------------------------------------------------------


def test_a_multiplier_gives_evolink_from_openai() -> None:
    spec = model("gpt-image-1.5")
    request = generation("gpt-image-1.5", quality="low", size="1024x1024")
    terms = Terms("openai", multiplier_ppm=900_000)
    found = estimate(request, spec, price_on(BOOK, terms, spec, TODAY), 4)
    assert found.expected_nanos == quote(request, "evolink").expected_nanos
    assert found.max_nanos == quote(request, "evolink").max_nanos


def test_a_fixed_price_needs_no_sheet() -> None:
    spec = model("flux-2-dev")
    snapshot = price_on(BOOK, Terms("mine", fixed_per_image=2_000_000), spec, TODAY)
    found = estimate(generation("flux-2-dev", n=1), spec, snapshot, 4)
    assert found.expected_nanos == found.max_nanos == 2_000_000
    assert found.lines_max == (Line("fixed", 1, 2_000_000, 2_000_000),)


@pytest.mark.parametrize(
    ("sheet", "name", "day", "said"),
    [
        ("openai", "flux-2-pro", TODAY, "no price for 'flux-2-pro'"),
        ("openai", "gpt-image-2", date(2026, 4, 20), "2026-04-20"),
        ("nobody", "gpt-image-2", TODAY, "'nobody' is unknown"),
    ],
)
def test_an_unknown_price_is_an_error_and_not_free(
    sheet: str, name: str, day: date, said: str
) -> None:
    with pytest.raises(PriceUnknown, match=said) as caught:
        price_on(BOOK, Terms(sheet), model(name), day)
    error = caught.value
    assert (error.status, error.code) == (402, "price_unknown")
    assert error.details == {"sheet": sheet, "model": name}
    assert type(DarkroomError.revive(error.record())) is PriceUnknown


# --- the bound holds ----------------------------------------------------------------------------

PRICED = [
    (sheet.name, price.model)
    for sheet in BOOK.sheets.values()
    for price in sheet.prices
    if CATALOG.get(price.model) is not None
]


@st.composite
def requests(draw: st.DrawFn) -> tuple[ImageRequest, ModelSpec, PriceSnapshot]:
    """What any model may be asked, as the catalogue's check leaves it, and a price for it."""
    sheet, name = draw(st.sampled_from(PRICED))
    spec = model(name)
    edges = st.integers(64, 8192)
    inputs = tuple(
        an_input(*draw(st.tuples(edges, edges)))
        for _ in range(draw(st.integers(0, min(spec.max_inputs, 3))))
    )
    listed = [str(size) for size in (*spec.sizes.fixed, spec.sizes.default)]
    request = ImageRequest(
        operation=Operation.EDIT if inputs else Operation.GENERATION,
        model=name,
        prompt=draw(st.text(min_size=1, max_size=50).filter(str.strip)),
        n=draw(st.integers(1, spec.max_n)),
        size=draw(st.sampled_from(["auto", *listed])),
        quality=draw(st.sampled_from(["auto", *spec.qualities])),
        output_format=draw(st.sampled_from(spec.formats)),
        input_fidelity=draw(st.sampled_from([None, *spec.fidelities])),
        inputs=inputs,
    )
    if request.output_format != "gif":
        partials = draw(st.integers(0, spec.max_partial_images))
        request = replace(request, partial_images=partials)
    terms = Terms(sheet, draw(st.integers(0, 3_000_000)))
    return plan(request, spec).request, spec, price_on(BOOK, terms, spec, TODAY)


@given(requests(), st.integers(0, 200))
def test_the_expected_price_never_exceeds_the_bound(
    asked: tuple[ImageRequest, ModelSpec, PriceSnapshot], text_tokens: int
) -> None:
    found = estimate(*asked, text_tokens)
    assert 0 <= found.expected_nanos <= found.max_nanos
    assert found.expected_nanos == total(found.lines_expected)
    assert found.max_nanos == total(found.lines_max)


@given(requests(), st.data())
def test_whatever_auto_becomes_is_within_the_bound(
    asked: tuple[ImageRequest, ModelSpec, PriceSnapshot], data: st.DataObject
) -> None:
    request, spec, snapshot = asked
    size = Size.parse(request.size)
    if size is None:
        size = data.draw(st.sampled_from(spec.sizes.fixed or (spec.sizes.default,)))
    quality = request.quality
    if quality == "auto" and spec.qualities:
        quality = data.draw(st.sampled_from(spec.qualities))
    arrived = data.draw(st.integers(0, request.n))
    one = output_tokens(spec, quality, size) + 100 * request.partial_images
    image_in = sum(
        input_image_tokens(spec, Size(each.width, each.height), request.input_fidelity)
        for each in request.inputs
    )
    prompt = data.draw(st.integers(0, len(request.prompt.encode())))
    usage = Usage(text_in=prompt, image_in=image_in, image_out=one * arrived)
    pixels = [each.width * each.height for each in request.inputs]
    made = charge(snapshot, usage, arrived, [size.pixels] * arrived, pixels)
    assert total(made) <= estimate(request, spec, snapshot, 4).max_nanos


def test_a_free_price_is_free() -> None:
    spec = model("gpt-image-2")
    free = PriceSnapshot(Price("s", spec.id, "2026-01-01", image_out=5), multiplier_ppm=0)
    assert estimate(generation(spec.id), spec, free, 4).max_nanos == 0
