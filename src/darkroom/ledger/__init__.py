"""Exact money: the quote before the call, the hold, the charge after it, and the statement.

Amounts are whole nano-dollars (:mod:`darkroom.core.money`).
"""

from darkroom.ledger.book import (
    capture,
    hold,
    limit_account,
    limit_key,
    open_account,
    open_holds,
    refund,
    release,
    top_up,
)
from darkroom.ledger.quote import Estimate, Terms, estimate, price_on
from darkroom.ledger.shapes import Budget, Capture, Hold, Limits, Period, Refund, TopUp, Used
from darkroom.ledger.statement import (
    Balance,
    DriftRow,
    JobMoney,
    Statement,
    Usage,
    balance,
    drift,
    job_money,
    key_budget,
    shown,
    statement,
    usage,
)

__all__ = [
    "Balance",
    "Budget",
    "Capture",
    "DriftRow",
    "Estimate",
    "Hold",
    "JobMoney",
    "Limits",
    "Period",
    "Refund",
    "Statement",
    "Terms",
    "TopUp",
    "Usage",
    "Used",
    "balance",
    "capture",
    "drift",
    "estimate",
    "hold",
    "job_money",
    "key_budget",
    "limit_account",
    "limit_key",
    "open_account",
    "open_holds",
    "price_on",
    "refund",
    "release",
    "shown",
    "statement",
    "top_up",
    "usage",
]
