"""How the studio stands on a phone, in both languages and both lights, for eyes and for readers."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.studio import SMALL, made, wish

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
BEYOND = """[...document.querySelectorAll("button, summary, h2, .tools, img")]
  .filter((one) => !one.closest(".rail, .tabs"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML)"""


def broken(page: Page) -> list[str]:
    """What a checker of accessibility finds: the best practices of axe-core included."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("ko-KR", "dark")])
def test_everybody_can_use_it(windows: Windows, locale: str, scheme: Any) -> None:
    window = windows.new(locale=locale, scheme=scheme).open()
    page = window.page
    assert broken(page) == []
    wish(window, **SMALL, n=2)
    made(window, "two for everybody")
    page.locator("[data-test=record] summary").click()
    page.locator("[data-test=compared]").wait_for()
    assert broken(page) == []
    page.locator("[data-test=tool-edit]").first.click()
    made(window, "an edit of one [[fail-once]]")
    page.locator("[data-test=lineage]").wait_for()
    assert broken(page) == []
    made(window, "refused [[refuse]]", "failed")
    assert broken(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_dialogs(windows: Windows, scheme: Any) -> None:
    window = windows.new(scheme=scheme).open().quick()
    page = window.page
    made(window, "a picture for the dialogs")
    page.wait_for_selector("[data-test=price][data-state=ready]")
    for button, inside in (
        ("charge", "charge-lines"),
        ("price", "quote-lines"),
        ("prompts", "prompt-list"),
        ("tool-code", "snippet"),
    ):
        page.click(f"[data-test={button}]")
        page.locator(f"[data-test={inside}]").wait_for()
        assert broken(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_a_phone_never_scrolls_sideways(windows: Windows, locale: str) -> None:
    window = windows.new(width=390, height=844, locale=locale).open().quick()
    page = window.page
    assert page.evaluate(OVERFLOW) == 0
    send, bar = page.locator(".send").bounding_box(), page.locator("nav.views").bounding_box()
    assert send
    assert bar
    assert send["y"] + send["height"] <= bar["y"] + 1  # the button is above the navigation
    page.click(".settings > summary")
    assert page.evaluate(OVERFLOW) == 0
    made(window, "a phone on a table")
    page.click("[data-test=record] summary")
    page.locator("[data-test=compared]").wait_for()
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(BEYOND) == []
    page.click("[data-test=tool-code]")
    page.locator("[data-test=snippet][data-language=curl]").wait_for()
    assert page.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize(
    ("locale", "word"), [("en-US", "Prompt"), ("ko-KR", "프롬프트"), ("fr-FR", "Prompt")]
)
def test_the_language_is_the_browsers_until_it_is_chosen(
    windows: Windows, locale: str, word: str
) -> None:
    window = windows.new(locale=locale).open()
    expect(window.page.locator("label[for=prompt]")).to_have_text(word)
    window.page.click("[data-test=language]")
    other = "Prompt" if word == "프롬프트" else "프롬프트"
    expect(window.page.locator("label[for=prompt]")).to_have_text(other)
    window.page.reload()
    expect(window.page.locator("label[for=prompt]")).to_have_text(other)


def test_the_theme_follows_the_system_until_it_is_chosen(windows: Windows) -> None:
    light, dark = windows.new(scheme="light").open(), windows.new(scheme="dark").open()
    bright, dim = (
        window.page.evaluate("getComputedStyle(document.body).backgroundColor")
        for window in (light, dark)
    )
    assert bright != dim
    dark.page.click("[data-test=theme]")
    expect(dark.page.locator("body")).to_have_css("background-color", bright)
    dark.page.reload()
    dark.page.locator("#prompt").wait_for()
    expect(dark.page.locator("body")).to_have_css("background-color", bright)


def test_the_keyboard_reaches_everything(window: Window) -> None:
    window.open()
    window.page.fill("#prompt", "anything")
    window.page.wait_for_selector("[data-test=price][data-state=ready]")
    window.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    reached: set[Any] = set()
    for _ in range(60):
        window.page.keyboard.press("Tab")
        found = window.page.evaluate(
            "document.activeElement.id || document.activeElement.dataset.test"
        )
        reached.add(found)
    assert {
        "language",
        "theme",
        "prompt",
        "file",
        "from-url",
        "model",
        "n",
        "price",
        "send",
        "code",
    } <= reached
