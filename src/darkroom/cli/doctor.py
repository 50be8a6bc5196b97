"""``darkroom doctor``: what works, what does not, and what to do about it."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.examining import (
    Finding,
    Level,
    of_deployments,
    of_server,
    of_store,
    of_this_machine,
    versions,
)
from darkroom.cli.failures import Exit, Failure, starting
from darkroom.cli.screen import Screen

if TYPE_CHECKING:
    from darkroom_client import Client

_TIMEOUT_S = 60.0
_MARKS = {
    Level.OK: ("✓", "green"),
    Level.WARNING: ("!", "yellow"),
    Level.FAILED: ("✗", "red"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(as_json: bool, **options: Any) -> None:
    """Check everything that images need: server, key, database, storage, disk, clock, vendors.

    \b
        darkroom doctor
        darkroom doctor --json | jq '.checks[] | select(.level != "ok")'

    Each deployment is asked whether it takes its key, which costs nothing. Where no server runs,
    one is opened in this process for as long as it takes. The exit code is 0 when nothing failed,
    4 for a key that is not taken, 6 for a server that cannot be reached, else 1.
    """
    findings: list[Finding] = []
    exit_code = 0
    try:
        for finding in _examined(options):
            findings.append(finding)
            if not as_json:
                click.echo(_line(finding))
    except Failure as failure:
        exit_code = int(failure.exit)
        finding = _of_failure(failure)
        findings.append(finding)
        if not as_json:
            click.echo(_line(finding))
    failed = [one for one in findings if one.level is Level.FAILED]
    exit_code = exit_code or (int(Exit.FAILURE) if failed else 0)
    if as_json:
        checks = [dataclasses.asdict(one) for one in findings]
        click.echo(json.dumps({"ok": not exit_code, "checks": checks}, ensure_ascii=False))
    else:
        click.echo(_verdict(findings))
    raise SystemExit(exit_code)


def _examined(options: dict[str, Any]) -> Iterator[Finding]:
    yield versions()
    own = False
    if not options["base_url"]:
        with starting():
            from darkroom.cli.beacon import live_beacon
            from darkroom.settings import load_settings

            settings = load_settings({name: options[name] for name in ("data_dir", "config")})
            own = live_beacon(settings.data_dir) is None
        yield from of_this_machine(settings)
        yield from of_store(settings)
    with connected(options, Screen(quiet=True), _TIMEOUT_S) as client:
        yield from of_server(client, own=own)
        yield from _deployments(client)


def _deployments(client: "Client") -> Iterator[Finding]:
    from darkroom_client import PermissionDeniedError

    try:
        yield from of_deployments(client)
    except PermissionDeniedError:
        advice = "Use a key that was made with --admin to check them."
        yield Finding("deployments", Level.WARNING, "this key may not look at them", advice)


def _of_failure(failure: Failure) -> Finding:
    area, advice = _ADVICE.get(failure.exit, ("server", ""))
    if failure.code in ("configuration", "data_folder"):
        area, advice = failure.code.replace("_", " "), ""
    return Finding(area, Level.FAILED, failure.message, advice)


_ADVICE = {
    Exit.AUTH: ("API key", "Set DARKROOM_API_KEY to a key of this server: `darkroom keys create`."),
    Exit.UNAVAILABLE: ("server", "Check that it runs, the address, and what stands in between."),
}


def _line(finding: Finding) -> str:
    mark, color = _MARKS[finding.level]
    line = f"{click.style(mark, fg=color)} {finding.area}: {finding.what}"
    return f"{line}\n    {finding.advice}" if finding.advice else line


def _verdict(findings: Sequence[Finding]) -> str:
    failed = sum(one.level is Level.FAILED for one in findings)
    warned = sum(one.level is Level.WARNING for one in findings)
    if not failed and not warned:
        return "\nAll is well."
    said = [f"{failed} failed"] if failed else []
    said += [f"{warned} to look at"] if warned else []
    return f"\n{', '.join(said)}."
