"""The engine of a single process: a job runs as a task as soon as it is accepted."""

import asyncio

import structlog

from darkroom.db import Database, Tx
from darkroom.jobs import records
from darkroom.jobs.engine.lanes import Lanes
from darkroom.jobs.engine.port import ANY_NUMBER, STOPPING, RunJob, insist, require_room

log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """Waiting jobs are ids in memory, shared out between their lanes; at most ``running_max`` run.

    Stopping, it lets those finish for ``drain_s`` seconds; what waits runs at the next start.
    """

    def __init__(
        self,
        database: Database,
        *,
        running_max: int,
        drain_s: float,
        retry_s: float = 1.0,
        waiting_max: int = ANY_NUMBER,
    ) -> None:
        self._database = database
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._drain_s = drain_s
        self._retry_s = retry_s
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[None]] = set()
        self._parked: dict[str, asyncio.TimerHandle] = {}
        self._run: RunJob | None = None
        self._drained = False
        self._refusing = False

    @property
    def waiting(self) -> int:
        return len(self._lanes)

    @property
    def trouble(self) -> str:
        return STOPPING if self._run is None else ""

    @property
    def alone(self) -> bool:
        return True

    def check_room(self) -> None:
        require_room(self.waiting, self._waiting_max, stopping=self._refusing)

    def refuse(self) -> None:
        self._refusing = True

    def start(self, tx: Tx, job_id: str, lane: str = "") -> None:
        """The job's own row is enough: an unfinished one is found at the next start."""

    def started(self, job_id: str, lane: str = "") -> None:
        if self._run is not None:
            self._lanes.put(lane, job_id)
            self._fill()

    async def open(self, run: RunJob) -> None:
        self._run = run
        left = await self._database.read(records.unfinished)
        if left:
            log.info("jobs_resumed", count=len(left))
        for job_id, lane in left:
            self.started(job_id, lane)

    async def drain(self, within_s: float) -> None:
        self._run, self._drained, self._refusing = None, True, True
        for pause in self._parked.values():
            pause.cancel()
        self._parked.clear()
        if self._tasks:
            log.info("jobs_draining", count=len(self._tasks))
            await asyncio.wait(self._tasks, timeout=within_s)

    async def close(self) -> None:
        if not self._drained:
            await self.drain(self._drain_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _fill(self) -> None:
        """Run what waits, as far as there are places."""
        while (run := self._run) is not None and len(self._tasks) < self._running_max:
            found = self._lanes.take()
            if found is None:
                return
            lane, job_id = found
            task = asyncio.create_task(self._work(run, job_id, lane), name=job_id)
            self._tasks.add(task)
            task.add_done_callback(lambda task, lane=lane: self._ended(task, lane))

    def _ended(self, task: asyncio.Task[None], lane: str) -> None:
        self._tasks.discard(task)
        self._lanes.done(lane)
        self._fill()

    async def _work(self, run: RunJob, job_id: str, lane: str) -> None:
        later_s = await insist(run, job_id, self._retry_s)
        if later_s is not None and self._run is not None:
            self._park(job_id, lane, later_s)

    def _park(self, job_id: str, lane: str, pause_s: float) -> None:
        """Run it again after a while, in which it takes nobody's place."""

        def again() -> None:
            self._parked.pop(job_id, None)
            self.started(job_id, lane)

        if (former := self._parked.get(job_id)) is not None:
            former.cancel()
        self._parked[job_id] = asyncio.get_running_loop().call_later(pause_s, again)
