"""``darkroom compare``: one prompt in several sizes, qualities and models, and what each costs."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Exit, Failure, of_api, reported
from darkroom.cli.reading import prompt_of
from darkroom.cli.report.options import report_style, style_options
from darkroom.cli.screen import Screen
from darkroom.cli.targets import SUFFIXES
from darkroom.core.naming import slug
from darkroom.report.runs import FAILED, MANIFEST, SUCCEEDED, Run, RunError
from darkroom.report.writing import Style, write_report

if TYPE_CHECKING:
    from darkroom_client import Client, Image, Job

_SIZES = ("1024x1024", "1792x1024", "1024x1792")
# option on the wire, and the name of the values
_AXES = (("model", "models"), ("quality", "qualities"), ("size", "sizes"))
_COMBINATIONS_MAX = 100
_AT_ONCE = 4
_NAME = "report.html"


@click.command()
@click.argument("prompt")
@click.option(
    "-s",
    "--size",
    "sizes",
    multiple=True,
    metavar="WxH",
    default=_SIZES,
    show_default=True,
    help="Several times for several.",
)
@click.option("-q", "--quality", "qualities", multiple=True, help="Several times for several.")
@click.option("-m", "--model", "models", multiple=True, help="Several times for several.")
@click.option("-f", "--format", help="png, jpeg or webp.")
@click.option("--background", help="transparent, opaque or auto.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="A new folder for the images and the report. Default: a name from the prompt.",
)
@style_options
@click.option("--dry-run", is_flag=True, help="Print the prices; make and spend nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--quiet", is_flag=True, help="Nothing on stderr but errors.")
@connection_options
def command(prompt: str, output: Path | None, **options: Any) -> None:
    """Make PROMPT in every combination of sizes, qualities and models, and report what each cost.

    \b
        darkroom compare "a red bicycle"
        darkroom compare @poster.txt -s 1024x1024 -q low -q high -o poster/
        darkroom compare "a red bicycle" -m gpt-image-2 -m gemini-3-pro-image --dry-run

    The folder has the images, report.html and manifest.jsonl, of which `darkroom report --batch`
    makes the report again. Exit code 7: some were made; 3: all were refused.
    """
    with reported(options["as_json"]):
        screen, text = Screen(options["quiet"]), prompt_of(prompt)
        asked = _combinations(options)
        with connected(options, screen) as client:
            quotes = _priced(client, text, asked)
            _tell_price(asked, quotes, screen, options)
            if options["dry_run"]:
                return
            folder = _new_folder(output, text)
            with screen.working(f"making {len(asked)} images"):
                runs = _made(client, _Order(text, folder), asked)
        report = _saved(folder, runs, report_style(options))
        _tell(report, folder, runs, options)
    _leave(runs)


def _combinations(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each as the SDK's keywords; what was not said is left to the server."""
    fixed = {"output_format": options["format"], "background": options["background"]}
    fixed = {name: value for name, value in fixed.items() if value is not None}
    axes = [(name, options[many] or (None,)) for name, many in _AXES]
    found = [
        {name: value for (name, _), value in zip(axes, values, strict=True) if value is not None}
        for values in product(*(dict.fromkeys(values) for _, values in axes))
    ]
    if len(found) > _COMBINATIONS_MAX:
        raise click.UsageError(
            f"{len(found)} combinations are more than {_COMBINATIONS_MAX}: use `darkroom batch`."
        )
    return [one | fixed for one in found]


def _priced(client: "Client", prompt: str, asked: Sequence[Mapping[str, Any]]) -> list[int]:
    """The expected nano-dollars of each: whatever is wrong is found before anything is spent."""
    return [client.quote(prompt, **one).expected.nanos for one in asked]


def _tell_price(
    asked: Sequence[Mapping[str, Any]],
    quotes: Sequence[int],
    screen: Screen,
    options: Mapping[str, Any],
) -> None:
    from darkroom_client import Money

    total = Money(sum(quotes))
    if not options["dry_run"]:
        screen.tell(f"{len(asked)} images, {total} expected")
        return
    if options["as_json"]:
        priced = [{**one, "nanos": nanos} for one, nanos in zip(asked, quotes, strict=True)]
        expected = {"nanos": total.nanos, "usd": total.usd, "credits": total.credits}
        told = {"ok": True, "dry_run": True, "expected": expected, "images": priced}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    from darkroom.cli.amounts import columns
    from darkroom.core.money import lined_up

    amounts = lined_up([*(str(Money(nanos)) for nanos in quotes), str(total)])
    rows = [("SIZE", "QUALITY", "MODEL", "EXPECTED")]
    for one, amount in zip(asked, amounts, strict=False):
        said = [str(one.get(name, "default")) for name in ("size", "quality", "model")]
        rows.append((said[0], said[1], said[2], amount))
    click.echo(columns([*rows, ("total", "", "", amounts[-1])], left=3))


