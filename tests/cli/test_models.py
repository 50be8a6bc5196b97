"""``darkroom models``: the table, one model, JSON."""

import json

from tests.cli.conftest import Call


def test_the_table_is_aligned(call: Call) -> None:
    done = call("models")
    assert done.exit_code == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    at = head.index("SERVED BY")
    assert len(rows) > 3
    assert all(row[at - 2 : at] == "  " and row[at:].startswith("fake") for row in rows)
    assert "\x1b" not in done.stdout


def test_one_model_in_full(call: Call) -> None:
    done = call("models", "gpt-image-2")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("gpt-image-2")
    assert "low medium high" in done.stdout
    unknown = call("models", "gpt-image-99")
    assert (unknown.exit_code, unknown.stdout) == (2, "")


def test_json(call: Call) -> None:
    told = json.loads(call("models", "--json").stdout)
    assert told["ok"] is True
    model = next(one for one in told["models"] if one["id"] == "gpt-image-2")
    assert model["capabilities"]["formats"] == ["png", "jpeg", "webp"]
    assert json.loads(call("models", "gpt-image-2", "--json").stdout)["model"] == model
