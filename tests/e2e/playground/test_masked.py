"""The mask in the studio: sent with its image, kept over a generation, never dropped in silence."""

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import EDITS, SMALL, made, png, wish


def masked(window: Window, folder: Path) -> None:
    """An input image with a mask that was painted for it."""
    window.open()
    wish(window, **SMALL)
    (folder / "first.png").write_bytes(png(256))
    window.page.set_input_files("[data-test=file]", folder / "first.png")
    window.page.click("[data-test=paint-mask]")
    film = window.page.locator("[data-test=mask-film]")
    film.wait_for()
    box = film.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    window.page.mouse.move(x - 20, y)
    window.page.mouse.down()
    window.page.mouse.move(x + 20, y)
    window.page.mouse.up()
    window.page.click("[data-test=mask-apply]")
    row = window.page.locator("[data-test=mask-row]")
    expect(row).to_have_attribute("data-state", "ready")


def test_a_mask_goes_with_every_edit_until_it_is_removed(window: Window, tmp_path: Path) -> None:
    """Masks that were lost after a generation, or silently ignored: bugs of others."""
    masked(window, tmp_path)
    row = window.page.locator("[data-test=mask-row]")
    expect(row).to_contain_text("may change")
    expect(window.page.locator(".thumb-mask")).to_be_visible()
    expect(window.page.locator("[data-test=mask-here]")).to_be_visible()  # this model knows none
    first = made(window, "paint a moon there")
    expect(row).to_have_attribute("data-state", "ready")
    second = made(window, "and a star")
    masks = [sent["mask"]["file_id"] for sent in window.posts(EDITS)]
    assert masks[0] == masks[1]
    assert first["mask"] is not None
    assert second["mask"] is not None
    window.page.click("[data-test=remove-mask]")
    expect(row).to_have_count(0)
    third = made(window, "now anywhere")
    assert "mask" not in window.posts(EDITS)[-1]
    assert third["mask"] is None


def test_a_mask_of_another_image_is_said_and_stops_the_request(
    window: Window, tmp_path: Path
) -> None:
    masked(window, tmp_path)
    (tmp_path / "second.png").write_bytes(png(64))
    window.page.set_input_files("[data-test=file]", tmp_path / "second.png")
    thumbs = window.page.locator("[data-test=inputs] .thumb")
    expect(thumbs).to_have_count(2)
    window.page.get_by_role("button", name="Move input image 2 forward").click()
    expect(window.page.locator("[data-test=mask-elsewhere]")).to_contain_text("not the first one")
    window.page.fill("#prompt", "anything")
    expect(window.page.locator("[data-test=send]")).to_be_disabled()
    expect(window.page.locator("[data-test=obstacle]")).to_contain_text("belongs to another image")
    window.page.get_by_role("button", name="Move input image 2 forward").click()
    expect(window.page.locator("[data-test=mask-row]")).to_have_attribute("data-state", "ready")
    expect(window.page.locator("[data-test=send]")).to_be_enabled()


def test_the_mask_of_a_job_comes_back_with_its_settings(window: Window, tmp_path: Path) -> None:
    masked(window, tmp_path)
    done = made(window, "masked once")
    window.page.click("[data-test=remove-mask]")
    window.page.get_by_role("button", name="Remove input image 1").click()
    window.page.click("[data-test=use-settings]")
    expect(window.page.locator("[data-test=mask-row]")).to_have_attribute("data-state", "ready")
    expect(window.page.locator(".thumb-mask")).to_be_visible()
    made(window, "masked twice")
    again = window.posts(EDITS)[-1]
    assert again["images"] == [{"file_id": done["request"]["inputs"][0]}]
    assert again["mask"] == {"file_id": done["request"]["mask"]}
