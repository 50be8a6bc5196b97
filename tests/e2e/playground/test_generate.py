"""The way of a request in the studio: sent, previewed, shown, edited."""

import re

from playwright.sync_api import Route, expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import (
    EDITS,
    GENERATIONS,
    SMALL,
    Held,
    ask,
    job,
    jobs_about,
    made,
    stood,
    until,
    wish,
)

TOKEN = re.compile(r"page-[0-9a-f]{32}")


def test_generate_sends_a_job_and_shows_its_result(window: Window) -> None:
    window.open()
    done = made(window, "a lighthouse above the sea")
    result = window.page.locator("[data-test=result]")
    expect(result).to_have_js_property("naturalWidth", 1024)
    expect(window.page.locator("[data-test=frame][aria-current=true] img")).to_be_visible()
    expect(window.page.locator("[data-test=counts]")).to_have_text(
        re.compile(r"^0 running · \d+ done$")
    )
    expect(window.page.locator(".edge")).to_contain_text("Sandbox")
    assert window.posts(GENERATIONS) == [
        {
            "model": "gpt-image-2",
            "prompt": "a lighthouse above the sea",
            "stream": True,
            "partial_images": 2,
        }
    ]
    (sent,) = [one for one in window.sent if one.url.endswith(GENERATIONS)]
    headers = sent.all_headers()
    assert headers["prefer"] == "respond-async"
    assert TOKEN.fullmatch(headers["idempotency-key"])
    assert done["request"]["partial_images"] == 2


def test_partial_images_appear_and_a_broken_line_goes_on_where_it_was(window: Window) -> None:
    window.open().quick()
    (picture,) = [
        one
        for one in made(window, "a picture to show as a preview")["assets"]
        if one["kind"] == "result"
    ]
    lines: list[str | None] = []
    data = f'{{"job":"x","index":1,"url":"{picture["url"]}"}}'
    told = f"id: 2.2.66\nevent: partial_image\ndata: {data}\n\n"
    progress = 'id: 2.2.66\nevent: progress\ndata: {"job":"x","progress":66}\n\n'

    def first_breaks(route: Route) -> None:
        lines.append(route.request.headers.get("last-event-id"))
        if len(lines) == 1:
            route.fulfill(content_type="text/event-stream", body=told + progress)
        else:
            route.continue_()

    window.page.route("**/v1/jobs/*/events", first_breaks)
    window.ask("a slow one [[slow:60]]")
    partial = window.page.locator("[data-test=partial]")
    expect(partial).to_have_js_property("naturalWidth", 256)
    expect(partial).to_have_attribute("data-index", "1")
    expect(window.page.locator("[data-test=progress]")).to_have_attribute("data-percent", "66")
    until(window, lambda: len(lines) > 1)
    assert lines[:2] == [None, "2.2.66"]
    window.page.click("[data-test=cancel]")
    stood(window, "a slow one [[slow:60]]", "canceled")


def test_several_images_fill_a_grid(window: Window) -> None:
    window.open()
    wish(window, **SMALL)
    window.page.get_by_label("Images", exact=True).fill("3")
    window.page.get_by_label("Images", exact=True).press("Enter")
    window.ask("a bowl of fruit [[slow:0.5]]")
    expect(window.page.locator(".print.blank")).to_have_count(3)
    done = stood(window, "a bowl of fruit [[slow:0.5]]")
    expect(window.page.locator("[data-test=result]")).to_have_count(3)
    expect(window.page.locator("[data-test=tool-download]")).to_have_count(3)
    with window.page.expect_download() as waiting:
        window.page.click("[data-test=zip]")
    assert waiting.value.suggested_filename.endswith(".zip")
    assert waiting.value.path().read_bytes()[:2] == b"PK"
    assert done["request"]["n"] == 3


