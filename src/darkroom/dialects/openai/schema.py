"""The bodies of OpenAI's image endpoints, strict: what is not named here is refused by name.

https://platform.openai.com/docs/api-reference/images, and the official Python SDK's
``image_generate_params`` and ``image_edit_params``. Ours: ``seed``, ``size_policy``,
``service_tier`` (as on OpenAI's other endpoints), ``mask_convention``, and where to tell the end of
the job: ``callback_url`` or ``webhook_url``, as task APIs call it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from darkroom.dialects._bodies import ENTRIES_MAX


def _number_in_text(value: Any) -> Any:
    """Multipart fields are text: ``n="2"``. JSON clients send numbers; text is taken as well."""
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    return value


def _flag_in_text(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


Int = Annotated[int, BeforeValidator(_number_in_text)]
Flag = Annotated[bool, BeforeValidator(_flag_in_text)]


class ImageBody(BaseModel):
    """What generations and edits have in common. ``None`` is the same as leaving it out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: str | None = None
    model: str | None = None
    n: Int | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: Annotated[Int, Field(ge=0, le=100)] | None = None
    moderation: str | None = None
    stream: Flag | None = None
    partial_images: Annotated[Int, Field(ge=0, le=3)] | None = None
    complexity: str | None = None
    frame_count: Annotated[Int, Field(ge=2, le=16)] | None = None
    frame_duration_ms: Annotated[Int, Field(ge=10, le=655_350)] | None = None
    svg: Any = None
    safety_identifier: str | None = None
    user: str | None = None
    response_format: str | None = None
    seed: Annotated[Int, Field(ge=0, le=2**63 - 1)] | None = None
    size_policy: str | None = None
    service_tier: str | None = None
    callback_url: str | None = None
    webhook_url: str | None = None


class GenerationBody(ImageBody):
    """``POST /v1/images/generations``."""

    style: str | None = None


class ImageRef(BaseModel):
    """An image of a JSON edit: exactly one of the two."""

    model_config = ConfigDict(extra="forbid", strict=True)

    image_url: str | None = Field(default=None, max_length=70_000_000)
    file_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")


class EditBody(ImageBody):
    """``POST /v1/images/edits``, both forms: ``images`` in JSON, uploads in multipart."""

    images: Annotated[list[ImageRef], Field(max_length=ENTRIES_MAX)] | None = None
    mask: ImageRef | None = None
    input_fidelity: str | None = None
    mask_convention: str | None = None
