"""Input images: added in every way, ordered by hand and by keys, refused with a reason."""

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import EDITS, drop, made, png, wish

READY = "[data-test=inputs] .thumb[data-state=ready]"


def put(window: Window, folder: Path, *sides: int) -> None:
    """So many squares as input images, named by their side."""
    files = [folder / f"{side}.png" for side in sides]
    for file, side in zip(files, sides, strict=True):
        file.write_bytes(png(side))
    window.page.set_input_files("[data-test=file]", files)
    expect(window.page.locator(READY)).to_have_count(len(sides))


def test_input_images_are_added_ordered_and_taken_out(window: Window, tmp_path: Path) -> None:
    window.open().quick()
    page = window.page
    put(window, tmp_path, 64, 96)
    thumbs = page.locator("[data-test=inputs] .thumb")
    page.evaluate(  # a paste
        """async () => { const data = new DataTransfer();
          const canvas = new OffscreenCanvas(32, 32); canvas.getContext("2d").fillRect(0, 0, 9, 9);
          data.items.add(new File([await canvas.convertToBlob()], "c.png", { type: "image/png" }));
          const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.body.dispatchEvent(paste); }"""
    )
    expect(page.locator(READY)).to_have_count(3)
    page.click("[data-test=from-url]")
    page.get_by_placeholder("https://").fill("https://images.example/d.png")
    page.keyboard.press("Enter")
    expect(thumbs).to_have_count(4)
    expect(thumbs.last).to_contain_text("images.example")
    page.get_by_role("button", name="Move input image 2 forward").click()
    expect(thumbs.first).to_have_attribute("title", "96.png")
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.get_by_role("button", name="Remove input image 2").click()  # 64.png: no job has it
    page.get_by_role("button", name="Remove input image 3").click()
    done = made(window, "put these together")
    (sent,) = window.posts(EDITS)
    assert [list(image) for image in sent["images"]] == [["file_id"], ["file_id"]]
    assert [one["width"] for one in done["inputs"]] == [96, 32]


def test_the_order_changes_by_keys_and_by_dragging(window: Window, tmp_path: Path) -> None:
    window.open().quick()
    put(window, tmp_path, 64, 96, 128)
    thumbs = window.page.locator("[data-test=inputs] .thumb")
    face = window.page.get_by_role("img", name="Input image 1", exact=True)
    face.focus()
    window.page.keyboard.press("ArrowRight")
    expect(thumbs.nth(1)).to_have_attribute("title", "64.png")
    window.page.keyboard.press("ArrowRight")
    expect(thumbs.nth(2)).to_have_attribute("title", "64.png")
    thumbs.nth(2).drag_to(thumbs.nth(0))
    expect(thumbs.nth(0)).to_have_attribute("title", "64.png")
    expect(thumbs.nth(1)).to_have_attribute("title", "96.png")


def test_what_cannot_be_added_says_why(window: Window, tmp_path: Path) -> None:
    window.open()
    wish(window, model="flux-2-klein-4b")  # takes four
    drop(window, "notes.txt", b"words", "text/plain")
    refused = window.page.locator("[data-test=refused]")
    expect(refused).to_contain_text("notes.txt was not added: PNG, JPEG and WebP")
    window.page.evaluate(
        """() => import("/static/state/inputs.js").then(({ addFiles }) => addFiles([
          new File([new Uint8Array(50_000_001)], "large.png", { type: "image/png" }),
          new File([], "empty.png", { type: "image/png" }) ]))"""
    )
    expect(refused).to_contain_text("large.png was not added: an image may have 50 MB")
    expect(refused).to_contain_text("empty.png was not added: the file is empty")
    files = [tmp_path / f"{n}.png" for n in range(6)]
    for file in files:
        file.write_bytes(png(32))
    window.page.set_input_files("[data-test=file]", files)
    expect(refused).to_contain_text("2 not added: this model takes 4 input images")
    expect(window.page.locator(READY)).to_have_count(4)
    wish(window, model="dall-e-3", prompt="x")
    expect(window.page.locator("[data-test=obstacle]")).to_contain_text("takes no input images")


def test_a_file_that_is_no_image_says_so_on_its_thumb(window: Window) -> None:
    window.may_fail = True
    window.open()
    drop(window, "broken.png", b"not an image at all")
    failed = window.page.locator("[data-test=inputs] .thumb[data-state=failed]")
    expect(failed.get_by_role("alert")).to_contain_text("Invalid image file")
    wish(window, prompt="x")
    expect(window.page.locator("[data-test=obstacle]")).to_contain_text("could not be used")
