"""The one capability check: turns what was asked into what a model can really be asked.

Each parameter has one rule below. A rule lets the value pass, refuses it (a
:class:`~darkroom.core.errors.RequestError` whose ``param`` is the field of
:class:`~darkroom.core.request.ImageRequest`), or bends it and leaves a warning. Nothing is
dropped without one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from darkroom.catalog.fit import nearest_native
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.size import Size
from darkroom.core.warning import Warning

MIN_EDGE = 64
MAX_EDGE = 8192
MAX_RATIO = 8.0
"""What may be asked where the model itself does not make it: beyond, nothing useful is left."""

# OpenAI's limits for animated GIF: types/image_generate_params.py of openai-python.
FRAMES = range(2, 17)
FRAME_MS = range(1, 655_351)

_LEGACY_QUALITY = {"standard": "medium", "hd": "high"}
_KNOWN_QUALITIES = frozenset({"low", "medium", "high", "xhigh", "max", *_LEGACY_QUALITY})
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask upstream, and what to do with the answer.

    ``request`` holds only what the model has; its ``size`` is native or ``"auto"``. ``fit`` is
    the size to which every result is cropped and resampled, None when it comes as asked.
    """

    request: ImageRequest
    fit: Size | None
    warnings: tuple[Warning, ...]


class _Draft:
    """A plan in the making."""

    def __init__(self, request: ImageRequest, spec: ModelSpec) -> None:
        self.asked = request
        self.spec = spec
        self.changes: dict[str, Any] = {"model": spec.id}
        self.fit: Size | None = None
        self.warnings: list[Warning] = []

    def drop(self, param: str, neutral: object, why: str) -> None:
        """Leave a parameter out, and say so."""
        asked = getattr(self.asked, param)
        self.changes[param] = neutral
        message = f"{param}={asked!r} was left out: {why}."
        self.warnings.append(Warning("parameter_dropped", message, param, asked=str(asked)))

    def bend(self, code: str, param: str, used: str, message: str) -> None:
        """Use another value, and say so."""
        self.changes[param] = used
        asked = str(getattr(self.asked, param))
        self.warnings.append(Warning(code, message, param, asked, used))


def plan(request: ImageRequest, spec: ModelSpec) -> Plan:
    """Check ``request`` against ``spec``.

    Raises :class:`~darkroom.core.errors.InvalidRequest` for values that are wrong for every
    model and :class:`~darkroom.core.errors.UnsupportedValue` for those that this one lacks.
    """
    draft = _Draft(request, spec)
    for rule in _RULES:
        rule(draft)
    return Plan(replace(request, **draft.changes), draft.fit, tuple(draft.warnings))


def _prompt(draft: _Draft) -> None:
    prompt, limit = draft.asked.prompt, draft.spec.max_prompt_chars
    if not prompt.strip():
        raise InvalidRequest("The prompt is empty: describe the picture.", param="prompt")
    if len(prompt) > limit:
        raise InvalidRequest(
            f"The prompt has {len(prompt)} characters; {draft.spec.id!r} takes at most {limit}.",
            param="prompt",
        )


