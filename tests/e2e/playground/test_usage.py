"""Usage: every figure on the page is the API's, to the last digit."""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from darkroom.core.money import MAX_NANOS, dollars
from tests.e2e.conftest import Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, visited
from tests.server.client import GENERATE, client, other_key
from tests.support.running import Running

DAY_MS = 86_400_000
CHEAP = {"model": "flux-2-klein-4b", "prompt": "a red fox", "size": "256x256"}
AGO = (0, 1, 1, 5, 20)
"""How many days ago the shop's jobs were charged, one after the other."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("usage")) as running:
        yield running


@pytest.fixture(scope="module")
def playground(server: Running) -> str:
    """The pages are this server's."""
    return server.url


@pytest.fixture(scope="module")
def shop(server: Running) -> str:
    """The key of an account that spent something on several days, by two models."""
    secret = other_key(server, "shop", "the shop")
    with client(server, secret) as http:
        for i, _ in enumerate(AGO):
            model = {"model": "gpt-image-1-mini", "quality": "low", "size": "1024x1024"}
            answer = http.post(
                GENERATE, json={**CHEAP, "n": 1 + i % 2, **(model if i == 1 else {})}
            )
            assert answer.status_code == 200, answer.text
        assert http.post(GENERATE, json={**CHEAP, "prompt": "[[fail]]"}).status_code >= 400
    with client(server) as admin:
        for i in range(31):
            told = {"amount_usd": f"0.{i + 1:03}", "note": f"gift {i + 1}"}
            assert admin.post("/v1/accounts/shop/top-ups", json=told).status_code == 201
    backdate(server)
    return secret


def backdate(server: Running) -> None:
    """Nobody wants to wait for weeks: the charges are moved to where they are to stand."""
    with closing(sqlite3.connect(server.settings.data_dir / "darkroom.db", timeout=20)) as db, db:
        query = "SELECT job_id FROM ledger_holds WHERE state = 'captured' ORDER BY job_id"
        for (job,), ago in zip(db.execute(query).fetchall(), AGO, strict=True):
            change = "UPDATE ledger_holds SET resolved_at_ms = resolved_at_ms - ? WHERE job_id = ?"
            db.execute(change, (ago * DAY_MS, job))


def api(server: Running, key: str, path: str, **query: str) -> Any:
    with client(server, key) as http:
        answer = http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


def amount(text: str) -> Decimal:
    found = re.search(r"−?\$[\d,]+\.\d+", text)
    assert found, text
    return Decimal(found[0].replace("$", "").replace(",", "").replace("−", "-"))


def test_money_is_written_as_the_server_writes_it(windows: Windows) -> None:
    page = visited(windows, "usage")
    chance = random.Random(7)
    nanos = [0, 1, -1, 999_999_999, 10**9, 1_125, 7_833_600, MAX_NANOS, -MAX_NANOS]
    nanos += [chance.randint(-(10 ** chance.randint(1, 18)), 10**18) for _ in range(200)]
    wanted = [[dollars(one), dollars(one, 2), dollars(one, 5)] for one in nanos]
    found = page.evaluate(
        """texts => import("/static/lib/money.js").then(({ nanosOf, money }) =>
          texts.map(text => [undefined, 2, 5].map(places => money(nanosOf(text), places))))""",
        [dollars(one) for one in nanos],
    )
    plain = [
        [text.replace("$", "").replace(",", "").replace("−", "-") for text in row] for row in found
    ]
    # our own "-0.00" of a tiny debt is shown without its sign
    assert plain == [[re.sub(r"^-(0\.0+)$", r"\1", text) for text in row] for row in wanted]
    assert found[7][0] == "$9,223,372,036.854775807"
    sums = page.evaluate(
        """() => import("/static/lib/money.js").then(({ nanosOf, sum, each, ratio, isAmount }) => [
          String(sum(["0.1", "0.2", "-0.000000003"].map(nanosOf))), String(each(10n, 4)),
          each(1n, 0), ratio(1n, 3n), ratio(5n, 0n),
          ["", "1e3", "-1", "1.0000000001", "0x1"].some(isAmount)])"""
    )
    assert sums == ["299999997", "3", None, 0.333333, 1, False]


