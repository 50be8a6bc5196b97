"""What only the embedded database promises."""

import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from darkroom.db import DatabaseInUse, open_database
from darkroom.db.migrations import migrate, upgrade
from darkroom.db.sqlite import SqliteDatabase


async def test_a_second_process_is_told_who_owns_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'darkroom.db'}"
    first = await open_database(url)
    with pytest.raises(DatabaseInUse, match=r"process \d+ uses"):
        await open_database(url)
    await first.close()
    second = await open_database(url)
    await second.close()


async def test_commits_survive_a_power_cut_by_setting(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    mode = await database.write(
        lambda tx: (
            tx.execute(text("PRAGMA synchronous")).scalar(),
            tx.execute(text("PRAGMA journal_mode")).scalar(),
        )
    )
    await database.close()
    assert mode == (2, "wal")  # 2 is FULL


async def test_readers_cannot_write(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    with pytest.raises(Exception, match="readonly"):
        await database.read(lambda tx: tx.execute(text("DELETE FROM jobs")))
    await database.close()
    assert sqlite3.connect(tmp_path / "darkroom.db").execute("PRAGMA integrity_check").fetchone()


@pytest.mark.parametrize("build", [upgrade, migrate])
async def test_a_first_start_that_was_cut_off_leaves_nothing_in_the_way(
    tmp_path: Path, build: Callable[[Connection], None]
) -> None:
    """At every statement of it: half a schema would keep every later start from succeeding."""
    cut, done = 0, False
    while not done:
        cut += 13
        path = tmp_path / f"{cut}.db"
        done = _built_until(path, cut, build)
        database = await open_database(f"sqlite:///{path}")
        await database.ping()
        await database.close()
    assert cut > 30


class _Cut(Exception):
    """The process died."""


def _built_until(path: Path, statement: int, build: Callable[[Connection], None]) -> bool:
    """Whether the schema was whole before that statement came."""
    counted = count(1)

    def step(connection: Connection) -> None:
        @event.listens_for(connection, "before_cursor_execute")
        def _(*_: object) -> None:
            if next(counted) >= statement:
                raise _Cut

        build(connection)

    try:
        SqliteDatabase(path).migrate(step)
    except _Cut:
        return False
    return True
