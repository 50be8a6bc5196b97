"""What OpenAI's Images API accepts: the checks of the fake vendor, with OpenAI's own error texts.

Parameters: https://github.com/openai/openai-python/tree/main/src/openai/types (image_*_params.py).
Sizes: https://developers.openai.com/api/docs/guides/image-generation
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.openai_inputs import InputImage

FIXED_SIZES = ("1024x1024", "1024x1536", "1536x1024")
RETIRED = ("dall-e-2", "dall-e-3", "gpt-image-1")
FIRST_LINE = (
    "gpt-image-1.5",
    "gpt-image-1.5-2025-12-16",
    "gpt-image-1-mini",
    "chatgpt-image-latest",
)
SECOND_LINE = ("gpt-image-2", "gpt-image-2-2026-04-21")
LATER_LINE = (
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.6-sunburst",
)
MODELS = (*FIRST_LINE, *SECOND_LINE, *LATER_LINE)

COMMON = frozenset(
    (
        *("prompt", "model", "n", "size", "quality", "background", "stream", "partial_images"),
        *("output_format", "output_compression", "safety_identifier", "user"),
        *("complexity", "frame_count", "frame_duration_ms", "svg"),
    )
)
GENERATION_PARAMS = COMMON | {"moderation"}
# The multipart schema has no `moderation`; the JSON one has (EditImageBodyJsonParam in
# https://github.com/openai/openai-openapi).
EDIT_FORM_PARAMS = COMMON | {"image", "mask", "markup", "input_fidelity"}
EDIT_JSON_PARAMS = (COMMON | {"images", "mask", "input_fidelity", "moderation"}) - {"markup"}


class Rejection(Exception):
    """An error answer: HTTP status, the fields of OpenAI's envelope, extra headers."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.error: dict[str, Any] = {
            "message": message,
            "type": kind,
            "param": param,
            "code": code,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked request: what picture to answer with. ``size`` is in pixels, auto resolved."""

    edit: bool
    model: str
    prompt: str
    n: int = 1
    size: tuple[int, int] = (1024, 1024)
    quality: str = "high"
    background: str = "opaque"
    output_format: str = "png"
    stream: bool = False
    partial_images: int = 0
    safety_identifier: str | None = None
    inputs: tuple[InputImage, ...] = ()
    input_fidelity: str = "low"
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])


def check_key(headers: Mapping[str, str], keys: frozenset[str]) -> None:
    """401 without a key, or with one that is not in ``keys`` (when ``keys`` is not empty)."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token if scheme.lower() == "bearer" else headers.get("api-key", "")
    if not token:
        raise Rejection(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization"
            " header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        )
    if keys and token not in keys:
        raise Rejection(
            401,
            f"Incorrect API key provided: {token[:3]}***. You can find your API key at"
            " https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
        )


def check(
    known: frozenset[str], params: Mapping[str, Any], inputs: tuple[InputImage, ...], *, edit: bool
) -> Asked:
    """The request as OpenAI would understand it; raises :class:`Rejection` as OpenAI would."""
    for name in params:
        if name not in known:
            raise Rejection(
                400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name
            )
    read = _Reader(params)
    model = _model(read)
    asked = Asked(
        edit=edit,
        model=model,
        prompt=_prompt(read),
        n=read.integer("n", 1, 10) or 1,
        size=_size(model, read),
        quality=_quality(model, read),
        background=_background(read),
        output_format=read.choice("output_format", ("png", "jpeg", "webp")) or "png",
        stream=read.boolean("stream"),
        partial_images=read.integer("partial_images", 0, 3) or 0,
        safety_identifier=read.text("safety_identifier") or read.text("user"),
        inputs=inputs,
        input_fidelity=_fidelity(model, read),
        raw=dict(params),
    )
    _check_combinations(asked, read)
    return asked


def _check_combinations(asked: Asked, read: "_Reader") -> None:
    read.choice("moderation", ("auto", "low"))
    compression = read.integer("output_compression", 0, 100)
    if asked.output_format == "png" and compression is not None and compression < 100:
        raise _invalid(
            "output_compression",
            "Compression less than 100 is not supported for PNG output format",
        )
    if asked.background == "transparent" and asked.output_format == "jpeg":
        raise _invalid("background", "Transparent background is not supported for JPEG output.")
    if asked.partial_images and not asked.stream:
        raise _invalid("partial_images", "'partial_images' requires 'stream' to be true.")
    if asked.model not in LATER_LINE:
        read.refuse("complexity", "markup")
    read.choice("complexity", ("low", "medium", "high"))
    # GIF and SVG are previews that an ordinary account does not have.
    read.refuse("frame_count", "frame_duration_ms", "svg")


class _Reader:
    """Typed access to parameters. Form values are strings, JSON values have their type."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def text(self, name: str) -> str | None:
        value = self.params.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong_type(name, "a string", value)
        return value

    def integer(self, name: str, low: int, high: int) -> int | None:
        value = self.params.get(name)
        if value is None:
            return None
        if isinstance(value, FormText) and re.fullmatch(r"-?\d+", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(name, "an integer", value)
        if low <= value <= high:
            return value
        word, sign, bound = (
            ("above maximum", "<=", high)
            if value > high
            else (
                "below minimum",
                ">=",
                low,
            )
        )
        raise Rejection(
            400,
            f"Invalid '{name}': integer {word} value. Expected a value {sign} {bound}, but got"
            f" {value} instead.",
            code=f"integer_{word.replace(' ', '_').replace('imum', '')}_value",
            param=name,
        )

    def boolean(self, name: str) -> bool:
        value = self.params.get(name)
        if isinstance(value, FormText) and value in ("true", "false"):
            return value == "true"
        if value is not None and not isinstance(value, bool):
            raise _wrong_type(name, "a boolean", value)
        return bool(value)

    def choice(self, name: str, values: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in values:
            raise _unsupported(name, value, values)
        return value

    def refuse(self, *names: str) -> None:
        for name in names:
            if self.params.get(name) is not None:
                raise _invalid(name, f"The '{name}' parameter is not supported for this model.")


class FormText(str):
    """A form field: a string that may stand for a number or a boolean."""

    __slots__ = ()


def _model(read: _Reader) -> str:
    model = read.text("model")
    if not model:
        raise _missing("model")
    if model not in MODELS:
        raise no_such_model(model)
    return model


def no_such_model(model: str) -> Rejection:
    """404, also for retired models."""
    return Rejection(
        404, f"The model '{model}' does not exist.", code="model_not_found", param="model"
    )


def _prompt(read: _Reader) -> str:
    prompt = read.text("prompt")
    if not prompt:
        raise _missing("prompt")
    if len(prompt) > 32_000:
        raise Rejection(
            400,
            "Invalid 'prompt': string too long. Expected a string with maximum length 32000, but"
            f" got a string with length {len(prompt)} instead.",
            code="string_above_max_length",
            param="prompt",
        )
    return prompt


def _size(model: str, read: _Reader) -> tuple[int, int]:
    size = read.text("size") or "auto"
    if size == "auto":
        return 1024, 1024
    if model in FIRST_LINE:
        if size not in FIXED_SIZES:
            raise _unsupported("size", size, (*FIXED_SIZES, "auto"))
    elif problem := _free_size_problem(size):
        raise _invalid("size", f"Invalid size '{size}'. {problem}")
    width, _, height = size.partition("x")
    return int(width), int(height)


def _free_size_problem(size: str) -> str | None:
    """Why gpt-image-2 and later refuse a size; None if they take it."""
    if not re.fullmatch(r"\d{1,5}x\d{1,5}", size):
        return "Size must be 'auto' or WIDTHxHEIGHT."
    width, height = (int(edge) for edge in size.split("x"))
    rules: tuple[tuple[Callable[[int, int], bool], str], ...] = (
        (lambda w, h: w % 16 == 0 == h % 16, "Width and height must both be divisible by 16."),
        (lambda w, h: max(w, h) <= 3840, "The longest edge must be at most 3840."),
        (lambda w, h: max(w, h) <= 3 * min(w, h), "The aspect ratio must be at most 3:1."),
        (lambda w, h: w * h >= 655_360, "Requested resolution is below the minimum pixel budget."),
        (lambda w, h: w * h <= 8_294_400, "Requested resolution exceeds the pixel budget."),
    )
    return next((text for holds, text in rules if not holds(width, height)), None)


def _quality(model: str, read: _Reader) -> str:
    names = ("low", "medium", "high", "auto")
    if model in LATER_LINE:
        names = ("low", "medium", "high", "xhigh", "max", "auto")
    quality = read.choice("quality", names) or "auto"
    return "high" if quality == "auto" else quality


def _background(read: _Reader) -> str:
    background = read.choice("background", ("transparent", "opaque", "auto")) or "auto"
    return "opaque" if background == "auto" else background


def _fidelity(model: str, read: _Reader) -> str:
    # What OpenAI answers for gpt-image-2 is not documented; the guide says: omit it.
    if model not in FIRST_LINE:
        read.refuse("input_fidelity")
    names = ("low",) if model == "gpt-image-1-mini" else ("high", "low")
    return read.choice("input_fidelity", names) or "low"


def _missing(name: str) -> Rejection:
    return Rejection(
        400,
        f"Missing required parameter: '{name}'.",
        code="missing_required_parameter",
        param=name,
    )


def _invalid(name: str, message: str) -> Rejection:
    return Rejection(400, message, code="invalid_value", param=name)


def _unsupported(name: str, value: str, values: tuple[str, ...]) -> Rejection:
    quoted = [f"'{each}'" for each in values]
    listed = f"{', '.join(quoted[:-1])}, and {quoted[-1]}" if len(quoted) > 1 else quoted[0]
    return _invalid(name, f"Invalid value: '{value}'. Supported values are: {listed}.")


def _wrong_type(name: str, wanted: str, value: object) -> Rejection:
    names = {str: "a string", int: "an integer", float: "a decimal number", bool: "a boolean"}
    got = next((text for kind, text in names.items() if type(value) is kind), "an object")
    got = "a string" if isinstance(value, str) else got
    return Rejection(
        400,
        f"Invalid type for '{name}': expected {wanted}, but got {got} instead.",
        code="invalid_type",
        param=name,
    )
