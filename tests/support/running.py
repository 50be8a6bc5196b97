"""A whole Darkroom server on loopback, in a thread of the test's process."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Self

import uvicorn

from darkroom.server.serving import bound_socket, http_server, serve, started, url_of
from darkroom.settings import Settings
from darkroom.telemetry.traces import Providers
from darkroom.wiring import Services, utc_today
from tests.fakes.openai_vendor import OpenAIVendor

KEY = "test-key-0123456789-0123456789-0123456789"


class Running:
    """The server with the key :data:`KEY`; ``services`` is what it works with."""

    def __init__(self, data_dir: Path, **options: Any) -> None:
        options.setdefault("drain_s", 2)
        options.setdefault("access_log", False)  # nobody set logs up here: they would go to stdout
        self._today: Callable[[], date] = options.pop("today", utc_today)
        self._otel: Providers | None = options.pop("otel", None)
        self.settings = Settings(data_dir=data_dir, port=0, init_key=KEY, **options)
        self.key = KEY
        self.url = ""
        self.services: Services
        self.loop: asyncio.AbstractEventLoop
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="darkroom-under-test", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60), "the server did not start"
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the server did not stop"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        with closing(bound_socket("127.0.0.1", 0)) as listener:
            await self._serve_at(listener)

    async def _serve_at(self, listener: socket.socket) -> None:
        async with started(self.settings, self._today, self._otel) as server:
            self.services = server.services
            self.loop = asyncio.get_running_loop()
            self.url = url_of(listener)
            self._server = http_server(server)
            self._ready.set()
            await serve(server, listener, self._server)


def deployment(vendor: OpenAIVendor, **options: Any) -> dict[str, Any]:
    """A deployment table that points to a fake vendor."""
    return {
        "id": vendor.name,
        "provider": "openai",
        "base_url": vendor.base_url,
        "api_key": "sk-upstream-secret",
        **options,
    }
