"""The only writer of the ledger: hold, capture, release, refund, top up.

    accept   -> hold      the most that the job may cost is set aside, or the request is refused
    success  -> capture   what arrived is charged, the rest of the hold is free again
    failure  -> release   all of the hold is free again
    later    -> refund    given back after a capture

Each works inside the caller's transaction, so that money and job change together; when one
raises, the transaction has to be undone. The database decides: each change is one conditional
UPDATE, so that two requests cannot both pass a check before either writes.
"""

from darkroom.core.errors import (
    BudgetExceeded,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidRequest,
    NotFound,
)
from darkroom.core.ids import new_id
from darkroom.core.money import dollars
from darkroom.core.price import Line
from darkroom.db import Tx
from darkroom.ledger import records
from darkroom.ledger.shapes import (
    NOBODY,
    Asked,
    Budget,
    Capture,
    Held,
    Hold,
    Limits,
    Refund,
    Resolved,
    TopUp,
    Transfer,
)

CASH = "house:cash"
"""What was paid in, as a negative balance: the other side of top-ups."""
REVENUE = "house:revenue"
"""What was charged, less refunds."""

CAPTURE = "capture"
REFUND = "refund"
TOP_UP = "top_up"

ABSORBED = "absorbed"
"""The category of the line that brings a charge down to what could be captured."""

MOST_NANOS = 10**18
"""The largest single amount, a billion dollars: sums of such stay whole numbers in SQLite."""


def open_account(tx: Tx, account_id: str, floor_nanos: int | None = None) -> None:
    """Make the account prepaid down to ``floor_nanos`` (usually 0), or postpaid with None.

    An account that nobody opened is postpaid: tracked without limit. Raises
    :class:`InsufficientBalance` when the balance is below the floor already.
    """
    if floor_nanos is not None:
        _checked(floor_nanos, -MOST_NANOS)
    records.open_account(tx, account_id)
    if not records.set_floor(tx, account_id, floor_nanos):
        found = records.account(tx, account_id, 0)
        available = found.posted_nanos - found.held_nanos if found else 0
        raise InsufficientBalance(
            f"The balance of {dollars(available)} dollars is below that floor: top up first.",
            details={"required_nanos": floor_nanos, "available_nanos": available},
        )


def limit_account(tx: Tx, account_id: str, limits: Limits) -> None:
    """Set the account's budgets; what was used before counts."""
    _check_limits(limits)
    records.open_account(tx, account_id)
    records.set_account_limits(tx, account_id, limits)


def limit_key(tx: Tx, key_id: str, limits: Limits) -> None:
    """Set the key's budgets; what was used before counts."""
    _check_limits(limits)
    records.open_key(tx, key_id)
    records.set_key_limits(tx, key_id, limits)


def hold(tx: Tx, wanted: Hold) -> None:
    """Set money aside for a job. A job that has a hold keeps it: a second call does nothing.

    Raises :class:`InsufficientBalance` when a prepaid account cannot cover it, and
    :class:`BudgetExceeded` when a budget of the account or the key (total, UTC day, UTC month)
    cannot.
    """
    _checked(wanted.amount_nanos)
    _checked(wanted.expected_nanos)
    if not records.add_hold(tx, wanted) or not wanted.amount_nanos:
        return
    if not records.take_from_account(tx, wanted):
        _open_or_refuse_account(tx, wanted)
        records.take_from_account(tx, wanted)
    if not records.take_from_key(tx, wanted):
        _open_or_refuse_key(tx, wanted)
        records.take_from_key(tx, wanted)


