"""Holds, charges, refunds and top-ups: what is allowed, what is refused, and what is said then."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from darkroom import ledger
from darkroom.core.errors import (
    BudgetExceeded,
    DarkroomError,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidRequest,
    NotFound,
)
from darkroom.db import Tx
from darkroom.ledger import Capture, Hold, Limits, Refund, TopUp
from tests.ledger.audit import audit
from tests.ledger.books import DAY_MS, NOON, Book, lines

MANY = 64


def hold(job: str, amount: int, at_ms: int = NOON, key: str = "k") -> Callable[[Tx], None]:
    wanted = Hold("a", key, job, amount, at_ms)
    return lambda tx: ledger.hold(tx, wanted)


def capture(job: str, *amounts: int, **more: Any) -> Callable[[Tx], int]:
    charge = Capture(job, 1, lines(*amounts), NOON, **more)
    return lambda tx: ledger.capture(tx, charge)


def prepaid(book: Book, amount: int, floor: int = 0) -> None:
    book.write(lambda tx: ledger.open_account(tx, "a", floor))
    if amount:
        book.write(lambda tx: ledger.top_up(tx, TopUp("a", amount, NOON)))


def balance(book: Book) -> tuple[int, int]:
    found = book.read(lambda tx: ledger.balance(tx, "a", NOON))
    return found.posted_nanos, found.held_nanos


# --- holds ---


def test_an_account_that_nobody_opened_is_tracked_without_limit(book: Book) -> None:
    book.write(hold("j", 10**15))
    assert balance(book) == (0, 10**15)
    assert book.read(lambda tx: ledger.balance(tx, "a", NOON)).available_nanos is None
    assert book.write(capture("j", 10**15 - 1)) == 10**15 - 1
    assert balance(book) == (1 - 10**15, 0)


@pytest.mark.parametrize(("amount", "granted"), [(99, True), (100, True), (101, False)])
def test_a_prepaid_account_holds_what_it_has_and_not_more(
    book: Book, amount: int, granted: bool
) -> None:
    prepaid(book, 70, floor=-30)
    if granted:
        book.write(hold("j", amount))
        assert balance(book) == (70, amount)
        return
    with pytest.raises(InsufficientBalance) as refused:
        book.write(hold("j", amount))
    assert refused.value.details == {"required_nanos": 101, "available_nanos": 100}
    assert balance(book) == (70, 0)
    assert book.read(lambda tx: ledger.job_money(tx, "j")) is None


def test_a_job_is_held_for_once(book: Book) -> None:
    book.write(hold("j", 10))
    book.write(hold("j", 10))
    assert balance(book) == (0, 10)


def test_a_free_job_needs_no_money_and_is_on_the_books(book: Book) -> None:
    prepaid(book, 0)
    book.write(hold("j", 0))
    assert book.write(capture("j", 0)) == 0
    assert book.read(lambda tx: ledger.usage(tx, ("key",))).jobs == 1
    book.read(audit)


def test_an_account_cannot_become_prepaid_below_its_floor(book: Book) -> None:
    book.write(hold("j", 10))
    with pytest.raises(InsufficientBalance):
        book.write(lambda tx: ledger.open_account(tx, "a", -9))
    book.write(lambda tx: ledger.open_account(tx, "a", -10))
    with pytest.raises(InsufficientBalance):
        book.write(hold("k", 1))
    book.write(lambda tx: ledger.open_account(tx, "a", None))
    book.write(hold("k", 1))


@pytest.mark.parametrize("amount", [1.0, 0.5, True, "5", None])
def test_only_whole_numbers_are_money(book: Book, amount: Any) -> None:
    for work in (hold("j", amount), capture("j", amount)):
        with pytest.raises(TypeError, match="whole nano-dollars"):
            book.write(work)


def test_negative_and_absurd_amounts_are_refused(book: Book) -> None:
    for amount in (-1, 10**18 + 1):
        with pytest.raises(ValueError, match="is not between"):
            book.write(hold("j", amount))
    for amount in (0, -1):
        paid = TopUp("a", amount, NOON)
        with pytest.raises(ValueError, match="is not between"):
            book.write(lambda tx, paid=paid: ledger.top_up(tx, paid))


# --- concurrency ---


def test_money_for_nine_of_many_at_once_is_granted_nine_times(book: Book) -> None:
    prepaid(book, 9 * 100 + 99)
    outcomes = book.write_together([hold(f"j{n}", 100) for n in range(MANY)])
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == MANY - 9
    assert all(isinstance(error, InsufficientBalance) for error in refused)
    assert balance(book) == (999, 900)
    book.read(audit)


def test_a_budget_for_nine_of_many_at_once_is_granted_nine_times(book: Book) -> None:
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(day_nanos=999)))
    outcomes = book.write_together([hold(f"j{n}", 100) for n in range(MANY)])
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == MANY - 9
    assert all(isinstance(error, BudgetExceeded) for error in refused)
    assert balance(book) == (0, 900)
    book.read(audit)


def test_first_requests_at_once_open_one_account(book: Book) -> None:
    outcomes = book.write_together([hold(f"j{n}", 5, key=f"k{n % 4}") for n in range(MANY)])
    assert outcomes == [None] * MANY
    assert balance(book) == (0, 5 * MANY)
    book.read(audit)


def test_captures_and_releases_of_one_job_at_once_resolve_it_once(book: Book) -> None:
    prepaid(book, 100)
    book.write(hold("j", 100))
    ends = [capture("j", 60), lambda tx: ledger.release(tx, "j", "canceled", NOON)] * 8
    outcomes = book.write_together(ends)
    money = book.read(lambda tx: ledger.job_money(tx, "j"))
    assert money is not None
    if money.state == "captured":
        assert set(outcomes) == {0, 60}
        assert balance(book) == (40, 0)
    else:
        assert sorted(outcomes) == [0] * 15 + [100]
        assert balance(book) == (100, 0)
    book.read(audit)


def test_refunds_at_once_stay_within_the_charge(book: Book) -> None:
    book.write(hold("j", 100))
    book.write(capture("j", 100))
    wanted = Refund("j", 30, "blurred", NOON)
    outcomes = book.write_together([lambda tx: ledger.refund(tx, wanted)] * 16)
    assert outcomes.count(True) == 3
    assert balance(book) == (-10, 0)
    book.read(audit)


# --- budgets ---


@pytest.mark.parametrize("owner", ["key", "account"])
@pytest.mark.parametrize("window", ["total", "day", "month"])
def test_a_budget_is_granted_to_its_last_nano_dollar(book: Book, owner: str, window: str) -> None:
    setting = {"key": ledger.limit_key, "account": ledger.limit_account}[owner]
    limits = Limits(**{f"{window}_nanos": 100})
    book.write(lambda tx: setting(tx, owner[0], limits))
    book.write(hold("j", 60))
    for below_or_at in (39, 40):
        name = f"j{below_or_at}"
        book.write(hold(name, below_or_at))
        book.write(lambda tx, name=name: ledger.release(tx, name, "failed", NOON))
    with pytest.raises(BudgetExceeded) as refused:
        book.write(hold("j41", 41))
    assert refused.value.details == {
        "which": f"{owner}_{window}",
        "limit_nanos": 100,
        "used_nanos": 60,
        "required_nanos": 41,
    }
    assert balance(book) == (0, 60)
    book.read(audit)


def test_a_day_ends_at_midnight_utc(book: Book) -> None:
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(day_nanos=100)))
    midnight = (NOON // DAY_MS + 1) * DAY_MS
    book.write(hold("j1", 100, midnight - 1))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j2", 1, midnight - 1))
    book.write(hold("j3", 100, midnight))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j4", 1, midnight + DAY_MS - 1))
    book.write(hold("j5", 100, midnight + DAY_MS))


def test_a_month_ends_with_its_last_day_utc(book: Book) -> None:
    book.write(lambda tx: ledger.limit_account(tx, "a", Limits(month_nanos=100)))
    december = NOON - NOON % DAY_MS + 11 * DAY_MS  # NOON is on 20 November
    book.write(hold("j1", 100, december - 1))
    with pytest.raises(BudgetExceeded, match="month budget"):
        book.write(hold("j2", 1, december - 1))
    book.write(hold("j3", 100, december))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j4", 1, december + 31 * DAY_MS - 1))
    book.write(hold("j5", 100, december + 31 * DAY_MS))


def test_a_clock_that_is_behind_does_not_open_the_day_again(book: Book) -> None:
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(day_nanos=100)))
    midnight = (NOON // DAY_MS + 1) * DAY_MS
    book.write(hold("j1", 100, midnight))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j2", 1, midnight - 1))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j3", 1, midnight))


def test_what_a_hold_did_not_need_can_be_spent_again(book: Book) -> None:
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(100, 100, 100)))
    book.write(hold("j1", 100))
    book.write(capture("j1", 40))
    book.write(hold("j2", 60))
    book.write(lambda tx: ledger.release(tx, "j2", "failed", NOON))
    book.write(lambda tx: ledger.refund(tx, Refund("j1", 40, "blurred", NOON)))
    book.write(hold("j3", 100))


def test_a_hold_from_yesterday_gives_nothing_back_to_today(book: Book) -> None:
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(day_nanos=100)))
    book.write(hold("j1", 80))
    book.write(hold("j2", 50, NOON + DAY_MS))
    book.write(lambda tx: ledger.release(tx, "j1", "failed", NOON + DAY_MS))
    used = book.read(lambda tx: ledger.key_budget(tx, "k", NOON + DAY_MS)).used
    assert (used.day_nanos, used.total_nanos) == (50, 50)
    tomorrow = book.read(lambda tx: ledger.key_budget(tx, "k", NOON + 2 * DAY_MS)).used
    assert (tomorrow.day_nanos, tomorrow.total_nanos) == (0, 50)


def test_a_budget_set_later_counts_what_was_spent_before(book: Book) -> None:
    book.write(hold("j1", 80))
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits(total_nanos=100)))
    with pytest.raises(BudgetExceeded):
        book.write(hold("j2", 21))
    book.write(lambda tx: ledger.limit_key(tx, "k", Limits()))
    book.write(hold("j2", 21))


def test_an_empty_balance_is_told_apart_from_a_budget(book: Book) -> None:
    prepaid(book, 50)
    book.write(lambda tx: ledger.limit_account(tx, "a", Limits(total_nanos=10)))
    found: list[str] = []
    for amount in (51, 11):
        with pytest.raises(DarkroomError) as refused:
            book.write(hold("j", amount))
        found.append(refused.value.code)
    assert found == ["insufficient_balance", "budget_exceeded"]


# --- capture and release ---


def test_a_success_frees_the_rest_of_its_hold(book: Book) -> None:
    prepaid(book, 100)
    book.write(hold("j", 90))
    assert book.write(capture("j", 20, 15)) == 35
    assert balance(book) == (65, 0)
    money = book.read(lambda tx: ledger.job_money(tx, "j"))
    assert money == ledger.JobMoney("captured", 90, 35, 0, lines(20, 15))


def test_a_second_capture_returns_the_first_amount(book: Book) -> None:
    book.write(hold("j", 90))
    assert book.write(capture("j", 35)) == 35
    assert book.write(capture("j", 80)) == 35
    assert balance(book) == (-35, 0)


def test_a_failure_releases_everything_once(book: Book) -> None:
    prepaid(book, 100)
    book.write(hold("j", 90))
    assert book.write(lambda tx: ledger.release(tx, "j", "refused", NOON)) == 90
    assert book.write(lambda tx: ledger.release(tx, "j", "refused", NOON)) == 0
    assert book.write(capture("j", 50)) == 0
    assert balance(book) == (100, 0)


def test_a_job_without_a_hold_is_charged_nothing(book: Book) -> None:
    assert book.write(capture("from before the upgrade", 50)) == 0
    assert book.write(lambda tx: ledger.release(tx, "nobody", "failed", NOON)) == 0
    assert balance(book) == (0, 0)


@pytest.mark.parametrize(
    ("asked", "proven", "captured"),
    [(90, False, 90), (91, False, 90), (91, True, 91), (100, True, 100), (140, True, 100)],
)
def test_more_than_the_hold_is_charged_only_if_proven_and_covered(
    book: Book, asked: int, proven: bool, captured: int
) -> None:
    prepaid(book, 100)
    book.write(hold("j", 90))
    assert book.write(capture("j", asked, proven=proven, deployment="d", model="m")) == captured
    assert balance(book) == (100 - captured, 0)
    money = book.read(lambda tx: ledger.job_money(tx, "j"))
    assert money is not None
    absorbed = [line.amount_nanos for line in money.lines if line.category == "absorbed"]
    assert absorbed == ([captured - asked] if captured < asked else [])
    (row,) = book.read(ledger.drift)
    assert (row.asked_nanos, row.over_nanos) == (asked, max(0, asked - 90))
    assert (row.captured_nanos, row.absorbed_nanos) == (captured, asked - captured)
    assert row.jobs_over == (asked > 90)
    book.read(audit)


def test_a_proven_excess_does_not_take_what_others_hold(book: Book) -> None:
    prepaid(book, 100)
    book.write(hold("j1", 50))
    book.write(hold("j2", 45))
    assert book.write(capture("j1", 70, proven=True)) == 55
    assert book.write(capture("j2", 45)) == 45
    assert balance(book) == (0, 0)


def test_a_proven_excess_over_a_hold_of_nothing_is_charged(book: Book) -> None:
    book.write(hold("j", 0))
    assert book.write(capture("j", 7, proven=True)) == 7
    assert balance(book) == (-7, 0)
    book.read(audit)


def test_old_open_holds_are_found_for_recovery(book: Book) -> None:
    for name, at_ms in (("late", 30), ("early", 10), ("done", 5), ("young", 40)):
        book.write(hold(name, 1, at_ms))
    book.write(lambda tx: ledger.release(tx, "done", "failed", 50))
    assert book.read(lambda tx: ledger.open_holds(tx, 40)) == ["early", "late"]


# --- refunds and top-ups ---


def test_refunds_together_stay_within_the_charge(book: Book) -> None:
    book.write(hold("j", 90))
    book.write(capture("j", 50))
    for amount in (20, 30):
        book.write(lambda tx, amount=amount: ledger.refund(tx, Refund("j", amount, "", NOON)))
    assert balance(book) == (0, 0)
    with pytest.raises(InvalidRequest) as refused:
        book.write(lambda tx: ledger.refund(tx, Refund("j", 1, "", NOON)))
    assert refused.value.details == {"refundable_nanos": 0}


def test_what_was_not_charged_cannot_be_refunded(book: Book) -> None:
    book.write(hold("open", 90))
    book.write(hold("failed", 90))
    book.write(lambda tx: ledger.release(tx, "failed", "failed", NOON))
    for job, kind in (("open", InvalidRequest), ("failed", InvalidRequest), ("no", NotFound)):
        with pytest.raises(kind):
            book.write(lambda tx, job=job: ledger.refund(tx, Refund(job, 1, "", NOON)))


def test_a_named_refund_is_given_once(book: Book) -> None:
    book.write(hold("j", 90))
    book.write(capture("j", 50))
    wanted = Refund("j", 20, "blurred", NOON, "ticket-7")
    assert book.write(lambda tx: ledger.refund(tx, wanted))
    assert not book.write(lambda tx: ledger.refund(tx, wanted))
    assert balance(book) == (-30, 0)
    other = Refund("j", 21, "blurred", NOON, "ticket-7")
    with pytest.raises(IdempotencyConflict):
        book.write(lambda tx: ledger.refund(tx, other))


def test_a_payment_is_booked_once(book: Book) -> None:
    paid = TopUp("a", 500, NOON, "card", "payment-1")
    outcomes = book.write_together([lambda tx: ledger.top_up(tx, paid)] * 16)
    assert sorted(outcomes) == [False] * 15 + [True]
    assert balance(book) == (500, 0)
    for other in (TopUp("a", 501, NOON, "", "payment-1"), TopUp("b", 500, NOON, "", "payment-1")):
        with pytest.raises(IdempotencyConflict):
            book.write(lambda tx, other=other: ledger.top_up(tx, other))
    book.write(lambda tx: ledger.top_up(tx, TopUp("a", 500, NOON)))
    book.write(lambda tx: ledger.top_up(tx, TopUp("a", 500, NOON)))
    assert balance(book) == (1500, 0)


# --- the database itself refuses ---


FALSIFIED = (
    "UPDATE ledger_entries SET amount_nanos = 1",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_accounts SET held_nanos = -1",
    "UPDATE ledger_accounts SET held_nanos = posted_nanos + 1",
    "UPDATE ledger_accounts SET posted_nanos = 5000000000000000000",
    "UPDATE ledger_holds SET refunded_nanos = captured_nanos + 1",
    "UPDATE ledger_holds SET refunded_nanos = -1",
    "UPDATE ledger_holds SET amount_nanos = -1",
    "UPDATE ledger_holds SET state = 'lost'",
    "UPDATE ledger_holds SET state = 'released'",
)


def test_what_would_falsify_the_books_is_refused(book: Book) -> None:
    prepaid(book, 100)
    book.write(hold("j", 90))
    book.write(capture("j", 35))
    for statement in FALSIFIED:
        with pytest.raises(DBAPIError):
            book.write(lambda tx, statement=statement: tx.execute(text(statement)))
    book.read(audit)
