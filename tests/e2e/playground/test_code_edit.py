"""Copy as code, an edit of an earlier result and an upload: every snippet runs."""

from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Window
from tests.e2e.playground.snippets import LANGUAGES, copied, run_all
from tests.e2e.playground.studio import ask, made, png, wish
from tests.support import packages
from tests.support.packages import Node


@pytest.fixture(scope="module")
def node() -> Node:
    return packages.node()


def test_every_snippet_of_an_edit_runs(window: Window, tmp_path: Path, node: Node) -> None:
    window.open()
    wish(window, model="gpt-image-1.5", size="1024x1024", quality="low")
    first = made(window, "a robot")
    window.page.click("[data-test=tool-edit]")
    (tmp_path / "hat.png").write_bytes(png(128, "red"))
    window.page.set_input_files("[data-test=file]", tmp_path / "hat.png")
    ready = window.page.locator("[data-test=inputs] .thumb[data-state=ready]")
    ready.nth(1).wait_for()
    window.page.fill("#prompt", "add the hat")
    window.page.click("[data-test=code]")
    texts = copied(window, LANGUAGES)
    for language, images in run_all(texts, tmp_path, node).items():
        (path,) = images
        with Image.open(path) as image:
            assert (image.format, image.size) == ("PNG", (1024, 1024)), language
    edits = ask(window, "GET", f"/v1/jobs?limit={len(LANGUAGES)}")["data"]
    assert {one["operation"] for one in edits} == {"edit"}
    assert {one["request"]["prompt"] for one in edits} == {"add the hat"}
    assert {tuple(image["width"] for image in one["inputs"]) for one in edits} == {(1024, 128)}
    (result,) = [one for one in first["assets"] if one["kind"] == "result"]
    own = [one for one in edits if one["request"]["inputs"][0] == result["id"]]
    assert len(own) == 3  # curl and OpenAI's clients name what is stored; the others its link
