"""An open database to keep books in."""

from collections.abc import Iterator

import pytest

from tests.ledger.books import Book, opened


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    """On both kinds of database."""
    with opened(database_url) as found:
        yield found
