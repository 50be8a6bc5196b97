"""Any order of holds, captures, releases, refunds, top-ups and crashes keeps the books right.

Hypothesis plays against a small model of the ledger, written without a database, and the audit
of the raw tables runs after every step. A crash breaks a transaction off before any one of its
statements; then the same step runs again, as a process would after its restart.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from darkroom import ledger
from darkroom.core.errors import BudgetExceeded, DarkroomError, InsufficientBalance, InvalidRequest
from darkroom.db import Tx
from darkroom.db.tables import metadata
from darkroom.ledger import Capture, Hold, Limits, Refund, TopUp
from darkroom.ledger.records import windows
from tests.ledger.audit import audit
from tests.ledger.books import DAY_MS, NOON, Book, Crash, Work, dying, lines, opened

LEDGER = [table for name, table in metadata.tables.items() if name.startswith("ledger_")]

AMOUNTS = st.integers(0, 400)
LIMIT = st.none() | st.integers(0, 1500)
FATES = st.none() | st.integers(0, 8)
"""Before how many statements the process dies; 8 is more than any step has: before the commit."""


@dataclass
class Owner:
    """An account or a key in the model."""

    id: str
    limits: Limits = field(default_factory=Limits)


@dataclass
class Account(Owner):
    floor: int | None = None
    posted: int = 0


@dataclass
class Booked:
    """A job's money in the model."""

    id: str
    account: Account
    key: Owner
    amount: int
    at_ms: int
    state: str = "held"
    attempts: int = 0
    asked: int = 0
    captured: int = 0
    refunded: int = 0
    proven: bool = False

    @property
    def taken(self) -> int:
        return self.amount if self.state == "held" else self.captured - self.refunded


