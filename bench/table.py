"""Aligned plain-text tables."""

from collections.abc import Mapping, Sequence

Cell = str | int | float | None


def cell(value: Cell) -> str:
    """A number with as many decimals as it deserves; a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)


def render(rows: Sequence[Mapping[str, Cell]]) -> str:
    """One line per row, columns in order of first appearance, numbers to the right."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = [[cell(row.get(name)) for name in names] for row in rows]
    lines = [names, *texts]
    widths = [max(len(line[index]) for line in lines) for index in range(len(names))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if index == 0 else text.rjust(width)
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
