"""Usage, statements and the drift report: parts that add up to their total."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from darkroom import ledger
from darkroom.core.errors import InvalidRequest
from darkroom.db import Tx
from darkroom.ledger import Capture, Hold, Period, Refund, TopUp
from tests.ledger.books import DAY_MS, NOON, Book, lines

DOLLARS_4 = 10**4
CREDITS_5 = 68 * 10**5


def _fill(tx: Tx) -> None:
    ledger.top_up(tx, TopUp("a", 1000, NOON, "card", "p1"))
    jobs = (
        ("j1", "a", "k1", "gpt", "east", 0, 7),
        ("j2", "a", "k1", "gpt", "west", 1, 11),
        ("j3", "a", "k2", "flux", "west", 1, 13),
        ("j4", "b", "k3", "flux", "west", 2, 17),
    )
    for job, account, key, model, deployment, day, amount in jobs:
        at_ms = NOON + day * DAY_MS
        ledger.hold(tx, Hold(account, key, job, 20, at_ms, expected_nanos=10))
        ledger.capture(
            tx,
            Capture(
                job,
                2,
                lines(amount),
                at_ms,
                model=model,
                provider="openai" if model == "gpt" else "bfl",
                deployment=deployment,
                cost_nanos=amount - 1,
                images=amount % 4,
            ),
        )
    ledger.hold(tx, Hold("a", "k1", "open", 20, NOON))
    ledger.hold(tx, Hold("a", "k1", "failed", 20, NOON))
    ledger.release(tx, "failed", "upstream", NOON, ledger.Asked("gpt", "openai", "east"))
    ledger.hold(tx, Hold("a", "k1", "stopped", 20, NOON))
    ledger.release(tx, "stopped", "job_canceled", NOON)
    ledger.refund(tx, Refund("j2", 4, "blurred", NOON + 2 * DAY_MS))


@pytest.fixture
def filled(book: Book) -> Book:
    book.write(_fill)
    return book


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        (("key",), {("k1",): 14, ("k2",): 13}),
        (("model",), {("gpt",): 14, ("flux",): 13}),
        (("provider",), {("openai",): 14, ("bfl",): 13}),
        (("deployment",), {("east",): 7, ("west",): 20}),
        (("day",), {("2026-11-20",): 7, ("2026-11-21",): 20}),
        (
            ("day", "key"),
            {("2026-11-20", "k1"): 7, ("2026-11-21", "k1"): 7, ("2026-11-21", "k2"): 13},
        ),
        ((), {(): 27}),
    ],
)
def test_usage_rows_add_up_to_the_total(
    filled: Book, by: tuple[str, ...], rows: dict[tuple[str, ...], int]
) -> None:
    used = filled.read(lambda tx: ledger.usage(tx, by, account_id="a"))
    assert {row.groups: row.charged_nanos for row in used.rows} == rows
    assert list(used.rows) == sorted(used.rows, key=lambda row: row.groups)
    assert used.charged_nanos == sum(rows.values()) == 27
    assert used.jobs == sum(row.jobs for row in used.rows) == 3


def test_usage_of_all_accounts_and_of_a_period(filled: Book) -> None:
    everything = filled.read(lambda tx: ledger.usage(tx, ("account",)))
    assert [(row.groups, row.charged_nanos) for row in everything.rows] == [
        (("a",), 27),
        (("b",), 17),
    ]
    second_day = Period(NOON + DAY_MS, NOON + 2 * DAY_MS)
    some = filled.read(lambda tx: ledger.usage(tx, ("account",), second_day))
    assert (some.jobs, some.charged_nanos) == (2, 20)
    nothing = filled.read(lambda tx: ledger.usage(tx, (), Period(0, NOON)))
    assert (nothing.rows, nothing.jobs, nothing.charged_nanos) == ((), 0, 0)


def test_usage_counts_images_and_what_failed(filled: Book) -> None:
    used = filled.read(lambda tx: ledger.usage(tx, ("deployment", "model"), account_id="a"))
    told = {row.groups: (row.jobs, row.images, row.failed) for row in used.rows}
    assert told == {
        ("east", "gpt"): (1, 3, 1),
        ("west", "flux"): (1, 1, 0),
        ("west", "gpt"): (1, 3, 0),
    }
    assert (used.jobs, used.images, used.failed) == (3, 7, 1)


def test_what_only_failed_has_a_row(filled: Book) -> None:
    def work(tx: Tx) -> None:
        ledger.hold(tx, Hold("a", "k1", "again", 20, NOON))
        ledger.release(tx, "again", "moderation_blocked", NOON, ledger.Asked("grok"))

    filled.write(work)
    used = filled.read(lambda tx: ledger.usage(tx, ("model",), account_id="a"))
    [row] = [row for row in used.rows if row.groups == ("grok",)]
    assert (row.jobs, row.images, row.failed, row.charged_nanos) == (0, 0, 1, 0)


def test_usage_by_something_unknown_is_refused(filled: Book) -> None:
    with pytest.raises(ValueError, match="'moon': account, key"):
        filled.read(lambda tx: ledger.usage(tx, ("moon",)))


def test_a_statement_runs_from_its_opening_to_its_closing_balance(filled: Book) -> None:
    whole = filled.read(lambda tx: ledger.statement(tx, "a"))
    assert [(row.kind, row.amount_nanos, row.balance_nanos) for row in whole.rows] == [
        ("capture", -7, -7),
        ("top_up", 1000, 993),
        ("capture", -11, 982),
        ("capture", -13, 969),
        ("refund", 4, 973),
    ]
    assert (whole.opening_nanos, whole.closing_nanos) == (0, 973)
    assert filled.read(lambda tx: ledger.balance(tx, "a", NOON)).posted_nanos == 973
    charge, paid, refund = whole.rows[0], whole.rows[1], whole.rows[4]
    assert (charge.job_id, charge.attempt, charge.key_id, charge.model) == ("j1", 2, "k1", "gpt")
    assert (paid.job_id, paid.note) == (None, "card")
    assert (refund.job_id, refund.attempt, refund.note) == ("j2", 2, "blurred")


def test_statements_of_neighbouring_periods_meet(filled: Book) -> None:
    edge = NOON + DAY_MS
    first = filled.read(lambda tx: ledger.statement(tx, "a", Period(0, edge)))
    second = filled.read(lambda tx: ledger.statement(tx, "a", Period(edge)))
    assert first.closing_nanos == second.opening_nanos == 993
    assert len(first.rows) + len(second.rows) == 5
    assert second.closing_nanos == 973


def test_pages_of_a_statement_are_the_whole_one_backwards(filled: Book) -> None:
    for period in (Period(), Period(NOON + DAY_MS), Period(0, NOON + DAY_MS)):
        whole = filled.read(lambda tx, of=period: ledger.statement(tx, "a", of))
        for limit in (1, 2, 5, 9):
            pages = _pages(filled, period, limit)
            assert [len(page.rows) == limit for page in pages[:-1]] == [True] * (len(pages) - 1)
            ends = [page.closing_nanos for page in pages] + [whole.opening_nanos]
            assert ends == [whole.closing_nanos] + [page.opening_nanos for page in pages]
            assert [row for page in pages for row in page.rows] == list(whole.rows[::-1])


def test_a_page_begins_at_a_booking_of_the_account(filled: Book) -> None:
    [newest] = _pages(filled, Period(), 5)
    with pytest.raises(InvalidRequest):
        filled.read(
            lambda tx: ledger.statement_page(tx, "b", Period(), 5, newest.rows[0].transfer_id)
        )


def _pages(book: Book, period: Period, limit: int) -> list[ledger.StatementPage]:
    found = [book.read(lambda tx: ledger.statement_page(tx, "a", period, limit))]
    while (before := found[-1].more) is not None:
        found.append(
            book.read(lambda tx, at=before: ledger.statement_page(tx, "a", period, limit, at))
        )
    return found


def test_drift_sets_quotes_charges_and_invoices_side_by_side(filled: Book) -> None:
    rows = filled.read(lambda tx: ledger.drift(tx, invoices={"west": 99}))
    assert [(row.deployment, row.model, row.jobs) for row in rows] == [
        ("east", "gpt", 1),
        ("west", "flux", 2),
        ("west", "gpt", 1),
    ]
    flux = rows[1]
    assert (flux.expected_nanos, flux.held_nanos, flux.captured_nanos) == (20, 40, 30)
    assert (flux.drift_nanos, flux.over_nanos, flux.jobs_over, flux.absorbed_nanos) == (10, 0, 0, 0)
    assert (flux.cost_nanos, flux.invoiced_nanos) == (28, 99)
    assert rows[0].invoiced_nanos is None


def test_nothing_yet(book: Book) -> None:
    assert book.read(lambda tx: ledger.statement(tx, "a")) == ledger.Statement(0, (), 0)
    assert book.read(ledger.drift) == ()
    assert book.read(lambda tx: ledger.key_budget(tx, "k", NOON)) == ledger.Budget()
    found = book.read(lambda tx: ledger.balance(tx, "a", NOON))
    assert (found.posted_nanos, found.held_nanos, found.available_nanos) == (0, 0, None)


def test_three_thirds_of_a_shown_unit_are_shown_as_one() -> None:
    third = 10**5 // 3 + 1
    assert ledger.shown([third, third, third], DOLLARS_4) == ([1, 0, 0], 1)
    assert ledger.shown([7_833_600, 356_659_200], CREDITS_5) == ([53_268, 2_425_283], 2_478_551)


@given(
    st.lists(st.integers(-(10**12), 10**15), max_size=30), st.sampled_from([DOLLARS_4, CREDITS_5])
)
@example([-50_000], DOLLARS_4)
@example([50_000, 50_000], DOLLARS_4)
def test_shown_parts_add_up_and_stay_within_one_unit(amounts: list[int], per_dollar: int) -> None:
    units, total = ledger.shown(amounts, per_dollar)
    assert sum(units) == total
    assert abs(total - Fraction(sum(amounts) * per_dollar, 10**9)) <= Fraction(1, 2)
    for amount, unit in zip(amounts, units, strict=True):
        assert abs(unit - Fraction(amount * per_dollar, 10**9)) <= 1
