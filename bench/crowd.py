"""The case ``load``: everything at once, and what the gateway needs and refuses meanwhile.

Many jobs wait for their upstream; slow connections send half of their headers or a byte of a body
now and then; large edits are uploaded; and some tasks are submitted to see how long that takes.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from bench.lab import (
    EDITS,
    GENERATIONS,
    PROBLEMS,
    Bench,
    Contender,
    contender,
    first_answer,
    plain_image,
    run_async,
    upstream,
)
from bench.load import Burst, Measured, fetch, fire
from bench.payloads import (
    BOUNDARY,
    IMAGE_BYTES,
    Picture,
    http_request,
    json_request,
    png,
    with_header,
)
from bench.proc import Memory, reset_peak
from bench.stats import percentile
from bench.table import Cell

FINE = (200, 202, 429, 503)
"""What may be answered: done, taken, or refused with a time to come back."""
_DRIP_S = 1.0
_DEADLINE_S = 420.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many of each, and how large an uploaded image is."""

    jobs: int = 1_000
    slow: int = 200
    uploads: int = 4
    images: int = 16
    image_bytes: int = 49_900_000
    tasks: int = 100
    delay_s: float = 20.0

    @property
    def stored(self) -> int:
        return (self.jobs + self.tasks) * IMAGE_BYTES + self.uploaded

    @property
    def uploaded(self) -> int:
        return 2 * self.uploads * self.images * self.image_bytes


QUICK = Crowd(100, 20, 2, 4, 5_000_000, 20, 3.0)


@dataclass(slots=True)
class Seen:
    """What came back. ``statuses`` are those of uploads and tasks; 0 broke off."""

    jobs: Measured = field(default_factory=Measured)
    statuses: Counter[int] = field(default_factory=Counter[int])
    accept_ms: list[float] = field(default_factory=list[float])
    hung_up_on: int = 0
    without_time: int = 0
    """Refusals that do not say when to come back."""


def load_case(names: Sequence[str], bench: Bench) -> list[dict[str, Cell]]:
    """One row for each gateway."""
    crowd = QUICK if bench.quick else Crowd()
    lines: list[dict[str, Cell]] = []
    for name in names:
        try:
            with (
                upstream(Picture(png(IMAGE_BYTES)), IMAGE_BYTES, crowd.delay_s) as mock,
                contender(name, mock, bench, crowd.stored) as who,
            ):
                request = http_request(GENERATIONS, json_request(), who.key)
                first_answer(who, mock, request, plain_image)
                idle = who.memory()
                if who.pid:
                    reset_peak(who.pid)
                seen = run_async(_all_at_once(who, crowd, request))
                lines.append(_row(who, idle, seen))
        except PROBLEMS as error:
            lines.append({"": name, "problem": str(error)})
    return lines


def _row(who: Contender, idle: Memory, seen: Seen) -> dict[str, Cell]:
    peak = who.memory().peak_mb
    statuses = seen.jobs.statuses + seen.statuses
    time.sleep(5)
    return {
        "": who.name,
        "idle MB": idle.rss_mb,
        "peak MB": peak,
        "after MB": who.memory().rss_mb,
        "jobs done": seen.jobs.statuses[200],
        "uploads, tasks done": seen.statuses[200] + seen.statuses[202],
        "refused": statuses[429] + statuses[503],
        "slow cut off": seen.hung_up_on,
        "accept p50 ms": percentile(seen.accept_ms, 0.5),
        "accept p99 ms": percentile(seen.accept_ms, 0.99),
        "failed": sum(n for status, n in statuses.items() if status not in FINE)
        + seen.without_time,
    }


async def _all_at_once(who: Contender, crowd: Crowd, request: bytes) -> Seen:
    seen = Seen()
    image = Picture(png(crowd.image_bytes)).numbered(0)
    async with _slow_ones(who, crowd, seen):
        jobs = asyncio.create_task(
            fire(Burst(who.port, request, crowd.jobs, crowd.jobs, _DEADLINE_S))
        )
        await asyncio.sleep(crowd.delay_s / 10)  # the jobs have been accepted
        await asyncio.gather(
            *(_upload(who, crowd, image, seen) for _ in range(crowd.uploads)),
            _tasks(who, crowd, seen),
        )
        seen.jobs = await jobs
    return seen


async def _tasks(who: Contender, crowd: Crowd, seen: Seen) -> None:
    """Submit one after the other while all the rest goes on."""
    request = http_request(GENERATIONS, json_request(), who.key)
    request = with_header(request, "Prefer: respond-async")
    for _ in range(crowd.tasks):
        began = time.perf_counter()
        try:
            answer = await fetch(who.port, request, _DEADLINE_S)
        except (OSError, TimeoutError):
            seen.statuses[0] += 1
        else:
            seen.statuses[answer.status] += 1
            seen.accept_ms.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(crowd.delay_s / 4 / crowd.tasks)


async def _upload(who: Contender, crowd: Crowd, image: bytes, seen: Seen) -> None:
    """One edit with many large images; the same bytes for all, which are sent and not copied."""
    line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    head = f'{line}name="image[]"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
    tail = (
        f'{line}name="prompt"\r\n\r\nall on one shelf\r\n'
        f'{line}name="model"\r\n\r\ngpt-image-2\r\n--{BOUNDARY}--\r\n'
    ).encode()
    size = crowd.images * (len(head) + len(image) + 2) + len(tail)
    asked = http_request(EDITS, b"", who.key, f"multipart/form-data; boundary={BOUNDARY}")
    asked = asked.replace(b"Content-Length: 0", b"Content-Length: %d" % size)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", who.port)
            answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
            writer.write(asked)
            for _ in range(crowd.images):
                for piece in (head, image, b"\r\n"):
                    if answer.done():
                        break
                    writer.write(piece)
                    await writer.drain()
            writer.write(tail)
            told = await answer
            writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        seen.statuses[0] += 1
        return
    status = int(told[9:12])
    seen.statuses[status] += 1
    seen.without_time += status in (429, 503) and b"retry-after:" not in told.lower()


@contextlib.asynccontextmanager
async def _slow_ones(who: Contender, crowd: Crowd, seen: Seen) -> AsyncIterator[None]:
    """Half of them send half of their headers, the others a body by the byte."""
    body = http_request(GENERATIONS, b"", who.key)
    body = body.replace(b"Content-Length: 0", b"Content-Length: 1000000")
    starts = (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", body)
    tasks = [asyncio.create_task(_drip(who, starts[n % 2], seen)) for n in range(crowd.slow)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _drip(who: Contender, start: bytes, seen: Seen) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", who.port)
            ended = asyncio.create_task(reader.read())
            try:
                writer.write(start)
                while not ended.done():
                    writer.write(b"x")
                    await asyncio.wait({ended}, timeout=_DRIP_S)
            finally:
                ended.cancel()
                writer.close()
        seen.hung_up_on += 1
