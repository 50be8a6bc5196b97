"""The ledger's tables: each statement that moves or reads money stands here.

A window is the whole life (``total``), a UTC day or a UTC month. What a hold took from a window
is given back to that window only, and only while it is the current one. So a hold by a clock that
is behind, just after midnight, may stay counted for the day: budgets err towards refusing.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from darkroom.core.price import Line
from darkroom.db import Tx
from darkroom.db.tables import (
    ledger_accounts,
    ledger_entries,
    ledger_holds,
    ledger_keys,
    ledger_lines,
)
from darkroom.ledger.shapes import (
    Account,
    Asked,
    Budget,
    Capture,
    Held,
    Hold,
    Limits,
    Period,
    Resolved,
    Transfer,
    Used,
)

HELD = "held"
CAPTURED = "captured"
RELEASED = "released"

_DAY_MS = 86_400_000


def _big(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _int(name: str) -> Any:
    return bindparam(name, type_=Integer)


def _text(name: str) -> Any:
    return bindparam(name, type_=Text)


def _in_window(table: Table, window: str) -> ColumnElement[int]:
    """What was used in the window of the parameter ``in_<window>``.

    A clock that is a little behind counts into the window that another one has opened.
    """
    return case((table.c[window] >= _int(f"in_{window}"), table.c[f"{window}_used_nanos"]), else_=0)


def _within(limit: ColumnElement[Any], used: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(limit.is_(None), used <= limit)


def _take(table: Table, owner: ColumnElement[bool], *more: ColumnElement[bool]) -> Update:
    """Count ``amount`` against the three budgets of a row, or match nothing."""
    counted = _count(table, owner, *more)
    total = table.c.total_used_nanos + _big("amount")
    day = _in_window(table, "day") + _big("amount")
    month = _in_window(table, "month") + _big("amount")
    return counted.where(
        _within(table.c.total_limit_nanos, total),
        _within(table.c.day_limit_nanos, day),
        _within(table.c.month_limit_nanos, month),
    )


def _count(table: Table, *matching: ColumnElement[bool]) -> Update:
    """Count ``amount``, whatever the limits; the row's windows move on to now."""
    return (
        update(table)
        .where(*matching)
        .values(
            total_used_nanos=table.c.total_used_nanos + _big("amount"),
            day_used_nanos=_in_window(table, "day") + _big("amount"),
            day=_latest(table.c.day, _int("in_day")),
            month_used_nanos=_in_window(table, "month") + _big("amount"),
            month=_latest(table.c.month, _int("in_month")),
        )
    )


