"""For every provider the upstream that the contract runs it against: one function by its name.

``openai_compatible`` has one for each profile as well.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from darkroom.core.deployment import Deployment
from darkroom.core.secret import Secret
from darkroom.providers._polling import Pace
from tests.fakes.apiframe_vendor import ApiframeVendor
from tests.fakes.azure_vendor import AzureVendor
from tests.fakes.bfl_vendor import BFLVendor
from tests.fakes.compatible_vendor import CompatibleVendor
from tests.fakes.evolink_vendor import EvoLinkVendor
from tests.fakes.gemini_vendor import GeminiVendor
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import KEY, Running, deployment


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
    counts_tokens: bool = True
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Keywords for the adapter, such as a faster pace."""


FAST = Pace(first_s=0.001, most_s=0.01)


@contextmanager
def apiframe() -> Iterator[Upstream]:
    with ApiframeVendor() as vendor:
        yield Upstream(
            deployment=Deployment("d", "apiframe", vendor.base_url, Secret("afk_upstream")),
            model="gpt-image-1.5",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[cut_body]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(2),
            counts_tokens=False,
            options={"pace": FAST},
        )


@contextmanager
def azure() -> Iterator[Upstream]:
    with AzureVendor({"my-image": "gpt-image-1.5"}, keys=frozenset({"az-upstream"})) as vendor:
        yield Upstream(
            deployment=Deployment(
                "d",
                "azure",
                vendor.base_url,
                Secret("az-upstream"),
                models={"gpt-image-1.5": "my-image"},
            ),
            model="gpt-image-1.5",
            refused="a cat [[content_filter]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[truncated_json]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(1),
        )


@contextmanager
def compatible(
    profile: str, model: str, name: str = "", counts: bool = False
) -> Iterator[Upstream]:
    served = name or model
    with CompatibleVendor(profile, frozenset({served})) as vendor:
        yield Upstream(
            deployment=Deployment(
                "d",
                "openai_compatible",
                vendor.base_url,
                Secret("sk-upstream"),
                models={model: served},
                options={"profile": profile},
            ),
            model=model,
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[truncated_json]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(1),
            counts_tokens=counts,
        )


@contextmanager
def darkroom() -> Iterator[Upstream]:
    with (
        OpenAIVendor() as vendor,
        tempfile.TemporaryDirectory() as folder,
        Running(Path(folder), deployments=[deployment(vendor)], drain_s=0) as gateway,
    ):
        yield Upstream(
            deployment=Deployment("d", "darkroom", f"{gateway.url}/v1", Secret(KEY)),
            model="gpt-image-1.5",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[insufficient_quota]]",
            breaks_off="a cat [[truncated_json]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(1),
        )


@contextmanager
def evolink() -> Iterator[Upstream]:
    with EvoLinkVendor() as vendor:
        yield Upstream(
            deployment=Deployment("d", "evolink", vendor.base_url, Secret("sk-evo-upstream")),
            model="gpt-image-1.5",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[cut_body]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(2),
            counts_tokens=False,
            options={"pace": FAST},
        )


@contextmanager
def flux() -> Iterator[Upstream]:
    with BFLVendor() as vendor:
        yield Upstream(
            deployment=Deployment("d", "flux", vendor.base_url, Secret("bfl-upstream")),
            model="flux-2-pro",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[cut_body]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(2),
            counts_tokens=False,
            options={"pace": FAST},
        )


@contextmanager
def gemini() -> Iterator[Upstream]:
    with GeminiVendor() as vendor:
        yield Upstream(
            deployment=Deployment("d", "gemini", vendor.base_url, Secret("gk-upstream")),
            model="gemini-nano-banana-2.1",
            refused="a cat [[moderation_blocked]]",
            fails="a cat [[server_error]]",
            breaks_off="a cat [[truncated_json]]",
            hangs="a cat [[hang]]",
            until_called=lambda: vendor.wait_received(1),
        )


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
    "apiframe": apiframe,
    "azure": azure,
    "darkroom": darkroom,
    "evolink": evolink,
    "flux": flux,
    "gemini": gemini,
    "openai": openai,
    "openai_compatible": partial(compatible, "generic", "gpt-image-1.5", counts=True),
    "openai_compatible localai": partial(compatible, "localai", "flux-2-dev"),
    "openai_compatible openrouter": partial(
        compatible, "openrouter", "gpt-image-2", "openai/gpt-image-2", counts=True
    ),
    "openai_compatible sglang": partial(compatible, "sglang", "flux-2-dev"),
    "openai_compatible together": partial(
        compatible, "together", "flux-2-pro", "black-forest-labs/FLUX.2-pro"
    ),
    "openai_compatible vllm_omni": partial(compatible, "vllm_omni", "flux-2-dev"),
    "openai_compatible xai": partial(compatible, "xai", "grok-imagine-image-2.0"),
    "sandbox": sandbox,
}
