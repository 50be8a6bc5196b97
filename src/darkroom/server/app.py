"""The ASGI application: every door, and what happens around each request."""

from collections.abc import Callable

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darkroom.core.errors import MethodNotAllowed, NotFound
from darkroom.core.ids import new_token
from darkroom.server import (
    accounts,
    admin,
    files,
    health,
    models,
    money,
    native,
    pictures,
    playground,
    quotes,
)
from darkroom.server.door import Door
from darkroom.server.images import image_handler
from darkroom.server.keys import Keys
from darkroom.wiring import Services

_AREAS: tuple[Callable[[Door], list[Route]], ...] = (
    native.routes,
    quotes.routes,
    models.routes,
    files.routes,
    admin.routes,
    accounts.routes,
    money.routes,
    pictures.routes,
    health.routes,
    playground.routes,
)


def create_app(services: Services, keys: Keys) -> ASGIApp:
    """The application over open services. Deny by default: each handler asks for its caller."""
    door = Door(services, keys)
    routes: list[BaseRoute] = [
        Route(route.path, image_handler(door, dialect, route), methods=["POST"])
        for dialect in services.dialects
        for route in dialect.routes
    ]
    for area in _AREAS:
        routes.extend(area(door))

    async def unknown(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        method, path = request.method, request.scope["path"]
        if status == 405:
            headers = error.headers if isinstance(error, HTTPException) else None
            refusal = MethodNotAllowed(f"{path} does not answer to {method}.")
            return door.error(refusal, headers=headers)
        return door.error(NotFound(f"Invalid URL ({method} {path})."))

    app = Starlette(routes=routes, exception_handlers={HTTPException: unknown})
    app.router.redirect_slashes = False
    return WithRequestId(app)


class WithRequestId:
    """Gives every request an id: in its scope, its logs and its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{new_token()}"
        scope.setdefault("state", {})["request_id"] = request_id
        header = (b"x-request-id", request_id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self._app(scope, receive, send_with_id)