def _new_folder(output: Path | None, prompt: str) -> Path:
    """A folder of its own, so that nothing in it is overwritten."""
    base = slug(prompt)
    names = (Path(base if number == 1 else f"{base}-{number}") for number in count(1))
    for folder in [output] if output else names:
        try:
            folder.mkdir(parents=True, exist_ok=output is not None)
            if any(folder.iterdir()):
                raise Failure(f"{folder} is not empty: choose another folder, -o", code="exists")
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise Failure(f"cannot use {folder}: {error.strerror}", code="output") from error
    raise AssertionError  # the names never end


@dataclass(frozen=True, slots=True)
class _Order:
    prompt: str
    folder: Path


def _made(client: "Client", order: _Order, asked: Sequence[Mapping[str, Any]]) -> list[Run]:
    """A few at a time; in the order asked."""

    def one(number: int, options: Mapping[str, Any]) -> Run:
        return _one(client, order, number, options)

    with ThreadPoolExecutor(_AT_ONCE, "darkroom-compare") as pool:
        futures = [pool.submit(one, number, each) for number, each in enumerate(asked, start=1)]
        try:
            return [future.result() for future in futures]
        except OSError as error:
            pool.shutdown(wait=False, cancel_futures=True)
            raise _unwritten(error) from error
        except BaseException:  # Ctrl-C: what was not sent yet stays unsent
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _unwritten(error: OSError) -> Failure:
    message = f"cannot write {error.filename}: {error.strerror}; the server keeps the images"
    return Failure(message, code="output")


def _one(client: "Client", order: _Order, number: int, options: Mapping[str, Any]) -> Run:
    from darkroom_client import APIError

    try:
        handle = client.submit(order.prompt, **options)
        images: Sequence[Image] = handle.wait().images
        job: Job | None = handle.refresh()
    except APIError as error:
        images, job = (), error.job
        failure = of_api(error)
    else:
        failure = None
    if job is None:  # not accepted, or lost sight of
        said = "" if failure is None else failure.message
        code = "failed" if failure is None else failure.code
        asked = {name: value for name, value in options.items() if name != "model"}
        model = str(options.get("model", ""))
        error = RunError(code, said)
        return Run(str(number), number, order.prompt, asked, FAILED, model=model, error=error)
    run = Run.of_job(job.raw, id=str(number), number=number)
    files = [
        replace(file, path=_saved_image(image, order.folder, number, run))
        for image, file in zip(images, run.files, strict=False)
    ]
    return replace(run, files=tuple(files) or run.files)


def _saved_image(image: "Image", folder: Path, number: int, run: Run) -> str:
    """``1-1536x1024-high-gpt-image-2.png``: what came."""
    parts = (str(number), f"{image.width}x{image.height}", run.quality, run.served_model)
    stem = "-".join(part.replace("/", "-") for part in parts if part)
    name = f"{stem}{SUFFIXES.get(image.format, '.png')}"
    image.save(folder / name)
    return name


def _saved(folder: Path, runs: Sequence[Run], style: Style) -> Path:
    try:
        with (folder / MANIFEST).open("w", encoding="utf-8", errors="replace") as file:
            for run in runs:
                file.write(json.dumps(run.to_json(), ensure_ascii=False) + "\n")
        return write_report(folder / _NAME, runs, folder, style)
    except OSError as error:
        raise _unwritten(error) from error


def _tell(report: Path, folder: Path, runs: Sequence[Run], options: Mapping[str, Any]) -> None:
    from darkroom_client import Money

    charged = Money(sum(run.charged_nanos for run in runs))
    if options["as_json"]:
        money = {"nanos": charged.nanos, "usd": charged.usd, "credits": charged.credits}
        told = {"ok": all(run.state == SUCCEEDED for run in runs), "report": os.fspath(report)}
        shown = [run.to_json() for run in runs]
        click.echo(json.dumps({**told, "charged": money, "runs": shown}, ensure_ascii=False))
        return
    screen = Screen(options["quiet"])
    for run in runs:
        for file in run.files:
            click.echo(os.fsencode(folder / file.path))
        if run.error is not None:
            size = run.request.get("size", "")
            screen.warning(f"{run.number} ({size}): {run.error.code}: {run.error.message}")
    click.echo(os.fsencode(report))
    screen.tell(f"{charged} charged")


def _leave(runs: Sequence[Run]) -> None:
    ok = sum(run.state == SUCCEEDED for run in runs)
    if ok == len(runs):
        return
    refused = all(run.is_refused for run in runs)
    raise SystemExit(int(Exit.PARTIAL if ok else Exit.REFUSED if refused else Exit.FAILURE))
