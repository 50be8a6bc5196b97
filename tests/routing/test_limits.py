"""Calls at once and per minute, and whose turn it is."""

import asyncio
from dataclasses import replace

from darkroom.core.deployment import Deployment
from darkroom.routing import Limits, RetryBudget
from darkroom.routing.budget import PER_MINUTE, SHARE

TWO = Deployment("two", "x", max_concurrent=2)
MINUTE = Deployment("minute", "x", requests_per_minute=3)
FREE = Deployment("free", "x")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


def test_so_many_calls_at_once_and_no_more() -> None:
    limits = Limits()
    assert [limits.take(None, TWO, job) for job in "abc"] == [True, True, False]
    assert limits.full([TWO, FREE]) == {"two"}
    assert limits.take(None, TWO, "a")  # the same job's place, asked for twice
    limits.give("a")
    assert limits.take(None, TWO, "c")
    assert all(limits.take(None, FREE, f"{n}") for n in range(1_000))


def test_a_job_has_one_place_at_a_time() -> None:
    limits, other = Limits(), replace(TWO, id="other")
    limits.take(None, TWO, "a")
    limits.take(None, TWO, "b")
    limits.take(None, other, "a")
    assert limits.take(None, TWO, "c")


def test_so_many_calls_begin_within_any_minute() -> None:
    clock = Clock()
    limits = Limits(clock)
    for second, job, granted in (
        *((0, "a", True), (20, "b", True), (40, "c", True), (50, "d", False)),
        *((59, "d", False), (60, "d", True), (61, "e", False), (80, "e", True)),
    ):
        clock.now = 1_000_000 + second * 1000
        assert limits.take(None, MINUTE, job) is granted, second
        limits.give(job)


async def test_who_waits_gets_a_place_in_order_and_nobody_pushes_in() -> None:
    limits = Limits()
    limits.take(None, TWO, "a")
    limits.take(None, TWO, "b")
    turns: list[str] = []

    async def wait(job: str) -> None:
        await limits.wait([TWO], job, 60)
        turns.append(job)

    tasks = [asyncio.create_task(wait(job)) for job in "cde"]
    await asyncio.sleep(0)
    assert not limits.take(None, TWO, "z")
    for given, turn in (("a", "c"), ("b", "d"), ("c", "e")):
        limits.give(given)
        assert not limits.take(None, TWO, "z")
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks = [task for task in tasks if not task.done()]
        assert turns[-1] == turn
    assert turns == ["c", "d", "e"]


async def test_who_waits_for_several_takes_the_first_that_is_free() -> None:
    limits, one, other = (
        Limits(),
        replace(TWO, max_concurrent=1),
        Deployment("o", "x", max_concurrent=1),
    )
    limits.take(None, one, "a")
    limits.take(None, other, "b")
    waiting = asyncio.create_task(limits.wait([one, other], "c", 60))
    await asyncio.sleep(0)
    limits.give("b")
    await waiting
    assert limits.take(None, other, "c")
    assert not limits.take(None, other, "d")


async def test_waiting_ends_with_the_jobs_deadline_and_leaves_no_trace() -> None:
    limits = Limits()
    limits.take(None, TWO, "a")
    limits.take(None, TWO, "b")
    await limits.wait([TWO], "c", 0.01)
    limits.give("a")
    assert limits.take(None, TWO, "d")


def test_retries_are_a_fifth_of_the_jobs_and_some_more_each_minute() -> None:
    clock = Clock()
    budget = RetryBudget(clock)
    assert sum(budget.spend() for _ in range(100)) == PER_MINUTE
    clock.now += 60_000
    assert sum(budget.spend() for _ in range(100)) == PER_MINUTE
    for _ in range(200):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == int(200 * SHARE)
