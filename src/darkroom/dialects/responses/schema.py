"""The body of ``POST /v1/responses``: strict in what concerns the image tool, lenient in the rest.

https://platform.openai.com/docs/api-reference/responses/create, and the official Python SDK's
``responses/response_create_params`` and ``responses/tool_param``. Ours: ``callback_url`` or
``webhook_url``, and in the tool ``seed``, ``size_policy`` and ``mask_convention``.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_FILE_ID = r"^[A-Za-z0-9_.-]{1,64}$"
_URL_MAX = 70_000_000


class ResponseBody(BaseModel):
    """What no picture depends on is taken as it is and repeated in the answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: str | list[dict[str, Any]] | None = None
    model: str | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    instructions: str | None = None
    metadata: dict[str, str] | None = None
    previous_response_id: str | None = None
    background: bool | None = None
    store: bool | None = None
    stream: bool | None = None
    safety_identifier: str | None = None
    user: str | None = None
    text: dict[str, Any] | None = None
    conversation: Any = None
    prompt: Any = None
    callback_url: str | None = None
    webhook_url: str | None = None

    access_programs: Any = None
    context_management: Any = None
    image: Any = None
    include: list[str] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tool_calls: Annotated[int, Field(ge=1)] | None = None
    moderation: Any = None
    parallel_tool_calls: bool | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Any = None
    prompt_cache_retention: str | None = None
    reasoning: dict[str, Any] | None = None
    service_tier: str | None = None
    stream_options: Any = None
    temperature: float | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    truncation: str | None = None


class ImageRef(BaseModel):
    """An image by exactly one of the two."""

    model_config = ConfigDict(extra="forbid", strict=True)

    image_url: str | None = Field(default=None, max_length=_URL_MAX)
    file_id: str | None = Field(default=None, pattern=_FILE_ID)


class ImageTool(BaseModel):
    """``{"type": "image_generation"}`` with its options."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["image_generation"]
    action: Literal["generate", "edit", "auto"] | None = None
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    input_fidelity: str | None = None
    input_image_mask: ImageRef | None = None
    moderation: str | None = None
    output_compression: Annotated[int, Field(ge=0, le=100)] | None = None
    output_format: str | None = None
    partial_images: Annotated[int, Field(ge=0, le=3)] | None = None
    complexity: str | None = None
    frame_count: Annotated[int, Field(ge=2, le=16)] | None = None
    frame_duration_ms: Annotated[int, Field(ge=10, le=655_350)] | None = None
    n: Literal[1] | None = None
    """Answers repeat the tool with ``"n": 1``, and clients send that again."""
    svg: Any = None
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    size_policy: Literal["fit", "strict"] | None = None
    mask_convention: Literal["auto", "alpha", "black", "white"] | None = None


class Message(BaseModel):
    """An input message; clients leave out the type, and send ids and states back."""

    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[dict[str, Any]]


class TextPart(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: str


class ImagePart(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    image_url: str | None = Field(default=None, max_length=_URL_MAX)
    file_id: str | None = Field(default=None, pattern=_FILE_ID)


class CallItem(BaseModel):
    """An image call of an earlier answer, by its id alone or as it was."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | None = None
    result: str | None = Field(default=None, max_length=_URL_MAX)
