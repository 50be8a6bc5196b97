"""One order for one image, carried out on a worker thread: draw or edit, then encode.

Everything that needs Pillow is imported from here, so that starting the server stays quick.
"""

import threading
from dataclasses import dataclass

from PIL import Image

from darkroom.core.size import Size
from darkroom.providers.sandbox.compose import Canvas, compose, plan
from darkroom.providers.sandbox.edit import Sources, edit
from darkroom.providers.sandbox.encode import Encoding, encode, flat, preview


class Abandoned(Exception):
    """Nobody waits for the picture any more."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that determines a picture. The same order gives the same bytes."""

    prompt: str
    seed: str
    index: int
    size: Size
    quality: str
    transparent: bool
    encoding: Encoding
    sources: Sources | None = None


def draw(order: Order, stop: threading.Event) -> Image.Image:
    """The picture. Raises :class:`Abandoned` soon after ``stop`` is set."""

    def check() -> None:
        if stop.is_set():
            raise Abandoned

    canvas = Canvas(order.size, order.quality, order.transparent, check)
    brief = plan(order.prompt, order.seed, order.index)
    if order.sources is not None:
        picture = edit(brief, canvas, order.sources)
    else:
        picture = compose(brief, canvas)
    return picture if order.transparent or order.encoding.format != "jpeg" else flat(picture)


def finish(picture: Image.Image, order: Order) -> bytes:
    """The final file."""
    return encode(picture, order.encoding)


def sketch(picture: Image.Image, order: Order, step: int, steps: int) -> bytes:
    """A partial image: the same size and format as the final one."""
    return encode(preview(picture, step, steps), order.encoding)
