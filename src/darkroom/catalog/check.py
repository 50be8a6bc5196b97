"""The one capability check: turns what was asked into what a model can really be asked.

Each parameter has one rule, here or in :mod:`~darkroom.catalog.local`. A rule lets the value pass,
refuses it (a :class:`~darkroom.core.errors.RequestError` whose ``param`` is the field of
:class:`~darkroom.core.request.ImageRequest`), or bends it and leaves a warning. Nothing is
dropped without one.
"""

from collections.abc import Callable, Iterable

from darkroom.catalog import local
from darkroom.catalog.drafting import Peers, Plan, PlanDraft, invalid, plural, words
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.request import ImageRequest, Operation

# OpenAI's limits for animated GIF: types/image_generate_params.py of openai-python.
FRAMES = range(2, 17)
FRAME_MS = range(1, 655_351)

# The names of the DALL-E era stand beside the tiers that replaced them.
_RANKS = {"low": 0, "medium": 1, "standard": 1, "high": 2, "hd": 2, "xhigh": 3, "max": 4}


def _nobody() -> Iterable[ModelSpec]:
    return ()


def plan(
    request: ImageRequest, spec: ModelSpec, *, emulate: bool = True, peers: Peers = _nobody
) -> Plan:
    """Check ``request`` against ``spec``.

    ``emulate`` false refuses what would have to be done here. ``peers`` are the models that a
    refusal may name instead. An input image or mask without bytes stands for one that was not
    read yet: its size is not checked.

    Raises :class:`~darkroom.core.errors.InvalidRequest` for values that are wrong for every
    model and :class:`~darkroom.core.errors.UnsupportedValue` for those that this one lacks.
    """
    draft = PlanDraft(request, spec, emulate=emulate, peers=peers)
    for rule in _RULES:
        rule(draft)
    return draft.plan()


def _prompt(draft: PlanDraft) -> None:
    prompt, limit = draft.asked.prompt, draft.spec.max_prompt_chars
    if not prompt.strip():
        raise InvalidRequest("The prompt is empty: describe the picture.", param="prompt")
    if len(prompt) > limit:
        raise InvalidRequest(
            f"The prompt has {len(prompt)} characters; {draft.spec.id!r} takes at most {limit}.",
            param="prompt",
        )


def _operation(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.operation.value not in spec.operations:
        raise UnsupportedValue(
            f"{spec.id!r} does not support {asked.operation.value}; "
            f"it supports {words(spec.operations)}. Choose another model.",
            param="model",
        )
    if asked.operation is Operation.GENERATION:
        for param in ("inputs", "mask"):
            if getattr(asked, param):
                raise InvalidRequest(
                    f"A generation takes no {_NAMES[param]}; send an edit.", param=param
                )


_NAMES = {"inputs": "input images", "mask": "mask"}


def _inputs(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    count = len(asked.inputs)
    if asked.operation is Operation.EDIT and count == 0:
        raise InvalidRequest("An edit needs at least one input image.", param="inputs")
    if count > spec.max_inputs:
        raise UnsupportedValue(
            f"{spec.id!r} takes at most {spec.max_inputs} input images, not {count}.",
            param="inputs",
        )


def _n(draft: PlanDraft) -> None:
    n, spec = draft.asked.n, draft.spec
    if n < 1:
        raise InvalidRequest(f"n must be at least 1, not {n}.", param="n")
    if n > spec.max_n:
        raise UnsupportedValue(
            f"{spec.id!r} makes at most {plural(spec.max_n, 'image')} per request, not {n}; "
            "send several requests.",
            param="n",
        )


def _quality(draft: PlanDraft) -> None:
    quality, spec = draft.asked.quality, draft.spec
    if quality == "auto" or quality in spec.qualities:
        return
    if quality not in _RANKS:
        raise invalid("quality", quality, (*spec.qualities, "auto"))
    used = _nearest_tier(quality, spec.qualities)
    if used is None:
        draft.drop("quality", "auto", f"{spec.id!r} has no such quality setting")
        return
    if _RANKS[used] != _RANKS[quality] and not draft.emulate:
        raise invalid("quality", quality, (*spec.qualities, "auto"))
    message = f"{spec.id!r} has no quality={quality!r}; it was asked for {used!r}."
    draft.bend("value_mapped", "quality", used, message)


def _nearest_tier(quality: str, tiers: Iterable[str]) -> str | None:
    """The best of ``tiers`` that is not above ``quality``, else the lowest; None without any."""
    ranked = sorted((tier for tier in tiers if tier in _RANKS), key=lambda tier: _RANKS[tier])
    below = [tier for tier in ranked if _RANKS[tier] <= _RANKS[quality]]
    return (below or ranked[:1] or [None])[-1]


def _moderation(draft: PlanDraft) -> None:
    moderation, spec = draft.asked.moderation, draft.spec
    if moderation == "auto" or moderation in spec.moderations:
        return
    if moderation == "low" and not spec.moderations:
        draft.drop("moderation", "auto", f"the moderation of {spec.id!r} cannot be set")
    else:
        raise invalid("moderation", moderation, spec.moderations or ("auto",))


def _fidelity(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    value = asked.input_fidelity
    if value is None:
        return
    if value not in ("low", "high"):
        raise invalid("input_fidelity", value, spec.fidelities or ("high",))
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
        draft.changes["input_fidelity"] = None  # what it does anyway: no warning
    elif spec.fidelities:
        raise invalid("input_fidelity", value, spec.fidelities)
    else:
        draft.drop("input_fidelity", None, f"{spec.id!r} has no such setting")


def _partial_images(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    count = asked.partial_images
    if count < 0:
        raise InvalidRequest(
            f"partial_images must not be negative, is {count}.", param="partial_images"
        )
    if count > spec.max_partial_images:
        limit = spec.max_partial_images
        raise UnsupportedValue(
            f"{spec.id!r} streams at most {plural(limit, 'partial image')}, not {count}."
            if limit
            else f"{spec.id!r} streams no partial images; leave partial_images out or send 0.",
            param="partial_images",
        )
    if count and asked.output_format == "gif":
        raise UnsupportedValue(
            "Partial images do not go with output_format 'gif'; send partial_images 0.",
            param="partial_images",
        )


def _seed(draft: PlanDraft) -> None:
    if draft.asked.seed is not None and not draft.spec.seed:
        draft.drop("seed", None, f"{draft.spec.id!r} takes no seed, so a repeat will differ")


def _complexity(draft: PlanDraft) -> None:
    value, spec = draft.asked.complexity, draft.spec
    if value is None or value in spec.complexities:
        return
    if spec.complexities:
        raise invalid("complexity", value, spec.complexities)
    raise UnsupportedValue(
        f"{spec.id!r} does not support complexity; leave it out.", param="complexity"
    )


def _frames(draft: PlanDraft) -> None:
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


_RULES: tuple[Callable[[PlanDraft], None], ...] = (
    _prompt,
    _operation,
    _inputs,
    local.mask,
    _n,
    local.format_,
    local.size,
    _quality,
    local.background,
    local.compression,
    _moderation,
    _fidelity,
    _partial_images,
    _seed,
    _complexity,
    _frames,
)