def _latest(column: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((column > other, column), else_=other)


def _give_back(table: Table, owner: ColumnElement[bool]) -> Update:
    """Uncount ``freed`` in the windows that the hold was counted in."""
    freed = _big("freed")

    def less(window: str) -> ColumnElement[int]:
        used = table.c[f"{window}_used_nanos"]
        return case((table.c[window] == _int(f"in_{window}"), used - freed), else_=used)

    return (
        update(table)
        .where(owner)
        .values(
            total_used_nanos=table.c.total_used_nanos - freed,
            day_used_nanos=less("day"),
            month_used_nanos=less("month"),
        )
    )


def _unless_there(table: Table, row: dict[str, Any], *key: ColumnElement[bool]) -> Any:
    """An INSERT that does nothing when the row exists. (At a tie in PostgreSQL the transaction
    is run again and then finds it.)"""
    row_unless_there = select(*row.values()).where(~exists().where(*key))
    insertion = insert(table).from_select(list(row), row_unless_there)
    # without the option an INSERT's count of rows is -1 in PostgreSQL
    return insertion.execution_options(preserve_rowcount=True)


_ZERO = literal_column("0", BigInteger)
_NO_BUDGET = dict.fromkeys(
    ("total_used_nanos", "day_used_nanos", "day", "month_used_nanos", "month"), _ZERO
)
_A = ledger_accounts.c
_H = ledger_holds.c
_E = ledger_entries.c
_THE_ACCOUNT = _A.account_id == _text("of_account")
_THE_KEY = ledger_keys.c.key_id == _text("of_key")
_THE_JOB = _H.job_id == _text("of_job")

_OPEN_ACCOUNT = _unless_there(
    ledger_accounts,
    {"account_id": _text("of_account"), "posted_nanos": _ZERO, "held_nanos": _ZERO, **_NO_BUDGET},
    _THE_ACCOUNT,
)
_OPEN_KEY = _unless_there(ledger_keys, {"key_id": _text("of_key"), **_NO_BUDGET}, _THE_KEY)
_INSERT_HOLD = _unless_there(
    ledger_holds,
    {
        "job_id": _text("of_job"),
        "account_id": _text("of_account"),
        "key_id": _text("of_key"),
        "state": literal_column(f"'{HELD}'"),
        "expected_nanos": _big("expected"),
        "amount_nanos": _big("amount"),
        "asked_nanos": _ZERO,
        "captured_nanos": _ZERO,
        "refunded_nanos": _ZERO,
        "held_at_ms": _big("now_ms"),
    },
    _THE_JOB,
)
_TAKE_ACCOUNT = _take(
    ledger_accounts,
    _THE_ACCOUNT,
    or_(
        _A.floor_nanos.is_(None), _A.posted_nanos - _A.held_nanos - _big("amount") >= _A.floor_nanos
    ),
).values(held_nanos=_A.held_nanos + _big("amount"))
_TAKE_KEY = _take(ledger_keys, _THE_KEY)
_POST_ACCOUNT = _give_back(ledger_accounts, _THE_ACCOUNT).values(
    posted_nanos=_A.posted_nanos + _big("posted"), held_nanos=_A.held_nanos - _big("unheld")
)
_POST_KEY = _give_back(ledger_keys, _THE_KEY)
_COUNT_ACCOUNT = _count(ledger_accounts, _THE_ACCOUNT)
_COUNT_KEY = _count(ledger_keys, _THE_KEY)

_RESOLVED = (
    _H.account_id,
    _H.key_id,
    _H.amount_nanos,
    _H.held_at_ms,
    _H.attempt,
    _H.refunded_nanos,
)
_CAPTURE = (
    update(ledger_holds)
    .where(_THE_JOB, _H.state == HELD)
    .values(
        state=CAPTURED,
        asked_nanos=_big("asked"),
        captured_nanos=case(
            (_big("asked") < _H.amount_nanos, _big("asked")), else_=_H.amount_nanos
        ),
        cost_nanos=_big("cost"),
        resolved_at_ms=_big("now_ms"),
        attempt=_int("by_attempt"),
        model=_text("of_model"),
        provider=_text("of_provider"),
        deployment=_text("of_deployment"),
        images=_int("of_images"),
    )
    .returning(*_RESOLVED)
)
_CAPTURE_MORE = (
    update(ledger_holds)
    .where(_THE_JOB, _H.state == CAPTURED)
    .values(captured_nanos=_H.captured_nanos + _big("excess"))
)
_RELEASE = (
    update(ledger_holds)
    .where(_THE_JOB, _H.state == HELD)
    .values(
        state=RELEASED,
        resolved_at_ms=_big("now_ms"),
        reason=_text("why"),
        model=_text("of_model"),
        provider=_text("of_provider"),
        deployment=_text("of_deployment"),
    )
    .returning(*_RESOLVED)
)
_REFUND = (
    update(ledger_holds)
    .where(_THE_JOB, _H.state == CAPTURED, _H.refunded_nanos + _big("amount") <= _H.captured_nanos)
    .values(refunded_nanos=_H.refunded_nanos + _big("amount"))
    .returning(*_RESOLVED)
)
_HOLD = select(ledger_holds).where(_THE_JOB)
_OPEN_HOLDS = (
    select(_H.job_id)
    .where(_H.state == literal_column(f"'{HELD}'"), _H.held_at_ms < _big("before_ms"))
    .order_by(_H.held_at_ms)
)
_HELD = select(func.count().label("number"), func.sum(_H.amount_nanos).label("nanos")).where(
    _H.state == literal_column(f"'{HELD}'")
)
_INSERT_ENTRY = insert(ledger_entries)
_INSERT_LINE = insert(ledger_lines)
_TRANSFER = select(_E.account, _E.amount_nanos).where(_E.transfer_id == _text("of_transfer"))
_LINES = (
    select(ledger_lines)
    .where(ledger_lines.c.job_id == _text("of_job"))
    .order_by(ledger_lines.c.position)
)
_ENTRIES = select(ledger_entries, _H.key_id, _H.model, _H.provider, _H.deployment).join(
    ledger_holds, _H.job_id == _E.job_id, isouter=True
)
_NEWEST_FIRST = (_E.at_ms.desc(), _E.transfer_id.desc())
_ACCOUNT = select(ledger_accounts).where(_THE_ACCOUNT)
_ACCOUNT_LOCKED = _ACCOUNT.with_for_update()
_KEY = select(ledger_keys).where(_THE_KEY)
_KEY_LOCKED = _KEY.with_for_update()
_FLOOR = (
    update(ledger_accounts)
    .where(
        _THE_ACCOUNT,
        or_(_big("floor").is_(None), _A.posted_nanos - _A.held_nanos >= _big("floor")),
    )
    .values(floor_nanos=_big("floor"))
)


def windows(at_ms: int) -> tuple[int, int]:
    """The UTC day and month of a time, as numbers that grow."""
    day = at_ms // _DAY_MS
    date = datetime.fromtimestamp(at_ms // 1000, UTC)
    return day, date.year * 12 + date.month - 1


def _windows(at_ms: int) -> dict[str, int]:
    day, month = windows(at_ms)
    return {"in_day": day, "in_month": month}


def open_account(tx: Tx, account_id: str) -> None:
    """A postpaid account with nothing in it; an existing one is left as it is."""
    tx.execute(_OPEN_ACCOUNT, {"of_account": account_id})


def open_key(tx: Tx, key_id: str) -> None:
    tx.execute(_OPEN_KEY, {"of_key": key_id})


def account(tx: Tx, account_id: str, at_ms: int, *, lock: bool = False) -> Account | None:
    """``lock`` keeps it as it is until the transaction ends."""
    query = _ACCOUNT_LOCKED if lock else _ACCOUNT
    row = tx.execute(query, {"of_account": account_id}).first()
    if row is None:
        return None
    return Account(row.posted_nanos, row.held_nanos, row.floor_nanos, _budget(row, at_ms))


def key_budget(tx: Tx, key_id: str, at_ms: int, *, lock: bool = False) -> Budget | None:
    row = tx.execute(_KEY_LOCKED if lock else _KEY, {"of_key": key_id}).first()
    return None if row is None else _budget(row, at_ms)


def set_floor(tx: Tx, account_id: str, floor_nanos: int | None) -> bool:
    """False, and nothing changed, when the balance is below it already."""
    return bool(tx.execute(_FLOOR, {"of_account": account_id, "floor": floor_nanos}).rowcount)


def set_account_limits(tx: Tx, account_id: str, limits: Limits) -> None:
    tx.execute(update(ledger_accounts).where(_A.account_id == account_id).values(_limits(limits)))


def set_key_limits(tx: Tx, key_id: str, limits: Limits) -> None:
    change = update(ledger_keys).where(ledger_keys.c.key_id == key_id)
    tx.execute(change.values(_limits(limits)))


def add_hold(tx: Tx, hold: Hold) -> bool:
    """False when the job has one already."""
    values = {
        "of_job": hold.job_id,
        "of_account": hold.account_id,
        "of_key": hold.key_id,
        "expected": hold.expected_nanos,
        "amount": hold.amount_nanos,
        "now_ms": hold.at_ms,
    }
    return bool(tx.execute(_INSERT_HOLD, values).rowcount)


def take_from_account(tx: Tx, hold: Hold) -> bool:
    """False when there is no such account, or its balance or a budget does not allow it."""
    values = {"of_account": hold.account_id, "amount": hold.amount_nanos, **_windows(hold.at_ms)}
    return bool(tx.execute(_TAKE_ACCOUNT, values).rowcount)


def take_from_key(tx: Tx, hold: Hold) -> bool:
    values = {"of_key": hold.key_id, "amount": hold.amount_nanos, **_windows(hold.at_ms)}
    return bool(tx.execute(_TAKE_KEY, values).rowcount)


def post(tx: Tx, of: Resolved, *, posted: int = 0, unheld: int = 0, freed: int = 0) -> None:
    """Change the balance by ``posted``, end ``unheld`` of the holds, uncount ``freed``."""
    values = {"freed": freed, **_windows(of.at_ms)}
    tx.execute(
        _POST_ACCOUNT, {"of_account": of.account_id, "posted": posted, "unheld": unheld, **values}
    )
    if freed:
        tx.execute(_POST_KEY, {"of_key": of.key_id, **values})


def enter_windows(tx: Tx, of: Resolved) -> None:
    """Begin the hold's day and month: a hold of nothing has not, and opened no rows either."""
    open_account(tx, of.account_id)
    open_key(tx, of.key_id)
    values = {"amount": 0, **_windows(of.at_ms)}
    tx.execute(_COUNT_ACCOUNT, {"of_account": of.account_id, **values})
    tx.execute(_COUNT_KEY, {"of_key": of.key_id, **values})


def credit_account(tx: Tx, account_id: str, amount_nanos: int) -> None:
    nothing = {"unheld": 0, "freed": 0, "in_day": 0, "in_month": 0}
    tx.execute(_POST_ACCOUNT, {"of_account": account_id, "posted": amount_nanos, **nothing})


def capture_hold(tx: Tx, capture: Capture, asked_nanos: int) -> Resolved | None:
    """Mark the hold captured for at most its amount. None when it is resolved, or was never."""
    values = {
        "of_job": capture.job_id,
        "asked": asked_nanos,
        "cost": capture.cost_nanos,
        "now_ms": capture.at_ms,
        "by_attempt": capture.attempt,
        "of_model": capture.model,
        "of_provider": capture.provider,
        "of_deployment": capture.deployment,
        "of_images": capture.images,
    }
    return _resolved(capture.job_id, tx.execute(_CAPTURE, values).first())


def capture_more(tx: Tx, job_id: str, excess_nanos: int) -> None:
    tx.execute(_CAPTURE_MORE, {"of_job": job_id, "excess": excess_nanos})


def release_hold(tx: Tx, job_id: str, reason: str, at_ms: int, asked: Asked) -> Resolved | None:
    values = {
        "of_job": job_id,
        "why": reason,
        "now_ms": at_ms,
        "of_model": asked.model,
        "of_provider": asked.provider,
        "of_deployment": asked.deployment,
    }
    return _resolved(job_id, tx.execute(_RELEASE, values).first())


def refund_hold(tx: Tx, job_id: str, amount_nanos: int) -> Resolved | None:
    """None when that is more than was captured and not yet refunded."""
    values = {"of_job": job_id, "amount": amount_nanos}
    return _resolved(job_id, tx.execute(_REFUND, values).first())


def hold_of(tx: Tx, job_id: str) -> Row[Any] | None:
    return tx.execute(_HOLD, {"of_job": job_id}).first()


def open_holds(tx: Tx, before_ms: int) -> list[str]:
    """The jobs whose holds are older than that and unresolved, oldest first."""
    return list(tx.execute(_OPEN_HOLDS, {"before_ms": before_ms}).scalars())


def held(tx: Tx) -> Held:
    """All holds that are open, of all accounts."""
    row = tx.execute(_HELD).one()
    return Held(row.number, int(row.nanos or 0))


def add_transfer(tx: Tx, transfer: Transfer) -> None:
    """Two entries that sum to zero."""
    shared = {
        "transfer_id": transfer.id,
        "kind": transfer.kind,
        "job_id": transfer.job_id,
        "attempt": transfer.attempt,
        "note": transfer.note,
        "at_ms": transfer.at_ms,
    }
    tx.execute(
        _INSERT_ENTRY,
        [
            {**shared, "account": transfer.payer, "amount_nanos": -transfer.amount_nanos},
            {**shared, "account": transfer.payee, "amount_nanos": transfer.amount_nanos},
        ],
    )


def transfer_of(tx: Tx, transfer_id: str) -> dict[str, int]:
    """The amount of each account in that transfer; empty when there is none."""
    rows = tx.execute(_TRANSFER, {"of_transfer": transfer_id})
    return {row.account: row.amount_nanos for row in rows}


def add_lines(tx: Tx, job_id: str, lines: Iterable[Line]) -> None:
    rows = [
        {
            "job_id": job_id,
            "position": position,
            "category": line.category,
            "quantity": line.quantity,
            "unit_nanos": line.unit_nanos,
            "amount_nanos": line.amount_nanos,
        }
        for position, line in enumerate(lines)
    ]
    if rows:
        tx.execute(_INSERT_LINE, rows)


def lines_of(tx: Tx, job_id: str) -> tuple[Line, ...]:
    return tuple(
        Line(row.category, row.quantity, row.unit_nanos, row.amount_nanos)
        for row in tx.execute(_LINES, {"of_job": job_id})
    )


def balance_before(tx: Tx, name: str, at_ms: int) -> int:
    """The sum of an account's entries before that time."""
    query = select(func.sum(_E.amount_nanos)).where(_E.account == name, _E.at_ms < at_ms)
    return int(tx.execute(query).scalar() or 0)


def count_entries(tx: Tx, account_id: str, period: Period) -> int:
    query = select(func.count()).where(_of_account(account_id, period))
    return int(tx.execute(query).scalar() or 0)


def entries(tx: Tx, account_id: str, period: Period) -> Sequence[Row[Any]]:
    """Oldest first, each with its job's key and model."""
    found = _ENTRIES.where(_of_account(account_id, period))
    return tx.execute(found.order_by(_E.at_ms, _E.transfer_id)).all()


def entry_at(tx: Tx, account_id: str, transfer_id: str) -> int | None:
    """When that booking of the account was made."""
    query = select(_E.at_ms).where(_E.account == account_id, _E.transfer_id == transfer_id)
    return tx.execute(query).scalar()


def entries_before(
    tx: Tx, account_id: str, period: Period, before: tuple[int, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Newest first, those older than ``before`` (time and transfer), with their jobs' facts."""
    matching = _of_account(account_id, period)
    if before is not None:
        matching = and_(matching, _older(*before))
    return tx.execute(_ENTRIES.where(matching).order_by(*_NEWEST_FIRST).limit(limit)).all()


def balance_after(tx: Tx, account_id: str, at_ms: int, transfer_id: str) -> int:
    """The sum of an account's entries up to and with that one."""
    until = or_(_older(at_ms, transfer_id), _E.transfer_id == transfer_id)
    query = select(func.sum(_E.amount_nanos)).where(_E.account == account_id, until)
    return int(tx.execute(query).scalar() or 0)


def _older(at_ms: int, transfer_id: str) -> ColumnElement[bool]:
    return and_(_E.at_ms <= at_ms, or_(_E.at_ms < at_ms, _E.transfer_id < transfer_id))


def _of_account(account_id: str, period: Period) -> ColumnElement[bool]:
    return and_(_E.account == account_id, _E.at_ms >= period.since_ms, _E.at_ms < period.until_ms)


_GROUPS: dict[str, ColumnElement[Any]] = {
    "account": _H.account_id,
    "key": _H.key_id,
    "model": _H.model,
    "provider": _H.provider,
    "deployment": _H.deployment,
    # written out: PostgreSQL takes two parameters for two different expressions
    "day": _H.resolved_at_ms // literal_column(str(_DAY_MS), BigInteger),
}
GROUPS = tuple(_GROUPS)
_CANCELED = "job_canceled"
"""Why a hold was released for a job that did not fail."""


def usage(tx: Tx, by: Sequence[str], period: Period, account_id: str | None) -> Sequence[Row[Any]]:
    """Resolved holds by the named groups: ``jobs`` and ``images`` that were charged for,
    ``charged`` (less refunds), and how many ``failed``."""
    groups = [_GROUPS[name].label(f"by_{name}") for name in by]
    failed = and_(_H.state == RELEASED, _H.reason != _CANCELED)
    query = select(
        *groups,
        func.sum(case((_H.state == CAPTURED, 1), else_=0)).label("jobs"),
        func.sum(_H.captured_nanos - _H.refunded_nanos).label("charged"),
        func.sum(func.coalesce(_H.images, 0)).label("images"),
        func.sum(case((failed, 1), else_=0)).label("failed"),
    )
    return _resolved_in(tx, query, groups, period, account_id, _H.state != HELD)


def drift(tx: Tx, period: Period, account_id: str | None) -> Sequence[Row[Any]]:
    """Captured holds by deployment and model: what was expected, held, asked for and charged."""
    groups = [_H.deployment, _H.model]
    over = case((_H.asked_nanos > _H.amount_nanos, _H.asked_nanos - _H.amount_nanos), else_=0)
    query = select(
        *groups,
        func.count().label("jobs"),
        func.sum(_H.expected_nanos).label("expected"),
        func.sum(_H.amount_nanos).label("held"),
        func.sum(_H.asked_nanos).label("asked"),
        func.sum(_H.captured_nanos).label("captured"),
        func.sum(_H.cost_nanos).label("cost"),
        func.sum(over).label("over"),
        func.sum(case((_H.asked_nanos > _H.amount_nanos, 1), else_=0)).label("jobs_over"),
    )
    return _resolved_in(tx, query, groups, period, account_id, _H.state == CAPTURED)


def _resolved_in(
    tx: Tx,
    query: Select[Any],
    groups: Sequence[ColumnElement[Any]],
    period: Period,
    account_id: str | None,
    which: ColumnElement[bool],
) -> Sequence[Row[Any]]:
    matching = [
        which,
        _H.resolved_at_ms >= period.since_ms,
        _H.resolved_at_ms < period.until_ms,
    ]
    if account_id is not None:
        matching.append(_H.account_id == account_id)
    return tx.execute(query.where(and_(*matching)).group_by(*groups)).all()


def _resolved(job_id: str, row: Row[Any] | None) -> Resolved | None:
    if row is None:
        return None
    return Resolved(
        row.account_id,
        row.key_id,
        job_id,
        row.amount_nanos,
        row.held_at_ms,
        row.attempt,
        row.refunded_nanos,
    )


def _budget(row: Row[Any], at_ms: int) -> Budget:
    day, month = windows(at_ms)
    return Budget(
        Limits(row.total_limit_nanos, row.day_limit_nanos, row.month_limit_nanos),
        Used(
            row.total_used_nanos,
            row.day_used_nanos if row.day >= day else 0,
            row.month_used_nanos if row.month >= month else 0,
        ),
    )


def _limits(limits: Limits) -> dict[str, int | None]:
    return {
        "total_limit_nanos": limits.total_nanos,
        "day_limit_nanos": limits.day_nanos,
        "month_limit_nanos": limits.month_nanos,
    }
