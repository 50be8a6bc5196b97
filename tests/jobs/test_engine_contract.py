"""The engine contract: embedded on SQLite and procrastinate on PostgreSQL behave alike."""

import asyncio
from collections.abc import Callable

import pytest

from darkroom.core.errors import Overloaded
from darkroom.db import Database
from darkroom.jobs import EmbeddedEngine, JobEngine
from darkroom.jobs.engine.distributed import ProcrastinateEngine
from tests.support.jobs import a_job, accept, end

MakeEngine = Callable[..., JobEngine]


@pytest.fixture
def make_engine(database: Database, database_url: str) -> MakeEngine:
    def make(running_max: int = 50, drain_s: float = 5.0) -> JobEngine:
        if database_url.startswith("sqlite"):
            return EmbeddedEngine(database, running_max=running_max, drain_s=drain_s)
        return ProcrastinateEngine(
            database, database_url, running_max=running_max, drain_s=drain_s, dead_after_s=1.0
        )

    return make


class Worker:
    """Runs jobs for an engine and remembers which; ``hold`` keeps them running."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ran: list[str] = []
        self.running = 0
        self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    async def run(self, job_id: str) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await self._tell()
        try:
            await self.gate.wait()
            await end(self.database, job_id)
            self.ran.append(job_id)
        finally:
            self.running -= 1
            await asyncio.shield(self._tell())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(condition)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@pytest.fixture
def worker(database: Database) -> Worker:
    return Worker(database)


async def test_an_accepted_job_runs_once(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    engine = make_engine()
    await engine.open(worker.run)
    jobs = [await accept(database, engine) for _ in range(5)]
    await worker.until(lambda: len(worker.ran) == 5)
    await engine.close()
    assert sorted(worker.ran) == sorted(job.id for job in jobs)


async def test_what_is_refused_before_it_drains_leaves_running_what_runs(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    engine = make_engine()
    await engine.open(worker.run)
    await accept(database, engine)
    engine.refuse()
    with pytest.raises(Overloaded) as refused:
        engine.check_room()
    assert refused.value.retry_after_s
    await worker.until(lambda: len(worker.ran) == 1)
    await engine.close()


async def test_a_job_that_was_not_committed_never_runs(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    engine = make_engine()
    await engine.open(worker.run)
    job = a_job()

    def broken(tx: object) -> None:
        engine.start(tx, job.id)  # type: ignore[arg-type]
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        await database.write(broken)
    after = await accept(database, engine)
    await worker.until(lambda: len(worker.ran) == 1)
    await engine.close()
    assert worker.ran == [after.id]


async def test_a_job_accepted_by_a_process_that_died_runs_at_the_next_start(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    dead = make_engine()
    if isinstance(dead, ProcrastinateEngine):  # its tables come with its first start
        await dead.open(worker.run)
        await dead.close()
    job = await accept(database, make_engine())
    engine = make_engine()
    await engine.open(worker.run)
    await worker.until(lambda: worker.ran == [job.id])
    await engine.close()


async def test_a_finished_job_is_not_run_again_after_a_restart(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    first = make_engine()
    await first.open(worker.run)
    await accept(database, first)
    await worker.until(lambda: len(worker.ran) == 1)
    await first.close()
    second = make_engine()
    await second.open(worker.run)
    marker = await accept(database, second)
    await worker.until(lambda: len(worker.ran) == 2)
    await second.close()
    assert worker.ran[1] == marker.id


async def test_no_more_than_the_limit_run_at_a_time(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    engine = make_engine(running_max=3)
    worker.gate.clear()
    await engine.open(worker.run)
    for _ in range(10):
        await accept(database, engine)
    await worker.until(lambda: worker.running == 3)
    worker.gate.set()
    await worker.until(lambda: len(worker.ran) == 10)
    await engine.close()
    assert worker.most == 3


async def test_closing_lets_running_jobs_finish(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    engine = make_engine(drain_s=10)
    worker.gate.clear()
    await engine.open(worker.run)
    job = await accept(database, engine)
    await worker.until(lambda: worker.running == 1)
    closing = asyncio.create_task(engine.close())
    worker.gate.set()
    await closing
    assert worker.ran == [job.id]


async def test_a_job_that_outlives_the_grace_runs_again_at_the_next_start(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    first = make_engine(drain_s=0.05)
    worker.gate.clear()
    await first.open(worker.run)
    job = await accept(database, first)
    await worker.until(lambda: worker.running == 1)
    await first.close()
    assert worker.ran == []
    worker.gate.set()
    second = make_engine()
    await second.open(worker.run)
    await worker.until(lambda: worker.ran == [job.id])
    await second.close()


async def test_a_run_that_raises_is_run_again(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    failures = [RuntimeError("the database went away")]

    async def run(job_id: str) -> None:
        if failures:
            raise failures.pop()
        await worker.run(job_id)

    first = make_engine()
    await first.open(run)
    job = await accept(database, first)
    await worker.until(lambda: worker.ran == [job.id])
    await first.close()


async def test_a_job_that_waits_is_run_again_and_takes_no_place(
    database: Database, make_engine: MakeEngine, worker: Worker
) -> None:
    """One place; the job that waits for an hour is not in the way, nor of the end."""
    engine = make_engine(running_max=1)
    looks: list[str] = []

    async def run(job_id: str) -> float | None:
        if job_id == patient.id:
            return 3600.0
        looks.append(job_id)
        if len(looks) < 3:
            return 0.01
        await worker.run(job_id)
        return None

    patient = a_job()
    await engine.open(run)
    await accept(database, engine, patient)
    job = await accept(database, engine)
    await worker.until(lambda: worker.ran == [job.id])
    async with asyncio.timeout(4):
        await engine.close()
    assert looks == [job.id] * 3
