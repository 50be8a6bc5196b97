"""What EvoLink documents of each model family: sizes, qualities and limits, as one table.

https://docs.evolink.ai/en/api-manual/image-series, one page per model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkroom.core.capability import SizeRule
from darkroom.core.size import Size
from darkroom.dialects._ratios import BANANA, FIRST_BANANA, HALVES, WIDE_BANANA

AUTO = "auto"
Ratios = Mapping[str, Size]


@dataclass(frozen=True, slots=True)
class Family:
    """``models`` is what their names begin with. ``tiers`` has the sizes by tier and ratio.

    ``tier_field`` is the field that names the tier; empty where there is only one tier.
    """

    models: tuple[str, ...]
    tiers: Mapping[str, Ratios]
    default_tier: str
    default_size: str
    tier_field: str = ""
    auto_size: bool = True
    pixels: SizeRule | None = None
    """Which sizes may be given in pixels; None: ratios alone."""
    qualities: tuple[str, ...] = ()
    """Empty where ``quality`` names the tier."""
    default_quality: str = AUTO
    images_max: int = 16
    prompt_tokens_max: int | None = None
    """In o200k_base; None: the catalogue's limit in characters is the only one."""


def family_of(model: str) -> Family:
    """The most specific family; a name that none knows is taken for the widest."""
    fitting = [
        (len(start), family)
        for family in _FAMILIES
        for start in family.models
        if model.startswith(start)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else _ANY


def _both_ways(landscapes: Mapping[str, tuple[int, int]]) -> Ratios:
    """With the portraits: the same edges the other way round."""
    found: dict[str, Size] = {}
    for ratio, (width, height) in landscapes.items():
        across, down = ratio.split(":")
        found[f"{across}:{down}"] = Size(width, height)
        found[f"{down}:{across}"] = Size(height, width)
    return found


_CANVASES = _both_ways({"1:1": (1024, 1024), "3:2": (1536, 1024)})

# The page's own table. Its two copies differ in one cell: 2:1 at 4K is 3840x1904 in the other.
_GRID = {
    "1K": _both_ways(
        {
            "1:1": (1024, 1024),
            "2:1": (1456, 720),
            "3:1": (1776, 592),
            "3:2": (1248, 832),
            "4:3": (1184, 880),
            "5:4": (1152, 912),
            "16:9": (1360, 768),
            "21:9": (1568, 672),
        }
    ),
    "2K": _both_ways(
        {
            "1:1": (2048, 2048),
            "2:1": (2896, 1456),
            "3:1": (3552, 1184),
            "3:2": (2512, 1680),
            "4:3": (2368, 1776),
            "5:4": (2288, 1824),
            "16:9": (2736, 1536),
            "21:9": (3136, 1344),
        }
    ),
    "4K": _both_ways(
        {
            "1:1": (2880, 2880),
            "2:1": (3840, 1920),
            "3:1": (3840, 1280),
            "3:2": (3520, 2352),
            "4:3": (3312, 2480),
            "5:4": (3216, 2576),
            "16:9": (3840, 2160),
            "21:9": (3840, 1632),
        }
    ),
}


def _banana(table: Mapping[str, tuple[int, int]], tiers: Sequence[str], *models: str) -> Family:
    return Family(
        models=models,
        tiers={tier: _scaled(table, HALVES[tier]) for tier in tiers},
        default_tier="2K" if "2K" in tiers else "1K",
        default_size=AUTO,
        tier_field="quality",
        images_max=14,
        prompt_tokens_max=2_000,
    )


def _scaled(table: Mapping[str, tuple[int, int]], halves: int) -> Ratios:
    return {
        ratio: Size(width * halves // 2, height * halves // 2)
        for ratio, (width, height) in table.items()
    }


_TO_4K = ("1K", "2K", "4K")

_LARGE = Family(
    models=("gpt-image-2",),
    tiers=_GRID,
    default_tier="1K",
    default_size=AUTO,
    tier_field="resolution",
    pixels=SizeRule(
        multiple=16, max_edge=3840, min_pixels=655_360, max_pixels=8_294_400, max_ratio=3.0
    ),
    qualities=("low", "medium", "high"),
    default_quality="medium",
)
_ANY = Family(
    models=(),
    tiers=_GRID,
    default_tier="1K",
    default_size=AUTO,
    tier_field="resolution",
    # the bounds of what the capability check lets through
    pixels=SizeRule(multiple=1, max_edge=8192, min_pixels=1, max_pixels=8192**2, max_ratio=8.0),
    qualities=("low", "medium", "high", "xhigh", "max", "standard", "hd", AUTO),
)
_FAMILIES = (
    Family(
        models=("gpt-image-1", "chatgpt-image-latest"),
        tiers={"1K": _CANVASES},
        default_tier="1K",
        default_size="1:1",
        auto_size=False,
        pixels=SizeRule(fixed=tuple(sorted(set(_CANVASES.values())))),
        # `auto` is in the older copy of the page
        qualities=("low", "medium", "high", AUTO),
        default_quality="high",
        prompt_tokens_max=2_000,
    ),
    _LARGE,
    Family(
        models=("gpt-image-2.5", "gpt-image-2.6", "chatgpt-images-2"),
        tiers=_LARGE.tiers,
        default_tier=_LARGE.default_tier,
        default_size=_LARGE.default_size,
        tier_field=_LARGE.tier_field,
        pixels=_LARGE.pixels,
        qualities=(*_LARGE.qualities, "xhigh", "max"),
        default_quality=_LARGE.default_quality,
    ),
    _banana(FIRST_BANANA, ("1K",), "gemini-2.5-flash-image"),
    _banana(BANANA, _TO_4K, "gemini-3-pro-image"),
    _banana(BANANA, ("1K",), "gemini-3.1-flash-lite-image"),
    _banana(WIDE_BANANA, ("0.5K", *_TO_4K), "gemini-3.1-flash-image"),
    _banana(WIDE_BANANA, _TO_4K, "gemini-nano-banana"),
)
