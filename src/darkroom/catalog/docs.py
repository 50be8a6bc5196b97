"""Renders the reference pages of models and of what becomes of each parameter.

Run as ``python -m darkroom.catalog.docs [file]`` for the former.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from darkroom.catalog.matrix import TRIALS, Outcome, Trial, Verdict, alike, verdict
from darkroom.catalog.models import Catalog
from darkroom.catalog.prices import PriceBook
from darkroom.core.capability import Availability, ModelSpec, SizeRule
from darkroom.core.money import dollars
from darkroom.core.price import Price, PriceSnapshot, charge, total
from darkroom.core.size import Size
from darkroom.core.tokens import output_tokens
from darkroom.core.usage import Usage

_HEAD = """\
<!-- Generated from src/darkroom/catalog/models.toml; do not edit.
     To renew: python -m darkroom.catalog.docs docs/reference/models.md -->

# Models

Every model that Darkroom knows, by what it can do. The source of each figure stands beside it in
`src/darkroom/catalog/models.toml`. A model is only served where a deployment offers it.

What a model lacks is done here, bent or refused, never dropped in silence: the
[capabilities](capabilities.md) page has every parameter on every model.
"""

_COMPARED = """\
*Here* means that Darkroom does it, with a warning. The price is what the vendor lists for the
output of one image of 1024x1024, from the lowest to the highest quality.
"""

_BOUND = """\
`≤` marks an upper bound: the vendor publishes no count, so this much is held and what the vendor
reports is charged. FLUX.2 is billed per megapixel: 1000 tokens stand for 1024x1024 px.
"""

_SAMPLES = (Size(1024, 1024), Size(1024, 1536), Size(1536, 1024), Size(2048, 2048))


def render(catalog: Catalog, book: PriceBook) -> str:
    """The page of models as Markdown."""
    models = catalog.models
    parts = [
        _HEAD,
        "## Comparison\n",
        _COMPARED,
        _table(_COMPARISON, (_comparison(spec, book) for spec in models)),
        "## Capabilities\n",
        _table(_CAPABILITIES, (_capabilities(spec) for spec in models)),
        "## Sizes\n",
        _table(("model", "native sizes besides `auto`"), (_sizes_row(spec) for spec in models)),
        "## Options\n",
        _table(_OPTIONS, (_options(spec) for spec in models)),
        "## Output tokens of one image\n",
        _BOUND,
        _table(
            ("model", "quality", *map(str, _SAMPLES)), (row for m in models for row in _tokens(m))
        ),
        _table(("model", "tier", "up to px", "tokens"), (row for m in models for row in _tiers(m))),
        "## Dates\n",
        "A request for a model that its vendor has shut down is served by the successor, with a "
        "warning.\n",
        _table(_DATES, (row for spec in models for row in _dates(spec))),
        "## Pages of the vendors\n",
        "\n".join(f"- [{spec.label}]({spec.doc_url})" for spec in models if spec.doc_url) + "\n",
    ]
    return "\n".join(parts)


_COMPARISON = (
    "model",
    "largest picture",
    "transparent background",
    "input images",
    "input fidelity",
    "mask editing",
    "quality tiers",
    "list price, USD",
    "first shutdown",
)
_CAPABILITIES = ("model", "name", "also called", "makes", "qualities", "formats", "n", "inputs")
_OPTIONS = (
    "model",
    "transparent",
    "mask",
    "input fidelity",
    "seed",
    "partial images",
    "moderation low",
    "complexity",
    "prompt",
)
_DATES = ("model", "vendor", "released", "deprecated", "shut down", "successor")


def _comparison(spec: ModelSpec, book: PriceBook) -> Sequence[str]:
    edits = spec.max_inputs > 0
    ends = [dates.shutdown for dates in spec.vendors.values() if dates.shutdown]
    return (
        spec.label,
        _largest(spec.sizes),
        "yes" if "transparent" in spec.backgrounds else "here",
        _upto(spec.max_inputs),
        _fidelity(spec) if edits else "-",
        ("yes" if spec.mask else "here") if edits else "-",
        str(len(spec.qualities)) if spec.qualities else "-",
        _list_price(spec, book),
        _day(min(ends)) if ends else "-",
    )


def _largest(rule: SizeRule) -> str:
    if rule.fixed:
        return str(max(rule.fixed, key=lambda size: (size.pixels, size.width)))
    return f"{rule.max_edge} px, {rule.max_pixels / 1_000_000:.1f} MP"


def _fidelity(spec: ModelSpec) -> str:
    return "always high" if spec.tokens.always_high_fidelity else _codes(spec.fidelities)


def _list_price(spec: ModelSpec, book: PriceBook) -> str:
    prices = (book.price(vendor, spec.id, date.max) for vendor in spec.vendors)
    price = next((price for price in prices if price is not None), None)
    if price is None:
        return "-"
    nanos = sorted({_one_image(spec, price, quality) for quality in spec.qualities or ("auto",)})
    mark = "≤ " if spec.tokens.bound and price.image_out else ""
    return f"{mark}{' to '.join(dollars(each, 3) for each in {nanos[0]: 0, nanos[-1]: 0})}"


def _one_image(spec: ModelSpec, price: Price, quality: str) -> int:
    size = spec.sizes.default
    usage = Usage(image_out=output_tokens(spec, quality, size))
    return total(charge(PriceSnapshot(price), usage, 1, [size.pixels]))


def _capabilities(spec: ModelSpec) -> Sequence[str]:
    return (
        f"`{spec.id}`",
        spec.label,
        _codes(spec.aliases),
        " and ".join(spec.operations),
        _codes(spec.qualities),
        _codes(spec.formats),
        _upto(spec.max_n),
        _upto(spec.max_inputs),
    )


def _sizes_row(spec: ModelSpec) -> Sequence[str]:
    return (f"`{spec.id}`", _sizes(spec.sizes))


def _sizes(rule: SizeRule) -> str:
    if rule.fixed:
        return ", ".join(map(str, rule.fixed))
    return (
        f"edges in multiples of {rule.multiple} up to {rule.max_edge} px, ratio up to "
        f"{rule.max_ratio:g}:1, {rule.min_pixels:,} to {rule.max_pixels:,} px in all"
    )


def _options(spec: ModelSpec) -> Sequence[str]:
    return (
        f"`{spec.id}`",
        _yes("transparent" in spec.backgrounds),
        _yes(spec.mask),
        _fidelity(spec),
        _yes(spec.seed),
        _upto(spec.max_partial_images),
        _yes("low" in spec.moderations),
        _codes(spec.complexities),
        f"{spec.max_prompt_chars:,} characters",
    )


def _tokens(spec: ModelSpec) -> Iterable[Sequence[str]]:
    """Rows by quality and size, for models that count by them."""
    if spec.tokens.output not in ("table", "area"):
        return
    mark = "≤ " if spec.tokens.bound else ""
    for quality in spec.qualities:
        cells = (
            f"{mark}{output_tokens(spec, quality, size)}" if spec.sizes.allows(size) else "-"
            for size in _SAMPLES
        )
        yield (f"`{spec.id}`", f"`{quality}`", *cells)


def _tiers(spec: ModelSpec) -> Iterable[Sequence[str]]:
    """Rows by tier of size, for models that count by it: the tiers that the model makes."""
    mark = "≤ " if spec.tokens.bound else ""
    if spec.tokens.output == "flat":
        made = {output_tokens(spec, "auto", size) for size in spec.sizes.fixed}
        for tier, row in spec.tokens.table.items():
            if row["tokens"] in made:
                yield (f"`{spec.id}`", tier, f"{row['pixels']:,}", f"{mark}{row['tokens']}")
    elif spec.tokens.output == "pixels":
        yield (f"`{spec.id}`", "per megapixel", f"{spec.sizes.max_pixels:,}", "1000")


def _dates(spec: ModelSpec) -> Iterable[Sequence[str]]:
    successor = f"`{spec.successor}`" if spec.successor else "-"
    for vendor, dates in (spec.vendors or {"-": Availability()}).items():
        yield (
            f"`{spec.id}`",
            vendor,
            _day(dates.released),
            _day(dates.deprecated),
            _day(dates.shutdown),
            successor,
        )


_MATRIX_HEAD = """\
# Capabilities

