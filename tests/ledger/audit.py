"""Reads the raw tables and checks what must be true of any ledger at any time."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, select

from darkroom.db import Tx
from darkroom.db.tables import (
    ledger_accounts,
    ledger_entries,
    ledger_holds,
    ledger_keys,
    ledger_lines,
)
from darkroom.ledger.book import REVENUE

Rows = Sequence[Row[Any]]


def audit(tx: Tx, marked: str = "") -> None:
    """Raises AssertionError. Looks at everything whose ids contain ``marked``."""
    accounts = tx.execute(_marked(ledger_accounts, "account_id", marked)).all()
    keys = tx.execute(_marked(ledger_keys, "key_id", marked)).all()
    holds = tx.execute(_marked(ledger_holds, "job_id", marked)).all()
    entries = tx.execute(_marked(ledger_entries, "transfer_id", marked)).all()
    parts = tx.execute(_marked(ledger_lines, "job_id", marked)).all()
    _no_floats((accounts, keys, holds, entries, parts))
    _transfers_sum_to_zero(entries)
    _balances_follow_from_entries(accounts, holds, entries)
    _holds_resolve_into_entries(holds, entries, parts)
    _revenue_is_charges_less_refunds(holds, entries)
    _budgets_count_what_was_taken(accounts, keys, holds)


def _marked(table: Table, column: str, marked: str) -> Select[Any]:
    return select(table).where(table.c[column].contains(marked))


def _no_floats(tables: Sequence[Rows]) -> None:
    for rows in tables:
        for row in rows:
            for name, value in row._mapping.items():
                if name.endswith("_nanos"):
                    assert value is None or type(value) is int, (name, value)


def _transfers_sum_to_zero(entries: Rows) -> None:
    transfers: dict[str, list[int]] = {}
    for entry in entries:
        transfers.setdefault(entry.transfer_id, []).append(entry.amount_nanos)
    assert all(sum(pair) == 0 and len(pair) == 2 for pair in transfers.values())


def _balances_follow_from_entries(accounts: Rows, holds: Rows, entries: Rows) -> None:
    for account in accounts:
        mine = [entry for entry in entries if entry.account == account.account_id]
        assert account.posted_nanos == sum(entry.amount_nanos for entry in mine)
        held = [hold for hold in holds if hold.account_id == account.account_id]
        assert account.held_nanos == sum(h.amount_nanos for h in held if h.state == "held")
        if account.floor_nanos is not None:
            assert account.posted_nanos - account.held_nanos >= account.floor_nanos


def _holds_resolve_into_entries(holds: Rows, entries: Rows, parts: Rows) -> None:
    booked, charged_for = _by_job(entries), _by_job(parts)
    for hold in holds:
        mine = [e for e in booked[hold.job_id] if e.account == hold.account_id]
        charged = [-e.amount_nanos for e in mine if e.kind == "capture"]
        refunded = [e.amount_nanos for e in mine if e.kind == "refund"]
        assert charged == ([hold.captured_nanos] if hold.captured_nanos else [])
        assert sum(refunded) == hold.refunded_nanos <= hold.captured_nanos
        assert (hold.resolved_at_ms is None) == (hold.state == "held")
        assert hold.captured_nanos <= max(hold.asked_nanos, 0)
        of_job = [part.amount_nanos for part in charged_for[hold.job_id]]
        assert sum(of_job) == hold.captured_nanos
        if hold.state != "captured":
            assert of_job == []
        assert all(e.attempt == hold.attempt and e.attempt is not None for e in mine)


def _by_job(rows: Rows) -> defaultdict[str, list[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.job_id].append(row)
    return found


def _revenue_is_charges_less_refunds(holds: Rows, entries: Rows) -> None:
    revenue = sum(entry.amount_nanos for entry in entries if entry.account == REVENUE)
    assert revenue == sum(hold.captured_nanos - hold.refunded_nanos for hold in holds)


def _budgets_count_what_was_taken(accounts: Rows, keys: Rows, holds: Rows) -> None:
    for owners, name in ((accounts, "account_id"), (keys, "key_id")):
        for owner in owners:
            mine = [hold for hold in holds if getattr(hold, name) == getattr(owner, name)]
            assert owner.total_used_nanos == sum(map(_taken, mine))


def _taken(hold: Row[Any]) -> int:
    if hold.state == "held":
        return hold.amount_nanos
    return hold.captured_nanos - hold.refunded_nanos
