"""``darkroom db``: bring the schema up to date, back everything up, put it back, look after it."""

import asyncio
import dataclasses
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.archive import Contents, Places, restore_archive, write_archive
from darkroom.cli.checking import check
from darkroom.cli.failures import Failure, reported, starting
from darkroom.cli.installation import installation_options, settings_of
from darkroom.cli.screen import Screen, byte_count
from darkroom.cli.sweeping import sweep

if TYPE_CHECKING:
    from darkroom.settings import Settings

_SQLITE = "sqlite:///"
_FILE = "file://"
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.group()
def command() -> None:
    """Bring the schema up to date, back everything up, put it back, check it, clear it up.

    \b
        darkroom db backup -o /backups/darkroom.tar
        darkroom db restore /backups/darkroom.tar
        darkroom db check
    """


command.add_command(check)
command.add_command(sweep)


@command.command()
@_AS_JSON
@installation_options
def migrate(as_json: bool, **options: Any) -> None:
    """Bring the schema up to date, while servers run or before they start.

    \b
        darkroom db migrate

    On PostgreSQL a newer version starts only after this; run twice at once, it is done once. A
    server with an embedded database does it by itself when it starts.
    """
    with reported(as_json):
        settings = settings_of(options)
        with starting():
            from darkroom.wiring import migrated

            schema = asyncio.run(migrated(settings))
        if as_json:
            told = {"ok": True, "schema": schema.has, "needed": schema.needs}
            click.echo(json.dumps(told))
            return
        newer = f", newer than {schema.needs}, which is enough" if schema.has > schema.needs else ""
        click.echo(f"the database is up to date: schema {schema.has}{newer}")


@command.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: a name of today.")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@_AS_JSON
@installation_options
def backup(output: Path | None, force: bool, as_json: bool, **options: Any) -> None:
    """Write the database and the images into one file, also while a server runs.

    \b
        darkroom db backup -o /backups/darkroom-monday.tar

    It holds what API keys are checked with, so keep it as safe as the data folder. A database in
    PostgreSQL is left to pg_dump, images in an object store to its own versions.
    """
    screen = Screen()
    with reported(as_json), _archiving():
        settings = settings_of(options)
        places = _places_of(settings)
        target = output or Path(f"darkroom-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar")
        if places.database is None:
            screen.note("the database is in PostgreSQL: back it up with pg_dump, before this")
        elif not places.database.is_file():
            raise Failure(f"there is no database at {places.database}", code="nothing")
        if places.images is None:
            screen.note("the images are in an object store: they are not in the backup")
        if os.path.lexists(target) and not force:
            raise Failure(f"{target} exists already; --force overwrites it", code="exists")
        _tell(write_archive(places, target), os.fspath(target), as_json)


@command.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Move aside what is there already.")
@_AS_JSON
@installation_options
def restore(archive: Path, force: bool, as_json: bool, **options: Any) -> None:
    """Put back what `darkroom db backup` wrote. Every byte is checked before anything changes.

    \b
        darkroom db restore /backups/darkroom-monday.tar --data-dir /var/lib/darkroom

    No server may run on that folder. With --force, what is there goes into a folder beside it.
    """
    with reported(as_json), starting(), _archiving():
        settings = settings_of(options)
        contents, aside = restore_archive(archive, _places_of(settings), force=force)
        if aside is not None:
            Screen().note(f"what was there before is in {aside}")
        _tell(contents, os.fspath(settings.data_dir), as_json)


@contextmanager
def _archiving() -> Generator[None]:
    from darkroom.db import BadCopy

    try:
        yield
    except BadCopy as error:
        raise Failure(str(error), code="damaged") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{where}{error.strerror or error}", code="output") from error


def _places_of(settings: "Settings") -> Places:
    database, images = settings.resolved_database_url, settings.resolved_storage_url
    return Places(
        Path(database.removeprefix(_SQLITE)) if database.startswith(_SQLITE) else None,
        Path(images.removeprefix(_FILE)) if images.startswith(_FILE) else None,
    )


def _tell(contents: Contents, where: str, as_json: bool) -> None:
    if as_json:
        told = {"ok": True, "path": where, **dataclasses.asdict(contents)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(os.fsencode(where))
    database = "the database and " if contents.database else ""
    said = f"{database}{contents.images:,} images, {byte_count(contents.byte_size)}, checked"
    Screen().tell(said)
    if contents.missing:
        Screen().warning(
            f"{contents.missing:,} images that the database names are not in it:"
            " `darkroom db check` says which are lost"
        )
