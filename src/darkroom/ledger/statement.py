"""What the ledger says: balances, usage, statements, the charge of a job, and the drift report.

Everything here only reads. Amounts are exact nano-dollars, and parts add up to their total;
:func:`shown` keeps that true when they are rounded for display.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from darkroom.core.errors import InvalidRequest
from darkroom.core.money import NANOS_PER_DOLLAR, half_up
from darkroom.core.price import Line
from darkroom.db import Tx
from darkroom.ledger import records
from darkroom.ledger.shapes import Budget, Period

GROUPS = records.GROUPS
"""What usage can be grouped by: account, key, model, provider, deployment, day."""


@dataclass(frozen=True, slots=True)
class Balance:
    """``available_nanos`` is what a next hold may take; None: a postpaid account has no limit."""

    posted_nanos: int
    held_nanos: int
    floor_nanos: int | None
    budget: Budget

    @property
    def available_nanos(self) -> int | None:
        if self.floor_nanos is None:
            return None
        return self.posted_nanos - self.held_nanos - self.floor_nanos


@dataclass(frozen=True, slots=True)
class JobMoney:
    """The money of one job: ``state`` is held, captured or released."""

    state: str
    held_nanos: int
    captured_nanos: int
    refunded_nanos: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """``groups`` in the order that was asked for; a day is an ISO date, UTC."""

    groups: tuple[str, ...]
    jobs: int
    """That were charged for."""
    charged_nanos: int
    images: int = 0
    """That those jobs made; of jobs of earlier versions this is not known, and they count none."""
    failed: int = 0
    """Jobs that came to nothing, and were charged nothing. Canceled ones are not among them."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is counted is the sum of the rows."""

    by: tuple[str, ...]
    rows: tuple[UsageRow, ...]
    jobs: int
    charged_nanos: int
    images: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One booking: charges are negative, top-ups and refunds positive."""

    transfer_id: str
    at_ms: int
    kind: str
    amount_nanos: int
    balance_nanos: int
    job_id: str | None
    attempt: int | None
    key_id: str | None
    model: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """``opening_nanos`` and the rows' amounts add up to ``closing_nanos``."""

    opening_nanos: int
    rows: tuple[StatementRow, ...]
    closing_nanos: int


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Like :class:`Statement`, for the rows of one page, newest first. ``more``: the id of the
    last row when older ones follow."""

    opening_nanos: int
    rows: tuple[StatementRow, ...]
    closing_nanos: int
    more: str | None = None


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One model at one deployment: what was quoted, what its usage came to, what was charged.

    ``over_nanos`` is by how much usage exceeded holds, in ``jobs_over`` jobs; ``absorbed_nanos``
    the part of it that nobody paid. ``cost_nanos`` is what we reckon to owe the vendor (None:
    not known), ``invoiced_nanos`` what the vendor says, for all models of the deployment.
    """

    deployment: str
    model: str
    jobs: int
    expected_nanos: int
    held_nanos: int
    asked_nanos: int
    captured_nanos: int
    over_nanos: int
    jobs_over: int
    cost_nanos: int | None
    invoiced_nanos: int | None

    @property
    def absorbed_nanos(self) -> int:
        return self.asked_nanos - self.captured_nanos

    @property
    def drift_nanos(self) -> int:
        """By how much usage came to more (or less, negative) than the quotes expected."""
        return self.asked_nanos - self.expected_nanos


def balance(tx: Tx, account_id: str, at_ms: int) -> Balance:
    """An account that nothing happened to has a balance of zero."""
    found = records.account(tx, account_id, at_ms)
    if found is None:
        return Balance(0, 0, None, Budget())
    return Balance(found.posted_nanos, found.held_nanos, found.floor_nanos, found.budget)


def key_budget(tx: Tx, key_id: str, at_ms: int) -> Budget:
    """The key's limits, and what counts against them at that time."""
    return records.key_budget(tx, key_id, at_ms) or Budget()


def job_money(tx: Tx, job_id: str) -> JobMoney | None:
    """None for a job that never had a hold."""
    found = records.hold_of(tx, job_id)
    if found is None:
        return None
    return JobMoney(
        found.state,
        found.amount_nanos,
        found.captured_nanos,
        found.refunded_nanos,
        records.lines_of(tx, job_id),
    )


