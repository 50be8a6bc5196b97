"""Exact money: the quote before the call, the hold, the charge after it, and the statement.

Amounts are whole nano-dollars (:mod:`darkroom.core.money`).
"""

from darkroom.ledger.quote import Estimate, Terms, estimate, price_on

__all__ = ["Estimate", "Terms", "estimate", "price_on"]