def test_the_tiles_say_what_the_api_says(windows: Windows, server: Running, shop: str) -> None:
    page = visited(windows, "usage", shop)
    balance = api(server, shop, "/v1/balance")
    month = api(server, shop, "/v1/usage", by="day", **{"from": f"{day(0)[:7]}-01"})
    today = sum(Decimal(row["usd"]) for row in month["data"] if row["day"] == day(0))
    tiles = page.locator("[data-test=tiles]")
    expect(tiles.locator("[data-test=balance]")).to_contain_text(balance["posted"]["usd"])
    for name, value in (
        ("held", Decimal(balance["held"]["usd"])),
        ("today", today),
        ("month", Decimal(month["total"]["usd"])),
    ):
        assert amount(tiles.locator(f"[data-test={name}]").inner_text()) == value
    expect(page.locator("[data-test=top-up]")).to_have_count(0)  # for admins
    expect(page.locator("[data-test=drift-of]")).to_have_count(0)


def test_the_chart_the_table_and_the_shares_add_up(
    windows: Windows, server: Running, shop: str
) -> None:
    page = visited(windows, "usage", shop)
    total = Decimal(api(server, shop, "/v1/usage", **{"from": day(29)})["total"]["usd"])
    legend = page.locator("[data-test=legend]")
    expect(legend.locator("p")).to_contain_text("Last 30 days")
    parts = legend.locator("li .mono").all_inner_texts()
    assert len(parts) == 2
    assert sum(map(amount, parts)) == amount(legend.locator("p").inner_text()) == total

    bars = page.locator("[data-test=chart] .bar")
    expect(bars).to_have_count(30)
    spoken: list[str] = bars.evaluate_all("all => all.map(one => one.ariaLabel)")
    assert sum(map(amount, spoken)) == total
    assert sum(amount(text) > 0 for text in spoken) == len(set(AGO))

    page.locator("[data-test=chart] [tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")  # yesterday
    expect(legend.locator("p")).not_to_contain_text("Last 30 days")
    yesterday = api(server, shop, "/v1/usage", **{"from": day(1), "to": day(1)})["total"]["usd"]
    assert amount(legend.locator("p").inner_text()) == Decimal(yesterday)
    page.keyboard.press("Home")
    assert amount(legend.locator("p").inner_text()) == 0
    page.keyboard.press("Shift+Tab")
    expect(legend.locator("p")).to_contain_text("Last 30 days")

    page.click("[data-test=as-table]")
    table = page.locator("[data-test=day-table]")
    expect(table.locator("tbody tr")).to_have_count(len(set(AGO)))
    rows = table.locator("tbody tr td:last-child").all_inner_texts()
    foot = table.locator("tfoot td").all_inner_texts()
    assert sum(map(amount, rows)) == sum(map(amount, foot[:-1])) == amount(foot[-1]) == total

    shares = page.locator("[data-test=shares]")
    expect(shares.locator("tbody tr")).to_have_count(2)
    made = [row.split() for row in shares.locator("tbody tr").all_inner_texts()]
    assert sum(int(row[1]) for row in made) == len(AGO)
    assert sum(amount(row[-1]) for row in made) == total


def test_the_choices_stand_in_the_address(windows: Windows, shop: str) -> None:
    page = visited(windows, "usage?days=90&by=provider", shop)
    bars = page.locator("[data-test=chart] .bar")
    expect(bars).to_have_count(90)
    expect(page.locator("[data-test=legend] li")).to_have_count(1)
    page.get_by_role("radio", name="7 days").check()
    expect(bars).to_have_count(7)
    page.get_by_role("radio", name="Deployment").check()
    expect(page).to_have_url(re.compile(r"days=7&by=deployment"))
    page.reload()
    expect(bars).to_have_count(7)
    expect(page.get_by_role("radio", name="Deployment")).to_be_checked()


