"""The chart of what each image cost: SVG without a script, drawn in percent so that it fits."""

from collections.abc import Sequence
from dataclasses import dataclass

_ROWS_MAX = 12
_ROW_HEIGHT, _BAR_HEIGHT, _BAR_TOP = 46, 8, 24
_COLUMNS_HEIGHT, _LABELS_HEIGHT = 170, 22
_LABELS_MAX = 20
_FULL = 1000
"""Percentages have one decimal: they are whole tenths."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Lengths are text for attributes: per cent, or pixels where there is no sign."""

    label: str
    value: str
    x: str
    y: str
    width: str
    height: str
    middle: str
    is_named: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """``lying``: a row per image with words; else columns with numbers, for many images."""

    lying: bool
    height: int
    base: int
    bars: tuple[Bar, ...]


def chart(costs: Sequence[tuple[str, str, int]]) -> Chart:
    """``costs`` are a label, the amount as text, and nano-dollars for each image."""
    most = max((nanos for _, _, nanos in costs), default=0) or 1
    if len(costs) <= _ROWS_MAX:
        bars = tuple(_row(at, cost, most) for at, cost in enumerate(costs))
        return Chart(True, _ROW_HEIGHT * len(costs), 0, bars)
    bars = tuple(_column(at, len(costs), cost, most) for at, cost in enumerate(costs))
    return Chart(False, _COLUMNS_HEIGHT + _LABELS_HEIGHT, _COLUMNS_HEIGHT, bars)


def _row(at: int, cost: tuple[str, str, int], most: int) -> Bar:
    label, value, nanos = cost
    top = at * _ROW_HEIGHT
    return Bar(
        label=label,
        value=value,
        x="0",
        y=str(top + _BAR_TOP),
        width=_percent(nanos * _FULL // most),
        height=str(_BAR_HEIGHT),
        middle=str(top + _BAR_TOP - 9),
        is_named=True,
        is_empty=nanos == 0,
    )


def _column(at: int, many: int, cost: tuple[str, str, int], most: int) -> Bar:
    label, value, nanos = cost
    height = nanos * (_COLUMNS_HEIGHT - 4) // most
    left, right = at * _FULL * 10 // many, (at + 1) * _FULL * 10 // many
    step = -(-many // _LABELS_MAX)
    return Bar(
        label=label,
        value=value,
        x=_percent_100(left + (right - left) // 8),
        y=str(_COLUMNS_HEIGHT - height),
        width=_percent_100((right - left) * 3 // 4),
        height=str(height),
        middle=_percent_100((left + right) // 2),
        is_named=at % step == 0,
        is_empty=nanos == 0,
    )


def _percent(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}%"


def _percent_100(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
