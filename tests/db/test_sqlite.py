"""What only the embedded database promises."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from darkroom.db import DatabaseInUse, open_database


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
