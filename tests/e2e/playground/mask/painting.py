"""The mask painter as a hand uses it: over a picture of its own, without the studio around."""

import base64
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Window

OPEN = """async ([data, width, height, again]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const { openPainter } = await import("/static/mask/painter.js");
  const habits = await import("/static/mask/habits.js");
  habits.tool.value = "brush";
  habits.rememberSize({ width, height }, 0.07 * Math.max(width, height));
  for (const one of ["areasErase", "penSeen", "usesPressure"]) habits[one].value = false;
  const mask = again ? window.painted.mask : null;
  window.painting = openPainter({ src, width, height, mask, name: "a picture" });
}"""
DONE = """async () => {
  const done = await window.painting;
  if (!done) return null;
  window.painted = done;
  const bytes = new Uint8Array(await done.blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { png: btoa(text), share: done.share, thumbnail: done.thumbnail };
}"""
FILM = """(film, [x, y]) => {
  const ratio = film.width / film.clientWidth;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(film, Math.floor(x * ratio), Math.floor(y * ratio), 1, 1, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}"""


def picture(width: int, height: int) -> bytes:
    """A PNG of that size, another colour at each pixel."""
    image = Image.merge(
        "RGB",
        [Image.linear_gradient("L").rotate(turn).resize((width, height)) for turn in (0, 90, 180)],
    )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@dataclass
class Painting:
    """An open painter; points are in pixels of the picture."""

    page: Page
    width: int
    height: int

    @property
    def stage(self) -> Locator:
        return self.page.locator("[data-test=mask-stage]")

    def of(self, name: str) -> Locator:
        return self.page.locator(f"[data-test=mask-{name}]")

    def lens(self) -> dict[str, float]:
        found = self.stage.evaluate("stage => ({ ...stage.dataset })")
        return {name: float(found[name]) for name in ("scale", "left", "top")}

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture lies in the window."""
        self.drawn()
        box, lens = self.stage.bounding_box(), self.lens()
        assert box is not None
        left, top = box["x"] + lens["left"], box["y"] + lens["top"]
        return left + x * lens["scale"], top + y * lens["scale"]

    def drawn(self) -> None:
        """Wait until the canvases show the present state."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def dab(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(x, y))
        self.page.mouse.down()
        self.page.mouse.up()

    def drag(self, *points: tuple[float, float]) -> None:
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=6)
        self.page.mouse.up()

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def size(self) -> int:
        return int((self.of("size").get_attribute("aria-valuetext") or "").removesuffix(" px"))

    def shown(self, x: float, y: float) -> tuple[int, ...]:
        """The film's colour over a point of the picture; all zero where nothing is painted."""
        self.drawn()
        lens = self.lens()
        at = [lens["left"] + x * lens["scale"], lens["top"] + y * lens["scale"]]
        return tuple(self.of("film").evaluate(FILM, at))

    def settled(self) -> str:
        """What is said about how much may change, once that is about the present strokes."""
        share = self.page.locator("[data-test=mask-share][data-current=true]")
        share.wait_for()
        return share.inner_text()

    def apply(self) -> "Applied":
        self.of("apply").click()
        return self.done()

    def done(self) -> "Applied":
        expect(self.page.locator("dialog")).to_have_count(0)
        found: dict[str, Any] = self.page.evaluate(DONE)
        image = Image.open(io.BytesIO(base64.b64decode(found["png"])))
        assert image.format == "PNG"
        assert image.size == (self.width, self.height)
        return Applied(image, found["share"], found["thumbnail"])

    def again(self) -> None:
        """Open it over the strokes that were applied."""
        load(self, again=True)


@dataclass
class Applied:
    image: Image.Image
    share: float
    thumbnail: str

    def open(self, x: int, y: int) -> int:
        """How open a pixel is: 255 may change, 0 stays."""
        value = self.image.getchannel("A").getpixel((x, y))
        assert isinstance(value, int)
        return 255 - value

    def box(self) -> tuple[int, int, int, int] | None:
        """The smallest rectangle around all that is open."""
        return self.image.getchannel("A").point(lambda alpha: 255 - alpha).getbbox()


def paint(window: Window, width: int = 480, height: int = 320) -> Painting:
    """The painter over a new picture of that size; the page need not be signed in."""
    if window.page.url == "about:blank":
        window.page.goto(window.origin)
    painting = Painting(window.page, width, height)
    load(painting, again=False)
    return painting


def load(painting: Painting, *, again: bool) -> None:
    data = base64.b64encode(picture(painting.width, painting.height)).decode()
    painting.page.evaluate(OPEN, [data, painting.width, painting.height, again])
    expect(painting.stage).to_be_focused()
    painting.stage.and_(painting.page.locator("[data-scale]")).wait_for()
    painting.settled()


def left(page: Page) -> None:
    """Close a painter that a test has left open, whatever was painted."""
    if page.locator("dialog").count():
        page.reload()
