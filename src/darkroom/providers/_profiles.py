"""Servers that speak OpenAI's Images API with differences, each described as data.

What a profile does not send, the model lacks there: ``offered`` derives the capabilities from the
same table by which requests are built, so that nothing can be dropped unsaid.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import log
from typing import Any

from darkroom.core.capability import ModelSpec
from darkroom.core.money import NANOS_PER_DOLLAR, half_up
from darkroom.core.ports import Base64File, UpstreamCall
from darkroom.core.size import Size
from darkroom.core.tokens import approximate_text_tokens
from darkroom.core.usage import Usage
from darkroom.providers._answers import Body, as_count, as_object
from darkroom.providers._openai_images import no_cost, read_usage

_TICKS_PER_NANO = 10
_COST_MAX = 10_000
"""Dollars; more than any request costs is no cost."""


@dataclass(frozen=True, slots=True)
class FormEdit:
    """Input images as files of a multipart body. ``mask`` "": there is no such field."""

    path: str = "/images/edits"
    image: str = "image[]"
    mask: str = ""


@dataclass(frozen=True, slots=True)
class JsonEdit:
    """Input images as data URLs in JSON, where ``inputs`` puts them."""

    path: str
    inputs: Callable[[Sequence[Base64File]], Body]


def no_usage(_: Any, __: UpstreamCall) -> Usage | None:
    """For servers that count nothing, or not what the model's price is by."""
    return None


def _own_usage(raw: Any, _: UpstreamCall) -> Usage | None:
    return read_usage(raw)


def as_pixels(size: Size) -> Body:
    return {"size": str(size)}


def as_edges(size: Size) -> Body:
    return {"width": size.width, "height": size.height}


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of server.

    ``names``: a field of the request -> its name there; what is not listed is not sent.
    ``always``: sent with every request. ``size``: how a size in pixels is said; ``says_size``: also
    the default one, because the server's own is another. ``changes``: what a model has there beyond
    the catalogue's word, or instead of it. ``models``: the catalogue's name -> the server's, for
    vendors whose list is known. ``own_format``: what comes when no format is named.
    """

    doc_url: str
    base_url: str = ""
    generations: str = "/images/generations"
    edit: FormEdit | JsonEdit | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    always: Mapping[str, Any] = field(default_factory=dict[str, Any])
    size: Callable[[Size], Body] = as_pixels
    says_size: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    usage: Callable[[Any, UpstreamCall], Usage | None] = no_usage
    cost: Callable[[Body], int | None] = no_cost
    own_format: str = ""
    separator: str = ""
    """A character that has a meaning in prompts there, and so cannot be sent."""
    check_path: str = "/models"
    """What answers only to a good key."""
    check_lists: bool = True
    """Whether it lists the models that can be asked for."""

    def offered(self, model: ModelSpec) -> ModelSpec:
        """The model with what it is there."""
        mask = isinstance(self.edit, FormEdit) and self.edit.mask != ""
        lacking: dict[str, Any] = {
            "mask": model.mask and mask,
            "stream": False,
            "max_partial_images": 0,
        }
        lacking |= {
            capability: without
            for name, capability, without in _CAPABILITIES
            if name not in self.names
        }
        if self.edit is None:
            lacking |= {"operations": ("generation",), "max_inputs": 0}
        if "gif" in model.formats:  # only OpenAI itself is known to make animations
            lacking["formats"] = tuple(each for each in model.formats if each != "gif")
        return replace(model, **(lacking | dict(self.changes)))


_CAPABILITIES: tuple[tuple[str, str, Any], ...] = (
    ("quality", "qualities", ()),
    ("background", "backgrounds", ("auto", "opaque")),
    ("moderation", "moderations", ()),
    ("input_fidelity", "fidelities", ()),
    ("complexity", "complexities", ()),
    ("output_compression", "compression", False),
    ("seed", "seed", False),
    ("n", "max_n", 1),
)
"""A field of the request, the capability that needs it, and what is left of that without it."""


# --- how single servers want things -------------------------------------------------------------

_XAI_RATIOS: Mapping[str, float] = {
    "1:1": 1,
    "3:4": 3 / 4,
    "4:3": 4 / 3,
    "9:16": 9 / 16,
    "16:9": 16 / 9,
    "2:3": 2 / 3,
    "3:2": 3 / 2,
    "9:19.5": 9 / 19.5,
    "19.5:9": 19.5 / 9,
    "9:20": 9 / 20,
    "20:9": 20 / 9,
    "1:2": 1 / 2,
    "2:1": 2,
}
_XAI_1K_MAX = 1_600_000
"""Pixels up to which "1k" is the nearer of its two resolutions."""


def _xai_size(size: Size) -> Body:
    ratio = size.width / size.height
    nearest = min(_XAI_RATIOS, key=lambda name: abs(log(_XAI_RATIOS[name] / ratio)))
    return {
        "aspect_ratio": nearest,
        "resolution": "1k" if size.pixels <= _XAI_1K_MAX else "2k",
    }


def _xai_inputs(files: Sequence[Base64File]) -> Body:
    """One image has a field of its own."""
    images = [{"type": "image_url", "url": file} for file in files]
    return {"image": images[0]} if len(images) == 1 else {"images": images}


def _xai_cost(answer: Body) -> int | None:
    """Ticks are ten thousand millionths of a dollar: https://docs.x.ai/docs/guides/usage"""
    ticks = as_object(answer.get("usage")).get("cost_in_usd_ticks")
    return half_up(as_count(ticks), _TICKS_PER_NANO) if isinstance(ticks, int) else None


