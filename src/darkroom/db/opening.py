"""From a database URL to an open database whose schema fits."""

from pathlib import Path

from darkroom.db.database import Database
from darkroom.db.migrations import current, upgrade
from darkroom.db.schema import SchemaMismatch, schema_of
from darkroom.db.sqlite import SqliteDatabase


async def open_database(url: str, *, upgrading: bool = False) -> Database:
    """Open ``sqlite:///path`` or ``postgresql://…``, and make the schema of an empty database.

    An older schema is brought up to date when ``upgrading``, and always when the database is
    embedded: no other process works with it.

    Raises :class:`~darkroom.db.DatabaseInUse` when another process owns an embedded database,
    :class:`~darkroom.db.SchemaMismatch` when this version cannot work with the schema.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        database, migrating = SqliteDatabase(Path(rest.removeprefix("/"))), True
    elif scheme in ("postgresql", "postgres"):
        from darkroom.db.postgres import PostgresDatabase  # needs the [postgres] extra

        database = PostgresDatabase(f"postgresql://{rest}")
        migrating = upgrading or database.look(current) is None
    else:
        raise ValueError(f"database URL {scheme}://… is not sqlite:// or postgresql://")
    try:
        if migrating:
            database.migrate(upgrade)
        await database.open()
        if trouble := (await database.read(schema_of)).trouble:
            raise SchemaMismatch(trouble)
    except BaseException:
        await database.close()
        raise
    return database
