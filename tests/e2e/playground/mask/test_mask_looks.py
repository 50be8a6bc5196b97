"""The mask painter for everybody: in both themes and languages, on a phone, by a checker's eye."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.mask.painting import paint


def broken(page: Page) -> list[str]:
    return [
        f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "width"), [("en-US", 1360), ("ko-KR", 390)])
def test_everybody_can_use_it(windows: Windows, scheme: Any, locale: str, width: int) -> None:
    window = windows.new(width=width, height=844, locale=locale, scheme=scheme)
    painting = paint(window)
    if width < 761:
        painting.of("more").click()
    painting.of("apply").click()
    expect(painting.of("problem")).to_be_visible()
    assert broken(window.page) == []
    painting.stage.focus()
    painting.press("l", "ArrowUp", "Enter", "Escape", "i", "Escape")
    expect(painting.of("leaving")).to_be_visible()
    assert broken(window.page) == []


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_on_a_phone_the_tools_are_at_the_lower_edge_and_nothing_wraps(
    windows: Windows, locale: str
) -> None:
    window = windows.new(width=390, height=780, locale=locale)
    painting = paint(window)
    tools = painting.of("tools").bounding_box()
    assert tools is not None
    assert tools["y"] > 700
    before = painting.stage.bounding_box()
    painting.of("more").click()
    after = painting.stage.bounding_box()
    assert before is not None
    assert after is not None
    assert 200 < after["height"] < before["height"]  # the picture stays in sight beside the options
    assert window.page.evaluate("document.documentElement.scrollWidth") == 390
    wide = window.page.evaluate(
        """() => {
          const all = document.querySelectorAll(
            "dialog :is(button, .label, .strip-item, .mask-top *)");
          const bad = (one) => one.scrollWidth > one.clientWidth + 1 || one.clientHeight > 48;
          return [...all].filter((one) => one.clientWidth > 1 && bad(one))
            .map((one) => one.outerHTML);
        }"""
    )
    assert wide == []


def test_its_words_and_style_come_with_it_only(window: Window) -> None:
    window.open()
    early = {request.url.rpartition("/static/")[2] for request in window.sent}
    assert not any(name.startswith(("mask/", "css/mask", "words/mask")) for name in early)
    paint(window)
    names = [request.url.rpartition("/static/")[2] for request in window.sent]
    assert names.count("css/mask.css") == names.count("words/mask.en.js") == 1
    assert "words/mask.ko.js" not in names
