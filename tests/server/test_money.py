"""Usage, balance, statement, drift, accounts, top-ups, refunds and budgets at the door."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, client, other_key, refusal
from tests.support.running import Running

SMALL = {"model": "gpt-image-1.5", "prompt": "a red bicycle", "quality": "low", "size": "1024x1024"}


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An account of this test alone."""
    return f"of {request.node.name}"


@pytest.fixture
def own(shared: Running, name: str) -> Iterator[httpx2.Client]:
    """Speaks with a key of that account."""
    with client(shared, other_key(shared, name)) as speaking:
        yield speaking


def ok(answer: httpx2.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def ask(http: httpx2.Client, **more: Any) -> httpx2.Response:
    return http.post(GENERATE, json={**SMALL, **more})


def charged(answer: httpx2.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.headers["x-darkroom-charge-nanos"])


def price(http: httpx2.Client) -> int:
    """The most that :func:`ask` may cost: what is held for it."""
    return ok(http.post("/v1/images/quote", json=SMALL))["max"]["nanos"]


def usd(nanos: int) -> str:
    return str(Decimal(nanos) / 10**9)


def prepay(admin: httpx2.Client, name: str, nanos: int) -> None:
    ok(admin.patch(f"/v1/accounts/{name}", json={"prepaid": True}))
    ok(admin.post(f"/v1/accounts/{name}/top-ups", json={"amount_usd": usd(nanos)}), 201)


def jobs_of(http: httpx2.Client) -> list[dict[str, Any]]:
    return http.get("/v1/jobs", params={"limit": 100}).json()["data"]


# --- usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["key", "model", "provider,day", "deployment,model,account", "day"])
def test_usage_rows_add_up_as_shown(
    http: httpx2.Client, own: httpx2.Client, name: str, by: str
) -> None:
    spent = sum(
        charged(ask(own, **more))
        for more in ({}, {"n": 2}, {"model": "gpt-image-1-mini"}, {"quality": "medium"})
    )
    usage = ok(own.get("/v1/usage", params={"by": by}))
    assert (usage["account"], usage["by"]) == (name, by.split(","))
    assert usage["total"]["nanos"] == spent
    assert usage["total"]["jobs"] == 4
    for shown in ("nanos", "jobs", "usd", "credits"):
        rows = sum(Decimal(str(row[shown])) for row in usage["data"])
        assert rows == Decimal(str(usage["total"][shown]))
    assert len(usage["data"]) == (2 if "model" in by else 1)
    assert all(set(by.split(",")) <= set(row) for row in usage["data"])


def test_usage_names_what_it_groups_by(own: httpx2.Client, name: str) -> None:
    charged(ask(own))
    [row] = ok(own.get("/v1/usage", params={"by": "account,key,provider,deployment"}))["data"]
    assert row["account_name"] == name
    assert row["key_name"] == "other"
    assert (row["provider"], row["deployment"]) == ("openai", "openai")


def test_usage_of_days(own: httpx2.Client) -> None:
    spent = charged(ask(own))
    [row] = ok(own.get("/v1/usage", params={"by": "day"}))["data"]
    today = row["day"]
    on_the_day = ok(own.get("/v1/usage", params={"from": today, "to": today}))
    assert (on_the_day["from"], on_the_day["to"]) == (today, today)
    assert on_the_day["total"]["nanos"] == spent
    before = ok(own.get("/v1/usage", params={"to": "2020-12-31"}))
    assert (before["data"], before["total"]["nanos"]) == ([], 0)
    assert ok(own.get("/v1/usage", params={"from": "9999-12-31", "to": "9999-12-31"}))["data"] == []


def test_only_an_admin_sees_other_accounts(
    http: httpx2.Client, own: httpx2.Client, name: str
) -> None:
    spent = charged(ask(own))
    for path in ("/v1/usage", "/v1/balance", "/v1/statement"):
        refusal(own.get(path, params={"account": "default"}), 403)
        refusal(http.get(path, params={"account": "nobody's"}), 404)
        refusal(http.get(path, params={"account": "nul\0"}), 404)
        assert ok(http.get(path, params={"account": name}))["account"] == name
    assert "key" not in ok(http.get("/v1/balance", params={"account": name}))
    refusal(own.get("/v1/usage", params={"account": "all"}), 403)
    everybody = ok(http.get("/v1/usage", params={"account": "all", "by": "account"}))
    assert {row["account_name"]: row["nanos"] for row in everybody["data"]}[name] == spent
    assert name not in str(ok(http.get("/v1/usage", params={"by": "account"}))["data"])
    refusal(http.post("/v1/keys", json={"name": "x", "account": "all"}), 400)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"by": "prompt"}, "by"),
        ({"by": ""}, "by"),
        ({"by": "day,day"}, "by"),
        ({"from": "yesterday"}, "from"),
        ({"from": "20261120"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "٢٠٢٦-01-01"}, "to"),
        ({"from": "2026-11-21", "to": "2026-11-20"}, "from"),
    ],
)
def test_odd_usage_queries(http: httpx2.Client, query: dict[str, str], param: str) -> None:
    assert refusal(http.get("/v1/usage", params=query), 400)["param"] == param


