"""What the mask painter calculates: its modules, run in a page without the painter."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from darkroom.server import playground as package

STATIC = Path(package.__file__).parent / "static"

MODULES = """const [model, { Coverage }, { feather, measure }, convert, lens] = await Promise.all(
  ["model", "render", "feather", "convert", "lens"].map((one) => import(`/static/mask/${one}.js`)),
);"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """The modules as they are on disk: no server is needed."""
    page = browser.new_page()
    page.route("**/*", answer)
    page.goto("http://127.0.0.1/page.html")
    return page


def answer(route: Route) -> None:
    path = STATIC / urlsplit(route.request.url).path.removeprefix("/static/")
    if path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def run(page: Page, code: str, given: object = None) -> Any:
    return page.evaluate(f"async (given) => {{ {MODULES} {code} }}", given)


def test_operations_are_a_stack(page: Page) -> None:
    found = run(
        page,
        """let mask = model.blank(100, 80);
        const seen = [];
        const kinds = () => model.drawn(mask).map((one) => one.kind).join();
        const note = () => seen.push(`${kinds()}:${model.featherOf(mask)}`);
        const put = (kind, more = {}) => { mask = model.add(mask, { kind, ...more }); note(); };
        put("clear");
        put("rectangle", { erase: false, x: 0, y: 0, width: 9, height: 9 });
        put("invert");
        put("feather", { radius: 3 });
        put("feather", { radius: 9 });
        put("all");
        put("clear");
        mask = model.undo(mask); note();
        mask = model.undo(mask); note();
        mask = model.undo(mask); note();
        mask = model.redo(mask); note();
        put("invert");
        return { seen, more: model.canRedo(mask), steps: mask.operations.length };""",
    )
    assert found == {
        "seen": [
            ":0",  # there was nothing to clear
            "rectangle:0",
            "rectangle,invert:0",
            "rectangle,invert:3",
            "rectangle,invert:9",
            "all:9",
            ":9",
            "all:9",
            "rectangle,invert:9",
            "rectangle,invert:0",  # the slider was one step
            "rectangle,invert:9",
            "rectangle,invert,invert:9",
        ],
        "more": False,
        "steps": 4,
    }


def test_what_was_drawn_since_an_earlier_state(page: Page) -> None:
    found = run(
        page,
        """const invert = { kind: "invert" };
        const one = model.add(model.blank(9, 9), { kind: "all" });
        const two = model.add(one, invert);
        const other = model.add(model.undo(two), { kind: "clear" });
        const soft = model.add(two, { kind: "feather", radius: 2 });
        const kinds = (list) => list && list.map((one) => one.kind);
        return [model.since(one, two), model.since(two, two), model.since(two, one),
          model.since(two, other), model.since(two, soft)].map(kinds);""",
    )
    assert found == [["invert"], [], None, None, None]


def test_a_rectangle_is_whole_pixels_inside_the_picture(page: Page) -> None:
    found = run(
        page,
        """const picture = { width: 100, height: 80 };
        const corners = [[[10.4, 20.6], [30.5, 9]], [[-50, -50], [500, 500]],
          [[20, 20], [20.3, 60]], [[120, 10], [150, 60]]];
        return corners.map(([from, to]) => model.between(picture, from, to));""",
    )
    assert found == [
        {"x": 10, "y": 9, "width": 21, "height": 12},
        {"x": 0, "y": 0, "width": 100, "height": 80},
        None,
        None,
    ]


def test_undoing_draws_what_drawing_from_nothing_draws(page: Page) -> None:
    """Earlier states are drawn from a kept one: at no depth may a stroke be missing or stay."""
    wrong = run(
        page,
        """const bytes = (canvas) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
          copy.drawImage(canvas, 0, 0);
          return copy.getImageData(0, 0, canvas.width, canvas.height).data.join();
        };
        const line = (i) => ({
          kind: "stroke", erase: i % 5 === 4, size: 2 + (i % 9), pressures: null,
          points: [i, (i * 7) % 40, (i * 13) % 60, 39 - (i % 40), 60 - i, i % 40] });
        let mask = model.blank(60, 40);
        for (let i = 0; i < 70; i++)
          mask = model.add(mask, i === 41 ? { kind: "invert" } : line(i));
        const coverage = new Coverage(60, 40);
        const wrong = [];
        const steps = [...Array(70).fill(model.undo), ...Array(33).fill(model.redo), model.undo];
        for (const step of steps) {
          coverage.show(mask);
          const fresh = new Coverage(60, 40);
          fresh.show(mask);
          if (bytes(coverage.canvas) !== bytes(fresh.canvas)) wrong.push(mask.done);
          mask = step(mask);
        }
        return wrong;""",
    )
    assert wrong == []


def test_a_small_brush_covers_whole_pixels(page: Page) -> None:
    found = run(
        page,
        """const coverage = new Coverage(12, 5);
        const line = model.stroke(1, false, false);
        model.extend(line, 2.5, 2.5);
        model.extend(line, 8.5, 2.5);
        coverage.show(model.add(model.blank(12, 5), line));
        const { data } = coverage.canvas.getContext("2d").getImageData(0, 0, 12, 5);
        return [...data].filter((_, i) => i % 4 === 3);""",
    )
    row = [0, 0] + [255] * 7 + [0] * 3
    assert found == [0] * 24 + row + [0] * 24


@pytest.mark.parametrize("radius", [1, 2, 3, 10, 25])
def test_an_edge_fades_over_exactly_the_feather(page: Page, radius: int) -> None:
    """Half is open before the edge, half behind; nothing farther away than the radius."""
    rows = run(
        page,
        """const [width, height] = [120, 90];
        const open = new Uint8ClampedArray(width * height);
        for (let y = 0; y < height; y++) open.fill(255, y * width + 60, (y + 1) * width);
        feather(open, width, height, given);
        return [0, 44, 89].map((y) => [...open.slice(y * width, (y + 1) * width)]);""",
        radius,
    )
    for row in rows:
        assert row == rows[0]  # the border of the picture fades nothing
        assert row[: 60 - radius] == [0] * (60 - radius)
        assert row[60 + radius :] == [255] * (60 - radius)
        assert 0 < row[59] < 128 <= row[60] < 255
        assert row == sorted(row)
        assert abs(row[59] + row[60] - 255) <= 3


def test_how_much_is_open(page: Page) -> None:
    found = run(
        page,
        """const open = new Uint8ClampedArray(10); open[3] = 255; open[4] = 51;
        return [measure(open), measure(new Uint8ClampedArray(4))];""",
    )
    assert found == [{"share": pytest.approx(0.12), "most": 255}, {"share": 0, "most": 0}]


def test_each_convention_says_the_same(page: Page) -> None:
    found = run(
        page,
        """const open = new Uint8ClampedArray([0, 255, 0, 255]);
        const back = (one) => convert.openOf(convert.pixelsOf(open, one), one);
        return convert.CONVENTIONS.map((one) => [one, [...back(one)]]);""",
    )
    assert found == [[one, [0, 255, 0, 255]] for one in ("alpha", "black", "white")]


def test_what_a_lossy_file_left_between_black_and_white_takes_a_side(page: Page) -> None:
    """As the server reads it; where a black and white file is transparent, nothing was painted."""
    found = run(
        page,
        """const pixels = [[127, 255], [128, 255], [0, 0], [255, 0]]
          .flatMap(([grey, alpha]) => [grey, grey, grey, alpha]);
        const data = new Uint8ClampedArray(pixels);
        return [[...convert.openOf(data, "black")], [...convert.openOf(data, "white")]];""",
    )
    assert found == [[255, 0, 0, 0], [0, 255, 0, 0]]


@pytest.mark.parametrize(
    ("ground", "spot", "means"),
    [
        ([0, 0, 0, 255], [255, 255, 255, 255], "white"),
        ([255, 255, 255, 255], [0, 0, 0, 255], "black"),
        ([9, 9, 9, 255], [9, 9, 9, 0], "alpha"),
    ],
)
def test_a_file_is_read_the_way_it_looks(
    page: Page, ground: list[int], spot: list[int], means: str
) -> None:
    """What touches the border is mostly kept."""
    found = run(
        page,
        """const [ground, spot] = given;
        const data = new Uint8ClampedArray(16 * 12 * 4);
        for (let i = 0; i < 16 * 12; i++) {
          const [x, y] = [i % 16, Math.floor(i / 16)];
          data.set(x > 1 && x < 14 && y > 0 && y < 11 ? spot : ground, i * 4);
        }
        return convert.guess({ data, width: 16, height: 12 });""",
        [ground, spot],
    )
    assert found == means


def test_nearer_keeps_the_point_under_the_cursor_and_the_picture_in_sight(page: Page) -> None:
    found = run(
        page,
        """const [table, picture] = [{ width: 800, height: 600 }, { width: 1600, height: 900 }];
        const start = lens.fit(table, picture);
        const near = lens.zoomed(start, start.scale * 3, [300, 200], table, picture);
        const far = lens.zoomed(near, 1e-6, [0, 0], table, picture);
        const nearest = lens.zoomed(near, 1e6, [300, 200], table, picture);
        const lost = lens.kept({ ...near, x: 1e6, y: -1e6 }, table, picture);
        return { before: lens.toImage(start, [300, 200]), after: lens.toImage(near, [300, 200]),
          back: lens.toTable(near, lens.toImage(near, [12, 34])), far: far.scale / start.scale,
          nearest: nearest.scale, x: lost.x < 800, y: lost.y + 900 * lost.scale > 0 };""",
    )
    assert found["before"] == pytest.approx(found["after"])
    assert found["back"] == pytest.approx([12, 34])
    assert found["far"] == pytest.approx(0.5)
    assert found["nearest"] == 32
    assert found["x"]
    assert found["y"]
