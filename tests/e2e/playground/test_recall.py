"""A dropped image of ours: known by its bytes or by its recipe, and asked what it shall be."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import SMALL, drop, made, png, wish

READY = "[data-test=inputs] .thumb[data-state=ready]"


def test_a_dropped_image_of_ours_is_asked_what_it_shall_be(window: Window) -> None:
    window.open().quick()
    done = made(window, "a picture to come back to")
    with window.page.expect_download() as waiting:
        window.page.click("[data-test=tool-download]")
    original = waiting.value.path().read_bytes()
    wish(window, prompt="something else", model="gpt-image-2", size="auto")
    drop(window, "mine.png", original)
    expect(window.page.locator("[data-test=recall-prompt]")).to_have_text(
        "a picture to come back to"
    )
    window.page.click("[data-test=recall]")
    expect(window.page.locator("#prompt")).to_have_value("a picture to come back to")
    expect(window.page.locator("#model")).to_have_value("flux-2-klein-4b")
    expect(window.page.locator("[data-test=view]")).to_have_attribute("data-job", done["id"])
    drop(window, "mine.png", original)
    window.page.click("[data-test=recall-input]")
    expect(window.page.locator(READY)).to_have_count(1)


@pytest.mark.parametrize(
    ("kind", "form"),
    [("png", SMALL), ("jpeg", SMALL), ("webp", {"model": "gpt-image-1.5", "size": "1024x1024"})],
)
def test_a_recipe_travels_in_the_file(window: Window, kind: str, form: dict[str, str]) -> None:
    """Written at the download, read where the server does not know the bytes; the pixels stay."""
    prompt = f'a "quoted" <b>recipe</b> & 한글 in {kind}'
    window.open()
    wish(window, **form, quality="low", output_format=kind)
    made(window, prompt)
    downloads: list[bytes] = []
    for tool in ("tool-download", "tool-download.recipe"):
        with window.page.expect_download() as waiting:
            window.page.click(f"[data-test='{tool}']")
        downloads.append(waiting.value.path().read_bytes())
    plain, written = downloads
    assert len(written) > len(plain)
    assert opened(plain) == opened(written) == (kind.upper(), pixels(plain))
    wish(window, prompt="", model="gpt-image-2", size="auto")
    drop(window, f"sent-around.{kind}", written, f"image/{kind}")
    expect(window.page.locator("[data-test=recall-prompt]")).to_have_text(prompt)
    window.page.click("[data-test=recall]")
    expect(window.page.locator("#prompt")).to_have_value(prompt)
    expect(window.page.locator("#prompt")).to_be_focused()
    expect(window.page.locator("#model")).to_have_value(form["model"])
    size = """() => import("/static/state/form.js").then(({ asked }) => asked.value.size)"""
    assert window.page.evaluate(size) == form["size"]


def test_a_recipe_that_says_too_much_is_not_believed(window: Window) -> None:
    """A file can say anything: what the form could not hold is left out."""
    window.open()
    taken = window.page.evaluate(
        """async (bytes) => {
          const { readRecipe, withRecipe } = await import("/static/lib/recipe.js");
          const png = new Uint8Array(bytes);
          const said = (request) => JSON.stringify({ darkroom: 1, request });
          return [
            said({ prompt: "a", n: 900, size: "<b>", seed: -1, model: {}, quality: "low" }),
            said({ prompt: 7 }), said({ prompt: "x".repeat(40_000) }), "{", "[]", "null",
          ].map((recipe) => readRecipe(withRecipe(png, recipe)));
        }""",
        list(png(8)),
    )
    assert taken[1:] == [None] * 5
    assert {name: taken[0][name] for name in ("prompt", "n", "size", "seed", "model")} == {
        "prompt": "a",
        "n": 10,
        "size": "auto",
        "seed": None,
        "model": "",
    }


def opened(data: bytes) -> tuple[str | None, bytes]:
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.convert("RGBA").tobytes()


def pixels(data: bytes) -> bytes:
    return opened(data)[1]
