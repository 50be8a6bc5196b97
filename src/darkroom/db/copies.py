"""Copies of an embedded database: taken while a server writes to it, and checked before use."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from darkroom.db.sqlite import own_lock

_PAGES = 1_000
"""Copied at a time: writers get their turn in between."""


class BadCopy(Exception):
    """A file that is no sound database of ours; the message is one line."""


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy, by SQLite's online backup: https://sqlite.org/backup.html

    Raises :class:`BadCopy`.
    """
    try:
        # Read only: the server stays the one connection that writes and checkpoints.
        reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        with closing(reading), closing(sqlite3.connect(target)) as copy:
            reading.backup(copy, pages=_PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    except sqlite3.Error as error:
        raise BadCopy(f"{source} cannot be copied: {error}") from error


def check_database(path: Path) -> None:
    """Raises :class:`BadCopy` for a file that SQLite finds at fault, or that is not ours."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            [(said,)] = found.execute("PRAGMA integrity_check(1)").fetchall()
            found.execute("SELECT count(*) FROM jobs")
    except (sqlite3.Error, ValueError) as error:
        raise BadCopy(f"the database in it cannot be read: {error}") from error
    if said != "ok":
        raise BadCopy(f"the database in it is damaged: {said}")


def images_named_in(path: Path) -> set[str]:
    """The hashes of images that a copy's rows name, but for partial ones, which end within the
    hour. Raises :class:`BadCopy`."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            rows = found.execute("SELECT DISTINCT sha256 FROM assets WHERE kind <> 'partial'")
            return {sha256 for (sha256,) in rows}
    except sqlite3.Error as error:
        raise BadCopy(f"the copy of the database cannot be read: {error}") from error


@contextmanager
def owned(path: Path) -> Generator[None]:
    """Keep every server off the database at ``path``.

    Raises :class:`~darkroom.db.DatabaseInUse` when one has it.
    """
    lock = path.with_suffix(".lock")
    with own_lock(lock):
        yield
