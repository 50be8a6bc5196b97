"""Jobs: the durable record of every operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.money import Money
from darkroom_client.results import Asset, Usage, Warning
from darkroom_client.sending import Call, Sender


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
            raw=said,
        )

    @property
    def results(self) -> tuple[Asset, ...]:
        """The images that were made, in order."""
        made = (asset for asset in self.assets if asset.kind == "result")
        return tuple(sorted(made, key=lambda asset: asset.position))


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, newest first. ``next_cursor`` leads to older ones; None at the end."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


class Jobs:
    """``client.jobs``: the jobs of the key's account."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def get(self, job_id: str) -> Job:
        """Raises :class:`NotFoundError`."""
        return Job.of(self._sender.json(Call("GET", _path(job_id))))

    def list(
        self, *, limit: int = 20, cursor: str | None = None, state: str | None = None
    ) -> JobPage:
        """Up to 100 jobs at a time."""
        asked = {"limit": limit, "cursor": cursor, "state": state}
        query = {name: value for name, value in asked.items() if value is not None}
        said = self._sender.json(Call("GET", "/v1/jobs", content={"params": query}))
        return JobPage(tuple(Job.of(one) for one in said["data"]), said["next_cursor"])

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end. A finished one stays as it is."""
        return Job.of(self._sender.json(Call("POST", f"{_path(job_id)}/cancel")))


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"
