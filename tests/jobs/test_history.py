"""Looking back on jobs: the same questions with the same answers on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from darkroom.assets import add_assets
from darkroom.core.errors import JobRunning, NotFound
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.core.request import InputImage, Operation
from darkroom.db import Database, Tx, open_database
from darkroom.jobs import History, Wanted, records
from darkroom.jobs.history import records as history_records
from tests.support.jobs import a_job, a_request

DAY_MS = 86_400_000
START_MS = 1_800_000_000_000


class Bench:
    """An account whose jobs are a millisecond apart; the newest is the last that was added."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.history = History(database)
        self.account = new_id()
        self._at_ms = START_MS

    async def job(self, prompt: str = "a red bicycle", **changes: Any) -> Job:
        """A job that ended as ``state`` says, by default well; ``sha256`` is of its one image."""
        self._at_ms = changes.pop("at_ms", self._at_ms + 1)
        sha256 = changes.pop("sha256", None)
        asked = {name: changes.pop(name) for name in ("model", "inputs") if name in changes}
        if "inputs" in asked:
            asked["operation"] = Operation.EDIT
        served = {name: changes.pop(f"served_{name}", name) for name in ("model", "deployment")}
        state = changes.pop("state", JobState.SUCCEEDED)
        job = a_job(
            id=new_id(changes.pop("id_at_ms", self._at_ms)),
            created_at_ms=self._at_ms,
            request=a_request(prompt, **asked),
            **{"account_id": self.account, **changes},
        )
        ended = replace(job, state=state, finished_at_ms=self._at_ms, **served)
        made = [] if sha256 is None else [an_image(sha256)]

        def work(tx: Tx) -> None:
            records.add(tx, job)
            if job.request.inputs:
                history_records.note_inputs(tx, job, [None] * len(job.request.inputs))
            add_assets(tx, job.account_id, job.id, made)
            if state is not JobState.QUEUED:
                records.claim(tx, job.id, "test", self._at_ms)
            if state.final:
                records.finish(tx, ended, "test")

        await self.database.write(work)
        return replace(ended, assets=tuple(made))

    async def found(self, limit: int = 100, before: str | None = None, **wanted: Any) -> list[str]:
        page, _ = await self.history.page(self.account, limit, before, Wanted(**wanted))
        return [job.id for job, _ in page]


@pytest.fixture
async def bench(module_database_url: str) -> AsyncIterator[Bench]:
    database = await open_database(module_database_url)
    try:
        yield Bench(database)
    finally:
        await database.close()


def an_image(sha256: str, kind: AssetKind = AssetKind.RESULT) -> Asset:
    return Asset(new_id(), kind, 0, sha256, "image/png", 64, 64, 100, now_ms())


def as_input(asset: Asset) -> InputImage:
    return InputImage(asset.id, asset.sha256, asset.media_type, 64, 64, asset.byte_size)


# --- filters ------------------------------------------------------------------------------------


async def test_filters_by_what_a_job_is(bench: Bench) -> None:
    first = await bench.job("one", model="gpt-image-1", served_model="gpt-image-2")
    failed = await bench.job("two", state=JobState.FAILED, served_deployment="backup")
    canceled = await bench.job("three", state=JobState.CANCELED)
    running = await bench.job("four", state=JobState.RUNNING)
    edit = await bench.job("five", inputs=(as_input(an_image("9" * 64)),))
    await bench.job("six", account_id="somebody else")
    everything = [edit.id, running.id, canceled.id, failed.id, first.id]
    assert await bench.found() == everything
    assert await bench.found(states=(JobState.FAILED, JobState.CANCELED)) == [
        canceled.id,
        failed.id,
    ]
    assert await bench.found(states=(JobState.RUNNING,)) == [running.id]
    assert await bench.found(model="gpt-image-2") == [first.id]
    assert await bench.found(model="gpt-image-1") == [first.id]
    assert await bench.found(deployment="backup") == [failed.id]
    assert await bench.found(operation=Operation.EDIT) == [edit.id]
    assert await bench.found(states=(JobState.FAILED,), deployment="deployment") == []


