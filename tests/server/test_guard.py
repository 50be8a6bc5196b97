"""What the guard of connections does by itself, over a small application of our own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from darkroom.server.connections import Bounds, Guard

PATIENCE_S = 30
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


@asynccontextmanager
async def serving(app: App, guard: Guard) -> AsyncIterator[int]:
    """The port of a server whose connections are guarded."""
    config = uvicorn.Config(app, http=guard.protocol(), lifespan="off", log_config=None)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    made = config.http_protocol_class
    server = await loop.create_server(
        lambda: made(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
        "127.0.0.1",
        0,
    )
    watching = asyncio.create_task(guard.watch())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        watching.cancel()
        server.close()
        for one in tuple(guard.connections):
            one.transport.abort()
        await until(lambda: not guard.connections)


async def refuses(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers without reading the body."""
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


async def floods(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers with more than fits into the buffers of a connection."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_the_rest_of_a_refused_body_is_read_for_a_while_only() -> None:
    """The answer arrives at once, whatever else is sent; then there is an end."""
    guard = Guard(Bounds(linger_s=0.3))
    async with serving(refuses, guard) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST + b"x" * 1_000)
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 401 ")
            while True:
                if not guard.connections:
                    break
                writer.write(b"x")
                await asyncio.sleep(0.01)
        writer.transport.abort()


async def test_a_refused_body_that_ends_in_time_leaves_a_connection_to_be_used() -> None:
    guard = Guard(Bounds(linger_s=PATIENCE_S))
    async with serving(refuses, guard) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(POST + b"x" * 1_000_000)
            async with asyncio.timeout(PATIENCE_S):
                assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 401 ")
        writer.close()


async def test_an_answer_that_nobody_reads_is_cut_off() -> None:
    guard = Guard(Bounds(stall_s=0.3))
    async with serving(floods, guard) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(GET)
        await until(lambda: any(one.unread for one in guard.connections))
        await until(lambda: not guard.connections)
        writer.transport.abort()


async def test_an_answer_that_is_read_slowly_is_not() -> None:
    guard = Guard(Bounds(stall_s=2))
    async with serving(floods, guard) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(GET)
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(100):
                assert await reader.read(65_536)
                guard.look(asyncio.get_running_loop().time())
        assert guard.connections
        writer.transport.abort()


async def test_answers_that_fill_the_memory_are_cut_off_oldest_first() -> None:
    guard = Guard(Bounds(stall_s=3_600, unread_bytes=100_000))
    async with serving(floods, guard) as port:
        lazy: list[asyncio.StreamWriter] = []
        for _ in range(4):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(GET)
            lazy.append(writer)
            stalled = len(lazy)
            await until(lambda n=stalled: sum(one.unread > 0 for one in guard.connections) == n)
        oldest = min(guard.connections, key=lambda one: one.stalled_at)
        now = asyncio.get_running_loop().time()
        guard.look(now)
        assert len(guard.connections) == 4  # they may still be read
        guard.look(now + 10)
        await until(lambda: len(guard.connections) < 4)
        assert oldest not in guard.connections
        assert sum(one.unread for one in guard.connections) <= 100_000
        for writer in lazy:
            writer.transport.abort()
