"""The sizes of Google's image models by ratio, which the vendors that resell them do not print.

https://ai.google.dev/gemini-api/docs/image-generation has them at 1K; the other tiers are
multiples of these.
"""

from types import MappingProxyType

BANANA = MappingProxyType(
    {
        "1:1": (1024, 1024),
        "2:3": (848, 1264),
        "3:2": (1264, 848),
        "3:4": (896, 1200),
        "4:3": (1200, 896),
        "4:5": (928, 1152),
        "5:4": (1152, 928),
        "9:16": (768, 1376),
        "16:9": (1376, 768),
        "21:9": (1584, 672),
    }
)
WIDE_BANANA = MappingProxyType(
    {
        **BANANA,
        "1:4": (512, 2048),
        "4:1": (2048, 512),
        "1:8": (384, 3072),
        "8:1": (3072, 384),
    }
)
"""Of Gemini 3.1 and later."""
FIRST_BANANA = MappingProxyType(
    {
        "1:1": (1024, 1024),
        "2:3": (832, 1248),
        "3:2": (1248, 832),
        "3:4": (864, 1184),
        "4:3": (1184, 864),
        "4:5": (896, 1152),
        "5:4": (1152, 896),
        "9:16": (768, 1344),
        "16:9": (1344, 768),
        "21:9": (1536, 672),
    }
)
"""Of Gemini 2.5."""
HALVES = MappingProxyType({"0.5K": 1, "1K": 2, "2K": 4, "4K": 8})
"""The tiers in halves of 1K."""