What becomes of each parameter on each model: the table is computed by asking the capability check
itself, and a test holds it to that. Nothing is ever dropped in silence.

- **sent**: it goes upstream as asked, or it is what the model does anyway.
- **here**: the model lacks it, and Darkroom does it to what the model made. The original is kept
  beside the result.
- **bent**: the nearest value that the model has is sent.
- **left out**: it is not sent, because nothing can stand in for it.
- **refused**: HTTP 400 that names the parameter and what would work.

All but the first and the last come with a warning, whose code stands in the last column: in the
header `X-Darkroom-Warnings`, in the job's record and in the client's result.

A key or a request whose policy has `emulate` false gets *refused* where this page says *here*, and
where it says *bent* unless the two values are names of one thing. A deployment may offer less than
its model: then it is treated as that model without the feature.
"""

_MATRIX_NOTES = """\
## What is done here, exactly

- `size_fitted`: the nearest native canvas that covers the size is made, cropped at the centre and
  resampled. `size_policy=strict` refuses.
- `format_converted`: a lossless picture is asked for where the model makes one, and written as the
  format and at the `output_compression` that was asked (95 unless it was).
- `mask_composited`: the request goes up without the mask. The result is brought to the first input
  image's size and laid over it: where the mask is opaque, the pixels are the input's, bit for bit
  in PNG, and in WebP unless an `output_compression` was asked. A `size` of other proportions than
  the input's is refused.
