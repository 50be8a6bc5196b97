"""The history: found again, looked at in full, taken along, deleted; a thousand jobs as twenty."""

import copy
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Download, Page, Route, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, visit, visited
from tests.e2e.playground.studio import GENERATIONS, ask

MANY = 1_000


def make(window: Window, prompt: str, **wishes: Any) -> str:
    """A job made beside the page; its id."""
    body = {"model": "flux-2-klein-4b", "size": "256x256", "prompt": prompt, **wishes}
    ask(window, "POST", GENERATIONS, body)
    return newest(window, prompt)["id"]


def newest(window: Window, prompt: str) -> dict[str, Any]:
    found = ask(window, "GET", "/v1/jobs?limit=100")["data"]
    return next(one for one in found if one["request"]["prompt"] == prompt)


def shots(page: Page) -> Any:
    return page.locator("[data-test=shot]")


def saved(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def test_it_is_found_again_by_its_words_and_its_kind(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    make(window, "a heron in the reeds")
    make(window, "왜가리 한 마리")
    page.reload()
    expect(shots(page)).to_have_count(2)
    page.fill("[data-test=search]", "왜가리")
    expect(shots(page)).to_have_count(1)
    assert parse_qs(urlsplit(page.url).fragment.partition("?")[2])["q"] == ["왜가리"]
    page.fill("[data-test=search]", "")
    expect(shots(page)).to_have_count(2)
    page.select_option("[data-test=filter-operation]", "edit")
    page.locator("[data-test=none]").wait_for()
    page.get_by_role("button", name="Show everything").click()
    expect(shots(page)).to_have_count(2)
    page.select_option("[data-test=filter-state]", "failed")
    page.locator("[data-test=none]").wait_for()
    page.go_back()
    expect(shots(page)).to_have_count(2)


def test_one_job_is_shown_in_full_and_goes_on_in_the_studio(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    job = make(window, "a kingfisher on a branch")
    page.reload()
    page.click(f"[data-job='{job}'] a")
    sheet = page.locator("dialog[open]")
    sheet.locator("[data-test=result]").wait_for()
    expect(sheet.locator("[data-test=compared]")).to_contain_text("256×256")
    expect(sheet.locator("[data-test=attempts]")).to_contain_text("sandbox")
    expect(sheet.locator("[data-test=charge]")).to_contain_text("$")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.goto(f"{window.origin}/#/history?job={job}")
    page.locator("dialog[open] [data-test=tool-edit]").click()
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.locator("[data-test=inputs] .thumb img")).to_be_visible()


def test_a_family_leads_from_one_to_the_other(windows: Windows) -> None:
    page = visited(windows, "history")
    window = windows.opened[0]
    parent = make(window, "a pond")
    asset = newest(window, "a pond")["assets"][0]["id"]
    body = {"model": "flux-2-klein-4b", "prompt": "at night", "images": [{"file_id": asset}]}
    ask(window, "POST", "/v1/images/edits", body)
    child = newest(window, "at night")["id"]
    page.goto(f"{window.origin}/#/history?job={child}")
    page.locator("dialog[open] [data-test=relative]").click()
    expect(page).to_have_url(re.compile(f"job={parent}"))
    expect(page.locator("dialog[open] .record-prompt")).to_contain_text("a pond")
    expect(page.locator("dialog[open] [data-test=relative]")).to_have_count(1)


def test_what_is_picked_out_is_taken_along_and_deleted(windows: Windows) -> None:
    page = visited(windows, "history?view=list")
    window = windows.opened[0]
    jobs = [make(window, f"bird number {i}") for i in range(3)]
    page.reload()
    shots(page).first.wait_for()
    boxes = page.locator("[data-test=pick]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    picked = page.locator("[data-test=picked]")
    expect(picked).to_contain_text("3 picked")
    expect(page.locator("[data-test=picked-compare]")).to_be_disabled()
    with page.expect_download() as zipped:
        page.click("[data-test=picked-zip]")
    with zipfile.ZipFile(io.BytesIO(saved(zipped.value))) as archive:
        assert sum(name.endswith("job.json") for name in archive.namelist()) == 3
    with page.expect_download() as report:
        page.click("[data-test=picked-report]")
    assert b"bird number 2" in saved(report.value)
    boxes.nth(1).click()
    boxes.nth(2).click()
    page.click("[data-test=picked-delete]")
    page.click("[data-test=confirm-yes]")
    expect(page.locator(f"[data-job='{jobs[2]}']")).to_have_count(0)
    expect(picked).to_have_count(0)
    left = [one["id"] for one in ask(window, "GET", "/v1/jobs?limit=100")["data"]]
    assert jobs[2] not in left
    assert jobs[1] in left


def test_a_running_job_is_seen_to_its_end(windows: Windows) -> None:
    window = windows.new().open().quick()
    window.ask("a slow bird [[slow:1]]")
    window.page.locator("[data-test=view]:not([data-job^=local])").wait_for()
    page = visit(window, "history")
    job = newest(window, "a slow bird [[slow:1]]")["id"]
    page.locator(f"[data-job='{job}'][data-state=succeeded] img").wait_for()


def test_a_thousand_jobs_come_twenty_at_a_time_and_small(windows: Windows) -> None:
    window = windows.new()
    window.open()
    make(window, "one that stands for many")
    one = newest(window, "one that stands for many")

    def page_of(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        start = int(query.get("cursor", ["0"])[0])
        assert query["limit"] == ["20"]
        rows: list[dict[str, Any]] = []
        for i in range(start, start + 20):
            job = copy.deepcopy(one)
            job["id"] = f"00000000-0000-7000-8000-{i:012d}"
            rows.append(job)
        after = start + 20
        more = {"has_more": after < MANY, "next_cursor": str(after) if after < MANY else None}
        route.fulfill(body=json.dumps({"object": "list", "data": rows, **more}))

    page = window.page
    page.route(re.compile(r"/v1/jobs\?"), page_of)
    before = len(window.sent)
    visit(window, "history")
    while shots(page).count() < MANY:
        shots(page).last.scroll_into_view_if_needed()
        page.wait_for_function(
            "n => document.querySelectorAll('[data-test=shot]').length > n || n >= 1000",
            arg=shots(page).count() - 1,
        )
    expect(page.get_by_role("button", name="Show older")).to_have_count(0)
    asked = [urlsplit(request.url).path for request in window.sent[before:]]
    fetched = sum(path == "/v1/jobs" for path in asked)
    assert MANY // 20 <= fetched <= MANY // 20 + 1  # the studio reads its strip, too
    pictures = shots(page).locator("img").evaluate_all("all => all.map((one) => one.src)")
    assert len(pictures) == MANY
    assert {urlsplit(one).path.rpartition("/")[2] for one in pictures} == {"320.webp"}
    # What is out of sight is not laid out.
    first = page.locator("[data-test=shots] > li").first
    assert first.evaluate("one => getComputedStyle(one).contentVisibility") == "auto"


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, look: tuple[Any, str, int]) -> None:
    make(windows.new().open(), "a robin")
    page = inspected(windows, "history", look)
    shots(page).first.wait_for()
    assert flaws(page) == []
    page.locator("[data-test=pick]").first.click()
    page.locator("[data-test=picked]").wait_for()
    assert flaws(page) == []
    page.click("[data-test=picked-none]")
    shots(page).first.locator("a").click()
    page.locator("dialog[open] [data-test=compared]").wait_for()
    assert flaws(page) == []
