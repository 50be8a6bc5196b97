"""Jobs over several deployments: order, failover, limits, deadline, and what is said of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from darkroom import ledger
from darkroom.core.errors import (
    Forbidden,
    ModelNotFound,
    ModerationBlocked,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamTimeout,
)
from darkroom.core.job import AttemptState, Considered, Job, JobState
from darkroom.core.policy import Order, Policy
from darkroom.core.ports import Finding, ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.jobs import unknown_costs
from darkroom.routing import Health
from darkroom.routing.circuit import OPEN_MS, CircuitState
from darkroom.routing.health import STRIKES
from tests.support.workshop import Costly, Scripted, Workshop, draws, image, workshop

DEAR_AND_CHEAP: dict[str, dict[str, Any]] = {"dear": {"price_multiplier_ppm": 2_000_000}}
BOTH: dict[str, type[Scripted]] = {"dear": Scripted, "cheap": Scripted}


class Held:
    """A call that is made and lasts until the test lets it go."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.going = asyncio.Event()

    async def __call__(
        self, provider: Scripted, call: UpstreamCall, sink: ImageSink
    ) -> ProviderResult:
        self.called.set()
        await self.going.wait()
        return await draws(provider, call, sink)


def told(job: Job) -> str:
    return " ".join(f"{one.deployment}:{one.reason}" for one in job.route)


def tried(job: Job) -> list[tuple[str, str]]:
    return [(one.deployment, one.state) for one in job.attempts]


