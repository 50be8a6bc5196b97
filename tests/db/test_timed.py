"""Transactions are timed, and what the database failed is told apart from what was refused."""

from collections.abc import AsyncIterator

import pytest

from darkroom.core.errors import NotFound
from darkroom.core.observer import Observer
from darkroom.db import Database, TimedDatabase, Tx, open_database
from darkroom.db.tables import accounts


class Hears(Observer):
    def __init__(self) -> None:
        self.heard: list[tuple[str, bool]] = []

    def transacted(self, kind: str, seconds: float, *, failed: bool) -> None:
        assert 0 <= seconds < 60
        self.heard.append((kind, failed))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()


async def test_each_is_told(database: Database) -> None:
    hears = Hears()
    timed = TimedDatabase(database, hears)

    def refused(_: Tx) -> None:
        raise NotFound("No such thing.")

    def broken(tx: Tx) -> None:
        tx.execute(accounts.insert(), {"id": "a"})  # what may not be null is missing

    assert await timed.read(lambda _: 1) == 1
    assert await timed.write(lambda _: 2) == 2
    with pytest.raises(NotFound):
        await timed.write(refused)
    with pytest.raises(Exception, match=r"(?i)null"):
        await timed.write(broken)
    await timed.ping()
    assert hears.heard == [("read", False), ("write", False), ("write", False), ("write", True)]
    assert timed.changes is database.changes
