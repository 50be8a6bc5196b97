"""Tables with money in them: numbers to the right, a sum under a rule."""

from collections.abc import Sequence

import click


def columns(rows: Sequence[Sequence[str]], *, left: int, total: bool = True) -> str:
    """A table with a head; numbers to the right but for the first ``left`` columns.

    With ``total`` the last row stands under a rule.
    """
    from rich.cells import cell_len

    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells: list[str] = []
        for at, (text, width) in enumerate(zip(row, widths, strict=True)):
            pad = " " * (width - cell_len(text))
            cells.append(text + pad if at < left else pad + text)
        return "  ".join(cells).rstrip()

    lines = [line(row) for row in rows]
    lines[0] = click.style(lines[0], bold=True)
    if total and len(rows) > 1:
        rule = [
            "─" * width if text else " " * width
            for text, width in zip(rows[-1], widths, strict=True)
        ]
        rule[0] = " " * widths[0]
        lines.insert(-1, "  ".join(rule).rstrip())
    return "\n".join(lines)
