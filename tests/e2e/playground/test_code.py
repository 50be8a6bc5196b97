"""Copy as code, a generation: every snippet runs, and makes what the form says."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.snippets import LANGUAGES, copied, run_all
from tests.e2e.playground.studio import ask, wish
from tests.support import packages
from tests.support.packages import Node

PROMPT = 'It\'s a "test" of $HOME & `한글`\nin two lines \\ with a backslash'


@pytest.fixture(scope="module")
def node() -> Node:
    return packages.node()


def test_every_snippet_of_a_generation_runs(window: Window, tmp_path: Path, node: Node) -> None:
    window.open()
    wish(window, model="gpt-image-1.5", size="1024x1024", quality="low", output_format="webp")
    wish(window, n=2, compression=100, prompt=PROMPT)
    window.page.click("[data-test=code]")
    texts = copied(window, LANGUAGES)
    expect(window.page.locator("[data-test=left-out]")).to_have_count(0)
    for language, images in run_all(texts, tmp_path, node).items():
        assert len(images) == 2, language
        for path in images:
            with Image.open(path) as image:
                assert (image.format, image.size) == ("WEBP", (1024, 1024)), language
    made = ask(window, "GET", f"/v1/jobs?limit={len(LANGUAGES)}")["data"]
    assert {one["request"]["prompt"] for one in made} == {PROMPT}
    assert {one["request"]["quality"] for one in made} == {"low"}
    assert {one["dialect"] for one in made} == {"openai", "evolink", "apiframe"}


def test_what_another_wire_format_cannot_say_is_said(window: Window) -> None:
    """By the server's own word: each body is tried at its quote before it is shown."""
    window.may_fail = True
    window.open()
    wish(window, model="gpt-image-2", size="custom", custom="1000x700", quality="low", seed="")
    wish(window, moderation="low", prompt="anything")
    window.page.click("[data-test=code]")
    window.page.click("[data-tab=evolink-curl]")
    left_out = window.page.locator("[data-test=left-out]")
    expect(left_out).to_contain_text("Size")
    expect(left_out).to_contain_text("Moderation")
    window.page.click("[data-tab=apiframe-python]")
    expect(left_out).to_contain_text("Size")
    expect(left_out).not_to_contain_text("Moderation")
    snippet = window.page.locator("[data-test=snippet][data-language=apiframe-python]")
    expect(snippet).to_contain_text('"moderation": "low"')
    window.page.keyboard.press("Tab")
    window.page.locator("[data-tab=apiframe-python]").focus()
    window.page.keyboard.press("ArrowRight")
    expect(window.page.locator("[data-tab=curl]")).to_be_focused()
    expect(window.page.locator("[data-test=snippet][data-language=curl]")).to_contain_text("curl")
