"""The rules for what may be done here when the model lacks it: sizes, formats, masks, backgrounds.

Each refuses instead when the policy allows no emulation.
"""

from math import sqrt

from darkroom.catalog.drafting import PlanDraft, invalid, words
from darkroom.catalog.fit import nearest_native
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.finish import Composite
from darkroom.core.request import InputImage
from darkroom.core.size import Size
from darkroom.core.warning import Warning

MIN_EDGE = 64
MAX_EDGE = 8192
MAX_RATIO = 8.0
"""What may be asked where the model itself does not make it: beyond, nothing useful is left."""

PLAIN_BACKGROUND = (
    "Show the subject whole, on a plain, uniform, pure white background that reaches every edge"
    " of the picture, without shadow, texture, frame or horizon."
)
"""Appended to a prompt whose background is to be cut out here."""

# What can be read and written here, the best source of the others first.
_CONVERTED = ("png", "webp", "jpeg")
_LOSSY = ("jpeg", "webp")
_WITH_ALPHA = ("png", "webp")
_SAME_SHAPE = 0.01
_LISTED = 12


def mask(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.mask is None:
        return
    if not spec.mask and not draft.emulate:
        raise UnsupportedValue(
            f"{spec.id!r} does not support masks; describe in the prompt what is to change."
            + draft.able(lambda peer: peer.mask),
            param="mask",
        )
    if asked.output_format == "gif":
        raise UnsupportedValue(
            "A mask does not go with output_format 'gif'; use 'png'.", param="mask"
        )
    first = asked.inputs[0]
    if _known(first, asked.mask) and _size(asked.mask) != _size(first):
        raise InvalidRequest(
            f"The mask is {_size(asked.mask)}, the first input image {_size(first)}: "
            "they must be the same size.",
            param="mask",
        )
    if not spec.mask:
        _composite(draft, first, asked.mask)


def _composite(draft: PlanDraft, first: InputImage, mask: InputImage) -> None:
    spec, base = draft.spec, _size(first)
    wanted = Size.parse(draft.asked.size)
    if wanted is None:
        draft.size = base
        draft.changes["size"] = str(nearest_native(spec.sizes, _of_usual_area(spec, base)))
    elif _known(first) and abs(_slant(wanted) / _slant(base) - 1) > _SAME_SHAPE:
        raise UnsupportedValue(
            f"{spec.id!r} has no masks, so the result is laid over the first input image, which is "
            f"{base}: a size of other proportions ({wanted}) cannot be kept. Leave size out.",
            param="size",
        )
    draft.composite = Composite(first, mask)
    draft.changes["mask"] = None
    message = (
        f"{spec.id!r} has no masks: it redraws the whole picture, of which what the mask opens is "
        "laid over the first input image."
    )
    draft.warnings.append(Warning("mask_composited", message, "mask"))


def _of_usual_area(spec: ModelSpec, size: Size) -> Size:
    """The shape of ``size`` at about as many pixels as the model makes unasked."""
    scale = sqrt(spec.sizes.default.pixels / size.pixels)
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def format_(draft: PlanDraft) -> None:
    asked, spec = draft.asked.output_format, draft.spec
    if asked in spec.formats:
        return
    source = next((each for each in _CONVERTED if each in spec.formats), None)
    able = _CONVERTED if draft.emulate and source is not None else ()
    if source is None or asked not in able:
        more = tuple(each for each in able if each not in spec.formats)
        raise invalid("output_format", asked, (*spec.formats, *more))
    draft.bend(
        "format_converted",
        "output_format",
        source,
        f"{spec.id!r} does not make {asked!r}: it makes {source!r}, which is converted.",
    )


def size(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    if asked.size_policy not in ("fit", "strict"):
        raise invalid("size_policy", asked.size_policy, ("fit", "strict"), InvalidRequest)
    if asked.size == "auto":
        return
    wanted = Size.parse(asked.size)
    if wanted is None:
        raise InvalidRequest(f"Invalid value: {asked.size!r}. {_sizes_text(spec)}", param="size")
    draft.size = wanted
    if spec.sizes.allows(wanted):
        draft.changes["size"] = str(wanted)
        return
    edges = (wanted.width, wanted.height)
    if min(edges) < MIN_EDGE or max(edges) > MAX_EDGE or wanted.ratio > MAX_RATIO:
        raise UnsupportedValue(
            f"Invalid size '{wanted}': edges must be {MIN_EDGE} to {MAX_EDGE} pixels and at most "
            f"{MAX_RATIO:g}:1. {_sizes_text(spec)}",
            param="size",
        )
    _fit(draft, wanted)


def _fit(draft: PlanDraft, size: Size) -> None:
    asked, spec = draft.asked, draft.spec
    native = nearest_native(spec.sizes, size)
    if asked.size_policy == "strict" or asked.output_format == "gif" or not draft.emulate:
        opening = "value:" if spec.sizes.fixed else "size"
        raise UnsupportedValue(
            f"Invalid {opening} '{size}'. {_sizes_text(spec)} Nearest: '{native}'.", param="size"
        )
    message = (
        f"{spec.id!r} does not make {size}: {native} is made, then cropped and resampled "
        f"to {size}. Send size_policy=strict to have such sizes refused."
    )
    draft.bend("size_fitted", "size", str(native), message)


def background(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    clear = asked.background == "transparent"
    if clear and asked.output_format not in _WITH_ALPHA:
        raise UnsupportedValue(
            f"Transparent background needs output_format 'png' or 'webp', "
            f"not {asked.output_format!r}.",
            param="background",
        )
    if asked.background in spec.backgrounds:
        return
    if not clear:
        raise invalid("background", asked.background, spec.backgrounds)
    if not draft.emulate:
        raise UnsupportedValue(
            f"Transparent background is not supported for {spec.id!r}; "
            f"use {words(spec.backgrounds, 'or')}."
            + draft.able(lambda peer: "transparent" in peer.backgrounds),
            param="background",
        )
    if draft.composite is not None:
        raise UnsupportedValue(
            f"{spec.id!r} has neither masks nor transparent backgrounds, and both together are not "
            "done here: a mask keeps the background of the input image.",
            param="background",
        )
    _matte(draft)


def _matte(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    used = "opaque" if "opaque" in spec.backgrounds else "auto"
    draft.matte = True
    draft.bend(
        "background_matted",
        "background",
        used,
        f"{spec.id!r} makes no transparent background: a plain one is asked for and cut out.",
    )
    prompt = f"{asked.prompt.rstrip()}\n\n{PLAIN_BACKGROUND}"
    if len(prompt) <= spec.max_prompt_chars:
        draft.changes["prompt"] = prompt
        message = f"For the transparent background the prompt was extended: {PLAIN_BACKGROUND}"
        draft.warnings.append(Warning("prompt_extended", message, "prompt", used=PLAIN_BACKGROUND))


def compression(draft: PlanDraft) -> None:
    asked, spec = draft.asked, draft.spec
    value = asked.output_compression
    if value is None:
        return
    if not 0 <= value <= 100:
        raise InvalidRequest(
            f"output_compression must be between 0 and 100, not {value}.",
            param="output_compression",
        )
    if asked.output_format not in _LOSSY:
        if value != 100:
            raise UnsupportedValue(
                f"output_compression {value} needs output_format 'jpeg' or 'webp', "
                f"not {asked.output_format!r}; leave it out or send 100.",
                param="output_compression",
            )
        draft.changes["output_compression"] = None  # 100 asks for nothing: no warning
        return
    draft.compression = value
    if asked.output_format not in spec.formats:  # it is converted anyway, and that was said
        draft.changes["output_compression"] = None
    elif not spec.compression:
        _compress(draft, value)


def _compress(draft: PlanDraft, value: int) -> None:
    """Written here from a lossless picture; one that lost detail already is not worn down again."""
    asked, spec = draft.asked.output_format, draft.spec
    if not draft.emulate or "png" not in spec.formats:
        draft.drop("output_compression", None, f"{spec.id!r} chooses the compression itself")
        draft.compression = None
        return
    draft.changes |= {"output_format": "png", "output_compression": None}
    message = (
        f"{spec.id!r} chooses the compression of {asked} itself: it makes png, which is converted "
        f"at output_compression={value}."
    )
    draft.warnings.append(
        Warning("format_converted", message, "output_compression", str(value), "png")
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
        return f"Supported values are: {words((*map(str, rule.fixed), 'auto'))}."
    return f"{spec.id!r} makes {len(rule.fixed)} sizes, from {_span(rule.fixed)}, and 'auto'."


def _span(sizes: tuple[Size, ...]) -> str:
    by_area = sorted(sizes, key=lambda size: size.pixels)
    return f"'{by_area[0]}' to '{by_area[-1]}'"


def _size(image: InputImage) -> Size:
    return Size(image.width, image.height)


def _known(*images: InputImage) -> bool:
    """Whether the images were read: a stand-in has no bytes, and its size says nothing."""
    return all(image.byte_size for image in images)


def _slant(size: Size) -> float:
    return size.width / size.height
