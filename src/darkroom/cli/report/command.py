"""``darkroom report``: one HTML file about jobs, or about a batch."""

import json
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Failure, reported
from darkroom.cli.report.gather import jobs_of, runs_of
from darkroom.cli.report.options import report_style, style_options
from darkroom.cli.screen import Screen
from darkroom.report.pictures import FULL
from darkroom.report.runs import MANIFEST, Run, read_runs
from darkroom.report.writing import Style, write_report

_NAME = "report.html"


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB_ID]...")
@click.option("--last", type=click.IntRange(1, 1000), metavar="N", help="The last N jobs.")
@click.option(
    "--batch",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="What is in the folder of a batch, or of compare. Needs no server.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write. Default: report.html, with --batch in its folder.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@style_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--quiet", is_flag=True, help="Nothing on stderr but errors.")
@connection_options
def command(
    jobs: tuple[str, ...], last: int | None, batch: Path | None, output: Path | None, **options: Any
) -> None:
    """Write an HTML report: the images, asked against got, and what each of them cost.

    \b
        darkroom report --last 3
        darkroom report 01a1fc4a-b231-79dd-9810-86282a1b559a -o bike.html --embed full
        darkroom report --batch posters/ --lang ko --credits

    The file asks nothing of the network. Previews are inside; the full files stay beside it,
    in report-files/ for jobs. A batch's own report is written again without --force.
    """
    with reported(options["as_json"]):
        if sum(map(bool, (jobs, last, batch))) != 1:
            raise click.UsageError("Name jobs, or use one of --last and --batch.")
        target = output or (batch / _NAME if batch else Path(_NAME))
        is_own = batch is not None and output is None
        if os.path.lexists(target) and not options["force"] and not is_own:
            raise Failure(f"{target} exists already; --force overwrites it", code="exists")
        style = report_style(options)
        runs = _written(target, (jobs, last or 0, batch), style, options)
        _tell(target, runs, options)


def _written(
    target: Path,
    chosen: tuple[Sequence[str], int, Path | None],
    style: Style,
    options: Mapping[str, Any],
) -> Sequence[Run]:
    ids, last, batch = chosen
    try:
        if batch is not None:
            runs: Sequence[Run] = _batch_runs(batch)
            write_report(target, runs, batch, style)
            return runs
        screen = Screen(options["quiet"])
        with _folder(target, style) as folder:
            with connected(options, screen) as client, screen.working("reading jobs"):
                runs = runs_of(client, jobs_of(client, ids, last), folder)
            write_report(target, runs, folder, style)
        return runs
    except OSError as error:
        message = f"cannot write {error.filename or target}: {error.strerror}"
        raise Failure(message, code="output") from error


def _batch_runs(folder: Path) -> Sequence[Run]:
    try:
        return read_runs(folder)
    except OSError as error:
        message = f"{folder} has no {MANIFEST}: it is not the folder of a batch"
        raise Failure(message, code="input") from error


@contextmanager
def _folder(target: Path, style: Style) -> Generator[Path]:
    """Where the images of jobs go: beside the report, unless they are all inside."""
    if style.embed == FULL:
        with TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        yield target.with_name(f"{target.stem}-files")


def _tell(target: Path, runs: Sequence[Run], options: Mapping[str, Any]) -> None:
    from darkroom_client import Money

    charged = Money(sum(run.charged_nanos for run in runs))
    images = sum(len(run.files) for run in runs)
    if options["as_json"]:
        money = {"nanos": charged.nanos, "usd": charged.usd, "credits": charged.credits}
        told = {"ok": True, "report": os.fspath(target), "requests": len(runs), "images": images}
        click.echo(json.dumps({**told, "charged": money}, ensure_ascii=False))
        return
    click.echo(os.fsencode(target))
    Screen(options["quiet"]).tell(f"{images} images, {charged} charged")
