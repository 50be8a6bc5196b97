"""Where requests go, for callers whose own key has the scope ``admin``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.flows import Call, Flow, asking
from darkroom_client.resources import AsyncResource, SyncResource, method


@dataclass(frozen=True, slots=True)
class Deployment:
    """One endpoint. ``usable``: requests go there now; ``circuit`` and ``reason`` say why not."""

    id: str
    provider: str
    base_url: str
    region: str
    models: tuple[str, ...]
    circuit: str
    usable: bool
    reason: str
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server tells, prices and limits included."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        circuit = said["circuit"]
        return cls(
            id=said["id"],
            provider=said["provider"],
            base_url=said["base_url"],
            region=said["region"] or "",
            models=tuple(said["models"]),
            circuit=circuit["state"],
            usable=circuit["usable"],
            reason=circuit["reason"] or "",
            raw=said,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found. ``advice`` says what to do about it."""

    ok: bool
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Check:
    """``ok``: everything that was found is."""

    id: str
    provider: str
    ok: bool
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        found = (Finding(one["ok"], one["what"], one["advice"] or "") for one in said["findings"])
        return cls(said["id"], said["provider"], said["ok"], tuple(found))


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Ids of deployments, by how they differ from before; and all that there are now."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    deployments: tuple[Deployment, ...]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            added=tuple(said["added"]),
            changed=tuple(said["changed"]),
            removed=tuple(said["removed"]),
            deployments=tuple(Deployment.of(one) for one in said["data"]),
        )


class _Calls:
    @method
    def list(self) -> Flow[tuple[Deployment, ...]]:
        """All, in their configured order."""
        said = yield Call("GET", "/v1/deployments")
        return tuple(Deployment.of(one) for one in said["data"])

    @method
    def check(self, deployment_id: str) -> Flow[Check]:
        """Ask the vendor, at no cost, whether it would serve. Raises :class:`NotFoundError`."""
        path = f"/v1/deployments/{quote(deployment_id, safe='')}/check"
        return asking(Call("POST", path), Check.of)

    @method
    def reload(self) -> Flow[Reloaded]:
        """Read the server's configuration again. Raises :class:`BadRequestError`, and nothing
        changes, when it cannot be used."""
        return asking(Call("POST", "/v1/deployments/reload"), Reloaded.of)


class Deployments(_Calls, SyncResource):
    """``client.deployments``."""


class AsyncDeployments(_Calls, AsyncResource):
    """``client.deployments``."""
