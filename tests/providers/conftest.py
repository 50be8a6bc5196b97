"""What the tests of adapters share."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from darkroom.core.deployment import Deployment
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers.registry import provider_class
from tests.support.calls import FAST, Caller
from tests.support.spooled import FolderSink

MakeCaller = Callable[..., Caller]


@pytest.fixture
async def open_egress() -> AsyncIterator[HttpEgress]:
    """The way out, which may reach other hosts on loopback too."""
    fetcher = PublicFetcher(AddressGuard(("127.0.0.0/8",)), any_port=True)
    opened = HttpEgress(fetcher)
    yield opened
    await opened.close()
    await fetcher.close()


@pytest.fixture
def make_caller(open_egress: HttpEgress, tmp_path: Path) -> MakeCaller:
    """Binds the adapter of a deployment; ``paced`` for those that poll."""

    def make(deployment: Deployment, model: str, *, paced: bool = False) -> Caller:
        options = {"pace": FAST} if paced else {}
        kind = provider_class(deployment.provider)
        provider = kind(deployment, open_egress, **options)
        sink = FolderSink(tmp_path / "spool")
        return Caller(provider, deployment, sink, tmp_path, model)

    return make
