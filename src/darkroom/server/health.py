"""``/healthz``: the process answers. ``/readyz``: it can do its work, check by check."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.db import Database, Schema, SchemaMismatch, schema_of
from darkroom.jobs import STOPPING
from darkroom.server.door import Door
from darkroom.server.native import json_response

_CHECK_TIMEOUT_S = 5.0
_FRESH_S = 1.0
"""So long nobody, however often he asks, makes the database or the storage work again."""
_OK = "ok"

Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said ("ok", or why not), and how long it took."""

    said: str
    took_ms: float


def routes(door: Door) -> list[Route]:
    services = door.services
    schema = SchemaCheck(services.database)
    readiness = Readiness(
        {"database": services.database.ping, "schema": schema, "storage": services.blobs.check},
        {
            "engine": lambda: services.engine.trouble,
            "draining": lambda: STOPPING if services.drain.begun else "",
        },
    )

    async def healthz(_request: Request) -> Response:
        return json_response({"status": _OK})

    async def readyz(_request: Request) -> Response:
        found = await readiness.look()
        bad = ", ".join(f"{name} {one.said}" for name, one in found.items() if one.said != _OK)
        body: dict[str, Any] = {
            "status": "not ready" if bad else _OK,
            "checks": {name: one.said for name, one in found.items()},
            "took_ms": {name: one.took_ms for name, one in found.items()},
        }
        if schema.found is not None:
            body["schema"] = {"has": schema.found.has, "needs": schema.found.needs}
        if bad:
            body["error"] = {"code": "not_ready", "message": f"The server is not ready: {bad}."}
        return json_response(body, 503 if bad else 200)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


class SchemaCheck:
    """Whether this version can work with the schema, which others may change while it runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.found: Schema | None = None
        """As it was last seen."""

    async def __call__(self) -> None:
        self.found = await self._database.read(schema_of)
        if self.found.trouble:
            raise SchemaMismatch(self.found.trouble)


class Readiness:
    """``checks`` are made at most once per second and side by side; ``states`` are looked at
    every time: each says what is wrong, or nothing."""

    def __init__(
        self,
        checks: dict[str, Check],
        states: dict[str, Callable[[], str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = checks
        self._states = states
        self._clock = clock
        self._turn = asyncio.Lock()
        self._found: dict[str, Finding] = {}
        self._found_at: float | None = None

    async def look(self) -> dict[str, Finding]:
        async with self._turn:  # who comes meanwhile reads what this one finds
            if self._found_at is None or self._clock() - self._found_at >= _FRESH_S:
                said = await asyncio.gather(*(_tried(check) for check in self._checks.values()))
                self._found = dict(zip(self._checks, said, strict=True))
                self._found_at = self._clock()
        states = {name: Finding(state() or _OK, 0.0) for name, state in self._states.items()}
        return self._found | states


async def _tried(check: Check) -> Finding:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            await check()
    except SchemaMismatch as error:
        said = str(error)
    except Exception as error:  # noqa: BLE001 - every reason is a reason not to be ready
        said = f"failed: {type(error).__name__}"
    else:
        said = _OK
    return Finding(said, round((time.perf_counter() - began) * 1000, 1))
