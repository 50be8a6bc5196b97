"""``/v1/deployments``, and a configuration that changes while the server runs."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from darkroom.core.errors import UpstreamDenied
from darkroom.core.ids import now_ms
from darkroom.server.reloading import Watcher, reload
from darkroom.settings import ConfigError, load_settings
from darkroom.wiring import Services, running
from tests.cli.serving import wait_for
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.running import Running

SECRET = "sk-upstream-secret"


class ConfigFile:
    """A ``darkroom.toml`` that tests rewrite."""

    def __init__(self, folder: Path, vendor: OpenAIVendor) -> None:
        self.path = folder / "darkroom.toml"
        self.key = folder / "vendor.key"
        self.vendor = vendor
        self.key.write_text(SECRET)
        self.write("main")

    def write(self, *ids: str, head: str = "", **options: str) -> None:
        lines = [head]
        for name in ids:
            told = {"id": name, "provider": "openai", "base_url": self.vendor.base_url}
            told |= {"api_key": f"file:{self.key}", **options}
            lines += ["[[deployments]]", *(f'{key} = "{value}"' for key, value in told.items())]
        self.put("\n".join(lines))

    def put(self, text: str) -> None:
        """Replace the file at once, as editors do: another inode, whatever the clock says."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.path)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[ConfigFile]:
    with OpenAIVendor(keys=frozenset([SECRET])) as vendor:
        yield ConfigFile(tmp_path, vendor)


@pytest.fixture
def server(config: ConfigFile, tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "data", config=config.path) as server:
        yield server


@pytest.fixture
def http(server: Running) -> Iterator[httpx2.Client]:
    with client(server) as speaking:
        yield speaking


def ids(http: httpx2.Client) -> list[str]:
    return [one["id"] for one in http.get("/v1/deployments").json()["data"]]


def test_the_list_tells_everything_but_the_key(http: httpx2.Client, config: ConfigFile) -> None:
    config.write("main", region="eu", price_multiplier="0.9", price_per_image="0.04")
    assert http.post("/v1/deployments/reload").json()["changed"] == ["main"]
    answer = http.get("/v1/deployments")
    [one] = answer.json()["data"]
    assert SECRET not in answer.text
    assert (one["id"], one["provider"], one["region"]) == ("main", "openai", "eu")
    assert (one["base_url"], one["key_hint"]) == (config.vendor.base_url, "…cret")
    assert "gpt-image-2" in one["models"]
    assert one["price"]["multiplier"] == "0.9"
    assert one["price"]["per_image"]["usd"] == "0.04"
    assert one["limits"] == {"max_concurrent": None, "requests_per_minute": None, "timeout_s": 600}
    assert (one["circuit"]["state"], one["circuit"]["usable"]) == ("closed", True)


def test_failed_attempts_are_told_and_the_last_with_its_reason(
    http: httpx2.Client, config: ConfigFile
) -> None:
    [one] = http.get("/v1/deployments").json()["data"]
    assert one["failures"] == {"last_hour": 0, "last": None}
    config.key.write_text("sk-nobody-knows-this")
    http.post("/v1/deployments/reload")
    failed = http.post(GENERATE, json=asking())
    assert failed.status_code >= 400
    [one] = http.get("/v1/deployments").json()["data"]
    assert one["failures"]["last_hour"] == 1
    last = one["failures"]["last"]
    assert (last["code"], last["job"]) == ("upstream_denied", failed.headers["x-darkroom-job"])
    assert last["message"]
    assert last["at"].endswith("Z")


def test_only_admins_may_look(http: httpx2.Client, server: Running) -> None:
    with client(server, other_key(server, "visitors")) as visitor:
        assert refusal(visitor.get("/v1/deployments"), 403)["code"] == "permission_denied"
        assert visitor.post("/v1/deployments/reload").status_code == 403
        assert visitor.post("/v1/deployments/main/check").status_code == 403


def test_a_check_asks_the_vendor(http: httpx2.Client, config: ConfigFile) -> None:
    told = http.post("/v1/deployments/main/check").json()
    assert told["ok"] is True
    assert told["findings"]
    config.key.write_text("sk-nobody-knows-this")
    http.post("/v1/deployments/reload")
    told = http.post("/v1/deployments/main/check").json()
    assert told["ok"] is False
    assert next(one["advice"] for one in told["findings"] if not one["ok"])
    refusal(http.post("/v1/deployments/nobody/check"), 404)


