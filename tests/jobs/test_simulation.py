"""Failover over days of virtual time: availability, price, hangs, recovery."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkroom.jobs.dispatch import DEADLINE_S
from darkroom.jobs.policy import TRIES_PER_DEPLOYMENT
from tests.support.simulation import (
    DAY_S,
    Outage,
    Tale,
    Vendor,
    World,
    availability,
    down_together,
    outages,
)

BACK_WITHIN_S = 60.0


def needlessly_dear(tales: Sequence[Tale], cheap: Vendor) -> list[Tale]:
    """Served elsewhere although the cheap one was up and known to be, and did not fail them."""
    calls = [one for tale in tales for one in tale.tries if one.deployment == cheap.id]

    def fair(tale: Tale) -> bool:
        if tale.served_by == cheap.id or any(one.deployment == cheap.id for one in tale.tries):
            return True
        began_s, since_s = tale.tries[0].began_s, tale.arrived_s - BACK_WITHIN_S
        down = any(one.start_s <= began_s and one.end_s >= since_s for one in cheap.outages)
        # another job was just finding out whether it is well again, or had bad luck with that
        probed = any(
            one.began_s <= began_s < one.ended_s
            or (one.how != "ok" and since_s <= one.ended_s <= began_s)
            for one in calls
        )
        return down or probed

    return [tale for tale in tales if tale.served and not fair(tale)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_the_first_down_a_twentieth_of_the_time_nearly_every_job_is_served(seed: int) -> None:
    cheap = Vendor("cheap", 1, outages(seed, 0.05, days=4), flaky=0.003)
    dear = Vendor("dear", 2, flaky=0.003)
    tales = World([dear, cheap], seed).run(every_s=120, until_s=4 * DAY_S)
    assert availability(tales) >= 0.999
    assert needlessly_dear(tales, cheap) == []
    by_cheap = sum(tale.served_by == "cheap" for tale in tales) / len(tales)
    up = sum(cheap.down(tale.arrived_s) is None for tale in tales) / len(tales)
    assert by_cheap >= up - 0.02


@pytest.mark.parametrize(("seed", "second"), [(4, 0.05), (5, 0.05), (6, 0.01), (7, 0.01)])
def test_with_two_that_fail_independently_it_stays_at_their_product(
    seed: int, second: float
) -> None:
    vendors = [
        Vendor("a", 1, outages(seed, 0.05, days=4), flaky=0.003),
        Vendor("b", 2, outages(seed + 100, second, days=4), flaky=0.003),
    ]
    tales = World(vendors, seed).run(every_s=120, until_s=4 * DAY_S)
    bound = 1 - down_together(vendors, tales)
    assert availability(tales) >= bound - 0.0002


@pytest.mark.parametrize("every_s", [0.5, 5.0, 60.0])
@pytest.mark.parametrize("answers_checks", [False, True])
def test_a_hanging_deployment_costs_at_most_five_jobs_their_timeout(
    every_s: float, answers_checks: bool
) -> None:
    hang = Outage(300, 300 + 60 * every_s + 300, hangs=True)
    cheap = Vendor("cheap", 1, [hang], answers_checks=answers_checks)
    tales = World([cheap, Vendor("dear", 2)], 7).run(every_s, hang.end_s + 120)
    timeouts = [tale for tale in tales if any(one.how == "hangs" for one in tale.tries)]
    assert len(timeouts) <= 5
    assert availability(tales) == 1.0
    slowest = max(tale.ended_s - tale.arrived_s for tale in tales if tale not in timeouts)
    assert slowest < cheap.timeout_s  # those cut off early lost less than their timeout


def test_where_repeating_costs_money_few_jobs_are_lost_to_a_hang() -> None:
    cheap = Vendor("cheap", 1, [Outage(600, 2_400, hangs=True)], resend=False)
    tales = World([cheap, Vendor("dear", 2, resend=False)], 8).run(10.0, 3_600)
    lost = [tale for tale in tales if not tale.served]
    # none was bought twice: those in flight when it began to hang are lost, and no more
    assert all(len(tale.tries) == 1 for tale in lost)
    assert len(lost) <= 5


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("end_s", [700.0, 1_111.0, 2_400.0])
def test_the_cheapest_is_used_again_within_a_minute_of_its_recovery(
    hangs: bool, end_s: float
) -> None:
    cheap = Vendor("cheap", 1, [Outage(600, end_s, hangs)])
    tales = World([cheap, Vendor("dear", 2)], 9).run(2.0, end_s + 200)
    calls = [one for tale in tales for one in tale.tries if one.deployment == "cheap"]
    back = min(one.began_s for one in calls if one.how == "ok" and one.began_s >= end_s)
    assert back <= end_s + BACK_WITHIN_S
    assert all(t.served_by == "cheap" for t in tales if t.arrived_s > end_s + BACK_WITHIN_S)


def test_while_it_is_down_one_probe_at_a_time_goes_there_from_all_processes() -> None:
    cheap = Vendor("cheap", 1, [Outage(100, 1_000)], latency_s=20)
    world = World([cheap, Vendor("dear", 2)], 10, processes=4)
    tales = world.run(0.5, 1_100)
    assert world.probes_at_once == 1
    assert 30 <= world.probes <= 900 / 20 + 10
    calls = [one for tale in tales for one in tale.tries if one.deployment == "cheap"]
    assert sum(110 < one.began_s < 1_000 for one in calls) <= world.probes
    assert availability(tales) == 1.0


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.05, 0.3, 0.7]),
    safe=st.booleans(),
    processes=st.integers(1, 3),
    every_s=st.sampled_from([3.0, 20.0]),
)
def test_whatever_fails_every_job_ends_in_time_and_buys_once(
    seed: int, share: float, safe: bool, processes: int, every_s: float
) -> None:
    vendors = [
        Vendor(name, price, outages(seed + price, share, days=0.02, repair_s=200), resend=safe)
        for price, name in enumerate("abc", 1)
    ]
    world = World(vendors, seed, processes)
    for tale in world.run(every_s, 0.02 * DAY_S):
        assert tale.ended_s - tale.arrived_s <= DEADLINE_S
        asked = Counter(one.deployment for one in tale.tries)
        assert max(asked.values()) <= TRIES_PER_DEPLOYMENT
        unknown = [one for one in tale.tries if one.how in ("hangs", "cut", "deadline")]
        assert safe or not unknown or unknown == tale.tries[-1:]
        assert tale.served == (tale.tries[-1].how == "ok")
    assert world.probes_at_once <= 1 or not safe


def test_a_vendor_that_is_down_alone_is_not_hammered_with_retries() -> None:
    only = Vendor("only", 1, [Outage(0, 900)])
    tales = World([only], 11).run(1.0, 900)
    calls = sum(len(tale.tries) for tale in tales)
    # a fifth more than there were jobs, and ten per minute at least
    assert len(tales) < calls <= len(tales) * 1.2 + 15 * 10 + 20
