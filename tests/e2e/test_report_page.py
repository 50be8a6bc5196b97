"""The report in a browser: nothing from outside, readable by everybody, and the enlarged view."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from darkroom.report import Style, write_report
from darkroom.report.pictures import EMBEDS
from darkroom.report.runs import ChargeLine, Run, RunCharge, RunError, RunFile
from tests.fakes.pictures import Look, picture

SHAPES = ((512, 512), (896, 512), (512, 896))


def runs(folder: Path, many: int = 3) -> list[Run]:
    """Images of three shapes, and a refused one at the end."""
    made: list[Run] = []
    for at in range(many):
        width, height = SHAPES[at % 3]
        name = f"{at}.png"
        (folder / name).write_bytes(picture("png", Look(width, height, transparent=at == 1)))
        line = ChargeLine("image_out", 100 + at, 30_000, (100 + at) * 30_000)
        made.append(
            Run(
                id=str(at),
                number=at + 1,
                prompt=f"a red bicycle {at}",
                request={"size": f"{width}x{height}", "quality": "high"},
                state="succeeded",
                files=(RunFile(name, "ab" * 32, "image/png", width, height, 10),),
                charge=RunCharge(line.amount_nanos, (line,)),
                model="gpt-image-2",
                served_model="gpt-image-1.5",
                quality="high",
                deployment="sandbox",
                seconds=1.5,
                warnings=("Something was bent.",),
            )
        )
    error = RunError("moderation_blocked", "No such pictures.")
    gone = {"files": (), "charge": None, "warnings": (), "error": error, "state": "failed"}
    return [*made, replace(made[0], id="x", number=many + 1, **gone)]


class Watched:
    """A page that may ask for nothing but files in its own folder."""

    def __init__(self, browser: Browser, report: Path, **options: Any) -> None:
        self._context = browser.new_context(reduced_motion="reduce", **options)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("request", lambda request: self._asked(request.url, report))
        self.page.goto(report.as_uri())

    def _asked(self, url: str, report: Path) -> None:
        if not url.startswith(("data:", report.parent.as_uri())):
            self.complaints.append(f"request to {url}")

    def close(self) -> None:
        self._context.close()
        assert self.complaints == []


def broken(page: Page) -> list[str]:
    """What a checker of accessibility finds: the best practices of axe-core included."""
    return [
        f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("ko", 390)])
def test_everybody_can_read_it(
    browser: Browser, tmp_path: Path, scheme: Any, lang: str, width: int
) -> None:
    style = Style(lang=lang, credits=True)
    report = write_report(tmp_path / "report.html", runs(tmp_path), tmp_path, style)
    seen = Watched(browser, report, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("summary").click()
    assert broken(page) == []
    page.locator(".frame").first.click()
    assert broken(page) == []
    seen.close()


@pytest.mark.parametrize("embed", EMBEDS)
def test_all_images_appear_under_the_policy(browser: Browser, tmp_path: Path, embed: str) -> None:
    style = Style(lang="en", embed=embed)
    report = write_report(tmp_path / "report.html", runs(tmp_path), tmp_path, style)
    seen = Watched(browser, report)
    widths = seen.page.locator(".frame img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths == [512, 896, 512]
    assert "unsafe" not in (seen.page.locator("meta[http-equiv]").get_attribute("content") or "")
    seen.close()


def test_a_script_that_is_not_its_own_does_not_run(browser: Browser, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.html", runs(tmp_path), tmp_path, Style(lang="en"))
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("</main>", "</main><script>document.title = 'x'</script>"))
    seen = Watched(browser, report)
    assert seen.page.title() == "Image report"
    assert any("Content Security Policy" in one for one in seen.complaints)
    seen.complaints.clear()
    seen.close()


def test_the_enlarged_view_is_used_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.html", runs(tmp_path), tmp_path, Style(lang="en"))
    seen = Watched(browser, report)
    page = seen.page
    viewer, shown = page.locator("#viewer"), page.locator("#viewer img")
    expect(viewer).to_be_hidden()
    page.locator(".frame").nth(1).focus()
    page.keyboard.press("Enter")
    expect(shown).to_have_attribute("alt", "a red bicycle 1 (896×512)")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute("alt", "a red bicycle 0 (512×512)")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#viewer a")).to_have_attribute("href", "./2.png")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(page.locator(".frame").nth(2)).to_be_focused()
    seen.close()


def test_images_of_a_row_are_equally_high(browser: Browser, tmp_path: Path) -> None:
    """One size of each shape fits one row, whatever the shapes."""
    three = runs(tmp_path)[:3]
    report = write_report(tmp_path / "report.html", three, tmp_path, Style(lang="en"))
    seen = Watched(browser, report, viewport={"width": 1280, "height": 800})
    boxes = [one.bounding_box() for one in seen.page.locator(".frame").all()]
    tops, heights = zip(*((box["y"], box["height"]) for box in boxes if box), strict=True)
    assert max(tops) - min(tops) < 1
    assert max(heights) - min(heights) < 1
    seen.close()


def test_forty_images_are_a_chart_of_columns_and_print(browser: Browser, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.html", runs(tmp_path, 40), tmp_path, Style(lang="en"))
    seen = Watched(browser, report, color_scheme="dark")
    assert seen.page.locator(".chart .bar").count() == 40
    assert seen.page.locator(".chart .nothing").count() == 1
    assert broken(seen.page) == []
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert seen.page.pdf().startswith(b"%PDF")
    seen.close()
