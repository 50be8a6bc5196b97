"""Edits: input images repainted, collaged, or kept exactly outside a mask."""

import math
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageFilter, ImageOps

from darkroom.core.size import Size
from darkroom.imaging.raw import Raw
from darkroom.providers.sandbox.brief import Brief
from darkroom.providers.sandbox.chance import chance
from darkroom.providers.sandbox.color import WHITE, darker, lighter, mix
from darkroom.providers.sandbox.compose import Canvas, compose, detail_of
from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.paint import Linear, glow
from darkroom.providers.sandbox.pen import Board, grain, new_board, root, straight
from darkroom.providers.sandbox.pixels import resized
from darkroom.providers.sandbox.scenes.lettering import lettering, split
from darkroom.providers.sandbox.scenes.places import PLACES, Ground
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, place
from darkroom.providers.sandbox.shapes import Shape, box

_OPAQUE = 255
_SMALLEST = 192
"""A masked region below this many pixels is drawn larger and scaled down."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What an edit starts from: RGB or RGBA inputs, and how much of the first stays (``L``).

    ``crisp`` keeps their detail (``input_fidelity=high``).
    """

    inputs: tuple[Image.Image, ...]
    keep: Image.Image | None = None
    crisp: bool = False


def unpacked(raw: Raw) -> Image.Image:
    """What a worker decoded, as a picture."""
    return Image.frombytes(raw.mode, (raw.width, raw.height), raw.pixels)


def edit(brief: Brief, canvas: Canvas, sources: Sources) -> Image.Image:
    """The edited picture, exactly of the canvas's size. RGBA when it has transparency."""
    images = list(sources.inputs)
    canvas.check()
    if sources.keep is not None:
        return _masked(brief, canvas, images, _fitted(sources.keep, canvas.size))
    if len(images) == 1 and not canvas.clear:
        return _repainted(brief, canvas, images[0], sources.crisp)
    return _collage(brief, canvas, images, sources.crisp)


def _fitted(keep: Image.Image, size: Size) -> Image.Image:
    wanted = (size.width, size.height)
    return keep if keep.size == wanted else resized(keep, wanted, Image.Resampling.BILINEAR)


def _masked(
    brief: Brief, canvas: Canvas, images: list[Image.Image], keep: Image.Image
) -> Image.Image:
    """The first input with new content only where the mask lets it."""
    wanted = (canvas.size.width, canvas.size.height)
    base = images[0]
    if base.size != wanted:
        base = resized(base, wanted, Image.Resampling.LANCZOS)
    region = ImageChops.invert(keep).getbbox()
    if region is None:
        return base
    width, height = region[2] - region[0], region[3] - region[1]
    grow = max(1.0, _SMALLEST / min(width, height))
    inner = replace(
        canvas, size=Size(round(width * grow), round(height * grow)), caption=False, clear=False
    )
    if len(images) > 1:
        drawn = _collage(brief, inner, images[1:], crisp=True)
    else:
        drawn = compose(brief, inner)
    if drawn.size != (width, height):
        drawn = resized(drawn, (width, height), Image.Resampling.LANCZOS)
    # Pasting through a mask blends with rounding; composite keeps fully kept pixels untouched.
    content = base.copy()
    content.paste(drawn.convert(base.mode), region)
    return Image.composite(base, content, keep)


def _repainted(brief: Brief, canvas: Canvas, image: Image.Image, crisp: bool) -> Image.Image:
    """One input over the whole canvas, in the prompt's colours, with its subject in front."""
    wanted = (canvas.size.width, canvas.size.height)
    picture = ImageOps.fit(_on_white(image), wanted, Image.Resampling.LANCZOS)
    picture = _graded(picture, brief, crisp)
    canvas.check()
    detail = detail_of(canvas.quality)
    board = Board(picture, detail, check=canvas.check)
    pen, width, height = root(board)
    stage = Stage(pen, width, height, brief, chance(brief.seed, "edit"))
    palette = brief.palette
    x = stage.w * (0.5 + stage.side * 0.3)
    pen.shine((x, 0.1), glow((x, 0.1), 0.9, palette.sun, 0.4))
    pen.fill(
        box(-0.1, stage.h * 0.55, stage.w + 0.1, stage.h + 0.1),
        Linear(
            (0, stage.h * 0.55), (0, stage.h), ((0.0, palette.ink, 0.0), (1.0, palette.ink, 0.5))
        ),
    )
    for i, name in enumerate(brief.subjects):
        share = min(0.62, 0.9 * stage.w / len(brief.subjects))
        lean = stage.w * (0.5 - stage.side * 0.2) if len(brief.subjects) == 1 else share * (i + 0.6)
        foot = stage.h * (0.95 if MOTIFS[name].habitat != "air" else 0.5)
        place(stage, name, Spot(lean, foot, 0.46, share), 0.55, i == 0)
    if brief.place in PLACES:
        ground = Ground(stage.h * 0.94, stage.h * 0.8)
        PLACES[brief.place].front(stage, ground)
    if split(brief.texts)[0]:
        shade = darker(palette.sky[0], 0.4)
        pen.fill(
            box(-0.1, -0.1, stage.w + 0.1, stage.h * 0.45),
            Linear((0, 0), (0, stage.h * 0.45), ((0.0, shade, 0.85), (1.0, shade, 0.0))),
        )
        frame = (0.08, 0.09, stage.w - 0.08, stage.h * 0.36)
        lettering(stage, brief.texts, frame, (WHITE, lighter(palette.second, 0.3)))
    return grain(board.image, chance(brief.seed), detail.grain)


