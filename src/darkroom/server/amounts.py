"""Money at the doors: how amounts, budgets and periods are read and shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

from starlette.datastructures import QueryParams

from darkroom.core.errors import InvalidRequest, UnknownParameter
from darkroom.core.money import CREDITS_PER_DOLLAR, credits, dollars, parse_dollars
from darkroom.core.price import PPM, KeyPrices
from darkroom.ledger import MOST_NANOS, Budget, Limits, Period, shown
from darkroom.server.shown import shown_money

_WINDOWS = {"total_usd": "total_nanos", "day_usd": "day_nanos", "month_usd": "month_nanos"}
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_FACTOR = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,6}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LINE_MAX = 200
_CREDIT_DECIMALS = 5


def known_fields(body: Mapping[str, Any], *names: str) -> None:
    """Raises :class:`UnknownParameter` for any other field."""
    if unknown := sorted(set(body) - set(names)):
        raise UnknownParameter(f"Unknown parameter: '{unknown[0]}'.", param=unknown[0])


def read_amount(value: Any, name: str, *, least: int = 1) -> int:
    """``"25.00"`` dollars in nano-dollars. Raises :class:`InvalidRequest`."""
    if not isinstance(value, str):
        # 0.1 + 0.2: a JSON number has been rounded to a binary fraction before it arrives
        raise InvalidRequest(
            f"'{name}' is an amount in dollars as text, such as \"25.00\", not a number.",
            param=name,
        )
    try:
        nanos = parse_dollars(value)
    except ValueError as error:
        raise InvalidRequest(f"'{name}': {str(error)[:200]}.", param=name) from error
    if not least <= nanos <= MOST_NANOS:
        raise InvalidRequest(
            f"'{name}' is at least {dollars(least)} and at most {dollars(MOST_NANOS)} dollars.",
            param=name,
        )
    return nanos


def read_line(value: Any, name: str) -> str | None:
    """One line of printable text, or nothing. Raises :class:`InvalidRequest`."""
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= _LINE_MAX or not text.isprintable():
        raise InvalidRequest(f"'{name}' is a line of 1 to {_LINE_MAX} characters.", param=name)
    return text


def changed_prices(before: KeyPrices, body: Mapping[str, Any]) -> KeyPrices:
    """With ``price_multiplier`` ("0.9") and ``price_per_image_usd`` ("0.04") as far as they are
    named; null takes either back. Raises :class:`InvalidRequest`."""
    after = before
    if "price_multiplier" in body:
        value = body["price_multiplier"]
        after = replace(after, multiplier_ppm=PPM if value is None else _read_factor(value))
    if "price_per_image_usd" in body:
        value = body["price_per_image_usd"]
        amount = None if value is None else read_amount(value, "price_per_image_usd", least=0)
        after = replace(after, per_image=amount)
    return after


def shown_prices(prices: KeyPrices) -> dict[str, str | None]:
    factor = f"{prices.multiplier_ppm // PPM}.{prices.multiplier_ppm % PPM:06d}".rstrip("0")
    return {
        "price_multiplier": factor.rstrip("."),
        "price_per_image_usd": None if prices.per_image is None else dollars(prices.per_image),
    }


def _read_factor(value: Any) -> int:
    match = _FACTOR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidRequest(
            "'price_multiplier' is a factor as text with at most six decimals, such as \"0.9\".",
            param="price_multiplier",
        )
    return int(match[1]) * PPM + int((match[2] or "").ljust(6, "0"))


def changed_limits(before: Limits, value: Any) -> Limits:
    """``{"total_usd", "day_usd", "month_usd"}`` over ``before``: what is not named stays.

    Null removes one limit, or all of them. Raises from the request branch of the error tree.
    """
    if value is None:
        return Limits()
    if not isinstance(value, dict):
        raise InvalidRequest("'budget' is an object of amounts.", param="budget")
    said = cast(dict[str, Any], value)
    known_fields(said, *_WINDOWS)
    return replace(
        before,
        **{
            _WINDOWS[name]: None if amount is None else read_amount(amount, name, least=0)
            for name, amount in said.items()
        },
    )


def shown_budget(budget: Budget) -> dict[str, Any]:
    """Its limits in the form they are set with (null: none), and what counts against each."""
    limits, used = budget.limits, budget.used
    return {
        "budget": {name: _usd(getattr(limits, field)) for name, field in _WINDOWS.items()},
        "used": {name: _usd(getattr(used, field)) for name, field in _WINDOWS.items()},
    }


def shown_rows(amounts: Sequence[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Amounts and their total: also the credits, which are rounded, add up as they are shown."""
    scale = 10**_CREDIT_DECIMALS
    parts, total = shown(amounts, CREDITS_PER_DOLLAR * scale)
    rows = [
        {**shown_money(nanos), "credits": _units(units)}
        for nanos, units in zip(amounts, parts, strict=True)
    ]
    return rows, {**shown_money(sum(amounts)), "credits": _units(total)}


def read_period(query: QueryParams) -> tuple[Period, dict[str, str | None]]:
    """``from`` and ``to``, both days included, UTC; and how to show them.

    Raises :class:`InvalidRequest`.
    """
    first, last = _day(query, "from"), _day(query, "to")
    if first is not None and last is not None and first > last:
        raise InvalidRequest("'from' is a day after 'to'.", param="from")
    period = Period()
    if first is not None:
        period = replace(period, since_ms=_start_ms(first))
    if last is not None:
        period = replace(period, until_ms=_start_ms(last) + _DAY_MS)
    return period, {
        "from": None if first is None else first.isoformat(),
        "to": None if last is None else last.isoformat(),
    }


def _day(query: QueryParams, name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidRequest(f"'{name}' is a day such as 2026-11-20.", param=name)


def _start_ms(day: date) -> int:
    return (day.toordinal() - _EPOCH) * _DAY_MS


def _usd(nanos: int | None) -> str | None:
    return None if nanos is None else dollars(nanos)


def _units(units: int) -> str:
    """Whole units of the last shown decimal, as credits."""
    return credits(units * 10 ** (9 - _CREDIT_DECIMALS), per_dollar=1)
