"""Darkroom as operators run it: ``python -m darkroom serve`` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import KEY

_START_S = 60
_STEP_S = 0.01


class Process:
    """A server on a free port; ``folder`` holds its data, its configuration and its log."""

    def __init__(self, folder: Path, config: str = "", **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data_dir = folder / "data"
        self._config = folder / "darkroom.toml"
        self._config.write_text(config, encoding="utf-8")
        self._environment = environment
        self.log = folder / "log.txt"
        self._popen: subprocess.Popen[bytes] | None = None
        self.url = ""

    def launch(self, *options: str) -> Self:
        """Begin, without waiting for anything. The log starts anew."""
        log = self.log.open("wb")
        command = [sys.executable, "-m", "darkroom", "serve", *options]
        self._popen = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=log, stderr=subprocess.STDOUT, env=self.env(), cwd=self.folder
        )
        log.close()
        return self

    def start(self, *options: str) -> Self:
        """Begin, and return when it answers."""
        return self.launch(*options).answering()

    def answering(self) -> Self:
        """What was launched, once it answers."""
        until(lambda: "/readyz" in self.output or self.ended, f"start of {self.folder.name}")
        assert not self.ended, self.output
        line = next(line for line in self.output.splitlines() if line.strip().startswith("API  "))
        self.url = line.split()[1].removesuffix("/v1")
        return self

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def ended(self) -> bool:
        return self._popen is not None and self._popen.poll() is not None

    def send(self, number: signal.Signals) -> None:
        assert self._popen is not None
        self._popen.send_signal(number)

    def wait(self, timeout_s: float = 20) -> int:
        """Its exit code."""
        assert self._popen is not None
        return self._popen.wait(timeout_s)

    def kill(self) -> None:
        """As a power cut would: no chance to say goodbye."""
        self.send(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()

    def client(self, key: str = KEY) -> httpx2.Client:
        headers = {"authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen is not None and not self.ended:
            self.kill()

    def env(self) -> Mapping[str, str]:
        """The environment of the server, without settings of the developer."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("DARKROOM_") and name != "OPENAI_API_KEY"
        }
        return {
            **kept,
            "DARKROOM_CONFIG": str(self._config),
            "DARKROOM_DATA_DIR": str(self.data_dir),
            "DARKROOM_PORT": "0",
            "DARKROOM_INIT_KEY": KEY,
            **self._environment,
        }


def until(condition: Callable[[], object], what: str, timeout_s: float = _START_S) -> None:
    """Look at something observable until it is so. Raises ``AssertionError``."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for: {what}"
        time.sleep(_STEP_S)


def jobs(http: httpx2.Client) -> list[dict[str, Any]]:
    """Every job, newest first."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = http.get("/v1/jobs", params=query).json()
        found += page["data"]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


def all_ended(http: httpx2.Client) -> bool:
    """Whether no job waits or runs any more."""
    pages = [http.get("/v1/jobs", params={"state": state}) for state in ("queued", "running")]
    return not any(page.json()["data"] for page in pages)


def deployment_table(vendor: OpenAIVendor, **options: Any) -> str:
    """A ``[[deployments]]`` table that points to a fake vendor."""
    values = {
        "id": vendor.name,
        "provider": "openai",
        "base_url": vendor.base_url,
        "api_key": "sk-upstream-secret",
        **options,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(["[[deployments]]", *lines, ""])
