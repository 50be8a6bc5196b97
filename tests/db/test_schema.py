"""Versions side by side on one database: who may change its schema, and who can work with it."""

import asyncio

import psycopg
import pytest
from sqlalchemy import insert, inspect, text

from darkroom.db import Schema, SchemaMismatch, open_database, schema_of
from darkroom.db.migrations import current, head, upgrade
from darkroom.db.postgres import PostgresDatabase
from darkroom.db.schema import OLDEST
from darkroom.db.tables import installation

_LATER = text("UPDATE alembic_version SET version_num = '9999'")


def sql(url: str, *statements: str) -> None:
    """As another version's migration would."""
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


async def set_up(url: str) -> None:
    await (await open_database(url)).close()


@pytest.mark.parametrize(
    ("schema", "trouble"),
    [
        (Schema("0011", "0011"), ""),
        (Schema("0012", "0011"), ""),
        (Schema("0012", "0011", serves_from="0011"), ""),
        (Schema("0010", "0011"), "needs 0011: run `darkroom db migrate` once"),
        (Schema("", "0011"), "needs 0011"),
        (Schema("0013", "0011", serves_from="0012"), "know 0012; this version knows 0011"),
    ],
)
def test_a_process_knows_whether_it_can_work(schema: Schema, trouble: str) -> None:
    assert trouble in schema.trouble
    assert bool(schema.trouble) is bool(trouble)


async def test_an_older_schema_is_left_to_the_one_command(postgres_url: str) -> None:
    """A process that starts never changes what others work with."""
    await set_up(postgres_url)
    sql(
        postgres_url,
        "ALTER TABLE jobs DROP COLUMN trace",  # as 0009 had not added it yet
        "UPDATE alembic_version SET version_num = '0008'",
    )
    with pytest.raises(SchemaMismatch, match=r"has schema 0008 .* run `darkroom db migrate`"):
        await open_database(postgres_url)
    database = PostgresDatabase(postgres_url)
    try:
        assert database.look(current) == "0008"
        columns = database.look(lambda found: inspect(found).get_columns("jobs"))
        assert "trace" not in {column["name"] for column in columns}
    finally:
        await asyncio.to_thread(database._engine.dispose)


async def test_an_embedded_database_is_brought_up_to_date_by_its_one_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('embedded') / 'darkroom.db'}"
    database = await open_database(url)
    found = await database.read(schema_of)
    await database.close()
    assert (found.has, found.needs, found.trouble) == (head(), head(), "")


async def test_a_newer_schema_serves_until_it_says_otherwise(database_url: str) -> None:
    first = await open_database(database_url)
    await first.write(
        lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    await first.close()
    second = await open_database(database_url, upgrading=True)  # it is not taken back either
    assert (await second.read(schema_of)).has == "9999"
    contracted = {"name": OLDEST, "value": "9999"}
    await second.write(lambda tx: tx.execute(insert(installation), contracted))
    await second.close()
    with pytest.raises(SchemaMismatch, match="know 9999"):
        await open_database(database_url)


async def test_two_migrations_at_once_are_one(postgres_url: str) -> None:
    def migrated() -> str | None:
        database = PostgresDatabase(postgres_url)
        try:
            database.migrate(upgrade)
            return database.look(current)
        finally:
            database._engine.dispose()

    both = await asyncio.gather(*(asyncio.to_thread(migrated) for _ in range(2)))
    assert both == [head(), head()]


async def test_a_migration_does_not_hold_up_everybody_behind_a_long_transaction(
    postgres_url: str,
) -> None:
    found: list[str] = []
    database = PostgresDatabase(postgres_url)
    try:
        database.migrate(
            lambda connection: found.append(
                str(connection.exec_driver_sql("SHOW lock_timeout").scalar())
            )
        )
    finally:
        await asyncio.to_thread(database._engine.dispose)
    assert found == ["10s"]