def _together_inputs(files: Sequence[Base64File]) -> Body:
    return {"reference_images": list(files)}


def _openrouter_inputs(files: Sequence[Base64File]) -> Body:
    return {
        "input_references": [{"type": "image_url", "image_url": {"url": file}} for file in files]
    }


def _openrouter_usage(raw: Any, call: UpstreamCall) -> Usage | None:
    """Its ``usage`` has the names of chat completions, and does not tell input images from text:
    what is more than the prompt can be are images. https://github.com/OpenRouterTeam/python-sdk
    """
    usage = as_object(raw)
    details = as_object(usage.get("completion_tokens_details"))
    into, made = as_count(usage.get("prompt_tokens")), as_count(usage.get("completion_tokens"))
    images = as_count(details.get("image_tokens"))
    text = approximate_text_tokens(call.request.prompt) + call.model.tokens.text_overhead
    return read_usage(
        {
            "input_tokens": into,
            "output_tokens": made,
            "input_tokens_details": {"image_tokens": max(0, into - text) if call.inputs else 0},
            "output_tokens_details": {"text_tokens": max(0, made - images) if images else 0},
        }
    )


def _openrouter_cost(answer: Body) -> int | None:
    """Dollars: https://openrouter.ai/docs/use-cases/usage-accounting"""
    cost = as_object(answer.get("usage")).get("cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost <= _COST_MAX:
        return None
    numerator, denominator = Decimal(str(cost)).as_integer_ratio()
    return half_up(numerator * NANOS_PER_DOLLAR, denominator)


def _like(*names: str) -> dict[str, str]:
    return {name: name for name in names}


PROFILES: Mapping[str, Profile] = {
    # Any other server. Only what most of them understand, and only when it is asked for.
    "generic": Profile(
        doc_url="https://platform.openai.com/docs/api-reference/images",
        edit=FormEdit(mask="mask"),
        names=_like("n", "quality", "background", "output_format", "output_compression", "user"),
        usage=_own_usage,
        own_format="png",
    ),
    # Left alone it answers with URLs that need a file store, and with JPEG. Whether a served
    # model heeds a mask, and which side of it, is not said: so there is none.
    "sglang": Profile(
        doc_url="https://docs.sglang.io/diffusion/api/openai_api.html",
        edit=FormEdit(),
        names=_like(
            "n", "quality", "background", "output_format", "output_compression", "seed", "user"
        ),
        always={"response_format": "b64_json"},
        changes={
            "formats": ("png", "jpeg", "webp"),
            "compression": True,
            "seed": True,
            "max_n": 10,
        },
    ),
    # It refuses response_format "url", and edits whose model is not the served one. Its
    # ``mask_image`` reads white as "edit", ours has transparency instead: not sent.
    "vllm_omni": Profile(
        doc_url="https://docs.vllm.ai/projects/vllm-omni/en/latest/serving/image_generation_api/",
        edit=FormEdit(),
        names=_like("n", "output_format", "output_compression", "seed"),
        always={"response_format": "b64_json"},
        changes={
            "formats": ("png", "jpeg", "webp"),
            "compression": True,
            "seed": True,
            "max_n": 10,
        },
    ),
    # No /images/edits. Its inpainting reads white as "edit", as vLLM-Omni. It always makes PNG,
    # and takes what follows a bar in the prompt for what must not be seen.
    "localai": Profile(
        doc_url="https://localai.io/features/image-generation/",
        names=_like("n", "quality"),
        always={"response_format": "b64_json"},
        says_size=True,  # its own is 512x512
        changes={"formats": ("png",), "max_n": 10},
        separator="|",
    ),
    "together": Profile(
        doc_url="https://docs.together.ai/reference/post-images-generations",
        base_url="https://api.together.ai/v1",
        edit=JsonEdit("/images/generations", _together_inputs),
        names=_like("n", "seed", "output_format"),
        always={"response_format": "base64"},
        size=as_edges,
        changes={"formats": ("png", "jpeg"), "seed": True},
        models={
            "flux-2-dev": "black-forest-labs/FLUX.2-dev",
            "flux-2-flex": "black-forest-labs/FLUX.2-flex",
            "flux-2-pro": "black-forest-labs/FLUX.2-pro",
        },
    ),
    # A size is "Argument not supported: size" there.
    "xai": Profile(
        doc_url="https://docs.x.ai/docs/guides/image-generations",
        base_url="https://api.x.ai/v1",
        edit=JsonEdit("/images/edits", _xai_inputs),
        names=_like("n", "quality", "user"),
        always={"response_format": "b64_json"},
        size=_xai_size,
        changes={"formats": ("jpeg",)},
        models=_like("grok-imagine-image", "grok-imagine-image-2.0"),
        cost=_xai_cost,
        check_lists=False,
    ),
    # Its own path; image-only models are not in chat completions there.
    "openrouter": Profile(
        doc_url="https://openrouter.ai/docs/guides/overview/multimodal/image-generation",
        base_url="https://openrouter.ai/api/v1",
        generations="/images",
        edit=JsonEdit("/images", _openrouter_inputs),
        names=_like(
            "n", "quality", "background", "output_format", "output_compression", "seed", "user"
        ),
        models={
            "gpt-image-1-mini": "openai/gpt-image-1-mini",
            "gpt-image-2": "openai/gpt-image-2",
            "gemini-3-pro-image": "google/gemini-3-pro-image",
        },
        usage=_openrouter_usage,
        cost=_openrouter_cost,
        check_path="/key",  # its lists of models are public
        check_lists=False,
    ),
}
