"""Opens an image for decoding: known formats, a bounded canvas, one frame, one kind of error."""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from darkroom.assets.inspect import NotAnImage, bounded

if TYPE_CHECKING:
    from PIL import Image

P = ParamSpec("P")
T = TypeVar("T")

# A decoded image takes up to 256 MB: two at a time, and apart from the threads of other work.
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="image")


async def in_pool(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what decodes images beside the event loop, bounded in number."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_POOL, partial(work, *args, **kwargs))


@contextmanager
def decoding(source: Path | BytesIO) -> "Generator[Image.Image]":
    """The image of a PNG, JPEG or WebP, not decoded yet.

    Whatever a decoder raises inside becomes :class:`~darkroom.assets.inspect.NotAnImage`.
    """
    from PIL import Image  # 40 ms, and most requests carry no image

    try:
        with Image.open(source, formats=("PNG", "JPEG", "WEBP")) as image:
            # The decoder may read another size, or more frames, than our look at the header.
            bounded(image.width, image.height)
            # Phones put further pictures behind a JPEG, which the decoder takes for frames (MPO).
            if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
                raise NotAnImage("the image is animated")
            yield image
    except NotAnImage:
        raise
    except (
        ArithmeticError,
        EOFError,
        LookupError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise NotAnImage("the image is damaged") from error
