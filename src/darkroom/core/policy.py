"""How jobs are routed for a caller: kept with the API key, changed by a request for itself."""

from dataclasses import dataclass
from enum import StrEnum


class Order(StrEnum):
    """What decides between deployments that can all serve a request."""

    CHEAPEST = "cheapest"
    """The lowest expected price of exactly this request; then the fastest."""
    FASTEST = "fastest"
    """The lowest latency of late; then the cheapest."""
    LISTED = "listed"
    """The order of the configuration."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An empty tuple or string stands for "no such limit"."""

    order: Order = Order.CHEAPEST
    prefer: tuple[str, ...] = ()
    """Deployments that go first, in this order, while they are healthy."""
    pinned: str = ""
    """The only deployment that may serve."""
    deployments: tuple[str, ...] = ()
    """The deployments that may serve."""
    models: tuple[str, ...] = ()
    """The models that may be asked for."""
    default_model: str = ""
    """Serves requests that name none; a model or an alias."""
    successors: bool = True
    """Whether the catalogue's successor may stand in for a model that is retired."""
    emulate: bool = True
    """Whether what a model lacks may be done locally, with a warning; else it is refused."""
    after_refusal: bool = False
    """Whether another deployment may be asked after a refusal on policy; noted on the job."""
