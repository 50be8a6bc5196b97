"""The ASGI application: every door, and what happens around each request."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from darkroom.core.errors import MethodNotAllowed, NotFound
from darkroom.server import (
    accounts,
    admin,
    apiframe,
    deployments,
    downloads,
    events,
    evolink,
    files,
    health,
    images,
    llms,
    mcp,
    metrics,
    models,
    money,
    native,
    openapi,
    pictures,
    playground,
    quotes,
    reports,
    responses,
    session,
    storage,
    tasks,
    webhooks,
)
from darkroom.server.door import Door
from darkroom.server.keys import Keys
from darkroom.server.request_ids import WithRequestId
from darkroom.server.sessions import Lifetimes, sessions_chore
from darkroom.server.watched import Watched
from darkroom.wiring import Services

_AREAS: tuple[Callable[[Door], list[Route]], ...] = (
    responses.routes,  # before images: its door reads what its dialect's plain one cannot
    images.routes,
    tasks.routes,
    native.routes,
    events.routes,
    downloads.routes,
    reports.routes,
    quotes.routes,
    models.routes,
    files.routes,
    session.routes,
    admin.routes,
    accounts.routes,
    money.routes,
    storage.routes,
    webhooks.routes,
    deployments.routes,
    apiframe.routes,
    evolink.routes,
    pictures.routes,
    health.routes,
    metrics.routes,
    mcp.routes,
    llms.routes,
    playground.routes,
)


def every_route(door: Door) -> list[BaseRoute]:
    """All that the server answers to, in the order in which it is looked for."""
    routes: list[BaseRoute] = [route for area in _AREAS for route in area(door)]
    return [*routes, *openapi.routes(door, routes)]


def create_app(services: Services, keys: Keys) -> ASGIApp:
    """The application over open services. Deny by default: each handler asks for its caller."""
    door = Door(services, keys)
    lifetimes = Lifetimes.of(services.settings)
    services.keeper.add(sessions_chore(services.database, lifetimes))

    async def unknown(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        method, path = request.method, request.scope["path"]
        dialect = door.resolver.at_a_glance(path, request.headers)
        if status == 405:
            headers = error.headers if isinstance(error, HTTPException) else None
            refusal = MethodNotAllowed(f"{path} does not answer to {method}.")
            return door.error(refusal, dialect, headers)
        return door.error(NotFound(f"Invalid URL ({method} {path})."), dialect)

    app = Starlette(routes=every_route(door), exception_handlers={HTTPException: unknown})
    app.router.redirect_slashes = False
    return WithRequestId(Watched(app, services))
