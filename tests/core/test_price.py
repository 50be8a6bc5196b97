"""Charges: each category at its own price, each line rounded once, nothing counted twice."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.catalog import PriceBook
from darkroom.core.price import PPM, Line, Price, PriceSnapshot, charge, saved, total
from darkroom.core.usage import Usage
from darkroom.providers._openai_images import read_usage

OPENAI = {price.model: PriceSnapshot(price) for price in PriceBook.load().sheets["openai"].prices}
V1, V15, V2 = OPENAI["gpt-image-1"], OPENAI["gpt-image-1.5"], OPENAI["gpt-image-2"]

COUNTS = st.integers(0, 10**7)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
UNITS = st.integers(0, 10**7)
# Cached tokens never cost more than others.
TOKEN_PRICES = st.builds(
    lambda text, image, rest: Price(
        sheet="s",
        model="m",
        since="2026-01-01",
        text_in=max(text),
        cached_text_in=min(text),
        image_in=max(image),
        cached_image_in=min(image),
        image_out=rest[0],
        text_out=rest[1],
        per_image=rest[2],
    ),
    *[st.tuples(UNITS, UNITS)] * 2,
    st.tuples(UNITS, UNITS, UNITS),
)
SNAPSHOTS = st.builds(
    PriceSnapshot, TOKEN_PRICES, st.integers(0, 10**7), st.none() | st.integers(0, 10**9)
)


def reported(body: dict[str, Any]) -> Usage:
    """A vendor's usage as our adapter reads it."""
    usage = read_usage(body)
    assert usage is not None
    return usage


def test_each_category_is_charged_at_its_own_price() -> None:
    usage = Usage(
        text_in=100,
        cached_text_in=40,
        image_in=1000,
        cached_image_in=300,
        image_out=4160,
        text_out=50,
    )
    assert charge(V15, usage, 1) == (
        Line("text_in", 60, 5_000, 300_000),
        Line("cached_text_in", 40, 1_250, 50_000),
        Line("image_in", 700, 8_000, 5_600_000),
        Line("cached_image_in", 300, 2_000, 600_000),
        Line("image_out", 4160, 32_000, 133_120_000),
        Line("text_out", 50, 10_000, 500_000),
    )


def test_cached_tokens_beyond_their_input_are_not_charged_for() -> None:
    lines = charge(V15, Usage(text_in=10, cached_text_in=99), 1)
    assert lines == (Line("cached_text_in", 10, 1_250, 12_500),)


def test_the_multiplier_is_rounded_half_up_once_per_line() -> None:
    price = Price("s", "m", "2026-01-01", text_in=1, image_out=3)
    lines = charge(PriceSnapshot(price, 500_000), Usage(text_in=3, image_out=3), 1)
    assert [line.amount_nanos for line in lines] == [2, 5]  # 1.5 and 4.5
    assert total(lines) == 7


def test_a_fixed_price_replaces_everything() -> None:
    snapshot = PriceSnapshot(V15.price, 900_000, fixed_per_image=40_000_000)
    assert charge(snapshot, Usage(image_out=9999), 3) == (
        Line("fixed", 3, 40_000_000, 120_000_000),
    )
    assert charge(snapshot, Usage(image_out=9999), 0) == ()
    assert total(charge(replace(snapshot, fixed_per_image=0), Usage(image_out=9999), 3)) == 0


def test_images_are_charged_one_by_one() -> None:
    snapshot = PriceSnapshot(Price("s", "m", "2026-01-01", per_image=40_000_000))
    assert charge(snapshot, Usage(image_out=77), 3) == (Line("image", 3, 40_000_000, 120_000_000),)


MEGAPIXELS = Price(
    sheet="bfl",
    model="flux-2-pro",
    since="2026-02-03",
    first_megapixel=30_000_000,
    next_megapixel=15_000_000,
    input_megapixel=15_000_000,
)


def test_a_started_megapixel_is_a_whole_one() -> None:
    snapshot = PriceSnapshot(MEGAPIXELS)
    mega = 1024 * 1024
    lines = charge(snapshot, Usage(), 2, (mega, mega + 1), (1, 2 * mega))
    assert lines == (
        Line("image", 2, 30_000_000, 60_000_000),
        Line("output_megapixel", 1, 15_000_000, 15_000_000),
        Line("input_megapixel", 3, 15_000_000, 45_000_000),
    )


def test_an_image_of_unknown_size_is_not_charged_by_guess() -> None:
    with pytest.raises(ValueError, match="1 sizes for 2 images"):
        charge(PriceSnapshot(MEGAPIXELS), Usage(), 2, (1024,))


@given(SNAPSHOTS, USAGES, st.integers(0, 10))
def test_lines_add_up_and_are_whole(snapshot: PriceSnapshot, usage: Usage, images: int) -> None:
    lines = charge(snapshot, usage, images)
    assert total(lines) == sum(line.amount_nanos for line in lines)
    assert len({line.category for line in lines}) == len(lines)
    for line in lines:
        assert {type(each) for each in (line.quantity, line.unit_nanos, line.amount_nanos)} == {int}
        if line.category != "fixed":
            exact = line.quantity * line.unit_nanos * snapshot.multiplier_ppm
            assert abs(2 * (line.amount_nanos * 1_000_000 - exact)) <= 1_000_000


@given(SNAPSHOTS, USAGES, USAGES, st.integers(0, 10), st.integers(0, 10))
def test_more_never_costs_less(
    snapshot: PriceSnapshot, usage: Usage, more: Usage, images: int, further: int
) -> None:
    # More uncached tokens, that is: what is cached costs less, not more.
    larger = replace(
        usage,
        text_in=usage.text_in + more.text_in,
        image_in=usage.image_in + more.image_in,
        image_out=usage.image_out + more.image_out,
        text_out=usage.text_out + more.text_out,
    )
    low = total(charge(snapshot, usage, images))
    assert low <= total(charge(snapshot, larger, images + further))


