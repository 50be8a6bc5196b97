"""A server on loopback that speaks OpenAI's Images API, checks like OpenAI, and fails on command.

In a test: ``vendor.next(Fault.RATE_LIMITED, retry_after="1")``, then look at ``vendor.received``.
From another process: a prompt such as ``a cat [[server_error times=1]]``, or ``POST /_control``
with ``{"fault": "hang", "times": 2}``. As a program: ``python -m tests.fakes.openai_vendor``.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Self, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from tests.fakes.delivery import ExposingProtocol, Wire, deliver
from tests.fakes.openai_answers import reply, right_answer
from tests.fakes.openai_faults import Fault, Plan, Script, plan
from tests.fakes.openai_inputs import BadInput, from_json, from_parts
from tests.fakes.openai_refusals import REFUSALS, Reply, envelope
from tests.fakes.openai_rules import (
    EDIT_FORM_PARAMS,
    EDIT_JSON_PARAMS,
    GENERATION_PARAMS,
    MODELS,
    Asked,
    FormText,
    Rejection,
    check,
    check_key,
)
from tests.fakes.recording import Received, UnreadableBody, parse_body


class OpenAIVendor:
    """The fake vendor. ``keys``: accepted API keys, empty for any; ``weight``: bytes per image."""

    def __init__(
        self,
        name: str = "openai",
        *,
        keys: frozenset[str] = frozenset(),
        weight: int = 0,
        port: int = 0,
    ) -> None:
        self.name = name
        self.keys = keys
        self.weight = weight
        self.script = Script()
        self.received: list[Received] = []
        self.hung_up = 0
        """How many requests ended because the caller went away before the answer was out."""
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
        return f"http://127.0.0.1:{self.port}/v1"

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
        """The ASGI application: OpenAI's paths, Azure's, and ``/_control``."""
        prefixes = ("/v1", "/openai/v1", "/openai/deployments/{deployment}")
        routes = [Route("/_control", self._control, methods=["GET", "POST", "DELETE"])]
        for prefix in prefixes:
            routes += [
                Route(f"{prefix}/images/generations", _Door(self)),
                Route(f"{prefix}/images/edits", _Door(self)),
                Route(f"{prefix}/models", _Door(self)),
            ]
        return Starlette(routes=routes, exception_handlers={404: _no_such_url})

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

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: record, check, decide, deliver."""
        request = Request(scope, receive)
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            parsed = parse_body(headers.get("content-type", ""), body)
            problem = None
        except UnreadableBody as error:
            parsed, problem = (None, []), Rejection(400, f"We could not parse the body: {error}")
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
        answer, what = self._decide(arrived, problem)
        self._record(arrived, what)
        assert self._released is not None
        watched = _Watched(send)
        number = next(self._numbers)
        answer = _with_headers(answer, number)
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

    def _decide(self, arrived: Received, problem: Rejection | None) -> tuple[Reply, Plan]:
        """The answer and how it travels. A request OpenAI would refuse uses up no fault."""
        try:
            if problem:
                raise problem
            check_key(arrived.headers, self.keys)
            if arrived.path.endswith("/models"):
                _only("GET", arrived)
                what = self.script.take(arrived.path, "")
                return _refused(what) or _models(), what
            _only("POST", arrived)
            asked = understood(arrived)
        except Rejection as error:
            return envelope(error.status, error.error, error.headers), Plan()
        except BadInput as error:
            told = {"message": error.message, "type": "invalid_request_error"}
            return envelope(400, {**told, "code": error.code, "param": error.param}), Plan()
        what = self.script.take(arrived.path, asked.prompt)
        weight = self.weight if what.weight is None else what.weight
        return _refused(what) or reply(right_answer(asked, weight), what), what


class _Door:
    """An ASGI endpoint (Starlette treats a class instance as a raw application)."""

    def __init__(self, vendor: OpenAIVendor) -> None:
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


def understood(arrived: Received) -> Asked:
    """The checked image request; raises :class:`Rejection` or :class:`BadInput`."""
    edit = arrived.path.endswith("/edits")
    multipart = arrived.headers.get("content-type", "").startswith("multipart/form-data")
    if multipart and edit:
        params: dict[str, Any] = {k: FormText(v) for k, v in arrived.fields.items()}
        return check(EDIT_FORM_PARAMS, params, from_parts(arrived.parts), edit=True)
    if not isinstance(arrived.json, dict):
        raise Rejection(400, "We could not parse the JSON body of your request.")
    params = dict(cast("Mapping[str, Any]", arrived.json))
    if "/deployments/" in arrived.path:
        params.setdefault("model", arrived.path.split("/deployments/")[1].split("/")[0])
    if edit:
        return check(EDIT_JSON_PARAMS, params, from_json(params), edit=True)
    return check(GENERATION_PARAMS, params, (), edit=False)


def _only(method: str, arrived: Received) -> None:
    if arrived.method != method:
        raise Rejection(405, f"Not allowed to {arrived.method} on {arrived.path}.")


def _refused(what: Plan) -> Reply | None:
    refusal = REFUSALS.get(what.fault)
    return refusal(what) if refusal else None


def _models() -> Reply:
    listed = [
        {"id": model, "object": "model", "created": 1_700_000_000, "owned_by": "system"}
        for model in MODELS
    ]
    return Reply(200, (json.dumps({"object": "list", "data": listed}).encode(),))


def _with_headers(answer: Reply, number: int) -> Reply:
    """OpenAI's standing headers."""
    standing = {
        "x-request-id": f"req_fake_{number:06d}",
        "openai-processing-ms": "42",
        "openai-organization": "org-fake",
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "250",
        "x-ratelimit-remaining-requests": str(max(0, 250 - number)),
        "x-ratelimit-reset-requests": "240ms",
    }
    return replace(answer, headers={**standing, **answer.headers})


async def _no_such_url(request: Request, _: Exception) -> Response:
    message = f"Invalid URL ({request.method} {request.url.path})"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, 404)


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """A base URL whose port refuses connections (it is bound, but nobody listens)."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


def main(argv: list[str] | None = None) -> int:
    """Serve until the process is told to end; prints the base URL first."""
    parser = argparse.ArgumentParser(
        prog="openai_vendor", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--weight", type=int, default=0, help="bytes per image, at least")
    told = parser.parse_args(argv)
    with OpenAIVendor(port=told.port, weight=told.weight) as vendor:
        sys.stdout.write(vendor.base_url + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
