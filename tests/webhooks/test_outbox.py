"""What jobs put into the outbox: in the transaction that settles the money, and nothing beside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkroom import ledger, webhooks
from darkroom.core.draft import Callback
from darkroom.core.errors import InvalidRequest, ModerationBlocked
from darkroom.core.ids import now_ms
from darkroom.core.job import CallbackState, Job, JobEvent, JobState
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.db import Tx
from darkroom.dialects.openai import OpenAIDialect
from darkroom.jobs import Submission
from darkroom.webhooks import Delivery, Owner, Wanted, Webhooks, Wish
from tests.support.jobs import a_job
from tests.support.workshop import Scripted, Workshop, draws, image, workshop

HOOK = "https://hooks.example.com/a"
ALL = tuple(JobEvent)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as opened:
        yield opened


def called(shop: Workshop, url: str = HOOK, events: Sequence[JobEvent] = ALL) -> Submission:
    plain = shop.submission()
    callback = Callback(url, tuple(events), "webhook_url")
    return replace(plain, draft=replace(plain.draft, callback=callback), origin="https://o.example")


async def outbox(shop: Workshop) -> Sequence[Delivery]:
    """Oldest first."""
    service = Webhooks(shop.database, (OpenAIDialect(),), webhooks.STRICT)
    found, _ = await service.deliveries(Wanted("account", 100))
    return found[::-1]


async def run(shop: Workshop, submission: Submission) -> Job:
    with await shop.jobs.submit(submission) as follower:
        return await follower.end()


async def test_start_and_end_of_a_job_are_told_and_the_end_has_its_charge(shop: Workshop) -> None:
    job = await run(shop, called(shop))
    assert [one.event for one in await outbox(shop)] == ["progress", "completed"]
    assert all((one.job_id, one.url) == (job.id, HOOK) for one in await outbox(shop))

    def both(tx: Tx) -> tuple[bool, str]:
        money = ledger.job_money(tx, job.id)
        assert money is not None
        return bool(job.charge), money.state

    assert await shop.database.read(both) == (True, "captured")


async def test_a_delivery_and_the_settled_money_appear_together(shop: Workshop) -> None:
    """Whoever sees the delivery sees the charge: at no moment is there one without the other."""
    seen: list[tuple[int, str]] = []

    def look(tx: Tx) -> None:
        told = webhooks.callback_states(
            tx, [replace(a_job(), id=job_id, callback_events=ALL, state=JobState.SUCCEEDED)]
        )
        money = ledger.job_money(tx, job_id)
        seen.append((len(told), money.state if money else ""))

    with await shop.jobs.submit(called(shop, events=(JobEvent.COMPLETED,))) as follower:
        job_id = follower.job.id
        while not follower.job.state.final:
            await shop.database.read(look)
            await follower.next(0.01)
    await shop.database.read(look)
    assert set(seen) <= {(0, "held"), (1, "captured")}
    assert seen[-1] == (1, "captured")


async def test_each_preview_is_progress(shop: Workshop) -> None:
    async def previews(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        for index in range(2):
            await sink.partial(index, image(sink, call, index))
        return await draws(provider, call, sink)

    shop.providers["first"].script = [previews]
    await run(shop, called(shop))
    told = [one.event for one in await outbox(shop)]
    assert told == ["progress", "progress", "progress", "completed"]


async def test_a_refused_job_is_told_as_failed(shop: Workshop) -> None:
    shop.providers["first"].script = [ModerationBlocked("no")]
    await run(shop, called(shop, events=(JobEvent.COMPLETED, JobEvent.FAILED)))
    assert [one.event for one in await outbox(shop)] == ["failed"]


async def test_a_running_job_that_is_canceled_is_told_once(shop: Workshop) -> None:
    going = asyncio.Event()

    async def stalls(_: Scripted, __: UpstreamCall, ___: ImageSink) -> ProviderResult:
        going.set()
        await asyncio.Event().wait()
        raise AssertionError

    shop.providers["first"].script = [stalls]
    with await shop.jobs.submit(called(shop)) as follower:
        await going.wait()
        for _ in range(2):
            await shop.jobs.cancel(follower.job.id, "account")
        await follower.end()
    assert [one.event for one in await outbox(shop)] == ["progress", "canceled"]


async def test_a_queued_job_that_is_canceled_is_told_once(tmp_path: Path) -> None:
    async with workshop(tmp_path, running_max=0) as shop:
        with await shop.jobs.submit(called(shop)) as follower:
            for _ in range(2):
                ended = await shop.jobs.cancel(follower.job.id, "account")
        assert ended.state is JobState.CANCELED
        assert [one.event for one in await outbox(shop)] == ["canceled"]


async def test_a_job_says_how_far_its_callback_was_told(shop: Workshop) -> None:
    assert (await run(shop, shop.submission())).callback is None
    assert (await run(shop, called(shop))).callback is CallbackState.PENDING
    unheard = await run(shop, called(shop, events=(JobEvent.FAILED,)))
    assert unheard.callback is None
    page, _ = await shop.jobs.page("account", 10, None, None)
    assert [job.callback for job in page] == [None, CallbackState.PENDING, None]


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://10.0.0.1/", "nonsense"])
async def test_a_callback_that_may_not_be_is_refused_before_anything_is_kept(
    shop: Workshop, url: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await shop.jobs.submit(called(shop, url))
    assert refused.value.param == "webhook_url"
    assert (await shop.jobs.page("account", 10, None, None))[0] == []


async def test_a_replayed_request_tells_no_second_time(shop: Workshop) -> None:
    once = replace(called(shop, events=(JobEvent.COMPLETED,)), idempotency_key="k")
    await run(shop, once)
    again = await run(shop, once)
    assert again.replayed
    assert len(await outbox(shop)) == 1


async def test_endpoints_hear_of_jobs_without_a_callback(shop: Workshop) -> None:
    service = Webhooks(shop.database, (OpenAIDialect(),), webhooks.STRICT)
    await service.create(Owner("account", "https://o.example"), Wish("https://e.example/"))
    await shop.run()
    assert [(one.event, one.url) for one in await outbox(shop)] == [
        ("completed", "https://e.example/")
    ]


class Counting(Tx):
    """A transaction that counts its statements."""

    def __init__(self, around: Tx) -> None:
        super().__init__(around._connection)
        self.count = 0

    def execute(self, *arguments: Any, **named: Any) -> Any:
        self.count += 1
        return super().execute(*arguments, **named)


async def test_who_tells_nobody_pays_one_small_look_at_the_end_and_nothing_before(
    shop: Workshop,
) -> None:
    job = a_job(state=JobState.SUCCEEDED, finished_at_ms=now_ms())

    def work(tx: Tx) -> list[int]:
        counts: list[int] = []
        for hook in (webhooks.progressed, webhooks.ended):
            counting = Counting(tx)
            hook(counting, job)
            counts.append(counting.count)
            assert counting.topics == []
        counting = Counting(tx)
        webhooks.callback_states(counting, [job])
        return [*counts, counting.count]

    assert await shop.database.write(work) == [0, 1, 0]


async def test_the_key_digest_of_a_callback_shows_nowhere(shop: Workshop) -> None:
    submission = replace(called(shop), key_digest=b"\x07" * 32)
    assert repr(b"\x07")[2:-1] not in repr(submission)
    job = await run(shop, submission)
    assert ("07" * 32) not in repr((job, await outbox(shop)))
