"""The cases ``poll`` and ``get``: tasks that are submitted and polled, and jobs that are done."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.gate import Gate
from bench.lab import (
    GENERATIONS,
    Bench,
    Contender,
    Report,
    Row,
    Sample,
    WrongAnswer,
    contender,
    measured,
    rows_of,
    run_async,
    until_up,
    upstream_here,
)
from bench.load import Burst, fetch
from bench.payloads import (
    SMALL_BYTES,
    Picture,
    http_get,
    http_request,
    json_request,
    png,
    with_header,
)
from bench.stats import percentile

CONNECTIONS = 8
ACCEPT_S = 0.02
"""Time for each task to be accepted before the upstream answers; one needs less."""
_DONE_S = 120.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one dialect submits a task, and what it answers then."""

    dialect: str
    prefix: str
    accepted: int

    def submit(self, who: Contender) -> bytes:
        request = http_request(self.prefix + GENERATIONS, json_request(), who.key)
        return with_header(request, "Prefer: respond-async")

    def show(self, who: Contender, task_id: str) -> bytes:
        return http_get(f"{self.prefix}/v1/tasks/{task_id}", who.key)


OPENAI = Spoken("openai", "", 202)
SPOKEN = (OPENAI, Spoken("evolink", "/evolink", 200))


def poll_case(names: Sequence[str], bench: Bench) -> Report:
    """One row for each dialect that has tasks; the answers are small."""

    def rows(name: str) -> Iterator[Row]:
        for spoken in SPOKEN:
            yield run_async(_poll_row(name, spoken, bench))

    return rows_of(names, rows)


async def _poll_row(name: str, spoken: Spoken, bench: Bench) -> Row:
    submits, gets = (40, 200) if bench.quick else (400, 4_000)
    gate = Gate()
    async with upstream_here(Picture(png(SMALL_BYTES)), gate) as mock:
        with contender(name, mock, bench, 2 * submits * 16_384) as who:
            for _ in range(submits // 4):
                await until_up(who, http_request(GENERATIONS, json_request(), who.key))
            gate.close(2 + submits * ACCEPT_S)
            task_id = await submitted(who, spoken)
            burst = Burst(
                who.port, spoken.submit(who), CONNECTIONS, submits, status=spoken.accepted
            )
            asked = await measured(who, burst)
            await gate.full(submits + 1)  # so that none begins its call while others are shown
            burst = Burst(who.port, spoken.show(who, task_id), CONNECTIONS, gets)
            shown = await measured(who, burst)
            failed = await unfinished(who)
    return {
        "": name,
        "dialect": spoken.dialect,
        **_columns("submit", asked),
        **_columns("GET", shown),
        "failed": asked.measured.failed + shown.measured.failed + failed,
    }


def get_case(names: Sequence[str], bench: Bench) -> Report:
    """A finished job, shown by each path that shows it."""
    return rows_of(names, lambda name: run_async(_get_rows(name, bench)))


async def _get_rows(name: str, bench: Bench) -> Report:
    gets = 200 if bench.quick else 4_000
    report: Report = []
    async with upstream_here(Picture(png(SMALL_BYTES)), Gate()) as mock:
        with contender(name, mock, bench, 16_384) as who:
            await until_up(who, http_get("/healthz", who.key))
            task_id = await submitted(who, OPENAI)
            if await unfinished(who):
                raise WrongAnswer("the job did not succeed")
            [job] = (await answer_of(who, http_get("/v1/jobs", who.key)))["data"]
            shown = {"/v1/jobs/{id}": job["id"], "/v1/tasks/{id}": task_id}
            for path, one in shown.items():
                request = http_get(path.format(id=one), who.key)
                await measured(who, Burst(who.port, request, CONNECTIONS, gets // 4))
                alone = await measured(who, Burst(who.port, request, 1, gets // 4))
                many = await measured(who, Burst(who.port, request, CONNECTIONS, gets))
                report.append(_get_row(name, path, alone, many))
    return report


def _get_row(name: str, path: str, alone: Sample, many: Sample) -> Row:
    return {
        "": name,
        "path": path,
        "CPU ms": many.cpu_ms,
        "req/s": len(many.measured.latencies_ms) / many.measured.seconds,
        "p50 c1": percentile(alone.measured.latencies_ms, 0.5),
        "p99 c1": percentile(alone.measured.latencies_ms, 0.99),
        f"p50 c{CONNECTIONS}": percentile(many.measured.latencies_ms, 0.5),
        f"p99 c{CONNECTIONS}": percentile(many.measured.latencies_ms, 0.99),
        "failed": alone.measured.failed + many.measured.failed,
    }


def _columns(what: str, sample: Sample) -> Row:
    return {
        f"CPU ms per {what}": sample.cpu_ms,
        f"{what} p50 ms": percentile(sample.measured.latencies_ms, 0.5),
        f"{what} p99 ms": percentile(sample.measured.latencies_ms, 0.99),
    }


async def answer_of(who: Contender, request: bytes, status: int = 200) -> dict[str, Any]:
    """The JSON object of an answer. Raises :class:`WrongAnswer` for another status."""
    answer = await fetch(who.port, request)
    if answer.status != status:
        raise WrongAnswer(f"status {answer.status}: {answer.body[:300].decode(errors='replace')}")
    return json.loads(answer.body)


async def submitted(who: Contender, spoken: Spoken) -> str:
    """The id of a new task."""
    return (await answer_of(who, spoken.submit(who), spoken.accepted))["id"]


async def unfinished(who: Contender) -> int:
    """Wait until no job waits or runs; how many did not succeed."""
    deadline = time.monotonic() + _DONE_S
    while True:
        counts = await answer_of(who, http_get("/v1/jobs/counts", who.key))
        left = counts["queued"] + counts["running"]
        if not left or time.monotonic() > deadline:
            return counts["total"] - counts["succeeded"]
        await asyncio.sleep(0.05)
