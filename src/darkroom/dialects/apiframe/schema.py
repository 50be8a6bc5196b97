"""Apiframe's request body and the parameter objects of its model families, strict on both levels.

https://docs-v2.apiframe.ai/docs/images and ``openapi.json`` of
https://github.com/apiframe-ai/apiframe-nodejs-sdk. ``None`` is the same as leaving it out.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from darkroom.dialects._bodies import ENTRIES_MAX

PROMPT_CHARS_MAX = 2_000
_URL_CHARS_MAX = 2_048
_IMAGE_CHARS_MAX = 70_000_000  # a data: URL of the largest input image
_N_MAX = 10
_RATIO = re.compile(r"[1-9][0-9]{0,3}:[1-9][0-9]{0,3}")


def _one_as_list(value: Any) -> Any:
    """One URL as text, as the model pages show it, besides the list of the specification."""
    return [value] if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    """JavaScript has one kind of number: ``2.0`` is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _image_url(value: str) -> str:
    if not value[:8].lower().startswith(("https://", "http://", "data:")):
        raise PydanticCustomError("image_url", "Send an https:// or http:// URL, or a data: URL")
    return value


def _ratio(value: str) -> str:
    if not _RATIO.fullmatch(value):
        raise PydanticCustomError("aspect_ratio", "Send two whole numbers such as '16:9'")
    return value


ImageUrl = Annotated[str, Field(max_length=_IMAGE_CHARS_MAX), AfterValidator(_image_url)]
ImageUrls = Annotated[list[ImageUrl], Field(max_length=ENTRIES_MAX), BeforeValidator(_one_as_list)]
Int = Annotated[int, BeforeValidator(_whole)]
Float = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=64)]

GptRatio = Literal["1:1", "3:2", "2:3"]
Event = Literal["progress", "completed", "failed"]
Events = Annotated[list[Event], Field(min_length=1, max_length=ENTRIES_MAX)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Body(_Strict):
    """What all models have in common. Both spellings of the webhook's fields are taken:
    the specification has ``webhookUrl``, the model pages ``webhook_url``."""

    model: Annotated[str, Field(min_length=1, max_length=128)]
    prompt: Annotated[str, Field(min_length=1, max_length=PROMPT_CHARS_MAX)]
    webhook_url: Annotated[str, Field(min_length=1, max_length=_URL_CHARS_MAX)] | None = None
    webhookUrl: Annotated[str, Field(min_length=1, max_length=_URL_CHARS_MAX)] | None = None
    webhook_events: Events | None = None
    webhookEvents: Events | None = None


class Params(_Strict):
    """A model without a parameter object of its own takes nothing but a prompt."""


class GptImageParams(Params):
    """Its model page has ``png`` as the default format, the older specification ``webp``."""

    aspect_ratio: GptRatio | None = None
    quality: Literal["auto", "low", "medium", "high"] | None = None
    background: Literal["auto", "opaque", "transparent"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    input_images: ImageUrls | None = None
    input_fidelity: Literal["low", "high"] | None = None
    number_of_images: Annotated[Int, Field(ge=1, le=_N_MAX)] | None = None


class GptImage2Params(Params):
    aspect_ratio: GptRatio | None = None
    quality: Literal["auto", "low", "medium", "high"] | None = None
    background: Literal["auto", "opaque"] | None = None
    moderation: Literal["auto", "low"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    input_images: ImageUrls | None = None
    number_of_images: Annotated[Int, Field(ge=1, le=_N_MAX)] | None = None


class GptImage25Params(GptImage2Params):
    """Ours: Apiframe has no model of 2.5 or later, which have two more qualities."""

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class DalleParams(Params):
    aspect_ratio: GptRatio | None = None
    style: Literal["vivid", "natural"] | None = None


class NanoBananaParams(Params):
    aspect_ratio: Text | None = None
    resolution: Literal["512px", "1K", "2K", "4K"] | None = None
    image_input: Annotated[ImageUrls, Field(max_length=14)] | None = None
    output_format: Literal["jpg", "png", "webp"] | None = None
    google_search: bool | None = None
    image_search: bool | None = None


class FluxParams(Params):
    aspect_ratio: Annotated[str, AfterValidator(_ratio)] | None = None
    width: Annotated[Int, Field(ge=256, le=2048)] | None = None
    height: Annotated[Int, Field(ge=256, le=2048)] | None = None
    resolution: Literal["0.5MP", "1MP", "2MP", "4MP", "match_input_image"] | None = None
    input_images: Annotated[ImageUrls, Field(max_length=10)] | None = None
    image_prompt: ImageUrl | None = None
    image_prompt_strength: Annotated[Float, Field(ge=0, le=1)] | None = None
    seed: Annotated[Int, Field(ge=0, le=2**63 - 1)] | None = None
    steps: Annotated[Int, Field(ge=1, le=50)] | None = None
    guidance: Annotated[Float, Field(ge=1.5, le=10)] | None = None
    output_format: Literal["jpg", "png", "webp"] | None = None
    output_quality: Annotated[Int, Field(ge=0, le=100)] | None = None
    raw: bool | None = None
    go_fast: bool | None = None
    prompt_upsampling: bool | None = None


class GrokImagineParams(Params):
    aspect_ratio: Literal["1:1", "2:3", "3:2", "16:9", "9:16"] | None = None
    image: ImageUrl | None = None
