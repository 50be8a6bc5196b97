"""The case ``begin``: from the submission of a request until the upstream has its call."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.gate import until
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
from bench.load import Fetched, fetch
from bench.payloads import SMALL_BYTES, Picture, http_request, json_request, png
from bench.stats import percentile

IN_FLIGHT = 50
HELD = "a lighthouse that takes its time"
_DEADLINE_S = 120.0


@dataclass(slots=True)
class Arrivals:
    """A pause for the mock: it notes when calls come, and holds those that ask for it."""

    hold_s: float
    held: int = 0
    last: float = 0.0
    """When the last call came that was not held."""
    _mark: bytes = field(default=HELD.encode(), repr=False)

    def __call__(self, body: bytes) -> float:
        if self._mark in body:
            self.held += 1
            return self.hold_s
        self.last = time.perf_counter()
        return 0.0


def begin_case(names: Sequence[str], bench: Bench) -> Report:
    """Idle, and while others wait for the upstream. One clock: all is on one machine."""

    def rows(name: str) -> Iterator[Row]:
        for others in (0, IN_FLIGHT):
            yield run_async(_row(name, others, bench))

    return rows_of(names, rows)


async def _row(name: str, others: int, bench: Bench) -> Row:
    submissions = 25 if bench.quick else 300
    arrivals = Arrivals(hold_s=3.0 if bench.quick else 15.0)
    async with upstream_here(Picture(png(SMALL_BYTES)), arrivals) as mock:
        with contender(name, mock, bench, (submissions + others) * 16_384) as who:
            request = http_request(GENERATIONS, json_request(), who.key)
            for _ in range(10):
                await until_up(who, request)
            held = await _hold(who, arrivals, others)
            took = [await _begun_ms(who, request, arrivals) for _ in range(submissions)]
            in_flight = sum(not one.done() for one in held)
            statuses = [answer.status for answer in await asyncio.gather(*held)]
    return {
        "": name,
        "in flight": in_flight,
        "p50 ms": percentile(took, 0.5),
        "p99 ms": percentile(took, 0.99),
        "most ms": max(took),
        "failed": sum(status != 200 for status in statuses),
    }


async def _hold(
    who: Contender, arrivals: Arrivals, others: int
) -> Sequence["asyncio.Task[Fetched]"]:
    request = http_request(GENERATIONS, json_request(prompt=HELD), who.key)
    held = [asyncio.create_task(fetch(who.port, request, _DEADLINE_S)) for _ in range(others)]
    await until(lambda: arrivals.held >= others, arrivals.hold_s / 2)
    return held


async def _begun_ms(who: Contender, request: bytes, arrivals: Arrivals) -> float:
    began = time.perf_counter()
    await until_up(who, request)
    return (arrivals.last - began) * 1000
