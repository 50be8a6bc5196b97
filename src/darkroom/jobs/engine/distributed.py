"""The engine of many processes: procrastinate on PostgreSQL, woken by LISTEN/NOTIFY.

A job is enqueued in the transaction that accepts it. A process that dies stops sending its
heartbeat; the others put its jobs back into the queue.
https://procrastinate.readthedocs.io/en/stable/howto/production/retry_stalled_jobs.html

Lanes take turns by priority, which each job gets when it is enqueued: the n-th waiting job of a
lane stands in the n-th round, and a lane that comes anew joins the round that is under way
(start-time fair queueing, https://doi.org/10.1109/90.649569). A round is a priority below the one
before.
"""

import asyncio
import contextlib
import logging
import math
import time
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from darkroom.db import Database, Tx
from darkroom.jobs import records
from darkroom.jobs.engine.port import ANY_NUMBER, STOPPING, RunJob, insist, require_room

log = structlog.get_logger(__name__)

_TASK = "darkroom.run"
_QUEUE = "darkroom"
_INSTALL_LOCK = 815_2027
_RESCUE_LOCK = 815_2028
_TRY_LOCK = """
SELECT set_config('idle_in_transaction_session_timeout', %s, true), pg_try_advisory_xact_lock(%s)
"""
_QUEUED = """
SELECT args->>'job_id' FROM procrastinate_jobs
WHERE task_name = %s AND status IN ('todo', 'doing')
"""
_RETRY_S = 1
_POLL_S = 1.0
"""How often jobs that wait for their time are looked for; new ones are announced."""
_COUNT_S = 1.0
"""How often waiting jobs are counted."""

# `scheduled_at`: jobs that are run again later are no part of any round
_ROUND = """
SELECT LEAST(
    (SELECT priority FROM procrastinate_jobs
      WHERE status = 'todo' AND scheduled_at IS NULL
      ORDER BY priority DESC LIMIT 1),
    (SELECT priority - 1 FROM procrastinate_jobs
      WHERE status = 'todo' AND scheduled_at IS NULL AND args->>'lane' = %s
      ORDER BY priority LIMIT 1)
)
"""
_LANE_INDEX = "darkroom_procrastinate_jobs_by_lane"
_MAKE_LANE_INDEX = f"""
CREATE INDEX IF NOT EXISTS {_LANE_INDEX}
ON procrastinate_jobs ((args->>'lane'), priority)
WHERE status = 'todo' AND scheduled_at IS NULL
"""
_COUNT = """
SELECT count(*) FROM (
    SELECT FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NULL LIMIT 100000
) AS waiting
"""


