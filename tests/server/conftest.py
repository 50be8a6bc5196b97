"""One gateway for all tests of a module: starting one costs more than most of them."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client
from tests.support.running import Running, deployment


@pytest.fixture(scope="module")
def module_vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    """A gateway that other tests of the module use as well: nothing on it is alone."""
    folder = tmp_path_factory.mktemp("gateway")
    with Running(folder / "data", deployments=[deployment(module_vendor)]) as server:
        yield server


@pytest.fixture
def vendor(module_vendor: OpenAIVendor) -> OpenAIVendor:
    """The vendor behind ``shared``, with nothing received and nothing scripted."""
    module_vendor.reset()
    return module_vendor


@pytest.fixture
def http(shared: Running) -> Iterator[httpx2.Client]:
    """Speaks to ``shared`` with its key."""
    with client(shared) as speaking:
        yield speaking
