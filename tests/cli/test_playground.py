"""``darkroom playground``: a link that signs a browser in, once."""

import json
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess


def signed_in_as(server: ServerProcess, url: str) -> str:
    """The name of the key behind a link."""
    origin, _, token = url.strip().partition("/#token=")
    assert origin == server.url
    answer = httpx2.post(f"{origin}/v1/session", json={"token": token})
    assert answer.status_code == 201, answer.text
    again = httpx2.post(f"{origin}/v1/session", json={"token": token})
    assert again.status_code == 401
    return answer.json()["key"]["name"]


def test_a_link_for_this_machines_user(call: Call, server: ServerProcess) -> None:
    made = call("playground")
    assert made.exit_code == 0, made.stderr
    name = signed_in_as(server, made.stdout)
    assert f"signs in as '{name}', once" in made.stderr
    assert made.stdout.strip() not in made.stderr


def test_a_link_for_another_key(
    call: Call, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = json.loads(call("keys", "create", "a guest", "--json").stdout)
    told = json.loads(call("playground", "--key", key["id"], "--json").stdout)
    assert (told["ok"], told["key"]) == (True, key["id"])
    assert signed_in_as(server, told["url"]) == "a guest"
    # who has a key needs no administrator
    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", key["key"])
    assert signed_in_as(server, call("playground").stdout) == "a guest"


def test_without_a_server_there_is_no_playground(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DARKROOM_DATA_DIR", str(tmp_path / "empty"))
    refused = call("playground")
    assert refused.exit_code == 6
    assert "darkroom serve" in refused.stderr
