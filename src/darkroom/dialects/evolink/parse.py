"""From EvoLink's wire body to a draft, by the rules of the model's family."""

from collections.abc import Iterable

from darkroom.core.dialect import WireBody
from darkroom.core.draft import (
    AnswerForm,
    Callback,
    Draft,
    InlineImage,
    MaskConvention,
    RemoteImage,
    Source,
)
from darkroom.core.errors import InvalidRequest
from darkroom.core.o200k import has_more_tokens
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.size import Size
from darkroom.core.warning import Warning
from darkroom.dialects._bodies import unknown_parameter, validated
from darkroom.dialects.evolink.families import AUTO, Family, family_of
from darkroom.dialects.evolink.schema import UNREAD, TaskBody

DEFAULT_MODEL = "gpt-image-1.5"
"""Whose rules hold for a request that names none, as documented; who serves it is not said."""
_N_MAX = 10
_PROMPT_CHARS_MAX = 32_000
"""The longest that any of its pages allows; beyond it no tokens are counted."""


def parse(body: WireBody) -> Draft:
    """Raises :class:`RequestError` naming the parameter."""
    if body.uploads:
        raise unknown_parameter(body.uploads[0][0])
    wire = validated(TaskBody, body.fields)
    if wire.prompt is None:
        raise InvalidRequest("Missing required parameter: 'prompt'.", param="prompt")
    model = wire.model or DEFAULT_MODEL
    family = family_of(model)
    _check_prompt(wire.prompt, family)
    n = 1 if wire.n is None else wire.n
    if not 1 <= n <= _N_MAX:
        raise InvalidRequest(f"Invalid value: {n}. 'n' is 1 to {_N_MAX}.", param="n")
    inputs = _images(wire.image_urls, family)
    mask = None if wire.mask_url is None else _source(wire.mask_url)
    if mask is not None and not inputs:
        raise InvalidRequest("'mask_url' needs 'image_urls'.", param="mask_url")
    operation = Operation.EDIT if inputs else Operation.GENERATION
    size, size_notes = _size(wire, family, operation)
    output_format, format_notes = _model_params(wire)
    return Draft(
        request=ImageRequest(
            operation=operation,
            model=model,
            prompt=wire.prompt,
            n=n,
            size=size,
            quality=_quality(wire, family),
            output_format=output_format,
            seed=wire.seed,
        ),
        inputs=inputs,
        mask=mask,
        mask_convention=MaskConvention.AUTO if mask is None else MaskConvention.WHITE,
        callback=None if wire.callback_url is None else Callback(wire.callback_url),
        form=AnswerForm(task=True, links=True),
        warnings=(*size_notes, *format_notes, *_unread(wire)),
    )


def _check_prompt(prompt: str, family: Family) -> None:
    limit = family.prompt_tokens_max
    if limit is None:  # the catalogue's own limit in characters holds
        return
    if len(prompt) > _PROMPT_CHARS_MAX:  # before it costs seconds to count it
        raise InvalidRequest(
            f"The prompt has {len(prompt):,} characters. At most {limit:,} tokens are taken, and"
            f" never more than {_PROMPT_CHARS_MAX:,} characters. Shorten it.",
            param="prompt",
        )
    if has_more_tokens(prompt, limit):
        raise InvalidRequest(
            f"The prompt has more than {limit:,} tokens (counted in o200k_base). Shorten it.",
            param="prompt",
        )


def _images(urls: list[str] | None, family: Family) -> tuple[Source, ...]:
    if urls is None:
        return ()
    if not 1 <= len(urls) <= family.images_max:
        raise InvalidRequest(
            f"'image_urls' has 1 to {family.images_max} images, not {len(urls)}. Leave it out to"
            " generate from text alone.",
            param="image_urls",
        )
    return tuple(map(_source, urls))


def _source(url: str) -> Source:
    return InlineImage(url) if url[:5].lower() == "data:" else RemoteImage(url)


# --- size and quality ---------------------------------------------------------------------------

Notes = tuple[Warning, ...]


