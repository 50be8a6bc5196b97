"""What each tool takes: strict models, and their JSON schemas with the served models' values."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from darkroom_client import Model

WAIT_MAX_S = 50
"""Hosts give up on a tool that says nothing for a minute."""
PREVIEW_PX = 768
PREVIEW_PX_MAX = 1536
_NO_OPTIONS = frozenset(
    ("prompt", "images", "mask", "wait_seconds", "file_name", "idempotency_key")
)

_JobId: TypeAlias = Annotated[
    str, Field(description="The job_id that generate_image or edit_image told.", max_length=64)
]
_Image: TypeAlias = Annotated[str, Field(min_length=1)]
_Wait: TypeAlias = Annotated[
    int,
    Field(
        ge=0,
        le=WAIT_MAX_S,
        description="Seconds to wait for the images. When they take longer, the answer has the"
        " job_id for get_job; the job goes on. 0 returns at once.",
    ),
]


class Arguments(BaseModel):
    """Unknown names are refused: an agent that misspells one must hear of it."""

    model_config = ConfigDict(extra="forbid")


class Making(Arguments):
    """What a generation, an edit and an estimate have in common."""

    prompt: str = Field(min_length=1, description="What to make, in any language.")
    model: str | None = Field(
        None, description="Default: the server's. list_models says what each can do."
    )
    n: int = Field(1, ge=1, le=10, description="How many images; each is charged.")
    size: str | None = Field(
        None,
        pattern=r"^(auto|[0-9]{2,5}x[0-9]{2,5})$",
        description="WIDTHxHEIGHT in pixels such as 1536x1024, or auto.",
    )
    quality: str | None = Field(None, description="Decides most of the price.")
    background: str | None = Field(None, description="transparent needs png or webp.")
    output_format: str | None = None
    output_compression: int | None = Field(
        None, ge=0, le=100, description="For jpeg and webp: 100 is the best."
    )
    seed: int | None = None

    def options(self) -> dict[str, Any]:
        """What was said, by the SDK's names, without prompt, images and what is ours."""
        said = self.model_dump(exclude_none=True)
        return {name: value for name, value in said.items() if name not in _NO_OPTIONS}


class Generate(Making):
    """Arguments of ``generate_image``."""

    wait_seconds: _Wait = WAIT_MAX_S
    file_name: str | None = Field(
        None,
        pattern=r"^[^/\\\x00-\x1f]{1,80}$",
        description="Name of the saved file, without folder and ending, where files are saved.",
    )
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Any text of your own. The same call with the same key brings back the same"
        " job for 24 hours instead of buying another.",
    )


class Edit(Generate):
    """Arguments of ``edit_image``."""

    images: list[_Image] = Field(min_length=1, max_length=16)
    mask: str | None = Field(
        None,
        description="Where the first image may change: its transparent part, or without"
        " transparency what is black. Given as the images are.",
    )
    input_fidelity: Literal["low", "high"] | None = Field(
        None, description="high keeps faces and logos closer to the input."
    )


class Estimate(Making):
    """Arguments of ``estimate_cost``."""

    images: list[_Image] = Field(default_factory=list[str], max_length=16)
    mask: str | None = None
    input_fidelity: Literal["low", "high"] | None = None


class GetJob(Arguments):
    """Arguments of ``get_job``."""

    job_id: _JobId
    wait_seconds: _Wait = WAIT_MAX_S
    file_name: str | None = Field(None, pattern=r"^[^/\\\x00-\x1f]{1,80}$")


class ViewImage(Arguments):
    """Arguments of ``view_image``."""

    job_id: _JobId
    index: int = Field(0, ge=0, le=99, description="Which image of the job; the first is 0.")
    max_px: int = Field(
        PREVIEW_PX, ge=64, le=PREVIEW_PX_MAX, description="Longest side of the preview."
    )


class CancelJob(Arguments):
    """Arguments of ``cancel_job``."""

    job_id: _JobId


class Nothing(Arguments):
    """Arguments of tools that take none."""


def schema(kind: type[Arguments], models: Sequence[Model], images: str) -> dict[str, Any]:
    """The JSON schema; ``images`` says how input images are given.

    Values that only some models take are all listed: the server refuses, or bends with a warning,
    what the chosen one cannot do. Without models, as when the server is away, any text goes.
    """
    made = kind.model_json_schema()
    made.pop("description", None)
    made.pop("title", None)
    properties = made["properties"]
    for name in properties:
        properties[name] = _plain(properties[name])
        if name in ("images", "mask"):
            said = properties[name].get("description", "")
            properties[name]["description"] = f"{said} {images}".strip()
    for name, values in _values(models).items():
        if name in properties and values:
            properties[name]["enum"] = values
    return made


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """``X | None`` as an optional X: some hosts cannot read ``anyOf``, and to leave it out is the
    way to say nothing."""
    found = {name: value for name, value in said.items() if name != "title"}
    if "anyOf" not in found:
        return found
    kinds = [one for one in found.pop("anyOf") if one.get("type") != "null"]
    found.pop("default", None)
    return {**kinds[0], **found}


def _values(models: Sequence[Model]) -> dict[str, list[str]]:
    listed = [model.capabilities for model in models]
    return {
        "model": _once(name for model in models for name in (model.id, *model.aliases)),
        "quality": _once(value for one in listed for value in one["qualities"]),
        "background": _once(value for one in listed for value in one["backgrounds"]),
        "output_format": _once(value for one in listed for value in one["formats"]),
    }


def _once(values: Any) -> list[str]:
    return list(dict.fromkeys(values))