def test_a_reload_changes_who_is_asked(http: httpx2.Client, config: ConfigFile) -> None:
    config.write("other", head='[aliases]\nmine = "gpt-image-1.5"')
    told = http.post("/v1/deployments/reload").json()
    assert (told["added"], told["removed"], told["changed"]) == (["other"], ["main"], [])
    assert ids(http) == ["other"]
    made = http.post(GENERATE, json=asking(model="mine"))
    assert made.status_code == 200, made.text


def test_a_configuration_that_cannot_be_used_changes_nothing(
    http: httpx2.Client, config: ConfigFile
) -> None:
    config.write("main", provider="nobody")
    said = refusal(http.post("/v1/deployments/reload"), 400)
    assert "nothing has changed" in said["message"]
    assert "'main'" in said["message"]
    assert ids(http) == ["main"]


def test_the_server_looks_at_its_file_itself(http: httpx2.Client, config: ConfigFile) -> None:
    config.write("second")
    wait_for("the reload", lambda: True if ids(http) == ["second"] else None)


class Steps:
    """A pause that lasts until the test lets one look pass, and waits until it is over."""

    def __init__(self) -> None:
        self._go = asyncio.Semaphore(0)
        self._pausing = asyncio.Semaphore(0)

    async def pause(self, _seconds: float) -> None:
        self._pausing.release()
        await self._go.acquire()

    async def begun(self) -> None:
        await self._pausing.acquire()

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            self._go.release()
            await self._pausing.acquire()


def names(services: Services) -> list[str]:
    return [one.deployment.id for one in services.router.routes]


async def test_a_file_that_is_being_written_is_left_until_it_rests(
    config: ConfigFile, tmp_path: Path
) -> None:
    settings = load_settings({"config": config.path, "data_dir": tmp_path / "data"})
    async with running(settings) as services:
        steps = Steps()
        task = asyncio.create_task(Watcher(services, steps.pause).watch())
        await steps.begun()
        config.write("half")
        await steps.look()
        assert names(services) == ["main"]
        config.write("whole")
        await steps.look()
        assert names(services) == ["main"]
        await steps.look()
        assert names(services) == ["whole"]
        config.put("this is not TOML")
        await steps.look(3)
        assert names(services) == ["whole"]
        config.write("again")
        await steps.look(2)
        assert names(services) == ["again"]
        config.key.write_text("sk-another-secret-altogether")
        await steps.look(2)
        [route] = services.router.routes
        assert route.deployment.api_key.reveal() == "sk-another-secret-altogether"
        task.cancel()


async def test_a_hangup_reloads_and_says_why_not(config: ConfigFile, tmp_path: Path) -> None:
    settings = load_settings({"config": config.path, "data_dir": tmp_path / "data"})
    async with running(settings) as services:
        reloaded = asyncio.Event()

        class Heard(Watcher):
            def reload(self) -> None:
                super().reload()
                reloaded.set()

        with Heard(services).on_hangup():
            config.write("second")
            os.kill(os.getpid(), signal.SIGHUP)
            await reloaded.wait()
            assert names(services) == ["second"]
            reloaded.clear()
            config.write("second", "second")
            with capture_logs() as told:
                os.kill(os.getpid(), signal.SIGHUP)
                await reloaded.wait()
            assert names(services) == ["second"]
            assert "used twice" in str(told)


async def test_who_holds_a_route_keeps_it_and_a_new_key_is_tried_at_once(
    config: ConfigFile, tmp_path: Path
) -> None:
    settings = load_settings({"config": config.path, "data_dir": tmp_path / "data"})
    async with running(settings) as services:
        [held] = services.router.routes
        health = services.dispatch.health
        health.end(health.begin(held.deployment), UpstreamDenied("That key is not known."))
        assert health.circuit("main").blocked(now_ms())
        config.key.write_text("sk-another-secret-altogether")
        assert reload(services).changed == ("main",)
        assert health.circuit("main").due(now_ms())
        assert held.deployment.api_key.reveal() == SECRET
        config.write("main", models="nothing")
        with pytest.raises(ConfigError):
            reload(services)
