"""A jobs room whose deployments are an adapter with a fake vendor, and one that is well."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from darkroom import ledger
from darkroom.core.deployment import Deployment
from darkroom.core.errors import UpstreamFailed
from darkroom.core.ids import now_ms
from darkroom.core.job import Job
from darkroom.core.policy import Order, Policy
from darkroom.core.ports import Egress, Provider
from darkroom.core.secret import Secret
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers._polling import Pace
from darkroom.providers.registry import provider_class
from darkroom.routing import Health, RetryBudget
from darkroom.routing.health import STRIKES
from tests.fakes.apiframe_vendor import ApiframeVendor
from tests.fakes.azure_vendor import AzureVendor
from tests.fakes.bfl_vendor import BFLVendor
from tests.fakes.compatible_vendor import CompatibleVendor
from tests.fakes.evolink_vendor import EvoLinkVendor
from tests.fakes.faults import Known
from tests.fakes.gemini_vendor import GeminiVendor
from tests.fakes.openai_vendor import OpenAIVendor, refusing_url
from tests.fakes.spoiling import spoil
from tests.fakes.vendor import Vendor
from tests.support.workshop import Scripted, Workshop, workshop

KEY = "sk-upstream"
GPT = "gpt-image-1.5"
PATIENT_S = 60.0
HASTY_S = 0.15
"""For calls that are to time out; however slow the machine is, they do nothing else."""


async def _briefly(pause_s: float) -> None:
    """A pause, but none that is worth the name."""
    await asyncio.sleep(min(pause_s, 0.005))


@dataclass(frozen=True, slots=True)
class Setup:
    """How an adapter is bound to its fake vendor."""

    vendor: Callable[[], Vendor]
    model: str = GPT
    named: str = ""
    adapter: Mapping[str, Any] = field(default_factory=dict[str, Any])


_PACED: Mapping[str, Any] = {"pace": Pace(first_s=0.001, most_s=0.005, sleep=_briefly)}
SETUPS: Mapping[str, Setup] = {
    "apiframe": Setup(ApiframeVendor, adapter=_PACED),
    "azure": Setup(lambda: AzureVendor({"image": GPT}, keys=frozenset({KEY})), named="image"),
    "darkroom": Setup(OpenAIVendor),
    "evolink": Setup(EvoLinkVendor, adapter=_PACED),
    "flux": Setup(BFLVendor, "flux-2-pro", adapter=_PACED),
    "gemini": Setup(GeminiVendor, "gemini-nano-banana-2.1", adapter={"sleep": _briefly}),
    "openai": Setup(OpenAIVendor),
    "openai_compatible": Setup(lambda: CompatibleVendor("generic", frozenset({GPT})), named=GPT),
}


@dataclass(frozen=True, slots=True)
class _Adapter:
    """Stands where the workshop expects a class of providers."""

    name: str
    egress: Egress
    options: Mapping[str, Any]

    def __call__(self, deployment: Deployment) -> Provider:
        return provider_class(self.name)(deployment, self.egress, **self.options)


@dataclass
class Room:
    """Deployments: ``sick`` and the ``hasty`` one are the vendor's, nobody listens at ``gone``,
    and ``well`` draws whatever it is asked for."""

    provider: str
    vendor: Vendor
    shop: Workshop

    def prepare(self, known: Known, *, strikes: int = 0) -> None:
        """Everyone is well again, but for the vendor, which does that."""
        dispatch = self.shop.dispatch
        dispatch.health, dispatch.budget = Health(), RetryBudget(now_ms)
        spoil(self.vendor, self.provider, known)
        sick = Deployment(self.sick(known), self.provider)
        for _ in range(strikes):
            dispatch.health.end(dispatch.health.begin(sick), UpstreamFailed("earlier"))

    def sick(self, known: Known) -> str:
        """The deployment to be asked: it has to time out soon where it hangs."""
        if known.name == "connect_refused":
            return "gone"
        late = known.ends.code == "upstream_timeout" and not known.name.startswith("status_")
        return "hasty" if late else "sick"

    async def run(self, known: Known, *others: str, **changes: Any) -> Job:
        """The job at its end; ``others`` may serve it too."""
        policy = Policy(order=Order.LISTED, deployments=(self.sick(known), *others))
        fields = {"model": SETUPS[self.provider].model, "quality": "auto", **changes}
        return await self.shop.run("a cat", policy=policy, size="1024x1024", **fields)

    async def balance(self) -> tuple[int, int]:
        """What is booked on the account, and what is held."""
        found = await self.shop.database.read(lambda tx: ledger.balance(tx, "account", now_ms()))
        return found.posted_nanos, found.held_nanos


STRIKES_BEFORE = STRIKES - 1
"""After so many the next strike opens the circuit."""


@asynccontextmanager
async def room(provider: str, folder: Path) -> AsyncGenerator[Room]:
    """The room of a provider."""
    setup = SETUPS[provider]
    async with AsyncExitStack() as stack:
        fetcher = PublicFetcher(AddressGuard())
        egress = HttpEgress(fetcher)
        stack.push_async_callback(fetcher.close)
        stack.push_async_callback(egress.close)
        vendor = stack.enter_context(setup.vendor())
        adapter: Any = _Adapter(provider, egress, setup.adapter)
        base: dict[str, Any] = {"base_url": vendor.base_url, "api_key": Secret(KEY)}
        base["models"] = {setup.model: setup.named or setup.model}
        base["timeout_s"] = PATIENT_S
        refused = stack.enter_context(refusing_url())
        options: dict[str, Any] = {
            "sick": base,
            "hasty": {**base, "timeout_s": HASTY_S},
            "gone": {**base, "base_url": refused},
        }
        kinds = cast("dict[str, type[Scripted]]", dict.fromkeys(options, adapter))
        shop = await stack.enter_async_context(
            workshop(folder, {**kinds, "well": Scripted}, options=options)
        )
        yield Room(provider, vendor, shop)
