"""``darkroom usage``: what was spent, for people, spreadsheets and programs."""

import csv
import io
import json
import secrets

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess


@pytest.fixture
def name() -> str:
    """Of a key, and so of its account, that no other test knows."""
    return f"=workshop-{secrets.token_hex(4)}"


@pytest.fixture
def spent(call: Call, name: str, server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> int:
    """Nano-dollars that a fresh account spent on three jobs of two models."""
    key = call("keys", "create", name, "--json").stdout
    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", json.loads(key)["key"])
    nanos = 0
    for model in ("gpt-image-1.5", "gpt-image-1.5", "gpt-image-2"):
        made = call("generate", "a cat", "-m", model, "-q", "low", "--json")
        assert made.exit_code == 0, made.stderr
        nanos += json.loads(made.stdout)["charge"]["nanos"]
    return nanos


def test_rows_add_up_to_what_was_charged(call: Call, spent: int) -> None:
    told = json.loads(call("usage", "--by", "model,day", "--json").stdout)
    assert [row["jobs"] for row in told["data"]] == [2, 1]
    assert sum(row["nanos"] for row in told["data"]) == told["total"]["nanos"] == spent

    shown = call("usage", "--by", "model,day")
    assert shown.exit_code == 0, shown.stderr
    head, *rows, _, total = [line.split() for line in shown.stdout.splitlines()]
    assert head == ["MODEL", "DAY", "JOBS", "CHARGED", "CREDITS"]
    assert total[:2] == ["total", "3"]
    for column in (-1, -2):  # with the points under one another, digits add up as they stand
        digits = [int(row[column].lstrip("$").replace(".", "")) for row in rows]
        assert sum(digits) == int(total[column].lstrip("$").replace(".", ""))
    assert len({line.find(".", line.find("$")) for line in shown.stdout.splitlines()[1:3]}) == 1


def test_csv_holds_nothing_that_a_spreadsheet_would_run(call: Call, name: str, spent: int) -> None:
    done = call("usage", "--by", "key,provider", "--csv")
    assert done.exit_code == 0, done.stderr
    [row] = csv.DictReader(io.StringIO(done.stdout))
    assert (row["key"], row["provider"], row["jobs"]) == (f"'{name}", "openai", "3")
    assert int(row["nanos"]) == spent


def test_days_bound_it(call: Call, spent: int) -> None:
    assert spent
    past = json.loads(call("usage", "--to", "2020-01-31", "--json").stdout)
    assert (past["data"], past["total"]["nanos"]) == ([], 0)
    assert call("usage", "--to", "2020-01-31").stdout.splitlines()[-1].split()[:2] == ["total", "0"]


@pytest.mark.parametrize(
    "words", [("--by", "colour"), ("--from", "yesterday"), ("--csv", "--json")]
)
def test_impossible_wishes_are_usage_errors(call: Call, words: tuple[str, ...]) -> None:
    assert call("usage", *words).exit_code == 2
