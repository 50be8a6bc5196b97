"""The price before the call: what a request will probably cost, and the most that it can cost.

The same numbers answer a quote and size the hold. All of it is arithmetic on the request, the
model's token rule and the price snapshot: nothing runs and nothing is fetched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from darkroom.catalog import PriceBook
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import PriceUnknown, UnsupportedValue
from darkroom.core.mainline import CALLS_MAX, Mainline
from darkroom.core.price import PPM, Line, Price, PriceSnapshot, charge, saved, total
from darkroom.core.request import ImageRequest
from darkroom.core.size import Size
from darkroom.core.tokens import input_image_tokens, output_tokens, output_tokens_max
from darkroom.core.usage import Usage

# On edits OpenAI adds text tokens per input image, by a rule that is not published: 28 for a
# 13-token prompt with one 1024x1024 image, 50 with two. https://community.openai.com/t/1382940
_TEXT_PER_INPUT = 16
_TEXT_PER_INPUT_MAX = 64

# Text and thinking beside an image are "typically < 1% of total cost" (EvoLink on gpt-image-1.5):
# of the dearest image those are 200 tokens. What exceeds the bound is charged as the upstream
# proves it, and recorded as drift.
_TEXT_OUT_MAX = 256

# What a text model reads beside the conversation: how it is to call the image tool. Not published.
_TOOL_TEXT, _TOOL_TEXT_MAX = 400, 4_096
# An image as a text model reads it: 765 tokens for 1024x1024 and 1445 at most with gpt-4.1, at most
# 2489 with gpt-4.1-mini. https://platform.openai.com/docs/guides/images-vision#calculating-costs
_SEEN, _SEEN_MAX = 765, 2_500
# A revised prompt and a sentence about the picture.
_WRITTEN = 200

# OpenAI's default: types/image_generate_params.py of openai-python
_FRAMES = 9


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deployment and a key make of a sheet: the sheet's name, and their own changes to it.

    See :class:`~darkroom.core.price.PriceSnapshot` for the meaning of the latter two.
    """

    sheet: str
    multiplier_ppm: int = PPM
    fixed_per_image: int | None = None
    economy: bool = False
    """By the vendor's batch API."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A quote. ``max_nanos`` is what is held: the charge stays below it, unless a vendor proves
    more. ``usage_expected`` and ``usage_max`` are the tokens behind the lines.
    """

    expected_nanos: int
    max_nanos: int
    lines_expected: tuple[Line, ...]
    lines_max: tuple[Line, ...]
    usage_expected: Usage
    usage_max: Usage
    saved_nanos: int = 0
    """How much more ``expected_nanos`` would be without the vendor's batch API."""


def price_on(book: PriceBook, terms: Terms, model: ModelSpec, day: date) -> PriceSnapshot:
    """The price to quote on a day (UTC), and to keep with the job.

    Raises :class:`~darkroom.core.errors.PriceUnknown`, unless the terms fix the price anyway, and
    :class:`~darkroom.core.errors.UnsupportedValue` when economy is asked for and has no price.
    """
    price = book.price(terms.sheet, model.id, day)
    if price is None and terms.fixed_per_image is not None:
        price = Price(terms.sheet, model.id, day.isoformat())
    if price is None:
        missing = f"has no price for {model.id!r}" if terms.sheet in book.sheets else "is unknown"
        raise PriceUnknown(
            f"The price sheet {terms.sheet!r} {missing} on {day}: the operator must add one.",
            param="model",
            details={"sheet": terms.sheet, "model": model.id},
        )
    if terms.economy and not price.batch_ppm:
        raise UnsupportedValue(
            f"The price sheet {terms.sheet!r} has no economy price for {model.id!r}."
            " Leave 'service_tier' out, or ask for another model.",
            param="service_tier",
        )
    batch_ppm = price.batch_ppm if terms.economy else PPM
    return PriceSnapshot(price, terms.multiplier_ppm, terms.fixed_per_image, batch_ppm)


def estimate(
    request: ImageRequest, model: ModelSpec, snapshot: PriceSnapshot, text_tokens: int
) -> Estimate:
    """Price a request that was checked against ``model`` (the request of a plan).

    ``text_tokens`` is about how many tokens the prompt has. What ``auto`` leaves open is expected
    at the model's defaults and bounded by the dearest size and quality that it may turn into.
    """
    if (line := request.mainline) is not None:
        return _of_response(replace(request, mainline=None), line, model, snapshot, text_tokens)
    calls = model.calls(request.n)
    expected = Usage(
        text_in=calls * _text(request, model, text_tokens, _TEXT_PER_INPUT),
        image_in=calls * _inputs(request, model, snapshot.price),
        image_out=_output(request, model),
        reported=False,
    )
    lines_expected = _lines(snapshot, expected, request, _pixels(request, model), calls)
    # No byte-pair vocabulary makes more tokens of a text than it has bytes.
    most_text = max(text_tokens, len(request.prompt.encode()))
    bound = Usage(
        text_in=calls * _text(request, model, most_text, _TEXT_PER_INPUT_MAX),
        image_in=calls * _inputs_max(request, model, snapshot.price),
        image_out=_output_max(request, model),
        text_out=_TEXT_OUT_MAX * request.n if snapshot.price.text_out else 0,
        reported=False,
    )
    lines_max = _lines(snapshot, bound, request, _pixels_max(request, model), calls)
    return Estimate(
        expected_nanos=total(lines_expected),
        max_nanos=total(lines_max),
        lines_expected=lines_expected,
        lines_max=lines_max,
        usage_expected=expected,
        usage_max=bound,
        saved_nanos=saved(snapshot, lines_expected),
    )


