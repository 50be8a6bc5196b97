"""``python -m tests.fleet``: what several processes cost, and how fast one stands in for another.

``DARKROOM_TEST_POSTGRES`` names the PostgreSQL server on which a database is made for the run.
"""

import tempfile
from collections import Counter
from pathlib import Path

import click

from tests.fleet.commits import commits_per_s
from tests.fleet.cost import FORMS, measure
from tests.fleet.takeover import takeovers
from tests.support.postgres import temporary_database

_SHOWN = 110
"""Characters of a statement."""


@click.group()
def main() -> None:
    """Measure a fleet: server processes on one PostgreSQL database and one object store."""


@main.command()
@click.option("--kills", default=5, show_default=True)
@click.option("--dead-after", default=10.0, show_default=True, help="The setting dead_after_s.")
def takeover(kills: int, dead_after: float) -> None:
    """From kill -9 of the process that runs a job to the job's next upstream call."""
    with tempfile.TemporaryDirectory() as folder, temporary_database() as url:
        found: list[float] = []
        for took_s in takeovers(Path(folder), url, kills, dead_after):
            found.append(took_s)
            click.echo(f"{took_s:8.1f} s")
    click.echo(f"{max(found):8.1f} s at most, of {kills}, with dead_after_s = {dead_after:g}")


@main.command()
@click.option("--jobs", default=200, show_default=True)
@click.option("--form", type=click.Choice(tuple(FORMS)), default="link", show_default=True)
@click.option("--processes", default=3, show_default=True)
@click.option("--statements", default=0, help="Also list so many statements, the frequent first.")
def cost(jobs: int, form: str, processes: int, statements: int) -> None:
    """What one job asks of PostgreSQL and of the object store; of images of 1.5 MB."""
    with tempfile.TemporaryDirectory() as folder, temporary_database() as url:
        found = measure(Path(folder), url, jobs, form, processes)
    for name, number in found.busy.per(jobs, found.idle).items():
        click.echo(f"{number:12,.1f}  {name} per job")
    idle = found.idle.statements / found.idle.seconds / processes
    click.echo(f"{idle:12,.1f}  statements per second and process, idle")
    click.echo(f"{found.busy.connections:12,}  connections of {processes} processes")
    for text, count in Counter(found.busy.by_text).most_common(statements):
        click.echo(f"{count / jobs:12.2f}  {text[:_SHOWN]}")


@main.command()
@click.option("--connections", default=16, show_default=True)
@click.option("--seconds", default=5.0, show_default=True)
def commits(connections: int, seconds: float) -> None:
    """Transactions per second that PostgreSQL commits here, without and with a notice in each."""
    with temporary_database() as url:
        for notifying, name in ((False, "commits"), (True, "commits with a notice")):
            found = commits_per_s(
                url, notifying=notifying, connections=connections, seconds=seconds
            )
            click.echo(f"{found:8,.0f}  {name} per second, {connections} connections")


if __name__ == "__main__":
    main()
