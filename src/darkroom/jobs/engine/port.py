"""What jobs ask of an engine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from darkroom.db import Tx

log = structlog.get_logger(__name__)

RunJob = Callable[[str], Awaitable[None]]
"""Runs the job of this id to its end. Safe to call again for one that has ended."""


async def insist(run: RunJob, job_id: str, retry_s: float) -> None:
    """Run the job until that succeeds. What a job does wrong ends the job and raises nothing
    here: what raises is the database, and it will come back."""
    while True:
        try:
            return await run(job_id)
        except Exception:
            log.exception("job_run_failed", job=job_id)
        await asyncio.sleep(retry_s)


class JobEngine(Protocol):
    """Calls :data:`RunJob` at least once for every job whose accepting transaction committed.

    After a crash the unfinished ones run again; who runs a job is fenced by the job's owner.
    """

    def start(self, tx: Tx, job_id: str) -> None:
        """Inside the accepting transaction: make the job known, so that no crash can lose it."""
        ...

    def started(self, job_id: str) -> None:
        """After that transaction committed, in the same process."""
        ...

    async def open(self, run: RunJob) -> None:
        """Begin to work, with what a former process left first."""
        ...

    async def close(self) -> None:
        """Take no more jobs, let the running ones finish for a while, then stop."""
        ...
