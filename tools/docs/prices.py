"""Generates the price tables from the price book."""

from collections.abc import Iterable, Sequence

from darkroom.catalog import Catalog, PriceBook, Sheet
from darkroom.core.capability import ModelSpec
from darkroom.core.money import credits, dollars
from darkroom.core.price import PPM, Price, PriceSnapshot, charge, total
from darkroom.core.size import Size
from darkroom.core.tokens import output_tokens
from darkroom.core.usage import Usage

_HEAD = """\
# Prices

Every price that Darkroom knows, by sheet and by day. A deployment is charged by one sheet; a job
keeps the price of the day on which it was quoted. Sources stand beside the figures in
`src/darkroom/catalog/prices.toml`.

Cached tokens are part of their input tokens and cost less. *Text out* is text and thinking. A dash
means that the sheet does not charge for it.
"""

_TOKENS = (
    ("text in", "text_in"),
    ("text cached", "cached_text_in"),
    ("image in", "image_in"),
    ("image cached", "cached_image_in"),
    ("image out", "image_out"),
    ("text out", "text_out"),
)
_IMAGES = (
    ("image", "per_image"),
    ("first megapixel", "first_megapixel"),
    ("each further", "next_megapixel"),
    ("of an input image", "input_megapixel"),
)
_SAMPLES = (Size(1024, 1024), Size(1024, 1536), Size(1536, 1024), Size(2048, 2048))
_MILLION = 1_000_000


def render() -> str:
    """The page: every sheet, and what common images come to on OpenAI's."""
    book, catalog = PriceBook.load(), Catalog.load()
    parts = [_HEAD, *(part for sheet in book.sheets.values() for part in _sheet(sheet))]
    sheet = book.sheets["openai"]
    parts += [
        "## What one image comes to\n",
        "Image output alone, by OpenAI's sheet, in dollars and in credits (68 to the dollar). `≤` "
        "marks an upper bound: the vendor publishes no count.\n",
        _table(
            ("model", "quality", *map(str, _SAMPLES)),
            (row for price in sheet.prices for row in _examples(price, catalog.get(price.model))),
        ),
    ]
    return "\n".join(parts)


def _sheet(sheet: Sheet) -> Iterable[str]:
    yield f"## {sheet.label}\n"
    yield f"Sheet `{sheet.name}`. Published at <{sheet.source}>.\n"
    by_token = [price for price in sheet.prices if any(_values(price, _TOKENS, 1))]
    by_image = [price for price in sheet.prices if any(_values(price, _IMAGES, 1))]
    if by_token:
        yield "US dollars per million tokens:\n"
        yield _table(_columns(_TOKENS), (_row(price, _TOKENS, _MILLION) for price in by_token))
    for factor in sorted({price.batch_ppm for price in sheet.prices if price.batch_ppm}):
        models = (f"`{price.model}`" for price in sheet.prices if price.batch_ppm == factor)
        share = f"{100 * factor / PPM:g} %"
        yield f"By the batch API (`service_tier` `economy`) {share} of it: {', '.join(models)}.\n"
    if by_image:
        yield "US dollars per image, or per started megapixel of 1024x1024 px:\n"
        yield _table(_columns(_IMAGES), (_row(price, _IMAGES, 1) for price in by_image))


_Columns = Sequence[tuple[str, str]]


def _columns(columns: _Columns) -> Sequence[str]:
    return ("model", "since", *(head for head, _ in columns))


def _values(price: Price, columns: _Columns, scale: int) -> Sequence[int]:
    return [getattr(price, name) * scale for _, name in columns]


def _row(price: Price, columns: _Columns, scale: int) -> Sequence[str]:
    cells = (dollars(value) if value else "-" for value in _values(price, columns, scale))
    return (f"`{price.model}`", price.since, *cells)


def _examples(price: Price, model: ModelSpec | None) -> Iterable[Sequence[str]]:
    if model is None:
        return
    mark = "≤ " if model.tokens.bound else ""
    for quality in model.qualities:
        cells = (
            mark + _amount(price, output_tokens(model, quality, size))
            if model.sizes.allows(size)
            else "-"
            for size in _SAMPLES
        )
        yield (f"`{model.id}`", f"`{quality}`", *cells)


def _amount(price: Price, tokens: int) -> str:
    nanos = total(charge(PriceSnapshot(price), Usage(image_out=tokens), 1))
    return f"{dollars(nanos)} ({credits(nanos)})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
