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


def test_a_key_is_bound_to_a_dialect_and_unbound(call: Call) -> None:
    made = json.loads(call("keys", "create", "shop", "--dialect", "evolink", "--json").stdout)
    assert made["dialect"] == "evolink"
    assert made["key"].startswith("sk-evo-")
    line = next(line for line in call("keys", "list").stdout.splitlines() if made["id"] in line)
    assert "evolink" in line
    assert "sk-evo-…" in line
    assert call("keys", "set-dialect", made["id"], "auto").stdout.endswith("'shop': auto\n")
    changed = json.loads(call("keys", "set-dialect", made["id"], "apiframe", "--json").stdout)
    assert (changed["id"], changed["dialect"]) == (made["id"], "apiframe")
    refused = call("keys", "set-dialect", made["id"], "klingon")
    assert refused.exit_code != 0
    assert "'dialect' is one of auto, openai, apiframe, evolink" in refused.stderr


def test_an_unknown_key_is_one_line(call: Call) -> None:
    done = call("keys", "revoke", "no-such-key")
    assert done.exit_code == 1
    assert done.stderr.startswith("darkroom: No API key")


def test_a_policy_is_given_changed_and_taken_back(call: Call) -> None:
    words = ("keys", "create", "router", "--policy", "order=fastest prefer=a,fake", "--json")
    refused = call(*words)
    assert refused.exit_code == 2
    assert "there is no deployment 'a'" in refused.stdout + refused.stderr
    words = ("keys", "create", "router", "--policy", "order=fastest prefer=fake", "--json")
    made = json.loads(call(*words).stdout)
    assert (made["policy"]["order"], made["policy"]["prefer"]) == ("fastest", ["fake"])
    changed = call("keys", "set-policy", made["id"], "after-refusal=yes", "prefer=")
    assert changed.stdout.endswith(
        "order=fastest successors=yes emulate=yes after-refusal=yes\n"
    ), changed.output
    usual = json.loads(call("keys", "set-policy", made["id"], "--reset", "--json").stdout)
    assert (usual["policy"]["order"], usual["policy"]["after_refusal"]) == ("cheapest", False)


@pytest.mark.parametrize("setting", ["fastest", "sort=cheapest", "emulate=perhaps"])
def test_a_setting_that_is_none_is_a_usage_error(call: Call, setting: str) -> None:
    assert call("keys", "set-policy", "some-id", setting).exit_code == 2


def test_a_key_has_limits_until_they_are_taken_back(call: Call) -> None:
    made = json.loads(call("keys", "create", "busy", "--limits", "requests=60", "--json").stdout)
    assert made["limits"]["requests_per_minute"] == 60
    said = call("keys", "set-limits", made["id"], "images=9", "concurrent=0")
    assert "requests=60 images=9 concurrent=0" in said.stdout
    said = call("keys", "set-limits", made["id"], "requests=", "--json")
    limits = json.loads(said.stdout)["limits"]
    assert (limits["requests_per_minute"], limits["images_per_minute"]) == (None, 9)
    said = call("keys", "set-limits", made["id"], "--reset")
    assert said.stdout.strip().endswith("the server's default")


@pytest.mark.parametrize("setting", ["requests", "requests=many", "speed=1", "images=-1"])
def test_a_limit_that_is_none(call: Call, setting: str) -> None:
    refused = call("keys", "set-limits", "id", setting)
    assert refused.exit_code == 2
    assert f"'{setting}' is no limit" in refused.stderr
