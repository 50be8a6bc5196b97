"""``darkroom keys``: made, used, listed, revoked."""

import json

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess


def test_a_key_lives_and_dies(
    call: Call, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = call("keys", "create", "공방")
    key = made.stdout.strip()
    assert made.exit_code == 0, made.stderr
    assert key.startswith("dk_")
    assert "shown once" in made.stderr
    assert key not in made.stderr

    monkeypatch.setenv("DARKROOM_BASE_URL", f"{server.url}/v1")
    monkeypatch.setenv("DARKROOM_API_KEY", key)
    assert call("models").exit_code == 0
    refused = call("keys", "list")
    assert refused.exit_code == 4
    assert refused.stderr.startswith("darkroom: This API key may not do that")

    monkeypatch.delenv("DARKROOM_BASE_URL")
    monkeypatch.delenv("DARKROOM_API_KEY")
    listed = call("keys", "list")
    assert key not in listed.stdout
    line = next(line for line in listed.stdout.splitlines() if "공방" in line)
    revoked = call("keys", "revoke", line.split()[0])
    assert revoked.exit_code == 0, revoked.stderr
    assert "revoked 2" in call("keys", "list").stdout

    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", key)
    assert call("models").exit_code == 4


def test_json(call: Call) -> None:
    words = ("keys", "create", "robot", "--account", "shared", "--admin", "--json")
    made = json.loads(call(*words).stdout)
    assert made["ok"] is True
    assert (made["account"], made["scopes"]) == ("shared", ["admin", "images"])
    listed = json.loads(call("keys", "list", "--json").stdout)
    shown = next(one for one in listed["keys"] if one["id"] == made["id"])
    assert "key" not in shown
    assert made["key"] not in json.dumps(listed)
    ended = json.loads(call("keys", "revoke", made["id"], "--json").stdout)
    assert ended["revoked_at"] is not None


def test_an_unknown_key_is_one_line(call: Call) -> None:
    done = call("keys", "revoke", "no-such-key")
    assert done.exit_code == 1
    assert done.stderr.startswith("darkroom: No API key")
