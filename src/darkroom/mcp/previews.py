"""Small pictures for an agent's eyes: the image itself stays behind its link."""

from dataclasses import dataclass

from darkroom.imaging.pool import in_pool
from darkroom.imaging.thumbnail import small

MEDIA_TYPE = "image/webp"
ONE_CHARS_MAX = 150_000
ALL_CHARS_MAX = 700_000
"""Of base64, as it travels."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``max_px``: of the longest side. ``chars_max``: of base64."""

    max_px: int
    chars_max: int = ONE_CHARS_MAX


async def preview(data: bytes, bounds: Bounds) -> bytes:
    """A WebP within the bounds; of an animation, the first frame.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage`.
    """
    return await in_pool(small, data, bounds.max_px, bounds.chars_max * 3 // 4 - 3)


def shared_bounds(max_px: int, count: int) -> Bounds:
    """Bounds of each of ``count`` previews in one answer."""
    return Bounds(max_px, min(ONE_CHARS_MAX, ALL_CHARS_MAX // max(1, count)))