def test_the_statement_comes_in_pages_and_as_a_file(
    windows: Windows, server: Running, shop: str
) -> None:
    page = visited(windows, "usage", shop)
    bookings = api(server, shop, "/v1/statement")
    rows = page.locator("[data-test=statement] tbody tr")
    expect(rows).to_have_count(30)
    page.click("[data-test=older]")
    expect(rows).to_have_count(len(bookings["data"]))
    expect(page.locator("[data-test=older]")).to_have_count(0)
    shown = page.locator("[data-test=statement] td:nth-child(3)").all_inner_texts()
    assert sum(map(amount, shown)) == Decimal(bookings["closing"]["usd"])
    expect(rows.first).to_contain_text("gift 31")
    expect(rows.last.get_by_role("link", name="Job")).to_have_attribute(
        "href", re.compile(r"#/history\?job=[0-9a-f-]{36}$")
    )
    with page.expect_download() as saved:
        page.click("[data-test=csv]")
    assert saved.value.suggested_filename == "statement.csv"
    assert len(saved.value.path().read_text().splitlines()) == len(bookings["data"]) + 3


def test_an_admin_tops_up_an_account_once(windows: Windows, server: Running) -> None:
    other_key(server, "poor/쪽")
    page = visited(windows, "usage")
    expect(page.locator("[data-test=account] option")).not_to_have_count(2)  # they are read
    page.select_option("[data-test=account]", "poor/쪽")
    expect(page.locator("[data-test=nothing-spent]")).to_be_visible()
    page.click("[data-test=top-up]")
    page.fill("[data-test=amount]", "0")
    page.fill("[data-test=note]", "a start")
    expect(page.locator("[data-test=book]")).to_be_disabled()
    page.fill("[data-test=amount]", "12.340000001")
    page.click("[data-test=book]")
    expect(page.locator("[data-test=balance]")).to_have_text("$12.340000001")
    expect(page.locator("[data-test=statement] tbody tr")).to_contain_text(["a start"])
    [sent] = windows.opened[-1].posts("/v1/accounts/poor%2F%EC%AA%BD/top-ups")
    with client(server) as http:  # the same again, as after a lost answer
        again = http.post("/v1/accounts/poor/쪽/top-ups", json=sent)
    assert (again.status_code, again.json()["booked"]) == (200, False)


def test_an_admin_sees_everybody_and_the_drift(windows: Windows, shop: str) -> None:
    assert shop
    page = visited(windows, "usage?account=all&by=key&days=90")
    expect(page.locator("[data-test=shares]")).to_contain_text("the shop")
    expect(page.locator("[data-test=statement]")).to_have_count(0)
    expect(page.locator("[data-test=balance]")).to_have_count(0)
    page.click("[data-test=drift-of]")
    drift = page.locator("[data-test=drift] tbody tr")
    expect(drift).to_have_count(2)
    expect(drift.first).to_contain_text("sandbox")


def test_what_cannot_be_read_is_said_and_tried_again(windows: Windows, shop: str) -> None:
    window = windows.new()
    window.may_fail = True
    window.page.route("**/v1/usage?*", lambda route: route.fulfill(status=500, body="{}"))
    page = window.open(shop).page
    page.evaluate("location.hash = '#/usage'")
    expect(page.locator("[data-test=broken]")).to_have_count(3)
    window.page.unroute("**/v1/usage?*")
    for left in (2, 1, 0):
        page.locator("[data-test=broken] button").first.click()
        expect(page.locator("[data-test=broken]")).to_have_count(left)
    expect(page.locator("[data-test=chart]")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, shop: str, look: tuple[Any, str, int]) -> None:
    assert shop
    page = inspected(windows, "usage?account=shop", look)
    page.locator("[data-test=chart]").wait_for()
    page.locator("[data-test=shares]").wait_for()
    page.locator("[data-test=statement]").wait_for()
    page.click("[data-test=as-table]")
    page.click("[data-test=drift-of]")
    page.locator("[data-test=drift]").wait_for()
    assert flaws(page) == []
    page.click("[data-test=top-up]")
    assert flaws(page) == []
