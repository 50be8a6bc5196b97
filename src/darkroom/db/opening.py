"""From a database URL to an open, migrated database."""

from pathlib import Path

from darkroom.db.database import Database
from darkroom.db.migrations import upgrade
from darkroom.db.sqlite import SqliteDatabase


async def open_database(url: str) -> Database:
    """Open ``sqlite:///path`` or ``postgresql://…`` and bring its schema up to date.

    Raises :class:`~darkroom.db.DatabaseInUse` when another process owns an embedded database.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        database = SqliteDatabase(Path(rest.removeprefix("/")))
    elif scheme in ("postgresql", "postgres"):
        from darkroom.db.postgres import PostgresDatabase  # needs the [postgres] extra

        database = PostgresDatabase(f"postgresql://{rest}")
    else:
        raise ValueError(f"database URL {scheme}://… is not sqlite:// or postgresql://")
    try:
        database.migrate(upgrade)
        await database.open()
    except BaseException:
        await database.close()
        raise
    return database
