"""A fleet: real server processes on one PostgreSQL database and one object store, balanced."""

import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx2

from tests.chaos.forkserver import ForkServer
from tests.chaos.servers import Server
from tests.fakes.object_store import ObjectStore
from tests.fleet.relay import Balancer
from tests.support.process import until
from tests.support.running import KEY

_HERE = re.compile(r"^darkroom_jobs_here (\S+)$", re.MULTILINE)


class Fleet:
    """``size`` processes that share nothing but the database and the store."""

    def __init__(
        self, folder: Path, database_url: str, config: str, size: int = 3, **environment: str
    ) -> None:
        self._stack = ExitStack()
        self.store = ObjectStore()
        self.balancer = Balancer(lambda: [_port(one) for one in self.servers])
        self._made = (folder, database_url, config, size, environment)
        self.servers: list[Server] = []

    def __enter__(self) -> Self:
        folder, database_url, config, size, environment = self._made
        enter = self._stack.enter_context
        enter(self.store)
        enter(self.balancer)
        nursery = enter(ForkServer(os.environ))
        shared = {
            "DARKROOM_DATABASE_URL": database_url,
            "DARKROOM_PUBLIC_URL": self.balancer.url,
            "DARKROOM_WEBHOOK_ALLOW_LOCAL": "true",
            **self.store.environment,
            **environment,
        }
        made = [Server(nursery, folder / f"{n}", config, **shared) for n in range(size)]
        for server in made:
            enter(server).launch()  # all at once, on an empty database
        for server in made:
            server.answering()
        self.servers = made
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.__exit__(None, None, None)

    def client(self, url: str = "", key: str = KEY) -> httpx2.Client:
        """Of one process, else of all: then each request is a connection, and goes to the next."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if not url:
            headers["connection"] = "close"
        return httpx2.Client(base_url=url or self.balancer.url, headers=headers, timeout=60)

    def runner(self) -> Server:
        """The process that runs the one job there is."""
        found: list[Server] = []

        def look() -> bool:
            found[:] = [one for one in self.servers if not one.ended and self._runs(one)]
            return bool(found)

        until(look, "a process that runs the job")
        return found[0]

    def _runs(self, server: Server) -> bool:
        with self.client(server.url) as http:
            found = _HERE.search(http.get("/metrics").text)
        return found is not None and float(found[1]) > 0


def _port(server: Server) -> int:
    return urlsplit(server.url).port or 0
