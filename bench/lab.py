"""One gateway, one upstream, one directory: set up for a round, measured, and cleared away."""

import asyncio
import contextlib
import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pybase64

from bench import mock, proc
from bench.gateways import GATEWAYS, ROOT, Options, Site
from bench.load import Burst, Fetched, Measured, fetch, fire
from bench.payloads import Picture
from bench.process import DidNotStart, Program, free_port, last_line, running, wait_listening
from bench.space import NoRoom, private_directory
from bench.table import Cell

GATEWAY_CORE, OTHER_CORE = 0, 1
DIRECT = "direct"
GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
T = TypeVar("T")

Row = dict[str, Cell]
Report = list[Row]


class WrongAnswer(RuntimeError):
    """An answer did not hold what the upstream sent."""


PROBLEMS = (DidNotStart, WrongAnswer, NoRoom, OSError)
"""What ends one gateway's part, and not the benchmark."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The choices of one run of the benchmark."""

    rounds: int = 3
    quick: bool = False
    disk: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Upstream:
    """A running mock."""

    port: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Contender:
    """A running gateway (or the upstream itself, ``direct``: no process to measure)."""

    name: str
    port: int
    key: str
    pid: int | None
    log: Path | None
    launched: float

    def cpu_seconds(self) -> float:
        return proc.cpu_seconds(self.pid) if self.pid else 0.0

    def memory(self) -> proc.Memory:
        return proc.memory(self.pid) if self.pid else proc.Memory(0, 0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One burst, with what it cost the gateway. ``peak_mb`` is since the burst began."""

    measured: Measured
    cpu_ms: float
    memory: proc.Memory


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


@contextlib.contextmanager
def upstream(picture: Picture, weight: int, delay_s: float = 0.0) -> Iterator[Upstream]:
    """The mock as a process of its own, beside the load generator."""
    port = free_port()
    command = [sys.executable, "-m", "bench.mock", "--port", str(port)]
    command += ["--image-bytes", str(weight), "--delay", str(delay_s)]
    with private_directory(disk=True, need=0) as directory:
        log = directory / "mock.log"
        program = Program(command, log, {"PYTHONPATH": str(ROOT)}, OTHER_CORE)
        with running(program) as process:
            wait_listening(process, port, log)
            yield Upstream(port, picture)


@contextlib.asynccontextmanager
async def upstream_here(picture: Picture, pause: mock.Pause) -> AsyncIterator[Upstream]:
    """The mock in this process: what decides about pauses sees each call, by our own clock."""
    answers = mock.Answers(picture)
    connections: list[mock.Upstream] = []

    def connection() -> mock.Upstream:
        connections.append(mock.Upstream(answers, pause))
        return connections[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, backlog=4096)
    try:
        yield Upstream(server.sockets[0].getsockname()[1], picture)
    finally:
        server.close()
        for each in connections:
            each.abort()


@contextlib.contextmanager
def contender(name: str, mock: Upstream, bench: Bench, need: int) -> Iterator[Contender]:
    """A fresh gateway that listens. ``need``: bytes it may store at most."""
    if name == DIRECT:
        yield Contender(name, mock.port, "bench", None, None, time.perf_counter())
        return
    with private_directory(disk=bench.disk, need=need) as directory:
        site = Site(free_port(), mock.port, directory)
        launch = GATEWAYS[name].launch(site, bench.options)
        log = directory / "gateway.log"
        launched = time.perf_counter()
        program = Program(launch.command, log, launch.env, GATEWAY_CORE)
        with running(program) as process:
            wait_listening(process, site.port, log)
            yield Contender(name, site.port, site.key, process.pid, log, launched)


def measure(who: Contender, burst: Burst) -> Sample:
    """Fire a burst and take the gateway's CPU time and memory for it."""
    return run_async(measured(who, burst))


async def measured(who: Contender, burst: Burst) -> Sample:
    """The same inside a running loop."""
    if who.pid:
        proc.reset_peak(who.pid)
    before = who.cpu_seconds()
    found = await fire(burst)
    spent = who.cpu_seconds() - before
    done = max(1, len(found.latencies_ms))
    return Sample(found, spent * 1000 / done, who.memory())


def first_answer(
    who: Contender, mock: Upstream, request: bytes, check: Callable[[Fetched, Contender], bytes]
) -> None:
    """The first request: its image must be one the upstream sent. Retries until it is up."""
    answer = run_async(until_up(who, request))
    if not mock.picture.recognises(check(answer, who)):
        raise WrongAnswer("the image is not the one that the upstream sent")


async def until_up(who: Contender, request: bytes) -> Fetched:
    """The first answer with status 200. Raises :class:`WrongAnswer` if it has another status."""
    deadline = time.monotonic() + 30
    while True:
        try:
            answer = await fetch(who.port, request)
        except OSError as error:
            answer, problem = None, str(error) or type(error).__name__
        else:
            problem = f"status {answer.status}: {answer.body[:300].decode(errors='replace')}"
        if answer is not None and answer.status == 200:
            return answer
        if (answer is not None and answer.status != 503) or time.monotonic() > deadline:
            said = last_line(who.log) if who.log else ""
            raise WrongAnswer(f"{problem} ({said})" if said else problem)
        await asyncio.sleep(0.002)


def rows_of(names: Sequence[str], rows: Callable[[str], Iterable[Row]]) -> Report:
    """The rows of each gateway; one that says why where there can be none."""
    report: Report = []
    for name in names:
        try:
            report += rows(name)
        except PROBLEMS as error:
            report.append({"": name, "problem": str(error) or type(error).__name__})
    return report


def plain_image(answer: Fetched, _: Contender) -> bytes:
    """The image of a b64_json answer."""
    return pybase64.b64decode(json.loads(answer.body)["data"][0]["b64_json"], validate=True)


def linked_image(answer: Fetched, who: Contender) -> bytes:
    """The image behind the link of a URL answer."""
    link = urlsplit(json.loads(answer.body)["data"][0]["url"])
    target = link.path + ("?" + link.query if link.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {link.netloc}\r\n\r\n".encode()
    image = run_async(fetch(who.port, request))
    name = link.path.rpartition("/")[2]
    if who.name == "floor" and hashlib.sha256(image.body).hexdigest() != name:
        raise WrongAnswer("the floor stored something else")
    return image.body


def streamed_image(answer: Fetched, _: Contender) -> bytes:
    """The image of the final event of a stream."""
    for event in answer.body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = b"".join(
            line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")
        )
        if b'.completed"' in data[:200] or b'.completed"' in data[-400:]:
            return pybase64.b64decode(json.loads(data)["b64_json"], validate=True)
    raise WrongAnswer("the stream has no final event")
