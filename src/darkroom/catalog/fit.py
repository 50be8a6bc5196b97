"""Finds the native size from which a size that the model lacks is cropped and resampled."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, sqrt

from darkroom.core.capability import SizeRule
from darkroom.core.size import Size


def nearest_native(rule: SizeRule, asked: Size) -> Size:
    """The native canvas that best covers ``asked``: ``asked`` itself when it is native.

    From a list: the one that loses least of its picture to the crop, then the smallest that
    needs no enlarging, else the largest. From a grid: the smallest that covers ``asked``, after
    it was scaled and widened into the grid's bounds.
    """
    if rule.allows(asked):
        return asked
    if rule.fixed:
        return min(rule.fixed, key=lambda size: _listed_distance(size, asked))
    width, height = _into_bounds(rule, asked)
    grid = tuple(_around(rule, width, height))
    return min(grid, key=lambda size: _grid_distance(size, width, height), default=rule.default)


def _listed_distance(size: Size, asked: Size) -> tuple[Fraction, bool, int]:
    cover = Fraction(size.width * asked.height, size.height * asked.width)
    kept = min(cover, 1 / cover)
    enough = size.pixels * kept >= asked.pixels
    return (-kept, not enough, size.pixels if enough else -size.pixels)


def _into_bounds(rule: SizeRule, asked: Size) -> tuple[float, float]:
    """``asked`` with its ratio, then its area and long edge brought within the rule's bounds."""
    width, height = float(asked.width), float(asked.height)
    width = max(width, height / rule.max_ratio)
    height = max(height, width / rule.max_ratio)
    grow = sqrt(max(1.0, rule.min_pixels / (width * height)))
    width, height = width * grow, height * grow
    shrink = min(1.0, sqrt(rule.max_pixels / (width * height)), rule.max_edge / max(width, height))
    return width * shrink, height * shrink


def _around(rule: SizeRule, width: float, height: float) -> Iterator[Size]:
    """The allowed grid sizes a few steps around a point."""
    step = rule.multiple
    for columns in range(int(width / step) - 2, ceil(width / step) + 3):
        for rows in range(int(height / step) - 2, ceil(height / step) + 3):
            if columns > 0 and rows > 0:
                size = Size(columns * step, rows * step)
                if rule.allows(size):
                    yield size


def _grid_distance(size: Size, width: float, height: float) -> tuple[bool, float]:
    short_of = size.width < width - 0.01 or size.height < height - 0.01
    return (short_of, abs(size.width - width) + abs(size.height - height))
