"""What the jobs ask of the limits of deployments."""

from collections.abc import Iterable
from typing import Protocol

from darkroom.core.deployment import Deployment
from darkroom.db import Tx

MINUTE_MS = 60_000
LOOK_AGAIN_S = 1.0
"""Freed places are handed over at once; this only bounds how late one is noticed otherwise."""


class CallLimits(Protocol):
    """A job has one place at most. Where others wait for one it does not push in.

    ``lane``: whose job it is. Of those who wait, the lane with the fewest places is next.
    """

    def full(self, deployments: Iterable[Deployment]) -> frozenset[str]:
        """Those that can take no call now, as far as is known without asking anybody."""
        ...

    def take(self, tx: Tx, deployment: Deployment, job_id: str, lane: str = "") -> bool:
        """A place for the job's next call; one that it has there already is kept.

        Called from a transaction's thread, and repeated as transactions are.
        """
        ...

    def give(self, job_id: str) -> None:
        """The job's call is over, or was never made: its place goes to who is next."""
        ...

    async def wait(
        self, deployments: Iterable[Deployment], job_id: str, timeout_s: float, lane: str = ""
    ) -> None:
        """Return when the job has a place at one of them, or after ``timeout_s``."""
        ...


def limited(deployment: Deployment) -> bool:
    return bool(deployment.max_concurrent or deployment.requests_per_minute)
