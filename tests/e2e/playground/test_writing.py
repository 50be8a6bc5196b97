"""Writing and keys: what sends, the prompts of before, what the address fills in."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import GENERATIONS, made, stood


def test_enter_never_sends_and_composing_hangul_neither(window: Window) -> None:
    window.open().quick()
    window.page.click("#prompt")
    typing = window.page.context.new_cdp_session(window.page)
    typing.send(
        "Input.imeSetComposition", {"text": "안녕하세", "selectionStart": 4, "selectionEnd": 4}
    )
    window.page.evaluate(
        """() => { const tries = [[false, true, 13], [true, true, 13], [true, false, 229]];
          for (const [ctrlKey, isComposing, keyCode] of tries) {
            const how = { key: "Enter", ctrlKey, isComposing, keyCode, bubbles: true };
            document.querySelector("#prompt").dispatchEvent(new KeyboardEvent("keydown", how));
          } }"""
    )
    typing.send("Input.insertText", {"text": "안녕하세요"})
    window.page.keyboard.press("Enter")
    window.page.keyboard.type("둘째 줄")
    assert window.posts(GENERATIONS) == []
    window.page.keyboard.press("Control+Enter")
    stood(window, "안녕하세요\n둘째 줄")
    assert [sent["prompt"] for sent in window.posts(GENERATIONS)] == ["안녕하세요\n둘째 줄"]


def test_the_arrows_go_through_the_prompts_of_before(window: Window) -> None:
    window.open().quick()
    made(window, "the older prompt")
    made(window, "the newer prompt")
    box, keys = window.page.locator("#prompt"), window.page.keyboard
    box.fill("a draft\nof two lines")
    keys.press("ArrowUp")  # inside the text it moves the caret
    expect(box).to_have_value("a draft\nof two lines")
    keys.press("Control+Home")
    keys.press("ArrowUp")
    expect(box).to_have_value("the newer prompt")
    keys.press("ArrowUp")
    expect(box).to_have_value("the older prompt")
    keys.press("Control+End")
    keys.press("ArrowDown")
    expect(box).to_have_value("the newer prompt")
    keys.press("ArrowDown")
    expect(box).to_have_value("a draft\nof two lines")
    window.page.click("[data-test=prompts]")
    window.page.get_by_role("searchbox").fill("older")
    choices = window.page.locator("[data-test=prompt-list] button")
    expect(choices).to_have_count(1)
    choices.click()
    expect(box).to_have_value("the older prompt")
    expect(box).to_be_focused()


def test_keys_work_where_nothing_is_typed(window: Window) -> None:
    window.open().quick()
    made(window, "frame one of two")
    made(window, "frame two of two")
    keys, box = window.page.keyboard, window.page.locator("#prompt")
    box.fill("")
    keys.press("/")
    keys.press("?")
    expect(box).to_have_value("/?")
    window.page.evaluate("document.activeElement.blur()")
    keys.press("ArrowRight")  # the strip has the newest first
    stood(window, "frame one of two")
    keys.press("ArrowLeft")
    stood(window, "frame two of two")
    keys.press("?")
    expect(window.page.locator("[data-test=shortcuts]")).to_be_visible()
    keys.press("Escape")
    expect(window.page.locator("[data-test=shortcuts]")).to_have_count(0)
    keys.press("/")
    expect(box).to_be_focused()


def test_the_large_view_turns_from_image_to_image(window: Window) -> None:
    window.open().quick()
    window.page.evaluate(
        """() => import("/static/state/wishes.js").then(({ wish }) => wish({ n: 2 }))"""
    )
    made(window, "two large ones")
    window.page.locator(".print-face").first.click()
    large = window.page.locator("[data-test=large]")
    first = large.get_attribute("src")
    window.page.keyboard.press("ArrowRight")
    expect(large).not_to_have_attribute("src", first or "")
    window.page.keyboard.press("ArrowLeft")
    expect(large).to_have_attribute("src", first or "")
    window.page.keyboard.press("Escape")
    expect(large).to_have_count(0)


def test_the_address_fills_the_form_in_once(window: Window) -> None:
    window.open()
    window.page.goto(
        f"{window.origin}/#/studio?prompt=a+fox+in+snow&size=1536x1024&model=gpt-image-1.5&quality=low"
    )
    box = window.page.locator("#prompt")
    expect(box).to_have_value("a fox in snow")
    expect(window.page.locator("#model")).to_have_value("gpt-image-1.5")
    expect(window.page.get_by_label("3:2")).to_be_checked()
    expect(window.page.get_by_role("radio", name="Low").first).to_be_checked()
    expect(window.page).to_have_url(re.compile(r"#/studio$"))
    box.fill("my own words")
    window.page.reload()
    expect(box).to_have_value("my own words")


def test_controls_follow_the_model(window: Window) -> None:
    window.may_fail = True  # a retired model has no price, and a quote says so
    window.open()
    page = window.page
    page.select_option("#model", "gpt-image-1.5")
    expect(page.get_by_role("group", name="Quality").get_by_role("radio")).to_have_count(4)
    page.get_by_label("JPEG").check()
    expect(page.locator("[data-test=compression]")).to_be_visible()
    page.get_by_label("Transparent").check()
    expect(page.get_by_label("JPEG")).to_be_disabled()
    expect(page.get_by_label("PNG")).to_be_checked()
    page.select_option("#model", "dall-e-3")
    expect(page.locator("[data-test=inputs]")).to_have_count(0)
    expect(page.get_by_label("JPEG")).to_have_count(0)
    expect(page.get_by_label("Images", exact=True)).to_have_count(0)
    page.select_option("#model", "gpt-image-2")
    page.get_by_label("Custom").check()
    page.get_by_label("Width").fill("9000")
    expect(page.locator("[data-test=size-verdict]")).to_have_attribute("data-state", "wrong")
    page.fill("#prompt", "anything")
    expect(page.locator("[data-test=send]")).to_be_disabled()
    page.get_by_role("button", name=re.compile(r"^Use \d+×\d+$")).click()
    expect(page.locator("[data-test=send]")).to_be_enabled()
