"""Money in JSON: exact, and the same wherever it stands."""

from collections.abc import Sequence
from typing import Any

from darkroom.core.money import credits, dollars
from darkroom.core.price import Line


def shown_money(nanos: int) -> dict[str, Any]:
    """An amount: exact in nano-dollars, exact in dollars, and in credits for display."""
    return {"nanos": nanos, "usd": dollars(nanos), "credits": credits(nanos)}


def shown_lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The lines of a charge or an estimate; they add up to its total exactly."""
    return [
        {
            "category": line.category,
            "quantity": line.quantity,
            "unit_nanos": line.unit_nanos,
            **shown_money(line.amount_nanos),
        }
        for line in lines
    ]
