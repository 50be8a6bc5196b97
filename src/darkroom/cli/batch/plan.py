"""What a batch has left to do, and what that costs: decided before anything is spent."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from darkroom.cli.amounts import columns
from darkroom.cli.batch.folder import Folder
from darkroom.cli.batch.manifest import ANSWER_LOST, Entry, Manifest
from darkroom.cli.batch.problems import RowProblem, Unreadable, refuse
from darkroom.cli.batch.rows import Row
from darkroom.cli.batch.shop import Shop
from darkroom.core.money import lined_up
from darkroom.report.runs import FAILED, SUCCEEDED, Run, RunError

if TYPE_CHECKING:
    from darkroom_client import Quote

_KEY_LIFE_S = 23 * 3600
"""A server keeps idempotency keys for 24 hours; the clocks need not agree."""
_HEAD = ("MODEL", "SIZE", "QUALITY", "ROWS", "IMAGES", "EXPECTED", "AT MOST")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows: ``only`` these ids, where there are any; failed ones again or not."""

    only: tuple[str, ...] = ()
    retry_failed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A row to be made. ``was_sent``: it may be at the server already, and is paid for then."""

    row: Row
    entry: Entry
    was_sent: bool = False


@dataclass(slots=True)
class Plan:
    """``tasks`` in the order in which they are begun; ``kept`` rows are left as they are."""

    tasks: list[Task] = field(default_factory=list[Task])
    kept: list[Entry] = field(default_factory=list[Entry])
    quotes: "dict[str, Quote]" = field(default_factory=dict[str, "Quote"])
    """By id of row, for those that are to be bought."""

    @property
    def expected_nanos(self) -> int:
        return sum(quote.expected.nanos for quote in self.quotes.values())

    @property
    def saved_nanos(self) -> int:
        """How much more ``expected_nanos`` would be without --economy."""
        return sum(quote.saved.nanos for quote in self.quotes.values())

    @property
    def max_nanos(self) -> int:
        return sum(quote.max.nanos for quote in self.quotes.values())


def chosen(rows: Sequence[Row], choice: Choice) -> list[Row]:
    """Raises :class:`Unreadable` for an id that no row has."""
    known = {row.id for row in rows}
    if unknown := [id for id in choice.only if id not in known]:
        raise Unreadable(f"--only: no row has the id {', '.join(unknown)}")
    return [row for row in rows if not choice.only or row.id in choice.only]


def planned(
    rows: Sequence[Row], manifest: Manifest, folder: Folder, choice: Choice, sender: str
) -> Plan:
    """What became of each row so far, and so what is to be done. Buys nothing.

    Raises :class:`darkroom.cli.batch.problems.BadRows`.
    """
    plan = Plan()
    problems: list[RowProblem] = []
    for row in rows:
        earlier = manifest.get(row.id)
        if earlier is None:
            plan.tasks.append(_fresh(row, 1, sender))
        elif not earlier.run.is_final:
            if earlier.digest != row.digest:
                said = f"'{row.id}' is at the server as it was before: change it back, or its id"
                problems.append(RowProblem(row.line, said))
            elif _is_lost(earlier, sender):
                plan.kept.append(_given_up(earlier))
            else:
                plan.tasks.append(Task(row, earlier, was_sent=True))
        elif earlier.digest != row.digest or _is_again(earlier, choice):
            plan.tasks.append(_fresh(row, earlier.attempt + 1, sender))
        elif earlier.run.state == SUCCEEDED and not folder.holds(earlier.run):
            plan.tasks.append(Task(row, earlier, was_sent=True))  # the server has them still
        else:
            plan.kept.append(earlier)
    refuse(problems)
    plan.tasks.sort(key=lambda task: not task.was_sent)  # what is paid for comes first
    return plan


def quoted(plan: Plan, shop: Shop, concurrency: int) -> None:
    """Ask the price of everything that is to be bought; the server checks each row on the way.

    Raises :class:`darkroom.cli.batch.problems.BadRows`, and ``APIError`` for what is not the
    fault of a row.
    """
    from darkroom_client import APIStatusError

    def ask(task: Task) -> "Quote | RowProblem":
        try:
            return shop.quote(task.row)
        except APIStatusError as error:
            if error.status_code not in _ROWS_FAULT:
                raise
            return RowProblem(task.row.line, error.message)

    asked = [task for task in plan.tasks if not task.was_sent]
    with ThreadPoolExecutor(concurrency, "darkroom-quote") as pool:
        answers = list(pool.map(ask, asked))
    refuse([answer for answer in answers if isinstance(answer, RowProblem)])
    for task, answer in zip(asked, answers, strict=True):
        if not isinstance(answer, RowProblem):
            plan.quotes[task.row.id] = answer
    plan.tasks = [_priced(task, plan.quotes.get(task.row.id)) for task in plan.tasks]


_ROWS_FAULT = (400, 402, 404, 413, 422)


def price_table(plan: Plan) -> str:
    """Rows times price by model, size and quality, a subtotal per model, and the total."""
    groups: dict[tuple[str, str, str], list[tuple[Row, Quote]]] = {}
    for task in plan.tasks:
        quote = plan.quotes.get(task.row.id)
        if quote is None:
            continue
        asked = task.row.options
        key = (quote.model, str(asked.get("size", "auto")), str(asked.get("quality", "auto")))
        groups.setdefault(key, []).append((task.row, quote))
    lines: list[tuple[tuple[str, str, str], _Sum]] = []
    models = list(dict.fromkeys(key[0] for key in groups))
    for model in models:
        mine = [(key, _sum(rows)) for key, rows in groups.items() if key[0] == model]
        lines += mine
        if len(mine) > 1 and len(models) > 1:
            lines.append(((f"all {model}", "", ""), _added([one for _, one in mine])))
    whole = _added([_sum(rows) for rows in groups.values()])
    lines.append((("total", "", ""), whole))
    expected = lined_up([_dollars(one.expected) for _, one in lines])
    most = lined_up([_dollars(one.most) for _, one in lines])
    table: list[tuple[str, ...]] = [_HEAD]
    for at, (key, one) in enumerate(lines):
        table.append((*key, f"{one.rows:,}", f"{one.images:,}", expected[at], most[at]))
    return columns(table, left=3)


@dataclass(frozen=True, slots=True)
class _Sum:
    rows: int
    images: int
    expected: int
    most: int


def _sum(rows: "Sequence[tuple[Row, Quote]]") -> _Sum:
    return _Sum(
        len(rows),
        sum(int(row.options.get("n", 1)) for row, _ in rows),
        sum(quote.expected.nanos for _, quote in rows),
        sum(quote.max.nanos for _, quote in rows),
    )


def _added(sums: Sequence[_Sum]) -> _Sum:
    return _Sum(
        sum(one.rows for one in sums),
        sum(one.images for one in sums),
        sum(one.expected for one in sums),
        sum(one.most for one in sums),
    )


def _dollars(nanos: int) -> str:
    from darkroom_client import Money

    return str(Money(nanos))


def _fresh(row: Row, attempt: int, sender: str) -> Task:
    run = Run(
        id=row.id,
        number=row.number,
        prompt=row.prompt,
        request=row.request,
        state="queued",
        model=str(row.options.get("model", "")),
    )
    return Task(row, Entry(run, row.digest, attempt, 0, sender))


def _priced(task: Task, quote: "Quote | None") -> Task:
    if quote is None:
        return task
    entry = task.entry
    model = entry.run.model or quote.model
    run = replace(entry.run, quote_nanos=quote.expected.nanos, model=model)
    return replace(task, entry=replace(entry, run=run, max_nanos=quote.max.nanos))


def _is_again(earlier: Entry, choice: Choice) -> bool:
    """Whether a row that has ended without images is to be sent again."""
    if earlier.run.state == SUCCEEDED:
        return False
    if earlier.resumable:
        return True
    return choice.retry_failed and (not earlier.run.is_refused or earlier.run.id in choice.only)


def _is_lost(earlier: Entry, sender: str) -> bool:
    """Whether nobody can tell any more if the server took it: the same key would buy it anew."""
    known = bool(earlier.run.job_id)
    return not known and (earlier.age_s > _KEY_LIFE_S or earlier.sender != sender)


def _given_up(earlier: Entry) -> Entry:
    message = (
        "It was sent, the answer never came, and its idempotency key has expired or is another"
        " API key's: it may have been made. Look at your jobs; --retry-failed buys it anew."
    )
    error = RunError(ANSWER_LOST, message)
    return replace(earlier, run=replace(earlier.run, state=FAILED, error=error))
