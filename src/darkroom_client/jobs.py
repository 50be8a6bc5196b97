"""Jobs: the durable record of every operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from darkroom_client.money import Money
from darkroom_client.results import Asset, Usage, Warning

_FINAL = ("succeeded", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``state``: queued, running, succeeded, failed or canceled."""

    id: str
    state: str
    operation: str
    model: str
    """The model that was asked for."""
    served_model: str | None
    deployment: str | None
    sandbox: bool
    usage: Usage | None
    warnings: tuple[Warning, ...]
    error: Mapping[str, Any] | None
    created_at: str
    finished_at: str | None
    assets: tuple[Asset, ...]
    charge: Money | None
    """None until the job has delivered: nothing is charged before, nor for what failed."""
    saved: Money | None
    """How much more that would have been without ``service_tier="economy"``; None: nothing."""
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server tells, timings and attempts included."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            id=said["id"],
            state=said["state"],
            operation=said["operation"],
            model=said["model"],
            served_model=said["served_model"],
            deployment=said["deployment"],
            sandbox=said["sandbox"],
            usage=Usage.of(said["usage"]) if said["usage"] else None,
            warnings=tuple(Warning.of(one) for one in said["warnings"]),
            error=said["error"],
            created_at=said["created_at"],
            finished_at=said["finished_at"],
            assets=tuple(Asset.of(one) for one in said["assets"]),
            charge=Money.of(said["charge"]) if said.get("charge") else None,
            saved=_saved(said.get("charge") or {}),
            raw=said,
        )

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in _FINAL

    @property
    def provider(self) -> str:
        """The vendor's adapter of the last attempt; "" before the first."""
        attempts = self.raw.get("attempts") or ()
        return str(attempts[-1]["provider"]) if attempts else ""

    @property
    def revised_prompts(self) -> tuple[str | None, ...]:
        """What the model made of the prompt, for each image; empty where it did not say."""
        output: Mapping[str, Any] = self.raw.get("output") or {}
        return tuple(output.get("revised_prompts") or ())

    @property
    def results(self) -> tuple[Asset, ...]:
        """The images that were made, in order."""
        made = (asset for asset in self.assets if asset.kind == "result")
        return tuple(sorted(made, key=lambda asset: asset.position))


def _saved(charge: Mapping[str, Any]) -> Money | None:
    saved = charge.get("saved")
    return Money.of(saved) if saved and saved["nanos"] else None


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, newest first. ``next_cursor`` leads to older ones; None at the end."""

    jobs: tuple[Job, ...]
    next_cursor: str | None
