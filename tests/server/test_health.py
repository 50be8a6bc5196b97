"""``/readyz`` says what is wrong, at once where it matters, and costs little if often asked."""

import asyncio
from pathlib import Path

from darkroom.db.migrations import head
from darkroom.server.health import Readiness
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client
from tests.support.running import Running, deployment


class Checked:
    """A check that counts how often it was made."""

    def __init__(self) -> None:
        self.times = 0
        self.error: Exception | None = None
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def __call__(self) -> None:
        self.times += 1
        self.begun.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_check_is_made_once_a_second() -> None:
    check, clock = Checked(), Clock()
    readiness = Readiness({"database": check}, {}, clock)
    for _ in range(50):
        assert (await readiness.look())["database"].said == "ok"
    assert check.times == 1
    clock.now, check.error = 1.0, OSError("full")
    assert (await readiness.look())["database"].said == "failed: OSError"
    assert check.times == 2


async def test_who_asks_meanwhile_waits_for_the_same_check() -> None:
    check = Checked()
    check.go_on.clear()
    readiness = Readiness({"database": check}, {})
    asking = [asyncio.create_task(readiness.look()) for _ in range(20)]
    async with asyncio.timeout(20):
        await check.begun.wait()
        check.go_on.set()
        found = await asyncio.gather(*asking)
    assert check.times == 1
    assert {one["database"].said for one in found} == {"ok"}


async def test_states_are_never_old_news() -> None:
    says = [""]
    readiness = Readiness({"database": Checked()}, {"engine": lambda: says[0]}, Clock())
    assert (await readiness.look())["engine"].said == "ok"
    says[0] = "stopping"
    assert (await readiness.look())["engine"].said == "stopping"


def test_a_server_that_stops_is_not_ready(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    with (
        Running(tmp_path, deployments=[deployment(openai_vendor)]) as server,
        client(server, "") as http,  # nobody needs a key for this
    ):
        ready = http.get("/readyz")
        assert ready.status_code == 200
        checks = ("database", "schema", "storage", "engine", "draining")
        assert ready.json()["checks"] == dict.fromkeys(checks, "ok")
        assert ready.json()["schema"] == {"has": head(), "needs": head()}
        took = ready.json()["took_ms"]
        assert set(took) == set(checks)
        assert took["storage"] > 0
        server.services.drain.begin()
        stopping = http.get("/readyz")
        assert stopping.status_code == 503
        assert stopping.json()["checks"]["draining"] == "stopping"
        assert "draining stopping" in stopping.json()["error"]["message"]
        assert http.get("/healthz").json() == {"status": "ok"}
