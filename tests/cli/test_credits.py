"""``darkroom credits``: paid in, spent, and refused when there is no more."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess
from tests.fakes.openai_vendor import OpenAIVendor

Change = Callable[[str, str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def change(server: ServerProcess) -> Change:
    """Ask the server as its operator."""

    def change(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = {"authorization": f"Bearer {server.key}"}
        url = f"{server.url}{path}"
        answer = httpx2.request(method, url, json=body, headers=key, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()

    return change


def test_money_is_paid_in_once(call: Call) -> None:
    assert call("keys", "create", "스튜디오/하나").exit_code == 0
    words = ("credits", "add", "스튜디오/하나", "$25.10", "--reference", "bill-1", "--note", "May")
    first = call(*words)
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("$25.10 (1706.8 credits) paid into '스튜디오/하나'\n")
    again = call(*words)
    assert again.stdout.startswith("'bill-1' was booked before: nothing changed\n")
    told = json.loads(call("credits", "--account", "스튜디오/하나", "--json").stdout)
    assert (told["ok"], told["posted"]["nanos"]) == (True, 25_100_000_000)
    assert "balance    $25.10" in call("credits", "balance", "--account", "스튜디오/하나").stdout


def test_an_empty_balance_has_its_exit_code(
    call: Call,
    change: Change,
    server: ServerProcess,
    vendor: OpenAIVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = call("keys", "create", "prepaid").stdout.strip()
    change("PATCH", "/v1/accounts/prepaid", {"prepaid": True})
    assert call("credits", "add", "prepaid", "0.001").exit_code == 0
    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", key)
    refused = call("generate", "a cat", "--json")
    assert refused.exit_code == 5, refused.output
    assert json.loads(refused.stdout)["error"]["code"] == "insufficient_quota"
    assert not vendor.received
    shown = call("credits").stdout
    assert "account    prepaid (prepaid)\n" in shown
    assert "available  $0.001  0.068 credits" in shown
    assert call("credits", "add", "prepaid", "5").exit_code == 4


def test_a_budget_is_shown_and_kept(
    call: Call,
    change: Change,
    server: ServerProcess,
    vendor: OpenAIVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = change("POST", "/v1/keys", {"name": "careful", "budget": {"day_usd": "0.0001"}})
    monkeypatch.setenv("DARKROOM_BASE_URL", server.url)
    monkeypatch.setenv("DARKROOM_API_KEY", made["key"])
    refused = call("generate", "a cat")
    assert refused.exit_code == 5, refused.output
    assert refused.stderr.startswith("darkroom: ")
    assert refused.stderr.count("\n") == 1
    assert not vendor.received
    assert "budget     $0.00 of $0.0001 used today (this key)" in call("credits").stdout


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [(("nobody", "5"), 1), (("default", "5,00"), 2), (("default", "0"), 2), (("default",), 2)],
)
def test_what_cannot_be_booked_is_refused(
    call: Call, words: tuple[str, ...], exit_code: int
) -> None:
    done = call("credits", "add", *words)
    assert (done.exit_code, done.stdout) == (exit_code, "")


def test_a_refund_gives_back_once_and_stands_on_the_statement(call: Call) -> None:
    made = json.loads(call("generate", "a cat", "-q", "low", "-o", "a.png", "--json").stdout)
    job, nanos = made["job_id"], made["charge"]["nanos"]
    words = ("credits", "refund", job, "--reason", "wrong colours", "--reference", f"r-{job}")
    given = call(*words, "--json")
    assert given.exit_code == 0, given.output
    assert json.loads(given.stdout)["amount"]["nanos"] == nanos
    assert "nothing changed" in call(*words).stdout
    told = json.loads(call("credits", "statement", "--json").stdout)
    amounts = [row["amount"]["nanos"] for row in told["data"] if row["job"] == job]
    assert sorted(amounts) == [-nanos, nanos]
    shown = call("credits", "statement").stdout.splitlines()
    assert shown[0].split()[-2:] == ["AMOUNT", "BALANCE"]
    assert shown[-1].startswith("closing")
    assert sum(job in line for line in shown) == 2
