"""``darkroom jobs``: list jobs, look at one, wait for one, stop one, open its images."""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Failure, reported
from darkroom.cli.making import Made, placed, tell_of
from darkroom.cli.screen import Screen, table
from darkroom.cli.targets import Targets, Wish

if TYPE_CHECKING:
    from darkroom_client import Job

PAGE_MAX = 100
PROMPT_MAX = 48
_STATES = ("queued", "running", "succeeded", "failed", "canceled")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_ID = click.argument("job_id", metavar="ID")


@click.group()
def command() -> None:
    """List jobs, look at one, wait for one, stop one, open its images.

    \b
        darkroom jobs ls --state running
        darkroom jobs wait job_… -o bike.png
    """


@command.command("ls")
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1), default=20, help="How many. [default: 20]")
@_AS_JSON
@connection_options
def ls(state: str | None, limit: int, as_json: bool, **options: Any) -> None:
    """List jobs of the key's account, newest first.

    \b
        darkroom jobs ls --state failed --limit 5
    """
    with reported(as_json):
        found: list[Job] = []
        with connected(options, Screen()) as client:
            cursor = None
            while len(found) < limit:
                some = min(PAGE_MAX, limit - len(found))
                page = client.jobs.list(limit=some, cursor=cursor, state=state)
                found += page.jobs
                cursor = page.next_cursor
                if cursor is None:
                    break
        tell_jobs(found, as_json=as_json)


@command.command()
@_ID
@_AS_JSON
@connection_options
def get(job_id: str, as_json: bool, **options: Any) -> None:
    """Print what is known of a job: what was asked, who served, what it cost.

    \b
        darkroom jobs get job_… --json | jq .attempts
    """
    with reported(as_json):
        with connected(options, Screen()) as client:
            job = client.jobs.get(job_id)
        _tell(job, as_json)


@command.command()
@_ID
@click.option("-o", "--output", metavar="FILE|DIR|-", help="Where to write; '-' is stdout.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--timeout", type=click.FloatRange(1), help="Seconds. Default: as long as it takes.")
@click.option("--quiet", is_flag=True, help="Nothing on stderr but errors.")
@_AS_JSON
@connection_options
def wait(job_id: str, **options: Any) -> None:
    """Wait until a job has ended, and write its images.

    \b
        darkroom jobs wait job_… -o bike.png
    """
    screen, started = Screen(options["quiet"]), time.monotonic()
    with reported(options["as_json"]):
        with connected(options, screen) as client:
            asked = client.jobs.get(job_id).raw["request"]
            wish = Wish(
                *(options["output"], asked["prompt"], asked["n"]),
                force=options["force"],
                as_json=options["as_json"],
            )
            targets = Targets(wish)
            with screen.working("waiting"):
                result = client.jobs.wait(job_id, timeout=options["timeout"])
        tell_of(Made(result, placed(result, targets), started), targets, options, screen)


@command.command()
@_ID
@_AS_JSON
@connection_options
def cancel(job_id: str, as_json: bool, **options: Any) -> None:
    """Ask a job to end. What has ended stays as it is.

    \b
        darkroom jobs cancel job_…
    """
    with reported(as_json):
        with connected(options, Screen()) as client:
            job = client.jobs.cancel(job_id)
        if as_json:
            click.echo(json.dumps({"ok": True, **job.raw}, ensure_ascii=False))
            return
        click.echo(f"{job.id}: {job.state if job.done else 'asked to end'}")


@command.command("open")
@_ID
@click.option("--print", "print_only", is_flag=True, help="Print the links instead.")
@connection_options
def open_(job_id: str, print_only: bool, **options: Any) -> None:
    """Open a job's images in the browser. It takes a server that runs, as links need one.

    \b
        darkroom jobs open job_… --print
    """
    with reported():
        with connected(options, Screen(), embed=False) as client:
            job = client.jobs.get(job_id)
        if not job.results:
            raise Failure(f"the job has no images: it is {job.state}", code="no_images")
        for asset in job.results:
            if print_only or click.launch(asset.url) != 0:
                click.echo(asset.url)


def tell_jobs(jobs: "list[Job]", *, as_json: bool) -> None:
    """A table of jobs, or one JSON object with all that the server told."""
    if as_json:
        told = {"ok": True, "jobs": [job.raw for job in jobs]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = [
        [
            *(job.id, f"{job.created_at[:16].replace('T', ' ')}", job.state),
            *(job.served_model or job.model, "" if job.charge is None else str(job.charge)),
            shortened(job.raw["request"]["prompt"]),
        ]
        for job in jobs
    ]
    click.echo(table(["ID", "CREATED (UTC)", "STATE", "MODEL", "CHARGED", "PROMPT"], rows))


def shortened(prompt: str) -> str:
    """One line of a prompt, without what a terminal would obey."""
    line = "".join(c for c in " ".join(prompt.split()) if c.isprintable())
    return line if len(line) <= PROMPT_MAX else f"{line[: PROMPT_MAX - 1]}…"


def _tell(job: "Job", as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"ok": True, **job.raw}, ensure_ascii=False))
        return
    asked = {k: v for k, v in job.raw["request"].items() if v not in (None, [], "auto")}
    lines = [
        ("job", job.id),
        ("state", job.state),
        ("prompt", asked.pop("prompt", "")),
        ("asked", ", ".join(f"{name} {value}" for name, value in asked.items())),
        ("served by", " · ".join(filter(None, (job.served_model, job.deployment)))),
        ("tried", ", ".join(f"{one['deployment']} {one['state']}" for one in job.raw["attempts"])),
        ("charged", "" if job.charge is None else str(job.charge)),
        ("created", job.created_at),
        ("finished", job.finished_at or ""),
        ("error", "" if job.error is None else f"{job.error['code']}: {job.error['message']}"),
    ]
    lines += [("warning", one.message) for one in job.warnings]
    lines += [("image", f"{one.width}x{one.height} {one.url}") for one in job.results]
    for name, value in lines:
        if value:
            click.echo(f"{name:<10} {value}")