PROMPTS = [
    ("A Red BICYCLE", "red bicycle"),
    ("빨간 자전거가 서 있는 골목", "자전거"),
    ("빨간 자전거", "자전거"),  # typed in parts, as on a Mac
    ("Größe ÄÖÜ", "GRÖSSE äöü"),
    ("100% wool, a_b", "100% wool, a_"),
    ("with 'quotes' and \"more\"", '"more"'),
    ("a backslash \\ here", "\\ h"),
    ("line one\nline two", "one\nline"),
    ("nul \0 inside", "nul"),
]


async def test_prompts_are_found_by_a_part_of_them(bench: Bench) -> None:
    await bench.job("something else: 1000 wool, aXb, n")
    for prompt, words in PROMPTS:
        job = await bench.job(prompt)
        assert job.id in await bench.found(words=words), words
    for words, many in (("자전거", 2), ("100% w", 1), ("a_b", 1), ("e\nl", 1), ("\\", 1)):
        assert len(await bench.found(words=words)) == many, words


async def test_only_the_prompt_is_searched(bench: Bench) -> None:
    await bench.job("a red bicycle", model="gpt-image-1.5")
    for words in ("prompt", "gpt-image", "generation", "%", "_", '"'):
        assert await bench.found(words=words) == []


async def test_jobs_of_a_time(bench: Bench) -> None:
    jobs = [await bench.job(at_ms=START_MS + day * DAY_MS) for day in range(4)]
    ids = [job.id for job in jobs]
    assert await bench.found(since_ms=START_MS + DAY_MS) == ids[:0:-1]
    assert await bench.found(until_ms=START_MS + 2 * DAY_MS) == [ids[1], ids[0]]
    day_two = START_MS + DAY_MS
    assert await bench.found(since_ms=day_two, until_ms=day_two + 1) == [ids[1]]
    # an id is made while the request arrives, the job when it is accepted
    at_ms = START_MS + 5 * DAY_MS
    late = await bench.job(at_ms=at_ms, id_at_ms=at_ms - 60_000)
    assert await bench.found(since_ms=at_ms) == [late.id]


async def test_the_jobs_that_made_a_file(bench: Bench) -> None:
    mine = await bench.job(sha256="a" * 64)
    again = await bench.job(sha256="a" * 64)
    await bench.job(sha256="b" * 64)
    await bench.job(sha256="a" * 64, account_id="somebody else")
    assert await bench.found(sha256="a" * 64) == [again.id, mine.id]
    assert await bench.found(sha256="c" * 64) == []


async def test_pages_of_what_is_filtered(bench: Bench) -> None:
    made = [await bench.job(f"wanted {number}") for number in range(5)]
    for _ in range(3):
        await bench.job("other")
    seen: list[str] = []
    cursor: str | None = None
    for size in (2, 2, 1):
        page, cursor = await bench.history.page(bench.account, 2, cursor, Wanted(words="wanted"))
        assert len(page) == size
        seen += [job.id for job, _ in page]
    assert cursor is None
    assert seen == [job.id for job in reversed(made)]


# --- lineage ------------------------------------------------------------------------------------


async def test_parents_and_children(bench: Bench) -> None:
    first = await bench.job(sha256="a" * 64)
    second = await bench.job(sha256="b" * 64)
    upload = an_image("c" * 64, AssetKind.UPLOAD)
    await bench.database.write(lambda tx: add_assets(tx, bench.account, None, [upload]))
    inputs = (*map(as_input, (*second.assets, *first.assets, *second.assets)), as_input(upload))
    child = await bench.job("both", inputs=inputs)
    [(_, told)] = await bench.history.several(bench.account, [child.id])
    assert told.parents == (second.id, first.id)
    assert told.children == 0
    assert [asset.sha256[0] for asset in told.inputs] == ["b", "a", "b", "c"]
    grandchild = await bench.job("again", inputs=(as_input(second.assets[0]),))
    [(_, told)] = await bench.history.several(bench.account, [second.id])
    assert (told.parents, told.children) == ((), 2)
    assert await bench.found(parent=second.id) == [grandchild.id, child.id]
    assert await bench.found(parent=first.id) == [child.id]
    assert await bench.found(parent=child.id) == []


