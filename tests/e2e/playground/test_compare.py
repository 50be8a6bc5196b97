"""Two images against each other: slider, side by side, in turn; what was asked differently."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, visited
from tests.e2e.playground.test_history import make


def test_the_slider_uncovers_one_and_the_table_says_what_differs(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    a = make(window, "a red barn")
    b = make(window, "a red barn", size="384x256")
    page.evaluate("([a, b]) => { location.hash = `#/compare?a=${a}&b=${b}`; }", [a, b])
    page.locator("[data-test=image-B]").wait_for()
    right = page.locator("[data-mark=B]")
    expect(right).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
    page.locator("[data-test=slider]").press("Home")
    expect(right).to_have_css("clip-path", re.compile(r"inset\(0px( 0px 0px 0%)?\)"))
    rows = page.locator("[data-test=differences] tbody tr")
    expect(rows.filter(has_text="384×256")).to_have_count(1)
    expect(rows.filter(has_text="a red barn")).to_have_count(0)
    page.locator("[data-test=all-rows]").check()
    expect(rows.filter(has_text="a red barn")).to_have_count(1)


def test_in_turn_side_by_side_and_larger(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    a, b = make(window, "a blue barn"), make(window, "a green barn")
    page.evaluate("([a, b]) => { location.hash = `#/compare?a=${a}&b=${b}`; }", [a, b])
    page.locator("[data-test=image-A]").wait_for()
    page.get_by_label("In turn").check()
    expect(page.locator("[data-test=image-B]")).to_be_hidden()
    page.click("[data-test=blink]")
    expect(page.locator("[data-test=image-A]")).to_be_hidden()
    page.get_by_label("Side by side").check()
    expect(page.locator("[data-test=image-A]")).to_be_visible()
    expect(page.locator("[data-test=image-B]")).to_be_visible()
    page.get_by_role("button", name="Larger").click()
    expect(page.locator("[data-test=zoom]")).to_have_text("200 %")
    for image in ("A", "B"):
        larger = page.locator(f"[data-test=image-{image}]")
        expect(larger).to_have_css("transform", "matrix(2, 0, 0, 2, 0, 0)")
    page.click("[data-test=swap]")
    expect(page.locator(".compare-caption").first).to_contain_text("a green barn")


def test_the_second_is_chosen_from_the_history(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    first = make(window, "a mill")
    make(window, "a windmill")
    page.evaluate("a => { location.hash = `#/compare?a=${a}`; }", first)
    page.locator("[data-test=choose]:enabled").first.click()
    page.locator("[data-test=image-B]").wait_for()
    page.click("[data-test=leave-A]")
    page.locator("[data-test=choose]").first.wait_for()


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, look: tuple[Any, str, int]) -> None:
    window = windows.new().open()
    a, b = make(window, "a white barn"), make(window, "a grey barn")
    page = inspected(windows, f"compare?a={a}&b={b}", look)
    page.locator("[data-test=differences]").wait_for()
    assert flaws(page) == []