def test_the_old_image_goes_when_a_new_one_is_asked_for(window: Window) -> None:
    """An old image that stayed on show after a new generation: a bug of others."""
    window.open().quick()
    made(window, "the first picture")
    shown = window.page.locator("[data-test=result]")
    first = shown.get_attribute("data-asset")
    window.ask("the second picture [[slow:0.5]]")
    expect(shown).to_have_count(0)
    expect(window.page.locator(".print.blank")).to_have_count(1)
    done = stood(window, "the second picture [[slow:0.5]]")
    results = [one["id"] for one in done["assets"] if one["kind"] == "result"]
    expect(shown).to_have_attribute("data-asset", results[0])
    assert results[0] != first


def test_a_result_is_edited_from_its_stored_image_and_the_edit_is_shown(window: Window) -> None:
    """An edit whose image was never shown: a bug of others."""
    window.open().quick()
    first = made(window, "a fox in the snow")
    window.page.click("[data-test=tool-edit]")
    expect(window.page.locator("#prompt")).to_be_focused()
    expect(window.page.locator("[data-test=inputs] .thumb img")).to_be_visible()
    before = window.page.locator("[data-test=frame]").count()
    second = made(window, "make it night")
    expect(window.page.locator("[data-test=frame]")).to_have_count(before + 1)
    (result,) = [one for one in second["assets"] if one["kind"] == "result"]
    shown = window.page.locator("[data-test=result]")
    expect(shown).to_have_attribute("data-asset", result["id"])
    expect(shown).to_have_js_property("naturalWidth", 256)
    expect(window.page.locator(".sources img")).to_be_visible()
    (sent,) = window.posts(EDITS)
    (made_first,) = [one["id"] for one in first["assets"] if one["kind"] == "result"]
    assert sent["images"] == [{"file_id": made_first}]
    rail = window.page.locator("[data-test=lineage] [data-test=relative]")
    expect(rail).to_have_count(2)
    rail.first.click()
    expect(shown).to_have_attribute("data-asset", made_first)
    expect(rail).to_have_count(2)  # the child stays on the rail of its parent
    expect(rail.last).to_have_attribute("title", "make it night")


def test_the_rail_finds_relatives_that_the_page_does_not_know(window: Window) -> None:
    window.open().quick()
    first = made(window, "a parent of long ago")
    window.page.click("[data-test=tool-edit]")
    child = made(window, "a child of it")
    window.page.route("**/v1/jobs?limit=20", lambda route: route.fulfill(json=only(window, child)))
    window.page.reload()
    rail = window.page.locator("[data-test=lineage] [data-test=relative]")
    expect(rail).to_have_count(2)
    expect(rail.first).to_have_attribute("title", "a parent of long ago")
    rail.first.click()
    expect(window.page.locator("[data-test=view]")).to_have_attribute("data-job", first["id"])


def only(window: Window, record: dict[str, object]) -> dict[str, object]:
    """A history of that job alone."""
    one = job(window, str(record["id"]))
    return {"object": "list", "data": [one], "has_more": False, "next_cursor": None}


def test_a_second_press_is_a_slip_and_a_change_is_a_wish(window: Window) -> None:
    window.open().quick()
    window.page.fill("#prompt", "pressed twice")
    window.page.evaluate(
        """() => { for (let press = 0; press < 2; press++) {
          const how = { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true };
          document.querySelector("#prompt").dispatchEvent(new KeyboardEvent("keydown", how));
        } }"""
    )
    stood(window, "pressed twice")
    assert len(window.posts(GENERATIONS)) == 1
    assert len(jobs_about(window, "pressed twice")) == 1
    assert ask(window, "GET", "/v1/jobs?limit=1")["data"][0]["state"] == "succeeded"


def test_held_is_nothing_but_a_pause(window: Window) -> None:
    """A request without an answer yet has a stand-in on the stage, and its job takes its place."""
    window.open().quick()
    held = Held(window, GENERATIONS)
    window.ask("a patient picture")
    waiting = window.page.locator("[data-test=view][data-job^=local]")
    expect(waiting).to_have_attribute("data-state", "queued")
    held.wait().continue_()
    stood(window, "a patient picture")
    expect(waiting).to_have_count(0)
    expect(window.page.locator("[data-test=frame][title='a patient picture']")).to_have_count(1)
