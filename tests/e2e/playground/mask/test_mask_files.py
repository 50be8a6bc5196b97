"""Soft edges and files of the mask painter: what is shown, what is opened, what is saved."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.mask.painting import Painting, paint


def test_feather_fades_the_file_as_it_was_shown(easel: Window) -> None:
    painting = paint(easel)
    for side, value in (("x", 100), ("y", 80), ("width", 200), ("height", 160)):
        painting.of(side).fill(str(value))
    painting.of("put").click()
    painting.of("feather").fill("20")
    painting.settled()
    assert any(worker.url.endswith("/mask/worker.js") for worker in easel.page.workers)
    painting.of("scale").click()  # one pixel of the picture is one of the screen
    shown = [painting.shown(x + 0.5, 160.5)[3] for x in range(70, 131)]
    applied = painting.apply()
    saved = [applied.open(x, 160) for x in range(70, 131)]
    assert saved[:10] == [0] * 10
    assert saved[51:] == [255] * 10
    assert saved == sorted(saved)
    assert 100 < saved[30] < 155
    assert shown == pytest.approx(saved, abs=4)


def test_painting_on_after_feathering_is_feathered_too(easel: Window) -> None:
    painting = paint(easel)
    painting.of("feather").fill("10")
    painting.of("size").fill("600")
    painting.dab(240, 160)
    painting.settled()
    painting.press("Control+z", "Control+z")
    expect(painting.of("feather")).to_have_value("0")
    painting.press("Control+y", "Control+y")
    expect(painting.of("feather")).to_have_value("10")
    alpha = painting.apply().image.getchannel("A").crop((0, 160, 480, 161)).get_flattened_data()
    assert len(set(alpha)) > 10


def mask_file(convention: str, size: tuple[int, int] = (480, 320)) -> bytes:
    """A file that opens the rectangle from (100, 80) to (300, 240), in parts of its size."""
    open_, kept = {"black": (0, 255), "white": (255, 0), "alpha": (0, 255)}[convention]
    level = Image.new("L", size, kept)
    x, y = size[0] / 480, size[1] / 320
    ImageDraw.Draw(level).rectangle((100 * x, 80 * y, 300 * x - 1, 240 * y - 1), fill=open_)
    image = level
    if convention == "alpha":
        image = Image.new("RGBA", size, (40, 90, 200, 255))
        image.putalpha(level)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def load(painting: Painting, data: bytes, kind: str = "image/png") -> None:
    painting.of("file").set_input_files(
        {"name": "other mask.png", "mimeType": kind, "buffer": data}
    )


@pytest.mark.parametrize("convention", ["alpha", "black", "white"])
def test_a_mask_file_is_opened_in_its_convention(easel: Window, convention: str) -> None:
    painting = paint(easel)
    painting.dab(400, 280)
    load(painting, mask_file(convention))
    meaning = painting.of("meaning")
    expect(meaning.locator(f"input[value={convention}]")).to_be_checked()
    expect(meaning).not_to_contain_text("stretched")
    applied = painting.apply()
    assert applied.box() == (100, 80, 300, 240)
    assert (applied.open(100, 80), applied.open(299, 239)) == (255, 255)


def test_a_wrong_guess_is_corrected_and_all_of_it_undone(easel: Window) -> None:
    painting = paint(easel)
    painting.dab(400, 280)
    load(painting, mask_file("white"))
    painting.of("meaning").locator("input[value=black]").check()
    assert (painting.shown(200, 160)[3], painting.shown(40, 40)[3]) == (0, 255)
    painting.stage.focus()
    painting.press("Control+z")
    expect(painting.of("meaning")).to_have_count(0)
    assert (painting.shown(40, 40)[3], painting.shown(400, 280)[3]) == (0, 255)


def test_a_file_of_another_size_is_stretched_and_that_is_said(easel: Window) -> None:
    painting = paint(easel)
    load(painting, mask_file("black", (240, 320)))
    expect(painting.of("meaning")).to_contain_text("The file is 240×320, the picture 480×320")
    left, top, right, bottom = painting.apply().box() or (0, 0, 0, 0)
    assert (top, bottom) == (80, 240)
    assert abs(left - 100) <= 2
    assert abs(right - 300) <= 2


def test_a_file_that_is_no_image_is_refused(easel: Window) -> None:
    painting = paint(easel)
    load(painting, b"not an image")
    expect(easel.page.get_by_role("alert")).to_contain_text(
        "not an image that the browser can read"
    )


def test_a_dropped_file_is_a_mask_and_no_input_image(easel: Window) -> None:
    painting = paint(easel)
    easel.page.evaluate(
        """async (bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
          const given = { bubbles: true, cancelable: true, dataTransfer: data };
          window.reached = false;
          addEventListener("drop", () => (window.reached = true));
          document.querySelector("[data-test=mask-stage]").dispatchEvent(
            new DragEvent("drop", given));
        }""",
        list(mask_file("alpha")),
    )
    expect(painting.of("meaning")).to_contain_text("dropped.png")
    assert not easel.page.evaluate("() => window.reached")
    assert painting.apply().box() == (100, 80, 300, 240)


@pytest.mark.parametrize("convention", ["alpha", "black", "white"])
def test_the_mask_is_saved_in_each_convention(
    easel: Window, tmp_path: Path, convention: str
) -> None:
    painting = paint(easel)
    painting.press("r")
    painting.drag((100, 80), (300, 240))
    painting.of("save-as").select_option(convention)
    with easel.page.expect_download() as download:
        painting.of("save").click()
    assert download.value.suggested_filename == "a picture-mask.png"
    path = tmp_path / "mask.png"
    download.value.save_as(path)
    with Image.open(path) as image:
        band = image.getchannel("A") if convention == "alpha" else image.convert("L")
        assert image.size == (480, 320)
        inside, outside = band.getpixel((200, 160)), band.getpixel((20, 20))
    assert (inside, outside) == ((255, 0) if convention == "white" else (0, 255))
