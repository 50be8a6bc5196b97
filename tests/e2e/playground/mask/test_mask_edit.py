"""The mask of an edit in the studio: what it closes stays to the pixel, and nothing loses it."""

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Response, expect

from tests.e2e.conftest import Window
from tests.e2e.playground.mask.painting import Painting, picture
from tests.e2e.playground.studio import EDITS, ask, made, wish
from tests.support.running import KEY

FILES = "/v1/files"


def uploaded(response: Response) -> bool:
    return response.request.method == "POST" and urlsplit(response.url).path == FILES


def start(window: Window, width: int, height: int, **wishes: object) -> Painting:
    """The painter over an uploaded image."""
    window.open().quick()
    wish(window, **wishes)
    with window.page.expect_response(uploaded):
        window.page.locator("[data-test=file]").set_input_files(
            {"name": "one.png", "mimeType": "image/png", "buffer": picture(width, height)}
        )
    painting = Painting(window.page, width, height)
    resume(painting, "[data-test=paint-mask]")
    return painting


def resume(painting: Painting, button: str) -> None:
    painting.page.click(button)
    expect(painting.stage).to_be_focused()
    painting.settled()


def apply(painting: Painting) -> None:
    with painting.page.expect_response(uploaded):  # the mask before it is ready, too
        painting.of("apply").click()
    expect(painting.page.locator("[data-test=mask-row][data-state=ready]")).to_be_visible()


def result(window: Window, job: dict[str, Any]) -> Image.Image:
    (asset,) = [one for one in job["assets"] if one["kind"] == "result"]
    parts = urlsplit(asset["url"])
    answer = window.page.request.get(f"{window.origin}{parts.path}?{parts.query}")
    assert answer.ok, answer.text()
    return Image.open(io.BytesIO(answer.body())).convert("RGB")


@pytest.mark.parametrize(
    ("model", "width", "height"), [("gpt-image-2", 1024, 640), ("flux-2-klein-4b", 320, 256)]
)
def test_outside_the_mask_every_pixel_stays(
    window: Window, model: str, width: int, height: int
) -> None:
    """With a model that knows masks, and with one that does not."""
    size = f"{width}x{height}"
    painting = start(window, width, height, model=model, size=size, custom=size, quality="low")
    painting.press("r")
    painting.drag((width * 0.25, height * 0.25), (width * 0.6, height * 0.7))
    painting.press("b")
    painting.dab(width * 0.8, height * 0.8)
    apply(painting)
    job = made(window, "a red hot-air balloon")
    (sent,) = window.posts(EDITS)
    file = window.page.request.get(
        f"{window.origin}{FILES}/{sent['mask']['file_id']}/content",
        headers={"authorization": f"Bearer {KEY}"},
    )
    assert file.ok, file.text()
    alpha = Image.open(io.BytesIO(file.body())).getchannel("A")
    before = Image.open(io.BytesIO(picture(width, height))).convert("RGB")
    after = result(window, job)
    assert alpha.size == before.size == after.size == (width, height)
    differs = ImageChops.difference(before, after).convert("L").point(lambda one: 255 if one else 0)
    closed = alpha.point(lambda one: 255 if one == 255 else 0)
    open_ = alpha.point(lambda one: 255 if one == 0 else 0)
    assert ImageChops.multiply(differs, closed).getbbox() is None
    changed = ImageChops.multiply(differs, open_).histogram()[255]
    assert changed > 0.9 * open_.histogram()[255]


def test_the_mask_outlives_a_generation_and_a_reload(window: Window) -> None:
    """Masks that were gone after a generation: a bug of others."""
    painting = start(window, 256, 256)
    painting.dab(60, 60)
    painting.dab(200, 200)
    apply(painting)
    made(window, "a first try")
    resume(painting, "[data-test=paint-mask]")
    assert painting.shown(60, 60)[3] == 255
    painting.stage.focus()
    painting.press("Control+z")
    apply(painting)
    made(window, "a second try")
    window.page.reload()
    expect(window.page.locator("[data-test=mask-row][data-state=ready]")).to_be_visible()
    made(window, "a third try")
    first, second, third = (sent["mask"]["file_id"] for sent in window.posts(EDITS))
    assert first != second == third
    resume(painting, "[data-test=paint-mask]")
    assert (painting.shown(60, 60)[3], painting.shown(200, 200)[3]) == (255, 0)
    painting.dab(200, 60)
    painting.press("Control+z")
    assert painting.shown(60, 60)[3] == 255


def test_a_mask_that_no_job_took_is_deleted_with_the_next(window: Window) -> None:
    painting = start(window, 256, 256)
    painting.dab(60, 60)
    apply(painting)
    resume(painting, "[data-test=paint-mask]")
    painting.dab(150, 150)
    with window.page.expect_request(lambda request: request.method == "DELETE"):
        painting.of("apply").click()
    expect(window.page.locator("[data-test=mask-row][data-state=ready]")).to_be_visible()
    with window.page.expect_request(lambda request: request.method == "DELETE"):
        window.page.click("[data-test=remove-mask]")
    expect(window.page.locator("[data-test=mask-row]")).to_have_count(0)


def test_a_mask_that_could_not_be_stored_is_kept_and_sent_again(window: Window) -> None:
    window.may_fail = True
    painting = start(window, 256, 256)
    painting.dab(60, 60)
    window.page.route(f"**{FILES}", lambda route: route.abort(), times=1)
    painting.of("apply").click()
    row = window.page.locator("[data-test=mask-row]")
    expect(row).to_have_attribute("data-state", "failed")
    row.get_by_role("button", name="Try again").click()
    expect(row).to_have_attribute("data-state", "ready")
    made(window, "after all")
    (sent,) = window.posts(EDITS)
    assert ask(window, "GET", f"{FILES}/{sent['mask']['file_id']}")["bytes"] > 0
