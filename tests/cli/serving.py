"""A real server in a process of its own, and real command lines beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

from tests.fakes.openai_vendor import OpenAIVendor

T = TypeVar("T")
_WAIT_S = 20.0


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What ``look`` finds, as soon as it finds something."""
    deadline = time.monotonic() + _WAIT_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what} did not come within {_WAIT_S:.0f} s"
        time.sleep(0.02)
    return found


def write_config(folder: Path, vendor: OpenAIVendor, **options: Any) -> Path:
    """A configuration file whose one deployment is the fake vendor."""
    deployment = {
        "id": "fake",
        "provider": "openai",
        "base_url": vendor.base_url,
        "api_key": "sk-upstream-secret",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    lines.append("[[deployments]]")
    lines += [f"{name} = {json.dumps(value)}" for name, value in deployment.items()]
    path = folder / "darkroom.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def environment(data_dir: Path, config: Path) -> dict[str, str]:
    """A process environment in which nothing of the developer's shows through."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DARKROOM_", "OPENAI_"))}
    ours = {"DARKROOM_DATA_DIR": str(data_dir), "DARKROOM_CONFIG": str(config)}
    return kept | ours | {"PYTHONUTF8": "1", "COLUMNS": "100"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "darkroom", *words]


class ServerProcess:
    """``darkroom serve`` on a free port."""

    def __init__(self, data_dir: Path, config: Path) -> None:
        self.data_dir = data_dir
        self.config = config
        self.environment = environment(data_dir, config)
        self.beacon: Mapping[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        log = self.data_dir.with_suffix(".log").open("wb")
        with log:
            self._process = subprocess.Popen(  # noqa: S603
                command("serve", "--port", "0"), env=self.environment, stdout=log, stderr=log
            )
        self.beacon = wait_for("the beacon", self._beacon)
        wait_for("the server", self._healthy)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_WAIT_S)

    @property
    def url(self) -> str:
        return self.beacon["url"]

    @property
    def key(self) -> str:
        return self.beacon["key"]

    def kill(self) -> None:
        """End it as a crash does: its beacon stays behind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_WAIT_S)

    def _beacon(self) -> Mapping[str, Any] | None:
        assert self._process is not None
        assert self._process.poll() is None, "the server ended"
        try:
            return json.loads((self.data_dir / "server.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def _healthy(self) -> bool | None:
        try:
            answer = httpx2.get(f"{self.url}/healthz", trust_env=False)
        except httpx2.TransportError:
            return None
        return answer.status_code == 200 or None
