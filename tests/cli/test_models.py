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


def test_the_comparison_tells_what_each_model_has_and_costs(call: Call) -> None:
    done = call("models", "--details")
    assert done.exit_code == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    row = next(row for row in rows if row.startswith("gpt-image-2 "))
    assert row[head.index("ONE IMAGE") :].startswith("0.006 to 0.211 USD")
    assert row[head.index("MASK") :].startswith("yes")


def test_one_model_with_its_details(call: Call) -> None:
    done = call("models", "gpt-image-2", "--details")
    assert done.exit_code == 0, done.stderr
    assert "ends         azure 2027-10-21" in done.stdout
    assert "USD for one image of 1024x1024: low 0.0059, medium 0.0527, high 0.2108" in done.stdout
    assert "done here    size" in done.stdout
    assert "successor    gpt-image-2.5-sunburst" in done.stdout


def test_details_in_json(call: Call) -> None:
    told = json.loads(call("models", "gpt-image-2", "--details", "--json").stdout)
    (deployment,) = told["model"]["details"]["deployments"]
    assert deployment["price"]["list_usd"]["image_out_per_million"] == "30.00"