def test_the_views_need_a_key(shared: Running) -> None:
    with client(shared, "") as nobody:
        for path in ("/v1/usage", "/v1/balance", "/v1/statement", "/v1/drift", "/v1/accounts"):
            refusal(nobody.get(path), 401)


# --- balance ------------------------------------------------------------------------------------


def test_a_postpaid_balance_goes_below_zero(own: httpx2.Client, name: str) -> None:
    spent = charged(ask(own))
    balance = ok(own.get("/v1/balance"))
    assert balance["account"] == name
    assert balance["prepaid"] is False
    assert balance["posted"]["nanos"] == -spent
    assert balance["held"]["nanos"] == 0
    assert balance["available"] is balance["floor"] is None
    assert balance["budget"] == {"total_usd": None, "day_usd": None, "month_usd": None}
    assert Decimal(balance["used"]["month_usd"]) * 10**9 == spent
    assert Decimal(balance["key"]["used"]["total_usd"]) * 10**9 == spent


async def test_a_running_job_holds_its_maximum(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, http)
        await openai_vendor.wait_received(1)
        while_running = ok(http.get("/v1/balance"))
        assert while_running["held"]["nanos"] == price(http) > 0
        assert while_running["posted"]["nanos"] == 0
        openai_vendor.release()
        spent = charged(answer.result(10))
        after = ok(http.get("/v1/balance"))
    assert (after["held"]["nanos"], after["posted"]["nanos"]) == (0, -spent)


# --- statement ----------------------------------------------------------------------------------

EVIL = '=HYPERLINK("http://evil.example","x")'


def test_a_statement_adds_up(http: httpx2.Client, own: httpx2.Client, name: str) -> None:
    paid = {"amount_usd": "1.50", "note": EVIL, "reference": "+pay"}
    ok(http.post(f"/v1/accounts/{name}/top-ups", json=paid), 201)
    first, second = ask(own), ask(own, n=2)
    job_id = first.headers["x-darkroom-job"]
    ok(http.post(f"/v1/jobs/{job_id}/refunds", json={"reason": "@blurry"}), 201)
    statement = ok(own.get("/v1/statement"))
    kinds = [row["kind"] for row in statement["data"]]
    assert sorted(kinds) == ["capture", "capture", "refund", "top_up"]
    amounts = [row["amount"]["nanos"] for row in statement["data"]]
    assert statement["opening"]["nanos"] == 0
    assert statement["closing"]["nanos"] == sum(amounts) == 1_500_000_000 - charged(second)
    assert sum(Decimal(row["amount"]["usd"]) for row in statement["data"]) == Decimal(
        statement["closing"]["usd"]
    )
    assert statement["closing"]["nanos"] == ok(own.get("/v1/balance"))["posted"]["nanos"]
    capture = next(row for row in statement["data"] if row["job"] == job_id)
    assert capture["attempt"] == 1
    assert capture["model"] == "gpt-image-1.5"

    answer = own.get("/v1/statement", params={"format": "csv", "from": "2020-01-01"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="statement-2020-01-01.csv"'
    )
    opening, *rows, closing = csv.DictReader(io.StringIO(answer.text))
    assert (opening["kind"], closing["kind"]) == ("opening", "closing")
    assert [int(row["amount_nanos"]) for row in rows] == amounts
    assert Decimal(opening["balance_usd"]) + sum(
        Decimal(row["amount_usd"]) for row in rows
    ) == Decimal(closing["balance_usd"])
    assert {row["note"] for row in rows} == {"", f"'{EVIL}", "'@blurry"}
    words = [row[cell] for row in rows for cell in ("job", "key", "model", "note", "id")]
    assert not [word for word in words if word.startswith(("=", "+", "-", "@"))]


def test_a_statement_in_pages_is_the_same_backwards(
    http: httpx2.Client, own: httpx2.Client, name: str
) -> None:
    prepay(http, name, 2_000_000_000)
    for _ in range(3):
        charged(ask(own))
    whole = ok(own.get("/v1/statement"))
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    closing = whole["closing"]
    while True:
        page = ok(own.get("/v1/statement", params=query))
        assert page["closing"] == closing
        closing = page["opening"]  # where the page before it ended
        assert 1 <= len(page["data"]) <= 2
        rows += page["data"]
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert closing == whole["opening"]
    assert rows == whole["data"][::-1]
    later = ok(own.get("/v1/statement", params={"limit": 5, "from": "9000-01-01"}))
    assert (later["data"], later["has_more"]) == ([], False)
    assert later["opening"] == later["closing"] == whole["closing"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "2", "format": "csv"}, "format"),
        ({"cursor": "capture:of-somebody-else"}, "cursor"),
        ({"cursor": "nul\0"}, "cursor"),
    ],
)
def test_a_page_of_a_statement_is_asked_for_rightly(
    own: httpx2.Client, query: dict[str, str], param: str
) -> None:
    assert refusal(own.get("/v1/statement", params=query), 400)["param"] == param


