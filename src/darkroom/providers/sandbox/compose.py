"""From a plan to a picture: choose the scene, draw it, finish it with grain and a caption."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image

from darkroom.core.size import Size
from darkroom.providers.sandbox import typography
from darkroom.providers.sandbox.brief import Brief, read
from darkroom.providers.sandbox.chance import chance
from darkroom.providers.sandbox.color import WHITE
from darkroom.providers.sandbox.paint import Radial
from darkroom.providers.sandbox.pen import DETAILS, Detail, Pen, grain, new_board, root, straight
from darkroom.providers.sandbox.scenes import studio
from darkroom.providers.sandbox.scenes.abstract import abstract, sticker
from darkroom.providers.sandbox.scenes.infographic import infographic
from darkroom.providers.sandbox.scenes.logo import logo
from darkroom.providers.sandbox.scenes.outdoor import outdoor
from darkroom.providers.sandbox.scenes.poster import poster
from darkroom.providers.sandbox.scenes.stage import Stage

SCENES: Mapping[str, Callable[[Stage], None]] = {
    "scene": outdoor,
    "product": studio.product,
    "table": studio.table,
    "fashion": studio.fashion,
    "portrait": studio.portrait,
    "poster": poster,
    "logo": logo,
    "infographic": infographic,
    "abstract": abstract,
}
CAPTION = "Darkroom sandbox"


@dataclass(frozen=True, slots=True)
class Canvas:
    """What the picture is drawn on. ``check`` is called often and raises to abandon the work."""

    size: Size
    quality: str
    clear: bool = False
    check: Callable[[], None] = lambda: None
    caption: bool = True


def detail_of(quality: str) -> Detail:
    """The level of detail of a quality; words of older models count as their equals."""
    return DETAILS.get({"hd": "high", "standard": "medium"}.get(quality, quality), DETAILS["high"])


def plan(prompt: str, seed: str, index: int) -> Brief:
    return read(prompt, seed, index)


def compose(brief: Brief, canvas: Canvas) -> Image.Image:
    """The finished picture: RGB, or RGBA when the canvas is clear, exactly of its size."""
    detail = detail_of(canvas.quality)
    board = new_board((canvas.size.width, canvas.size.height), detail, canvas.clear, canvas.check)
    pen, width, height = root(board)
    stage = Stage(pen, width, height, brief, chance(brief.seed, brief.layout))
    if canvas.clear:
        scene = logo if brief.layout == "logo" else sticker
        scene(stage)
        return straight(board)
    SCENES[brief.layout](stage)
    graphic_work = brief.layout in ("logo", "infographic", "poster", "abstract")
    if not graphic_work and detail.shading:
        _vignette(stage)
    board.image = grain(board.image, chance(brief.seed), detail.grain)
    if canvas.caption:
        _caption(stage)
    return board.image


def _vignette(stage: Stage) -> None:
    center = (stage.w / 2, stage.h / 2)
    reach = (stage.w**2 + stage.h**2) ** 0.5 / 2
    ink = stage.palette.ink
    stage.pen.wash(
        Radial(center, reach * 1.08, ((0.0, ink, 0.0), (0.6, ink, 0.0), (1.0, ink, 0.2)))
    )


def _caption(stage: Stage) -> None:
    """Small and quiet in the corner: nobody should take this for a model's work."""
    pen: Pen = stage.pen
    size = 0.0165 * pen.scale
    setting = typography.Setting((CAPTION,), typography.SANS, size)
    spot = ((stage.w - 0.02) * pen.scale, (stage.h - 0.02) * pen.scale - size * 0.7)
    typography.draw(
        pen, setting, (spot[0] + 1, spot[1] + 1), stage.palette.ink, anchor=1.0, alpha=0.45
    )
    typography.draw(pen, setting, spot, WHITE, anchor=1.0, alpha=0.8)
