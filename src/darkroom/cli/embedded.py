"""A server inside this process, on a port of its own, for as long as a command lasts."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext

import uvicorn

from darkroom.cli.beacon import Address
from darkroom.cli.screen import Screen
from darkroom.server.app import create_app
from darkroom.server.keys import Keys
from darkroom.server.serving import Started, announced, bound_socket, http_server, url_of
from darkroom.settings import Settings
from darkroom.telemetry import set_up_logs
from darkroom.wiring import running

_HANG_UP_S = 1


@contextmanager
def embedded(settings: Settings, screen: Screen, *, announce: bool = False) -> Generator[Address]:
    """Open the services of these settings and answer on loopback; drain at the end.

    ``announce``: with a beacon, for a process that stays; a command that is soon over has none, so
    that no other comes to rely on it. Raises what :func:`darkroom.wiring.running` raises.
    """
    set_up_logs("error", settings.log_format)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    server = _Embedded(settings, announce)
    server.start()
    try:
        yield server.opened.result()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, _leave)
        screen.note("waiting for it to end; Ctrl-C again leaves it to the next start")
        raise
    finally:
        server.close()


class _Embedded(threading.Thread):
    """The thread with the event loop. ``opened`` has the address, or why there is none."""

    def __init__(self, settings: Settings, announce: bool) -> None:
        super().__init__(name="darkroom-embedded", daemon=True)
        self._settings = settings
        self._announce = announce
        self._server: uvicorn.Server | None = None
        self.opened: Future[Address] = Future()

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # whatever it is, the waiting thread must hear of it
            if self.opened.done():
                raise
            self.opened.set_exception(error)

    async def _serve(self) -> None:
        listener = bound_socket("127.0.0.1", 0)
        try:
            async with running(self._settings) as services:
                keys = Keys(services.database, services.key_pepper)
                key = await keys.admit_operator()
                # No first key as in serve: nobody would see it.
                server = Started(services, create_app(services, keys), key, None)
                self._server = http_server(server)
                # The only client is this process: once it stops asking, answers have no reader.
                self._server.config.timeout_graceful_shutdown = _HANG_UP_S
                url = url_of(listener)
                with announced(server, url) if self._announce else nullcontext():
                    self.opened.set_result(Address(url, key))
                    await self._server.serve(sockets=[listener])
        finally:
            listener.close()

    def close(self) -> None:
        """Stop answering, let jobs finish, close everything."""
        if self._server is not None:
            self._server.should_exit = True
        self.join()


def _leave(_signal: int, _frame: object) -> None:
    """At the second Ctrl-C: jobs are durable, the next start finds them."""
    os._exit(130)