def usage(
    tx: Tx, by: Sequence[str], period: Period | None = None, account_id: str | None = None
) -> Usage:
    """Charges less refunds, by the time of the charge. ``account_id`` None: of all accounts.

    Raises :class:`ValueError` for a group that is not one of :data:`GROUPS`.
    """
    if unknown := [name for name in by if name not in GROUPS]:
        raise ValueError(f"usage cannot be grouped by {unknown[0]!r}: {', '.join(GROUPS)} can be")
    found = records.usage(tx, by, period or Period(), account_id)
    rows = sorted(
        (
            UsageRow(
                tuple(_shown_group(name, row[i]) for i, name in enumerate(by)),
                int(row.jobs or 0),
                int(row.charged or 0),
                int(row.images or 0),
                int(row.failed or 0),
            )
            for row in found
            if row.jobs or row.failed
        ),
        key=lambda row: row.groups,
    )
    return Usage(
        tuple(by),
        tuple(rows),
        sum(row.jobs for row in rows),
        sum(row.charged_nanos for row in rows),
        sum(row.images for row in rows),
        sum(row.failed for row in rows),
    )


def statement(
    tx: Tx, account_id: str, period: Period | None = None, rows_max: int | None = None
) -> Statement:
    """The account's bookings, oldest first, with the balance after each.

    Raises :class:`InvalidRequest` when there are more than ``rows_max`` in the period.
    """
    period = period or Period()
    if rows_max is not None and records.count_entries(tx, account_id, period) > rows_max:
        raise InvalidRequest(f"More than {rows_max} bookings: name a shorter period.", param="from")
    opening = records.balance_before(tx, account_id, period.since_ms)
    rows: list[StatementRow] = []
    running = opening
    for entry in records.entries(tx, account_id, period):
        running += entry.amount_nanos
        rows.append(_booked(entry, running))
    return Statement(opening, tuple(rows), running)


def statement_page(
    tx: Tx, account_id: str, period: Period, limit: int, before: str | None = None
) -> StatementPage:
    """At most ``limit`` bookings, newest first: those older than the booking ``before``.

    Raises :class:`InvalidRequest` when the account has no such booking.
    """
    mark: tuple[int, str] | None = None
    if before is not None:
        at_ms = records.entry_at(tx, account_id, before)
        if at_ms is None:
            raise InvalidRequest("'cursor' is the 'next_cursor' of a page.", param="cursor")
        mark = at_ms, before
    found = records.entries_before(tx, account_id, period, mark, limit + 1)
    shown_entries = found[:limit]
    if not shown_entries:
        balance = records.balance_before(tx, account_id, period.since_ms)
        return StatementPage(balance, (), balance)
    newest = shown_entries[0]
    closing = running = records.balance_after(tx, account_id, newest.at_ms, newest.transfer_id)
    rows: list[StatementRow] = []
    for entry in shown_entries:
        rows.append(_booked(entry, running))
        running -= entry.amount_nanos
    more = rows[-1].transfer_id if len(found) > limit else None
    return StatementPage(running, tuple(rows), closing, more)


def drift(
    tx: Tx,
    period: Period | None = None,
    account_id: str | None = None,
    invoices: Mapping[str, int] | None = None,
) -> tuple[DriftRow, ...]:
    """Quotes against captures by deployment and model; ``invoices`` adds the vendors' totals."""
    rows = (
        DriftRow(
            row.deployment or "",
            row.model or "",
            row.jobs,
            int(row.expected),
            int(row.held),
            int(row.asked),
            int(row.captured),
            int(row.over),
            int(row.jobs_over),
            None if row.cost is None else int(row.cost),
            (invoices or {}).get(row.deployment or ""),
        )
        for row in records.drift(tx, period or Period(), account_id)
    )
    return tuple(sorted(rows, key=lambda row: (row.deployment, row.model)))


def shown(amounts: Sequence[int], per_dollar: int) -> tuple[list[int], int]:
    """Amounts and their total as whole display units, so that the shown parts add up.

    ``per_dollar`` is how many units a dollar has: 10**4 for dollars with four decimals,
    68 * 10**5 for credits with five. The total is rounded half up; of the parts, those with the
    largest remainders are rounded up, the rest down: each is within one unit of its exact value.
    """
    total = half_up(sum(amounts) * per_dollar, NANOS_PER_DOLLAR)
    parts = [divmod(amount * per_dollar, NANOS_PER_DOLLAR) for amount in amounts]
    units = [whole for whole, _ in parts]
    largest = sorted(range(len(parts)), key=lambda i: -parts[i][1])
    for i in largest[: total - sum(units)]:
        units[i] += 1
    return units, total


def _booked(entry: Any, balance_nanos: int) -> StatementRow:
    return StatementRow(
        entry.transfer_id,
        entry.at_ms,
        entry.kind,
        entry.amount_nanos,
        balance_nanos,
        entry.job_id,
        entry.attempt,
        entry.key_id,
        entry.model,
        entry.note,
    )


def _shown_group(name: str, value: str | int | None) -> str:
    if value is None:
        return ""
    if name == "day":
        return datetime.fromtimestamp(int(value) * 86_400, UTC).date().isoformat()
    return str(value)
