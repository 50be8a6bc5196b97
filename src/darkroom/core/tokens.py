"""How many tokens an image costs, computed from the model's token rule: pure, without I/O.

The vendors' formulas live here, their numbers in ``catalog/models.toml``.
"""

import math
import re
from collections.abc import Callable, Mapping

from darkroom.core.capability import ModelSpec, TokenRule
from darkroom.core.size import Size

# https://developers.openai.com/api/docs/guides/images-vision#calculating-costs
_FIT_EDGE = 2048
_SHORT_EDGE = 512
_TILE = 512

# BFL counts megapixels of 1024x1024 px: it reports 1.98 for 1920x1080. https://docs.bfl.ai
_MEGAPIXEL = 1024 * 1024
_PER_MEGAPIXEL = 1000


_PIECES = re.compile(r"[가-힣]+|[぀-ヿ㐀-鿿]|[A-Za-z]+|\d+|[^\w\s]")


def approximate_text_tokens(text: str) -> int:
    """About as many tokens as a byte-pair vocabulary such as o200k_base makes of ``text``.

    Within some 20 % for English and Korean prose: short words are one token, long ones one per
    six letters; Hangul needs about three tokens for four syllables; digits go by three.
    """
    total = 0
    for piece in _PIECES.findall(text):
        first = piece[0]
        if "가" <= first <= "힣":
            total += math.ceil(len(piece) * 0.75)
        elif first.isdigit():
            total += math.ceil(len(piece) / 3)
        elif first.isascii() and first.isalpha():
            total += 1 if len(piece) <= 8 else math.ceil(len(piece) / 6)
        else:
            total += 1
    return total


def output_tokens(model: ModelSpec, quality: str, size: Size) -> int:
    """Image output tokens of ONE image. ``"auto"`` and unknown qualities: the model's default."""
    rule = model.tokens
    if quality not in rule.table:
        quality = model.default_quality
    return _OUTPUT[rule.output](rule, quality, size)


def output_tokens_max(model: ModelSpec, quality: str, size: Size | None) -> int:
    """The most ONE image can cost: over every quality and size that ``auto`` may turn into.

    ``size`` None is ``auto``. A quality that the model does not list counts as ``auto``.
    """
    rule = model.tokens
    by_quality = rule.output in ("table", "area")
    if not by_quality or quality in rule.table:
        qualities = (quality,)
    else:
        qualities = tuple(rule.table)
    if size is not None:
        return max(_OUTPUT[rule.output](rule, each, size) for each in qualities)
    return max(_OUTPUT_MAX[rule.output](model, each) for each in qualities)


def input_image_tokens(model: ModelSpec, size: Size, fidelity: str | None) -> int:
    """Image input tokens of ONE input image, ``size`` being its own size in pixels.

    ``fidelity`` is ``"low"``, ``"high"`` or None (the model's default: low, unless the model
    always reads at high fidelity).
    """
    rule = model.tokens
    return _INPUT[rule.input](rule, size, fidelity == "high" or rule.always_high_fidelity)


# --- output -------------------------------------------------------------------------------------


def _table(rule: TokenRule, quality: str, size: Size) -> int:
    row = rule.table[quality]
    exact = row.get(str(size))
    return row[_nearest(row, size)] if exact is None else exact


def _nearest(row: Mapping[str, int], size: Size) -> str:
    """The listed size of the same orientation, if any, that comes closest in area."""

    def distance(listed: str) -> tuple[bool, int, float]:
        other = Size.parse(listed)
        if other is None:
            raise ValueError(f"{listed!r} in a token table is not a size")
        return (
            _orientation(other) != _orientation(size),
            abs(other.pixels - size.pixels),
            abs(other.ratio - size.ratio),
        )

    return min(row, key=distance)


def _orientation(size: Size) -> int:
    return (size.width > size.height) - (size.width < size.height)


