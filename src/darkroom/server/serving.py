"""Runs the server: opens the services, prints where they are, drains on SIGTERM."""

import asyncio
import contextlib
import json
import math
import os
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from darkroom.server import allocator
from darkroom.server.app import create_app
from darkroom.server.connections import Bounds, Guard
from darkroom.server.keys import ADMIN, IMAGES, Keys
from darkroom.server.reloading import Watcher
from darkroom.server.session import link_url
from darkroom.server.sessions import Lifetimes, Sessions
from darkroom.settings import ConfigError, Settings
from darkroom.telemetry import hide
from darkroom.wiring import Services, running, utc_today

if TYPE_CHECKING:
    from darkroom.telemetry.traces import Providers

_BACKLOG = 2048
_TICK_S = 0.05
_ANSWERS_S = 2.0
"""Of the time to stop in, what is kept for answers that are on their way."""
BEACON = "server.json"
"""In the data folder while a server runs: its address, and a key for this machine's user."""


@dataclass(frozen=True, slots=True)
class Started:
    """What there is to tell when the doors are open."""

    services: Services
    app: ASGIApp
    operator_key: str
    first_key: str | None
    """The first API key, shown once; None when there were keys already."""


@asynccontextmanager
async def started(
    settings: Settings,
    today: Callable[[], date] = utc_today,
    otel: "Providers | None" = None,
) -> AsyncGenerator[Started, None]:
    """Services and application, with the first key made if there is none."""
    async with running(settings, today, otel) as services:
        keys = Keys(services.database, services.key_pepper)
        first = await _first_key(keys, settings)
        operator = await keys.admit_operator()
        hide(operator)
        yield Started(services, create_app(services, keys), operator, first)


async def sign_in_link(server: Started, url: str) -> str | None:
    """An address of the playground that signs in once, with the oldest key that may administer;
    None when there is no such key any more."""
    services = server.services
    keys = Keys(services.database, services.key_pepper)
    key = await keys.first_admin()
    if key is None:
        return None
    lifetimes = Lifetimes.of(services.settings)
    sessions = Sessions(services.database, services.key_pepper, keys, lifetimes)
    token, _ = await sessions.link(key.id)
    return link_url(services.settings.public_url.rstrip("/") or url, token)


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises :class:`ConfigError` with one line that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off only where the protocol is named: without, each answer on a
    # kept connection waits 40 ms. https://github.com/python/cpython/blob/3.11/Lib/asyncio/base_events.py#L188
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(_BACKLOG)  # from here on the port is ours; callers wait until we are ready
    except OSError as error:
        found.close()
        if error.errno in (98, 48):
            raise ConfigError(
                f"port {port} on {host} is in use; stop what uses it, or choose another: --port"
                f" {port + 1}"
            ) from error
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return found


class _Server(uvicorn.Server):
    """Stops in order: no new work from the signal on, then the jobs, then the connections.

    While jobs finish, the doors stay open: callers are told to come back, load balancers look
    elsewhere. uvicorn raises a signal again after it has stopped: that would end the process
    before the rest is closed.
    """

    def __init__(self, config: uvicorn.Config, services: Services, guard: Guard) -> None:
        super().__init__(config)
        self._services = services
        self._guard = guard

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        watching = asyncio.create_task(self._guard.watch(), name="connections")
        try:
            await super().serve(sockets)
        finally:
            watching.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stop_taking()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._finish_jobs()
        left_s = self._services.drain.left_s
        self.config.timeout_graceful_shutdown = max(1, math.ceil(left_s))
        await super().shutdown(sockets)

    async def _finish_jobs(self) -> None:
        """Let running jobs end and their callers have the answers; tell the others."""
        services, drain = self._services, self._services.drain
        self._stop_taking()
        margin_s = min(_ANSWERS_S, services.settings.drain_s / 5)
        ending = asyncio.create_task(services.engine.drain(max(0.0, drain.left_s - margin_s)))
        while not ending.done() and not self.force_exit:
            await asyncio.wait({ending}, timeout=_TICK_S)
        ending.cancel()
        if not services.engine.alone:  # other processes may end the jobs that callers wait for
            await self._answered(drain.left_s - margin_s)
        services.jobs.abandon()

    def _stop_taking(self) -> None:
        """Safe in a signal handler."""
        self._services.drain.begin()
        self._services.engine.refuse()

    async def _answered(self, within_s: float) -> None:
        """Return when nobody waits for an answer, or after ``within_s``."""
        deadline = asyncio.get_running_loop().time() + within_s
        while (tasks := self.server_state.tasks) and not self.force_exit:
            if asyncio.get_running_loop().time() >= deadline:
                return
            await asyncio.wait(tasks, timeout=_TICK_S)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def http_server(started: Started) -> uvicorn.Server:
    """The HTTP server over the application; ``should_exit`` stops it."""
    settings = started.services.settings
    guard = Guard(
        Bounds(
            connections=settings.connections_max,
            head_s=settings.head_timeout_s,
            idle_s=settings.idle_timeout_s,
            stall_s=settings.unread_timeout_s,
            unread_bytes=settings.unread_bytes_max,
        )
    )
    config = uvicorn.Config(
        started.app,
        http=guard.protocol(),
        ws="none",  # nothing here speaks it, and its library is four megabytes
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        reset_contextvars=True,  # what a request's log lines are named with ends with it
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
    )
    return _Server(config, started.services, guard)


async def serve(
    started: Started, listener: socket.socket, server: uvicorn.Server | None = None
) -> None:
    """Answer until SIGINT or SIGTERM, then finish what was begun."""
    server = server or http_server(started)
    state = server.server_state
    tidying = asyncio.create_task(
        allocator.give_back_when_idle(lambda: bool(state.tasks), lambda: state.total_requests)
    )
    watcher = Watcher(started.services)
    watching = asyncio.create_task(watcher.watch(), name="configuration")
    try:
        with announced(started, url_of(listener)), watcher.on_hangup():
            await server.serve(sockets=[listener])
    finally:
        tidying.cancel()
        watching.cancel()


@contextlib.contextmanager
def announced(started: Started, url: str) -> Generator[None, None, None]:
    """Other commands on this machine find the server by its beacon meanwhile."""
    beacon = started.services.settings.data_dir / BEACON
    _write_beacon(beacon, url, started.operator_key)
    try:
        yield
    finally:
        _remove_beacon(beacon)


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


async def _first_key(keys: Keys, settings: Settings) -> str | None:
    scopes = frozenset((ADMIN, IMAGES))
    if settings.init_key:
        await keys.create("init", "default", scopes, settings.init_key)
        return None
    if not await keys.none_yet():
        return None
    _, secret = await keys.create("first", "default", scopes)
    return secret


def _write_beacon(path: Path, url: str, key: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"url": url, "pid": os.getpid(), "key": key}, file)


def _remove_beacon(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text(encoding="utf-8"))["pid"] == os.getpid():
            path.unlink()