- `background_matted`: a sentence that asks for a plain white background is appended to the prompt
  (`prompt_extended` says which; the job keeps the prompt as it was), and what joins the border in
  one colour becomes transparent. Where the border is not of one colour the image stays opaque, and
  the warning `background_not_removed` says so. It knows nothing of the subject: white that touches
  a white background goes with it, and what the subject encloses stays.

An image that comes in another size or format than the model was asked for is treated alike, with
the same warning. A GIF is neither resampled nor converted (`size_not_fitted`,
`format_not_converted`).

## Masks

A mask arrives in one of three conventions, said by `mask_convention` (`--mask-convention` of the
command): `alpha` (transparent may change), `black` (black may change), `white` (white may change).
`auto`, the default, is `alpha` where there is an alpha channel, else `black`. Upstream it is always
a PNG whose transparent part may change, or what the vendor takes instead.
"""

_IN_WORDS = {Outcome.EMULATED: "here"}


def render_capabilities(catalog: Catalog) -> str:
    """The page of parameters by models as Markdown."""
    groups = alike(catalog.models)
    letters = [chr(ord("A") + index) for index in range(len(groups))]
    named = (
        (f"**{letter}**", _codes([spec.id for spec in group]))
        for letter, group in zip(letters, groups, strict=True)
    )
    firsts = [group[0] for group in groups]
    parts = [
        _MATRIX_HEAD,
        "## Models that answer alike\n",
        _table(("", "models"), named),
        "## Parameters\n",
        _table(("asked", *letters, "warning"), (_trial(trial, firsts) for trial in TRIALS)),
        _MATRIX_NOTES,
    ]
    return "\n".join(parts)


def _trial(trial: Trial, models: Sequence[ModelSpec]) -> Sequence[str]:
    found: list[Verdict] = [verdict(trial, spec) for spec in models]
    codes = list(dict.fromkeys(code for each in found for code in each.codes))
    words = (_IN_WORDS.get(each.outcome, each.outcome.value) for each in found)
    return (trial.label, *words, _codes(codes))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _codes(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "-"


def _upto(count: int) -> str:
    return str(count) if count else "-"


def _day(value: date | None) -> str:
    return value.isoformat() if value else "-"


def main(arguments: Sequence[str]) -> None:
    """Write the page to the file named first, or to standard output."""
    page = render(Catalog.load(), PriceBook.load())
    if arguments:
        Path(arguments[0]).write_text(page, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main(sys.argv[1:])
