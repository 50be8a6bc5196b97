"""The engine of many processes: procrastinate on PostgreSQL, woken by LISTEN/NOTIFY.

A job is enqueued in the transaction that accepts it. A process that dies stops sending its
heartbeat; the others put its jobs back into the queue.
https://procrastinate.readthedocs.io/en/stable/howto/production/retry_stalled_jobs.html
"""

import asyncio
import contextlib
import logging

import procrastinate
import psycopg
import structlog
from procrastinate.schema import SchemaManager

from darkroom.db import Tx
from darkroom.jobs.engine.port import RunJob, insist

log = structlog.get_logger(__name__)

_TASK = "darkroom.run"
_QUEUE = "darkroom"
_INSTALL_LOCK = 815_2027
_RETRY_S = 1
_POLL_S = 1.0
"""How often jobs that wait for their time are looked for; new ones are announced."""


class ProcrastinateEngine:
    """``url`` is the database's libpq URL. A process is dead after ``dead_after_s`` of silence."""

    def __init__(
        self, url: str, *, running_max: int, drain_s: float, dead_after_s: float = 10.0
    ) -> None:
        self._url = url
        self._running_max = running_max
        self._drain_s = drain_s
        self._dead_after_s = dead_after_s
        # This one only ever works on the connection of the accepting transaction.
        self._enqueue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=6)
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # we log what matters

    def start(self, tx: Tx, job_id: str) -> None:
        deferrer = self._enqueue.configure_task(
            _TASK, queue=_QUEUE, connection=tx.driver_connection
        )
        deferrer.defer(job_id=job_id)

    def started(self, job_id: str) -> None:
        """PostgreSQL has told the workers."""

    async def open(self, run: RunJob) -> None:
        await asyncio.to_thread(self._install)

        async def work(job_id: str) -> None:
            # not left to procrastinate: writing down a retry needs the database that just failed
            await insist(run, job_id, _RETRY_S)

        again = procrastinate.RetryStrategy(wait=_RETRY_S)
        self._app.task(name=_TASK, queue=_QUEUE, retry=again)(work)
        await self._app.open_async()
        self._tasks = [
            asyncio.create_task(self._work(), name="procrastinate-worker"),
            asyncio.create_task(self._rescue(), name="procrastinate-rescue"),
        ]

    async def close(self) -> None:
        self._closing.set()
        for task in self._tasks:
            task.cancel()  # the worker takes this as the request to stop, and drains
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tasks:
            await self._app.close_async()

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
        manager = self._app.job_manager
        while not self._closing.is_set():
            try:
                stalled = await manager.get_stalled_jobs(
                    queue=_QUEUE, seconds_since_heartbeat=self._dead_after_s
                )
                for job in stalled:
                    await manager.retry_job(job)
                    log.warning("job_taken_over", job=job.task_kwargs.get("job_id"))
            except Exception:  # the database is away; look again
                log.exception("rescue_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._dead_after_s / 4):
                    await self._closing.wait()

    def _install(self) -> None:
        """Create procrastinate's schema once; processes that start together take turns."""
        with psycopg.connect(self._url) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_INSTALL_LOCK,))
            row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
            if row is None or row[0] is None:
                connection.execute(SchemaManager.get_schema())
