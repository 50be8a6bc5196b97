"""The check of the books finds each thing that can be wrong, and nothing in sound ones."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, update

from darkroom import ledger
from darkroom.db import Tx, open_database
from darkroom.db.tables import ledger_accounts, ledger_entries, ledger_holds, ledger_keys

AT_MS = 1_790_000_000_000


def fill(tx: Tx) -> None:
    """Paid in, charged, refunded in part, released, and still held."""
    ledger.open_account(tx, "account", 0)
    ledger.top_up(tx, ledger.TopUp("account", 1_000, AT_MS, "", None))
    for job in ("charged", "released", "held"):
        ledger.hold(tx, ledger.Hold("account", "key", job, 100, AT_MS, 100))
    ledger.release(tx, "released", "failed", AT_MS)


def spoil_balance(tx: Tx) -> None:
    tx.execute(update(ledger_accounts).values(posted_nanos=ledger_accounts.c.posted_nanos + 1))


def spoil_held(tx: Tx) -> None:
    tx.execute(update(ledger_accounts).values(held_nanos=ledger_accounts.c.held_nanos + 1))


def spoil_transfer(tx: Tx) -> None:
    row: dict[str, Any] = {
        "transfer_id": "odd",
        "account": "elsewhere",
        "amount_nanos": 7,
        "kind": "top_up",
        "at_ms": AT_MS,
    }
    tx.execute(insert(ledger_entries), row)


def spoil_hold(tx: Tx) -> None:
    held = update(ledger_holds).where(ledger_holds.c.job_id == "held")
    tx.execute(held.values(resolved_at_ms=AT_MS))


def spoil_capture(tx: Tx) -> None:
    held = update(ledger_holds).where(ledger_holds.c.job_id == "charged")
    values = {"state": "captured", "captured_nanos": 50, "asked_nanos": 50}
    tx.execute(held.values(**values, resolved_at_ms=AT_MS))


def spoil_budget(tx: Tx) -> None:
    tx.execute(update(ledger_keys).values(total_used_nanos=1))


FAULTS = (
    (spoil_balance, "account 'account': its balance is 1001, its entries sum to 1000"),
    (spoil_held, "account 'account': 201 are held, its open holds sum to 200"),
    (spoil_transfer, "transfer 'odd': its two entries sum to 7 nano-dollars, not to 0"),
    (spoil_hold, "job 'held': its hold is held, and its other fields say otherwise"),
    (spoil_capture, "job 'charged': capture of 50, and 0 are booked"),
    (spoil_capture, "job 'charged': 50 are charged, its lines sum to 0"),
    (spoil_capture, "the revenue is 0, and charges less refunds are 50"),
    (spoil_budget, "key 'key': its budget counts 1, its jobs took 200"),
)


class Undone(Exception):
    """Ends a transaction, so that the next one finds sound books again."""


async def test_each_fault_is_named(database_url: str) -> None:
    database = await open_database(database_url)
    found: list[list[str]] = []
    try:
        await database.write(fill)
        for spoil, _ in FAULTS:

            def work(tx: Tx, spoil: Callable[[Tx], None] = spoil) -> None:
                assert ledger.faults(tx) == []
                spoil(tx)
                found.append(ledger.faults(tx))
                raise Undone

            with pytest.raises(Undone):
                await database.write(work)
    finally:
        await database.close()
    for (_, expected), said in zip(FAULTS, found, strict=True):
        assert expected in said
