"""The images in a report: small WebP previews, the files themselves, or only links to them."""

import base64
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from darkroom.imaging.inspect import NotAnImage, inspect
from darkroom.imaging.pool import in_pool_blocking
from darkroom.imaging.thumbnail import preview
from darkroom.report.runs import RunFile

PREVIEW, FULL, NONE = "preview", "full", "none"
EMBEDS = (PREVIEW, FULL, NONE)
_SIDE_MAX = 1024
_MOVING = "image/gif"
_READ_BYTES = 3 << 18
"""A multiple of three: base64 of the pieces is the base64 of the whole."""


Find: TypeAlias = Callable[[RunFile], Path | None]
"""Where the file of an image is; None when it is not there."""


def in_folder(folder: Path) -> Find:
    """Files by their paths, none of which leads out of the folder."""
    root = folder.resolve()

    def find(file: RunFile) -> Path | None:
        path = (root / file.path).resolve()
        return path if file.path and path.is_relative_to(root) and path.is_file() else None

    return find


@dataclass(frozen=True, slots=True)
class Pictures:
    """``find`` knows where the files are; ``beside`` is the folder of the report."""

    find: Find
    beside: Path
    embed: str

    def holds(self, file: RunFile) -> bool:
        """Whether it is there, within the folder, and an image by its own bytes."""
        path = self.find(file)
        return path is not None and bool(_media_type(path))

    def link(self, file: RunFile) -> str:
        """A relative URL to the file; "" when everything is in the report."""
        path = self.find(file)
        if path is None or self.embed == FULL:
            return ""
        told = os.path.relpath(path, self.beside.resolve()).replace(os.sep, "/")
        return "./" + quote(told.encode("utf-8", "surrogateescape"))

    def source(self, file: RunFile) -> Iterator[str]:
        """What goes into ``src``, in pieces; only for files that it holds."""
        path = self.find(file)
        if path is None:
            return
        if self.embed == NONE:
            yield self.link(file)
            return
        small = _preview(path) if self.embed == PREVIEW else None
        yield f"data:{'image/webp' if small else _media_type(path)};base64,"
        with io.BytesIO(small) if small else path.open("rb") as data:
            while piece := data.read(_READ_BYTES):
                yield base64.b64encode(piece).decode()


def _media_type(path: Path) -> str:
    try:
        return inspect(path).media_type
    except (NotAnImage, OSError):
        return ""


def _preview(path: Path) -> bytes | None:
    """A WebP; None when the file itself is smaller, moves, or cannot be read."""
    try:
        facts = inspect(path)
        if facts.animated or facts.media_type == _MOVING:
            return None
        data = in_pool_blocking(preview, path, _SIDE_MAX)
    except (NotAnImage, OSError):
        return None
    return data if len(data) < path.stat().st_size else None
