"""Bounds what a connection may take: its headers, its idle time, answers nobody reads, its number.

uvicorn has a time for idle connections and none for the rest: a header or the rest of a refused
body may take for ever, and so may an answer (https://github.com/encode/uvicorn/issues/2328). Here
each connection says what it waits for and since when; one task looks at all of them now and then,
which costs a request nothing. How long a body may take is decided where it is read.
"""

import asyncio
import math
import resource
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger(__name__)

_HEAD_BYTES_MAX = 65_536
_PIPELINED_MAX = 16
"""Requests that are sent before an earlier one is answered."""
_LOOK_S = 1.0
_SPARE = 64
"""So many connections above the limit are told so properly; those above are only cut off."""
_SHED_AFTER_S = 2.0
"""Who has read nothing for so long may be cut off for the sake of others."""
RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times are in seconds. ``unread_bytes``: of answers that are written and not read, in all."""

    connections: int = 4_000
    head_s: float = 10.0
    idle_s: float = 75.0
    linger_s: float = 10.0
    """How long the rest of a body is dropped whose request was answered already."""
    stall_s: float = 60.0
    """How long an answer may wait for its reader to take some of it."""
    unread_bytes: int = 128_000_000


def allow_open_files(most: int = 65_536) -> None:
    """Let this process open as many files as it may: each connection is one, of old only 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Phase(Enum):
    HEAD = "head"
    WORK = "work"
    LINGER = "linger"
    IDLE = "idle"
    CLOSING = "closing"


class Guard:
    """All connections of one server; runs beside it from :meth:`watch`."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.connections: set[GuardedProtocol] = set()

    def protocol(self) -> type[asyncio.Protocol]:
        """The protocol class for uvicorn's configuration."""
        return type("Guarded", (GuardedProtocol,), {"guard": self})

    @property
    def crowded(self) -> bool:
        return len(self.connections) > self.bounds.connections

    async def watch(self) -> None:
        """End what takes too long, until cancelled."""
        bounds = self.bounds
        times = (bounds.head_s, bounds.idle_s, bounds.linger_s, bounds.stall_s)
        pause_s = min(_LOOK_S, min(times) / 4)
        while True:
            await asyncio.sleep(pause_s)
            self.look(asyncio.get_running_loop().time())

    def look(self, now: float) -> None:
        """End every connection whose time is over, and shed answers that fill the memory."""
        stalled: list[tuple[float, GuardedProtocol]] = []
        for one in tuple(self.connections):
            one.look(now)
            if one.stalled_at < now - _SHED_AFTER_S:
                stalled.append((one.stalled_at, one))
        unread = sum(one.unread for _, one in stalled)
        for _, one in sorted(stalled, key=lambda each: each[0]):
            if unread <= self.bounds.unread_bytes:
                return
            unread -= one.unread
            one.abort("unread_answers")


class GuardedProtocol(HttpToolsProtocol):
    """One connection that knows what it waits for, and until when."""

    guard: Guard

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._phase = _Phase.HEAD
        self._due = math.inf
        self._head_bytes = 0
        self._body_came = True
        self.stalled_at = math.inf
        """Since when an answer waits for its reader."""

    @property
    def unread(self) -> int:
        return self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.guard.connections.add(self)
        self._wait_for(_Phase.HEAD, self.guard.bounds.head_s)
        if len(self.guard.connections) > self.guard.bounds.connections + _SPARE:
            self._refuse(b"503 Service Unavailable", b"Too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.connections.discard(self)
        self._due = self.stalled_at = math.inf
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.CLOSING:
            return
        if self._phase is _Phase.IDLE:
            self._wait_for(_Phase.HEAD, self.guard.bounds.head_s)
        if self._body_came:  # so these are headers, also while an earlier request is answered
            self._head_bytes += len(data)
        super().data_received(data)
        if self._body_came and self._head_bytes > _HEAD_BYTES_MAX:
            self._refuse(b"431 Request Header Fields Too Large", b"The headers are too large.")

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= _PIPELINED_MAX:
            raise ValueError("too many requests at once")  # which the parser tells as malformed
        self._body_came = False
        self._head_bytes = 0
        self._phase, self._due = _Phase.WORK, math.inf
        if self.guard.crowded:
            cast(Any, self.scope)["state"]["crowded"] = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body_came = True
        super().on_message_complete()
        if self._phase is _Phase.LINGER:
            self._wait_for(_Phase.IDLE, self.guard.bounds.idle_s)

    def on_response_complete(self) -> None:
        waiting = bool(self.pipeline)
        super().on_response_complete()
        self._unset_keepalive_if_required()  # it does not bound what follows: we do
        if self.transport.is_closing():
            self._wait_for(_Phase.CLOSING, self.guard.bounds.stall_s)
        elif waiting:
            self._phase, self._due = _Phase.WORK, math.inf
        elif not self._body_came:
            self._wait_for(_Phase.LINGER, self.guard.bounds.linger_s)
        else:
            self._wait_for(_Phase.IDLE, self.guard.bounds.idle_s)

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._wait_for(_Phase.CLOSING, self.guard.bounds.stall_s)

    def pause_writing(self) -> None:
        self.stalled_at = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_at = math.inf
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection when its time is over."""
        if now - self.stalled_at >= self.guard.bounds.stall_s:
            self.abort("unread_answer")
        elif now >= self._due:
            self._over()

    def abort(self, why: str) -> None:
        """Cut it off, with what was not read."""
        log.info("connection_cut", why=why, client=None if self.client is None else self.client[0])
        self.transport.abort()

    def _over(self) -> None:
        match self._phase:
            case _Phase.HEAD if self._head_bytes:
                self._refuse(b"408 Request Timeout", b"The headers did not arrive in time.")
            case _Phase.CLOSING:
                self.abort("unread_answer")
            case _Phase.WORK:
                pass
            case _:
                self.transport.close()
                self._wait_for(_Phase.CLOSING, self.guard.bounds.stall_s)

    def _refuse(self, status: bytes, why: bytes) -> None:
        """An answer for whom no dialect is known."""
        head = b"HTTP/1.1 %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
        end = b"retry-after: %d\r\nconnection: close\r\n\r\n%s"
        self.transport.write(head % (status, len(why)) + end % (RETRY_AFTER_S, why))
        self.transport.close()
        self._wait_for(_Phase.CLOSING, self.guard.bounds.stall_s)

    def _wait_for(self, phase: _Phase, within_s: float) -> None:
        self._phase = phase
        self._due = self.loop.time() + within_s
