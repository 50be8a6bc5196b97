"""The price book: what each model costs on each sheet from which day on, read from TOML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import msgspec

from darkroom.catalog.load import CatalogError, read_toml
from darkroom.core.money import NANOS_PER_DOLLAR, dollars, parse_dollars
from darkroom.core.price import PPM, Price

DEFAULT_PATH = Path(__file__).with_name("prices.toml")

_PER_MILLION = ("text_in", "image_in", "image_out", "text_out")
_CACHED = {"cached_text_in": "text_in", "cached_image_in": "image_in"}
_PER_UNIT = ("per_image", "first_megapixel", "next_megapixel", "input_megapixel")
_MILLION = 1_000_000
# Far beyond any image model, and low enough that no sum of charges overflows a column.
_DEAREST = 10_000 * NANOS_PER_DOLLAR


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[<sheet>.prices]]`` table as written: amounts are text."""

    models: list[str]
    since: date
    text_in: str | None = None
    cached_text_in: str | None = None
    image_in: str | None = None
    cached_image_in: str | None = None
    image_out: str | None = None
    text_out: str | None = None
    per_image: str | None = None
    first_megapixel: str | None = None
    next_megapixel: str | None = None
    input_megapixel: str | None = None
    tokens_per_input: int = 0
    batch: str | None = None


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    prices: list[_Entry]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One price list: who charges so, where that is published, and every price it ever had."""

    name: str
    label: str
    source: str
    prices: tuple[Price, ...]


class PriceBook:
    """All price sheets. Immutable; build one with :meth:`load` and pass it around."""

    def __init__(self, sheets: Mapping[str, Sheet]) -> None:
        self.sheets = sheets
        """Every sheet by its name, in the file's order."""
        self._by_model: dict[tuple[str, str], list[Price]] = {}
        for sheet in sheets.values():
            for price in sorted(sheet.prices, key=lambda each: each.since):
                self._by_model.setdefault((sheet.name, price.model), []).append(price)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read ``path`` (the built-in ``prices.toml`` by default).

        Raises :class:`~darkroom.catalog.load.CatalogError`, naming table and key.
        """
        written = read_toml(path or DEFAULT_PATH, "prices.toml")
        return cls({name: _sheet(name, table) for name, table in written.items()})

    def price(self, sheet: str, model_id: str, on: date) -> Price | None:
        """The price of a model (its id, not an alias) on a sheet on a day (UTC).

        None when there is no such sheet, or it had no price for the model yet.
        """
        day = on.isoformat()
        dated = self._by_model.get((sheet, model_id), [])
        return next((price for price in reversed(dated) if price.since <= day), None)


def _sheet(name: str, table: object) -> Sheet:
    try:
        written = msgspec.convert(table, _Sheet)
    except msgspec.ValidationError as error:
        problem = str(error)
        where = problem.replace("`$", f"`{name}") if "`$" in problem else f"{problem} - at `{name}`"
        raise CatalogError(f"prices.toml: {where}") from None
    prices: list[Price] = []
    seen: set[tuple[str, date]] = set()
    for number, entry in enumerate(written.prices, 1):
        where = f"prices.toml: [[{name}.prices]] number {number}"
        if not entry.models:
            raise CatalogError(f"{where} key 'models': must not be empty")
        for model in entry.models:
            if (model, entry.since) in seen:
                raise CatalogError(
                    f"{where} key 'models': {model!r} has another price since {entry.since}"
                )
            seen.add((model, entry.since))
            prices.append(_price(where, name, model, entry))
    return Sheet(name, written.label, written.source, tuple(prices))


def _price(where: str, sheet: str, model: str, entry: _Entry) -> Price:
    if entry.tokens_per_input < 0:
        raise CatalogError(f"{where} key 'tokens_per_input': must not be negative")
    amounts = dict(_amounts(where, entry))
    if not any(amounts.values()):
        raise CatalogError(f"{where}: {model!r} has no price above zero")
    if amounts["next_megapixel"] and not amounts["first_megapixel"]:
        raise CatalogError(f"{where} key 'first_megapixel': is missing")
    return Price(
        sheet=sheet,
        model=model,
        since=entry.since.isoformat(),
        tokens_per_input=entry.tokens_per_input,
        batch_ppm=_batch_ppm(where, entry.batch),
        **amounts,
    )


def _batch_ppm(where: str, text: str | None) -> int:
    """The factor as parts per million; 0 where the sheet names none."""
    if text is None:
        return 0
    try:
        ppm, rest = divmod(parse_dollars(text), NANOS_PER_DOLLAR // PPM)
    except ValueError:
        ppm, rest = 0, 0
    if rest or not 0 < ppm < PPM:
        raise CatalogError(
            f"{where} key 'batch': {text!r} is not a factor between 0 and 1 such as '0.5',"
            " with at most six decimals"
        )
    return ppm


def _amounts(where: str, entry: _Entry) -> Iterator[tuple[str, int]]:
    """Every amount of an entry in nano-dollars, per token, image or megapixel."""
    for key in _PER_MILLION:
        yield key, _per_token(where, key, getattr(entry, key) or "0")
    for key, full in _CACHED.items():
        written = getattr(entry, key)
        # A vendor that names no cached price gives no discount: the tokens are not free.
        yield key, _per_token(where, key, written or getattr(entry, full) or "0")
    for key in _PER_UNIT:
        yield key, _nanos(where, key, getattr(entry, key) or "0")


def _per_token(where: str, key: str, text: str) -> int:
    per_token, rest = divmod(_nanos(where, key, text), _MILLION)
    if rest:
        raise CatalogError(
            f"{where} key {key!r}: {text!r} per million tokens is no whole number of "
            "nano-dollars per token; write at most three decimals"
        )
    return per_token


def _nanos(where: str, key: str, text: str) -> int:
    try:
        nanos = parse_dollars(text)
    except ValueError as error:
        raise CatalogError(f"{where} key {key!r}: {error}") from None
    if not 0 <= nanos <= _DEAREST:
        limit = dollars(_DEAREST, 0)
        raise CatalogError(f"{where} key {key!r}: {text!r} is not between 0 and {limit} dollars")
    return nanos