def capture(tx: Tx, charge: Capture) -> int:
    """Charge a job for what arrived, free the rest of its hold; the nano-dollars charged.

    At most the hold, unless ``proven``: then the excess is charged as well, as far as a prepaid
    account covers it. What cannot be charged becomes a line of its own, so that a job's lines
    always add up to its charge. Only the first call counts; later ones return its amount. A job
    whose hold was released, or that never had one, is charged nothing.
    """
    for line in charge.lines:
        _checked(line.amount_nanos)
    asked = _checked(sum(line.amount_nanos for line in charge.lines))
    of = records.capture_hold(tx, charge, asked)
    if of is None:
        found = records.hold_of(tx, charge.job_id)
        return 0 if found is None else found.captured_nanos
    captured = min(asked, of.amount_nanos)
    if of.amount_nanos:
        freed = of.amount_nanos - captured
        records.post(tx, of, posted=-captured, unheld=of.amount_nanos, freed=freed)
    if charge.proven and asked > captured:
        captured += _capture_excess(tx, of, asked - captured)
    lines = tuple(charge.lines)
    if captured < asked:
        lines += (Line(ABSORBED, 1, captured - asked, captured - asked),)
    if captured:
        records.add_transfer(
            tx,
            Transfer(
                f"{CAPTURE}:{of.job_id}",
                CAPTURE,
                payer=of.account_id,
                payee=REVENUE,
                amount_nanos=captured,
                at_ms=charge.at_ms,
                job_id=of.job_id,
                attempt=charge.attempt,
            ),
        )
    records.add_lines(tx, of.job_id, lines)
    return captured


def release(tx: Tx, job_id: str, reason: str, at_ms: int, asked: Asked = NOBODY) -> int:
    """Free all of a job's hold; the nano-dollars freed, 0 when it was resolved before."""
    of = records.release_hold(tx, job_id, reason, at_ms, asked)
    if of is None:
        return 0
    if of.amount_nanos:
        records.post(tx, of, unheld=of.amount_nanos, freed=of.amount_nanos)
    return of.amount_nanos


def refund(tx: Tx, wanted: Refund) -> bool:
    """Give back; False when that reference was refunded before.

    All refunds of a job together stay within its charge, else :class:`InvalidRequest`. Budgets
    get back what the account gets back. Raises :class:`NotFound` for a job without a hold.
    """
    _checked(wanted.amount_nanos, 1)
    name = f"{REFUND}:{wanted.job_id}:{wanted.reference}"
    if wanted.reference is not None and (before := records.transfer_of(tx, name)):
        _same(before, REVENUE, -wanted.amount_nanos)
        return False
    of = records.refund_hold(tx, wanted.job_id, wanted.amount_nanos)
    if of is None:
        raise _not_refundable(tx, wanted)
    records.post(tx, of, posted=wanted.amount_nanos, freed=wanted.amount_nanos)
    if wanted.reference is None:
        # each refund raises that sum; no reference can look like it
        name = f"{REFUND}:{wanted.job_id}#{of.refunded_nanos}"
    records.add_transfer(
        tx,
        Transfer(
            name,
            REFUND,
            payer=REVENUE,
            payee=of.account_id,
            amount_nanos=wanted.amount_nanos,
            at_ms=wanted.at_ms,
            job_id=wanted.job_id,
            attempt=of.attempt,
            note=wanted.reason,
        ),
    )
    return True


def refunded_as(tx: Tx, job_id: str, reference: str) -> int | None:
    """The nano-dollars of a job's charge that were refunded under that reference."""
    booked = records.transfer_of(tx, f"{REFUND}:{job_id}:{reference}")
    return -booked[REVENUE] if booked else None


def top_up(tx: Tx, paid: TopUp) -> bool:
    """Raise an account's balance; False when that reference was booked before.

    Raises :class:`IdempotencyConflict` when it was booked with another amount or account.
    """
    _checked(paid.amount_nanos, 1)
    name = f"{TOP_UP}:{paid.reference or new_id(paid.at_ms)}"
    if paid.reference is not None and (before := records.transfer_of(tx, name)):
        _same(before, paid.account_id, paid.amount_nanos)
        return False
    records.open_account(tx, paid.account_id)
    records.credit_account(tx, paid.account_id, paid.amount_nanos)
    records.add_transfer(
        tx,
        Transfer(
            name,
            TOP_UP,
            payer=CASH,
            payee=paid.account_id,
            amount_nanos=paid.amount_nanos,
            at_ms=paid.at_ms,
            note=paid.note or None,
        ),
    )
    return True


