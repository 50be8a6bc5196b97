"""Watches every request: its metrics, its span, its line in the log, the origin of its jobs."""

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from darkroom.core.trace import Trace, current_trace
from darkroom.server.door import route_of
from darkroom.telemetry.metrics import Answered
from darkroom.wiring import Services

if TYPE_CHECKING:
    from darkroom.telemetry.traces import RequestSpan

log = structlog.get_logger(__name__)

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_PIECES = frozenset({"/static/{name:path}", "/assets/{asset_id}/{edge}.webp"})
"""What pages are made of: a line for each would hide the lines that matter."""
_PROBES = frozenset(("/healthz", "/readyz", "/metrics"))
"""Asked every few seconds by machines: nobody wants to read of that."""
_TRACE_HEADERS = (b"traceparent", b"tracestate")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_HUNG_UP = 499
"""The client was gone before its answer: nginx's number for that."""
_CRASHED = 500


@dataclass(slots=True)
class _Counts:
    began: float
    status: int = _HUNG_UP
    bytes_in: int = 0
    bytes_out: int = 0


class Watched:
    """Inside of :class:`~darkroom.server.request_ids.WithRequestId`, whose id it hands on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._metrics = services.metrics
        self._traces = services.traces
        self._access_log = services.settings.access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        counts = _Counts(time.perf_counter())
        span = self._began(scope)
        trace = Trace(scope["state"]["request_id"], _parent(scope) if span is None else span.parent)

        async def counted_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                counts.bytes_in += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                counts.status = message["status"]
            elif message["type"] == "http.response.body":
                counts.bytes_out += len(message.get("body", b""))
            await send(message)

        # Not taken back: a request has a context of its own, which ends with it.
        current_trace.set(trace)
        bind_contextvars(trace_id=trace.trace_id, key_id="", job_id="")
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, counted_receive, counted_send)
        except Exception:
            counts.status = _CRASHED
            raise
        finally:
            self._metrics.in_flight.dec()
            self._ended(scope, counts, span)

    def _began(self, scope: Scope) -> "RequestSpan | None":
        if self._traces is None or scope["path"] in _PROBES:
            return None
        attributes = {
            "http.request.method": _method(scope),
            "url.scheme": scope["scheme"],
            "darkroom.request.id": scope["state"]["request_id"],
        }
        return self._traces.request_began(_trace_headers(scope), attributes)

    def _ended(self, scope: Scope, counts: _Counts, span: "RequestSpan | None") -> None:
        method, route, dialect = _method(scope), route_of(scope), _dialect(scope)
        seconds = time.perf_counter() - counts.began
        answered = Answered(
            method, route, dialect, counts.status, seconds, counts.bytes_in, counts.bytes_out
        )
        self._metrics.answered(answered)
        if span is not None:
            failed = counts.status >= _CRASHED
            attributes: dict[str, Any] = {
                "http.route": route,
                "http.response.status_code": counts.status,
                "darkroom.dialect": dialect,
            }
            if failed:
                attributes["error.type"] = str(counts.status)
            span.end(f"{method} {route}", attributes, failed=failed)
        if self._access_log:
            quiet = scope["path"] in _PROBES or (route in _PIECES and counts.status < 400)
            tell = log.debug if quiet else log.info
            tell(
                "request",
                method=method,
                route=route,
                status=counts.status,
                ms=round(seconds * 1000, 1),
                bytes_in=counts.bytes_in,
                bytes_out=counts.bytes_out,
                dialect=dialect,
            )


def _method(scope: Scope) -> str:
    method = scope["method"]
    return method if method in _METHODS else "other"


def _dialect(scope: Scope) -> str:
    dialect = scope["state"].get("dialect")
    return "" if dialect is None else dialect.name


def _parent(scope: Scope) -> str:
    """The caller's span; empty when it names none, or none that can be."""
    sent = _trace_headers(scope).get("traceparent", "")
    return sent if _TRACEPARENT.fullmatch(sent) else ""


def _trace_headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in _TRACE_HEADERS
    }
