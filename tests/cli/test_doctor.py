"""``darkroom doctor``: what it finds, what it advises, how it ends."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from darkroom.cli.examining import Level, clock, data_folder, disk_space, webhooks
from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess, command, environment, write_config
from tests.fakes.openai_vendor import OpenAIVendor


def checks(shown: str) -> dict[str, dict[str, Any]]:
    return {one["area"]: one for one in json.loads(shown)["checks"]}


def test_a_server_that_is_well_is_said_to_be(call: Call, server: ServerProcess) -> None:
    done = call("doctor")
    assert done.exit_code == 0, done.output
    assert f"✓ server: {server.url}" in done.stdout
    assert "✓ deployment fake: The key is accepted" in done.stdout
    told = checks(call("doctor", "--json").stdout)
    assert {"versions", "configuration", "data folder", "disk", "clock"} <= told.keys()
    assert {"webhooks", "store", "server", "database", "storage", "API key"} <= told.keys()
    assert {one["level"] for one in told.values()} == {"ok"}


def test_without_a_server_it_opens_one_and_tells_what_a_vendor_refuses(tmp_path: Path) -> None:
    with OpenAIVendor(keys=frozenset(["sk-the-right-one"])) as vendor:
        config = write_config(tmp_path, vendor)
        done = subprocess.run(  # noqa: S603
            command("doctor", "--json"),
            env=environment(tmp_path / "data", config),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    told = checks(done.stdout)
    assert "embedded" in told["server"]["what"]
    assert told["deployment fake"]["level"] == "failed"
    assert told["deployment fake"]["advice"]


def test_a_configuration_that_cannot_be_used_is_a_finding(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_CONFIG", str(folder / "nowhere.toml"))
    done = call("doctor")
    assert done.exit_code == 1
    assert "✗ configuration: config file" in done.stdout
    assert done.stdout.endswith("1 failed.\n")


def test_who_cannot_be_reached_and_who_is_not_let_in(call: Call, server: ServerProcess) -> None:
    assert call("doctor", "--base-url", "http://127.0.0.1:9", "--api-key", "x").exit_code == 6
    done = call("doctor", "--base-url", server.url, "--api-key", "dk_wrong")
    assert done.exit_code == 4
    assert "✗ API key: " in done.stdout


def test_a_plain_key_is_told_what_it_may_not_look_at(call: Call, server: ServerProcess) -> None:
    key = call("keys", "create", "visitor of the doctor").stdout.strip()
    done = call("doctor", "--base-url", server.url, "--api-key", key)
    assert done.exit_code == 0
    assert "! deployments: this key may not look at them" in done.stdout


def test_a_clock_that_was_set_back_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "darkroom.db").touch()
    os.utime(tmp_path / "darkroom.db", (2_000_000, 2_000_000))
    assert clock(tmp_path, 1_000_000).level is Level.FAILED
    assert clock(tmp_path, 2_000_000).level is Level.OK


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    assert data_folder(tmp_path / "new").level is Level.OK
    assert data_folder(Path("/proc/darkroom")).level is Level.FAILED
    assert disk_space(tmp_path / "new" / "er").level is not Level.FAILED


def test_local_webhooks_are_warned_of() -> None:
    assert webhooks(True).level is Level.WARNING
    assert webhooks(False).level is Level.OK