def test_a_cursor_of_another_account_leads_nowhere(
    http: httpx2.Client, own: httpx2.Client, name: str
) -> None:
    prepay(http, name, 1_000_000_000)
    [row] = ok(own.get("/v1/statement"))["data"]
    refusal(http.get("/v1/statement", params={"cursor": row["id"]}), 400)


def test_an_earlier_statement_is_the_opening_of_a_later_one(own: httpx2.Client) -> None:
    charged(ask(own))
    posted = ok(own.get("/v1/balance"))["posted"]["nanos"]
    later = ok(own.get("/v1/statement", params={"from": "9000-01-01"}))
    assert (later["opening"]["nanos"], later["data"], later["closing"]["nanos"]) == (
        posted,
        [],
        posted,
    )
    assert refusal(own.get("/v1/statement", params={"format": "pdf"}), 400)["param"] == "format"


# --- drift --------------------------------------------------------------------------------------


def test_drift_compares_quote_charge_and_invoice(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    huge = {
        "input_tokens": 9,
        "output_tokens": 50_000,
        "total_tokens": 50_009,
        "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
    }
    with client(gateway) as http:
        usual = charged(ask(http))
        openai_vendor.next(Fault.NONE, usage=huge)
        dear = charged(ask(http))
        report = ok(http.get("/v1/drift", params={"invoice": "openai:12.34"}))
        [row] = report["data"]
        assert (row["deployment"], row["model"], row["jobs"]) == ("openai", "gpt-image-1.5", 2)
        assert row["jobs_over"] == 1
        assert row["asked"]["nanos"] == row["captured"]["nanos"] == usual + dear
        assert row["drift"]["nanos"] == row["asked"]["nanos"] - row["expected"]["nanos"] > 0
        assert row["over"]["nanos"] == dear - row["held"]["nanos"] // 2
        assert row["absorbed"]["nanos"] == 0
        assert row["invoiced"]["usd"] == "12.34"
        for invoice in ("12.34", ":1", "openai:x", "openai:-1"):
            refusal(http.get("/v1/drift", params={"invoice": invoice}), 400)
        with client(gateway, other_key(gateway, "plain")) as plain:
            refusal(plain.get("/v1/drift"), 403)


# --- accounts, top-ups, budgets -----------------------------------------------------------------


def test_a_top_up_is_booked_once(http: httpx2.Client, own: httpx2.Client, name: str) -> None:
    path = f"/v1/accounts/{name}/top-ups"
    body = {"amount_usd": "25.00", "reference": f"invoice 7 {name}"}
    first = ok(http.post(path, json=body), 201)
    assert (first["booked"], first["amount"]["usd"]) == (True, "25.00")
    again = ok(http.post(path, json=body), 200)
    assert (again["booked"], again["posted"]["usd"]) == (False, "25.00")
    conflict = http.post(path, json={**body, "amount_usd": "26"})
    assert refusal(conflict, 409)["code"] == "idempotency_conflict"
    assert ok(own.get("/v1/balance"))["posted"]["usd"] == "25.00"
    refusal(own.post(path, json=body), 403)
    refusal(http.post("/v1/accounts/nobody's/top-ups", json=body), 404)


@pytest.mark.parametrize(
    "amount", [25, 25.0, "25,00", "1e3", "", "0", "-1", "0.0000000001", "1000000001", None, True]
)
def test_amounts_are_decimal_text(http: httpx2.Client, name: str, amount: Any) -> None:
    error = refusal(http.post("/v1/accounts/default/top-ups", json={"amount_usd": amount}), 400)
    assert error["param"] == "amount_usd"
    budget = http.post("/v1/keys", json={"name": name, "budget": {"day_usd": amount}})
    if amount is None or amount == "0":  # no limit; and nothing may be spent
        assert budget.status_code == 201
    else:
        assert refusal(budget, 400)["param"] == "day_usd"


def test_accounts_are_listed_and_changed(
    http: httpx2.Client, own: httpx2.Client, name: str
) -> None:
    change = {"prepaid": True, "budget": {"day_usd": "1.5", "total_usd": "0"}}
    changed = ok(http.patch(f"/v1/accounts/{name}", json=change))
    assert changed["prepaid"] is True
    assert changed["budget"] == {"total_usd": "0.00", "day_usd": "1.50", "month_usd": None}
    assert changed["available"]["nanos"] == changed["floor"]["nanos"] == 0
    changed = ok(http.patch(f"/v1/accounts/{name}", json={"budget": {"total_usd": None}}))
    assert changed["budget"] == {"total_usd": None, "day_usd": "1.50", "month_usd": None}
    assert changed in ok(http.get("/v1/accounts"))["data"]
    changed = ok(http.patch(f"/v1/accounts/{name}", json={"budget": None, "prepaid": False}))
    assert changed["budget"]["day_usd"] is None
    assert changed["prepaid"] is False
    refusal(own.patch(f"/v1/accounts/{name}", json={"prepaid": False}), 403)
    refusal(own.get("/v1/accounts"), 403)
    for body, param in (({"prepaid": 1}, "prepaid"), ({"budget": 5}, "budget"), ({"x": 1}, "x")):
        assert refusal(http.patch(f"/v1/accounts/{name}", json=body), 400)["param"] == param


def test_an_account_in_debt_cannot_become_prepaid(
    http: httpx2.Client, own: httpx2.Client, name: str
) -> None:
    charged(ask(own))
    error = refusal(http.patch(f"/v1/accounts/{name}", json={"prepaid": True}), 429)
    assert error["code"] == "insufficient_quota"
    assert ok(own.get("/v1/balance"))["prepaid"] is False


def test_an_account_with_a_slash_in_its_name(shared: Running, http: httpx2.Client) -> None:
    other_key(shared, "team/red")
    path = "/v1/accounts/team%2Fred"
    assert ok(http.patch(path, json={"prepaid": True}))["name"] == "team/red"
    assert ok(http.post(f"{path}/top-ups", json={"amount_usd": "1"}), 201)["account"] == "team/red"


def test_a_key_has_a_budget(http: httpx2.Client, name: str) -> None:
    made = ok(http.post("/v1/keys", json={"name": name, "budget": {"month_usd": "3"}}), 201)
    assert made["budget"] == {"total_usd": None, "day_usd": None, "month_usd": "3.00"}
    path = f"/v1/keys/{made['id']}"
    changed = ok(http.patch(path, json={"budget": {"total_usd": "9.000000001"}}))
    assert changed["budget"]["total_usd"] == "9.000000001"
    assert "key" not in changed
    [listed] = [key for key in ok(http.get("/v1/keys"))["data"] if key["id"] == made["id"]]
    assert listed == changed
    refusal(http.patch("/v1/keys/nobody", json={"budget": None}), 404)
    refusal(http.patch(path, json={}), 400)
    assert refusal(http.patch(path, json={"budget": {"week_usd": "1"}}), 400)["param"] == "week_usd"


# --- refunds ------------------------------------------------------------------------------------


def test_refunds_stay_within_the_charge(http: httpx2.Client, own: httpx2.Client, name: str) -> None:
    answer = ask(own)
    nanos = charged(answer)
    path = f"/v1/jobs/{answer.headers['x-darkroom-job']}/refunds"
    part = {"amount_usd": "0.001", "reason": "late", "reference": "ticket-1"}
    assert ok(http.post(path, json=part), 201)["refunded"]["nanos"] == 1_000_000
    assert ok(http.post(path, json=part), 200)["refunded"]["nanos"] == 1_000_000
    over = refusal(http.post(path, json={"amount_usd": usd(nanos), "reason": "all"}), 400)
    assert over["param"] == "amount_usd"
    rest = {"reason": "all", "reference": "ticket-2"}
    assert ok(http.post(path, json=rest), 201)["amount"]["nanos"] == nanos - 1_000_000
    assert ok(http.post(path, json=rest), 200)["amount"]["nanos"] == nanos - 1_000_000
    refusal(http.post(path, json={"reason": "more"}), 400)
    assert ok(own.get("/v1/balance"))["posted"]["nanos"] == 0
    assert ok(own.get("/v1/usage"))["total"]["nanos"] == 0
    assert refusal(http.post(path, json={}), 400)["param"] == "reason"
    refusal(own.post(path, json=part), 403)
    refusal(http.post("/v1/jobs/nobody/refunds", json=part), 404)
    refusal(http.post("/v1/jobs/nobody/refunds", json={"reason": "x"}), 404)


# --- refusals, as OpenAI's SDK sees them ----------------------------------------------------------


def refused(gateway: Running, key: str) -> dict[str, Any]:
    """The body of the SDK's RateLimitError, after checking that it did not try again."""
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=2) as sdk,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        sdk.images.generate(
            model="gpt-image-1.5", prompt="a red bicycle", quality="low", size="1024x1024"
        )
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
    body = caught.value.body
    assert isinstance(body, dict)
    assert caught.value.code == body["code"]
    return body


