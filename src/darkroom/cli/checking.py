"""``darkroom db check``: whether what is stored is whole, and the books are right."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.failures import reported, starting
from darkroom.cli.installation import installation_options, settings_of

if TYPE_CHECKING:
    from darkroom.assets import Flaws
    from darkroom.settings import Settings

_SQLITE = "sqlite:///"
_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and a line for everything that is wrong with it."""

    area: str
    what: str
    faults: Sequence[str] = ()


@click.command()
@click.option("--deep", is_flag=True, help="Read every image and compare it with its hash.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@installation_options
def check(deep: bool, as_json: bool, **options: Any) -> None:
    """Check the database, the ledger and the images, also while a server runs. Changes nothing.

    \b
        darkroom db check --deep

    The exit code is 0 when all is well, else 1.
    """
    with reported(as_json):
        settings = settings_of(options)
        with starting():
            verdicts = asyncio.run(_verdicts(settings, deep))
        ok = not any(one.faults for one in verdicts)
        if as_json:
            checks = [{"ok": not one.faults, **dataclasses.asdict(one)} for one in verdicts]
            click.echo(json.dumps({"ok": ok, "checks": checks}))
        else:
            for one in verdicts:
                click.echo(_lines(one))
    if not ok:
        raise SystemExit(1)


async def _verdicts(settings: "Settings", deep: bool) -> list[Verdict]:
    found: list[Verdict] = []
    async for verdict in _looked(settings, deep):
        found.append(verdict)
        if verdict.faults and verdict.area in ("database", "schema"):
            break  # the rest would only fail for the same reason
    return found


async def _looked(settings: "Settings", deep: bool) -> AsyncIterator[Verdict]:
    from darkroom import ledger
    from darkroom.assets import Ownership, audit
    from darkroom.db import schema_of
    from darkroom.wiring import stored

    async with stored(settings, read_only=True) as (database, blobs):
        if (url := settings.resolved_database_url).startswith(_SQLITE):
            yield _file(Path(url.removeprefix(_SQLITE)))
        schema = await database.read(schema_of)
        yield Verdict("schema", schema.has, (schema.trouble,) if schema.trouble else ())
        yield Verdict("ledger", "every rule holds", await database.read(ledger.faults))
        trouble = await Ownership(database, blobs).trouble()
        yield Verdict("store", "belongs to this database", (trouble,) if trouble else ())
        yield _images(await audit(database, blobs, deep=deep), deep, sweeps=not trouble)


def _file(path: Path) -> Verdict:
    from darkroom.db import BadCopy, check_database

    try:
        check_database(path)
    except BadCopy as error:
        return Verdict("database", "", (str(error),))
    return Verdict("database", "sound")


def _images(found: "Flaws", deep: bool, *, sweeps: bool) -> Verdict:
    faults = (
        *(f"{one}: a row names it, and it is not stored" for one in found.missing),
        *(f"{one}: its bytes are not what they were" for one in found.wrong),
    )
    how = "read and compared" if deep else "there, with the right size"
    # refused requests leave some every day: that is no fault
    fate = "a sweep will remove" if sweeps else "no sweep removes"
    strays = f"; {fate} {len(found.strays):,} strays" if found.strays else ""
    return Verdict("images", f"{found.images:,} {how}{strays}", faults)


def _lines(one: Verdict) -> str:
    if not one.faults:
        return f"{click.style('✓', fg='green')} {one.area}: {one.what}"
    mark = click.style("✗", fg="red")
    lines = [f"{mark} {one.area}: {fault}" for fault in one.faults[:_SHOWN_MAX]]
    if (more := len(one.faults) - _SHOWN_MAX) > 0:
        lines.append(f"  … and {more:,} more; --json has all")
    return "\n".join(lines)
