"""Money is exact: parsing, printing and sharing out lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.core.money import MAX_NANOS, credits, dollars, half_up, parse_dollars, split

AMOUNTS = st.integers(-MAX_NANOS, MAX_NANOS)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("12.34", 12_340_000_000),
        ("0", 0),
        ("-0.5", -500_000_000),
        (" 7 ", 7_000_000_000),
        ("0.000000001", 1),
        ("1.125", 1_125_000_000),
        ("9223372036.854775807", MAX_NANOS),
    ],
)
def test_dollars_are_parsed_exactly(text: str, nanos: int) -> None:
    assert parse_dollars(text) == nanos


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "x",
        ".5",
        "5.",
        "1,5",
        "$5",
        "1e3",
        "+1",
        "1_000",
        "NaN",
        "Infinity",
        "0x1",
        "1.2.3",
        "٣",  # a digit, but not one of ours
        "0.0000000001",
        "1.1234567890",
        "9223372036.854775808",
        "9" * 40,
    ],
)
def test_what_is_not_an_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dollars"):
        parse_dollars(text)


@given(AMOUNTS)
def test_exact_dollars_come_back(nanos: int) -> None:
    assert parse_dollars(dollars(nanos)) == nanos


@pytest.mark.parametrize(
    ("nanos", "places", "shown"),
    [
        (7_833_600, None, "0.0078336"),
        (356_659_200, None, "0.3566592"),
        (5_000_000_000, None, "5.00"),
        (-1_500_000_000, None, "-1.50"),
        (7_833_600, 4, "0.0078"),
        (356_659_200, 3, "0.357"),
        (500_000_000, 0, "1"),
        (-500_000_000, 0, "-1"),
        (-499_999_999, 0, "0"),
        (1_005_000_000, 2, "1.01"),  # the binary fraction 1.005 would give 1.00
        (1, 12, "0.000000001000"),
    ],
)
def test_dollars_are_shown_exactly_or_rounded_half_up(
    nanos: int, places: int | None, shown: str
) -> None:
    assert dollars(nanos, places) == shown


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (7_833_600, "0.53268"),
        (356_659_200, "24.25283"),  # 24.2528256: cutting off would give 24.25282
        (4_500_000, "0.306"),
        (1_000_000_000, "68"),
        (0, "0"),
        (-1_000_000_000, "-68"),
    ],
)
def test_credits(nanos: int, shown: str) -> None:
    assert credits(nanos) == shown


def test_credits_at_another_rate() -> None:
    assert credits(1_500_000_000, per_dollar=100) == "150"
    assert credits(1_234_567, per_dollar=100, places=2) == "0.12"


@given(AMOUNTS, st.integers(1, 10**9))
def test_half_up_is_never_off_by_more_than_half(numerator: int, denominator: int) -> None:
    rounded = half_up(numerator, denominator)
    assert abs(2 * (rounded * denominator - numerator)) <= denominator
    assert half_up(-numerator, denominator) == -rounded


def test_half_up_rounds_halves_away_from_zero() -> None:
    assert [half_up(n, 2) for n in (-3, -1, 1, 3, 5)] == [-2, -1, 1, 2, 3]


@given(AMOUNTS, st.lists(st.integers(0, 10**12), min_size=1).filter(any))
def test_a_split_sums_exactly_and_is_fair(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - amount * weight) < sum(weights)
        assert type(share) is int


def test_a_split_gives_the_rest_to_the_largest_remainders() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [6, 3, 1]) == [6, 3, 1]
    assert split(10, [15, 15, 70]) == [2, 1, 7]
    assert split(-100, [1, 1, 1]) == [-33, -33, -34]
    assert split(5, [0, 1]) == [0, 5]
    assert split(0, [0, 0]) == [0, 0]
    assert split(0, []) == []


@pytest.mark.parametrize("weights", [[], [0], [2, -1], [-1]])
def test_what_cannot_be_shared_out_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(1, weights)
