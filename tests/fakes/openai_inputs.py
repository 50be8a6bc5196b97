"""How the fake vendor takes the input images of an edit: multipart parts or JSON references."""

import base64
import binascii
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image, UnidentifiedImageError

from tests.fakes.recording import Part

MIMES = ("image/jpeg", "image/png", "image/webp")
MAX_IMAGES = 16
MAX_BYTES = 50_000_000
MAX_URL = 20_971_520
IMAGE_FIELD = re.compile(r"image(\[\d*\])?")


@dataclass(frozen=True, slots=True)
class InputImage:
    """An input image that passed: its size in pixels."""

    width: int
    height: int


class BadInput(Exception):
    """An input that OpenAI refuses: message, code and param of its envelope."""

    def __init__(self, message: str, code: str, param: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param


def from_parts(parts: Sequence[Part]) -> tuple[InputImage, ...]:
    """The images of a multipart edit (``image``, ``image[]`` or ``image[0]``), mask checked."""
    images = [part for part in parts if part.is_file and IMAGE_FIELD.fullmatch(part.name)]
    if not images:
        raise BadInput(
            "Missing required parameter: 'image'.", "missing_required_parameter", "image"
        )
    _check_count(len(images), "image")
    many = len(images) > 1 or images[0].name != "image"
    found: list[InputImage] = []
    for index, part in enumerate(images):
        param = f"image[{index}]" if many else "image"
        _check_mime(part.content_type, param)
        found.append(_opened(part.data, param))
    for name in ("mask", "markup"):
        for part in parts:
            if part.is_file and part.name == name:
                _check_mime(part.content_type, name)
                _check_mask(part.data, found[0], name)
    return tuple(found)


def from_json(params: Mapping[str, Any]) -> tuple[InputImage, ...]:
    """The images of a JSON edit; ``image_url`` may be a data URL, others are not fetched."""
    images: Any = params.get("images")
    if not isinstance(images, list) or not images:
        raise BadInput(
            "Missing required parameter: 'images'.", "missing_required_parameter", "images"
        )
    references = cast("list[Any]", images)
    _check_count(len(references), "images")
    found = [_referenced(each, f"images[{index}]") for index, each in enumerate(references)]
    inputs = tuple(image for image, _ in found)
    if params.get("mask") is not None:
        _, data = _referenced(params["mask"], "mask")
        if data:
            _check_mask(data, inputs[0], "mask")
    return inputs


def _referenced(reference: Any, param: str) -> tuple[InputImage, bytes]:
    known: Mapping[str, Any] = (
        cast("dict[str, Any]", reference) if isinstance(reference, dict) else {}
    )
    if len(known) != 1 or not set(known) <= {"image_url", "file_id"}:
        raise BadInput(
            f"Invalid '{param}': expected exactly one of 'image_url' or 'file_id'.",
            "invalid_value",
            param,
        )
    url = str(known.get("image_url", ""))
    if len(url) > MAX_URL:
        raise BadInput(
            f"Invalid '{param}.image_url': string too long.", "string_above_max_length", param
        )
    if not url.startswith("data:"):
        return InputImage(1024, 1024), b""
    head, _, encoded = url.partition(",")
    _check_mime(head.removeprefix("data:").removesuffix(";base64"), param)
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise BadInput("Invalid base64 image_url.", "invalid_base64_image", param) from error
    return _opened(data, param), data


def from_references(references: Sequence[Any], mask: Any = None) -> tuple[InputImage, ...]:
    """The images of a conversation, each ``{"image_url"}`` or ``{"file_id"}``."""
    found = tuple(_referenced(each, "input")[0] for each in references)
    if mask is not None:
        _, data = _referenced(mask, "tools[0].input_image_mask")
        if data:
            _check_mask(data, found[0], "tools[0].input_image_mask")
    return found


def _check_count(count: int, param: str) -> None:
    if count > MAX_IMAGES:
        raise BadInput(
            f"Invalid '{param}': array too long. Expected an array with maximum length"
            f" {MAX_IMAGES}, but got an array with length {count} instead.",
            "array_above_max_length",
            param,
        )


def _check_mime(mime: str | None, param: str) -> None:
    mime = mime or "application/octet-stream"
    if mime not in MIMES:
        raise BadInput(
            f"Invalid file '{param}': unsupported mimetype ('{mime}'). Supported file formats are"
            " 'image/jpeg', 'image/png', and 'image/webp'.",
            "unsupported_file_mimetype",
            param,
        )


def _opened(data: bytes, param: str) -> InputImage:
    if len(data) >= MAX_BYTES:
        raise BadInput(f"Invalid '{param}': file is over 50MB.", "image_file_too_large", param)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            return InputImage(*image.size)
    except (UnidentifiedImageError, OSError) as error:
        raise BadInput(
            "Invalid image file or mode for image 1, please check your image file.",
            "invalid_image_file",
            param,
        ) from error


def _check_mask(data: bytes, first: InputImage, param: str) -> None:
    mask = _opened(data, param)
    with Image.open(io.BytesIO(data)) as image:
        has_alpha = image.has_transparency_data or image.mode in ("RGBA", "LA")
    if mask != first:
        raise BadInput(
            "Invalid mask image format - mask size does not match image size",
            "invalid_mask_image_format",
            param,
        )
    if not has_alpha:
        raise BadInput(
            "Invalid mask image format - mask image missing alpha channel",
            "invalid_mask_image_format",
            param,
        )
