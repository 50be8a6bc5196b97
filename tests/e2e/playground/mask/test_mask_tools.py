"""The tools of the mask painter: rectangles, lassos, keys, fingers, pens, and looking closer."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.mask.painting import paint


def test_a_rectangle_by_its_numbers_is_exact(easel: Window) -> None:
    """The way without dragging."""
    painting = paint(easel)
    for side, value in (("x", 31), ("y", 17), ("width", 101), ("height", 53)):
        painting.of(side).fill(str(value))
    painting.press("Enter")
    for side, value in (("x", 40), ("y", 20), ("width", 10), ("height", 10)):
        painting.of(side).fill(str(value))
    painting.of("cut").click()
    painting.of("x").fill("900")
    expect(painting.of("put")).to_be_disabled()
    applied = painting.apply()
    assert applied.box() == (31, 17, 132, 70)
    assert (applied.open(40, 20), applied.open(49, 29), applied.open(50, 29)) == (0, 0, 255)
    assert applied.share == pytest.approx((101 * 53 - 100) / (480 * 320))


def test_a_dragged_rectangle_fills_the_numbers(easel: Window) -> None:
    painting = paint(easel)
    painting.press("r")
    painting.drag((300, 200), (100, 50))
    expect(painting.of("x")).to_have_value("100")
    expect(painting.of("height")).to_have_value("150")
    easel.page.get_by_role("radio", name="Erase", exact=True).check()
    painting.drag((150, 100), (200, 150))
    applied = painting.apply()
    assert applied.box() == (100, 50, 300, 200)
    assert (applied.open(175, 125), applied.open(210, 125)) == (0, 255)


def test_a_lasso_is_drawn_or_set_corner_by_corner(easel: Window) -> None:
    painting = paint(easel)
    painting.press("l")
    painting.drag((40, 40), (140, 40), (140, 140), (40, 140))
    for corner in ((300, 60), (420, 60), (460, 200), (420, 260)):
        painting.dab(*corner)
    painting.press("Control+z")  # takes the last corner back
    painting.dab(300, 260)
    painting.dab(301, 61)  # near the first one: closed
    painting.press("Shift+Tab")
    applied = painting.apply()
    assert [applied.open(90, 90), applied.open(200, 90), applied.open(350, 150)] == [255, 0, 255]
    assert applied.open(455, 255) == 0


def test_a_lasso_that_was_begun_is_dropped_by_escape(easel: Window) -> None:
    painting = paint(easel)
    painting.press("l")
    painting.dab(50, 50)
    painting.dab(90, 50)
    expect(painting.of("undo")).to_be_enabled()
    painting.press("Escape")
    expect(painting.of("undo")).to_be_disabled()
    expect(painting.of("leaving")).to_have_count(0)


def test_without_a_pointer_the_arrows_and_enter_paint(easel: Window) -> None:
    painting = paint(easel)
    painting.press("ArrowUp")  # shows the cross-hair in the middle
    expect(painting.of("where")).to_have_text("240, 160")
    step = int(painting.size() / 4 + 0.5)
    painting.press("ArrowLeft", "ArrowLeft", "Shift+ArrowDown", "Enter")
    expect(painting.of("where")).to_have_text(f"{240 - 2 * step}, 161")
    for _ in range(12):
        painting.press("ArrowRight")
    painting.press("Space")
    painting.press("r", "ArrowDown", "Enter", "ArrowDown", "ArrowRight", "Enter")
    applied = painting.apply()
    end = 240 + 10 * step
    assert [applied.open(240 - 2 * step, 161), applied.open(240, 161)] == [255, 0]
    assert applied.open(end, 161) == 255
    rectangle = 8  # a sixty-fourth of the picture
    assert applied.open(end + rectangle - 1, 161 + 2 * rectangle - 1) == 255


def test_shift_draws_a_straight_line_from_the_last_point(easel: Window) -> None:
    painting = paint(easel)
    painting.dab(60, 60)
    easel.page.keyboard.down("Shift")
    painting.dab(400, 60)
    easel.page.keyboard.up("Shift")
    assert [painting.shown(230, 60)[3], painting.shown(230, 160)[3]] == [255, 0]


@pytest.mark.parametrize(
    ("key", "code", "tool"),
    [
        ("e", "KeyE", "eraser"),
        ("ㄷ", "KeyE", "eraser"),
        ("Process", "KeyR", "rectangle"),
        ("ㅗ", "KeyH", "hand"),
    ],
)
def test_letters_take_tools_also_on_a_korean_keyboard(
    easel: Window, key: str, code: str, tool: str
) -> None:
    painting = paint(easel)
    painting.stage.dispatch_event("keydown", {"key": key, "code": code, "bubbles": True})
    expect(painting.of(f"tool-{tool}")).to_be_checked()


def test_letters_typed_into_a_field_are_not_tools(easel: Window) -> None:
    painting = paint(easel)
    painting.of("x").focus()
    painting.press("e", "1")
    expect(painting.of("tool-brush")).to_be_checked()


def test_the_wheel_comes_nearer_to_the_point_under_it(easel: Window) -> None:
    painting = paint(easel)
    x, y = painting.at(100, 80)
    before = painting.lens()["scale"]
    easel.page.mouse.move(x, y)
    easel.page.keyboard.down("Control")
    easel.page.mouse.wheel(0, -400)
    easel.page.keyboard.up("Control")
    expect(painting.stage).not_to_have_attribute("data-scale", str(before))
    assert painting.at(100, 80) == pytest.approx((x, y), abs=0.01)
    easel.page.mouse.wheel(30, 20)
    painting.drawn()
    assert painting.at(100, 80) == pytest.approx((x - 30, y - 20), abs=0.01)
    easel.page.keyboard.down("Space")
    easel.page.mouse.move(x, y)
    easel.page.mouse.down()
    easel.page.mouse.move(x + 50, y + 10)
    easel.page.mouse.up()
    easel.page.keyboard.up("Space")
    assert painting.at(100, 80) == pytest.approx((x + 20, y - 10), abs=0.01)
    expect(painting.of("undo")).to_be_disabled()  # nothing was painted by all that
    painting.of("scale").click()
    expect(painting.stage).to_have_attribute("data-scale", "1")
    painting.of("fit").click()
    expect(painting.stage).to_have_attribute("data-scale", str(before))


def test_the_cursor_has_the_size_of_what_it_paints(easel: Window) -> None:
    """What is painted at 4 times the size is a quarter of it in the picture."""
    painting = paint(easel)
    painting.of("size").fill("400")
    size = painting.size()
    easel.page.mouse.move(*painting.at(240, 160))
    easel.page.keyboard.down("Control")
    easel.page.mouse.wheel(0, -300)
    easel.page.keyboard.up("Control")
    painting.dab(240, 160)
    left, top, right, bottom = painting.apply().box() or (0, 0, 0, 0)
    assert abs(right - left - size) <= 2
    assert abs(bottom - top - size) <= 2


def test_two_fingers_come_nearer_and_paint_nothing(windows: Windows) -> None:
    window = windows.new(width=390, height=780)
    painting = paint(window)
    session = window.page.context.new_cdp_session(window.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": left, "y": top, "id": i} for i, (left, top) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": fingers})

    before = painting.lens()["scale"]
    x, y = painting.at(240, 160)
    touch("Start", (x - 20, y))
    touch("Start", (x - 20, y), (x + 20, y))
    touch("Move", (x - 60, y), (x + 60, y))
    touch("Move", (x - 80, y), (x + 80, y))
    touch("End")
    expect(painting.stage).not_to_have_attribute("data-scale", str(before))
    painting.drawn()
    assert painting.lens()["scale"] == pytest.approx(4 * before, rel=0.05)
    assert painting.at(240, 160) == pytest.approx((x, y), abs=3)
    expect(painting.of("undo")).to_be_disabled()
    touch("Start", (x, y))
    touch("Move", (x + 30, y))
    touch("End")
    expect(painting.of("undo")).to_be_enabled()


def test_a_pen_paints_and_its_pressure_counts_when_wished(easel: Window) -> None:
    painting = paint(easel)
    session = easel.page.context.new_cdp_session(easel.page)

    def line(y: float, force: float) -> None:
        for kind, x in (
            ("mousePressed", 60),
            ("mouseMoved", 250),
            ("mouseMoved", 400),
            ("mouseReleased", 400),
        ):
            left, top = painting.at(x, y)
            point = {"x": left, "y": top, "button": "left", "buttons": 1, "clickCount": 1}
            pen = {"pointerType": "pen", "force": force}
            session.send("Input.dispatchMouseEvent", {"type": kind, **point, **pen})

    line(60, 0.1)
    easel.page.get_by_label(re.compile("Pen pressure")).check()
    line(240, 0.1)
    applied = painting.apply()
    full, light = (
        [applied.open(300, y + off) for off in range(-40, 40)].count(255) for y in (60, 240)
    )
    assert abs(full - 34) <= 3
    assert 0 < light < full / 2
