"""A quote for people: what it would cost, and how that comes about."""

from typing import TYPE_CHECKING

import click

from darkroom.cli.amounts import columns
from darkroom.core.money import lined_up

if TYPE_CHECKING:
    from darkroom_client import Offer, PriceLine, Quote

_FIXED = "fixed"
_PPM = 1_000_000
_TOKENS_PER_PRICE = 1_000_000
_HEAD = ("", "PRICE", "COUNT", "EXPECTED", "COUNT", "AT MOST")


def shown_quote(quote: "Quote") -> str:
    """The two prices, a table for each deployment, and the notes."""
    several = len(quote.offers) > 1
    head = click.style(f"{quote.expected} expected, {quote.max} at most", bold=True)
    blocks = [f"{head}\n{quote.expected.credits} credits, at most {quote.max.credits}"]
    if quote.saved.nanos:
        usual = quote.expected + quote.saved
        blocks.append(f"{quote.saved} saved by --economy: the usual price is {usual}")
    for offer in quote.offers:
        mark = "  (the cheapest)" if several and offer.deployment == quote.cheapest else ""
        blocks.append(f"{_title(offer)}{mark}\n{_table(offer)}")
    told = [*quote.notes, *dict.fromkeys(w.message for o in quote.offers for w in o.warnings)]
    if told:
        blocks.append("\n".join(told))
    return "\n\n".join(blocks)


def _title(offer: "Offer") -> str:
    size = "" if offer.size == "auto" else f" {offer.size}"
    head = f"{click.style(offer.deployment, bold=True)}: {offer.model}{size}"
    if any(line.category == _FIXED for line in offer.lines):
        return f"{head} at a fixed price per image"
    scaled = "" if offer.multiplier_ppm == _PPM else f", times {_factor(offer.multiplier_ppm)}"
    return f"{head} by the price sheet '{offer.price_sheet}' since {offer.price_since}{scaled}"


def _table(offer: "Offer") -> str:
    expected = {line.category: line for line in offer.lines}
    most = {line.category: line for line in offer.lines_max}
    names = list(dict.fromkeys([*expected, *most]))
    amounts = lined_up([*(_amount(expected.get(name)) for name in names), str(offer.expected)])
    amounts_max = lined_up([*(_amount(most.get(name)) for name in names), str(offer.max)])
    rows: list[tuple[str, ...]] = [_HEAD]
    for at, name in enumerate(names):
        row = (
            *(name.replace("_", " "), _price(expected.get(name) or most[name])),
            *(_count(expected.get(name)), amounts[at]),
            *(_count(most.get(name)), amounts_max[at]),
        )
        rows.append(row)
    rows.append(("total", "", "", amounts[-1], "", amounts_max[-1]))
    return columns(rows, left=1)


def _price(line: "PriceLine") -> str:
    """Tokens are priced by the million, as vendors print it; whole images and megapixels each."""
    from darkroom_client import Money

    if line.category.endswith(("_in", "_out")):
        return f"{Money(line.unit.nanos * _TOKENS_PER_PRICE)} /M tokens"
    return f"{line.unit} each"


def _amount(line: "PriceLine | None") -> str:
    return "$0.00" if line is None else str(line.amount)


def _count(line: "PriceLine | None") -> str:
    return "0" if line is None else f"{line.quantity:,}"


def _factor(ppm: int) -> str:
    whole, rest = divmod(ppm, _PPM)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
