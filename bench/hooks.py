"""The case ``hooks``: how soon webhooks are sent, how many per second, and what one costs.

The receiver first refuses each and names one moment for all: how soon they come is seen apart
from what it costs to send many, because no job runs when they come again.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate

from bench.gate import Gate, until
from bench.lab import (
    GENERATIONS,
    Bench,
    Contender,
    Report,
    Row,
    WrongAnswer,
    contender,
    rows_of,
    run_async,
    until_up,
    upstream_here,
)
from bench.load import Burst, fire
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
from bench.tasks import CONNECTIONS, OPENAI, unfinished

PAUSE_S = 7.0
"""More than the usual pause before the second attempt, which Retry-After only makes longer."""
_LATE_S = 120.0


@dataclass(slots=True)
class Sink:
    """Receives webhooks. Until ``opens_at`` all are refused, and asked to come then.

    That is a whole second since the epoch, as Retry-After has it.
    """

    opens_at: float
    after_ms: list[float] = field(default_factory=list[float])
    """From the end of each job to the first attempt to tell it."""
    refused: set[str] = field(default_factory=set[str])
    taken: list[float] = field(default_factory=list[float])
    """When those came that were taken."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as long as it is kept."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                headers = dict(
                    line.split(": ", 1) for line in head.strip().split("\r\n")[1:] if ": " in line
                )
                body = await reader.readexactly(int(headers["content-length"]))
                writer.write(self.answer(headers["webhook-id"], body))

    def answer(self, delivery: str, body: bytes) -> bytes:
        now = time.time()
        if delivery not in self.refused:
            ended = datetime.fromisoformat(json.loads(body)["timestamp"])
            self.after_ms.append((now - ended.timestamp()) * 1000)
        if now < self.opens_at:
            self.refused.add(delivery)
            then = formatdate(self.opens_at, usegmt=True)
            return (
                f"HTTP/1.1 503 Not yet\r\nRetry-After: {then}\r\nContent-Length: 0\r\n\r\n"
            ).encode()
        self.taken.append(now)
        return b"HTTP/1.1 204 Taken\r\n\r\n"


def hooks_case(names: Sequence[str], bench: Bench) -> Report:
    """One row for each gateway."""
    return rows_of(names, lambda name: [run_async(_row(name, bench))])


async def _row(name: str, bench: Bench) -> Row:
    jobs = 40 if bench.quick else 500
    async with upstream_here(Picture(png(SMALL_BYTES)), Gate()) as mock:
        with contender(name, mock, bench, jobs * 16_384) as who:
            await until_up(who, http_get("/healthz", who.key))
            async with _receiving(Sink(float(int(time.time() + PAUSE_S + jobs / 40)))) as sink:
                return await _told(who, sink, jobs)


@contextlib.asynccontextmanager
async def _receiving(sink: Sink) -> AsyncIterator[Sink]:
    async with await asyncio.start_server(sink.serve, "127.0.0.1", 0) as server:
        sink.port = server.sockets[0].getsockname()[1]
        yield sink


async def _told(who: Contender, sink: Sink, jobs: int) -> Row:
    body = json_request(callback_url=sink.url)
    request = http_request(GENERATIONS, body, who.key)
    request = with_header(request, "Prefer: respond-async")
    # A callback is a sign of another dialect, whose bodies have no time.
    request = with_header(request, "X-Darkroom-Dialect: openai")
    burst = Burst(who.port, request, CONNECTIONS, jobs, status=OPENAI.accepted)
    asked = await fire(burst)
    failed = asked.failed + await unfinished(who)
    await asyncio.sleep(max(0.0, sink.opens_at - 0.5 - time.time()))
    backlog, before = len(sink.refused), who.cpu_seconds()
    await until(lambda: len(sink.taken) >= jobs - failed, _LATE_S)
    spent = who.cpu_seconds() - before
    if not sink.taken:
        raise WrongAnswer("no webhook came")
    seconds = max(sink.taken) - sink.opens_at
    return {
        "": who.name,
        "deliveries": len(sink.taken),
        "first attempt p50 ms": percentile(sink.after_ms, 0.5),
        "first attempt p99 ms": percentile(sink.after_ms, 0.99),
        "backlog": backlog,
        "deliveries/s": len(sink.taken) / seconds,
        "CPU ms per delivery": spent * 1000 / len(sink.taken),
        "failed": jobs - len(sink.taken),
    }
