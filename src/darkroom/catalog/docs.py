"""Renders the model reference page; run as ``python -m darkroom.catalog.docs [file]``."""

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from darkroom.catalog.models import Catalog
from darkroom.core.capability import Availability, ModelSpec, SizeRule
from darkroom.core.size import Size
from darkroom.core.tokens import output_tokens

_HEAD = """\
<!-- Generated from src/darkroom/catalog/models.toml; do not edit.
     To renew: python -m darkroom.catalog.docs docs/reference/models.md -->

# Models

Every model that Darkroom knows, by what it can do. The source of each figure stands beside it in
`src/darkroom/catalog/models.toml`. A model is only served where a deployment offers it.

A size that a model does not make is generated on the nearest native canvas, then cropped and
resampled (warning `size_fitted`); with `size_policy=strict` it is refused.
"""

_BOUND = """\
`≤` marks an upper bound: the vendor publishes no count, so this much is held and what the vendor
reports is charged. FLUX.2 is billed per megapixel: 1000 tokens stand for 1024x1024 px.
"""

_SAMPLES = (Size(1024, 1024), Size(1024, 1536), Size(1536, 1024), Size(2048, 2048))


def render(catalog: Catalog) -> str:
    """The page as Markdown."""
    models = catalog.models
    parts = [
        _HEAD,
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
    fidelity = "always high" if spec.tokens.always_high_fidelity else _codes(spec.fidelities)
    return (
        f"`{spec.id}`",
        _yes("transparent" in spec.backgrounds),
        _yes(spec.mask),
        fidelity,
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
    page = render(Catalog.load())
    if arguments:
        Path(arguments[0]).write_text(page, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main(sys.argv[1:])
