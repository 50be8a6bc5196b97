"""Pytest fixtures of the fake servers; conftest makes them known with ``pytest_plugins``."""

from collections.abc import Callable, Iterator

import pytest

from tests.fakes.openai_vendor import OpenAIVendor


@pytest.fixture
def openai_vendor() -> Iterator[OpenAIVendor]:
    """A healthy fake OpenAI on loopback that accepts any key."""
    with OpenAIVendor() as vendor:
        yield vendor


@pytest.fixture
def make_vendor() -> Iterator[Callable[..., OpenAIVendor]]:
    """Starts as many fake vendors as a test needs: ``make_vendor("a", keys=frozenset({"k"}))``."""
    started: list[OpenAIVendor] = []

    def make(*args: object, **options: object) -> OpenAIVendor:
        vendor = OpenAIVendor(*args, **options)  # type: ignore[arg-type]
        started.append(vendor.start())
        return vendor

    yield make
    for vendor in started:
        vendor.stop()
