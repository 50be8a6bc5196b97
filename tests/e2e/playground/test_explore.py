"""The grid explorer: axes, prices, the run, what is left of it after a reload, and as files."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected
from tests.e2e.playground.explorer import QUICK, cells, explorer, priced, run
from tests.e2e.playground.studio import GENERATIONS, QUOTE, ask


def saved(page: Page, kind: str) -> bytes:
    with page.expect_download() as download:
        page.click(f"[data-test=export-{kind}]")
    return Path(download.value.path()).read_bytes()


def records(window: Window, page: Page) -> list[dict[str, Any]]:
    """The jobs behind the cells, as the server has them."""
    ids = [one.get_attribute("data-job") for one in cells(page, "succeeded").all()]
    return [ask(window, "GET", f"/v1/jobs/{one}") for one in ids]


def dollars(nanos: int) -> str:
    digits = f"{nanos:010d}"
    return f"${digits[:-9]}.{digits[-9:].rstrip('0').ljust(2, '0')}"


def test_a_sheet_is_priced_run_kept_and_exported(window: Window) -> None:
    page = explorer(window, "=a boat\na, house", sizes="256x256 320x256")
    total = priced(page)
    quotes = [ask(window, "POST", QUOTE, body) for body in window.posts(QUOTE)]
    mine = [
        one
        for one, body in zip(quotes, window.posts(QUOTE), strict=True)
        if "house" in body["prompt"] or "boat" in body["prompt"]
    ]
    assert len(mine) == 4
    expect(total).to_contain_text(dollars(sum(one["expected"]["nanos"] for one in mine)))
    page.click("[data-test=start]")
    expect(cells(page, "succeeded")).to_have_count(4)
    found = records(window, page)
    spent = dollars(sum(one["charge"]["nanos"] for one in found))
    expect(page.locator("[data-test=spent]")).to_have_text(spent)
    shown = page.locator("[data-test=charge]").all_inner_texts()
    assert shown == [dollars(one["charge"]["nanos"]) for one in found]
    assert set(page.locator("[data-test=got]").all_inner_texts()) == {"256×256", "320×256"}
    each = page.locator("[data-test=sum-each]")
    expect(each).to_have_text(dollars(sum(one["charge"]["nanos"] for one in found) // 4))

    before = len(window.posts(GENERATIONS))
    page.reload()
    expect(cells(page, "succeeded")).to_have_count(4)
    expect(page.locator("[data-test=spent]")).to_have_text(spent)
    expect(page.locator("[data-test=start]")).to_have_count(0)
    assert len(window.posts(GENERATIONS)) == before == 4

    priced(page)
    rows = list(csv.DictReader(io.StringIO(saved(page, "csv").decode("utf-8-sig"))))
    assert [row["prompt"] for row in rows] == ["'=a boat", "'=a boat", "a, house", "a, house"]
    assert [row["job"] for row in rows] == [one["id"] for one in found]
    assert [row["charged_usd"] for row in rows] == [one["charge"]["usd"] for one in found]
    report = saved(page, "report").decode()
    assert "a, house" in report
    with zipfile.ZipFile(io.BytesIO(saved(page, "zip"))) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 4


def test_what_a_model_lacks_is_said_or_bent(window: Window) -> None:
    page = explorer(window, "a bent thing", models=("gpt-image-2",), sizes="256x256")
    off = page.locator("[data-test=cell][data-kind=bent]")
    expect(off).to_contain_text("Not a size of this model")
    expect(page.locator("[data-test=start]")).to_be_disabled()
    page.check("[data-test=bend]")
    run(page)
    expect(page.locator("[data-test=got]")).to_have_text("256×256")
    cells(page, "succeeded").click()
    expect(page.locator(".cell-sheet")).to_contain_text("cropped to 256×256")


def test_qualities_that_change_nothing_are_paid_for_once(window: Window) -> None:
    page = explorer(window, "one of each")
    page.locator("[data-test=axis-qualities] input[value=auto]").check(force=True)
    expect(page.locator("[data-test=cell]")).to_have_count(2)
    expect(page.locator("[data-test=cell][data-kind=same]")).to_have_count(1)
    run(page)
    assert len(window.posts(GENERATIONS)) == 1


def test_a_cell_leads_to_the_studio_and_to_a_comparison(window: Window) -> None:
    page = explorer(window, "left\nright")
    run(page)
    cells(page, "succeeded").nth(0).click()
    page.click("[data-test=cell-compare]")
    cells(page, "succeeded").nth(1).click()
    page.click("[data-test=cell-compare]")
    page.locator("main.compare [data-test=swap]").wait_for()
    page.go_back()
    cells(page, "succeeded").nth(0).click()
    page.click("[data-test=cell-studio]")
    view = page.locator("[data-test=view][data-state=succeeded]")
    expect(view.locator(".record-prompt > p")).to_have_text("left")


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, look: tuple[Any, str, int]) -> None:
    page = inspected(windows, "explore", look)
    page.evaluate(
        """(model) => import("/static/explore/state.js").then(({ change }) => change({
          prompts: "for everybody\\nnobody [[refuse]]", models: [model, "gpt-image-2"],
          sizes: ["256x256"], qualities: ["low", "medium"] }))""",
        QUICK,
    )
    run(page)
    assert flaws(page) == []
    cells(page, "succeeded").first.click()
    page.locator(".cell-large").wait_for()
    assert flaws(page) == []
