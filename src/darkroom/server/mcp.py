"""``POST /mcp``: the tools for agents, over streamable HTTP, with the same keys as the API.

The protocol's code is loaded with the first request: a server that nobody asks does without.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom import __version__
from darkroom.core.errors import Unauthorized
from darkroom.server.body import read_bytes
from darkroom.server.door import Door
from darkroom.server.request_ids import WithRequestId
from darkroom.server.resolve import key_of

if TYPE_CHECKING:
    from types import ModuleType

_BODY_BYTES_MAX = 4 << 20
_CHALLENGE = {"www-authenticate": 'Bearer realm="darkroom"'}


def routes(door: Door) -> list[Route]:
    async def ask(request: Request) -> Response:
        try:
            await door.principal(request)
        except Unauthorized as error:
            return door.error(error, headers=_CHALLENGE)
        body = await read_bytes(request, door.patience, _BODY_BYTES_MAX)
        http = await asyncio.to_thread(_loaded)
        origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
        public = urlsplit(door.origin(request))
        caller = http.Caller(
            key=key_of(request.headers),
            address=origin,
            host=request.headers.get("host", ""),
            origins=(origin, f"{public.scheme}://{public.netloc}"),
        )
        app = http.application(WithRequestId(request.app), caller, __version__)
        return _Answering(app, body)

    # GET would open a stream on which nothing is ever told: a session is not kept.
    return [Route("/mcp", door.guarded(ask), methods=["POST"])]


def _loaded() -> "ModuleType":
    from darkroom.mcp import http

    return http


class _Answering(Response):
    """Leaves the answer to an application that finds the body already read."""

    def __init__(self, app: ASGIApp, body: bytes) -> None:
        super().__init__()
        self._app = app
        self._read = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": self._read, "more_body": False}

        await self._app(scope, again, send)