def _size(wire: TaskBody, family: Family, operation: Operation) -> tuple[str, Notes]:
    """The size in pixels, or ``auto``."""
    asked = (family.default_size if wire.size is None else wire.size).strip().lower()
    tier, notes = _tier(wire, family)
    if asked == AUTO and family.auto_size:
        if family.tier_field != "quality":
            return AUTO, (*notes, *_tier_unread(wire, "the model chooses the size itself"))
        if operation is Operation.GENERATION:  # Google's default for a picture from text
            return str(family.tiers[tier]["1:1"]), notes
        why = "an edit of size 'auto' takes over the size of its input"
        return AUTO, (*notes, _dropped("quality", tier, why))
    if (size := family.tiers[tier].get(asked)) is not None:
        return str(size), notes
    size = Size.parse(asked)
    if size is None or family.pixels is None or not family.pixels.allows(size):
        raise InvalidRequest(_sizes_text(wire.size or "", family, tier), param="size")
    return str(size), (*notes, *_tier_unread(wire, "'size' is in pixels already"))


def _tier(wire: TaskBody, family: Family) -> tuple[str, Notes]:
    field = family.tier_field
    said = getattr(wire, field) if field else None
    tier = _one_of(said, family.tiers, family.default_tier, field)
    if field != "resolution" and wire.resolution is not None:
        return tier, (_dropped("resolution", wire.resolution, "this model has no such setting"),)
    return tier, ()


def _tier_unread(wire: TaskBody, why: str) -> Notes:
    return () if wire.resolution is None else (_dropped("resolution", wire.resolution, why),)


def _quality(wire: TaskBody, family: Family) -> str:
    if not family.qualities:
        return AUTO
    return _one_of(wire.quality, family.qualities, family.default_quality, "quality")


def _one_of(said: str | None, choices: Iterable[str], default: str, param: str) -> str:
    """The choice that is meant, upper or lower case."""
    if said is None:
        return default
    by_spelling = {choice.lower(): choice for choice in choices}
    found = by_spelling.get(said.strip().lower())
    if found is None:
        raise InvalidRequest(
            f"Invalid value: '{said[:80]}'. Supported values are: {_words(by_spelling.values())}.",
            param=param,
        )
    return found


def _sizes_text(said: str, family: Family, tier: str) -> str:
    listed = [*family.tiers[tier], *([AUTO] if family.auto_size else [])]
    text = f"Invalid value: '{said[:80]}'. Supported values are: "
    rule = family.pixels
    if rule is None:
        return f"{text}{_words(listed)}."
    if rule.fixed:
        return f"{text}{_words([*listed, *map(str, rule.fixed)])}."
    return (
        f"{text}{_words(listed)}, and pixels as 'WIDTHxHEIGHT': edges in multiples of"
        f" {rule.multiple}, at most {rule.max_edge} long and {rule.max_ratio:g}:1, with"
        f" {rule.min_pixels:,} to {rule.max_pixels:,} pixels in all."
    )


# --- what is bent or refused --------------------------------------------------------------------


def _model_params(wire: TaskBody) -> tuple[str, Notes]:
    """The output format, and notes on what else there was."""
    params = dict(wire.model_params or {})
    said = params.pop("output_format", None)
    if said is not None and not isinstance(said, str):
        raise InvalidRequest("'output_format' is a text.", param="model_params.output_format")
    chosen = (said or "png").strip().lower()
    why = "no model here has such a setting"
    notes = tuple(_dropped(f"model_params.{name}", params[name], why) for name in params)
    return "jpeg" if chosen == "jpg" else chosen, notes


def _unread(wire: TaskBody) -> Iterable[Warning]:
    for name in UNREAD:
        if (value := getattr(wire, name)) is not None:
            yield _dropped(name, value, "no model here has such a setting")


def _dropped(param: str, value: object, why: str) -> Warning:
    shown = str(value)[:80]
    return Warning(
        "parameter_dropped", f"{param}={shown!r} was left out: {why}.", param=param, asked=shown
    )


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
