"""The token formulas give the vendors' own numbers."""

import pytest

from darkroom.core.capability import ModelSpec, SizeRule, TokenRule
from darkroom.core.size import Size
from darkroom.core.tokens import input_image_tokens, output_tokens, output_tokens_max

CANVASES = (Size(1024, 1024), Size(1024, 1536), Size(1536, 1024))
GRID = SizeRule(multiple=16, max_edge=3840, min_pixels=655_360, max_pixels=8_294_400, max_ratio=3.0)


def model(sizes: SizeRule, tokens: TokenRule, *, default_quality: str = "high") -> ModelSpec:
    return ModelSpec(
        id="m",
        label="M",
        family="f",
        description="",
        sizes=sizes,
        tokens=tokens,
        default_quality=default_quality,
    )


TABLE = model(
    SizeRule(fixed=CANVASES),
    TokenRule(
        output="table",
        table={
            "low": {"1024x1024": 272, "1024x1536": 408, "1536x1024": 400},
            "medium": {"1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568},
            "high": {"1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208},
        },
        fidelity_square=4160,
        fidelity_other=6240,
    ),
)
AREA = model(
    GRID,
    TokenRule(
        output="area",
        table={"low": {"factor": 16}, "medium": {"factor": 48}, "high": {"factor": 96}},
        always_high_fidelity=True,
        fidelity_square=4160,
        fidelity_other=6240,
    ),
    default_quality="medium",
)
FLAT = model(
    SizeRule(fixed=CANVASES),
    TokenRule(
        output="flat",
        table={
            "4K": {"pixels": 20_000_000, "tokens": 2520},
            "1K": {"pixels": 1_500_000, "tokens": 1120},
        },
        input="fixed",
        input_fixed=1101,
    ),
)
PIXELS = model(GRID, TokenRule(output="pixels", input="pixels"))


def size(text: str) -> Size:
    parsed = Size.parse(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("quality", "asked", "tokens"),
    [
        ("low", "1024x1024", 272),
        ("low", "1024x1536", 408),
        ("low", "1536x1024", 400),
        ("medium", "1024x1024", 1056),
        ("medium", "1024x1536", 1584),
        ("medium", "1536x1024", 1568),
        ("high", "1024x1024", 4160),
        ("high", "1024x1536", 6240),
        ("high", "1536x1024", 6208),
        ("auto", "1024x1536", 6240),
        ("never heard of", "1024x1536", 6240),
    ],
)
def test_table_counts_are_those_of_the_guide(quality: str, asked: str, tokens: int) -> None:
    assert output_tokens(TABLE, quality, size(asked)) == tokens


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [("1792x1024", 6208), ("1024x1792", 6240), ("512x512", 4160), ("3000x3000", 4160)],
)
def test_a_size_missing_from_the_table_counts_as_its_neighbour(asked: str, tokens: int) -> None:
    assert output_tokens(TABLE, "high", size(asked)) == tokens


# The readings of OpenAI's calculator: low, medium, high; None where none was taken.
READINGS = [
    ("1024x1024", 196, 1756, 7024),
    ("1536x1024", 158, 1372, 5488),
    ("1024x1536", 158, 1372, 5488),
    ("1024x640", None, None, 3824),
    ("2048x2048", 397, 3568, 14272),
    ("2560x1440", None, None, 7370),
    ("3072x1024", None, None, 3952),
    ("3840x1280", None, None, 5311),
    ("3840x2160", 371, 3336, 13342),
]


@pytest.mark.parametrize(
    ("quality", "asked", "tokens"),
    [
        (quality, asked, count)
        for asked, *counts in READINGS
        for quality, count in zip(("low", "medium", "high"), counts, strict=True)
        if count is not None
    ],
)
def test_area_counts_are_those_of_the_calculator(quality: str, asked: str, tokens: int) -> None:
    assert output_tokens(AREA, quality, size(asked)) == tokens


def test_area_uses_the_default_for_auto() -> None:
    assert output_tokens(AREA, "auto", Size(1024, 1024)) == 1756


def test_flat_counts_by_the_smallest_tier_that_holds_the_size() -> None:
    assert output_tokens(FLAT, "auto", Size(1584, 672)) == 1120
    assert output_tokens(FLAT, "auto", Size(1500, 1000)) == 1120
    assert output_tokens(FLAT, "auto", Size(1501, 1000)) == 2520
    assert output_tokens(FLAT, "auto", Size(9000, 9000)) == 2520


def test_pixels_count_thousandths_of_a_megapixel_the_first_one_whole() -> None:
    assert output_tokens(PIXELS, "auto", Size(512, 512)) == 1000
    assert output_tokens(PIXELS, "auto", Size(1024, 1024)) == 1000
    assert output_tokens(PIXELS, "auto", Size(1920, 1080)) == 1978
    assert output_tokens(PIXELS, "auto", Size(2048, 2048)) == 4000


@pytest.mark.parametrize(
    ("spec", "quality", "asked", "tokens"),
    [
        (TABLE, "low", None, 408),
        (TABLE, "auto", None, 6240),
        (TABLE, "auto", Size(1024, 1024), 4160),
        (TABLE, "medium", Size(1024, 1024), 1056),
        (AREA, "auto", Size(1024, 1024), 7024),
        (AREA, "low", Size(1024, 1024), 196),
        (AREA, "high", None, 23719),
        (FLAT, "auto", None, 2520),
        (FLAT, "high", Size(1024, 1024), 1120),
        (PIXELS, "auto", None, 1000),
        (PIXELS, "auto", Size(2048, 2048), 4000),
    ],
)
def test_the_bound_covers_whatever_auto_may_mean(
    spec: ModelSpec, quality: str, asked: Size | None, tokens: int
) -> None:
    assert output_tokens_max(spec, quality, asked) == tokens


def test_the_area_bound_holds_for_every_grid_size() -> None:
    bound = output_tokens_max(AREA, "high", None)
    grid = (Size(w, h) for w in range(16, 3841, 16) for h in range(16, 3841, 16))
    counts = [output_tokens(AREA, "high", each) for each in grid if GRID.allows(each)]
    assert len(counts) > 10_000
    assert max(counts) <= bound


@pytest.mark.parametrize(
    ("width", "height", "low", "high"),
    [
        (1024, 1024, 194, 4354),
        (2048, 2048, 194, 4354),
        (4000, 4000, 194, 4354),
        (512, 512, 194, 4354),
        (100, 60, 194, 6434),
        (1536, 1024, 323, 6563),
        (1024, 1536, 323, 6563),
        (1024, 3072, 452, 6692),
        (1000, 4000, 581, 6821),
        (4000, 1000, 581, 6821),
        (3000, 100, 581, 6821),
    ],
)
def test_input_tiles_are_those_of_the_vision_guide(
    width: int, height: int, low: int, high: int
) -> None:
    asked = Size(width, height)
    assert input_image_tokens(TABLE, asked, None) == low
    assert input_image_tokens(TABLE, asked, "low") == low
    assert input_image_tokens(TABLE, asked, "high") == high


def test_a_model_that_always_reads_at_high_fidelity_counts_so() -> None:
    assert input_image_tokens(AREA, Size(1024, 1024), None) == 4354
    assert input_image_tokens(AREA, Size(1536, 1024), "low") == 6563


def test_fixed_and_pixel_inputs() -> None:
    assert input_image_tokens(FLAT, Size(5000, 10), "high") == 1101
    assert input_image_tokens(PIXELS, Size(512, 512), None) == 250
