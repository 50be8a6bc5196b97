"""Schema versions. Only a schema that is behind is migrated; an empty database gets the newest.

Alembic is imported for the former alone: it costs a third of a start and ten megabytes.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
)

from darkroom.db.tables import metadata

_VERSION = Table(  # alembic's own
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
VERSION = select(_VERSION.c.version_num)
_VERSIONS = Path(__file__).parent / "versions"


@cache
def head() -> str:
    """The newest schema version: the number that the last file's name starts with."""
    return max(path.stem.split("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The version that the database has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(VERSION).scalar()


def upgrade(connection: Connection) -> None:
    """Bring the database behind ``connection`` to :func:`head`, unless it is there or beyond."""
    found = current(connection)
    if found is None:
        _create(connection)
    elif found < head():
        migrate(connection)


def _create(connection: Connection) -> None:
    """What all migrations come to, at once; a test holds the two against each other."""
    metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=head()))


def migrate(connection: Connection) -> None:
    """Run the migrations that the database has not seen."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
