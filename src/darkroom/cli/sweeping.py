"""``darkroom db sweep``: remove what is no longer needed, or say how much that is."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.failures import reported, starting
from darkroom.cli.installation import installation_options, settings_of
from darkroom.cli.screen import byte_count, table

if TYPE_CHECKING:
    from darkroom.db import Heap
    from darkroom.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing; also while a server runs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@installation_options
def sweep(dry_run: bool, as_json: bool, **options: Any) -> None:
    """Remove what is no longer needed. A server does so by itself, every few minutes.

    \b
        darkroom db sweep --dry-run

    Bytes of images that are given up go an hour later, with a later sweep. With an embedded
    database no server may run, but for a dry run.
    """
    with reported(as_json):
        settings = settings_of(options)
        with starting():
            heaps = asyncio.run(_swept(settings, dry_run))
        if as_json:
            kinds = [
                {"kind": kind, "count": heap.count, "byte_size": heap.byte_size}
                for kind, heap in heaps.items()
            ]
            click.echo(json.dumps({"ok": True, "dry_run": dry_run, "kinds": kinds}))
            return
        click.echo(_table(heaps, "WOULD GO" if dry_run else "REMOVED"))


async def _swept(settings: "Settings", dry_run: bool) -> "dict[str, Heap]":
    from darkroom.server.sessions import Lifetimes, sessions_chore
    from darkroom.upkeep import cleared
    from darkroom.wiring import build_chores, stored

    async with stored(settings, read_only=dry_run) as (database, blobs):
        sessions = sessions_chore(database, Lifetimes.of(settings))
        chores = (sessions, *build_chores(settings, database, blobs))
        return {one.name: await (one.look() if dry_run else cleared(one)) for one in chores}


def _table(heaps: "dict[str, Heap]", head: str) -> str:
    rows = [
        [kind, f"{heap.count:,}", byte_count(heap.byte_size) if heap.byte_size else "-"]
        for kind, heap in heaps.items()
    ]
    return table(["KIND", head, "SIZE"], rows)
