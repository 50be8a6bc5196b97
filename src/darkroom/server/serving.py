"""Runs the server: opens the services, prints where they are, drains on SIGTERM."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from darkroom.server import allocator
from darkroom.server.app import create_app
from darkroom.server.keys import ADMIN, IMAGES, Keys
from darkroom.settings import ConfigError, Settings
from darkroom.wiring import Services, running

_BACKLOG = 2048
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
async def started(settings: Settings) -> AsyncGenerator[Started, None]:
    """Services and application, with the first key made if there is none."""
    async with running(settings) as services:
        keys = Keys(services.database, services.key_pepper)
        first = await _first_key(keys, settings)
        operator = await keys.admit_operator()
        yield Started(services, create_app(services, keys), operator, first)


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises :class:`ConfigError` with one line that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
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
    """uvicorn raises a signal again after it has stopped: that would end the process, while
    the running jobs are to finish first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def http_server(started: Started) -> uvicorn.Server:
    """The HTTP server over the application; ``should_exit`` stops it."""
    drain_s = started.services.settings.drain_s
    config = uvicorn.Config(
        started.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(drain_s)),
    )
    return _Server(config)


async def serve(
    started: Started, listener: socket.socket, server: uvicorn.Server | None = None
) -> None:
    """Answer until SIGINT or SIGTERM, then finish what was begun."""
    server = server or http_server(started)
    state = server.server_state
    tidying = asyncio.create_task(allocator.give_back_when_idle(lambda: bool(state.tasks)))
    beacon = started.services.settings.data_dir / BEACON
    _write_beacon(beacon, url_of(listener), started.operator_key)
    try:
        await server.serve(sockets=[listener])
    finally:
        tidying.cancel()
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
