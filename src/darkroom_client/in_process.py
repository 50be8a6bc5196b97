"""A transport into an ASGI application of the same process: no socket, answers still stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import httpx2

Message: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]
_AHEAD_MAX = 4
"""Pieces of an answer that may wait to be read; then the application waits."""


class InProcess(httpx2.AsyncBaseTransport):
    """Give it to ``AsyncClient(transport=…)``: every request, links included, goes to the one
    application. Closing it waits for what the application still does."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _Exchange(request)
        task = asyncio.create_task(exchange.run(self._app))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            status, headers = await exchange.head
        except BaseException:
            exchange.hang_up()
            raise
        return httpx2.Response(status, headers=headers, stream=exchange)

    async def aclose(self) -> None:
        await asyncio.gather(*self._running)


class _Exchange(httpx2.AsyncByteStream):
    """One request and its answer, whose body it is."""

    def __init__(self, request: httpx2.Request) -> None:
        self._request = request
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD_MAX)
        self._gone = asyncio.Event()
        self.head: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = (
            asyncio.get_running_loop().create_future()
        )

    async def run(self, app: Application) -> None:
        sent = self._sent()

        async def receive() -> Message:
            return await anext(sent)

        try:
            await app(_scope(self._request), receive, self._answer)
        except Exception as error:
            if not self.head.done():
                self._fail(f"the application failed: {type(error).__name__}")
            elif not self._gone.is_set():
                raise
        finally:
            await sent.aclose()
            if not self.head.done():
                self._fail("the application gave no answer")
            await self._put(None)

    def hang_up(self) -> None:
        """Nobody reads the rest."""
        self._gone.set()
        while not self._pieces.empty():  # whoever waits to put one goes on
            self._pieces.get_nowait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def aclose(self) -> None:
        self.hang_up()

    async def _sent(self) -> AsyncGenerator[Message, None]:
        """The messages about the request: its body, and then that its sender has gone."""
        stream = self._request.stream
        if isinstance(stream, httpx2.AsyncByteStream):
            async for piece in stream:
                yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}
        while True:
            await self._gone.wait()
            yield {"type": "http.disconnect"}

    async def _answer(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.head.done():
            self.head.set_result((message["status"], list(message["headers"])))
        elif message["type"] == "http.response.body" and message.get("body"):
            await self._put(bytes(message["body"]))

    async def _put(self, piece: bytes | None) -> None:
        if not self._gone.is_set():
            await self._pieces.put(piece)

    def _fail(self, why: str) -> None:
        self.head.set_exception(httpx2.ReadError(why, request=self._request))
        self.head.exception()  # seen, even when nobody waits any more


def _scope(request: httpx2.Request) -> MutableMapping[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (url.host, url.port or {"http": 80, "https": 443}[url.scheme]),
    }
