"""Input images as they are given, and as they travel."""

import base64
import binascii
import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard

from darkroom_client.quotes import SentFile
from darkroom_client.results import ImageInput, Picture

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_REMOTE = ("http://", "https://", "data:")
# How the base64 of PNG, JPEG, WebP and GIF begins.
_BASE64 = re.compile(r"\s*(iVBORw0KGgo|/9j/|UklGR|R0lGOD)[A-Za-z0-9+/_=\s-]+")
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


@dataclass(frozen=True, slots=True)
class EditInputs:
    """The images of an edit. Files are opened anew for each attempt to send them."""

    images: tuple[str | Path | bytes, ...]
    mask: str | Path | bytes | None = None

    @staticmethod
    def of(images: ImageInput | Sequence[ImageInput], mask: ImageInput | None) -> "EditInputs":
        """Raises ``FileNotFoundError`` for a path without a file."""
        many: Sequence[ImageInput] = images if isinstance(images, list | tuple) else [images]  # pyright: ignore[reportAssignmentType, reportUnknownVariableType]
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
    if isinstance(given, Picture):
        return given.data
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if isinstance(given, str):
        return _held_text(given)
    if isinstance(given, os.PathLike):
        return _existing(Path(given))
    if _is_pillow(given):
        return _png(given)
    if _is_file(given):
        return given.read()
    raise TypeError(
        "An image is a path, a URL, base64 text, bytes, an open file, or one of Pillow's;"
        f" not {type(given).__name__}."
    )


def _held_text(given: str) -> str | Path | bytes:
    """A file of that name comes before base64 that happens to look like one: ``/9j/…``."""
    if given[:8].lower().startswith(_REMOTE):
        return given
    if not _BASE64.fullmatch(given):
        return _existing(Path(given))
    try:
        return _existing(Path(given))
    except OSError:  # no such file, or no name of one
        text = "".join(given.split()).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"The base64 of an image is cut off or broken: {error}.") from error


def _existing(path: Path) -> Path:
    path.stat()  # say now that it is missing
    return path


def _is_pillow(given: object) -> "TypeGuard[PillowImage]":
    """Who has an image of Pillow's has loaded Pillow."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(given, pillow.Image)


def _is_file(given: object) -> TypeGuard[BinaryIO]:
    return hasattr(given, "read")


def _png(image: "PillowImage") -> bytes:
    if image.mode not in _PNG_MODES:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


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