def test_an_empty_balance_is_told_from_a_reached_budget(
    shared: Running, http: httpx2.Client, name: str, vendor: OpenAIVendor
) -> None:
    key = other_key(shared, name)
    with client(shared, key) as own:
        needed = price(own)
        prepay(http, name, needed - 1)
        empty = refused(shared, key)
        assert (empty["type"], empty["code"]) == ("insufficient_quota", "insufficient_quota")
        assert empty["billing_details"] == {
            "required_nanos": needed,
            "available_nanos": needed - 1,
        }
        ok(http.post(f"/v1/accounts/{name}/top-ups", json={"amount_usd": "1"}), 201)
        ok(http.patch(f"/v1/accounts/{name}", json={"budget": {"month_usd": "0.000000005"}}))
        reached = refused(shared, key)
        assert (reached["type"], reached["code"]) == (
            "insufficient_quota",
            "billing_hard_limit_reached",
        )
        assert reached["billing_details"] == {
            "which": "account_month",
            "limit_nanos": 5,
            "used_nanos": 0,
            "required_nanos": needed,
        }
        balance = ok(own.get("/v1/balance"))
        assert balance["held"]["nanos"] == 0
        assert set(balance["used"].values()) == {"0.00"}
        assert set(balance["key"]["used"].values()) == {"0.00"}
        assert jobs_of(own) == []
        ok(http.patch(f"/v1/accounts/{name}", json={"budget": None}))
        charged(ask(own))
    assert len(vendor.received) == 1


