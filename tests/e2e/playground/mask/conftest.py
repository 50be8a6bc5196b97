"""One page for all tests of a file: the painter is opened in it again and again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.mask.painting import left

WIDTH, HEIGHT = 1280, 860


@pytest.fixture(scope="module")
def room(browser: Browser, playground: str) -> Iterator[Window]:
    windows = Windows(browser, playground)
    yield windows.new(width=WIDTH, height=HEIGHT)
    windows.contexts[0].close()


@pytest.fixture
def easel(room: Window) -> Iterator[Window]:
    """A page in which no painter is open; what it complains about fails the test."""
    yield room
    left(room.page)
    room.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    complaints, room.complaints = room.complaints, []
    assert not complaints, "\n".join(complaints)
