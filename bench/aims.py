"""What the figures of Darkroom should be, and the table that says whether they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.lab import Report, Row
from bench.table import cell

Tables = Mapping[str, Sequence[Row]]
"""The rows of the cases that ran, by the name of the case."""
US = "darkroom"
PEERS = ("floor", "litellm")


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure: a column of a case. Of several rows the worst counts."""

    name: str
    unit: str
    aim: float
    case: str
    column: str
    beside: str = ""
    """The figure is the ratio to a peer's, ``peer`` or ``peer:case``: at least the aim."""

    @property
    def told(self) -> str:
        return f"{'≥' if self.beside else '≤'} {self.aim:g}"

    def measured(self, tables: Tables) -> float | None:
        """None when what it takes did not run."""
        if not self.beside:
            return self._worst(tables, US)
        peer, _, case = self.beside.partition(":")
        theirs = _worst(tables.get(case or self.case), peer, self.column)
        return _ratio(self._worst(tables, US), theirs)

    def ratio(self, tables: Tables, peer: str) -> float | None:
        """Our figure to a peer's."""
        return _ratio(self._worst(tables, US), self._worst(tables, peer))

    def kept(self, found: float) -> bool:
        return found >= self.aim if self.beside else found <= self.aim

    def _worst(self, tables: Tables, who: str) -> float | None:
        return _worst(tables.get(self.case), who, self.column)


AIMS = (
    Aim("CPU per image of 2 MB", "ms", 4, "hot", "CPU ms"),
    Aim("rate of images of 2 MB, beside LiteLLM's", "×", 3, "hot", "req/s", "litellm"),
    # It has no links of its own, so its base64 stands for them.
    Aim("rate of them as links, beside LiteLLM's", "×", 4, "url", "req/s", "litellm:hot"),
    Aim("added to an image of 1 KB, median", "ms", 6, "small", "+p50 c1"),
    Aim("CPU per stream of four pictures of 2 MB", "ms", 13, "sse", "CPU ms"),
    Aim("CPU per edit of 20 MB", "ms", 50, "edit", "CPU ms"),
    Aim("memory per upload of 20 MB", "MB", 1, "edit", "MB per upload"),
    Aim("submission to the upstream's call, p99", "ms", 20, "begin", "p99 ms"),
    Aim("CPU per GET of a job", "ms", 0.25, "get", "CPU ms"),
    Aim("memory, idle", "MB", 90, "mem", "idle MB"),
    Aim("memory per waiting job", "kB", 32, "mem", "kB per waiting"),
    Aim("peak with 512 images of 2 MB at once", "MB", 400, "together", "peak MB"),
    Aim("ten seconds later, beside idle", "×", 1.1, "together", "after ÷ idle"),
)


def summary(cases: Sequence[Mapping[str, Any]], *, quick: bool = False) -> Report:
    """One row for each aim, of the results of :func:`bench.cases.run_case`.

    A quick run is not judged: its crowds are smaller than what the aims speak of.
    """
    tables = {case["case"]: case["rows"] for case in cases}
    names = {row[""] for rows in tables.values() for row in rows}
    ran = [peer for peer in PEERS if peer in names]
    rows = [_row(aim, tables, ran) for aim in AIMS]
    return [row | {"kept": None} for row in rows] if quick else rows


def markdown(rows: Sequence[Row]) -> str:
    """The same table for a document."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(aim: Aim, tables: Tables, peers: Sequence[str]) -> Row:
    found = aim.measured(tables)
    return {
        "figure": aim.name,
        "unit": aim.unit,
        "aim": aim.told,
        "measured": found,
        **{f"× {peer}": aim.ratio(tables, peer) for peer in peers},
        "kept": None if found is None else "yes" if aim.kept(found) else "no",
    }


def _worst(rows: Sequence[Row] | None, who: str, column: str) -> float | None:
    return max(_figures(rows or (), who, column), default=None)


def _figures(rows: Sequence[Row], who: str, column: str) -> Iterator[float]:
    for row in rows:
        if row[""] == who and isinstance(value := row.get(column), int | float):
            yield float(value)


def _ratio(mine: float | None, theirs: float | None) -> float | None:
    return mine / theirs if mine is not None and theirs else None
