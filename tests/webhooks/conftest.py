"""The room on both databases, and on the quick one where the database does not matter."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from darkroom.db import open_database
from tests.webhooks.office import Office, office


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables, to be copied: migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "darkroom.db"

    async def make() -> None:
        await (await open_database(f"sqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture
async def both(database_url: str) -> AsyncIterator[Office]:
    async with office(database_url) as opened:
        yield opened


@pytest.fixture
async def room(empty_database: Path, tmp_path: Path) -> AsyncIterator[Office]:
    path = shutil.copy(empty_database, tmp_path / "darkroom.db")
    async with office(f"sqlite:///{path}") as opened:
        yield opened