def _area(rule: TokenRule, quality: str, size: Size) -> int:
    """gpt-image-2's formula, exact on all nine readings of OpenAI's calculator.

    https://community.openai.com/t/1382699
    """
    factor = rule.table[quality]["factor"]
    long, short = max(size.width, size.height), min(size.width, size.height)
    scaled = (2 * factor * short + long) // (2 * long)  # factor * short/long, half up
    return _area_tokens(factor, scaled, size.pixels)


def _area_tokens(factor: int, scaled: int, pixels: int) -> int:
    return -(-(factor * scaled * (2_000_000 + pixels)) // 4_000_000)


def _flat(rule: TokenRule, _quality: str, size: Size) -> int:
    tiers = sorted(rule.table.values(), key=lambda tier: tier["pixels"])
    fitting = (tier["tokens"] for tier in tiers if size.pixels <= tier["pixels"])
    return next(fitting, tiers[-1]["tokens"])


def _pixels(_rule: TokenRule, _quality: str, size: Size) -> int:
    """1000 per megapixel, the first one always whole."""
    return max(_PER_MEGAPIXEL, -(-size.pixels * _PER_MEGAPIXEL // _MEGAPIXEL))


_OUTPUT: Mapping[str, Callable[[TokenRule, str, Size], int]] = {
    "table": _table,
    "area": _area,
    "flat": _flat,
    "pixels": _pixels,
}


def _table_max(model: ModelSpec, quality: str) -> int:
    return max(model.tokens.table[quality].values())


def _area_max(model: ModelSpec, quality: str) -> int:
    # The formula grows with the pixels and with short/long, so a square of the largest area
    # bounds every size, also those off the grid, which `auto` may choose.
    factor = model.tokens.table[quality]["factor"]
    return _area_tokens(factor, factor, model.sizes.max_pixels)


def _flat_max(model: ModelSpec, _quality: str) -> int:
    return max(tier["tokens"] for tier in model.tokens.table.values())


def _pixels_max(model: ModelSpec, quality: str) -> int:
    # `auto` is the default size here: these vendors take a size or their own fixed default.
    return _pixels(model.tokens, quality, model.sizes.default)


_OUTPUT_MAX: Mapping[str, Callable[[ModelSpec, str], int]] = {
    "table": _table_max,
    "area": _area_max,
    "flat": _flat_max,
    "pixels": _pixels_max,
}


# --- input --------------------------------------------------------------------------------------


def _tiles(rule: TokenRule, size: Size, high: bool) -> int:
    """Fit in 2048x2048, shortest side down to 512, count the 512 px tiles it touches."""
    square = size.width == size.height
    surcharge = (rule.fidelity_square if square else rule.fidelity_other) if high else 0
    return rule.input_base + rule.input_per_tile * _tile_count(size) + surcharge


def _tile_count(size: Size) -> int:
    long, short = max(size.width, size.height), min(size.width, size.height)
    # The scale is the smallest of 1, 2048/long and 512/short; kept as a fraction, so that
    # 1024x3072 is exactly three tiles.
    if short * _FIT_EDGE > _SHORT_EDGE * long and short > _SHORT_EDGE:
        top, bottom = _SHORT_EDGE, short
    elif long > _FIT_EDGE:
        top, bottom = _FIT_EDGE, long
    else:
        top, bottom = 1, 1
    return -(-long * top // (bottom * _TILE)) * -(-short * top // (bottom * _TILE))


def _fixed(rule: TokenRule, _size: Size, _high: bool) -> int:
    return rule.input_fixed


def _input_pixels(_rule: TokenRule, size: Size, _high: bool) -> int:
    return -(-size.pixels * _PER_MEGAPIXEL // _MEGAPIXEL)


_INPUT: Mapping[str, Callable[[TokenRule, Size, bool], int]] = {
    "tiles": _tiles,
    "fixed": _fixed,
    "pixels": _input_pixels,
}

OUTPUT_KINDS = frozenset(_OUTPUT)
"""What ``TokenRule.output`` may say."""
INPUT_KINDS = frozenset(_INPUT)
"""What ``TokenRule.input`` may say."""