def _operation(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.operation.value not in spec.operations:
        raise UnsupportedValue(
            f"{spec.id!r} does not support {asked.operation.value}; "
            f"it supports {_words(spec.operations)}. Choose another model.",
            param="model",
        )
    if asked.operation is Operation.GENERATION:
        for param in ("inputs", "mask"):
            if getattr(asked, param):
                raise InvalidRequest(
                    f"A generation takes no {_NAMES[param]}; send an edit.", param=param
                )


_NAMES = {"inputs": "input images", "mask": "mask"}


def _inputs(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    count = len(asked.inputs)
    if asked.operation is Operation.EDIT and count == 0:
        raise InvalidRequest("An edit needs at least one input image.", param="inputs")
    if count > spec.max_inputs:
        raise UnsupportedValue(
            f"{spec.id!r} takes at most {spec.max_inputs} input images, not {count}.",
            param="inputs",
        )


def _mask(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.mask is None:
        return
    if not spec.mask:
        raise UnsupportedValue(
            f"{spec.id!r} does not support masks; describe in the prompt what is to change.",
            param="mask",
        )
    if asked.output_format == "gif":
        raise UnsupportedValue(
            "A mask does not go with output_format 'gif'; use 'png'.", param="mask"
        )
    first = asked.inputs[0]
    if (asked.mask.width, asked.mask.height) != (first.width, first.height):
        raise InvalidRequest(
            f"The mask is {asked.mask.width}x{asked.mask.height}, the first input image "
            f"{first.width}x{first.height}: they must be the same size.",
            param="mask",
        )


def _n(draft: _Draft) -> None:
    n, spec = draft.asked.n, draft.spec
    if n < 1:
        raise InvalidRequest(f"n must be at least 1, not {n}.", param="n")
    if n > spec.max_n:
        raise UnsupportedValue(
            f"{spec.id!r} makes at most {_plural(spec.max_n, 'image')} per request, not {n}; "
            "send several requests.",
            param="n",
        )


def _quality(draft: _Draft) -> None:
    quality, spec = draft.asked.quality, draft.spec
    if quality == "auto" or quality in spec.qualities:
        return
    used = _LEGACY_QUALITY.get(quality)
    if used is not None and used in spec.qualities:
        message = f"quality={quality!r} is of the DALL-E era; {spec.id!r} was asked for {used!r}."
        draft.bend("value_mapped", "quality", used, message)
    elif not spec.qualities and quality in _KNOWN_QUALITIES:
        draft.drop("quality", "auto", f"{spec.id!r} has no quality setting")
    else:
        raise _invalid("quality", quality, (*spec.qualities, "auto"))


def _format(draft: _Draft) -> None:
    if draft.asked.output_format not in draft.spec.formats:
        raise _invalid("output_format", draft.asked.output_format, draft.spec.formats)


def _background(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.background not in spec.backgrounds:
        if asked.background == "transparent":
            raise UnsupportedValue(
                f"Transparent background is not supported for {spec.id!r}; "
                f"use {_words(spec.backgrounds, 'or')}.",
                param="background",
            )
        raise _invalid("background", asked.background, spec.backgrounds)
    if asked.background == "transparent" and asked.output_format not in ("png", "webp"):
        raise UnsupportedValue(
            f"Transparent background needs output_format 'png' or 'webp', "
            f"not {asked.output_format!r}.",
            param="background",
        )


def _compression(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    value = asked.output_compression
    if value is None:
        return
    if not 0 <= value <= 100:
        raise InvalidRequest(
            f"output_compression must be between 0 and 100, not {value}.",
            param="output_compression",
        )
    if asked.output_format not in ("jpeg", "webp"):
        if value != 100:
            raise UnsupportedValue(
                f"output_compression {value} needs output_format 'jpeg' or 'webp', "
                f"not {asked.output_format!r}; leave it out or send 100.",
                param="output_compression",
            )
        draft.changes["output_compression"] = None  # 100 asks for nothing: no warning
    elif not spec.compression:
        draft.drop("output_compression", None, f"{spec.id!r} chooses the compression itself")


def _moderation(draft: _Draft) -> None:
    moderation, spec = draft.asked.moderation, draft.spec
    if moderation == "auto" or moderation in spec.moderations:
        return
    if moderation == "low" and not spec.moderations:
        draft.drop("moderation", "auto", f"the moderation of {spec.id!r} cannot be set")
    else:
        raise _invalid("moderation", moderation, spec.moderations or ("auto",))


def _fidelity(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    value = asked.input_fidelity
    if value is None:
        return
    if value not in ("low", "high"):
        raise _invalid("input_fidelity", value, spec.fidelities or ("high",))
    if asked.operation is Operation.GENERATION:
        draft.drop("input_fidelity", None, "a generation has no input images")
    elif value in spec.fidelities:
        return
    elif spec.tokens.always_high_fidelity:
        # gpt-image-2 and later: https://developers.openai.com/api/docs/guides/image-generation
        if value == "low":
            raise UnsupportedValue(
                f"{spec.id!r} always reads input images at high fidelity; leave input_fidelity "
                "out or send 'high'.",
                param="input_fidelity",
            )
        draft.drop("input_fidelity", None, f"{spec.id!r} always reads input images at high")
    elif spec.fidelities:
        raise _invalid("input_fidelity", value, spec.fidelities)
    else:
        draft.drop("input_fidelity", None, f"{spec.id!r} has no such setting")


def _partial_images(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    count = asked.partial_images
    if count < 0:
        raise InvalidRequest(
            f"partial_images must not be negative, is {count}.", param="partial_images"
        )
    if count > spec.max_partial_images:
        limit = spec.max_partial_images
        raise UnsupportedValue(
            f"{spec.id!r} streams at most {_plural(limit, 'partial image')}, not {count}."
            if limit
            else f"{spec.id!r} streams no partial images; leave partial_images out or send 0.",
            param="partial_images",
        )
    if count and asked.output_format == "gif":
        raise UnsupportedValue(
            "Partial images do not go with output_format 'gif'; send partial_images 0.",
            param="partial_images",
        )


def _seed(draft: _Draft) -> None:
    if draft.asked.seed is not None and not draft.spec.seed:
        draft.drop("seed", None, f"{draft.spec.id!r} takes no seed, so a repeat will differ")


def _complexity(draft: _Draft) -> None:
    value, spec = draft.asked.complexity, draft.spec
    if value is None or value in spec.complexities:
        return
    if spec.complexities:
        raise _invalid("complexity", value, spec.complexities)
    raise UnsupportedValue(
        f"{spec.id!r} does not support complexity; leave it out.", param="complexity"
    )


def _frames(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    for param, value, allowed in (
        ("frame_count", asked.frame_count, FRAMES),
        ("frame_duration_ms", asked.frame_duration_ms, FRAME_MS),
    ):
        if value is None:
            continue
        if "gif" not in spec.formats:
            raise UnsupportedValue(
                f"{spec.id!r} makes no animations; leave {param} out.", param=param
            )
        if asked.output_format != "gif":
            raise UnsupportedValue(
                f"{param} needs output_format 'gif', not {asked.output_format!r}.", param=param
            )
        if value not in allowed:
            raise InvalidRequest(
                f"{param} must be between {allowed[0]} and {allowed[-1]}, not {value}.",
                param=param,
            )


def _size(draft: _Draft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.size_policy not in ("fit", "strict"):
        raise _invalid("size_policy", asked.size_policy, ("fit", "strict"), InvalidRequest)
    if asked.size == "auto":
        return
    size = Size.parse(asked.size)
    if size is None:
        raise InvalidRequest(f"Invalid value: {asked.size!r}. {_sizes_text(spec)}", param="size")
    if spec.sizes.allows(size):
        draft.changes["size"] = str(size)
        return
    edges = (size.width, size.height)
    if min(edges) < MIN_EDGE or max(edges) > MAX_EDGE or size.ratio > MAX_RATIO:
        raise UnsupportedValue(
            f"Invalid size '{size}': edges must be {MIN_EDGE} to {MAX_EDGE} pixels and at most "
            f"{MAX_RATIO:g}:1. {_sizes_text(spec)}",
            param="size",
        )
    _fit(draft, size)


def _fit(draft: _Draft, size: Size) -> None:
    asked, spec = draft.asked, draft.spec
    native = nearest_native(spec.sizes, size)
    if asked.size_policy == "strict" or asked.output_format == "gif":
        opening = "value:" if spec.sizes.fixed else "size"
        raise UnsupportedValue(
            f"Invalid {opening} '{size}'. {_sizes_text(spec)} Nearest: '{native}'.", param="size"
        )
    message = (
        f"{spec.id!r} does not make {size}: {native} is made, then cropped and resampled "
        f"to {size}. Send size_policy=strict to have such sizes refused."
    )
    draft.bend("size_fitted", "size", str(native), message)
    draft.fit = size


_RULES: tuple[Callable[[_Draft], None], ...] = (
    _prompt,
    _operation,
    _inputs,
    _mask,
    _n,
    _format,
    _size,
    _quality,
    _background,
    _compression,
    _moderation,
    _fidelity,
    _partial_images,
    _seed,
    _complexity,
    _frames,
)


def _sizes_text(spec: ModelSpec) -> str:
    rule = spec.sizes
    if not rule.fixed:
        return (
            f"{spec.id!r} makes sizes whose edges are multiples of {rule.multiple}, at most "
            f"{rule.max_edge} px long and {rule.max_ratio:g}:1, with {rule.min_pixels} to "
            f"{rule.max_pixels} pixels in all, and 'auto'."
        )
    if len(rule.fixed) <= _LISTED:
        return f"Supported values are: {_words((*map(str, rule.fixed), 'auto'))}."
    return f"{spec.id!r} makes {len(rule.fixed)} sizes, from {_span(rule.fixed)}, and 'auto'."


def _span(sizes: tuple[Size, ...]) -> str:
    by_area = sorted(sizes, key=lambda size: size.pixels)
    return f"'{by_area[0]}' to '{by_area[-1]}'"


def _invalid(
    param: str,
    value: str,
    supported: Iterable[str],
    kind: type[InvalidRequest | UnsupportedValue] = UnsupportedValue,
) -> InvalidRequest | UnsupportedValue:
    # The wording is OpenAI's, which clients look for.
    return kind(
        f"Invalid value: {value!r}. Supported values are: {_words(tuple(supported))}.",
        param=param,
    )


def _words(values: tuple[str, ...], last: str = "and") -> str:
    """``'a', 'b', and 'c'``."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
