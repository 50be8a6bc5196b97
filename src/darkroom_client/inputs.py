"""Input images as they are given, and as they travel."""

import base64
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from darkroom_client.quotes import SentFile
from darkroom_client.results import Image

ImageInput = str | os.PathLike[str] | bytes | BinaryIO | Image
"""A path, an http(s) or data URL, bytes, an open binary file, or an image made before."""

_REMOTE = ("http://", "https://", "data:")


@dataclass(frozen=True, slots=True)
class EditInputs:
    """The images of an edit. Files are opened anew for each attempt to send them."""

    images: tuple[str | Path | bytes, ...]
    mask: str | Path | bytes | None = None

    @staticmethod
    def of(images: ImageInput | Sequence[ImageInput], mask: ImageInput | None) -> "EditInputs":
        """Raises ``FileNotFoundError`` for a path without a file."""
        single = not isinstance(images, Sequence) or isinstance(images, str | bytes)
        many: Sequence[ImageInput] = [images] if single else images  # pyright: ignore[reportAssignmentType]
        held = tuple(_held(image) for image in many)
        return EditInputs(held, None if mask is None else _held(mask))

    def content(self, fields: dict[str, Any], files: ExitStack) -> dict[str, Any]:
        """The body: a form that streams from disk; JSON when a URL is among the images."""
        if self._has_urls:
            body = fields | {"images": [{"image_url": _url(image)} for image in self.images]}
            if self.mask is not None:
                body["mask"] = {"image_url": _url(self.mask)}
            return {"json": body}
        parts = [("image[]", _part(image, files)) for image in self.images]
        if self.mask is not None:
            parts.append(("mask", _part(self.mask, files)))
        return {"data": fields, "files": parts}

    def shown(self, fields: dict[str, Any]) -> tuple[dict[str, Any], tuple[SentFile, ...]]:
        """The body for people: fields and files, inline images cut short."""
        if self._has_urls:
            body = fields | {"images": [{"image_url": _short(image)} for image in self.images]}
            if self.mask is not None:
                body["mask"] = {"image_url": _short(self.mask)}
            return body, ()
        files = [_sent("image[]", image) for image in self.images]
        if self.mask is not None:
            files.append(_sent("mask", self.mask))
        return fields, tuple(files)

    @property
    def _has_urls(self) -> bool:
        return any(isinstance(one, str) for one in (*self.images, self.mask))


def _held(given: ImageInput) -> str | Path | bytes:
    """A URL, a path that exists, or bytes."""
    if isinstance(given, Image):
        return given.data
    if isinstance(given, bytes):
        return given
    if isinstance(given, str) and given.lower().startswith(_REMOTE):
        return given
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        path.stat()  # say now that it is missing
        return path
    return given.read()


def _part(image: str | Path | bytes, files: ExitStack) -> tuple[str, Any, str]:
    content = files.enter_context(image.open("rb")) if isinstance(image, Path) else image
    return ("image", content, "application/octet-stream")


def _url(image: str | Path | bytes) -> str:
    if isinstance(image, str):
        return image
    data = image if isinstance(image, bytes) else image.read_bytes()
    return "data:application/octet-stream;base64," + base64.b64encode(data).decode()


def _sent(field: str, image: str | Path | bytes) -> SentFile:
    if isinstance(image, Path):
        return SentFile(field, os.fspath(image), image.stat().st_size)
    return SentFile(field, "", len(image))


def _short(image: str | Path | bytes) -> str:
    """A URL as it is; of inline images the kind and how much there is of it."""
    url = image if isinstance(image, str) else _url(image)
    head, comma, rest = url.partition(",")
    if not url.lower().startswith("data:") or not comma:
        return url
    return f"{head},…({len(rest)} characters)"
