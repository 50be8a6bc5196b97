"""The engine of a single process: a job runs as a task as soon as it is accepted."""

import asyncio

import structlog

from darkroom.db import Database, Tx
from darkroom.jobs import records
from darkroom.jobs.engine.port import RunJob, insist

log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """Waiting jobs are a queue of ids; at most ``running_max`` run at a time.

    Stopping, it lets them finish for ``drain_s`` seconds.
    """

    def __init__(
        self, database: Database, *, running_max: int, drain_s: float, retry_s: float = 1.0
    ) -> None:
        self._database = database
        self._retry_s = retry_s
        self._drain_s = drain_s
        self._slots = asyncio.Semaphore(running_max)
        self._tasks: set[asyncio.Task[None]] = set()
        self._run: RunJob | None = None

    def start(self, tx: Tx, job_id: str) -> None:
        """The job's own row is enough: an unfinished one is found at the next start."""

    def started(self, job_id: str) -> None:
        if self._run is not None:
            task = asyncio.create_task(self._work(self._run, job_id), name=job_id)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def open(self, run: RunJob) -> None:
        self._run = run
        left = await self._database.read(records.unfinished)
        if left:
            log.info("jobs_resumed", count=len(left))
        for job_id in left:
            self.started(job_id)

    async def close(self) -> None:
        self._run = None
        if self._tasks:
            log.info("jobs_draining", count=len(self._tasks))
            await asyncio.wait(self._tasks, timeout=self._drain_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _work(self, run: RunJob, job_id: str) -> None:
        async with self._slots:
            await insist(run, job_id, self._retry_s)
