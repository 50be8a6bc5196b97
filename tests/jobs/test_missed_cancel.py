"""A request to cancel that was made while PostgreSQL could tell nobody of it."""

import asyncio
from pathlib import Path

import psycopg

from darkroom.core.errors import JobCanceled
from darkroom.core.ids import now_ms
from darkroom.core.job import JobState
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.jobs import records
from tests.support.workshop import Scripted, draws, workshop

_HANG_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'
"""
_QUIETLY = "UPDATE jobs SET cancel_requested = true WHERE id = %s"


async def test_a_cancel_that_was_missed_is_found_after_reconnecting(
    tmp_path: Path, postgres_url: str
) -> None:
    called, never = asyncio.Event(), asyncio.Event()

    async def hangs(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        called.set()
        await never.wait()
        return await draws(provider, call, sink)

    async with workshop(tmp_path, database_url=postgres_url) as shop:
        shop.providers["first"].script = [hangs]
        job = await shop.submit()
        async with asyncio.timeout(60):
            await called.wait()
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(_QUIETLY, (job.id,))  # as if its notice went to nobody
            assert connection.execute(_HANG_UP).rowcount == 1
        async with asyncio.timeout(60):
            ended = await shop.wait(job)
        assert ended.state is JobState.CANCELED
        assert shop.providers["first"].canceled == 1


async def test_what_nobody_wants_to_end_goes_on(tmp_path: Path, postgres_url: str) -> None:
    called, go = asyncio.Event(), asyncio.Event()

    async def waits(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        called.set()
        await go.wait()
        return await draws(provider, call, sink)

    async with workshop(tmp_path, database_url=postgres_url) as shop:
        shop.providers["first"].script = [waits]
        job = await shop.submit()
        async with asyncio.timeout(60):
            await called.wait()  # the first call is this job's
            other = await shop.submit()
            await shop.wait(other)
        why = JobCanceled("The job was canceled.").record()
        await shop.database.write(lambda tx: records.request_cancel(tx, other.id, why, now_ms()))
        with shop.database.changes.subscribe("anything") as news:
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                assert connection.execute(_HANG_UP).rowcount == 1
            await news.wait(60)  # it listens again
        go.set()
        async with asyncio.timeout(60):
            assert (await shop.wait(job)).state is JobState.SUCCEEDED
