"""For every provider the upstream that the contract runs it against: one function by its name."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from darkroom.core.deployment import Deployment
from darkroom.core.secret import Secret
from tests.fakes.openai_vendor import OpenAIVendor


@dataclass(frozen=True)
class Upstream:
    """A deployment to talk to, a model it serves, and prompts that make it misbehave."""

    deployment: Deployment
    model: str
    refused: str
    fails: str
    breaks_off: str
    hangs: str
    until_called: Callable[[], Awaitable[object]]
    """Returns when the call that hangs has begun."""


@contextmanager
def openai() -> Iterator[Upstream]:
    with OpenAIVendor() as vendor:
        yield Upstream(
            deployment=Deployment("d", "openai", vendor.base_url, Secret("sk-upstream")),
            model="gpt-image-1.5",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[truncated_json]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(1),
        )


@contextmanager
def sandbox() -> Iterator[Upstream]:
    yield Upstream(
        deployment=Deployment("d", "sandbox"),
        model="gpt-image-1.5",
        refused="a cat [[refuse]]",
        fails="a cat [[fail]]",
        breaks_off="a cat [[break-off]]",
        hangs="a cat [[stall]]",
        until_called=lambda: asyncio.sleep(0),
    )


UPSTREAMS: dict[str, Callable[[], AbstractContextManager[Upstream]]] = {
    "openai": openai,
    "sandbox": sandbox,
}
