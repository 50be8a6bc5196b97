"""The command itself: its options, and the steps from the file to the summary."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.asking import asked_of, model_options
from darkroom.cli.batch.folder import Folder, write_costs, write_sheet
from darkroom.cli.batch.manifest import Manifest
from darkroom.cli.batch.plan import Choice, Plan, chosen, planned, price_table, quoted
from darkroom.cli.batch.problems import BadRow, BadRows, Unreadable, refuse
from darkroom.cli.batch.reading import SUFFIXES, Cells, read_rows
from darkroom.cli.batch.rows import Maker, Row, is_axis, read_grid
from darkroom.cli.batch.running import Limits, Runner
from darkroom.cli.batch.shop import ServerShop
from darkroom.cli.batch.telling import Summary, Teller, summed_up
from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Exit, Failure, reported
from darkroom.cli.screen import Screen
from darkroom.core.naming import slug
from darkroom.report.runs import SUCCEEDED

if TYPE_CHECKING:
    from darkroom_client import Money

_INTERRUPTED = 130
REPORT = "report.html"
_ROWS = (
    click.option("--grid", is_flag=True, help="Every row with all combinations: NAME=A,B …"),
    click.option(
        "--template", metavar="TEXT", help='Prompts from columns: "A photo of {product}".'
    ),
    click.option("--only", metavar="ID,ID", help="Only these rows."),
    click.option("--retry-failed", is_flag=True, help="Send failed rows again; not refused ones."),
    click.option(
        "-o", "--output", metavar="DIR", help="Folder of the batch. Default: by its name."
    ),
)
_RUNNING = (
    click.option("--concurrency", type=click.IntRange(1, 32), default=4, show_default=True),
    click.option(
        "--retries",
        type=click.IntRange(0, 10),
        default=2,
        show_default=True,
        help="For each row, when the server or the vendor is busy or away.",
    ),
    click.option(
        "--max-cost", metavar="USD", help="Never spend more on this batch, all runs added."
    ),
    click.option(
        "--confirm-over", metavar="USD", default="1", show_default=True, help="Ask above that."
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--report", is_flag=True, help=f"An HTML report of it all in {REPORT}."),
    click.option("--contact-sheet", is_flag=True, help="All images small in contact-sheet.png."),
    click.option("--dry-run", is_flag=True, help="Check everything, print the prices, and stop."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    click.option("--json-events", is_flag=True, help="Each step as a line of JSON on stderr."),
    click.option("--quiet", is_flag=True, help="Nothing on stderr but errors."),
    click.option(
        "--timeout",
        type=click.FloatRange(1),
        default=600.0,
        help="Seconds to wait for one row. [default: 600]",
    ),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = connection_options(command)
    for option in reversed(_RUNNING):
        command = option(command)
    command = model_options(command)
    for option in reversed(_ROWS):
        command = option(command)
    return command


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="FILE|PROMPT [NAME=A,B]...")
@_options
def command(words: tuple[str, ...], **options: Any) -> None:
    """Make an image of every row of FILE: .csv, .tsv, .jsonl, .txt, or '-' for lines of stdin.

    \b
        darkroom batch products.csv --template "A photo of {product}" --max-cost 5
        darkroom batch prompts.txt -q low -o drafts --dry-run
        darkroom batch "a red bicycle" --grid size=1024x1024,1536x1024 quality=low,high

    Columns are named as the options: prompt, id, images, mask, model, size, quality … All rows are
    checked and priced before anything is spent. Run the same command again to go on where it
    stopped, for whatever reason; nothing is bought twice.

    Exits with 7 when some rows were made and others not.
    """
    screen = Screen(options["quiet"])
    with reported(options["as_json"]):
        order: _Order | None = None
        try:
            order = _order(words, options)
            code = _batch(order, options, screen)
        except BadRows as problems:
            if not options["as_json"]:
                for line in problems.lines(_source(words, options)):
                    click.echo(line, err=True)
            raise
    raise SystemExit(code)


@dataclass(frozen=True, slots=True)
class _Order:
    """What the command line asks for, read and checked without a server."""

    rows: Sequence[Row]
    folder: Path
    limits: Limits
    confirm_over: "Money"
    choice: Choice


def _source(words: Sequence[str], options: Mapping[str, Any]) -> str:
    """The file or prompt among the words. Raises :class:`Unreadable`."""
    found = [word for word in words if not (options["grid"] and is_axis(word))]
    if len(found) != 1:
        raise Unreadable(
            f"A batch has one file or prompt, not {len(found)}: quote a prompt as a whole, and"
            " write --grid before NAME=A,B"
        )
    return found[0]


def _order(words: Sequence[str], options: Mapping[str, Any]) -> _Order:
    if options["partial"]:
        raise Unreadable("--partial is for single images")
    source = _source(words, options)
    axes = [word for word in words if options["grid"] and is_axis(word)]
    is_file = source == "-" or Path(source).is_file() or Path(source).suffix.lower() in SUFFIXES
    cells, problems = read_rows(source) if is_file else ([Cells(0, {"prompt": source})], [])
    name = "batch" if source == "-" else Path(source).stem if is_file else slug(source)
    try:
        grid = read_grid(axes)
        defaults = {k: v for k, v in asked_of(options).items() if not (k == "n" and v == 1)}
        if twice := next((axis for axis in grid[0] if axis in defaults), None):
            raise BadRow(f"--grid has '{twice}', and so has an option")
        folder = Path(source).parent if is_file and source != "-" else Path()
        rows, more = Maker(folder, defaults, options["template"], grid).rows(cells)
    except BadRow as problem:
        raise Unreadable(str(problem)) from problem
    refuse([*problems, *more])
    if not rows:
        raise Unreadable(f"{source} has no rows")
    only = tuple(filter(None, (id.strip() for id in (options["only"] or "").split(","))))
    choice = Choice(only, options["retry_failed"])
    cap = None if options["max_cost"] is None else _money("--max-cost", options["max_cost"]).nanos
    return _Order(
        rows,
        Path(options["output"] or f"{name}-batch"),
        Limits(
            options["concurrency"],
            options["retries"],
            cap,
            send_first=any(row.options.get("service_tier") == "economy" for row in rows),
        ),
        _money("--confirm-over", options["confirm_over"]),
        choice,
    )


def _batch(order: _Order, options: Mapping[str, Any], screen: Screen) -> int:
    """Plan, tell the price, make, tell what came of it; the exit code."""
    rows = chosen(order.rows, order.choice)
    with (
        _opened(order.folder) as manifest,
        connected(options, screen, options["timeout"]) as client,
    ):
        folder = Folder(order.folder, len(order.rows), [one.run for one in manifest.entries])
        plan = planned(rows, manifest, folder, order.choice, _sender(options))
        # what may take a day is waited for as long as it takes
        shop = ServerShop(client, None if order.limits.send_first else options["timeout"])
        quoted(plan, shop, order.limits.concurrency)
        if options["dry_run"]:
            _rehearsed(plan, options)
            return 0
        _told_price(plan, screen)
        _confirmed(plan, order, options, screen)
        for entry in plan.kept:
            if manifest.get(entry.run.id) != entry:  # given up on just now
                manifest.write(entry)
        teller = Teller(screen, len(plan.tasks), options["json_events"])
        runner = Runner(shop, manifest, folder, order.limits, teller)
        with teller.showing():
            runner.run(plan.tasks, screen.note)
        summary = summed_up(manifest.entries, [row.id for row in rows])
        if summary.runs:
            _left_behind(order.folder, manifest, options)
        made = {task.row.id for task in plan.tasks}
        _tell(order.folder, summary, made, options, screen)
        return _exit_code(summary, runner, order, screen)


def _opened(folder: Path) -> Manifest:
    try:
        return Manifest(folder)
    except OSError as error:
        message = f"cannot write in {folder}: {error.strerror}; choose another folder, -o"
        raise Failure(message, code="output") from error


def _rehearsed(plan: Plan, options: Mapping[str, Any]) -> None:
    from darkroom_client import Money

    if not options["as_json"]:
        click.echo(price_table(plan))
        if plan.saved_nanos:
            click.echo(_saving(plan))
        if plan.kept:
            click.echo(f"{len(plan.kept)} rows are done already")
        return
    rows = [
        {"id": id, "expected_nanos": quote.expected.nanos, "max_nanos": quote.max.nanos}
        for id, quote in plan.quotes.items()
    ]
    told = {
        "ok": True,
        "dry_run": True,
        "rows": rows,
        "done": len(plan.kept),
        "expected": {"nanos": plan.expected_nanos, "usd": Money(plan.expected_nanos).usd},
        "max": {"nanos": plan.max_nanos, "usd": Money(plan.max_nanos).usd},
        "saved": {"nanos": plan.saved_nanos, "usd": Money(plan.saved_nanos).usd},
    }
    click.echo(json.dumps(told, ensure_ascii=False))


def _saving(plan: Plan) -> str:
    from darkroom_client import Money

    usual = Money(plan.expected_nanos + plan.saved_nanos)
    return f"{Money(plan.saved_nanos)} saved by --economy: the usual price is {usual}"


def _told_price(plan: Plan, screen: Screen) -> None:
    if plan.quotes:
        screen.tell(price_table(plan))
        if plan.saved_nanos:
            screen.tell(_saving(plan))
    if plan.kept:
        screen.note(f"{len(plan.kept)} rows are left as they are")
    if again := sum(task.was_sent for task in plan.tasks):
        screen.note(f"{again} rows are at the server already and only collected")


def _confirmed(plan: Plan, order: _Order, options: Mapping[str, Any], screen: Screen) -> None:
    """Raises :class:`Failure` when a person does not want to spend that much."""
    from darkroom_client import Money

    expected = Money(plan.expected_nanos)
    asks = screen.is_live and sys.stdin.isatty() and not options["yes"]
    if not asks or expected.nanos <= order.confirm_over.nanos:
        return
    if not click.confirm(f"Spend {expected}, at most {Money(plan.max_nanos)}?", err=True):
        raise Failure("nothing was sent", code="declined")


def _left_behind(folder: Path, manifest: Manifest, options: Mapping[str, Any]) -> None:
    """The files beside the images; they are of the whole batch. Raises :class:`Failure`."""
    runs = sorted((entry.run for entry in manifest.entries), key=lambda run: run.number)
    try:
        write_costs(folder, runs)
        if options["contact_sheet"]:
            write_sheet(folder, runs)
        if options["report"]:
            from darkroom.report import Style, write_report

            write_report(folder / REPORT, runs, folder, Style(title=folder.name))
    except OSError as error:
        raise Failure(f"cannot write {error.filename}: {error.strerror}", code="output") from error


def _tell(
    folder: Path, summary: Summary, made: set[str], options: Mapping[str, Any], screen: Screen
) -> None:
    if options["as_json"]:
        told = {
            "ok": summary.ok == summary.rows,
            "folder": os.fspath(folder),
            **summary.to_json(),
            "runs": [run.to_json() for run in sorted(summary.runs, key=lambda run: run.number)],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for run in sorted(summary.runs, key=lambda run: run.number):
            if run.id in made and run.state == SUCCEEDED:
                for file in run.files:
                    click.echo(os.fsencode(folder / file.path))
    screen.tell(str(summary))


def _exit_code(summary: Summary, runner: Runner, order: _Order, screen: Screen) -> int:
    if runner.capped:
        screen.warning(f"--max-cost: {summary.left} rows were left out; raise it and run again")
    if runner.failure is not None:
        screen.warning(f"stopped early: {runner.failure.message}")
    if runner.interrupted:
        return _INTERRUPTED
    if summary.ok == summary.rows:
        return 0
    if summary.left:
        screen.note("run the same command again to go on")
    if summary.ok:
        return Exit.PARTIAL
    if runner.failure is not None:
        return runner.failure.exit
    if runner.capped:
        return Exit.FUNDS
    if summary.refused == summary.rows:
        return Exit.REFUSED
    return Exit.UNAVAILABLE if summary.left else Exit.FAILURE


def _sender(options: Mapping[str, Any]) -> str:
    """Tells API keys apart without telling what they are.

    A server's address may change over a restart. Without a key it is that of the data folder.
    """
    folder = options["data_dir"] or os.environ.get("DARKROOM_DATA_DIR", "")
    who = options["api_key"] or f"the operator of {folder}"
    return hashlib.sha256(who.encode()).hexdigest()[:16]


def _money(option: str, text: str) -> "Money":
    from darkroom_client import Money

    try:
        amount = Money.dollars(text)
    except ValueError as error:
        raise Unreadable(f"{option}: {error}") from error
    if amount.nanos < 0:
        raise Unreadable(f"{option} is not negative")
    return amount