def _graded(picture: Image.Image, brief: Brief, crisp: bool) -> Image.Image:
    """Softened unless crisp, and pulled towards the palette."""
    if not crisp:
        half = (max(2, picture.width // 2), max(2, picture.height // 2))
        soft = resized(picture, half, Image.Resampling.LANCZOS).filter(
            ImageFilter.GaussianBlur(1.3)
        )
        picture = resized(soft, picture.size, Image.Resampling.BICUBIC)
    palette = brief.palette
    ramp = ImageOps.colorize(
        picture.convert("L"),
        black=darker(palette.near, 0.35),
        mid=mix(palette.sky[2], palette.accent, 0.25),
        white=lighter(palette.sky[3], 0.3),
    )
    return Image.blend(picture, ramp, 0.22 if crisp else 0.38)


def _collage(brief: Brief, canvas: Canvas, images: list[Image.Image], crisp: bool) -> Image.Image:
    """Every input as a print with a white border, laid out on the scene."""
    detail = detail_of(canvas.quality)
    if canvas.clear:
        board = new_board((canvas.size.width, canvas.size.height), detail, True, canvas.check)
    else:
        ground = replace(
            brief, texts=(), subjects=(), layout="scene" if brief.place else "abstract"
        )
        scene = compose(ground, canvas)
        board = Board(scene, detail, check=canvas.check)
    pen, width, height = root(board)
    stage = Stage(pen, width, height, brief, chance(brief.seed, "collage"))
    top = 0.0
    if split(brief.texts)[0] and not canvas.clear:
        top = 0.3 * stage.h
        lettering(stage, brief.texts, (0.1, 0.07, stage.w - 0.1, top - 0.02), (WHITE, WHITE))
    for image, cell in zip(images, _cells(stage, images, top), strict=True):
        _print(
            stage, _graded(_on_white(image), brief, True) if not crisp else _on_white(image), cell
        )
    return straight(board)


def _cells(
    stage: Stage, images: list[Image.Image], top: float
) -> list[tuple[float, float, float, float]]:
    """Centre and size of each print, in the number of rows that makes the prints largest."""
    count, height = len(images), (stage.h - top) * 0.94

    def shown(columns: int) -> float:
        wide = stage.w * 0.94 / columns
        tall = height / math.ceil(count / columns)
        return sum(min(wide / image.width, tall / image.height) * image.width for image in images)

    columns = max(range(1, count + 1), key=shown)
    rows = math.ceil(count / columns)
    cells: list[tuple[float, float, float, float]] = []
    for i in range(count):
        row = i // columns
        in_row = min(columns, count - row * columns)
        width = stage.w * 0.94 / in_row
        x = stage.w * 0.03 + width * (i - row * columns + 0.5)
        y = top + (stage.h - top) * 0.03 + height * (row + 0.5) / rows
        cells.append((x, y, width * 0.94, height / rows * 0.94))
    return cells


def _print(stage: Stage, image: Image.Image, cell: tuple[float, float, float, float]) -> None:
    """One photographic print, slightly turned, with its shadow."""
    x, y, width, height = cell
    unit = stage.pen.scale
    border = 0.035 * min(width, height)
    turn = stage.rng.uniform(-4, 4)
    scale = (
        min((width - 2 * border) * unit / image.width, (height - 2 * border) * unit / image.height)
        * 0.94
    )
    inner = (max(4, round(image.width * scale)), max(4, round(image.height * scale)))
    pad = max(2, round(border * unit))
    paper = Image.new("RGB", (inner[0] + 2 * pad, inner[1] + 2 * pad), (252, 250, 246))
    paper.paste(resized(image, inner, Image.Resampling.LANCZOS), (pad, pad))
    half_w, half_h = paper.width / unit / 2, paper.height / unit / 2
    pen = stage.pen.at(x, y, 1.0, turn)
    card: Shape = box(-half_w, -half_h, half_w, half_h)
    pen.fill(card.moved(0.006, 0.014), stage.palette.ink, soft=0.018, alpha=0.5)
    mask = Image.new("L", paper.size, _OPAQUE).rotate(-turn, Image.Resampling.BICUBIC, expand=True)
    turned = paper.rotate(-turn, Image.Resampling.BICUBIC, expand=True, fillcolor=(252, 250, 246))
    corner = (round(x * unit - turned.width / 2), round(y * unit - turned.height / 2))
    target = stage.pen.board.image
    if stage.pen.board.clear:
        turned.putalpha(_OPAQUE)
    target.paste(turned, corner, mask)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, (255, 255, 255))
    ground.paste(image.convert("RGB"), (0, 0), image.getchannel("A"))
    return ground