def open_holds(tx: Tx, before_ms: int) -> list[str]:
    """The jobs with a hold from before that time and not resolved, oldest first: for recovery."""
    return records.open_holds(tx, before_ms)


def held(tx: Tx) -> Held:
    """What is set aside for jobs that have not ended, over all accounts."""
    return records.held(tx)


def _capture_excess(tx: Tx, of: Resolved, excess: int) -> int:
    """Charge beyond the hold as far as the account covers it; the nano-dollars charged."""
    if not of.amount_nanos:
        records.enter_windows(tx, of)
    found = records.account(tx, of.account_id, of.at_ms, lock=True)
    if found is not None and found.floor_nanos is not None:
        covered = found.posted_nanos - found.held_nanos - found.floor_nanos
        excess = min(excess, covered)  # the floor holds: this is not negative
    if excess:
        records.post(tx, of, posted=-excess, freed=-excess)
        records.capture_more(tx, of.job_id, excess)
    return excess


def _open_or_refuse_account(tx: Tx, wanted: Hold) -> None:
    """Say why the account could not be taken from; one without a row is opened instead."""
    records.open_account(tx, wanted.account_id)
    # locked: what is read here is what the next UPDATE sees
    found = records.account(tx, wanted.account_id, wanted.at_ms, lock=True)
    if found is None:
        return
    if found.floor_nanos is not None:
        available = found.posted_nanos - found.held_nanos - found.floor_nanos
        if available < wanted.amount_nanos:
            raise InsufficientBalance(
                f"This request may cost {dollars(wanted.amount_nanos)} dollars, and the account "
                f"has {dollars(available)} available. Top up, or ask for less.",
                details={"required_nanos": wanted.amount_nanos, "available_nanos": available},
            )
    _refuse_over_budget("account", found.budget, wanted.amount_nanos)


def _open_or_refuse_key(tx: Tx, wanted: Hold) -> None:
    records.open_key(tx, wanted.key_id)
    budget = records.key_budget(tx, wanted.key_id, wanted.at_ms, lock=True)
    if budget is not None:
        _refuse_over_budget("key", budget, wanted.amount_nanos)


def _refuse_over_budget(owner: str, budget: Budget, amount: int) -> None:
    limits, used = budget.limits, budget.used
    for window, limit, so_far in (
        ("total", limits.total_nanos, used.total_nanos),
        ("month", limits.month_nanos, used.month_nanos),
        ("day", limits.day_nanos, used.day_nanos),
    ):
        if limit is not None and so_far + amount > limit:
            raise BudgetExceeded(
                f"This request may cost {dollars(amount)} dollars, and the {owner}'s {window} "
                f"budget of {dollars(limit)} has {dollars(max(0, limit - so_far))} left.",
                details={
                    "which": f"{owner}_{window}",
                    "limit_nanos": limit,
                    "used_nanos": so_far,
                    "required_nanos": amount,
                },
            )


def _not_refundable(tx: Tx, wanted: Refund) -> NotFound | InvalidRequest:
    found = records.hold_of(tx, wanted.job_id)
    if found is None:
        return NotFound(f"No charge for a job '{wanted.job_id}'.")
    left = found.captured_nanos - found.refunded_nanos
    return InvalidRequest(
        f"{dollars(wanted.amount_nanos)} dollars is more than the {dollars(left)} of this job's "
        "charge that are not refunded yet.",
        param="amount_usd",
        details={"refundable_nanos": left},
    )


def _same(before: dict[str, int], account: str, amount: int) -> None:
    if before.get(account) != amount:
        raise IdempotencyConflict("That reference was booked before, with other values.")


def _check_limits(limits: Limits) -> None:
    for limit in (limits.total_nanos, limits.day_nanos, limits.month_nanos):
        if limit is not None:
            _checked(limit)


def _checked(amount: int, least: int = 0) -> int:
    # also at run time: a float that slipped through would be rounded silently by the database
    if type(amount) is not int:
        raise TypeError(f"money is whole nano-dollars, not {amount!r}")
    if not least <= amount <= MOST_NANOS:
        raise ValueError(f"{amount} nano-dollars is not between {least} and {MOST_NANOS}")
    return amount
