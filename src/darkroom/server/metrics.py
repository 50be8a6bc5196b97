"""``GET /metrics``: this process's metrics for Prometheus, and what the installation shares."""

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom import jobs, ledger, webhooks
from darkroom.core.errors import NotFound
from darkroom.core.ids import now_ms
from darkroom.db import Tx
from darkroom.routing import Circuit, CircuitState
from darkroom.server.door import Door
from darkroom.server.keys import ADMIN
from darkroom.telemetry.metrics import Shared
from darkroom.wiring import Services

log = structlog.get_logger(__name__)

_FRESH_S = 2.0
"""So long the database is not asked again."""
_READ_S = 2.0
_FORWARDED = (
    *("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
    *("x-real-ip", "cf-connecting-ip"),
)


def routes(door: Door) -> list[Route]:
    return [Route("/metrics", door.guarded(MetricsDoor(door).show), methods=["GET"])]


class MetricsDoor:
    """Scrapes take turns: each sets the gauges that are read from elsewhere."""

    def __init__(self, door: Door, clock: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._services = door.services
        self._settings = door.services.settings
        self._token = self._settings.resolved_metrics_token().reveal()
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked_at: float | None = None

    async def show(self, request: Request) -> Response:
        """In Prometheus's text format, or in OpenMetrics for who asks for that."""
        await self._admit(request)
        metrics, accept = self._services.metrics, request.headers.get("accept", "")
        async with self._turn:
            await self._ask()
            metrics.look(_circuits(self._services), tuple(CircuitState))
            page, media_type = await asyncio.to_thread(metrics.page, accept)
        return Response(page, headers={"content-type": media_type, "cache-control": "no-store"})

    async def _admit(self, request: Request) -> None:
        """Raises :class:`NotFound`, :class:`Unauthorized` or :class:`Forbidden`."""
        if self._settings.metrics == "off":
            raise NotFound(f"Invalid URL ({request.method} {request.url.path}).")
        if self._settings.metrics == "local" and self._is_local(request):
            return
        _, _, sent = request.headers.get("authorization", "").partition(" ")
        if self._token and hmac.compare_digest(sent.strip().encode(), self._token.encode()):
            return
        (await self._door.principal(request)).require(ADMIN)

    def _is_local(self, request: Request) -> bool:
        """Asked from this machine, and by its own name.

        What a proxy passes on comes from this machine as well: it shows by its headers, or by
        the origin that is configured for it.
        """
        if self._settings.public_url or request.client is None:
            return False
        if any(name in request.headers for name in _FORWARDED):
            return False
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return _is_loopback(request.client.host) and (name == "localhost" or _is_loopback(name))

    async def _ask(self) -> None:
        """Read what all processes share, unless that was done just now."""
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < _FRESH_S:
            return
        self._asked_at = now
        try:
            async with asyncio.timeout(_READ_S):
                shared = await self._services.database.read(_shared)
        except Exception as error:  # noqa: BLE001 - a scrape shows what there is
            log.warning("metrics_without_database", why=type(error).__name__)
            shared = None
        self._services.metrics.share(shared)


def _shared(tx: Tx) -> Shared:
    now = now_ms()
    depth = jobs.depth(tx)
    held = ledger.held(tx)
    pending = webhooks.pending(tx)
    return Shared(
        queued=depth.queued,
        running=depth.running,
        oldest_queued_s=_age_s(depth.oldest_queued_ms, now),
        holds=held.count,
        held_nanos=held.nanos,
        webhooks_pending=pending.count,
        webhooks_overdue_s=_age_s(pending.due_ms, now),
    )


def _circuits(services: Services) -> Mapping[str, str]:
    standings, now = services.dispatch.health.standings(), now_ms()
    found: dict[str, str] = {}
    for route in services.router.routes:
        name = route.deployment.id
        circuit = standings[name].circuit if name in standings else Circuit(name)
        cooled = circuit.state is CircuitState.COOLING and not circuit.cooling(now)
        found[name] = CircuitState.CLOSED if cooled else circuit.state
    return found


def _age_s(since_ms: int | None, now: int) -> float:
    return 0.0 if since_ms is None else max(0, now - since_ms) / 1000


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
