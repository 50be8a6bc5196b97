"""The model families: which parameter object each has, and what it means in canonical terms."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.warning import Warning
from darkroom.dialects._ratios import BANANA, FIRST_BANANA, HALVES, WIDE_BANANA
from darkroom.dialects.apiframe.schema import (
    DalleParams,
    FluxParams,
    GptImage2Params,
    GptImage25Params,
    GptImageParams,
    GrokImagineParams,
    NanoBananaParams,
    Params,
)

_AUTO = "auto"
_Ratios = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a parameter object asks for. ``fields`` are those of the canonical request."""

    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    images: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()


Reader = Callable[[Any, str], Asked]
"""Takes the checked parameter object and its key. Raises :class:`RequestError`."""


@dataclass(frozen=True, slots=True)
class Family:
    """``key`` names the parameter object. ``sizes``: the cheapest and the dearest to ask for."""

    key: str
    schema: type[Params]
    read: Reader
    sizes: tuple[str, str] = (_AUTO, _AUTO)


def family_of(model: str) -> Family:
    """By a catalogue name or alias: the longest prefix that fits."""
    fitting = [prefix for prefix in _FAMILIES if model.startswith(prefix)]
    return _FAMILIES[max(fitting, key=len)] if fitting else _PLAIN


def parameter_objects() -> Mapping[str, type[Params]]:
    """The widest schema of each parameter object, by its key."""
    return {family.key: family.schema for family in _FAMILIES.values()}


def catalog_name(model: str) -> str:
    """What the catalogue calls a model of Apiframe's list."""
    return _NAMES.get(model, model)


def wire_name(model: str) -> str:
    """What Apiframe calls a model of the catalogue."""
    return _WIRE_NAMES.get(model, model)


def cost_extremes(model: str) -> tuple[str, str]:
    """The sizes between which the price of a catalogue model lies here."""
    return family_of(model).sizes


# --- GPT Image ----------------------------------------------------------------------------------

_THREE = MappingProxyType({"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"})


def _gpt_image(params: GptImageParams | GptImage2Params, key: str) -> Asked:
    fields: dict[str, Any] = {
        "size": _THREE[params.aspect_ratio or "1:1"],
        "quality": params.quality or _AUTO,
        "background": params.background or _AUTO,
        "output_format": params.output_format or "png",
        "n": params.number_of_images or 1,
    }
    if isinstance(params, GptImageParams):
        # The default, low, is what these models do anyway. Their successors know no fidelity and
        # refuse it, so it is only said when the caller does.
        fields["input_fidelity"] = params.input_fidelity
    else:
        fields["moderation"] = params.moderation or _AUTO
    return Asked(fields, tuple(params.input_images or ()))


def _dalle(params: DalleParams, key: str) -> Asked:
    notes = () if params.style is None else (_dropped(key, "style", params.style),)
    return Asked({"size": _THREE[params.aspect_ratio or "1:1"]}, warnings=notes)


# --- Nano Banana --------------------------------------------------------------------------------

_TIERS = {"512px": "0.5K"}  # where Apiframe has another name for a tier
_LIKE_INPUT = "match_input_image"


def _banana(table: _Ratios) -> Reader:
    def read(params: NanoBananaParams, key: str) -> Asked:
        for name in ("google_search", "image_search"):
            if getattr(params, name):
                raise UnsupportedValue(
                    f"'{name}' is not offered: put what is to be known into the prompt.",
                    param=f"{key}.{name}",
                )
        ratio = _ratio(params.aspect_ratio, params.resolution)
        notes = _square_note(key, params.aspect_ratio, params.resolution, params.image_input)
        fields = {
            "size": _banana_size(table, ratio, params.resolution, key),
            "output_format": _format(params.output_format),
        }
        return Asked(fields, tuple(params.image_input or ()), notes)

    return read


def _nano_banana(table: _Ratios, least: str, most: str) -> Family:
    return Family("nanoBananaParams", NanoBananaParams, _banana(table), (least, most))


