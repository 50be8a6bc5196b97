"""What the cases are made of, without a gateway: pauses, the sink, rows, configurations."""

import asyncio
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.begin import HELD, Arrivals
from bench.bursts import BURSTS, Counts, Taken, burst_row
from bench.cases import CASES
from bench.gate import Gate, until
from bench.gateways import ALL, GATEWAYS, JOBS, Options, Site
from bench.hooks import Sink
from bench.lab import Contender, Report, Sample, WrongAnswer, rows_of, until_up, upstream_here
from bench.load import Burst, Measured, fetch, fire
from bench.payloads import (
    SMALL_BYTES,
    Picture,
    http_get,
    http_request,
    json_request,
    png,
    with_header,
)
from bench.proc import Memory
from bench.process import free_port

GENERATIONS = "/v1/images/generations"
HOUR_S = 3_600.0


def test_every_case_has_its_gateways() -> None:
    assert set(CASES) == ALL | JOBS
    assert GATEWAYS["darkroom"].cases == set(CASES)
    assert not GATEWAYS["litellm"].cases & JOBS


def test_hot_images_come_one_by_one_by_eight_and_by_thirty_two() -> None:
    assert BURSTS["hot"]().counts.levels == {1: 100, 8: 300, 32: 300}
    counts = Counts(warm=16, single=8, many=12, connections=(4, 16))
    assert counts.total == 1 + 16 + 8 + 2 * 12
    assert counts.quick() == Counts(2, 1, 2, (4, 16))


def taken(latency_ms: float, cpu_ms: float, connections: tuple[int, ...]) -> Taken:
    measured = Measured(latencies_ms=[latency_ms] * 4, seconds=2.0)
    sample = Sample(measured, cpu_ms, Memory(100.0, 130.0))
    return Taken({level: [sample] for level in connections}, [100.0])


def test_a_row_is_told_of_the_first_number_of_connections_and_beside_others() -> None:
    case = replace(BURSTS["edit"](), counts=Counts(connections=(4, 16)))
    by = {
        "direct": taken(2.0, 0.0, (1, 4, 16)),
        "floor": taken(5.0, 10.0, (1, 4, 16)),
        "darkroom": taken(9.0, 15.0, (1, 4, 16)),
    }
    row = burst_row(case, "darkroom", by, case.counts)
    assert row["CPU ms"] == 15.0
    assert row["× floor"] == 1.5
    assert row["req/s"] == 2.0
    assert (row["p50 c16"], row["+p50 c16"]) == (9.0, 7.0)
    assert row["MB per upload"] == 30.0 / 4
    assert burst_row(case, "direct", by, case.counts)["CPU ms"] is None
    broken = {**by, "darkroom": Taken(problem="no image")}
    assert burst_row(case, "darkroom", broken, case.counts)["problem"] == "no image"


async def test_a_gate_holds_calls_until_its_moment() -> None:
    gate = Gate()
    request = http_request(GENERATIONS, json_request(), "key")
    async with upstream_here(Picture(png(SMALL_BYTES)), gate) as mock:
        assert (await fetch(mock.port, request)).status == 200
        gate.close(HOUR_S)
        held = asyncio.create_task(fire(Burst(mock.port, request, 3, 3)))
        assert await gate.full(3) == 3
        assert not held.done()
        gate.close(0)
        assert (await fetch(mock.port, request)).status == 200
        assert gate.calls == 1
    assert dict((await held).statuses) == {0: 3}


async def test_a_gate_that_opens_tells_how_many_came() -> None:
    gate = Gate()
    gate.close(0.2)
    gate(b"")
    assert await gate.full(5) == 1
    assert not await until(lambda: False, within_s=0)


async def test_arrivals_are_noted_and_those_that_ask_for_it_are_held() -> None:
    arrivals = Arrivals(HOUR_S)
    async with upstream_here(Picture(png(SMALL_BYTES)), arrivals) as mock:
        waits = http_request(GENERATIONS, json_request(prompt=HELD), "key")
        held = asyncio.create_task(fetch(mock.port, waits, HOUR_S))
        assert await until(lambda: arrivals.held == 1, within_s=60)
        assert arrivals.last == 0
        began = time.perf_counter()
        await fetch(mock.port, http_request(GENERATIONS, json_request(), "key"))
        assert began <= arrivals.last <= time.perf_counter()
        assert not held.done()
    with pytest.raises(ConnectionError):
        await held


async def test_another_good_status_can_be_named() -> None:
    async with upstream_here(Picture(png(SMALL_BYTES)), lambda _: 0.0) as mock:
        request = http_request(GENERATIONS, json_request(), "key")
        measured = await fire(Burst(mock.port, request, 1, 2, status=202))
    assert measured.failed == 2
    assert measured.latencies_ms == []


async def test_what_answers_is_up_and_what_refuses_is_said() -> None:
    request = http_request(GENERATIONS, json_request(), "key")
    async with upstream_here(Picture(png(SMALL_BYTES)), lambda _: 0.0) as mock:
        who = Contender("direct", mock.port, "key", None, None, 0.0)
        assert (await until_up(who, request)).status == 200

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nwho")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        who = Contender("direct", server.sockets[0].getsockname()[1], "key", None, None, 0.0)
        with pytest.raises(WrongAnswer, match="status 401: who"):
            await until_up(who, request)


async def test_the_sink_refuses_until_its_moment_and_then_takes() -> None:
    sink = Sink(opens_at=float(int(time.time() + HOUR_S)))
    body = b'{"timestamp": "2026-11-21T10:00:00.000Z"}'
    headers = ("webhook-id: d1", "Content-Type: application/json")
    request = http_request("/hook", body, "key")
    for line in headers:
        request = with_header(request, line)
    async with await asyncio.start_server(sink.serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(request)
        refusal = await reader.readuntil(b"\r\n\r\n")
        sink.opens_at = 0.0
        writer.write(request)
        taken = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert refusal.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: " in refusal
    assert b"GMT" in refusal
    assert taken.startswith(b"HTTP/1.1 204")
    assert len(sink.after_ms) == 1
    assert len(sink.taken) == 1


def test_one_gateway_that_fails_is_a_row_and_not_the_end() -> None:
    def rows(name: str) -> Report:
        if name == "floor":
            raise WrongAnswer("no image")
        return [{"": name, "n": 1}, {"": name, "n": 2}]

    assert rows_of(["floor", "darkroom"], rows) == [
        {"": "floor", "problem": "no image"},
        {"": "darkroom", "n": 1},
        {"": "darkroom", "n": 2},
    ]


def test_requests_without_a_body_and_with_one_more_header() -> None:
    request = http_get("/v1/jobs/1", "key")
    assert request.startswith(b"GET /v1/jobs/1 HTTP/1.1\r\n")
    assert with_header(request, "A: b").endswith(b"Bearer key\r\nA: b\r\n\r\n")


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    launch = GATEWAYS["nginx"].launch(Site(free_port(), free_port(), tmp_path), Options())
    told = subprocess.run(  # noqa: S603 - nginx, with a file that was just written
        [*launch.command, "-t"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
