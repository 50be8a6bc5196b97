"""Webhook endpoints in the page: added, tested, given another secret, disabled, removed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from tests.e2e.conftest import Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, visited
from tests.support.hooks import Hooks, Told
from tests.support.running import Running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("hooks"), webhook_allow_local=True) as running:
        yield running


@pytest.fixture(scope="module")
def playground(server: Running) -> str:
    """The pages are this server's."""
    return server.url


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as receiver:
        yield receiver


def added(page: Page, hooks: Hooks) -> Any:
    page.click("[data-test=add-endpoint]")
    page.fill("[data-test=endpoint-url]", f"{hooks.url}/hook")
    page.locator(".pick", has_text="Been canceled").click()
    page.click("[data-test=save-endpoint]")
    endpoint = page.get_by_role("article", name=f"{hooks.url}/hook")
    endpoint.locator("[data-test=endpoint-secret]").wait_for()
    return endpoint


def signed_by(told: Told, secret: str) -> None:
    """Raises when it is not."""
    Webhook(secret).verify(told.body, dict(told.headers))


def test_an_endpoint_lives_its_life(windows: Windows, hooks: Hooks) -> None:
    page = visited(windows, "keys")
    endpoint = added(page, hooks)
    expect(endpoint.locator(".chip")).to_have_text(["Completed", "Failed"])
    first = endpoint.locator("[data-test=endpoint-secret]").inner_text()

    endpoint.locator("[data-test=test-endpoint]").click()
    signed_by(hooks.next(), first)
    expect(endpoint.locator("[data-test=delivery]")).to_have_attribute("data-state", "delivered")

    endpoint.locator("[data-test=rotate]").click()
    page.check("[data-test=leaked]")
    page.click("[data-test=confirm-yes]")
    secret = endpoint.locator("[data-test=endpoint-secret]")
    expect(secret).not_to_have_text(first)
    endpoint.locator("[data-test=delivery] summary").click()
    endpoint.locator("[data-test=redeliver]").click()
    again = hooks.next()
    signed_by(again, secret.inner_text())
    with pytest.raises(Exception, match="No matching signature"):
        signed_by(again, first)

    endpoint.locator("[data-test=disable]").click()
    expect(endpoint.locator("[data-test=test-endpoint]")).to_be_disabled()
    endpoint.locator("[data-test=disable]").click()
    expect(endpoint.locator("[data-test=test-endpoint]")).to_be_enabled()
    endpoint.locator("[data-test=remove-endpoint]").click()
    page.click("[data-test=confirm-yes]")
    expect(endpoint).to_have_count(0)
    expect(page.locator("[data-test=no-endpoints]")).to_be_visible()


def test_a_failed_delivery_says_why(windows: Windows, hooks: Hooks) -> None:
    hooks.statuses = [500]
    endpoint = added(visited(windows, "keys"), hooks)
    endpoint.locator("[data-test=test-endpoint]").click()
    delivery = endpoint.locator("[data-test=delivery]")
    expect(delivery).to_have_attribute("data-state", "failed")
    delivery.locator("summary").click()
    expect(delivery).to_contain_text("HTTP 500")
    endpoint.locator("[data-test=remove-endpoint]").click()
    endpoint.page.click("[data-test=confirm-yes]")
    expect(endpoint).to_have_count(0)


def test_an_address_that_is_not_allowed_is_refused_in_the_form(windows: Windows) -> None:
    window = windows.new()
    window.may_fail = True
    page = window.open().page
    page.evaluate("location.hash = '#/keys'")
    page.click("[data-test=add-endpoint]")
    page.fill("[data-test=endpoint-url]", "http://10.0.0.1/hook")
    page.click("[data-test=save-endpoint]")
    expect(page.locator("[data-test=form-failed]")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, hooks: Hooks, look: tuple[str, str, int]) -> None:
    page = inspected(windows, "keys", look)
    page.click("[data-test=add-endpoint]")
    page.fill("[data-test=endpoint-url]", f"{hooks.url}/{look[0]}")
    assert flaws(page) == []
    page.click("[data-test=save-endpoint]")
    endpoint = page.get_by_role("article", name=f"{hooks.url}/{look[0]}")
    endpoint.locator("[data-test=endpoint-secret]").wait_for()
    endpoint.locator("[data-test=test-endpoint]").click()
    delivered = endpoint.locator("[data-test=delivery][data-state=delivered] summary")
    delivered.click()
    assert flaws(page) == []
