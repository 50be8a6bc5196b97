"""A client of a whole server whose upstream is the fake vendor."""

from collections.abc import Iterator

import pytest

from darkroom_client import Client
from tests.support.running import Running


@pytest.fixture
def client(gateway: Running) -> Iterator[Client]:
    with Client(gateway.url, gateway.key) as client:
        yield client
