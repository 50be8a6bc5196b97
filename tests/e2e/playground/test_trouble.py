"""Refusals, failures and what was bent: told on the card, with what to do next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.studio import GENERATIONS, SMALL, made, wish
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import Running, deployment


def test_a_refusal_is_a_card_that_keeps_everything(window: Window) -> None:
    window.open().quick()
    done = made(window, "something [[refuse:violence]]", "failed")
    card = window.page.locator("[data-test=trouble]")
    expect(card).to_have_attribute("data-kind", "refused")
    expect(card).to_contain_text("Nothing was charged")
    assert done["charge"] is None
    card.locator("summary").click()
    expect(card).to_contain_text("moderation_blocked · input · violence")
    expect(card.locator("[data-test=again]")).to_have_count(0)  # it cannot help
    window.page.click("[data-test=back-to-prompt]")
    expect(window.page.locator("#prompt")).to_be_focused()
    expect(window.page.locator("#prompt")).to_have_value("something [[refuse:violence]]")
    card.locator("[data-test=try-model]").click()
    expect(window.page.locator("#model")).not_to_have_value("flux-2-klein-4b")
    assert len(window.posts(GENERATIONS)) == 1  # chosen, and priced, but not sent


def test_a_size_that_is_made_otherwise_is_said(window: Window) -> None:
    """Sizes that were silently rewritten: a bug of others."""
    window.open()
    wish(window, model="gpt-image-1.5", quality="low")
    window.page.get_by_label("Custom").check()
    window.page.get_by_label("Width").fill("1792")
    window.page.get_by_label("Height").fill("1024")
    verdict = window.page.locator("[data-test=size-verdict]")
    expect(verdict).to_have_attribute("data-state", "fitted")
    done = made(window, "a wide picture")
    expect(window.page.locator("[data-test=warnings]")).to_contain_text("1792x1024")
    result = window.page.locator("[data-test=result]")
    expect(result).to_have_js_property("naturalWidth", 1792)
    expect(result).to_have_js_property("naturalHeight", 1024)
    assert done["warnings"]


def test_what_came_differs_from_what_was_asked(window: Window) -> None:
    window.open()
    wish(window, **SMALL, n=2)
    made(window, "two, of which one comes [[short:1]]")
    expect(window.page.locator("[data-test=differs]")).to_contain_text("Images 2 → 1")
    window.page.locator("[data-test=record] summary").click()
    row = window.page.locator("[data-test=compared] tr[data-differs=true]")
    expect(row).to_contain_text("Images")


def test_failed_attempts_are_a_chain(window: Window) -> None:
    window.open().quick()
    made(window, "a boat on a lake [[fail-once]]")
    chain = window.page.locator("[data-test=chain] li")
    expect(chain).to_have_count(2)
    expect(chain.first).to_have_attribute("data-state", "bad")
    expect(chain.first).to_contain_text("server error")
    expect(chain.last).to_have_attribute("data-state", "good")
    window.page.locator("[data-test=record] summary").click()
    expect(window.page.locator("[data-test=attempts] tbody tr")).to_have_count(2)
    expect(window.page.locator("[data-test=attempts]")).to_contain_text("upstream_error")


def test_a_retired_model_says_who_answers(windows: Windows, gateway: Running) -> None:
    window = windows.new(origin=gateway.url).open(gateway.key)
    window.page.select_option("#model", "dall-e-3")
    expect(window.page.locator("[data-test=successor]")).to_contain_text("answers instead")
    done = made(window, "a cat")
    expect(window.page.locator("[data-test=warnings]")).to_contain_text("retired")
    expect(window.page.locator("[data-test=differs]")).to_contain_text(
        f"Model dall-e-3 → {done['served_model']}"
    )
    expect(window.page.locator("h1 + .chip")).to_have_count(0)  # no sandbox here


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two deployments that serve the same."""
    both = [{"id": name, "provider": "sandbox"} for name in ("east", "west")]
    folder: Path = tmp_path_factory.mktemp("two")
    with Running(folder / "data", deployments=both) as server:
        yield server.url


def test_another_deployment_is_named_passed_over_and_offered(windows: Windows, two: str) -> None:
    window = windows.new(origin=two).open()
    wish(window, **SMALL)
    made(window, "over to the next [[fail-on:east]]")
    chain = window.page.locator("[data-test=chain] li")
    expect(chain.first).to_contain_text("east")
    expect(chain.last).to_contain_text("west")
    expect(chain.last).to_have_attribute("data-state", "good")
    made(window, "the first serves")
    expect(chain.last).to_have_attribute("data-state", "skipped")
    expect(chain.last).to_contain_text("not needed")
    window.page.click("[data-test=price]")
    expect(window.page.locator("[data-test=quote-deployments] tr")).to_have_count(2)


def test_a_failure_offers_the_deployment_that_was_not_asked(
    windows: Windows, tmp_path: Path
) -> None:
    """An image that may have been billed is not bought twice, unless the user says so."""
    with OpenAIVendor("first") as one, OpenAIVendor("second") as other:
        both = [deployment(one), deployment(other)]
        with Running(tmp_path / "data", deployments=both) as server:
            for vendor in (one, other):
                vendor.always(Fault.TRUNCATED_JSON)
            window = windows.new(origin=server.url).open()
            wish(window, model="gpt-image-2", size="1024x1024", quality="low", partial_images=0)
            failed = made(window, "an answer that breaks off", "failed")
            asked = [attempt["deployment"] for attempt in failed["attempts"]]
            (left,) = {"first", "second"} - set(asked)
            for vendor in (one, other):
                vendor.always(Fault.NONE)
            with window.page.expect_request(f"**{GENERATIONS}") as waiting:
                window.page.click("[data-test=try-deployment]")
            assert waiting.value.headers["x-darkroom-route"] == f"pinned={left}"
            window.page.close()  # before its server