async def test_the_cheapest_serves_is_quoted_and_the_ranking_is_kept(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        job = await shop.run()
    assert job.deployment == "cheap"
    assert told(job) == "cheap:cheapest dear:dearer"
    cheap, dear = (one.expected_nanos for one in job.route)
    assert job.quote is not None
    assert cheap is not None
    assert (job.quote.expected_nanos, dear) == (cheap, 2 * cheap)
    assert job.quote.max_nanos > 2 * cheap  # the dearest may have to serve it


async def test_another_starts_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    waits: list[int] = []
    async with workshop(tmp_path, {"first": Scripted, "second": Scripted}) as shop:
        for _ in range(30):
            # ended well in between, so that the circuit stays closed
            shop.providers["first"].script = [UpstreamFailed("boom"), draws, draws]
            jobs = [await shop.run() for _ in range(3)]
            one, two = jobs[0].attempts
            waits.append(two.started_at_ms - (one.finished_at_ms or 0))
    assert shop.pauses == []
    assert sorted(waits)[15] <= 100  # the median: a busy machine is late now and then


async def test_after_failures_in_a_row_the_next_job_does_not_go_there(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        shop.providers["cheap"].script = [UpstreamFailed("boom")] * STRIKES
        for _ in range(STRIKES):
            assert tried(await shop.run()) == [("cheap", "failed"), ("dear", "succeeded")]
        job = await shop.run()
        assert tried(job) == [("dear", "succeeded")]
        assert told(job) == "dear:cheapest cheap:circuit_open"
        circuit = shop.dispatch.health.circuit("cheap")
        assert circuit.state is CircuitState.OPEN


async def test_refused_credentials_send_all_that_follows_elsewhere(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        shop.providers["cheap"].script = [UpstreamDenied("wrong key")]
        assert tried(await shop.run()) == [("cheap", "failed"), ("dear", "succeeded")]
        assert tried(await shop.run()) == [("dear", "succeeded")]


async def test_a_rate_limited_deployment_is_left_alone_while_another_serves(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        shop.providers["cheap"].script = [UpstreamRateLimited("slow", retry_after_s=30)]
        await shop.run()
        job = await shop.run()
        assert (job.deployment, shop.pauses) == ("dear", [])
        assert told(job) == "dear:cheapest cheap:cooling_down"


async def test_with_every_circuit_open_jobs_go_on_all_the_same(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        shop.providers["first"].script = [UpstreamFailed("boom")] * 3
        assert (await shop.run()).state is JobState.FAILED
        assert shop.dispatch.health.circuit("first").broken
        assert (await shop.run()).state is JobState.SUCCEEDED
        assert not shop.dispatch.health.circuit("first").broken


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Alarm:
    ring: Callable[[], None]

    def cancel(self) -> None:
        self.ring = lambda: None


class Alarms(list[Alarm]):
    """Timers that ring when the test says so."""

    def __call__(self, delay_s: float, call: Callable[[], None]) -> Alarm:
        self.append(Alarm(call))
        return self[-1]

    def ring(self) -> None:
        for alarm in tuple(self):
            alarm.ring()


async def test_calls_leave_a_deployment_that_hangs_long_before_their_timeout(
    tmp_path: Path,
) -> None:
    clock, alarms = Clock(), Alarms()
    times: dict[str, Any] = {"health": Health(clock, alarms), "clock": clock}
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP, **times) as shop:
        held = [Held() for _ in range(STRIKES)]
        shop.providers["cheap"].script = list(held)
        jobs = [await shop.submit() for _ in held]
        for one in held:
            await one.called.wait()
        clock.now += 120_000
        alarms.ring()
        ended = [await shop.wait(job) for job in jobs]
        assert shop.providers["cheap"].canceled == STRIKES
    assert [tried(job) for job in ended] == [[("cheap", "sent_unknown"), ("dear", "succeeded")]] * 3
    error = ended[0].attempts[0].error
    assert error is not None
    assert error.code == "upstream_timeout"
    assert "answers nobody" in error.message


async def test_calls_that_cost_money_are_left_where_they_hang(tmp_path: Path) -> None:
    clock, alarms = Clock(), Alarms()
    kinds: dict[str, type[Scripted]] = {"dear": Costly, "cheap": Costly}
    health = Health(clock, alarms)
    times: dict[str, Any] = {"health": health, "clock": clock}
    async with workshop(tmp_path, kinds, options=DEAR_AND_CHEAP, **times) as shop:
        held = [Held() for _ in range(STRIKES)]
        shop.providers["cheap"].script = list(held)
        jobs = [await shop.submit() for _ in held]
        for one in held:
            await one.called.wait()
        clock.now += 120_000
        alarms.ring()
        assert health.circuit("cheap").broken
        assert (await shop.run()).deployment == "dear"
        for one in held:  # the images come after all, and nothing was bought twice
            one.going.set()
        ended = [await shop.wait(job) for job in jobs]
    assert [tried(job) for job in ended] == [[("cheap", "succeeded")]] * 3


class Mute(Scripted):
    """It answers to nothing, not even to a cheap question."""

    async def check(self) -> tuple[Finding, ...]:
        await asyncio.Event().wait()
        return ()


@pytest.mark.parametrize(("kind", "goes"), [(Scripted, "cheap"), (Mute, "dear")])
async def test_a_probe_is_sent_only_to_a_deployment_that_answers_at_all(
    tmp_path: Path, kind: type[Scripted], goes: str
) -> None:
    clock = Clock()
    kinds: dict[str, type[Scripted]] = {"dear": Scripted, "cheap": kind}
    async with workshop(tmp_path, kinds, options=DEAR_AND_CHEAP, clock=clock) as shop:
        shop.dispatch.check_s = 0.01
        shop.providers["cheap"].script = [UpstreamFailed("boom")] * STRIKES
        for _ in range(STRIKES):
            await shop.run()
        clock.now += OPEN_MS
        job = await shop.run()
        assert job.deployment == goes
        assert shop.dispatch.health.circuit("cheap").broken is (goes == "dear")
        assert len(shop.providers["cheap"].calls) == STRIKES + (goes == "cheap")


async def test_all_attempts_and_pauses_keep_to_one_deadline(tmp_path: Path) -> None:
    async with workshop(tmp_path, deadline_s=0.05) as shop:
        held = Held()
        shop.providers["first"].script = [held]
        job = await shop.run()
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code == "upstream_timeout"
    assert len(job.attempts) == 1
    assert shop.providers["first"].calls[0].timeout_s <= 0.05


async def test_a_full_deployment_is_passed_over(tmp_path: Path) -> None:
    options = {**DEAR_AND_CHEAP, "cheap": {"max_concurrent": 1}}
    async with workshop(tmp_path, BOTH, options=options) as shop:
        held = Held()
        shop.providers["cheap"].script = [held]
        first = await shop.submit()
        await held.called.wait()
        second = await shop.run()
        assert second.deployment == "dear"
        assert told(second) == "dear:cheapest cheap:at_limit"
        held.going.set()
        assert (await shop.wait(first)).deployment == "cheap"
        assert (await shop.run()).deployment == "cheap"


async def test_jobs_wait_queued_for_the_only_deployment_that_is_full(tmp_path: Path) -> None:
    options = {"first": {"max_concurrent": 1}}
    async with workshop(tmp_path, options=options) as shop:
        helds = [Held() for _ in range(3)]
        shop.providers["first"].script = list(helds)
        jobs = [await shop.submit(f"{n}") for n in range(4)]
        for n, held in enumerate(helds):
            await held.called.wait()
            states = [(await shop.jobs.get(job.id, "account")).state for job in jobs]
            assert states[n + 1 :] == [JobState.QUEUED] * (3 - n)
            held.going.set()
        ended = [await shop.wait(job) for job in jobs]
    assert [tried(job) for job in ended] == [[("first", "succeeded")]] * 4
    assert [call.request.prompt for call in shop.providers["first"].calls] == list("0123")


async def test_a_job_that_waits_for_its_turn_can_be_canceled(tmp_path: Path) -> None:
    async with workshop(tmp_path, options={"first": {"max_concurrent": 1}}) as shop:
        held = Held()
        shop.providers["first"].script = [held]
        first = await shop.submit()
        await held.called.wait()
        second = await shop.submit()
        assert (await shop.jobs.cancel(second.id, "account")).state is JobState.CANCELED
        held.going.set()
        await shop.wait(first)
        assert (await shop.run()).state is JobState.SUCCEEDED
    assert len(shop.providers["first"].calls) == 2


async def test_a_job_whose_turn_does_not_come_before_its_deadline_fails(tmp_path: Path) -> None:
    options = {"first": {"requests_per_minute": 1}}
    async with workshop(tmp_path, options=options, deadline_s=0.2) as shop:
        assert (await shop.run()).state is JobState.SUCCEEDED
        job = await shop.run()
    assert job.error is not None
    assert (job.error.code, job.attempts) == ("overloaded", ())


async def test_after_a_refusal_another_is_asked_where_the_key_allows_and_that_is_noted(
    tmp_path: Path,
) -> None:
    allowed = Policy(after_refusal=True)
    async with workshop(tmp_path, {"first": Scripted, "second": Scripted}) as shop:
        shop.providers["first"].script = [ModerationBlocked("no")] * 2
        job = await shop.run(policy=allowed)
        shop.providers["second"].script = [ModerationBlocked("no either")]
        refused = await shop.run(policy=allowed)
    assert tried(job) == [("first", "refused"), ("second", "succeeded")]
    (warning,) = [one for one in job.warnings if one.code == "asked_after_refusal"]
    assert (warning.asked, warning.used) == ("first", "second")
    assert tried(refused) == [("first", "refused"), ("second", "refused")]
    assert refused.error is not None
    assert (refused.error.code, refused.error.message) == ("moderation_blocked", "no")
    assert "asked_after_refusal" in [one.code for one in refused.warnings]


async def test_the_policy_of_a_job_decides_its_order_and_who_may_serve(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        assert (await shop.run(policy=Policy(Order.LISTED))).deployment == "dear"
        assert (await shop.run(policy=Policy(prefer=("dear",)))).deployment == "dear"
        pinned = await shop.run(policy=Policy(pinned="dear"))
        assert (pinned.deployment, told(pinned)) == ("dear", "dear:pinned cheap:not_allowed")
        assert pinned.quote is not None
        assert list(pinned.quote.snapshots) == ["dear"]
        with pytest.raises(Forbidden, match="may not use the model"):
            await shop.submit(policy=Policy(models=("gpt-image-2",)))


async def test_a_pinned_deployment_fails_alone(tmp_path: Path) -> None:
    async with workshop(tmp_path, BOTH, options=DEAR_AND_CHEAP) as shop:
        shop.providers["cheap"].script = [UpstreamFailed("boom")] * 3
        job = await shop.run(policy=Policy(pinned="cheap"))
    assert {one.deployment for one in job.attempts} == {"cheap"}
    assert job.state is JobState.FAILED


class OfOpenAI(Scripted):
    vendor: ClassVar[str] = "openai"


RETIRED = date(2026, 12, 2)


async def test_of_a_retired_model_another_vendors_is_asked_before_a_successor(
    tmp_path: Path,
) -> None:
    kinds: dict[str, type[Scripted]] = {"openai": OfOpenAI, "elsewhere": Scripted}
    dear = {"elsewhere": {"price_multiplier_ppm": 9_000_000}}
    async with workshop(tmp_path, kinds, options=dear, today=RETIRED) as shop:
        job = await shop.run()
        assert (job.deployment, job.model, job.warnings) == ("elsewhere", "gpt-image-1.5", ())
        assert told(job) == "elsewhere:cheapest openai:successor"
        shop.providers["elsewhere"].script = [UpstreamFailed("boom")]
        job = await shop.run()
    assert (job.deployment, job.model) == ("openai", "gpt-image-2.5-sunburst")
    assert [one.code for one in job.warnings] == ["model_retired"]


async def test_a_successor_stands_in_only_where_the_key_allows_it(tmp_path: Path) -> None:
    async with workshop(tmp_path, {"openai": OfOpenAI}, today=RETIRED) as shop:
        job = await shop.run()
        assert (job.request.model, job.model) == ("gpt-image-1.5", "gpt-image-2.5-sunburst")
        with pytest.raises(ModelNotFound, match="is retired"):
            await shop.submit(policy=Policy(successors=False))


async def test_a_deployment_without_a_price_is_ruled_out(tmp_path: Path) -> None:
    options = {"dear": {"price_sheet": "no-such-sheet"}}
    async with workshop(tmp_path, BOTH, options=options) as shop:
        job = await shop.run()
    assert job.route[-1] == Considered("dear", False, "no_price")


async def test_what_the_vendor_says_it_costs_and_what_may_have_been_billed_is_accounted(
    tmp_path: Path,
) -> None:
    async def says(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        return ProviderResult((image(sink, call),), None, cost_nanos=41_000_000)

    kinds: dict[str, type[Scripted]] = {"first": Costly, "second": Scripted}
    options = {"first": {"resend_unknown": True}}
    async with workshop(tmp_path, kinds, options=options) as shop:
        shop.providers["first"].script = [UpstreamTimeout("late")]
        shop.providers["second"].script = [says]
        job = await shop.run()
        (row,) = await shop.database.read(ledger.drift)
        (lost,) = await shop.database.read(lambda tx: unknown_costs(tx, 0, 2**62))
        nobody = await shop.database.read(lambda tx: unknown_costs(tx, 0, 2**62, "other"))
    assert (row.deployment, row.cost_nanos) == ("second", 41_000_000)
    assert (lost.deployment, lost.attempts) == ("first", 1)
    assert lost.possible_nanos == job.route[0].expected_nanos
    assert nobody == []


async def test_a_call_that_was_canceled_may_have_been_billed_too(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        held = Held()
        shop.providers["first"].script = [held]
        job = await shop.submit()
        await held.called.wait()
        await shop.jobs.cancel(job.id, "account")
        await shop.wait(job)
        (lost,) = await shop.database.read(lambda tx: unknown_costs(tx, 0, 2**62))
    assert (lost.deployment, lost.attempts) == ("first", 1)
    assert lost.possible_nanos == job.route[0].expected_nanos


async def test_a_pause_that_the_retry_budget_does_not_cover_is_not_made(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        while shop.dispatch.budget.spend():
            pass
        shop.providers["first"].script = [UpstreamFailed("boom")]
        job = await shop.run()
    assert (len(job.attempts), shop.pauses) == (1, [])
    assert job.attempts[0].state is AttemptState.FAILED


async def test_the_places_of_ended_jobs_are_free_again(tmp_path: Path) -> None:
    options = {"first": {"max_concurrent": 1}}
    async with workshop(tmp_path, options=options) as shop:
        shop.providers["first"].script = [ZeroDivisionError(), UpstreamFailed("boom"), draws]
        for _ in range(2):
            await shop.run()
        assert not shop.dispatch.limits.full(_deployments(shop))


def _deployments(shop: Workshop) -> list[Any]:
    return [provider.deployment for provider in shop.providers.values()]
