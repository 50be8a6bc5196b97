"""What only many processes on PostgreSQL have to survive."""

import asyncio

import psycopg

from darkroom.db import open_database
from darkroom.jobs.engine.distributed import ProcrastinateEngine
from tests.support.jobs import accept, end

_HANG_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_jobs_run_again_after_the_database_was_away(postgres_url: str) -> None:
    database = await open_database(postgres_url)
    engine = ProcrastinateEngine(database, postgres_url, running_max=5, drain_s=1, dead_after_s=1)
    ran: asyncio.Queue[str] = asyncio.Queue()

    async def run(job_id: str) -> None:
        await end(database, job_id)
        ran.put_nowait(job_id)

    await engine.open(run)
    try:
        for _ in range(3):
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(_HANG_UP)
            job = await accept(database, engine)
            async with asyncio.timeout(20):
                assert await ran.get() == job.id
    finally:
        await engine.close()
        await database.close()


async def test_a_job_that_was_struck_off_while_another_process_had_it_is_not_lost(
    postgres_url: str,
) -> None:
    """What a process does that was taken for dead, and whose successor then dies."""
    database = await open_database(postgres_url)
    engine = ProcrastinateEngine(database, postgres_url, running_max=5, drain_s=1, dead_after_s=1)
    runs: list[str] = []
    again = asyncio.Event()

    async def run(job_id: str) -> None:
        runs.append(job_id)
        if len(runs) == 2:
            await end(database, job_id)
            again.set()

    await engine.open(run)  # the first run ends, and with it the entry in the queue
    try:
        job = await accept(database, engine)
        async with asyncio.timeout(20):
            await again.wait()
    finally:
        await engine.close()
        await database.close()
    assert runs == [job.id] * 2


async def test_a_process_that_only_accepts_leaves_its_jobs_to_others(postgres_url: str) -> None:
    database = await open_database(postgres_url)
    accepting = ProcrastinateEngine(database, postgres_url, running_max=0, drain_s=1)
    working = ProcrastinateEngine(database, postgres_url, running_max=5, drain_s=1)
    ran: asyncio.Queue[str] = asyncio.Queue()

    async def refuse(job_id: str) -> None:
        ran.put_nowait(f"{job_id}, where none may run")

    async def run(job_id: str) -> None:
        await end(database, job_id)
        ran.put_nowait(job_id)

    await accepting.open(refuse)
    try:
        job = await accept(database, accepting)
        assert not accepting.trouble
        await working.open(run)
        async with asyncio.timeout(60):
            assert await ran.get() == job.id
    finally:
        await accepting.close()
        await working.close()
        await database.close()
