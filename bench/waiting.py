"""The cases ``mem`` and ``together``: memory while many wait, and when all are answered at once."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.gate import Gate
from bench.lab import (
    GENERATIONS,
    Bench,
    Contender,
    Report,
    Row,
    contender,
    rows_of,
    run_async,
    until_up,
    upstream_here,
)
from bench.load import Burst, fire
from bench.payloads import IMAGE_BYTES, SMALL_BYTES, Picture, http_request, json_request, png
from bench.proc import reset_peak

ACCEPT_S = 0.015
"""Time for each request to reach the upstream before it answers; a job needs less."""
DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many requests at once, whose upstream answers all at one moment."""

    waiting: int
    image_bytes: int = SMALL_BYTES
    least_s: float = 5.0
    settle_s: float = 5.0
    """How long after the last answer the memory is read again."""

    @property
    def closed_s(self) -> float:
        return max(self.least_s, self.waiting * ACCEPT_S)

    @property
    def need(self) -> int:
        return (self.waiting + 1) * max(self.image_bytes, 16_384)


def memory_case(names: Sequence[str], bench: Bench) -> Report:
    """Resident memory for each waiting request; the answers are small."""
    if bench.quick:
        return _rows(names, bench, [Crowd(40, least_s=1, settle_s=1)])
    return _rows(names, bench, [Crowd(400), Crowd(2_000)])


def together_case(names: Sequence[str], bench: Bench) -> Report:
    """Resident memory when large answers come at one moment, and ten seconds later."""
    if bench.quick:
        return _rows(names, bench, [Crowd(64, IMAGE_BYTES, least_s=1, settle_s=2)])
    return _rows(names, bench, [Crowd(512, IMAGE_BYTES, settle_s=10)])


def _rows(names: Sequence[str], bench: Bench, crowds: Sequence[Crowd]) -> Report:
    def rows(name: str) -> Iterator[Row]:
        for crowd in crowds:
            yield run_async(_row(name, crowd, bench))

    return rows_of(names, rows)


async def _row(name: str, crowd: Crowd, bench: Bench) -> Row:
    gate = Gate()
    async with upstream_here(Picture(png(crowd.image_bytes)), gate) as mock:
        with contender(name, mock, bench, crowd.need) as who:
            return await _crowded(who, crowd, gate)


async def _crowded(who: Contender, crowd: Crowd, gate: Gate) -> Row:
    request = http_request(GENERATIONS, json_request(), who.key)
    await until_up(who, request)
    idle = who.memory().rss_mb
    if who.pid:
        reset_peak(who.pid)
    gate.close(crowd.closed_s)
    burst = Burst(who.port, request, crowd.waiting, crowd.waiting, DEADLINE_S)
    answered = asyncio.create_task(fire(burst))
    in_flight = await gate.full(crowd.waiting)
    waiting = who.memory().rss_mb
    measured = await answered
    peak = who.memory().peak_mb
    await asyncio.sleep(crowd.settle_s)
    after = who.memory().rss_mb
    return {
        "": who.name,
        "in flight": in_flight,
        "idle MB": idle,
        "waiting MB": waiting,
        "kB per waiting": (waiting - idle) * 1024 / max(1, in_flight),
        "answered in s": measured.seconds - crowd.closed_s,
        "peak MB": peak,
        "after MB": after,
        "after ÷ idle": after / idle,
        "failed": measured.failed,
    }
