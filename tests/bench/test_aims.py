"""The table of aims: which figures it takes, how it judges them, what it says of peers."""

from typing import Any

import pytest

from bench.aims import AIMS, Aim, markdown, summary
from bench.cases import CASES
from bench.lab import Row
from bench.table import Cell

MEMORY = Aim("memory per waiting job", "kB", 32, "mem", "kB per waiting")
RATE = Aim("rate as links", "×", 4, "url", "req/s", "litellm:hot")


def case(name: str, *rows: Row) -> dict[str, Any]:
    return {"case": name, "title": "", "rows": list(rows)}


def test_aims_are_of_cases_that_exist() -> None:
    assert {aim.case for aim in AIMS} < set(CASES)
    assert len({aim.name for aim in AIMS}) == len(AIMS)


@pytest.mark.parametrize(("second", "kept"), [(32, True), (32.5, False)])
def test_the_worst_of_several_rows_counts(second: float, kept: bool) -> None:
    rows: list[Row] = [
        {"": "floor", "kB per waiting": 99.0},
        {"": "darkroom", "in flight": 400, "kB per waiting": 20.0},
        {"": "darkroom", "in flight": 2_000, "kB per waiting": second},
    ]
    found = MEMORY.measured({"mem": rows})
    assert found == second
    assert MEMORY.kept(second) is kept
    assert MEMORY.ratio({"mem": rows}, "floor") == second / 99


@pytest.mark.parametrize(("ours", "kept"), [(40.0, True), (39.0, False)])
def test_a_rate_is_beside_that_of_a_peer_in_another_case(ours: float, kept: bool) -> None:
    tables: dict[str, list[Row]] = {
        "url": [{"": "darkroom", "req/s": ours}],
        "hot": [{"": "litellm", "req/s": 10.0}, {"": "darkroom", "req/s": 1.0}],
    }
    found = RATE.measured(tables)
    assert found == ours / 10
    assert RATE.kept(ours / 10) is kept


def test_what_did_not_run_is_neither_kept_nor_missed() -> None:
    broken: Row = {"": "darkroom", "problem": "ended with status 1"}
    rows = summary([case("hot", broken, {"": "floor", "CPU ms": 2.0})])
    assert len(rows) == len(AIMS)
    assert all(row["measured"] is None and row["kept"] is None for row in rows)


def test_the_summary_has_a_column_for_each_peer_that_ran() -> None:
    image: list[Row] = [
        {"": "floor", "CPU ms": 2.0, "req/s": 300.0},
        {"": "darkroom", "CPU ms": 5.0, "req/s": 150.0},
    ]
    [cpu, *_] = summary([case("hot", *image)])
    expected: dict[str, Cell] = {
        "figure": "CPU per image of 2 MB",
        "unit": "ms",
        "aim": "≤ 4",
        "measured": 5.0,
        "× floor": 2.5,
        "kept": "no",
    }
    assert cpu == expected
    [unjudged, *_] = summary([case("hot", *image)], quick=True)
    assert unjudged == {**expected, "kept": None}
    assert markdown([cpu]).split("\n") == [
        "| figure | unit | aim | measured | × floor | kept |",
        "| --- | --- | --- | --- | --- | --- |",
        "| CPU per image of 2 MB | ms | ≤ 4 | 5.00 | 2.50 | no |",
    ]