class ProcrastinateEngine:
    """``url`` is the database's libpq URL. A process is dead after ``dead_after_s`` of silence.

    With a ``running_max`` of 0 it takes jobs and leaves them to other processes.
    """

    def __init__(
        self,
        database: Database,
        url: str,
        *,
        running_max: int,
        drain_s: float,
        dead_after_s: float = 10.0,
        waiting_max: int = ANY_NUMBER,
    ) -> None:
        self._database = database
        self._url = url
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._counted = 0
        self._seen_at = -math.inf
        """When the queue was last reached, by the clock that only goes forward."""
        self._drain_s = drain_s
        self._dead_after_s = dead_after_s
        # This one only ever works on the connection of the accepting transaction.
        self._enqueue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=6)
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()
        self._refusing = False
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # we log what matters

    @property
    def waiting(self) -> int:
        return self._counted

    @property
    def trouble(self) -> str:
        if self._closing.is_set():
            return STOPPING
        silent_s = time.monotonic() - self._seen_at
        return f"no sign of life for {silent_s:.0f} s" if silent_s > self._dead_after_s else ""

    @property
    def alone(self) -> bool:
        return False

    def check_room(self) -> None:
        require_room(self._counted, self._waiting_max, stopping=self._refusing)

    def refuse(self) -> None:
        self._refusing = True

    def start(self, tx: Tx, job_id: str, lane: str = "") -> None:
        connection = tx.driver_connection
        (priority,) = connection.execute(_ROUND, (lane,)).fetchone()
        deferrer = self._enqueue.configure_task(
            _TASK, queue=_QUEUE, connection=connection, priority=priority or 0
        )
        deferrer.defer(job_id=job_id, lane=lane)

    def started(self, job_id: str, lane: str = "") -> None:
        """PostgreSQL has told the workers."""

    async def open(self, run: RunJob) -> None:
        await asyncio.to_thread(make_queue, self._url)

        async def work(job_id: str, lane: str = "") -> None:
            # not left to procrastinate: writing down a retry needs the database that just failed
            later_s = await insist(run, job_id, _RETRY_S)
            if later_s is not None:
                await insist(lambda job_id: self._again(job_id, later_s), job_id, _RETRY_S)

        again = procrastinate.RetryStrategy(wait=_RETRY_S)
        self._app.task(name=_TASK, queue=_QUEUE, retry=again)(work)
        await self._app.open_async()
        self._seen_at = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._rescue(), name="procrastinate-rescue"),
            asyncio.create_task(self._count(), name="procrastinate-count"),
        ]
        if self._running_max:
            self._tasks.append(asyncio.create_task(self._work(), name="procrastinate-worker"))

    async def drain(self, within_s: float) -> None:
        if self._closing.is_set():
            return
        self._refusing = True
        self._closing.set()
        for task in self._tasks:
            task.cancel()  # the worker takes this as the request to stop, and drains
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)

    async def close(self) -> None:
        await self.drain(self._drain_s)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tasks:
            await self._app.close_async()

    async def _again(self, job_id: str, later_s: float) -> None:
        """Into the queue for later. A crash before that leaves the job to the rescue."""
        wait = {"seconds": math.ceil(later_s)}
        deferrer = self._app.configure_task(_TASK, queue=_QUEUE, schedule_in=wait)
        await deferrer.defer_async(job_id=job_id)

    async def _work(self) -> None:
        """Keep a worker running: one stops when its heartbeat cannot reach the database."""
        while not self._closing.is_set():
            try:
                await self._app.run_worker_async(
                    queues=[_QUEUE],
                    concurrency=self._running_max,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_POLL_S,
                    shutdown_graceful_timeout=self._drain_s,
                    delete_jobs="successful",
                    update_heartbeat_interval=self._dead_after_s / 4,
                    stalled_worker_timeout=self._dead_after_s,
                )
            except Exception:
                log.exception("worker_stopped")
            await asyncio.sleep(_RETRY_S)

    async def _rescue(self) -> None:
        """Put the jobs of dead processes back into the queue."""
        while not self._closing.is_set():
            try:
                async with asyncio.timeout(self._dead_after_s):  # what was seen is true no longer
                    await self._rescue_alone()
            except Exception:  # the database is away; look again
                log.exception("rescue_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._dead_after_s / 4):
                    await self._closing.wait()

    async def _rescue_alone(self) -> None:
        """One process at a time: two that saw the same dead one would start its jobs twice."""
        connection = await psycopg.AsyncConnection.connect(self._url)
        try:
            await self._rescue_over(connection)
        finally:  # its own context manager leaves it open when it is canceled in its last query
            await connection.close()

    async def _rescue_over(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        # If we hang now, PostgreSQL hangs up on us, and others have the lock.
        most_ms = str(int(self._dead_after_s * 1000))
        found = await (await connection.execute(_TRY_LOCK, (most_ms, _RESCUE_LOCK))).fetchone()
        if found is None or not found[1]:
            return
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(
            queue=_QUEUE, seconds_since_heartbeat=self._dead_after_s
        ):
            try:
                await manager.retry_job(job)
            except ConnectorException:
                continue  # it has ended: the process lives after all
            log.warning("job_taken_over", job=job.task_kwargs.get("job_id"))
        for job_id in await self._database.write(self._requeue):
            log.warning("job_queued_again", job=job_id)

    def _requeue(self, tx: Tx) -> list[str]:
        """Enqueue the unfinished jobs that are in no queue; their ids.

        A process that was taken for dead and lives on strikes its jobs off when they end for it,
        also those that another one is working on by then; if that one dies, they are here.
        """
        connection = tx.driver_connection
        # In this order: whatever is accepted after the first look is not looked for in the second.
        unfinished = dict(records.unfinished(tx))
        queued = {job_id for (job_id,) in connection.execute(_QUEUED, (_TASK,))}
        lost = [job_id for job_id in unfinished if job_id not in queued]
        for job_id in lost:
            self.start(tx, job_id, unfinished[job_id])
        return lost

    async def _count(self) -> None:
        """Know how many jobs wait, without asking for each request."""
        while not self._closing.is_set():
            try:
                row = await self._app.connector.execute_query_one_async(_COUNT)
                self._counted = int(row["count"])
                self._seen_at = time.monotonic()
            except Exception:  # the database is away; look again
                log.exception("count_failed")
            await asyncio.sleep(_COUNT_S)


def make_queue(url: str) -> None:
    """Create procrastinate's schema once; processes that start together take turns."""
    with psycopg.connect(url) as connection:
        # Even IF NOT EXISTS locks the table, and needs its owner: look first.
        if _there(connection, _LANE_INDEX):
            return
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_INSTALL_LOCK,))
        if not _there(connection, "procrastinate_jobs"):
            connection.execute(SchemaManager.get_schema())
        connection.execute(_MAKE_LANE_INDEX)


def _there(connection: "psycopg.Connection[Any]", relation: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s)", (relation,)).fetchone()
    return row is not None and row[0] is not None