def _of_response(
    request: ImageRequest,
    line: Mainline,
    model: ModelSpec,
    snapshot: PriceSnapshot,
    text_tokens: int,
) -> Estimate:
    """One image is expected; the bound is of :data:`CALLS_MAX` image calls, each of which may read
    what the calls before it made, and of a text model that reads everything again after each."""
    one = estimate(request, model, snapshot, text_tokens)
    expected = replace(
        one.usage_expected,
        mainline_in=_TOOL_TEXT + text_tokens + _SEEN * len(request.inputs),
        mainline_out=min(_WRITTEN, line.output_max),
    )
    lines_expected = _lines(snapshot, expected, request, _pixels(request, model), 1)
    most = replace(request, n=CALLS_MAX)
    each = one.usage_max
    size = Size.parse(request.size) or model.sizes.default
    again = input_image_tokens(model, size, request.input_fidelity)
    seen = _SEEN_MAX * (len(request.inputs) + CALLS_MAX)
    read = _TOOL_TEXT_MAX + line.text_bytes + seen + line.output_max
    bound = Usage(
        # every prompt of a call is among what the text model writes
        text_in=CALLS_MAX * each.text_in + line.output_max,
        image_in=CALLS_MAX * each.image_in + again * (CALLS_MAX * (CALLS_MAX - 1) // 2),
        image_out=CALLS_MAX * each.image_out,
        text_out=CALLS_MAX * each.text_out,
        mainline_in=(CALLS_MAX + 1) * read,
        mainline_out=line.output_max,
        reported=False,
    )
    lines_max = _lines(snapshot, bound, most, _pixels_max(request, model), CALLS_MAX)
    return Estimate(
        expected_nanos=total(lines_expected),
        max_nanos=total(lines_max),
        lines_expected=lines_expected,
        lines_max=lines_max,
        usage_expected=expected,
        usage_max=bound,
    )


def _lines(
    snapshot: PriceSnapshot, usage: Usage, request: ImageRequest, pixels: int, calls: int
) -> tuple[Line, ...]:
    made = (pixels,) * request.n
    read = [size.pixels for size in _input_sizes(request)] * calls
    return charge(snapshot, usage, request.n, made, read)


# --- input --------------------------------------------------------------------------------------


def _text(request: ImageRequest, model: ModelSpec, prompt: int, per_input: int) -> int:
    rule = model.tokens
    extra = per_input * len(request.inputs) if rule.input == "tiles" else 0
    return prompt + rule.text_overhead + extra


def _inputs(request: ImageRequest, model: ModelSpec, price: Price) -> int:
    if price.tokens_per_input:
        return price.tokens_per_input * len(request.inputs)
    return _inputs_by_rule(request, model)


def _inputs_max(request: ImageRequest, model: ModelSpec, price: Price) -> int:
    # A sheet's own reckoning is no bound: the charge follows what the upstream counts.
    return max(_inputs(request, model, price), _inputs_by_rule(request, model))


def _inputs_by_rule(request: ImageRequest, model: ModelSpec) -> int:
    return sum(
        input_image_tokens(model, size, request.input_fidelity) for size in _input_sizes(request)
    )


def _input_sizes(request: ImageRequest) -> Iterator[Size]:
    return (Size(image.width, image.height) for image in request.inputs)


# --- output -------------------------------------------------------------------------------------


def _output(request: ImageRequest, model: ModelSpec) -> int:
    size = Size.parse(request.size) or model.sizes.default
    return _all_images(request, model, output_tokens(model, request.quality, size))


def _output_max(request: ImageRequest, model: ModelSpec) -> int:
    most = output_tokens_max(model, request.quality, Size.parse(request.size))
    return _all_images(request, model, most)


def _all_images(request: ImageRequest, model: ModelSpec, one: int) -> int:
    # How an animation is counted is not published. As many whole images as it has frames is the
    # bound, and, for want of anything better, what is expected.
    frames = (request.frame_count or _FRAMES) if request.output_format == "gif" else 1
    return request.n * (one * frames + request.partial_images * model.tokens.partial_image)


def _pixels(request: ImageRequest, model: ModelSpec) -> int:
    """Width times height of one image made."""
    return (Size.parse(request.size) or model.sizes.default).pixels


def _pixels_max(request: ImageRequest, model: ModelSpec) -> int:
    if Size.parse(request.size) is not None:
        return _pixels(request, model)
    # An edit without a size may come in the size of an input image, as large as the model makes.
    limit = model.sizes.max_pixels or max(size.pixels for size in model.sizes.fixed)
    largest = max((size.pixels for size in _input_sizes(request)), default=0)
    return max(model.sizes.default.pixels, min(largest, limit))
