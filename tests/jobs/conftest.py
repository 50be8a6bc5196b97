"""A database and jobs to put into it."""

from collections.abc import AsyncIterator

import pytest

from darkroom.db import Database, open_database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()
