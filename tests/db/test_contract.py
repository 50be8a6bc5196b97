"""The database contract: SQLite and PostgreSQL behave alike."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import insert, select

from darkroom.db import Database, Tx, open_database
from darkroom.db.migrations import current, head
from darkroom.db.tables import accounts

_NAMES = select(accounts.c.name).order_by(accounts.c.name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()


def _add(name: str) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        tx.execute(insert(accounts), {"id": name, "name": name, "created_at_ms": 1})

    return work


async def _names(database: Database) -> list[str]:
    return await database.read(lambda tx: list(tx.execute(_NAMES).scalars()))


async def test_a_write_is_there_after_a_restart(database_url: str) -> None:
    first = await open_database(database_url)
    await first.write(_add("a"))
    await first.close()
    second = await open_database(database_url)
    assert await _names(second) == ["a"]
    await second.close()


async def test_work_that_raises_leaves_nothing_and_harms_no_other(database: Database) -> None:
    def broken(tx: Tx) -> None:
        _add("broken")(tx)
        raise RuntimeError("no")

    done = await asyncio.gather(
        database.write(_add("a")),
        database.write(broken),
        database.write(_add("b")),
        return_exceptions=True,
    )
    assert isinstance(done[1], RuntimeError)
    assert await _names(database) == ["a", "b"]


async def test_a_violated_constraint_reaches_its_caller_alone(database: Database) -> None:
    await database.write(_add("a"))
    done = await asyncio.gather(
        database.write(_add("a")), database.write(_add("b")), return_exceptions=True
    )
    assert isinstance(done[0], Exception)
    assert done[1] is None
    assert await _names(database) == ["a", "b"]


async def test_many_writes_at_once_all_arrive(database: Database) -> None:
    await asyncio.gather(*(database.write(_add(f"{n:03}")) for n in range(200)))
    assert await _names(database) == [f"{n:03}" for n in range(200)]


async def test_writes_that_check_first_do_not_pass_each_other(database: Database) -> None:
    """Two transactions that both see "nothing there" end with one row, not an error."""

    def once(tx: Tx) -> str:
        if tx.execute(select(accounts.c.id).where(accounts.c.name == "one")).first() is None:
            _add("one")(tx)
            return "made"
        return "found"

    done = await asyncio.gather(*(database.write(once) for _ in range(20)))
    assert sorted(done) == ["found"] * 19 + ["made"]


async def test_a_reader_sees_one_snapshot(database: Database) -> None:
    await database.write(_add("a"))

    def twice(tx: Tx) -> tuple[list[str], list[str]]:
        before = list(tx.execute(_NAMES).scalars())
        asyncio.run_coroutine_threadsafe(database.write(_add("b")), loop).result(5)
        return before, list(tx.execute(_NAMES).scalars())

    loop = asyncio.get_running_loop()
    before, after = await database.read(twice)
    assert before == after == ["a"]
    assert await _names(database) == ["a", "b"]


async def test_a_change_wakes_its_subscribers_after_the_commit(database: Database) -> None:
    def work(tx: Tx) -> None:
        _add("a")(tx)
        tx.notify("topic")

    with (
        database.changes.subscribe("topic") as told,
        database.changes.subscribe("other") as untold,
    ):
        await database.write(work)
        await told.wait(5)
        assert await _names(database) == ["a"]
        await untold.wait(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await untold.wait(60)


async def test_failed_work_wakes_nobody(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.notify("topic")
        raise RuntimeError("no")

    called: list[str] = []
    with database.changes.call("topic", lambda: called.append("called")):
        with pytest.raises(RuntimeError):
            await database.write(work)
        await database.write(_add("a"))
    assert called == []


async def test_the_schema_is_at_its_head(database: Database) -> None:
    await database.ping()
    version = await database.read(lambda tx: current(tx._connection))
    assert version == head()
