"""What failover costs and reaches: the figures behind ``docs/concepts/failover.md``.

The first table is measured: real calls on loopback, the real clock, a database on disk. The second
is played: the real routing over days of virtual time, with seeds for chance.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.stats import percentile
from bench.table import Cell, render
from darkroom.core.job import Job
from tests.contracts.faulty import room
from tests.fakes.faults import FAULTS
from tests.support.simulation import (
    DAY_S,
    Outage,
    Tale,
    Vendor,
    World,
    availability,
    down_together,
    outages,
)

START_MS = 100
"""Within so long the next deployment is called, 99 times of 100."""
HANGING_JOBS = 5
"""So many jobs at most lose their timeout to a deployment that hangs."""
BACK_S = 60.0
"""So soon after its recovery the cheapest serves again."""
BELOW = 0.0002
"""So little availability may lie below the share of time in which one deployment was up."""
_REFUSALS = ("connect_refused", "status_429", "status_500", "status_503")
_PAIRS = ((0.05, 0.01), (0.05, 0.05), (0.10, 0.05))

Row = dict[str, Cell]


def main(*, quick: bool) -> int:
    """Print both tables. Status 1 if a promise is not kept."""
    jobs, seeds, days = (10, 1, 2.0) if quick else (200, 5, 20.0)
    started = asyncio.run(_starts(jobs))
    print(f"\nuntil the next deployment is called, {jobs} jobs each\n{render(started)}", flush=True)
    played = [*_hangs(), *_recoveries(), *_availabilities(seeds, days)]
    print(f"\nplayed over virtual time\n{render(played)}")
    return int(any(row["kept"] == "no" for row in (*started, *played)))


async def _starts(jobs: int) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        async with room("openai", Path(folder)) as faulty:
            for known in (one for one in FAULTS if one.name in _REFUSALS):
                waits: list[float] = []
                for _ in range(jobs):
                    faulty.prepare(known)
                    waits.append(_wait_ms(await faulty.run(known, "well")))
                rows.append(_start_row(known.does, waits))
    return rows


def _start_row(what: str, waits: Sequence[float]) -> Row:
    worst = percentile(waits, 0.99)
    return {
        "the first": what,
        "p50 ms": percentile(waits, 0.5),
        "p99 ms": worst,
        "most ms": max(waits),
        "promised ms": START_MS,
        "kept": _kept(worst <= START_MS),
    }


def _wait_ms(job: Job) -> float:
    """From the end of the first attempt to the begin of the one elsewhere."""
    first, then = job.attempts
    return float(then.started_at_ms - (first.finished_at_ms or 0))


def _hangs() -> Iterator[Row]:
    for every_s in (0.5, 5.0, 60.0):
        hang = Outage(300, 600 + 60 * every_s, hangs=True)
        tales = World([Vendor("cheap", 1, [hang]), _DEAR], 7).run(every_s, hang.end_s + 120)
        lost = sum(any(one.how == "hangs" for one in tale.tries) for tale in tales)
        yield _row(f"jobs that lose their timeout, one each {every_s:g} s", lost, HANGING_JOBS)


def _recoveries() -> Iterator[Row]:
    for hangs in (False, True):
        found = [_back_s(Outage(600, end_s, hangs)) for end_s in (700.0, 1_111.0, 2_400.0)]
        what = "hung" if hangs else "failed"
        yield _row(f"s until the cheapest serves again, after it {what}", max(found), BACK_S)


def _back_s(outage: Outage) -> float:
    tales = World([Vendor("cheap", 1, [outage]), _DEAR], 9).run(2.0, outage.end_s + 200)
    calls = [one for tale in tales for one in tale.tries if one.deployment == "cheap"]
    well = (one.began_s for one in calls if one.how == "ok" and one.began_s >= outage.end_s)
    return min(well) - outage.end_s


def _availabilities(seeds: int, days: float) -> Iterator[Row]:
    for first, second in _PAIRS:
        tales, bound = _played(first, second, seeds, days)
        reached = availability(tales)
        what = f"% served, up {1 - first:.0%} and {1 - second:.0%}, {len(tales):,} jobs"
        yield {
            "played": what,
            "found": f"{reached:.3%}".rstrip("%"),
            "promised": f"{bound - BELOW:.3%}".rstrip("%"),
            "kept": _kept(reached >= bound - BELOW),
        }


def _played(first: float, second: float, seeds: int, days: float) -> tuple[list[Tale], float]:
    """All tales, and which share of the jobs came while one deployment at least was up."""
    tales: list[Tale] = []
    down = 0.0
    for seed in range(seeds):
        vendors = [
            Vendor("a", 1, outages(seed, first, days), flaky=0.003),
            Vendor("b", 2, outages(seed + 100, second, days), flaky=0.003),
        ]
        found = World(vendors, seed).run(every_s=120, until_s=days * DAY_S)
        tales += found
        down += down_together(vendors, found) * len(found)
    return tales, 1 - down / len(tales)


def _row(what: str, found: float, most: float) -> Row:
    return {"played": what, "found": found, "promised": most, "kept": _kept(found <= most)}


def _kept(kept: bool) -> str:
    return "yes" if kept else "no"


_DEAR = Vendor("dear", 2)
