"""``/v1/deployments``: where requests go, for keys with the scope ``admin``."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import now_ms
from darkroom.core.ports import Finding
from darkroom.core.price import PPM
from darkroom.core.secret import Secret
from darkroom.core.times import shown_time
from darkroom.jobs import Failure, failures
from darkroom.routing import Circuit, Route, Standing
from darkroom.server.door import Door, path_id
from darkroom.server.keys import ADMIN
from darkroom.server.native import json_response, shown_money
from darkroom.server.reloading import reload
from darkroom.settings import ConfigError

_CHECK_S = 30.0
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_FAILURES_MAX = 1_000
"""So many failed attempts of a day are looked at, however many there were."""
_HINT_CHARS = 4
_HINT_FROM = 16
"""Of a shorter key four characters would tell too much."""


def routes(door: Door) -> list[Path]:
    view = DeploymentsView(door)
    one = "/v1/deployments/{deployment_id}/check"
    return [
        Path("/v1/deployments", door.guarded(view.page), methods=["GET"]),
        Path("/v1/deployments/reload", door.guarded(view.reload), methods=["POST"]),
        Path(one, door.guarded(view.check), methods=["POST"]),
    ]


class DeploymentsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services

    async def page(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        return json_response({"object": "list", "data": await self._all()})

    async def reload(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        try:
            done = reload(self._services)
        except ConfigError as error:
            raise InvalidRequest(
                f"The configuration was refused, and nothing has changed: {error}."
            ) from error
        told = {"added": done.added, "changed": done.changed, "removed": done.removed}
        return json_response({"object": "list", **told, "data": await self._all()})

    async def check(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        name = path_id(request, "deployment_id")
        route = self._services.router.route(name)
        if route is None:
            raise NotFound(f"There is no deployment '{name}'.")
        found = await _findings(route)
        return json_response(
            {
                "object": "deployment_check",
                "id": name,
                "provider": route.provider.name,
                "ok": all(one.ok for one in found),
                "findings": [
                    {"ok": one.ok, "what": one.what, "advice": one.advice or None} for one in found
                ],
            }
        )

    async def _all(self) -> list[dict[str, Any]]:
        since = now_ms() - _DAY_MS
        failed = await self._services.database.read(lambda tx: failures(tx, since, _FAILURES_MAX))
        standings = self._services.dispatch.health.standings()
        served = self._services.router.models()
        return [
            _shown(
                route,
                [one.spec.id for one in served if route.deployment.id in one.deployments],
                standings.get(route.deployment.id),
                [one for one in failed if one.deployment == route.deployment.id],
            )
            for route in self._services.router.routes
        ]


async def _findings(route: Route) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(_CHECK_S):
            return await route.provider.check()
    except TimeoutError:
        advice = "Check base_url, and whether a firewall or proxy stands in between."
        return (Finding(False, f"It did not answer within {_CHECK_S:.0f} s.", advice),)


def _shown(
    route: Route, models: list[str], standing: Standing | None, failed: Sequence[Failure]
) -> dict[str, Any]:
    one = route.deployment
    fixed = one.price_per_image
    return {
        "id": one.id,
        "object": "deployment",
        "provider": route.provider.name,
        "base_url": one.base_url,
        "key_hint": _hint(one.api_key),
        "region": one.region or None,
        "models": models,
        "upstream_models": {public: own for public, own in one.models.items() if own != public},
        "limits": {
            "max_concurrent": one.max_concurrent or None,
            "requests_per_minute": one.requests_per_minute or None,
            "timeout_s": one.timeout_s,
        },
        "price": {
            "sheet": one.price_sheet or route.provider.vendor or None,
            "multiplier": f"{Decimal(one.price_multiplier_ppm) / PPM:f}",
            "per_image": None if fixed is None else shown_money(fixed),
        },
        "weight": one.weight,
        "circuit": _shown_circuit(Circuit(one.id) if standing is None else standing.circuit),
        "latency_ms": None if standing is None else _ms(standing.latency_ms),
        "failures": _shown_failures(failed),
    }


def _shown_failures(failed: Sequence[Failure]) -> dict[str, Any]:
    """Of all processes: how many attempts failed within the hour, and the last one of a day."""
    hour = now_ms() - _HOUR_MS
    last = failed[0] if failed else None
    return {
        "last_hour": sum(one.at_ms >= hour for one in failed),
        "last": last
        and {
            "at": shown_time(last.at_ms),
            "code": last.error and last.error.code,
            "message": last.error and last.error.message,
            "job": last.job_id,
        },
    }


def _ms(measured: float | None) -> int | None:
    return None if measured is None else round(measured)


def _shown_circuit(circuit: Circuit) -> dict[str, Any]:
    """``usable``: whether requests go there now without being a probe."""
    now = now_ms()
    return {
        "state": circuit.state,
        "usable": not circuit.broken and not circuit.cooling(now),
        "reason": circuit.reason or None,
        "since": shown_time(circuit.since_ms or None),
        "retry_at": shown_time(circuit.retry_at_ms or None),
    }


def _hint(key: Secret) -> str | None:
    """The end of a key, by which its owner knows it; None: there is no key."""
    text = key.reveal()
    if not text:
        return None
    return f"…{text[-_HINT_CHARS:]}" if len(text) >= _HINT_FROM else "…"
