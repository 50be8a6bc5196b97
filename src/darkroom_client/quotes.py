"""Quotes: what a request would cost, before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from darkroom_client.money import Money, PriceLine
from darkroom_client.results import Warning


@dataclass(frozen=True, slots=True)
class Offer:
    """One deployment's price. ``lines`` add up to ``expected``, ``lines_max`` to ``max``."""

    deployment: str
    provider: str
    model: str
    size: str
    """The size that is asked of the vendor, which may differ from the one asked for."""
    price_sheet: str
    price_since: str
    """ISO date: since when the price holds."""
    multiplier_ppm: int
    """Scales every price of the sheet, in parts per million; 1,000,000 leaves them as they are."""
    expected: Money
    max: Money
    lines: tuple[PriceLine, ...]
    lines_max: tuple[PriceLine, ...]
    warnings: tuple[Warning, ...]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            deployment=said["deployment"],
            provider=said["provider"],
            model=said["model"],
            size=said["size"],
            price_sheet=said["price_sheet"],
            price_since=said["price_since"],
            multiplier_ppm=said["multiplier_ppm"],
            expected=Money.of(said["expected"]),
            max=Money.of(said["max"]),
            lines=tuple(PriceLine.of(one) for one in said["expected"]["lines"]),
            lines_max=tuple(PriceLine.of(one) for one in said["max"]["lines"]),
            warnings=tuple(Warning.of(one) for one in said["warnings"]),
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """``expected`` is the price at the first of ``offers``, ``max`` the most at any of them."""

    model: str
    operation: str
    expected: Money
    max: Money
    saved: Money
    """How much more ``expected`` would be without ``service_tier="economy"``."""
    cheapest: str
    """The deployment with the lowest expected price."""
    price_sheets: tuple[str, ...]
    notes: tuple[str, ...]
    """Why the expected price is not the exact one."""
    offers: tuple[Offer, ...]
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server tells, tokens included."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            model=said["model"],
            operation=said["operation"],
            expected=Money.of(said["expected"]),
            max=Money.of(said["max"]),
            saved=Money.of(said.get("saved") or {"nanos": 0}),
            cheapest=said["cheapest"],
            price_sheets=tuple(said["price_sheets"]),
            notes=tuple(said["notes"]),
            offers=tuple(Offer.of(one) for one in said["deployments"]),
            raw=said,
        )


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file in a form. ``name`` is its path, or "" for bytes."""

    field: str
    name: str
    byte_size: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The request that a call would send: JSON, or a form when there are ``files``."""

    method: str
    url: str
    fields: Mapping[str, Any]
    files: tuple[SentFile, ...] = ()
