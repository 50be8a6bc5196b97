"""``python -m tests.chaos``: kill servers, or cut the power, as often as you like; then audit.

Everything follows from the seed but the scheduling of the machine. Exit code 1: something was
found that must never be.
"""

import asyncio
import math
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from tests.chaos.cuts import live, moments, suffer
from tests.chaos.disk import Recording, empty
from tests.chaos.storm import Storm, play
from tests.chaos.verdict import KINDS, judge
from tests.ledger import machine
from tests.support.postgres import temporary_database

_FOUND_MAX = 5
_SEED = 20_261_121
_folder = click.option(
    "--keep", type=click.Path(path_type=Path), help="Work in this folder, and leave it there."
)
_seed = click.option("--seed", default=_SEED, show_default=True)


@click.group()
def main() -> None:
    """Crash tests of the whole product."""


@main.command()
@click.option("--database", type=click.Choice(("sqlite", "postgres")), default="sqlite")
@click.option("--kills", default=300, show_default=True, help="At least so many.")
@click.option("--jobs", default=6_000, show_default=True)
@click.option("--processes", default=3, show_default=True, help="With PostgreSQL.")
@click.option("--minutes", default=math.inf, help="No more kills after that.")
@click.option("--freezes", is_flag=True, help="With PostgreSQL: some are paused instead.")
@_seed
@_folder
def kill(database: str, keep: Path | None, minutes: float, freezes: bool, **size: int) -> None:
    """Servers under load that die by kill -9, with a flaky vendor and a flaky receiver."""
    with ExitStack() as stack:
        folder = _place(stack, keep)
        storm = Storm(folder, size["seed"], size["kills"], size["jobs"], minutes_max=minutes)
        if database == "postgres":
            url = stack.enter_context(temporary_database())
            storm = replace(storm, database_url=url, processes=size["processes"], freezes=freezes)
        verdict = judge(play(storm))
    _tell(verdict.numbers, verdict.findings)


@main.command()
@click.option("--cuts", default=1_000, show_default=True)
@click.option("--jobs", default=150, show_default=True)
@_seed
@_folder
def cut(cuts: int, jobs: int, seed: int, keep: Path | None) -> None:
    """Power cuts of one recorded life on SQLite, at any write, sync or rename."""
    started = time.monotonic()
    with ExitStack() as stack:
        folder = _place(stack, keep)
        recording, life = Recording(), empty(folder / "life")
        asyncio.run(live(life, recording, jobs))
        at = moments(recording.events, cuts, seed)
        toll = asyncio.run(suffer(life, recording.events, at, folder / "cut", seed))
    numbers = {
        "cuts": toll.cuts,
        "of them started again": toll.recoveries,
        "writes, syncs and renames": len(recording.events),
        "promises looked at": toll.promises,
        "seconds": round(time.monotonic() - started),
    }
    _tell(numbers, toll.findings)


@main.command()
@click.option("--lives", default=10_000, show_default=True, help="Of up to 25 steps each.")
def books(lives: int) -> None:
    """Holds, captures, refunds and crashes in any order; the books are audited at each step."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="darkroom-books-") as folder:
        machine.play(f"sqlite:///{folder}/books.db", lives)  # raises what it finds
    seconds = round(time.monotonic() - started)
    _count({"lives, nothing wrong": lives, "seconds": seconds})


def _place(stack: ExitStack, keep: Path | None) -> Path:
    if keep is not None:
        return empty(keep)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="darkroom-chaos-")))


def _tell(numbers: dict[str, int], findings: dict[str, list[str]]) -> None:
    _count(numbers)
    click.echo()
    for kind, what in KINDS.items():
        found = findings.get(kind, [])
        click.echo(f"{len(found):>9,}  {what}")
        for one in found[:_FOUND_MAX]:
            click.echo(f"{'':>11}{one}")
    sys.exit(any(findings.values()))


def _count(numbers: dict[str, int]) -> None:
    for name, number in numbers.items():
        click.echo(f"{number:>9,}  {name}")


if __name__ == "__main__":
    main()
