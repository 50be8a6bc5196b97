"""The mask painter: what is painted, undone, moved and refused is what the file says."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.mask.painting import paint


def test_a_stroke_is_transparent_in_the_file_and_nothing_else_is(easel: Window) -> None:
    painting = paint(easel)
    size = painting.size()
    painting.drag((100, 160), (300, 160))
    applied = painting.apply()
    assert applied.image.mode == "RGBA"
    assert applied.open(100, 160) == applied.open(200, 160) == applied.open(300, 160) == 255
    left, top, right, bottom = applied.box() or (0, 0, 0, 0)
    assert abs(left - (100 - size / 2)) <= 1
    assert abs(right - (300 + size / 2)) <= 1
    assert abs(top - (160 - size / 2)) <= 1
    assert abs(bottom - (160 + size / 2)) <= 1
    assert applied.share == pytest.approx(200 * size / (480 * 320), rel=0.2)
    assert applied.thumbnail.startswith("data:image/png")


def test_a_resized_window_moves_nothing(easel: Window) -> None:
    """Masks that moved when the window was resized: a bug of others."""
    painting = paint(easel)
    painting.dab(120, 90)
    before = painting.lens()
    assert painting.shown(120, 90)[3] == 255
    for width, height in ((900, 620), (390, 780), (1500, 700)):
        easel.page.set_viewport_size({"width": width, "height": height})
        expect(painting.stage).not_to_have_attribute("data-scale", str(before["scale"]))
        before = painting.lens()
        assert painting.shown(120, 90)[3] == 255
        assert painting.shown(240, 160)[3] == 0
        painting.dab(120, 90)  # if anything had moved, the open part would grow
    size, applied = painting.size(), painting.apply()
    left, top, right, bottom = applied.box() or (0, 0, 0, 0)
    assert right - left <= size + 3
    assert bottom - top <= size + 3


def test_changing_the_brush_leaves_old_strokes_alone(easel: Window) -> None:
    """Brushes that changed what was painted before: a bug of others."""
    painting = paint(easel)
    painting.dab(100, 100)
    first = painting.size()
    share = painting.settled()
    painting.press("]", "]", "]")
    assert painting.size() > first
    painting.of("size").fill("900")
    assert painting.size() > 300
    assert painting.settled() == share
    painting.press("[", "[")
    left, _, right, _ = painting.apply().box() or (0, 0, 0, 0)
    assert right - left <= first + 2


def test_invert_and_clear_can_be_undone_and_the_brush_still_paints(easel: Window) -> None:
    """Inverting is something that was done, not a switch that makes the brush erase."""
    painting = paint(easel)
    painting.dab(100, 100)
    painting.of("invert").click()
    assert painting.shown(100, 100)[3] == 0
    assert painting.shown(300, 200)[3] == 255
    painting.dab(100, 100)
    assert painting.settled().startswith(("100 %", ">99.9 %"))
    painting.press("Control+z")
    assert painting.shown(100, 100)[3] == 0
    painting.press("Control+z")
    assert (painting.shown(100, 100)[3], painting.shown(300, 200)[3]) == (255, 0)
    painting.of("clear").click()
    assert painting.shown(100, 100)[3] == 0
    expect(painting.of("share")).to_have_text("Paint over what may change")
    painting.press("Control+z", "Control+Shift+z", "Control+y")
    assert painting.shown(100, 100)[3] == 0
    for _ in range(2):
        painting.of("undo").click()
    expect(painting.of("undo")).to_be_disabled()
    for _ in range(2):
        painting.of("redo").click()
    painting.press("Control+z")
    assert painting.apply().open(100, 100) == 255


def test_the_eraser_closes_what_the_brush_opened(easel: Window) -> None:
    painting = paint(easel)
    painting.of("all").click()
    painting.press("e")
    painting.drag((60, 60), (420, 60))
    painting.press("b")
    easel.page.keyboard.down("Alt")  # a brush erases while Alt is held
    painting.drag((60, 160), (420, 160))
    easel.page.keyboard.up("Alt")
    applied = painting.apply()
    assert [applied.open(200, y) for y in (60, 160, 300)] == [0, 0, 255]


def test_an_empty_mask_is_not_applied(easel: Window) -> None:
    painting = paint(easel)
    painting.of("apply").click()
    expect(painting.of("problem")).to_contain_text("Nothing is painted yet")
    painting.dab(50, 50)
    expect(painting.of("problem")).to_have_count(0)
    painting.press("e")
    painting.drag((20, 50), (80, 50))
    painting.of("apply").click()
    expect(painting.of("problem")).to_contain_text("Nothing is painted yet")
    painting.of("undo").click()
    assert painting.apply().open(50, 50) == 255


def test_a_mask_without_an_open_point_is_not_applied(easel: Window) -> None:
    """Providers read "may change" from full transparency: softer than that would be ignored."""
    painting = paint(easel)
    painting.of("size").fill("150")
    painting.dab(200, 200)
    painting.of("feather").fill("80")
    painting.of("apply").click()
    expect(painting.of("problem")).to_contain_text("no point is fully open")


def test_leaving_asks_before_anything_is_lost(easel: Window) -> None:
    painting = paint(easel)
    painting.dab(50, 50)
    painting.press("Escape")
    expect(painting.of("stay")).to_be_focused()
    painting.press("Escape")
    expect(painting.stage).to_be_focused()
    painting.press("Escape")
    painting.of("stay").click()
    expect(painting.stage).to_be_focused()
    assert painting.shown(50, 50)[3] == 255
    painting.of("cancel").click()
    painting.of("discard").click()
    assert easel.page.evaluate("() => window.painting") is None
    expect(easel.page.locator("dialog")).to_have_count(0)


def test_leaving_unchanged_asks_nothing(easel: Window) -> None:
    painting = paint(easel)
    painting.press("Escape")
    assert easel.page.evaluate("() => window.painting") is None


def test_opened_again_the_strokes_are_there_and_can_be_undone(easel: Window) -> None:
    painting = paint(easel)
    painting.dab(100, 100)
    painting.dab(300, 200)
    painting.apply()
    painting.again()
    assert painting.shown(300, 200)[3] == 255
    painting.press("Control+z")
    assert painting.shown(300, 200)[3] == 0
    applied = painting.apply()
    assert (applied.open(100, 100), applied.open(300, 200)) == (255, 0)


def test_language_and_theme_change_without_losing_anything(window: Window) -> None:
    painting = paint(window)
    painting.dab(100, 100)
    window.page.evaluate(
        """async () => {
          (await import("/static/lib/words.js")).change("ko");
          (await import("/static/state/session.js")).light("dark");
        }"""
    )
    expect(painting.of("apply")).to_have_text("마스크 적용")
    assert painting.shown(100, 100)[3] == 255
    assert painting.apply().open(100, 100) == 255


def test_the_screen_of_a_phone_has_finer_pixels(windows: Windows) -> None:
    """What is painted does not depend on how many device pixels a CSS pixel has."""
    context = windows.browser.new_context(
        viewport={"width": 390, "height": 780}, device_scale_factor=3, has_touch=True
    )
    windows.contexts.append(context)
    window = Window(context.new_page(), windows.origin)
    windows.opened.append(window)
    painting = paint(window)
    window.page.touchscreen.tap(*painting.at(240, 100))
    assert painting.shown(240, 100)[3] == 255
    left, top, right, bottom = painting.apply().box() or (0, 0, 0, 0)
    assert abs((left + right) / 2 - 240) <= 1
    assert abs((top + bottom) / 2 - 100) <= 1