class LedgerMachine(RuleBasedStateMachine):
    """``book`` is given by the test."""

    book: Book
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.mark = uuid4().hex
        self.now = NOON
        self.booked: list[Booked] = []
        self.references: dict[str, int] = {}
        self.prepaid = Account(f"{self.mark}-prepaid", floor=0)
        self.postpaid = Account(f"{self.mark}-postpaid")
        self.keys = [Owner(f"{self.mark}-key-{n}") for n in range(3)]

    @initialize(floor=st.sampled_from([0, -200]), paid=st.integers(1, 2000))
    def open(self, floor: int, paid: int) -> None:
        self.prepaid.floor = floor
        self.prepaid.posted = paid
        first = TopUp(self.prepaid.id, paid, self.now, reference=f"{self.mark}-first")
        self.write(lambda tx: ledger.open_account(tx, self.prepaid.id, floor))
        self.write(lambda tx: ledger.open_account(tx, self.postpaid.id))
        self.write(lambda tx: ledger.top_up(tx, first))

    # --- the world ---

    @rule(hours=st.sampled_from([1, 12, 24, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.now += hours * DAY_MS // 24

    @rule(which=st.integers(0, 4), total=LIMIT, day=LIMIT, month=LIMIT)
    def limit(self, which: int, total: int | None, day: int | None, month: int | None) -> None:
        owner = [self.prepaid, self.postpaid, *self.keys][which]
        owner.limits = Limits(total, day, month)
        setting = ledger.limit_account if isinstance(owner, Account) else ledger.limit_key
        self.write(lambda tx: setting(tx, owner.id, owner.limits))

    @rule(to_prepaid=st.booleans(), amount=st.integers(1, 500), reference=st.integers(0, 5))
    def top_up(self, to_prepaid: bool, amount: int, reference: int) -> None:
        account = self.prepaid if to_prepaid else self.postpaid
        name = f"{self.mark}-{account.id[-8:]}-{reference}"
        amount = self.references.get(name, amount)
        paid = TopUp(account.id, amount, self.now, "paid", name)
        new = self.write(lambda tx: ledger.top_up(tx, paid))
        assert new == (name not in self.references)
        self.references[name] = amount
        account.posted += amount if new else 0

    # --- the life of jobs ---

    @rule(
        target=jobs,
        to_prepaid=st.booleans(),
        key=st.integers(0, 2),
        amount=AMOUNTS,
        fate=FATES,
    )
    def accept(self, to_prepaid: bool, key: int, amount: int, fate: int | None) -> Any:
        job = self.new_job(to_prepaid, key, amount)
        expected = self.refusal(job)
        wanted = Hold(job.account.id, job.key.id, job.id, amount, self.now)
        if expected is None:
            self.run(lambda tx: ledger.hold(tx, wanted), fate)
            self.booked.append(job)
            return job
        with pytest.raises(DarkroomError) as refused:
            self.run(lambda tx: ledger.hold(tx, wanted), fate)
        told = refused.value.details.get("which", refused.value.code)
        assert told == expected
        assert isinstance(refused.value, InsufficientBalance | BudgetExceeded)
        return multiple()

    @rule(
        target=jobs,
        to_prepaid=st.booleans(),
        key=st.integers(0, 2),
        amount=AMOUNTS,
        count=st.integers(2, 6),
    )
    def accept_together(self, to_prepaid: bool, key: int, amount: int, count: int) -> Any:
        """Equal requests at one moment: as many are granted as would be one after the other."""
        jobs = [self.new_job(to_prepaid, key, amount) for _ in range(count)]
        holds = [Hold(job.account.id, job.key.id, job.id, amount, self.now) for job in jobs]
        works = [lambda tx, wanted=wanted: ledger.hold(tx, wanted) for wanted in holds]
        outcomes = self.book.write_together(works)
        assert all(outcome is None or isinstance(outcome, DarkroomError) for outcome in outcomes)
        granted = [job for job, outcome in zip(jobs, outcomes, strict=True) if outcome is None]
        for job in granted:
            assert self.refusal(job) is None
            self.booked.append(job)
        if len(granted) < count:
            assert self.refusal(jobs[0]) is not None
        return multiple(*granted)

    @rule(job=jobs)
    def an_attempt_fails(self, job: Booked) -> None:
        job.attempts += 1

    @rule(
        job=jobs,
        parts=st.lists(st.integers(0, 150), min_size=1, max_size=4),
        arrived=st.integers(1, 4),
        proven=st.booleans(),
        fate=FATES,
    )
    def capture(
        self, job: Booked, parts: list[int], arrived: int, proven: bool, fate: int | None
    ) -> None:
        """Of the images that were asked for, the first ``arrived`` came: only they are charged."""
        came = parts[:arrived]
        charge = Capture(
            job.id, job.attempts + 1, lines(*came), self.now, proven, "m", "p", f"{self.mark}-d"
        )
        if job.state == "held":
            self.expect_capture(job, sum(came), proven)
        assert self.run(lambda tx: ledger.capture(tx, charge), fate) == job.captured

    @rule(job=jobs, fate=FATES)
    def release(self, job: Booked, fate: int | None) -> None:
        """The job failed, was refused or was canceled, maybe after it had ended already."""
        freed = self.run(lambda tx: ledger.release(tx, job.id, "canceled", self.now), fate)
        assert freed == (job.amount if job.state == "held" else 0)
        if job.state == "held":
            job.state = "released"

    @rule(job=jobs, amount=st.integers(1, 300), named=st.booleans(), fate=FATES)
    def refund(self, job: Booked, amount: int, named: bool, fate: int | None) -> None:
        reference = uuid4().hex if named else None
        wanted = Refund(job.id, amount, "blurred", self.now, reference)
        if job.refunded + amount > job.captured:
            with pytest.raises(InvalidRequest):
                self.run(lambda tx: ledger.refund(tx, wanted), fate)
            return
        assert self.run(lambda tx: ledger.refund(tx, wanted), fate)
        if named:
            assert not self.write(lambda tx: ledger.refund(tx, wanted))
        job.refunded += amount
        job.account.posted += amount

    @rule(job=consumes(jobs))
    def forget(self, job: Booked) -> None:
        """Let younger jobs have their turn."""

    # --- what is true at all times ---

    @invariant()
    def the_books_are_right(self) -> None:
        self.book.read(lambda tx: audit(tx, self.mark))

    @invariant()
    def the_books_agree_with_the_model(self) -> None:
        def check(tx: Tx) -> None:
            for account in (self.prepaid, self.postpaid):
                found = ledger.balance(tx, account.id, self.now)
                held = sum(job.amount for job in self.of(account) if job.state == "held")
                assert (found.posted_nanos, found.held_nanos) == (account.posted, held)
                assert found.budget.used == self.used(account)
            for key in self.keys:
                assert ledger.key_budget(tx, key.id, self.now).used == self.used(key)
            for job in self.booked:
                money = ledger.job_money(tx, job.id)
                assert money is not None
                known = (job.state, job.captured, job.refunded)
                assert (money.state, money.captured_nanos, money.refunded_nanos) == known
                assert job.proven or money.captured_nanos <= money.held_nanos

        if self.prepaid.posted:
            self.book.read(check)

    def teardown(self) -> None:
        """Every job ends; then nothing is held, and all views show the same sums."""
        for job in self.booked:
            self.release(job, None)

        def check(tx: Tx) -> None:
            audit(tx, self.mark)
            charged = 0
            for account in (self.prepaid, self.postpaid):
                found = ledger.balance(tx, account.id, self.now)
                assert found.held_nanos == 0
                shown = ledger.statement(tx, account.id)
                assert shown.closing_nanos == found.posted_nanos
                assert sum(row.amount_nanos for row in shown.rows) == found.posted_nanos
                used = ledger.usage(tx, ("key", "day"), account_id=account.id)
                assert used.charged_nanos == sum(job.taken for job in self.of(account))
                charged += used.charged_nanos
            (row,) = [row for row in ledger.drift(tx) if row.deployment == f"{self.mark}-d"] or [
                None
            ]
            captured = [job for job in self.booked if job.state == "captured"]
            assert (row.captured_nanos if row else 0) == sum(job.captured for job in captured)
            assert (row.asked_nanos if row else 0) == sum(job.asked for job in captured)
            assert (row.jobs if row else 0) == len(captured)
            refunded = sum(job.refunded for job in captured)
            assert charged == sum(job.captured for job in captured) - refunded

        self.book.read(check)

    # --- helpers ---

    def write(self, work: Work[Any]) -> Any:
        return self.book.write(work)

    def run(self, work: Work[Any], fate: int | None) -> Any:
        """Run a step; if so fated, its process dies in it first, and the step is run again."""
        if fate is not None:
            with pytest.raises((Crash, DarkroomError)):
                self.write(dying(work, fate))
        return self.write(work)

    def new_job(self, to_prepaid: bool, key: int, amount: int) -> Booked:
        account = self.prepaid if to_prepaid else self.postpaid
        return Booked(f"{self.mark}-{uuid4().hex}", account, self.keys[key], amount, self.now)

    def expect_capture(self, job: Booked, asked: int, proven: bool) -> None:
        job.state, job.asked, job.proven = "captured", asked, proven
        job.captured = min(asked, job.amount)
        job.account.posted -= job.captured
        if proven and asked > job.amount:
            excess = asked - job.amount
            if job.account.floor is not None:
                held = sum(o.amount for o in self.of(job.account) if o.state == "held")
                excess = min(excess, max(0, job.account.posted - held - job.account.floor))
            job.captured += excess
            job.account.posted -= excess

    def of(self, owner: Owner) -> list[Booked]:
        return [job for job in self.booked if owner in (job.account, job.key)]

    def used(self, owner: Owner) -> ledger.Used:
        day, month = windows(self.now)
        mine = [(windows(job.at_ms), job.taken) for job in self.of(owner)]
        return ledger.Used(
            sum(taken for _, taken in mine),
            sum(taken for at, taken in mine if at[0] == day),
            sum(taken for at, taken in mine if at[1] == month),
        )

    def refusal(self, job: Booked) -> str | None:
        """Why the model refuses to hold that; None when it holds it."""
        if not job.amount:
            return None
        held = sum(other.amount for other in self.of(job.account) if other.state == "held")
        floor = job.account.floor
        if floor is not None and job.account.posted - held - job.amount < floor:
            return "insufficient_balance"
        for name, owner in (("account", job.account), ("key", job.key)):
            used, limits = self.used(owner), owner.limits
            for window, limit, so_far in (
                ("total", limits.total_nanos, used.total_nanos),
                ("month", limits.month_nanos, used.month_nanos),
                ("day", limits.day_nanos, used.day_nanos),
            ):
                if limit is not None and so_far + job.amount > limit:
                    return f"{name}_{window}"
        return None


def play(database_url: str, examples: int, steps: int = 25) -> None:
    """Raises what a life of the books found wrong, shrunk to its fewest steps."""
    with opened(database_url) as book:
        machine = type("Machine", (LedgerMachine,), {"book": book})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
