"""``darkroom history``: what was asked for before, searched by its words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.jobs import PAGE_MAX, tell_jobs
from darkroom.cli.screen import Screen

if TYPE_CHECKING:
    from darkroom_client import Client, Job

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.command()
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("-m", "--model", help="Asked for, or served by, this model.")
@click.option("--since", metavar="DAY|AGE", help="From this day on (UTC), or 12h, 7d, 2w ago.")
@click.option("--limit", type=click.IntRange(1), default=20, help="How many. [default: 20]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Search the prompts of earlier jobs for all of WORDs, newest first; without any, list them.

    \b
        darkroom history
        darkroom history bicycle --since 7d
        darkroom history 자전거 --model gpt-image-2 --since 2026-11-01 --json
    """
    with reported(as_json):
        since = _since(options["since"], datetime.now(UTC))
        wanted = _Wanted(tuple(word.casefold() for word in words), options["model"])
        with connected(options, Screen()) as client:
            found = (job for job in _jobs(client, since) if wanted.matches(job))
            tell_jobs(list(islice(found, options["limit"])), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Wanted:
    words: Sequence[str]
    model: str | None

    def matches(self, job: "Job") -> bool:
        if self.model and self.model not in (job.model, job.served_model):
            return False
        prompt = str(job.raw["request"]["prompt"]).casefold()
        return all(word in prompt for word in self.words)


def _jobs(client: "Client", since: str) -> "Iterator[Job]":
    """All jobs, newest first, down to ``since``."""
    cursor = None
    while True:
        page = client.jobs.list(limit=PAGE_MAX, cursor=cursor)
        for job in page.jobs:
            if job.created_at < since:
                return
            yield job
        cursor = page.next_cursor
        if cursor is None:
            return


def _since(text: str | None, now: datetime) -> str:
    """In the server's form, which sorts as time does. Raises ``click.UsageError``."""
    if text is None:
        return ""
    amount, unit = text[:-1], text[-1:]
    try:
        if unit in _UNITS and amount.isdecimal():
            return (now - int(amount) * _UNITS[unit]).isoformat()
        return date.fromisoformat(text).isoformat()
    except (ValueError, OverflowError) as error:
        raise click.UsageError("--since is a day such as 2026-11-01, or 12h, 7d, 2w.") from error
