"""A vendor on loopback: a server in a thread that records, decides by a script, and delivers.

What it speaks is for a subclass to say; :mod:`tests.fakes.openai_vendor` is the fullest example.
"""

import asyncio
import itertools
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from tests.fakes.delivery import ExposingProtocol, Wire, deliver
from tests.fakes.openai_faults import Fault, Plan, Script, plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.recording import Received, UnreadableBody, parse_body


class Vendor:
    """A fake vendor. Subclasses say which ``paths`` they serve and what they answer."""

    paths: ClassVar[Sequence[str]] = ()
    prefix: ClassVar[str] = ""
    """What ``base_url`` ends with."""
    bought_at: ClassVar[str | tuple[str, ...]] = "/images/"
    """What is in the path of a request that a fault without a path concerns."""

    def __init__(
        self,
        name: str,
        *,
        keys: frozenset[str] = frozenset(),
        weight: int = 0,
        port: int = 0,
    ) -> None:
        """``keys``: accepted API keys, empty for any; ``weight``: bytes per image, at least."""
        self.name = name
        self.keys = keys
        self.weight = weight
        self.script = Script(bought_at=self.bought_at)
        self.received: list[Received] = []
        self.hung_up = 0
        """How many requests ended because the caller went away before the answer was out."""
        self.spoil: Callable[[Received, Reply, Plan], tuple[Reply, Plan]] | None = None
        """Changes answers, whatever the script says."""
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._released: asyncio.Event | None = None
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name=f"fake-{name}", daemon=True)

    # For tests -----------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What a deployment is configured with."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def next(self, fault: Fault | str = Fault.NONE, *, times: int = 1, **options: Any) -> None:
        """Queue what the next ``times`` image requests meet; options: fields of :class:`Plan`."""
        self.script.add(plan(fault, options), times)

    def always(self, fault: Fault | str = Fault.NONE, **options: Any) -> None:
        """What every request meets that finds nothing queued."""
        self.script.stand(plan(fault, options))

    def reset(self) -> None:
        """Forget the script and every request."""
        self.script.clear()
        with self._changed:
            self.received.clear()
            self.hung_up = 0

    def release(self) -> None:
        """Let the held (``Fault.HOLD``) requests go on, and those to come."""
        if self._loop is not None and self._released is not None:
            self._loop.call_soon_threadsafe(self._released.set)

    async def wait_received(self, count: int, timeout_s: float = 5.0) -> list[Received]:
        """The first ``count`` requests, as soon as they are in; raises ``TimeoutError``."""
        await asyncio.to_thread(self._wait, lambda: len(self.received) >= count, timeout_s)
        return self.received[:count]

    async def wait_hung_up(self, count: int, timeout_s: float = 5.0) -> None:
        """Returns when ``count`` callers have gone away; raises ``TimeoutError``."""
        await asyncio.to_thread(self._wait, lambda: self.hung_up >= count, timeout_s)

    def start(self) -> Self:
        self._thread.start()
        self._wait(lambda: self._released is not None, 10.0)
        return self

    def stop(self) -> None:
        """End the server; requests that hang are dropped."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Inside the server's thread ------------------------------------------------------------

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        # uvicorn's own server looks only ten times a second whether it should end.
        config = uvicorn.Config(self.app(), ws="none", lifespan="off", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: ExposingProtocol(config, state, app_state={}), sock=self._socket
        )
        with self._changed:
            self._loop, self._released = loop, asyncio.Event()
            self._changed.notify_all()
        await self._ended.wait()
        server.close()
        for connection in list(state.connections):
            transport: asyncio.Transport | None = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=5)

    def _wait(self, condition: Any, timeout_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise TimeoutError(f"{self.name}: {len(self.received)} requests received")

    def app(self) -> Starlette:
        """The ASGI application: the vendor's paths and ``/_control``."""
        routes = [Route("/_control", self._control, methods=["GET", "POST", "DELETE"])]
        routes += [Route(path, _Door(self)) for path in self.paths]
        return Starlette(routes=routes, exception_handlers={404: self.no_such_url})

    async def _control(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.reset()
        elif request.method == "POST":
            told: dict[str, Any] = await request.json()
            fault, times = told.pop("fault", "none"), told.pop("times", 1)
            if told.pop("always", False):
                self.always(fault, **told)
            elif told.pop("release", False):
                self.release()
            else:
                self.next(fault, times=times, **told)
        return JSONResponse(
            {
                "name": self.name,
                "queued": [each.fault for each in list(self.script.queue)],
                "hung_up": self.hung_up,
                "received": [each.summary() for each in list(self.received)],
            }
        )

    # For subclasses ------------------------------------------------------------------------

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        """The answer and how it travels. ``problem``: why the body could not be read."""
        raise NotImplementedError

    def standing_headers(self, number: int) -> Mapping[str, str]:
        """What every answer carries; ``number`` counts the requests."""
        return {}

    async def no_such_url(self, request: Request, _: Exception) -> Response:
        return JSONResponse({}, 404)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: record, check, decide, deliver."""
        request = Request(scope, receive)
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            parsed = parse_body(headers.get("content-type", ""), body)
            problem = ""
        except UnreadableBody as error:
            parsed, problem = (None, []), f"We could not parse the body: {error}"
        arrived = Received(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=headers,
            body=body,
            json=parsed[0],
            parts=parsed[1],
            peer=tuple(scope["client"]) if scope["client"] else None,
        )
        answer, what = self.decide(arrived, problem)
        if self.spoil is not None:
            answer, what = self.spoil(arrived, answer, what)
        self._record(arrived, what)
        assert self._released is not None
        watched = _Watched(send)
        standing = self.standing_headers(next(self._numbers))
        answer = replace(answer, headers={**standing, **answer.headers})
        await deliver(Wire(scope, receive, watched.send, self._released), answer, what)
        if not watched.complete:
            with self._changed:
                self.hung_up += 1
                self._changed.notify_all()

    def _record(self, arrived: Received, what: Plan) -> None:
        arrived = replace(arrived, fault=what.fault.value)
        with self._changed:
            self.received.append(arrived)
            self._changed.notify_all()


class _Door:
    """An ASGI endpoint (Starlette treats a class instance as a raw application)."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._vendor.handle(scope, receive, send)


class _Watched:
    """Notes whether the whole answer went out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.complete = False

    async def send(self, message: Any) -> None:
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.complete = True