def _banana_size(table: _Ratios, ratio: str | None, resolution: str | None, key: str) -> str:
    if ratio is None or ratio in (_AUTO, _LIKE_INPUT):
        return _AUTO
    if ratio not in table:
        raise InvalidRequest(
            f"Invalid value: '{ratio}'. Supported values are: {', '.join(table)}.",
            param=f"{key}.aspect_ratio",
        )
    tier = resolution or "1K"
    halves = HALVES[_TIERS.get(tier, tier)]
    width, height = (edge * halves // 2 for edge in table[ratio])
    return f"{width}x{height}"


# --- FLUX ---------------------------------------------------------------------------------------

_MEGAPIXEL = 1024 * 1024
_QUARTERS = {"0.5MP": 2, "1MP": 4, "2MP": 8, "4MP": 16}
_UNREAD = ("steps", "guidance", "image_prompt_strength", "raw", "go_fast", "prompt_upsampling")
"""Settings of single FLUX versions that have no counterpart in a canonical request."""


def _flux(grid: int) -> Reader:
    """``grid``: edges are multiples of it."""

    def read(params: FluxParams, key: str) -> Asked:
        if params.image_prompt is not None:
            raise UnsupportedValue(
                "'image_prompt' is not offered: FLUX.2 takes pictures as 'input_images'.",
                param=f"{key}.image_prompt",
            )
        size, notes = _flux_size(params, key, grid)
        said = [(name, getattr(params, name)) for name in _UNREAD]
        unread = [_dropped(key, name, value) for name, value in said if value not in (None, False)]
        fields = {
            "size": size,
            "output_format": _format(params.output_format),
            "output_compression": params.output_quality,
            "seed": params.seed,
        }
        images = tuple(params.input_images or ())
        return Asked(fields, images, (*notes, *unread))

    return read


def _flux_size(params: FluxParams, key: str, grid: int) -> tuple[str, tuple[Warning, ...]]:
    if params.width is not None or params.height is not None:
        if params.width is None or params.height is None:
            missing = "width" if params.width is None else "height"
            raise InvalidRequest(
                "Send 'width' and 'height' together, or 'aspect_ratio' and 'resolution'.",
                param=f"{key}.{missing}",
            )
        notes = [
            _dropped(key, name, value, "'width' and 'height' say the size")
            for name, value in (
                ("aspect_ratio", params.aspect_ratio),
                ("resolution", params.resolution),
            )
            if value is not None
        ]
        return f"{params.width}x{params.height}", tuple(notes)
    resolution = None if params.resolution == _LIKE_INPUT else params.resolution
    ratio = _ratio(params.aspect_ratio, resolution)
    if ratio is None:
        return _AUTO, ()
    notes = _square_note(key, params.aspect_ratio, resolution, params.input_images)
    return _flux_pixels(ratio, resolution or "1MP", grid), notes


def _flux_pixels(ratio: str, resolution: str, grid: int) -> str:
    """The largest size of the ratio on the grid that has no more than its megapixels."""
    across, down = map(int, ratio.split(":"))
    area = _QUARTERS[resolution] * _MEGAPIXEL // 4
    width = math.isqrt(area * across // down) // grid * grid
    height = math.isqrt(area * down // across) // grid * grid
    return f"{max(width, grid)}x{max(height, grid)}"


# --- Grok ---------------------------------------------------------------------------------------

_GROK = MappingProxyType(
    {
        "1:1": "1024x1024",
        "2:3": "832x1248",
        "3:2": "1248x832",
        "9:16": "720x1280",
        "16:9": "1280x720",
    }
)
"""Of some one megapixel: xAI names ratios and two resolutions, not pixels."""


def _grok(params: GrokImagineParams, key: str) -> Asked:
    ratio = params.aspect_ratio
    # xAI makes JPEG alone, and its parameter object has no word for another format.
    fields = {"size": _AUTO if ratio is None else _GROK[ratio], "output_format": "jpeg"}
    return Asked(fields, () if params.image is None else (params.image,))


# --- what several share -------------------------------------------------------------------------


def _ratio(aspect_ratio: str | None, resolution: str | None) -> str | None:
    """A resolution alone is one of a square; neither leaves the size to the model."""
    return aspect_ratio or ("1:1" if resolution else None)


def _square_note(
    key: str, aspect_ratio: str | None, resolution: str | None, images: Sequence[str] | None
) -> tuple[Warning, ...]:
    """An edit of a picture that is not square would be cropped: that has to be said."""
    if aspect_ratio or not resolution or not images:
        return ()
    message = "The resolution came without an aspect ratio: the result is square."
    return (Warning("value_mapped", message, f"{key}.aspect_ratio", used="1:1"),)


def _format(value: str | None) -> str:
    return {None: "png", "jpg": "jpeg"}.get(value, str(value))


def _dropped(
    key: str, name: str, value: object, why: str = "no model here has that setting"
) -> Warning:
    param = f"{key}.{name}"
    message = f"{param}={value!r} was left out: {why}."
    return Warning("parameter_dropped", message, param, asked=str(value))


_PLAIN = Family("", Params, lambda params, key: Asked())
_GPT_SIZES = (_THREE["1:1"], _THREE["3:2"])
_GPT_2 = Family("gptImage2Params", GptImage2Params, _gpt_image, _GPT_SIZES)
_GPT_25 = Family("gptImage2Params", GptImage25Params, _gpt_image, _GPT_SIZES)
_GPT = Family("gptImageParams", GptImageParams, _gpt_image, _GPT_SIZES)
_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "gpt-image-1": _GPT,
        "chatgpt-image-latest": _GPT,
        "gpt-image-2": _GPT_2,
        "gpt-image-2.": _GPT_25,
        "chatgpt-images-2.5": _GPT_25,
        "dall-e-": Family("dalleParams", DalleParams, _dalle, _GPT_SIZES),
        "gemini-": _nano_banana(WIDE_BANANA, "512x512", "4096x4096"),
        "gemini-3-pro-": _nano_banana(BANANA, "512x512", "4096x4096"),
        "gemini-3.1-flash-lite-": _nano_banana(BANANA, "1024x1024", "1024x1024"),
        "gemini-2.5-": _nano_banana(FIRST_BANANA, "1024x1024", "1024x1024"),
        "flux-": Family("fluxParams", FluxParams, _flux(16), ("256x256", "2048x2048")),
        "flux-pro-1.1": Family("fluxParams", FluxParams, _flux(32), ("256x256", "1440x1440")),
        "grok-imagine-": Family(
            "grokImagineParams", GrokImagineParams, _grok, ("1024x1024", "1280x720")
        ),
    }
)
"""By the beginning of a model's name, so that a new member of a family needs no line here."""

# https://docs-v2.apiframe.ai/docs/images: the names that differ from the catalogue's
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "nano-banana": "gemini-2.5-flash-image",
        "nano-banana-pro": "gemini-3-pro-image",
        "nano-banana-2": "gemini-3.1-flash-image",
        "nano-banana-2-lite": "gemini-3.1-flash-lite-image",
        "flux-1.1-pro": "flux-pro-1.1",
    }
)
_WIRE_NAMES = MappingProxyType({name: wire for wire, name in _NAMES.items()})
