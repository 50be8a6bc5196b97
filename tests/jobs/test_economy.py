"""Jobs that a vendor's batch API does: handed in once, left alone, collected, withdrawn."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from darkroom.core.errors import UnsupportedValue, UpstreamFailed, UpstreamTimeout
from darkroom.core.job import AttemptState, Job, JobState
from darkroom.db import Database
from darkroom.jobs import Economy
from tests.jobs.test_crash_steps import Killed, Mortal
from tests.support.workshop import Batching, Scripted, Workshop, workshop

LONG = 1_000_000
WAITING = Economy(most_s=60.0)
SIZE = "1024x1024"


def batching(shop: Workshop, name: str = "first") -> Batching:
    provider = shop.providers[name]
    assert isinstance(provider, Batching)
    return provider


async def until(shop: Workshop, job: Job, reached: Callable[[Job], bool]) -> Job:
    """The job as soon as it is so."""
    with shop.jobs.follow(job) as follower:
        async with asyncio.timeout(10):
            while not reached(follower.job):
                await follower.next(0.05)
        return follower.job


def has_batch(job: Job) -> bool:
    return bool(job.attempts) and job.attempts[-1].upstream_id is not None


async def test_it_is_handed_in_once_and_charged_half(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Batching}) as shop:
        batching(shop).looks = 3
        job = await shop.run(service_tier="economy", size=SIZE, quality="high")
        usual = await shop.run(size=SIZE, quality="high")
        assert len(batching(shop).handed_in) == 1
    assert job.state is JobState.SUCCEEDED
    assert [attempt.upstream_id for attempt in job.attempts] == [f"batch-{job.id}-1"]
    assert job.charge is not None
    assert usual.charge is not None
    assert job.charge.nanos * 2 == usual.charge.nanos
    assert job.charge.saved_nanos == job.charge.nanos
    assert job.quote is not None
    assert usual.quote is not None
    assert job.quote.max_nanos * 2 == usual.quote.max_nanos
    assert job.quote.saved_nanos == job.quote.expected_nanos
    assert usual.charge.saved_nanos == usual.quote.saved_nanos == 0


async def test_a_restart_goes_on_with_the_batch_that_the_vendor_has(
    tmp_path: Path, database_url: str
) -> None:
    kinds: dict[str, type[Scripted]] = {"first": Batching}
    async with workshop(tmp_path, kinds, database_url=database_url, economy=WAITING) as shop:
        batching(shop).looks = LONG
        job = await shop.submit(service_tier="economy", size=SIZE)
        await until(shop, job, has_batch)
    async with workshop(tmp_path, kinds, database_url=database_url) as shop:
        job = await shop.wait(job)
        assert batching(shop).handed_in == []
        assert len(batching(shop).calls) == 1
    assert job.state is JobState.SUCCEEDED
    assert len(job.attempts) == 1


async def test_a_death_at_any_moment_buys_nothing_twice(tmp_path: Path) -> None:
    """The next process collects what the vendor has; only in between nobody can tell."""
    ends: list[str] = []
    for moment in count(8, 4):  # before that nothing was accepted
        folder = tmp_path / str(moment)
        folder.mkdir()
        mortals: list[Mortal] = []

        def around(
            database: Database, moment: int = moment, mortals: list[Mortal] = mortals
        ) -> Database:
            mortals.append(Mortal(database, moment))
            return mortals[0]

        async with workshop(folder, {"first": Batching}, around=around) as shop:
            batching(shop).looks = 1
            with suppress(Killed):
                job = await shop.submit(service_tier="economy")
                work = [task for task in asyncio.all_tasks() if task.get_name() == job.id]
                await asyncio.wait(work)
            bought = len(batching(shop).handed_in)
        async with workshop(folder, {"first": Batching}) as shop:
            found, _ = await shop.jobs.page("account", 100, None, None)
            for job in found:
                ended = await shop.wait(job)
                ends.append(ended.error.code if ended.error else ended.state)
            assert bought + len(batching(shop).handed_in) <= 1
        if not mortals[0].dead:
            break
    assert set(ends) == {"succeeded", "outcome_unknown"}
    assert ends.count("outcome_unknown") <= 3  # from opening the attempt to writing down the id


async def test_a_deployment_that_is_gone_leaves_an_unknown_outcome(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Batching}, economy=WAITING) as shop:
        batching(shop).looks = LONG
        job = await shop.submit(service_tier="economy")
        await until(shop, job, has_batch)
    async with workshop(tmp_path, {"second": Batching}) as shop:
        job = await shop.wait(job)
        assert batching(shop, "second").handed_in == []
    assert job.state is JobState.FAILED
    assert job.attempts[0].state is AttemptState.SENT_UNKNOWN


async def test_it_takes_no_place_and_delays_no_end(tmp_path: Path) -> None:
    """Ten places, and more batches than that; closing does not wait for them."""
    async with workshop(tmp_path, {"first": Batching}, economy=WAITING) as shop:
        batching(shop).looks = LONG
        waiting = [await shop.submit(service_tier="economy") for _ in range(12)]
        for job in waiting:
            await until(shop, job, has_batch)
        assert (await shop.run()).state is JobState.SUCCEEDED
        async with asyncio.timeout(2):  # it would drain for five seconds
            await shop.engine.close()


async def test_cancel_withdraws_it_at_once(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Batching}, economy=WAITING) as shop:
        batching(shop).looks = LONG
        job = await shop.submit(service_tier="economy")
        await until(shop, job, has_batch)
        await shop.jobs.cancel(job.id, "account")
        async with asyncio.timeout(10):
            job = await shop.wait(job)
        assert batching(shop).withdrawn == [f"batch-{job.id}-1"]
    assert job.state is JobState.CANCELED
    assert job.attempts[0].state is AttemptState.CANCELED
    assert job.attempts[0].upstream_id == f"batch-{job.id}-1"


async def test_it_is_given_up_at_its_own_deadline(tmp_path: Path) -> None:
    economy = Economy(deadline_s=0.2, most_s=0.01)
    async with workshop(tmp_path, {"first": Batching}, economy=economy) as shop:
        batching(shop).looks = LONG
        job = await shop.run(service_tier="economy")
        assert len(batching(shop).withdrawn) == 1
    assert job.error is not None
    assert job.error.code == "upstream_timeout"
    assert job.charge is None


async def test_the_deadline_of_other_jobs_is_not_its_own(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Batching}, deadline_s=0.05) as shop:
        batching(shop).looks = 20
        assert (await shop.run(service_tier="economy")).state is JobState.SUCCEEDED


async def test_a_batch_that_failed_goes_to_another_deployment(tmp_path: Path) -> None:
    kinds: dict[str, type[Scripted]] = {"first": Batching, "second": Batching}
    async with workshop(tmp_path, kinds) as shop:
        batching(shop).script = [UpstreamFailed("It expired.", retry_after_s=3_600)]
        job = await shop.run(service_tier="economy")
        assert len(batching(shop, "second").handed_in) == 1
    assert (job.state, job.deployment) == (JobState.SUCCEEDED, "second")
    assert job.attempts[0].upstream_id == f"batch-{job.id}-1"


async def test_what_may_have_been_handed_in_is_not_handed_in_again(tmp_path: Path) -> None:
    kinds: dict[str, type[Scripted]] = {"first": Batching, "second": Batching}
    async with workshop(tmp_path, kinds) as shop:
        batching(shop).refuses = UpstreamTimeout("No answer.")
        job = await shop.run(service_tier="economy")
        assert batching(shop, "second").handed_in == []
    assert job.state is JobState.FAILED
    assert job.attempts[0].state is AttemptState.SENT_UNKNOWN


async def test_deployments_without_a_batch_api_are_no_candidates(tmp_path: Path) -> None:
    kinds: dict[str, type[Scripted]] = {"first": Scripted, "second": Batching}
    async with workshop(tmp_path, kinds) as shop:
        job = await shop.run(service_tier="economy")
    assert job.deployment == "second"
    assert ("first", "no_economy") in [(one.deployment, one.reason) for one in job.route]


async def test_without_any_it_is_refused_before_anything_is_held(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        with pytest.raises(UnsupportedValue) as caught:
            await shop.submit(service_tier="economy")
    assert caught.value.param == "service_tier"


async def test_a_model_without_a_batch_price_is_refused(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"first": Batching}) as shop:
        with pytest.raises(UnsupportedValue) as caught:
            await shop.submit(service_tier="economy", model="flux-2-pro")
    assert caught.value.param == "service_tier"
