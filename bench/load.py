"""The load generator: many keep-alive connections that drain answers without keeping them."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

RECEIVE = memoryview(bytearray(262_144))


@dataclass(frozen=True, slots=True)
class Burst:
    """``total`` times the same request over ``connections`` connections to a local port."""

    port: int
    request: bytes = field(repr=False)
    connections: int
    total: int
    deadline_s: float = 120.0
    status: int = 200
    """What a good answer has."""


@dataclass(slots=True)
class Measured:
    """What came back. ``statuses`` has 0 for connections that broke or never answered."""

    good: int = 200
    latencies_ms: list[float] = field(default_factory=list[float])
    statuses: Counter[int] = field(default_factory=Counter[int])
    seconds: float = 0.0
    received: int = 0

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != self.good)


class _Run:
    """The shared state of a burst: how many are left, who is done."""

    def __init__(self, burst: Burst) -> None:
        self.burst = burst
        self.left = burst.total
        self.result = Measured(burst.status)
        self.finished = asyncio.get_running_loop().create_future()

    def note(self, status: int, started: float) -> None:
        self.result.statuses[status] += 1
        if status == self.result.good:
            self.result.latencies_ms.append((time.perf_counter() - started) * 1000)
        if sum(self.result.statuses.values()) == self.burst.total and not self.finished.done():
            self.finished.set_result(None)

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _Client(self), "127.0.0.1", self.burst.port)
        except OSError:
            if self.left:
                self.left -= 1
                self.note(0, 0.0)
                await self.connect()


class _Client(asyncio.BufferedProtocol):
    """One connection with one request in flight."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._busy = False
        self._started = 0.0
        self._reset()

    def _reset(self) -> None:
        self._head = b""
        self._status = 0
        self._missing = 0
        self._chunked = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        if self._transport is None:
            return
        if not self._run.left:
            self._transport.close()
            return
        self._run.left -= 1
        self._reset()
        self._busy = True
        self._started = time.perf_counter()
        self._transport.write(self._run.burst.request)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy:
            self._busy = False
            self._run.note(0, self._started)
        if self._run.left:
            self._reconnecting = asyncio.ensure_future(self._run.connect())

    def get_buffer(self, sizehint: int) -> memoryview:
        return RECEIVE

    def buffer_updated(self, nbytes: int) -> None:
        self._run.result.received += nbytes
        if self._status:
            self._body(RECEIVE[:nbytes])
            return
        self._head += bytes(RECEIVE[:nbytes])
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        lowered = head.lower()
        self._status = int(head[9:12])
        self._chunked = b"transfer-encoding: chunked" in lowered
        if not self._chunked:
            self._missing = int(lowered.partition(b"content-length:")[2].split(b"\r\n")[0])
        self._body(memoryview(rest))

    def _body(self, data: memoryview) -> None:
        if self._chunked:
            # Neither base64 nor JSON text of ours can hold these bytes elsewhere.
            self._tail = (self._tail + bytes(data[-5:]))[-5:]
            done = self._tail == b"0\r\n\r\n"
        else:
            self._missing -= len(data)
            done = self._missing <= 0
        if done:
            self._busy = False
            self._run.note(self._status, self._started)
            self._next()


async def fire(burst: Burst) -> Measured:
    """Run the burst to its end, or to its deadline; what is missing then counts as status 0."""
    run = _Run(burst)
    began = time.perf_counter()
    await asyncio.gather(*(run.connect() for _ in range(min(burst.connections, burst.total))))
    try:
        await asyncio.wait_for(asyncio.shield(run.finished), burst.deadline_s)
    except TimeoutError:
        run.left = 0
        run.result.statuses[0] += burst.total - sum(run.result.statuses.values())
    run.result.seconds = time.perf_counter() - began
    return run.result


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer, kept whole."""

    status: int
    body: bytes = field(repr=False)


async def fetch(port: int, request: bytes, deadline_s: float = 60.0) -> Fetched:
    """Send one request and read the whole answer; raises ``OSError`` or ``TimeoutError``."""
    async with asyncio.timeout(deadline_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            status = int(head[9:12])
            if b"transfer-encoding: chunked" not in head:
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                return Fetched(status, await reader.readexactly(length))
            pieces: list[bytes] = []
            while size := int(await reader.readline(), 16):
                pieces.append(await reader.readexactly(size))
                await reader.readexactly(2)
            return Fetched(status, b"".join(pieces))
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("the answer was cut off") from error
        finally:
            writer.close()
