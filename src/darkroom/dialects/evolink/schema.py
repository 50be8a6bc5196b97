"""The body of EvoLink's image requests, strict: what is not named here is refused by name.

https://docs.evolink.ai/en/api-manual/image-series
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from darkroom.dialects._bodies import ENTRIES_MAX

UNREAD = ("nsfw_check", "prompt_priority")
"""Settings of EvoLink's models of other makers, which none of ours has."""


class TaskBody(BaseModel):
    """``POST /v1/images/generations`` of any model. ``None`` is the same as leaving it out."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())

    prompt: str | None = None
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    resolution: str | None = None
    n: int | None = None
    image_urls: Annotated[list[str], Field(max_length=ENTRIES_MAX)] | None = None
    mask_url: str | None = None
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    callback_url: str | None = None
    model_params: Annotated[dict[str, Any], Field(max_length=ENTRIES_MAX)] | None = None
    nsfw_check: Any = None
    prompt_priority: Any = None
