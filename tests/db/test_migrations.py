"""An empty database gets at once what the migrations make step by step."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine

from darkroom.db.migrations import current, head, migrate, upgrade
from darkroom.db.tables import metadata
from tests.support.postgres import temporary_database

SQLITE = ["SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"]
POSTGRES = [
    "SELECT table_name, column_name, data_type, is_nullable, column_default,"
    " character_maximum_length FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT indexdef, '' FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT pg_get_triggerdef(oid), '' FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT pg_get_functiondef(oid), '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
]
Build = Callable[[Connection], None]


@pytest.fixture(params=["sqlite", "postgres"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'one.db'}", f"sqlite:///{tmp_path / 'two.db'}"
        return
    with ExitStack() as stack:
        one, two = (stack.enter_context(temporary_database()) for _ in range(2))
        yield one.replace("://", "+psycopg://"), two.replace("://", "+psycopg://")


def schema(url: str, build: Build) -> set[tuple[str, ...]]:
    """All that the database knows of its schema once it was built so."""
    engine = create_engine(url)
    with engine.begin() as connection:
        build(connection)
    with engine.connect() as connection:
        assert current(connection) == head()
        asked = POSTGRES if engine.dialect.name == "postgresql" else SQLITE
        rows = [row for query in asked for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return {_unordered(tuple(map(str, row))) for row in rows}


def _unordered(row: tuple[str, ...]) -> tuple[str, ...]:
    """A table that was altered has its columns in another order, which says nothing."""
    *names, text = row
    parts = (part.strip(" ()\n\t").replace('"', "") for part in re.split(r",\s", text))
    return (*names, *sorted(" ".join(part.split()) for part in parts))


def test_both_ways_lead_to_the_same_schema(urls: tuple[str, str]) -> None:
    one, two = urls
    at_once, by_steps = schema(one, upgrade), schema(two, migrate)
    assert len(at_once) > 40
    assert at_once - by_steps == set()
    assert by_steps - at_once == set()


def test_the_migrations_make_the_tables_that_the_code_declares(urls: tuple[str, str]) -> None:
    engine = create_engine(urls[0])
    with engine.begin() as connection:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