def test_a_keys_own_budget(shared: Running, http: httpx2.Client, vendor: OpenAIVendor) -> None:
    made = ok(http.post("/v1/keys", json={"name": "frugal", "budget": {"day_usd": "0.02"}}), 201)
    with client(shared, made["key"]) as own:
        spent = charged(ask(own))
        left = 20_000_000 - spent
        while left >= price(own):
            left -= charged(ask(own))
        error = refused(shared, made["key"])
        assert error["code"] == "billing_hard_limit_reached"
        assert error["billing_details"]["which"] == "key_day"
        assert error["billing_details"]["used_nanos"] == 20_000_000 - left
        balance = ok(own.get("/v1/balance"))
        assert Decimal(balance["key"]["used"]["day_usd"]) * 10**9 == 20_000_000 - left
        assert len(jobs_of(own)) == len(vendor.received)


def test_a_failed_request_holds_nothing(own: httpx2.Client, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    answer = ask(own)
    refusal(answer, 400)
    assert "x-darkroom-charge-nanos" not in answer.headers
    balance = ok(own.get("/v1/balance"))
    assert (balance["held"]["nanos"], balance["posted"]["nanos"]) == (0, 0)


# --- concurrency --------------------------------------------------------------------------------


async def test_concurrent_requests_cannot_overspend(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    """Thirty at once with money for seven: seven are made, and the balance stays above zero."""
    openai_vendor.always(Fault.HOLD)
    with client(gateway) as admin, ThreadPoolExecutor(30) as pool:
        key = other_key(gateway, "crowd")
        with client(gateway, key, limits=httpx2.Limits(max_connections=40)) as own:
            needed = price(own)
            prepay(admin, "crowd", 8 * needed - 1)
            answers = [pool.submit(ask, own) for _ in range(30)]
            await openai_vendor.wait_received(7)
            while sum(answer.done() for answer in answers) < 23:
                balance = ok(own.get("/v1/balance"))
                assert balance["available"]["nanos"] >= 0
            assert ok(own.get("/v1/balance"))["held"]["nanos"] == 7 * needed
            openai_vendor.release()
            ended = [answer.result(20) for answer in answers]
            balance = ok(own.get("/v1/balance"))
            jobs = jobs_of(own)
    made = [charged(answer) for answer in ended if answer.status_code == 200]
    others = [refusal(answer, 429) for answer in ended if answer.status_code != 200]
    assert (len(made), len(others), len(jobs), len(openai_vendor.received)) == (7, 23, 7, 7)
    assert {error["code"] for error in others} == {"insufficient_quota"}
    assert balance["held"]["nanos"] == 0
    assert balance["posted"]["nanos"] == 8 * needed - 1 - sum(made) >= 0


async def test_money_that_comes_free_is_spent_but_never_twice(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    """Captures free the rest of their holds while others hold: the balance is never negative."""
    with (
        client(gateway) as admin,
        client(gateway, other_key(gateway, "busy")) as own,
        ThreadPoolExecutor(10) as pool,
    ):
        needed = price(own)
        prepay(admin, "busy", 5 * needed)
        ended = list(pool.map(lambda _: ask(own), range(30)))
        balance = ok(own.get("/v1/balance"))
    made = [charged(answer) for answer in ended if answer.status_code == 200]
    assert len(made) >= 5
    assert len(made) == len(openai_vendor.received)
    assert balance["posted"]["nanos"] == 5 * needed - sum(made) >= 0
    assert balance["held"]["nanos"] == 0


# --- prices of a key ----------------------------------------------------------------------------


def test_a_key_may_have_prices_of_its_own(shared: Running, http: httpx2.Client, name: str) -> None:
    full = charged(ask(http))
    body = {"name": f"{name} cheap", "account": name, "price_multiplier": "0.5"}
    made = ok(http.post("/v1/keys", json=body), 201)
    assert (made["price_multiplier"], made["price_per_image_usd"]) == ("0.5", None)
    with client(shared, made["key"]) as cheap:
        assert price(cheap) * 2 == price(http)
        assert charged(ask(cheap)) * 2 == full
        changes = {"price_per_image_usd": "0.04"}
        changed = ok(http.patch(f"/v1/keys/{made['id']}", json=changes))
        assert (changed["price_multiplier"], changed["price_per_image_usd"]) == ("0.5", "0.04")
        assert charged(ask(cheap, n=2)) == 2 * 40_000_000
        back = {"price_multiplier": None, "price_per_image_usd": None}
        ok(http.patch(f"/v1/keys/{made['id']}", json=back))
        assert charged(ask(cheap)) == full


@pytest.mark.parametrize("factor", [0.5, "x", "-1", "1.1234567", "1000", ""])
def test_a_malformed_price_factor_is_refused(http: httpx2.Client, factor: object) -> None:
    answer = http.post("/v1/keys", json={"name": "x", "price_multiplier": factor})
    assert refusal(answer, 400)["param"] == "price_multiplier"


def test_a_refused_change_of_a_key_changes_nothing(http: httpx2.Client, name: str) -> None:
    made = ok(http.post("/v1/keys", json={"name": name}), 201)
    body = {"price_multiplier": "0.5", "budget": {"day_usd": 5}}
    refusal(http.patch(f"/v1/keys/{made['id']}", json=body), 400)
    listed = {key["id"]: key for key in ok(http.get("/v1/keys"))["data"]}
    assert listed[made["id"]]["price_multiplier"] == "1"


def test_keys_of_one_name_do_not_share_an_account_unasked(http: httpx2.Client, name: str) -> None:
    ok(http.post("/v1/keys", json={"name": name}), 201)
    again = refusal(http.post("/v1/keys", json={"name": name}), 400)
    assert again["param"] == "name"
    shared = ok(http.post("/v1/keys", json={"name": name, "account": name}), 201)
    assert shared["account"] == name
