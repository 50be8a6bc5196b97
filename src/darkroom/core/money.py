"""Money as integers: parsing, printing, sharing out. One nano-dollar is the smallest amount.

The cheapest published token costs 1125 nano-dollars (1.125 millionths of a dollar), so
micro-dollars would already lose money, and binary fractions lose it anyway: amounts and prices
are whole nano-dollars everywhere. Credits are a display unit and are never stored.
"""

import re
from collections.abc import Sequence

NANOS_PER_DOLLAR = 1_000_000_000
MAX_NANOS = 2**63 - 1
"""What a database column holds: some nine billion dollars."""
CREDITS_PER_DOLLAR = 68

_DECIMALS = 9
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?")


def parse_dollars(text: str) -> int:
    """``"12.34"`` in nano-dollars, exactly; a leading ``-`` is allowed.

    Raises :class:`ValueError` for anything else, for more than nine decimals (they could only
    be rounded), and for amounts beyond :data:`MAX_NANOS`.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not an amount in dollars like '12.34', with at most nine decimals"
        )
    sign, whole, fraction = match.groups()
    nanos = int(whole) * NANOS_PER_DOLLAR + int((fraction or "").ljust(_DECIMALS, "0"))
    if nanos > MAX_NANOS:
        raise ValueError(f"{text!r} is more than {dollars(MAX_NANOS, 0)} dollars")
    return -nanos if sign else nanos


def dollars(nanos: int, places: int | None = None) -> str:
    """For display: ``"0.0078336"``, without a currency sign.

    ``places`` None shows the exact amount with at least two decimals, so that rows shown add up
    to the total shown; else exactly that many decimals, rounded half up (away from zero).
    """
    if places is not None:
        return _decimal(nanos, NANOS_PER_DOLLAR, places)
    whole, _, fraction = _decimal(nanos, NANOS_PER_DOLLAR, _DECIMALS).partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def credits(nanos: int, per_dollar: int = CREDITS_PER_DOLLAR, places: int = 5) -> str:
    """For display: ``"24.25283"``; at most ``places`` decimals, rounded half up (away from zero).

    Trailing zeros are left out: ``"0.306"``, ``"12"``.
    """
    shown = _decimal(nanos * per_dollar, NANOS_PER_DOLLAR, places)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def lined_up(amounts: Sequence[str]) -> list[str]:
    """The same decimals for all, so that a reader can add them up: ``$0.04`` as ``$0.040000``."""
    places = max((len(amount.partition(".")[2]) for amount in amounts), default=0)
    padded: list[str] = []
    for amount in amounts:
        whole, _, decimals = amount.partition(".")
        padded.append(f"{whole}.{decimals:0<{places}}" if places and amount else amount)
    return padded


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` out in proportion to ``weights``, by the largest remainder.

    The shares add up to ``total`` exactly, each within one of its exact part; among equal
    remainders the earlier share is rounded up. Raises :class:`ValueError` for a negative weight,
    and when there is something to share but no weight.
    """
    whole = sum(weights)
    if any(weight < 0 for weight in weights) or (total and not whole):
        raise ValueError("weights must not be negative, and not all be zero")
    if not whole:
        return [0 for _ in weights]
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves rounded away from zero. ``denominator`` above 0."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


def _decimal(numerator: int, denominator: int, places: int) -> str:
    scaled = half_up(numerator * 10**places, denominator)
    whole, fraction = divmod(abs(scaled), 10**places)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"
