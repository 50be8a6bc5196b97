"""A job's whole life below the doors."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkroom import ledger
from darkroom.core.errors import (
    IdempotencyConflict,
    InsufficientBalance,
    ModelNotFound,
    ModerationBlocked,
    NotFound,
    UnsupportedValue,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ids import now_ms
from darkroom.core.job import AssetKind, Attempt, AttemptState, JobState
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.core.usage import Usage
from darkroom.db import Database, Tx, Work
from darkroom.jobs import records
from tests.support.jobs import a_job
from tests.support.workshop import Costly, Scripted, Workshop, draws, image, workshop


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path, database_url=database_url) as opened:
        yield opened


async def test_success_is_recorded_whole(shop: Workshop) -> None:
    job = await shop.run(n=2, size="1024x1536")
    assert job.state is JobState.SUCCEEDED
    assert [(a.position, a.width, a.height) for a in job.results] == [
        (0, 1024, 1536),
        (1, 1024, 1536),
    ]
    assert job.usage is not None
    assert job.usage.image_out == 200
    assert (job.model, job.deployment) == ("gpt-image-1.5", "first")
    (attempt,) = job.attempts
    assert attempt.state is AttemptState.SUCCEEDED
    assert attempt.upstream_id == "req_1"
    assert job.created_at_ms <= attempt.started_at_ms <= (attempt.finished_at_ms or 0)
    assert list(shop.spool_folder.iterdir()) == []


async def test_a_failure_goes_to_the_next_deployment(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Scripted, "second": Scripted}) as shop:
        shop.providers["first"].script = [UpstreamUnavailable("first could not be reached.")]
        job = await shop.run()
    assert job.state is JobState.SUCCEEDED
    assert job.deployment == "second"
    assert [attempt.state for attempt in job.attempts] == [
        AttemptState.NOT_SENT,
        AttemptState.SUCCEEDED,
    ]
    assert job.attempts[0].error is not None
    assert job.attempts[0].error.code == "upstream_unavailable"


async def test_the_only_deployment_is_tried_again_after_its_pause(shop: Workshop) -> None:
    shop.providers["first"].script = [UpstreamRateLimited("slow down", retry_after_s=7)]
    job = await shop.run()
    assert job.state is JobState.SUCCEEDED
    assert shop.pauses == [7]


async def test_cancel_ends_a_pause(tmp_path: Path) -> None:
    resting = asyncio.Event()

    async def rest(seconds: float) -> None:
        resting.set()
        await asyncio.Event().wait()

    async with workshop(tmp_path, sleep=rest) as shop:
        shop.providers["first"].script = [UpstreamFailed("boom")]
        job = await shop.submit()
        await resting.wait()
        await shop.jobs.cancel(job.id, "account")
        job = await shop.wait(job)
    assert job.state is JobState.CANCELED
    assert [attempt.state for attempt in job.attempts] == [AttemptState.FAILED]


async def test_a_refusal_ends_the_job_with_its_reason(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Scripted, "second": Scripted}) as shop:
        shop.providers["first"].script = [ModerationBlocked("no", details={"stage": "input"})]
        job = await shop.run()
        assert shop.providers["second"].calls == []
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code == "moderation_blocked"
    assert job.error.details == {"stage": "input"}
    assert job.attempts[0].state is AttemptState.REFUSED


async def test_what_may_have_been_billed_ends_the_job(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Costly, "second": Costly}) as shop:
        shop.providers["first"].script = [UpstreamTimeout("too slow")]
        job = await shop.run()
        assert shop.providers["second"].calls == []
    assert job.attempts[0].state is AttemptState.SENT_UNKNOWN
    assert job.error is not None
    assert job.error.code == "upstream_timeout"


async def test_a_defect_in_an_adapter_is_our_error_and_ends_the_job(shop: Workshop) -> None:
    shop.providers["first"].script = [ZeroDivisionError("secret detail")]
    job = await shop.run()
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code == "internal_error"
    assert "secret detail" not in job.error.message


async def test_fewer_images_than_asked_are_a_success_with_a_warning(shop: Workshop) -> None:
    async def one(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        return ProviderResult((image(sink, call),), None)

    shop.providers["first"].script = [one]
    job = await shop.run(n=3)
    assert len(job.results) == 1
    assert [warning.code for warning in job.warnings] == ["images_missing"]
    assert job.usage is not None
    assert not job.usage.reported
    assert job.usage.image_out == 4160  # one image, by the catalogue's table


async def test_a_size_the_model_lacks_is_made_exactly_and_said(shop: Workshop) -> None:
    job = await shop.run(size="1792x1024")
    assert shop.providers["first"].calls[0].request.size == "1536x1024"
    assert [(a.width, a.height) for a in job.results] == [(1792, 1024)]
    (original,) = job.assets_of(AssetKind.ORIGINAL)
    assert (original.width, original.height) == (1536, 1024)
    assert [(w.code, w.asked, w.used) for w in job.warnings] == [
        ("size_fitted", "1792x1024", "1536x1024")
    ]


async def test_partial_images_reach_a_watcher_in_order(shop: Workshop) -> None:
    going = asyncio.Event()

    async def sharpens(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        await going.wait()
        for index in range(2):
            await sink.partial(index, image(sink, call, index))
        return await draws(provider, call, sink)

    shop.providers["first"].script = [sharpens]
    job = await shop.submit(partial_images=2)
    seen: list[tuple[JobState, int]] = []
    with shop.jobs.follow(job) as follower:
        while not follower.job.state.final:
            going.set()
            await follower.next()
            view = follower.job
            seen.append((view.state, len(view.assets_of(AssetKind.PARTIAL))))
    assert seen[-1] == (JobState.SUCCEEDED, 2)
    assert [count for _, count in seen] == sorted(count for _, count in seen)


async def test_cancel_stops_a_running_upstream_call(shop: Workshop) -> None:
    called = asyncio.Event()

    async def hangs(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        called.set()
        await asyncio.Event().wait()
        raise AssertionError

    shop.providers["first"].script = [hangs]
    job = await shop.submit()
    await called.wait()
    await shop.jobs.cancel(job.id, "account")
    job = await shop.wait(job)
    assert job.state is JobState.CANCELED
    assert job.attempts[0].state is AttemptState.CANCELED
    assert shop.providers["first"].canceled == 1


async def test_cancel_ends_a_queued_job_at_once_and_leaves_a_finished_one(shop: Workshop) -> None:
    queued = a_job()
    await shop.database.write(lambda tx: records.add(tx, queued))
    assert (await shop.jobs.cancel(queued.id, "account")).state is JobState.CANCELED
    done = await shop.run()
    assert (await shop.jobs.cancel(done.id, "account")).state is JobState.SUCCEEDED


async def test_another_account_sees_nothing(shop: Workshop) -> None:
    job = await shop.submit()
    for ask in (shop.jobs.get, shop.jobs.cancel):
        with pytest.raises(NotFound):
            await ask(job.id, "somebody else")
    assert await shop.jobs.page("somebody else", 10, None, None) == ([], None)


async def test_pages_are_newest_first_and_complete(shop: Workshop) -> None:
    made = [(await shop.submit(f"{n}")).id for n in range(5)]
    for job_id in made:
        await shop.wait(await shop.jobs.get(job_id, "account"))
    first, cursor = await shop.jobs.page("account", 3, None, JobState.SUCCEEDED)
    rest, end = await shop.jobs.page("account", 3, cursor, JobState.SUCCEEDED)
    assert [job.id for job in (*first, *rest)] == made[::-1]
    assert end is None
    assert all(job.results and job.attempts for job in (*first, *rest))


async def test_an_idempotency_key_brings_back_the_same_job(shop: Workshop) -> None:
    first = await shop.submit(idempotency_key="k")
    again = await shop.submit(idempotency_key="k")
    assert (again.id, again.replayed) == (first.id, True)
    other = await shop.submit(idempotency_key="k", key_id="other")
    assert other.id != first.id
    with pytest.raises(IdempotencyConflict):
        await shop.submit("something else", idempotency_key="k")
    for job in (first, other):
        await shop.wait(job)
    assert len(shop.providers["first"].calls) == 2


async def test_concurrent_submissions_with_one_key_make_one_job(shop: Workshop) -> None:
    jobs = await asyncio.gather(*(shop.submit(idempotency_key="k") for _ in range(20)))
    assert len({job.id for job in jobs}) == 1
    await shop.wait(jobs[0])
    assert len(shop.providers["first"].calls) == 1


async def test_an_expired_idempotency_key_buys_anew(shop: Workshop) -> None:
    first = await shop.submit(idempotency_key="k")
    await shop.wait(first)
    entry = await shop.database.read(lambda tx: records.find_key(tx, "key", "k", now_ms()))
    assert entry is not None
    await shop.database.write(lambda tx: records.add_key(tx, "key", "k", entry, now_ms() - 1))
    second = await shop.submit(idempotency_key="k")
    assert second.id != first.id
    await shop.wait(second)


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"model": "no-such"}, ModelNotFound), ({"quality": "banana"}, UnsupportedValue)],
)
async def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    shop: Workshop, changes: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await shop.submit(idempotency_key="k", **changes)
    assert (await shop.jobs.page("account", 10, None, None))[0] == []
    job = await shop.submit(idempotency_key="k")  # the key is still free
    assert (await shop.wait(job)).state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        (Scripted, JobState.SUCCEEDED, None),
        (Costly, JobState.FAILED, "outcome_unknown"),
    ],
)
async def test_a_job_found_running_after_a_crash(
    tmp_path: Path, kind: type[Scripted], state: JobState, code: str | None
) -> None:
    """The row of the attempt was written, the process died: resent only where that is safe."""
    async with workshop(tmp_path, {"first": kind}) as shop:
        job = a_job()
        left_open = Attempt(1, "first", "scripted", "m", AttemptState.OPEN, now_ms())

        def crashed(tx: object) -> None:
            records.add(tx, job)  # type: ignore[arg-type]
            records.claim(tx, job.id, "dead", now_ms())  # type: ignore[arg-type]
            records.open_attempt(tx, job.id, left_open)  # type: ignore[arg-type]

        await shop.database.write(crashed)
        shop.engine.started(job.id)
        ended = await shop.wait(job)
    assert ended.state is state
    assert ended.attempts[0].state is AttemptState.SENT_UNKNOWN
    assert (ended.error.code if ended.error else None) == code


async def test_a_process_that_lost_its_job_writes_nothing(shop: Workshop) -> None:
    """Another process took the job over while this one was paused: the fence holds."""
    going = asyncio.Event()

    async def late(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        await shop.database.write(lambda tx: records.claim(tx, call.job_id, "other", now_ms()))
        going.set()
        return await draws(provider, call, sink)

    shop.providers["first"].script = [late]
    job = await shop.submit()
    await going.wait()
    await shop.engine.close()
    left = await shop.jobs.get(job.id, "account")
    assert left.state is JobState.RUNNING
    assert left.assets == ()
    assert left.attempts[0].state is AttemptState.OPEN


async def test_a_process_that_lost_its_job_does_not_take_it_back(tmp_path: Path) -> None:
    """It comes back with a failure, and another process is at its second attempt."""
    second = Attempt(2, "first", "scripted", "m", AttemptState.OPEN, now_ms())

    async def late(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        def taken_over(tx: Tx) -> None:
            job = records.claim(tx, call.job_id, "other", now_ms())
            assert job is not None
            lost = replace(job.attempts[0], state=AttemptState.SENT_UNKNOWN)
            records.close_attempt(tx, job.id, lost)
            records.open_attempt(tx, job.id, second)

        await shop.database.write(taken_over)
        raise UpstreamFailed("first says: boom")

    async with workshop(tmp_path) as shop:
        shop.providers["first"].script = [late]
        job = await shop.submit()
        [run] = [task for task in asyncio.all_tasks() if task.get_name() == job.id]
        await asyncio.wait([run])
        left = await shop.jobs.get(job.id, "account")
        mine = await shop.database.write(lambda tx: records.finish(tx, left, "other"))
    assert [one.state for one in left.attempts] == [AttemptState.SENT_UNKNOWN, AttemptState.OPEN]
    assert len(shop.providers["first"].calls) == 1
    assert mine


async def test_a_failed_deployment_is_named_to_the_caller(shop: Workshop) -> None:
    shop.providers["first"].script = [UpstreamFailed("first says: boom")] * 3
    job = await shop.run()
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert "boom" in job.error.message
    assert len(job.attempts) == 3


async def test_a_success_is_charged_as_the_upstream_counted_and_the_rest_is_free(
    shop: Workshop,
) -> None:
    job = await shop.run(size="1024x1024", quality="high")
    money = await shop.database.read(lambda tx: ledger.job_money(tx, job.id))
    assert job.quote is not None
    assert job.charge is not None
    assert money is not None
    # 9 text tokens at 5 and 100 image tokens at 32 millionths of a dollar
    assert job.charge.nanos == money.captured_nanos == 9 * 5_000 + 100 * 32_000
    assert job.charge.nanos <= job.quote.max_nanos == money.held_nanos
    assert money.state == "captured"
    balance = await shop.database.read(lambda tx: ledger.balance(tx, "account", now_ms()))
    assert (balance.posted_nanos, balance.held_nanos) == (-job.charge.nanos, 0)


@pytest.mark.parametrize(
    "error", [ModerationBlocked("no"), UpstreamTimeout("late"), ZeroDivisionError()]
)
async def test_what_did_not_arrive_costs_nothing(tmp_path: Path, error: Exception) -> None:
    async with workshop(tmp_path, {"first": Costly}) as shop:
        shop.providers["first"].script = [error]
        job = await shop.run()
        money = await shop.database.read(lambda tx: ledger.job_money(tx, job.id))
        balance = await shop.database.read(lambda tx: ledger.balance(tx, "account", now_ms()))
    assert job.charge is None
    assert money is not None
    assert (money.state, money.captured_nanos) == ("released", 0)
    assert (balance.posted_nanos, balance.held_nanos) == (0, 0)


async def test_a_canceled_job_frees_its_hold(shop: Workshop) -> None:
    called = asyncio.Event()

    async def hangs(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        called.set()
        await asyncio.Event().wait()
        raise AssertionError

    shop.providers["first"].script = [hangs]
    job = await shop.submit()
    await called.wait()
    held = await shop.database.read(lambda tx: ledger.balance(tx, "account", now_ms()))
    assert job.quote is not None
    assert held.held_nanos == job.quote.max_nanos
    await shop.jobs.cancel(job.id, "account")
    await shop.wait(job)
    balance = await shop.database.read(lambda tx: ledger.balance(tx, "account", now_ms()))
    assert (balance.posted_nanos, balance.held_nanos) == (0, 0)


async def test_of_three_images_two_arrived_and_two_are_charged(shop: Workshop) -> None:
    async def one_is_broken(
        provider: Scripted, call: UpstreamCall, sink: ImageSink
    ) -> ProviderResult:
        broken = sink.writer()
        broken.write(b"not an image")
        images = (image(sink, call, 0), broken.finish(), image(sink, call, 1))
        return ProviderResult(images, Usage(text_in=10, image_out=300))

    shop.providers["first"].script = [one_is_broken]
    job = await shop.run(n=3)
    assert len(job.results) == 2
    assert job.usage is not None
    assert job.usage.image_out == 200
    assert job.charge is not None
    assert job.charge.nanos == 10 * 5_000 + 200 * 32_000


async def test_a_prepaid_account_without_money_is_refused_and_nothing_is_kept(
    shop: Workshop,
) -> None:
    await shop.database.write(lambda tx: ledger.open_account(tx, "account", 0))
    with pytest.raises(InsufficientBalance):
        await shop.submit()
    assert await shop.jobs.page("account", 10, None, None) == ([], None)
    assert shop.providers["first"].calls == []


async def test_usage_beyond_the_hold_is_charged_when_the_vendor_proves_it(shop: Workshop) -> None:
    async def dear(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        return ProviderResult((image(sink, call),), Usage(text_in=9, image_out=50_000))

    shop.providers["first"].script = [dear]
    job = await shop.run(size="1024x1024", quality="low")
    assert job.quote is not None
    assert job.charge is not None
    assert job.charge.nanos == 9 * 5_000 + 50_000 * 32_000 > job.quote.max_nanos
    period = ledger.Period(0, 2**62)
    (row,) = await shop.database.read(lambda tx: ledger.drift(tx, period))
    assert row.jobs_over == 1
    assert row.over_nanos == job.charge.nanos - job.quote.max_nanos


async def test_asking_twice_to_cancel_stops_a_job_once(shop: Workshop) -> None:
    called = asyncio.Event()

    async def slow_to_stop(
        provider: Scripted, call: UpstreamCall, sink: ImageSink
    ) -> ProviderResult:
        called.set()
        try:
            await asyncio.Event().wait()
        finally:  # closing the connection takes a while, and the second request comes meanwhile
            for _ in range(2):
                shop.database.changes.publish([records.cancel_topic(call.job_id)])
                await asyncio.sleep(0)
        raise AssertionError

    shop.providers["first"].script = [slow_to_stop]
    job = await shop.submit()
    await called.wait()
    await asyncio.gather(*(shop.jobs.cancel(job.id, "account") for _ in range(3)))
    job = await shop.wait(job)
    assert job.state is JobState.CANCELED


async def test_a_job_that_is_handed_over_twice_goes_on_once(shop: Workshop) -> None:
    called, going = asyncio.Event(), asyncio.Event()

    async def waits(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        called.set()
        await going.wait()
        return await draws(provider, call, sink)

    shop.providers["first"].script = [waits]
    job = await shop.submit()
    await called.wait()
    shop.engine.started(job.id)
    await asyncio.sleep(0)
    going.set()
    job = await shop.wait(job)
    assert job.state is JobState.SUCCEEDED
    assert [attempt.state for attempt in job.attempts] == [AttemptState.SUCCEEDED]


class Faltering:
    """A database whose writes fail when told to, before anything is written."""

    def __init__(self, database: Database) -> None:
        self.failures = 0
        self._database = database

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    async def write(self, work: Work[Any]) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        return await self._database.write(work)


async def test_a_database_that_fails_for_a_while_costs_no_paid_result(tmp_path: Path) -> None:
    faltering: list[Faltering] = []

    def around(database: Database) -> Database:
        faltering.append(Faltering(database))
        return faltering[0]  # type: ignore[return-value]

    async def disk_fills(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        faltering[0].failures = 3
        return await draws(provider, call, sink)

    async with workshop(tmp_path, {"first": Costly}, around=around) as shop:
        shop.providers["first"].script = [disk_fills]
        job = await shop.run()
        assert len(shop.providers["first"].calls) == 1
    assert job.state is JobState.SUCCEEDED
    assert len(job.results) == 1
    assert shop.pauses == [0.2, 1.0, 3.0]
