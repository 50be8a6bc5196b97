"""What things cost: a dated price, the copy of it that a job keeps, and the lines of a charge."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from darkroom.core.money import half_up
from darkroom.core.usage import Usage

PPM = 1_000_000
"""A multiplier of 1, in parts per million."""

_MEGAPIXEL = 1024 * 1024
"""BFL reports 1.98 megapixels for 1920x1080, and charges two of them for it:
https://github.com/black-forest-labs/skills (skills/bfl-api)"""


@dataclass(frozen=True, slots=True)
class Price:
    """One model's price on one sheet from a day on (``since``, ISO date), in nano-dollars.

    Tokens by category; or whole images; or megapixels of 1024x1024 px, each started one whole:
    ``first_megapixel`` per image made, ``next_megapixel`` for each further one of it,
    ``input_megapixel`` for those of each input image. ``mainline_…`` are the tokens of the text
    model that called this one: a job's own price, taken from that model's. Zero: the sheet does
    not charge for that.
    """

    sheet: str
    model: str
    since: str
    text_in: int = 0
    cached_text_in: int = 0
    image_in: int = 0
    cached_image_in: int = 0
    image_out: int = 0
    text_out: int = 0
    per_image: int = 0
    first_megapixel: int = 0
    next_megapixel: int = 0
    input_megapixel: int = 0
    mainline_in: int = 0
    mainline_cached_in: int = 0
    mainline_out: int = 0
    tokens_per_input: int = 0
    """How many tokens the sheet's owner reckons for an input image; 0: the model's own rule."""
    batch_ppm: int = 0
    """What the vendor's batch API makes of every price, in parts per million; 0: it has none."""


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """The price that a job was quoted and keeps, also when the book changes afterwards.

    ``multiplier_ppm`` scales every line (900000: ten per cent off). ``fixed_per_image`` in
    nano-dollars replaces all of it, the multiplier included, by one amount per image.
    ``batch_ppm`` scales every line once more, for what goes by the vendor's batch API.
    """

    price: Price
    multiplier_ppm: int = PPM
    fixed_per_image: int | None = None
    batch_ppm: int = PPM


@dataclass(frozen=True, slots=True)
class KeyPrices:
    """What one API key makes of every price: a factor, or one amount per image instead of it."""

    multiplier_ppm: int = PPM
    per_image: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One category of a charge. ``unit_nanos`` is the list price, before the multiplier."""

    category: str
    quantity: int
    unit_nanos: int
    amount_nanos: int


def charge(
    snapshot: PriceSnapshot,
    usage: Usage,
    images: int,
    output_pixels: Sequence[int] = (),
    input_pixels: Sequence[int] = (),
) -> tuple[Line, ...]:
    """The lines of ``images`` images that arrived; each category occurs at most once.

    ``usage`` counts for all of them together. ``output_pixels`` and ``input_pixels`` are width
    times height of each image, needed where the sheet charges by the megapixel. Each line is
    multiplied and rounded half up once; nothing else is rounded. What is not charged for has no
    line. Raises :class:`ValueError` when a megapixel price misses the size of an image made.
    """
    if snapshot.fixed_per_image is not None:
        fixed = snapshot.fixed_per_image
        return (Line("fixed", images, fixed, images * fixed),) if images else ()
    counts = (
        *_tokens(snapshot.price, usage),
        *_pictures(snapshot.price, images, output_pixels, input_pixels),
    )
    scale = snapshot.multiplier_ppm * snapshot.batch_ppm
    return tuple(
        Line(category, quantity, unit, half_up(quantity * unit * scale, PPM * PPM))
        for category, quantity, unit in counts
        if quantity > 0 and unit
    )


def saved(snapshot: PriceSnapshot, lines: Iterable[Line]) -> int:
    """How much more the lines of :func:`charge` would have cost without the batch API."""
    if snapshot.fixed_per_image is not None:
        return 0
    return sum(
        half_up(line.quantity * line.unit_nanos * snapshot.multiplier_ppm, PPM) - line.amount_nanos
        for line in lines
    )


def total(lines: Iterable[Line]) -> int:
    """The sum in nano-dollars."""
    return sum(line.amount_nanos for line in lines)


_Count = tuple[str, int, int]


def _tokens(price: Price, usage: Usage) -> Iterator[_Count]:
    # Cached tokens are part of their input count: they move to the cheaper line, never add.
    cached_text = min(usage.cached_text_in, usage.text_in)
    cached_image = min(usage.cached_image_in, usage.image_in)
    cached_mainline = min(usage.mainline_cached_in, usage.mainline_in)
    yield "text_in", usage.text_in - cached_text, price.text_in
    yield "cached_text_in", cached_text, price.cached_text_in
    yield "image_in", usage.image_in - cached_image, price.image_in
    yield "cached_image_in", cached_image, price.cached_image_in
    yield "image_out", usage.image_out, price.image_out
    yield "text_out", usage.text_out, price.text_out
    yield "mainline_in", usage.mainline_in - cached_mainline, price.mainline_in
    yield "mainline_cached_in", cached_mainline, price.mainline_cached_in
    yield "mainline_out", usage.mainline_out, price.mainline_out


def _pictures(
    price: Price, images: int, output_pixels: Sequence[int], input_pixels: Sequence[int]
) -> Iterator[_Count]:
    # An image's first megapixel is a price per image: some vendors charge it differently.
    yield "image", images, price.per_image + price.first_megapixel
    if price.next_megapixel:
        if len(output_pixels) != images:
            raise ValueError(f"{len(output_pixels)} sizes for {images} images: one each is needed")
        further = sum(_megapixels(pixels) - 1 for pixels in output_pixels)
        yield "output_megapixel", further, price.next_megapixel
    yield "input_megapixel", sum(map(_megapixels, input_pixels)), price.input_megapixel


def _megapixels(pixels: int) -> int:
    """Started megapixels, at least one: 1.98 of them cost as much as two."""
    return max(1, -(-pixels // _MEGAPIXEL))
