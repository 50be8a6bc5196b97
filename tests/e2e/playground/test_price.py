"""The price: the server's quote to the last digit before anything is sent; the charge after."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.studio import (
    GENERATIONS,
    QUOTE,
    SMALL,
    Held,
    ask,
    made,
    png,
    price,
    until,
    wish,
)
from tests.support.running import Running


def dollars(found: dict[str, Any]) -> str:
    return f"${found['usd']}"


def priced(window: Window) -> dict[str, Any]:
    """The last body that the page had priced; nothing as long as there is none."""
    return next(reversed(window.posts(QUOTE)), {})


def quoted(window: Window) -> dict[str, Any]:
    """What the server answers to the last body that the page had priced."""
    return ask(window, "POST", QUOTE, priced(window))


def lines_of(table: Locator) -> list[str]:
    return table.locator("tr td:last-child").all_inner_texts()


def test_the_price_is_the_servers_quote_and_the_charge_lies_within(window: Window) -> None:
    window.open()
    wish(window, model="gpt-image-2", size="1024x1024", quality="low")
    window.page.fill("#prompt", "a boat, priced")
    until(window, lambda: priced(window).get("prompt") == "a boat, priced")
    shown = price(window)
    quote = quoted(window)
    expect(shown.locator("b")).to_have_text(dollars(quote["expected"]))
    done = made(window, "a boat, priced")
    assert done["quote"]["expected"] == quote["expected"]
    assert done["quote"]["max"] == quote["max"]
    assert 0 < done["charge"]["nanos"] <= quote["max"]["nanos"]
    charge = window.page.locator("[data-test=charge]")
    expect(charge).to_have_text(dollars(done["charge"]))
    charge.click()
    table = window.page.locator("[data-test=charge-lines]")
    expect(table).to_be_visible()
    amounts = [dollars(line) for line in done["charge"]["lines"]]
    assert lines_of(table) == [*amounts, dollars(done["charge"])]


def test_what_is_left_open_is_a_range_with_its_lines(window: Window) -> None:
    window.open()
    wish(window, model="gpt-image-2", size="auto", quality="auto")
    window.page.fill("#prompt", "anything")
    until(window, lambda: priced(window).get("prompt") == "anything")
    shown = price(window)
    quote = quoted(window)
    assert quote["expected"]["nanos"] < quote["max"]["nanos"]
    expect(shown).to_contain_text(dollars(quote["expected"]))
    expect(shown).to_contain_text(f"up to {dollars(quote['max'])}")
    shown.click()
    expected = window.page.locator("[data-test=quote-lines]")
    expect(expected).to_be_visible()
    offer = quote["deployments"][0]
    assert lines_of(expected)[-1] == dollars(offer["expected"])
    assert lines_of(window.page.locator("[data-test=quote-max]"))[-1] == dollars(offer["max"])


def test_images_and_their_number_are_in_the_price(window: Window, tmp_path: Path) -> None:
    window.open()
    wish(window, model="gpt-image-2", size="1024x1024", quality="low", prompt="one")
    wish(window, partial_images=0)  # they are for one image, and cost
    until(window, lambda: priced(window).get("prompt") == "one")
    one = int(price(window).get_attribute("data-nanos") or 0)
    wish(window, n=3)
    until(window, lambda: priced(window).get("n") == 3)
    three = int(price(window).get_attribute("data-nanos") or 0)
    assert three > 2 * one
    (tmp_path / "in.png").write_bytes(png(640))
    window.page.set_input_files("[data-test=file]", tmp_path / "in.png")
    until(window, lambda: "images" in priced(window))
    shown = price(window)
    quote = quoted(window)
    assert quote["notes"] == []  # the upload is priced as it is, not guessed
    expect(shown.locator("b")).to_have_text(dollars(quote["expected"]))
    assert quote["expected"]["nanos"] > three


def test_an_answer_that_was_overtaken_is_dropped(window: Window) -> None:
    window.open()
    price(window)
    held = Held(window, QUOTE)
    wish(window, size="1024x1024", quality="high")
    late = held.wait()
    wish(window, quality="low")
    until(window, lambda: priced(window).get("quality") == "low")
    shown = price(window)
    expect(shown.locator("b")).to_have_text(dollars(quoted(window)["expected"]))
    before = shown.locator("b").inner_text()
    with window.page.expect_response(f"**{QUOTE}"):
        late.continue_()
    assert shown.locator("b").inner_text() == before


def test_a_value_that_the_server_refuses_is_said_before_it_is_sent(window: Window) -> None:
    window.may_fail = True
    window.open()
    message = "This cannot be made."
    window.page.route(
        f"**{QUOTE}",
        lambda route: route.fulfill(
            status=400, json={"error": {"message": message, "code": "unsupported_value"}}
        ),
    )
    wish(window, prompt="anything")
    expect(window.page.locator("[data-test=unpriced]")).to_have_text(message)
    assert window.posts(GENERATIONS) == []


@pytest.fixture
def poor(tmp_path: Path, windows: Windows) -> Iterator[Window]:
    """A window of a key whose budget is smaller than most pictures cost."""
    options = {"deployments": [{"id": "sandbox", "provider": "sandbox"}]}
    with Running(tmp_path / "data", **options) as server:
        window = windows.new(origin=server.url)
        window.page.goto(server.url)
        budget = {"name": "poor", "account": "default", "budget": {"total_usd": "0.02"}}
        key = ask(window, "POST", "/v1/keys", budget)["key"]
        yield window.open(key)
        window.page.close()  # before its server


def test_not_enough_is_said_before_and_after(poor: Window) -> None:
    poor.may_fail = True
    wish(poor, model="gpt-image-2", size="1024x1024", quality="high", prompt="too dear")
    expect(poor.page.locator("[data-test=short]")).to_contain_text("$0.02")
    poor.page.click("[data-test=send]")
    card = poor.page.locator("[data-test=trouble][data-kind=money]")
    expect(card).to_contain_text("Nothing was charged")
    wish(poor, **SMALL)
    expect(poor.page.locator("[data-test=left]")).to_have_text("Key budget left $0.02")
    made(poor, "cheap enough")
    expect(poor.page.locator("[data-test=short]")).to_contain_text("Key budget left $0.006")