@given(SNAPSHOTS, USAGES, st.integers(1, 10))
def test_caching_never_costs_more(snapshot: PriceSnapshot, usage: Usage, images: int) -> None:
    uncached = replace(usage, cached_text_in=0, cached_image_in=0)
    exact = replace(snapshot, multiplier_ppm=1_000_000)  # two lines may round up where one does
    assert total(charge(exact, usage, images)) <= total(charge(exact, uncached, images))


@given(SNAPSHOTS)
def test_a_snapshot_survives_storage(snapshot: PriceSnapshot) -> None:
    stored = msgspec.json.encode(snapshot)
    assert msgspec.json.decode(stored, type=PriceSnapshot) == snapshot


# --- what other gateways got wrong --------------------------------------------------------------


def test_b2_output_tokens_without_details_are_image_tokens() -> None:
    """Billed as text, at $10 instead of $32. https://github.com/BerriAI/litellm/issues/31142"""
    usage = reported({"input_tokens": 0, "output_tokens": 4160, "total_tokens": 4160})
    assert total(charge(V15, usage, 1)) == 133_120_000
    usage = reported({"input_tokens": 0, "output_tokens": 7024})
    assert total(charge(V2, usage, 1)) == 210_720_000


def test_b3_text_and_image_input_is_charged() -> None:
    """Only the output was. https://github.com/BerriAI/litellm/issues/13847"""
    body: dict[str, Any] = {
        "input_tokens": 333,
        "output_tokens": 272,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 323},
    }
    lines = charge(V1, reported(body), 1)
    assert {line.category: line.amount_nanos for line in lines} == {
        "text_in": 10 * 5_000,
        "image_in": 323 * 10_000,
        "image_out": 272 * 40_000,
    }


def test_b3_input_without_details_is_text() -> None:
    usage = reported({"input_tokens": 16, "output_tokens": 272})
    assert charge(V1, usage, 1)[0] == Line("text_in", 16, 5_000, 80_000)


def test_b6_the_image_tool_of_the_responses_api_is_charged_as_images() -> None:
    """It was free beside the chat model. https://github.com/QuantumNous/new-api/issues/1797"""
    tool_usage: dict[str, Any] = {
        "input_tokens": 4414,
        "input_tokens_details": {"image_tokens": 4354, "text_tokens": 60},
        "output_tokens": 1756,
        "total_tokens": 6170,
        "cached_tokens": 1040,
        "cached_tokens_details": {"cached_image_tokens": 1000, "cached_text_tokens": 40},
    }
    assert charge(V2, reported(tool_usage), 1) == (
        Line("text_in", 20, 5_000, 100_000),
        Line("cached_text_in", 40, 1_250, 50_000),
        Line("image_in", 3354, 8_000, 26_832_000),
        Line("cached_image_in", 1000, 2_000, 2_000_000),
        Line("image_out", 1756, 30_000, 52_680_000),
    )


@pytest.mark.parametrize("n", [1, 3, 10])
def test_b7_n_counts_once(n: int) -> None:
    """It counted twice. https://github.com/QuantumNous/new-api/issues/7409"""
    usage = reported({"input_tokens": 0, "output_tokens": 272 * n})  # the vendor's sum for all
    assert total(charge(V15, usage, n)) == n * 8_704_000
    per_image = PriceSnapshot(Price("s", "m", "2026-01-01", per_image=40_000_000))
    assert total(charge(per_image, usage, n)) == n * 40_000_000


def test_b7_image_and_text_output_are_told_apart() -> None:
    body: dict[str, Any] = {
        "input_tokens": 0,
        "output_tokens": 4200,
        "output_tokens_details": {"image_tokens": 4160, "text_tokens": 40},
    }
    assert total(charge(V15, reported(body), 1)) == 4160 * 32_000 + 40 * 10_000


@pytest.mark.parametrize("details", [{}, None, {"image_tokens": None}, {"image_tokens": 0}])
def test_b8_empty_output_details_cost_what_full_ones_do(details: dict[str, Any] | None) -> None:
    """Streamed images cost next to nothing. https://github.com/maximhq/bifrost/issues/4777"""
    body: dict[str, Any] = {"input_tokens": 50, "output_tokens": 4160}
    full = body | {"output_tokens_details": {"image_tokens": 4160, "text_tokens": 0}}
    empty = body | {"output_tokens_details": details}
    assert charge(V15, reported(empty), 1) == charge(V15, reported(full), 1)


@given(st.sampled_from([name for name in sorted(OPENAI) if "image" in name]), USAGES)
def test_openais_batch_price_is_exactly_half(model: str, usage: Usage) -> None:
    usual = OPENAI[model]
    assert usual.price.batch_ppm == PPM // 2
    economy = replace(usual, batch_ppm=usual.price.batch_ppm)
    lines = charge(economy, usage, 1)
    assert 2 * total(lines) == total(charge(usual, usage, 1))
    assert saved(economy, lines) == total(lines)
    assert saved(usual, charge(usual, usage, 1)) == 0


@given(SNAPSHOTS, USAGES, st.integers(1, PPM))
def test_what_is_saved_and_what_is_charged_add_up(
    usual: PriceSnapshot, usage: Usage, batch_ppm: int
) -> None:
    economy = replace(usual, batch_ppm=batch_ppm)
    lines = charge(economy, usage, 1)
    assert total(lines) + saved(economy, lines) >= total(lines)
    if usual.fixed_per_image is None and batch_ppm == PPM:
        assert saved(economy, lines) == 0
