"""Amounts of money: whole nano-dollars, shown as dollars or credits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_NANOS_PER_DOLLAR = 1_000_000_000
_CREDITS_PER_DOLLAR = 68
_CREDIT_PLACES = 5
_DOLLARS = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount. One nano-dollar is a billionth of a US dollar, and the smallest amount."""

    nanos: int

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """From the wire's ``{"nanos": …, "usd": …, "credits": …}``."""
        return cls(int(said["nanos"]))

    @classmethod
    def dollars(cls, text: str) -> Self:
        """From ``"25.00"``, at most nine decimals. Raises ``ValueError``."""
        match = _DOLLARS.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not an amount in dollars such as '25.00'")
        sign, whole, fraction = match.groups()
        nanos = int(whole) * _NANOS_PER_DOLLAR + int((fraction or "").ljust(9, "0"))
        return cls(-nanos if sign else nanos)

    @property
    def usd(self) -> str:
        """In dollars, exactly, with at least two decimals: ``"0.0333"``, ``"25.00"``."""
        whole, rest = divmod(abs(self.nanos), _NANOS_PER_DOLLAR)
        fraction = f"{rest:09d}".rstrip("0").ljust(2, "0")
        return f"{'-' if self.nanos < 0 else ''}{whole}.{fraction}"

    @property
    def credits(self) -> str:
        """In credits, rounded half up to five decimals: ``"24.25283"``, ``"12"``."""
        scale = 10**_CREDIT_PLACES
        units = (2 * abs(self.nanos) * _CREDITS_PER_DOLLAR * scale + _NANOS_PER_DOLLAR) // (
            2 * _NANOS_PER_DOLLAR
        )
        whole, rest = divmod(units, scale)
        fraction = f".{rest:05d}".rstrip("0").rstrip(".")
        return f"{'-' if self.nanos < 0 and units else ''}{whole}{fraction}"

    def __str__(self) -> str:
        return f"-${self.usd[1:]}" if self.nanos < 0 else f"${self.usd}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.nanos + other.nanos)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One category of a price: ``quantity`` tokens, images or megapixels at ``unit`` each.

    ``unit`` is the list price: where a multiplier applies, ``amount`` has it already.
    """

    category: str
    quantity: int
    unit: Money
    amount: Money

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            category=said["category"],
            quantity=said["quantity"],
            unit=Money(said["unit_nanos"]),
            amount=Money.of(said),
        )
