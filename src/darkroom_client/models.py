"""Models that a server serves, with what each can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``successor`` answers in its place where it is retired."""

    id: str
    label: str
    description: str
    aliases: tuple[str, ...]
    deployments: tuple[str, ...]
    sandbox: bool
    successor: str | None
    shutdown_date: str | None
    """ISO date, when one is announced."""
    days_left: int | None
    """Until the last deployment that still has it loses it; None: not announced for all."""
    capabilities: Mapping[str, Any]
    """``sizes``, ``qualities``, ``formats``, ``max_n`` … as ``GET /v1/models`` lists them."""
    details: Mapping[str, Any]
    """``vendors`` with their dates, ``deployments`` with their prices, ``done_here`` (what the
    server does where the model cannot) …; empty unless asked for."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        own = said["darkroom"]
        return cls(
            id=said["id"],
            label=own["label"],
            description=own["description"],
            aliases=tuple(own["aliases"]),
            deployments=tuple(own["deployments"]),
            sandbox=own["sandbox"],
            successor=own["served_by_successor"],
            shutdown_date=said["shutdown_date"],
            days_left=_days_left(own),
            capabilities=own["capabilities"],
            details=own.get("details", {}),
        )


def _days_left(own: Mapping[str, Any]) -> int | None:
    ends = {one["deployment"]: one["days_left"] for one in own.get("shutdowns", ())}
    if not ends or set(own["deployments"]) - set(ends):
        return None
    return max(0, *ends.values())
