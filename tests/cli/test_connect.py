"""Which server a command talks to."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.cli.beacon import live_beacon
from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess, write_config
from tests.fakes.openai_vendor import OpenAIVendor


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nothing answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def leave(folder: Path, url: str, key: str = "k") -> None:
    (folder / "server.json").write_text(json.dumps({"url": url, "pid": 1, "key": key}))


def test_a_live_beacon_is_found(server: ServerProcess) -> None:
    found = live_beacon(server.data_dir)
    assert found is not None
    assert (found.url, found.key) == (server.url, server.key)


def test_a_beacon_that_leads_nowhere_is_stale(tmp_path: Path, closed_port: int) -> None:
    assert live_beacon(tmp_path) is None
    leave(tmp_path, f"http://127.0.0.1:{closed_port}")
    assert live_beacon(tmp_path) is None


def test_a_beacon_that_leads_to_something_else_is_stale(
    tmp_path: Path, server: ServerProcess, vendor: OpenAIVendor
) -> None:
    leave(tmp_path, vendor.base_url.removesuffix("/v1"))
    assert live_beacon(tmp_path) is None
    leave(tmp_path, "nonsense")
    assert live_beacon(tmp_path) is None
    leave(tmp_path, server.url, "the key of an earlier process")
    assert live_beacon(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '"x"', '{"url": 1, "key": 2}', "\x00"])
def test_a_beacon_that_makes_no_sense_is_stale(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert live_beacon(tmp_path) is None


def test_a_crashed_server_leaves_a_stale_beacon(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    with ServerProcess(tmp_path / "data", write_config(tmp_path, openai_vendor)) as crashed:
        crashed.kill()
        assert (crashed.data_dir / "server.json").exists()
        assert live_beacon(crashed.data_dir) is None


def test_a_named_server_needs_a_key(call: Call, closed_port: int) -> None:
    done = call("models", "--base-url", f"http://127.0.0.1:{closed_port}")
    assert done.exit_code == 4
    assert "DARKROOM_API_KEY" in done.stderr


def test_the_local_servers_key_is_used_for_its_own_address(
    call: Call, server: ServerProcess
) -> None:
    assert call("models", "--base-url", f"{server.url}/v1").exit_code == 0


def test_a_wrong_key_is_refused(call: Call) -> None:
    done = call("models", "--api-key", "wrong")
    assert done.exit_code == 4
    assert done.stderr.startswith("darkroom: Incorrect API key")


def test_nobody_there(call: Call, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    done = call("models", "--base-url", url, "--api-key", "k", "--json")
    assert done.exit_code == 6
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["retryable"]) == ("connection_failed", True)
    assert url in error["message"]


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1"])
def test_an_address_that_is_none(call: Call, url: str) -> None:
    done = call("models", "--base-url", url, "--api-key", "k")
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"darkroom: --base-url: '{url}'")
