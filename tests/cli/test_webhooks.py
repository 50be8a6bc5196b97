"""``darkroom webhooks``: endpoints, secrets, deliveries, and the local receiver."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess, command, wait_for, write_config
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.hooks import Hooks
from tests.support.running import Running

PUBLIC = "https://hooks.example.com/darkroom"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, shared_vendor: OpenAIVendor
) -> Iterator[ServerProcess]:
    """One that may call loopback."""
    folder = tmp_path_factory.mktemp("server")
    config = write_config(folder, shared_vendor, webhook_allow_local=True)
    with ServerProcess(folder / "data", config) as running:
        yield running


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as receiver:
        yield receiver


def added(call: Call, url: str, *words: str) -> str:
    made = call("webhooks", "add", url, *words, "--json")
    assert made.exit_code == 0, made.output
    return json.loads(made.stdout)["id"]


def test_an_endpoint_lives_and_dies(call: Call) -> None:
    made = call("webhooks", "add", PUBLIC, "--event", "failed", "--format", "apiframe")
    assert made.exit_code == 0, made.stderr
    secret = made.stdout.strip()
    assert secret.startswith("whsec_")
    assert secret not in made.stderr
    line = next(one for one in call("webhooks", "ls").stdout.splitlines() if PUBLIC in one)
    endpoint = line.split()[0]
    assert line.split()[1:] == [PUBLIC, "failed", "apiframe"]
    assert call("webhooks", "secret", endpoint).stdout.strip() == secret
    rotated = call("webhooks", "rotate", endpoint, "--overlap", "60")
    assert rotated.stdout.strip() != secret
    assert "stays good until 2" in rotated.stderr
    listed = call("webhooks", "ls", "--json")
    assert "whsec_" not in listed.stdout
    assert json.loads(call("webhooks", "rm", endpoint, "--json").stdout)["deleted"] is True
    assert PUBLIC not in call("webhooks", "ls").stdout
    gone = call("webhooks", "rm", endpoint)
    assert gone.exit_code == 1
    assert gone.stderr.startswith("darkroom: No webhook endpoint")


def test_the_accounts_secret_is_printed_and_rotated(call: Call) -> None:
    first = call("webhooks", "secret").stdout.strip()
    assert call("webhooks", "secret").stdout.strip() == first
    rotated = json.loads(call("webhooks", "rotate", "--overlap", "0", "--json").stdout)
    assert rotated["secret"] != first
    assert rotated["previous_valid_until"] is None


def test_a_test_says_what_was_answered(call: Call, hooks: Hooks) -> None:
    endpoint = added(call, hooks.url)
    done = call("webhooks", "test", endpoint)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.endswith(": HTTP 204\n")
    hooks.statuses = [500]
    failed = call("webhooks", "test", endpoint)
    assert failed.exit_code == 1
    assert "HTTP 500" in failed.stderr
    call("webhooks", "rm", endpoint)


def test_deliveries_are_listed_and_sent_again(call: Call, hooks: Hooks) -> None:
    endpoint = added(call, hooks.url)
    sent = json.loads(call("webhooks", "test", endpoint, "--json").stdout)["delivery"]
    assert (sent["state"], sent["attempts"][0]["status"]) == ("delivered", 204)
    hooks.next()
    shown = call("webhooks", "deliveries", "--endpoint", endpoint).stdout.splitlines()
    assert shown[0].split() == ["ID", "CREATED", "EVENT", "STATE", "TRIES", "LAST", "JOB", "URL"]
    assert sent["id"] in shown[1]
    again = call("webhooks", "redeliver", sent["id"])
    assert again.exit_code == 0, again.stderr
    assert hooks.next().headers["webhook-id"] == sent["id"]
    words = ("webhooks", "deliveries", "--state", "delivered", "--json")
    assert sent["id"] in call(*words).stdout
    call("webhooks", "rm", endpoint)


def test_an_address_that_may_not_be_is_a_usage_error(call: Call) -> None:
    done = call("webhooks", "add", "http://10.0.0.1/")
    assert done.exit_code == 2
    assert "'url' must start with https://" in done.stderr


@pytest.fixture
def listening(server: ServerProcess) -> Iterator[subprocess.Popen[bytes]]:
    """``darkroom webhooks listen`` in a process of its own, with its endpoint made."""
    words = command("webhooks", "listen", "--json", "--count", "2")
    process = subprocess.Popen(  # noqa: S603
        words, env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def temporary(call: Call) -> str | None:
    """The id of the endpoint that leads to this machine."""
    endpoints = json.loads(call("webhooks", "ls", "--json").stdout)["endpoints"]
    found = [one for one in endpoints if one["url"].startswith("http://127.0.0.1")]
    return found[0]["id"] if found else None


def heard(process: subprocess.Popen[bytes]) -> None:
    """Wait until the command says that it listens."""
    assert process.stderr is not None
    assert b"listening on http://127.0.0.1" in process.stderr.readline()


def test_listen_prints_verified_deliveries_and_removes_its_endpoint(
    call: Call, listening: subprocess.Popen[bytes]
) -> None:
    heard(listening)
    endpoint = temporary(call)
    assert endpoint is not None
    assert call("webhooks", "test", endpoint).exit_code == 0
    url = json.loads(call("webhooks", "ls", "--json").stdout)["endpoints"][-1]["url"]
    forged = httpx2.post(url, json={"type": "forged"}, headers={"webhook-id": "x"})
    assert forged.status_code == 401
    out, _ = listening.communicate(timeout=20)
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["ok"], first["body"]["type"]) == (True, "webhook.test")
    assert (second["ok"], second["body"]["type"]) == (False, "forged")
    assert listening.returncode == 0
    assert temporary(call) is None


def test_listen_stopped_with_ctrl_c_removes_its_endpoint(
    call: Call, listening: subprocess.Popen[bytes]
) -> None:
    heard(listening)
    listening.send_signal(signal.SIGINT)
    assert listening.wait(20) == 130
    assert wait_for("the removal", lambda: temporary(call) is None or None)


def test_listen_needs_a_server_that_may_call_this_machine(
    call: Call, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_DATA_DIR", str(server.data_dir / "elsewhere"))
    done = call("webhooks", "listen", "--count", "1")
    assert done.exit_code == 6
    assert "no server is running here" in done.stderr


def test_listen_says_how_a_server_may_be_told_to_call_this_machine(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Running(tmp_path / "strict", webhook_allow_local=False):
        monkeypatch.setenv("DARKROOM_DATA_DIR", str(tmp_path / "strict"))
        done = call("webhooks", "listen", "--count", "1")
    assert done.exit_code == 1
    assert "DARKROOM_WEBHOOK_ALLOW_LOCAL=true" in done.stderr
