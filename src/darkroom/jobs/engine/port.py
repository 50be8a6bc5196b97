"""What jobs ask of an engine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from darkroom.core.errors import Overloaded
from darkroom.db import Tx

log = structlog.get_logger(__name__)

RunJob = Callable[[str], Awaitable[float | None]]
"""Runs the job of this id to its end. Safe to call again for one that has ended.

A job that waits for a vendor for hours ends its run before that: the result is then in how many
seconds it is to be run again. Meanwhile it takes nobody's place."""

STOPPING = "stopping"
"""The trouble of an engine that is being closed."""
ANY_NUMBER = 1 << 62
_BUSY_S = 5.0
"""When those who are refused may ask again."""


def require_room(waiting: int, waiting_max: int, *, stopping: bool) -> None:
    """Raises :class:`Overloaded`."""
    if stopping:
        raise Overloaded(
            "This server is stopping and takes no new requests. Try again in a moment.",
            retry_after_s=_BUSY_S,
        )
    if waiting >= waiting_max:
        raise Overloaded(
            f"{waiting:,} jobs wait already, which is as many as this server keeps waiting."
            " Try again in a moment.",
            retry_after_s=_BUSY_S,
        )


async def insist(run: RunJob, job_id: str, retry_s: float) -> float | None:
    """Run the job until that succeeds. What a job does wrong ends the job and raises nothing
    here: what raises is the database, and it will come back."""
    while True:
        try:
            return await run(job_id)
        except Exception:
            log.exception("job_run_failed", job_id=job_id)
        await asyncio.sleep(retry_s)


class JobEngine(Protocol):
    """Calls :data:`RunJob` at least once for every job whose accepting transaction committed.

    After a crash the unfinished ones run again; who runs a job is fenced by the job's owner.
    """

    @property
    def waiting(self) -> int:
        """How many jobs wait for a place; of several processes, as this one saw it last."""
        ...

    @property
    def trouble(self) -> str:
        """Why it runs no jobs at this moment, in a few words; empty while it does."""
        ...

    @property
    def alone(self) -> bool:
        """Whether no other process runs these jobs."""
        ...

    def check_room(self) -> None:
        """Raises :class:`Overloaded` when too many jobs wait, and after :meth:`refuse`."""
        ...

    def refuse(self) -> None:
        """From now on no job is taken: the server begins to stop. Safe in a signal handler."""
        ...

    def start(self, tx: Tx, job_id: str, lane: str = "") -> None:
        """Inside the accepting transaction: make the job known, so that no crash can lose it.

        When more jobs wait than may run, those of one lane do not hold up those of another.
        """
        ...

    def started(self, job_id: str, lane: str = "") -> None:
        """After that transaction committed, in the same process."""
        ...

    async def open(self, run: RunJob) -> None:
        """Begin to work, with what a former process left first."""
        ...

    async def drain(self, within_s: float) -> None:
        """Refuse, begin none; return when the running ones have ended, or after ``within_s``."""
        ...

    async def close(self) -> None:
        """Drain, unless that was done already, then stop what still runs."""
        ...
