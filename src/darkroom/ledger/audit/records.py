"""Each rule of the ledger as a query for what breaks it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select

from darkroom.db import Tx
from darkroom.db.tables import (
    ledger_accounts,
    ledger_entries,
    ledger_holds,
    ledger_keys,
    ledger_lines,
)
from darkroom.ledger.book import REVENUE

_SHOWN_MAX = 20
"""Of one rule: the first say enough."""

_accounts, _keys, _holds = ledger_accounts.c, ledger_keys.c, ledger_holds.c
_entries, _lines = ledger_entries.c, ledger_lines.c
_kept = case(
    (_holds.state == "held", _holds.amount_nanos),
    else_=_holds.captured_nanos - _holds.refunded_nanos,
)
"""What a hold takes of the budgets now."""


def faults(tx: Tx) -> list[str]:
    """A line for everything that is wrong; none in a sound ledger."""
    return [line for rule in _RULES for line in rule(tx)]


def _transfers_sum_to_zero(tx: Tx) -> Iterable[str]:
    total = func.sum(_entries.amount_nanos)
    query = (
        select(_entries.transfer_id.label("id"), total.label("total"))
        .group_by(_entries.transfer_id)
        .having(or_(total != 0, func.count() != 2))
    )
    for row in _some(tx, query):
        yield f"transfer '{row.id}': its two entries sum to {row.total} nano-dollars, not to 0"


def _balances_follow_from_entries(tx: Tx) -> Iterable[str]:
    booked = _total(_entries.amount_nanos, _entries.account == _accounts.account_id)
    query = _compared(_accounts.account_id, _accounts.posted_nanos, booked)
    for row in _some(tx, query):
        yield f"account '{row.id}': its balance is {row.says}, its entries sum to {row.should}"


def _holds_add_up(tx: Tx) -> Iterable[str]:
    mine = and_(_holds.account_id == _accounts.account_id, _holds.state == "held")
    query = _compared(_accounts.account_id, _accounts.held_nanos, _total(_holds.amount_nanos, mine))
    for row in _some(tx, query):
        yield f"account '{row.id}': {row.says} are held, its open holds sum to {row.should}"


def _charges_are_booked(tx: Tx) -> Iterable[str]:
    """A hold's capture and its refunds, against the entries of its account."""
    for kind, said, sign in (
        ("capture", _holds.captured_nanos, -1),
        ("refund", _holds.refunded_nanos, 1),
    ):
        mine = and_(
            _entries.job_id == _holds.job_id,
            _entries.account == _holds.account_id,
            _entries.kind == kind,
        )
        booked = sign * _total(_entries.amount_nanos, mine)
        for row in _some(tx, _compared(_holds.job_id, said, booked)):
            yield f"job '{row.id}': {kind} of {row.says}, and {row.should} are booked"


def _lines_add_up(tx: Tx) -> Iterable[str]:
    lines = _total(_lines.amount_nanos, _lines.job_id == _holds.job_id)
    for row in _some(tx, _compared(_holds.job_id, _holds.captured_nanos, lines)):
        yield f"job '{row.id}': {row.says} are charged, its lines sum to {row.should}"


def _holds_are_resolved_once(tx: Tx) -> Iterable[str]:
    open_ = _holds.state == "held"
    wrong = or_(
        and_(open_, _holds.resolved_at_ms.is_not(None)),
        and_(~open_, _holds.resolved_at_ms.is_(None)),
        and_(_holds.state == "captured", _holds.captured_nanos > _holds.asked_nanos),
    )
    for row in _some(tx, select(_holds.job_id.label("id"), _holds.state).where(wrong)):
        yield f"job '{row.id}': its hold is {row.state}, and its other fields say otherwise"


def _revenue_is_charges_less_refunds(tx: Tx) -> Iterable[str]:
    booked = _sum(tx, select(func.sum(_entries.amount_nanos)).where(_entries.account == REVENUE))
    charged = _sum(tx, select(func.sum(_holds.captured_nanos - _holds.refunded_nanos)))
    if booked != charged:
        yield f"the revenue is {booked}, and charges less refunds are {charged}"


def _budgets_count_what_was_taken(tx: Tx) -> Iterable[str]:
    for what, owner, used, of in (
        ("account", _accounts.account_id, _accounts.total_used_nanos, _holds.account_id),
        ("key", _keys.key_id, _keys.total_used_nanos, _holds.key_id),
    ):
        for row in _some(tx, _compared(owner, used, _total(_kept, of == owner))):
            yield f"{what} '{row.id}': its budget counts {row.says}, its jobs took {row.should}"


def _nobody_is_beyond_the_floor(tx: Tx) -> Iterable[str]:
    available = _accounts.posted_nanos - _accounts.held_nanos
    query = select(_accounts.account_id.label("id")).where(available < _accounts.floor_nanos)
    for row in _some(tx, query):
        yield f"account '{row.id}': it has less than its floor"


_RULES: Sequence[Callable[[Tx], Iterable[str]]] = (
    _transfers_sum_to_zero,
    _balances_follow_from_entries,
    _holds_add_up,
    _holds_are_resolved_once,
    _charges_are_booked,
    _lines_add_up,
    _revenue_is_charges_less_refunds,
    _budgets_count_what_was_taken,
    _nobody_is_beyond_the_floor,
)


def _total(amount: ColumnElement[int], matching: ColumnElement[bool]) -> ColumnElement[int]:
    total = select(func.sum(amount)).where(matching).scalar_subquery()
    return func.coalesce(total, 0)


def _compared(id: ColumnElement[str], says: ColumnElement[int], should: ColumnElement[int]) -> Any:
    """Rows in which the two differ."""
    columns = (id.label("id"), says.label("says"), should.label("should"))
    return select(*columns).where(says != should)


def _some(tx: Tx, query: Any) -> Sequence[Row[Any]]:
    return tx.execute(query.limit(_SHOWN_MAX)).all()


def _sum(tx: Tx, query: Any) -> int:
    return int(tx.execute(query).scalar() or 0)
