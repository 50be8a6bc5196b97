"""A whole Darkroom server on loopback, in a thread of the test's process."""

import asyncio
import threading
from pathlib import Path
from typing import Any, Self

import uvicorn

from darkroom.server.serving import bound_socket, http_server, serve, started, url_of
from darkroom.settings import Settings
from darkroom.wiring import Services
from tests.fakes.openai_vendor import OpenAIVendor

KEY = "test-key-0123456789-0123456789-0123456789"


class Running:
    """The server with the key :data:`KEY`; ``services`` is what it works with."""

    def __init__(self, data_dir: Path, **options: Any) -> None:
        options.setdefault("drain_s", 2)
        self.settings = Settings(data_dir=data_dir, port=0, init_key=KEY, **options)
        self.key = KEY
        self.url = ""
        self.services: Services
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="darkroom-under-test", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20), "the server did not start"
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(20)
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
        listener = bound_socket("127.0.0.1", 0)
        async with started(self.settings) as server:
            self.services = server.services
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
