"""Input images in every form that callers have them, as files for the ``openai`` package."""

import base64
import binascii
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PIL.Image import Image

    ImageInput = str | os.PathLike[str] | bytes | IO[bytes] | Image
else:
    ImageInput = object

NamedFile = tuple[str, bytes, str]
"""File name, content and media type, as the ``openai`` package takes them."""

_BYTES_MAX = 50 << 20
_TIMEOUT_S = 30
_PATH_MAX = 1_024
_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"RIFF", "image/webp", "webp"),
)
_GREY = 128


def image_files(images: "ImageInput | Sequence[ImageInput]") -> list[NamedFile]:
    """The files of one image, or of a list or tuple of them."""
    many = images if isinstance(images, list | tuple) else [images]
    held = [image_bytes(cast("ImageInput", image)) for image in many]
    return [_named(data, f"image-{index}") for index, data in enumerate(held)]


def mask_file(mask: "ImageInput") -> NamedFile:
    """The mask in OpenAI's form, whose transparent pixels are edited.

    A mask without transparency is OpenTryOn's: black is edited, white is kept.
    https://platform.openai.com/docs/guides/image-generation#edit-an-image-using-a-mask
    """
    from PIL import Image

    data = image_bytes(mask)
    with Image.open(io.BytesIO(data)) as image:
        if image.has_transparency_data:
            alpha = image.convert("RGBA").getchannel("A")
        else:
            alpha = image.convert("L").point(_sides)  # pyright: ignore[reportUnknownMemberType]
        white = Image.new("L", image.size, 255)
        out = io.BytesIO()
        Image.merge("RGBA", (white, white, white, alpha)).save(out, "PNG")
    return ("mask.png", out.getvalue(), "image/png")


def image_bytes(image: "ImageInput") -> bytes:
    """The bytes of one image: of a path, a URL, base64 text, bytes, a file or a Pillow image.

    Raises ``FileNotFoundError`` for text that is none of these, ``TypeError`` for other types.
    """
    if isinstance(image, bytes | bytearray):
        return bytes(image)
    if isinstance(image, os.PathLike):
        return Path(image).read_bytes()
    if isinstance(image, str):
        return _from_text(image)
    if hasattr(image, "read"):
        file = cast("IO[bytes]", image)
        if file.seekable():
            file.seek(0)
        return file.read()
    if hasattr(image, "save") and hasattr(image, "mode"):
        out = io.BytesIO()
        cast("Image", image).save(out, "PNG")
        return out.getvalue()
    raise TypeError(f"Unsupported image type: {type(image).__name__}")


def _from_text(text: str) -> bytes:
    if text.lower().startswith(("http://", "https://")):
        return _downloaded(text)
    head, comma, rest = text.partition(",")
    if head.startswith("data:") and comma:
        return base64.b64decode(rest)
    if len(text) <= _PATH_MAX and Path(text).is_file():
        return Path(text).read_bytes()
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not any(data.startswith(start) for start, _, _ in _TYPES):
        raise FileNotFoundError(f"No image file, URL or base64 text: {text[:80]!r}")
    return data


def _downloaded(url: str) -> bytes:
    """OpenAI's edits take files and no URLs, so the image is fetched here, on the caller's side."""
    import httpx2  # the openai package's own HTTP client

    data = bytearray()
    with httpx2.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            data += piece
            if len(data) > _BYTES_MAX:
                raise ValueError(f"The image behind the URL exceeds {_BYTES_MAX >> 20} MiB.")
    return bytes(data)


def _named(data: bytes, stem: str) -> NamedFile:
    for start, media_type, extension in _TYPES:
        if data.startswith(start):
            return (f"{stem}.{extension}", data, media_type)
    return (stem, data, "application/octet-stream")


def _sides(value: int) -> int:
    return 0 if value < _GREY else 255
