"""``/healthz``: the process answers. ``/readyz``: it can do its work, check by check."""

import asyncio
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.server.door import Door
from darkroom.server.native import json_response

_CHECK_TIMEOUT_S = 5.0


def routes(door: Door) -> list[Route]:
    services = door.services

    async def healthz(_request: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        checks = {
            "database": await _tried(services.database.ping()),
            "storage": await _tried(services.blobs.check()),
        }
        ready = all(said == "ok" for said in checks.values())
        body = {"status": "ok" if ready else "not ready", "checks": checks}
        return json_response(body, 200 if ready else 503)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


async def _tried(check: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            await check
    except Exception as error:  # noqa: BLE001 - every reason is a reason not to be ready
        return f"failed: {type(error).__name__}"
    return "ok"
