"""Connections that are passed on: a balancer's round robin, and a wire that somebody listens to."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

_PIECE = 1 << 16


class Relay:
    """A listener on loopback, in a thread of its own. Subclasses say where a connection leads."""

    def __init__(self) -> None:
        self.port = 0
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(60)

    def _run(self) -> None:
        with asyncio.Runner() as runner:  # it cancels the connections that are left
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self._loop, self.port = asyncio.get_running_loop(), server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.connected(reader, writer)
        writer.close()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Balancer(Relay):
    """Round robin over the ``ports`` there are now; one that does not answer is passed over."""

    def __init__(self, ports: Callable[[], Sequence[int]]) -> None:
        super().__init__()
        self._ports = ports
        self._turn = 0
        self.taken: Counter[int] = Counter()
        """How many connections went to each port."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports = self._ports()
        for _ in ports:
            port = ports[self._turn % len(ports)]
            self._turn += 1
            with contextlib.suppress(OSError):
                there = await asyncio.open_connection("127.0.0.1", port)
                self.taken[port] += 1
                await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
                return


async def pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    heard: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Pass on what comes, to its end, which the other side is told of."""
    try:
        while data := await reader.read(_PIECE):
            heard(data)
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