async def test_a_parent_is_known_by_the_bytes_it_made(bench: Bench) -> None:
    """Somebody saved an image, and sent it again."""
    await bench.job(sha256="a" * 64)
    last = await bench.job(sha256="a" * 64)
    await bench.job(sha256="a" * 64, account_id="somebody else")
    child = await bench.job(inputs=(as_input(an_image("a" * 64, AssetKind.INPUT)),))
    [(_, told)] = await bench.history.several(bench.account, [child.id])
    assert told.parents == (last.id,)


async def test_somebody_elses_images_are_no_parents(bench: Bench) -> None:
    theirs = await bench.job(sha256="a" * 64, account_id="somebody else")
    child = await bench.job(inputs=(as_input(theirs.assets[0]),))
    [(_, told)] = await bench.history.several(bench.account, [child.id])
    assert (told.parents, told.inputs) == ((), ())
    assert await bench.found(parent=theirs.id) == []
    with pytest.raises(NotFound):
        await bench.history.several(bench.account, [child.id, theirs.id])


# --- counts -------------------------------------------------------------------------------------


async def test_counts_of_now_and_of_a_time(bench: Bench) -> None:
    await bench.job(at_ms=START_MS - DAY_MS, state=JobState.RUNNING)
    await bench.job(at_ms=START_MS - DAY_MS, state=JobState.FAILED)
    for number, state in enumerate((*JobState, JobState.SUCCEEDED)):
        await bench.job(at_ms=START_MS + number, state=state)
    await bench.job(at_ms=START_MS + 99, account_id="somebody else")
    found = await bench.history.counts(bench.account, START_MS)
    assert found.by_state == {
        JobState.QUEUED: 1,
        JobState.RUNNING: 2,
        JobState.SUCCEEDED: 2,
        JobState.FAILED: 1,
        JobState.CANCELED: 1,
    }
    assert found.total == 7


# --- deletion -----------------------------------------------------------------------------------


async def test_a_deleted_job_is_nobodys(bench: Bench) -> None:
    job = await bench.job("a secret plan", sha256="a" * 64)
    kept = await bench.job("another")
    with pytest.raises(NotFound):
        await bench.history.delete(job.id, "somebody else")
    await bench.history.delete(job.id, bench.account)
    assert await bench.found() == [kept.id]
    assert await bench.found(words="secret") == []
    assert await bench.found(sha256="a" * 64) == []
    with pytest.raises(NotFound):
        await bench.history.several(bench.account, [job.id])
    with pytest.raises(NotFound):
        await bench.history.delete(job.id, bench.account)
    left = await bench.database.read(lambda tx: records.get(tx, job.id))
    assert left is not None
    assert "secret" not in repr(left)
    assert left.assets == ()
    assert left.state is JobState.SUCCEEDED  # for the vendor's bill


async def test_what_runs_is_not_deleted(bench: Bench) -> None:
    for state in (JobState.QUEUED, JobState.RUNNING):
        job = await bench.job(state=state)
        with pytest.raises(JobRunning):
            await bench.history.delete(job.id, bench.account)
        assert (await bench.history.several(bench.account, [job.id]))[0][0].id == job.id


async def test_children_keep_what_they_start_from(bench: Bench) -> None:
    parent = await bench.job(sha256="a" * 64)
    child = await bench.job("child", inputs=(as_input(parent.assets[0]),))
    sibling = await bench.job("sibling", inputs=(as_input(parent.assets[0]),))
    await bench.history.delete(parent.id, bench.account)
    for job, told in await bench.history.several(bench.account, [child.id, sibling.id]):
        assert told.parents == ()
        assert [asset.id for asset in told.inputs] == [parent.assets[0].id]
        assert job.request.inputs == (as_input(parent.assets[0]),)
    await bench.history.delete(child.id, bench.account)  # and so does who is left
    [(_, told)] = await bench.history.several(bench.account, [sibling.id])
    assert [asset.id for asset in told.inputs] == [parent.assets[0].id]
