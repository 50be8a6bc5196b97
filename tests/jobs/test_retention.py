"""What finished jobs keep ends with its time; job, charge and what others need remain."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from darkroom.assets import add_assets, assets_of_job, note_removed, was_removed
from darkroom.core.errors import StorageQuotaExceeded
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind, AttemptState, Job, JobState
from darkroom.core.limits import KeyLimits
from darkroom.db import Database, Heap
from darkroom.db.tables import attempts, idempotency, job_inputs, jobs
from darkroom.jobs import Kept, records, retention_chores
from darkroom.upkeep import cleared
from tests.support.jobs import a_job
from tests.support.workshop import workshop

DAY_MS = 86_400_000
KEPT = Kept(images_days=30, attempts_days=30)


def an_image(kind: AssetKind, at_ms: int) -> Asset:
    """One of 10 bytes that no other has."""
    content = new_id().replace("-", "") * 2
    return Asset(new_id(at_ms), kind, 0, content, "image/png", 1, 1, 10, at_ms)


class Past:
    """Jobs that ended long ago, in a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.chores = {chore.name: chore for chore in retention_chores(database, KEPT)}

    async def job(self, days: float, *images: AssetKind) -> Job:
        """One that ended so many days ago, with images of 10 bytes."""
        at_ms = now_ms() - int(days * DAY_MS)
        job = replace(a_job(), id=new_id(at_ms - 1000), created_at_ms=at_ms - 1000)
        found = [
            Asset(
                new_id(at_ms), kind, 0, new_id().replace("-", "") * 2, "image/png", 1, 1, 10, at_ms
            )
            for kind in images
        ]

        def work(tx: records.Tx) -> None:
            records.add(tx, job)
            ended = update(jobs).where(jobs.c.id == job.id)
            tx.execute(ended.values(state=JobState.SUCCEEDED, finished_at_ms=at_ms))
            add_assets(tx, job.account_id, job.id, found)

        await self.database.write(work)
        return await self.read(job)

    async def read(self, job: Job) -> Job:
        found = await self.database.read(lambda tx: records.get(tx, job.id))
        assert found is not None
        return found

    async def tried(self, job: Job, state: AttemptState) -> None:
        row = {
            "job_id": job.id,
            "number": 1 + len((await self.read(job)).attempts),
            "deployment": "here",
            "provider": "sandbox",
            "model": "gpt-image-2",
            "state": state,
            "started_at_ms": job.created_at_ms,
        }
        await self.database.write(lambda tx: tx.execute(insert(attempts), row))

    async def starts_from(self, job: Job, image: Asset) -> None:
        row = {"job_id": job.id, "asset_id": image.id, "parent_id": None}
        await self.database.write(lambda tx: tx.execute(insert(job_inputs), row))


@pytest.fixture
def past(database: Database) -> Past:
    return Past(database)


async def test_images_go_with_their_time_and_the_job_remains(past: Past) -> None:
    old = await past.job(31, AssetKind.RESULT, AssetKind.ORIGINAL, AssetKind.INPUT)
    young = await past.job(29, AssetKind.RESULT)
    chore = past.chores["images"]
    assert await chore.look() == Heap(3, 30)
    assert await cleared(chore) == Heap(3, 30)
    assert await chore.look() == Heap()
    after = await past.read(old)
    assert (after.state, after.assets) == (JobState.SUCCEEDED, ())
    assert after.images_removed_at_ms is not None
    assert after.request == old.request
    assert len((await past.read(young)).results) == 1


async def test_images_that_younger_jobs_start_from_are_handed_over(past: Past) -> None:
    """Old jobs that use each other's images do not pass them round for ever."""
    one, two = [await past.job(40 - day, AssetKind.RESULT) for day in range(2)]
    young, younger = await past.job(2), await past.job(1)
    for heir in (two, younger, young):
        await past.starts_from(heir, one.results[0])
    await past.starts_from(one, two.results[0])
    assert await cleared(past.chores["images"]) == Heap(1, 10)
    [kept] = (await past.read(young)).assets
    assert (kept.id, kept.kind) == (one.results[0].id, AssetKind.INPUT)
    assert await past.chores["images"].look() == Heap()


async def test_what_was_removed_is_known_while_links_to_it_hold(past: Past) -> None:
    """Not what a younger job has by now."""
    old = await past.job(31, AssetKind.RESULT, AssetKind.RESULT)
    gone, kept = old.results
    await past.starts_from(await past.job(1), kept)
    await cleared(past.chores["images"])

    async def known() -> list[bool]:
        ids = (gone.id, kept.id)
        return await past.database.read(lambda tx: [was_removed(tx, each) for each in ids])

    assert await known() == [True, False]
    later = now_ms() + 3 * DAY_MS
    await past.database.write(lambda tx: note_removed(tx, [], later, later))
    assert await known() == [False, False]


async def test_a_job_that_has_not_ended_keeps_all(past: Past) -> None:
    job = await past.job(400, AssetKind.INPUT)
    waits = update(jobs).where(jobs.c.id == job.id)
    waits = waits.values(state=JobState.QUEUED, finished_at_ms=None)
    await past.database.write(lambda tx: tx.execute(waits))
    assert await cleared(past.chores["images"]) == Heap()
    assert await past.database.read(lambda tx: assets_of_job(tx, job.id))


async def test_attempts_go_but_for_those_that_may_be_on_a_bill(past: Past) -> None:
    old, young = await past.job(31), await past.job(29)
    for job in (old, young):
        for state in (AttemptState.FAILED, AttemptState.SENT_UNKNOWN, AttemptState.SUCCEEDED):
            await past.tried(job, state)
    assert await past.chores["attempts"].look() == Heap(2)
    assert await cleared(past.chores["attempts"]) == Heap(2)
    left = [attempt.state for attempt in (await past.read(old)).attempts]
    assert left == [AttemptState.SENT_UNKNOWN]
    assert len((await past.read(young)).attempts) == 3


async def test_idempotency_keys_go_after_their_day(past: Past) -> None:
    entry = records.IdempotencyEntry("print", "job")

    def add(tx: records.Tx) -> None:
        for number in range(1_200):
            records.add_key(tx, "key", f"old {number}", entry, now_ms() - 1)
        records.add_key(tx, "key", "young", entry, now_ms() + DAY_MS)

    await past.database.write(add)
    chore = past.chores["idempotency"]
    assert await chore.look() == Heap(1_200)
    assert await chore.step() == Heap(500, more=True)  # nobody waits long for the database
    assert await cleared(chore) == Heap(700)
    left = select(func.count()).select_from(idempotency)
    assert await past.database.read(lambda tx: tx.execute(left).scalar()) == 1


def test_what_is_kept_for_ever_has_no_chore(past: Past) -> None:
    assert [chore.name for chore in retention_chores(past.database, Kept())] == ["idempotency"]


async def test_no_job_is_accepted_beyond_the_quota(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        job = await shop.run()
        used = sum(asset.byte_size for asset in job.assets)
        [provider] = shop.providers.values()

        async def send(quota: int) -> None:
            limits = KeyLimits(stored_bytes=quota)
            submission = replace(shop.submission("another"), limits=limits)
            with await shop.jobs.submit(submission) as follower:
                await follower.end()

        with pytest.raises(StorageQuotaExceeded) as refused:
            await send(used)
        assert refused.value.details == {"used_bytes": used, "limit_bytes": used}
        assert len(provider.calls) == 1
        await send(used + 1)  # what an image will have is not known before it is there
        assert len(provider.calls) == 2
