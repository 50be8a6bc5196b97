"""The strip of earlier jobs beside the stage, and who may see them."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.studio import made
from tests.support.running import KEY


def test_the_strip_shows_earlier_jobs_and_takes_their_settings_back(windows: Windows) -> None:
    first = windows.new().open().quick()
    made(first, "a bridge in the fog, to be found again")
    second = windows.new().open()
    frame = second.page.locator("[data-test=frame][title*='found again']")
    expect(frame.locator("img")).to_have_attribute("src", _thumbnail())
    frame.click()
    expect(second.page.locator("[data-test=result]")).to_have_js_property("naturalWidth", 256)
    second.page.click("[data-test=use-prompt]")
    expect(second.page.locator("#prompt")).to_have_value("a bridge in the fog, to be found again")
    expect(second.page.locator("#model")).to_have_value("gpt-image-2")
    second.page.click("[data-test=use-settings]")
    expect(second.page.locator("#model")).to_have_value("flux-2-klein-4b")
    expect(second.page.get_by_label("Width")).to_have_value("256")
    second.page.select_option("[data-test=filter]", "failed")
    expect(frame).to_have_count(0)


def test_a_key_in_the_address_signs_in_leaves_it_and_outlives_a_reload(window: Window) -> None:
    window.open()
    assert window.page.url == f"{window.origin}/"
    window.page.reload()
    expect(window.page.locator("[data-test=send]")).to_be_visible()


def test_without_a_key_it_is_asked_for(window: Window) -> None:
    window.may_fail = True
    window.page.goto(window.origin)
    window.page.fill("[data-test=key]", "not-a-key-of-this-server")
    window.page.press("[data-test=key]", "Enter")
    expect(window.page.get_by_role("alert")).to_contain_text("does not know this key")
    window.page.fill("[data-test=key]", KEY)
    window.page.press("[data-test=key]", "Enter")
    expect(window.page.locator("#prompt")).to_be_visible()


def _thumbnail() -> re.Pattern[str]:
    """Never the original."""
    return re.compile(r"/320\.webp\?")
