"""Keys: made, shown once, changed, revoked."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.account import make_key, visited
from tests.server.client import client, other_key
from tests.support.running import Running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("keys")) as running:
        yield running


@pytest.fixture(scope="module")
def playground(server: Running) -> str:
    """The pages are this server's."""
    return server.url


@pytest.fixture
def page(windows: Windows) -> Page:
    return visited(windows, "keys")


def row(page: Page, name: str) -> Any:
    return page.get_by_role("article", name=name, exact=True)


def key_of(server: Running, name: str) -> dict[str, Any]:
    with client(server) as http:
        [found] = [one for one in http.get("/v1/keys").json()["data"] if one["name"] == name]
        return found


def status(server: Running, secret: str) -> int:
    with client(server, secret) as http:
        return http.get("/v1/balance").status_code


def test_a_new_key_is_shown_once_and_works(page: Page, server: Running) -> None:
    secret = make_key(page, "shop", day_usd="2.50", total_usd="40")
    assert status(server, secret) == 200
    expect(page.locator("[data-test=made]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-test=secret]")).to_have_text(secret)  # a slip loses nothing
    expect(row(page, "shop").get_by_role("meter", name="Today")).to_have_attribute(
        "aria-valuetext", "$0.00 / $2.50"
    )
    expect(row(page, "shop").get_by_role("meter")).to_have_count(2)
    page.click("[data-test=made-done]")
    expect(page.locator("[data-test=made]")).to_have_count(0)
    assert secret not in page.content()
    page.reload()
    row(page, "shop").wait_for()
    assert secret not in page.content()
    assert key_of(server, "shop")["budget"] == {
        "total_usd": "40.00",
        "day_usd": "2.50",
        "month_usd": None,
    }


def test_a_change_sends_only_what_was_changed(page: Page, server: Running) -> None:
    make_key(page, "to change", day_usd="1")
    page.click("[data-test=made-done]")
    ends = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011
    row(page, "to change").locator("[data-test=change-key]").click()
    page.fill("[data-test=day_usd]", "3.000000001")
    page.fill("[data-test=key-expires]", ends)
    page.locator("summary", has_text="Models and routes").click()
    page.get_by_role("radio", name="Fastest").check()
    page.locator(".pick", has_text="gpt-image-2").first.click()
    page.uncheck("[data-test=emulate]")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.click("[data-test=save-key]")
    assert sent.value.post_data_json == {
        "budget": {"day_usd": "3.000000001"},
        "expires_at": f"{ends}T23:59:59Z",
        "policy": {"order": "fastest", "models": ["gpt-image-2"], "emulate": False},
    }
    terms = row(page, "to change").locator("[data-test=terms]")
    expect(terms).to_contain_text("Fastest")
    expect(terms).to_contain_text("only gpt-image-2")
    expect(row(page, "to change")).to_contain_text("$0.00 of $3.000000001")
    assert key_of(server, "to change")["policy"]["order"] == "fastest"


def test_a_budget_that_is_no_amount_cannot_be_sent(page: Page) -> None:
    page.click("[data-test=new-key]")
    page.fill("[data-test=key-name]", "odd")
    for wrong in ("1e3", "-1", "0.0000000001", "ten", "1,5"):
        page.fill("[data-test=day_usd]", wrong)
        expect(page.locator("[data-test=save-key]")).to_be_disabled()
        expect(page.locator("[data-test=day_usd]")).to_have_attribute("aria-invalid", "true")
    page.fill("[data-test=day_usd]", "0.000000001")
    expect(page.locator("[data-test=save-key]")).to_be_enabled()


def test_what_the_server_refuses_is_said_in_the_form(windows: Windows) -> None:
    window = windows.new()
    window.may_fail = True
    page = visited_in(window)
    make_key(page, "taken")
    page.click("[data-test=made-done]")
    page.click("[data-test=new-key]")
    page.fill("[data-test=key-name]", "taken")
    page.click("[data-test=save-key]")
    expect(page.locator("[data-test=form-failed]")).to_contain_text("There is an account 'taken'")
    page.select_option("[data-test=key-account]", "taken")
    page.click("[data-test=save-key]")
    expect(row(page, "taken")).to_have_count(2)


def test_revoking_asks_first_and_is_at_once(page: Page, server: Running) -> None:
    secret = make_key(page, "to revoke")
    page.click("[data-test=made-done]")
    row(page, "to revoke").locator("[data-test=revoke-key]").click()
    page.get_by_role("button", name="Cancel").click()
    assert status(server, secret) == 200
    row(page, "to revoke").locator("[data-test=revoke-key]").click()
    page.click("[data-test=confirm-yes]")
    expect(page.locator("summary", has_text="Revoked keys")).to_be_visible()
    assert status(server, secret) == 401


def test_a_key_that_may_not_manage_sees_itself_and_why(windows: Windows, server: Running) -> None:
    secret = other_key(server, "guests", "guest")
    page = visited(windows, "keys", secret)
    own = page.locator("[data-test=own-key]")
    expect(own).to_contain_text("guest")
    expect(own).to_contain_text("may not see or make other keys")
    expect(own).to_contain_text("$0.00 spent")
    expect(page.locator("[data-test=no-endpoints]")).to_be_visible()
    asked = [request.url for request in windows.opened[-1].sent]
    assert not any(url.endswith("/v1/keys") for url in asked)


def visited_in(window: Window) -> Page:
    page = window.open().page
    page.evaluate("location.hash = '#/keys'")
    page.locator("[data-test=key]").first.wait_for()
    return page
