"""Limits of deployments that hold over all processes on one database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace

import pytest

from darkroom.core.deployment import Deployment
from darkroom.db import Database, open_database
from darkroom.routing import SharedLimits

TWO = Deployment("two", "x", max_concurrent=2)
MINUTE = Deployment("minute", "x", requests_per_minute=3)
FREE = Deployment("free", "x")
PATIENCE_S = 60


class Clock:
    def __init__(self) -> None:
        self.now = 1_760_000_000_000

    def __call__(self) -> int:
        return self.now


class Process:
    """The limits of one process, and its database."""

    def __init__(self, database: Database, limits: SharedLimits) -> None:
        self.database = database
        self.limits = limits

    async def take(self, deployment: Deployment, job: str, lane: str = "") -> bool:
        return await self.database.write(lambda tx: self.limits.take(tx, deployment, job, lane))


Start = Callable[[str], Coroutine[None, None, Process]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def start(database_url: str, clock: Clock) -> AsyncIterator[Start]:
    """Starts processes on one database, on PostgreSQL each with a connection of its own."""
    opened: list[Database] = []
    started: list[Process] = []

    async def start(owner: str) -> Process:
        if not opened or not database_url.startswith("sqlite"):
            opened.append(await open_database(database_url))
        limits = SharedLimits(opened[-1], owner, lease_s=20, clock=clock)
        await limits.open()
        started.append(Process(opened[-1], limits))
        return started[-1]

    yield start
    for process in started:
        await process.limits.close()
    for database in opened:
        await database.close()


async def until(condition: Callable[[], Coroutine[None, None, bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def test_so_many_calls_at_once_of_all_processes(start: Start) -> None:
    one, other = await start("one"), await start("other")
    taken = await asyncio.gather(
        *((one if n % 2 else other).take(TWO, f"job{n}") for n in range(20))
    )
    assert taken.count(True) == 2
    held = f"job{taken.index(True)}"
    holder, rival = (other, one) if taken.index(True) % 2 == 0 else (one, other)
    assert await holder.take(TWO, held)  # the same job's place, asked for twice
    assert not await rival.take(TWO, "late")
    assert rival.limits.full([TWO, FREE]) == {"two"}
    holder.limits.give(held)
    await until(lambda: rival.take(TWO, "late"))
    assert not await one.take(TWO, "later")


async def test_so_many_calls_begin_within_any_minute(start: Start, clock: Clock) -> None:
    one, other = await start("one"), await start("other")
    zero = clock.now
    for second, process, job, granted in (
        *((0, one, "a", True), (20, other, "b", True), (40, one, "c", True)),
        *((50, other, "d", False), (59, one, "d", False), (60, other, "d", True)),
        *((61, one, "e", False), (80, one, "e", True)),
    ):
        clock.now = zero + second * 1000
        assert await process.take(MINUTE, job) is granted, second
        process.limits.give(job)


async def test_a_deployment_without_limits_costs_nothing(start: Start) -> None:
    one = await start("one")
    assert all([await one.take(FREE, f"{n}") for n in range(20)])


async def test_a_job_has_one_place_at_a_time(start: Start) -> None:
    one, away = await start("one"), replace(TWO, id="away")
    assert await one.take(TWO, "a")
    assert await one.take(TWO, "b")
    assert await one.take(away, "a")
    assert await one.take(TWO, "c")


async def test_who_waits_gets_the_place_that_another_process_gives_back(start: Start) -> None:
    one, other = await start("one"), await start("other")
    assert await one.take(TWO, "a")
    assert await one.take(TWO, "b")
    turn = asyncio.create_task(other.limits.wait([TWO], "c", PATIENCE_S))
    await asyncio.sleep(0)
    one.limits.give("a")
    await turn
    assert await other.take(TWO, "c")
    assert not await one.take(TWO, "d")


async def test_those_who_wait_take_turns_by_key(start: Start) -> None:
    one = await start("one")
    assert await one.take(TWO, "a", "A")
    assert await one.take(TWO, "b", "A")
    turns: asyncio.Queue[str] = asyncio.Queue()

    async def wait(job: str, lane: str) -> None:
        await one.limits.wait([TWO], job, PATIENCE_S, lane)
        turns.put_nowait(job)

    waiting = [asyncio.create_task(wait(f"a{n}", "A")) for n in range(5)]
    waiting.append(asyncio.create_task(wait("b0", "B")))
    await asyncio.sleep(0)
    assert not await one.take(TWO, "z", "C")  # nobody pushes in
    one.limits.give("a")
    async with asyncio.timeout(PATIENCE_S):
        assert await turns.get() == "b0"
        one.limits.give("b")
        assert await turns.get() == "a0"
    for task in waiting:
        task.cancel()


async def test_the_places_of_a_dead_process_come_back(start: Start, clock: Clock) -> None:
    dead, alive = await start("dead"), await start("alive")
    assert await dead.take(TWO, "a")
    assert await dead.take(TWO, "b")
    await _kill(dead.limits)
    clock.now += 19_000
    assert not await alive.take(TWO, "c")
    clock.now += 2_000
    assert await alive.take(TWO, "c")


async def test_the_places_of_a_living_one_do_not(database_url: str) -> None:
    """Renewed well before they expire, by the real clock."""
    database = await open_database(database_url)
    living = SharedLimits(database, "living", lease_s=0.8)
    rival = SharedLimits(database, "rival", lease_s=60)
    await living.open()
    await database.write(lambda tx: living.take(tx, TWO, "a"))
    await database.write(lambda tx: living.take(tx, TWO, "b"))
    await rival.wait([TWO], "c", timeout_s=2.5)
    assert not await database.write(lambda tx: rival.take(tx, TWO, "d"))
    await living.close()  # gives back at once what it held
    assert await database.write(lambda tx: rival.take(tx, TWO, "d"))
    await database.close()


async def test_waiting_ends_with_the_jobs_deadline_and_leaves_no_trace(start: Start) -> None:
    one = await start("one")
    assert await one.take(TWO, "a")
    assert await one.take(TWO, "b")
    await one.limits.wait([TWO], "c", 0.01)
    one.limits.give("a")
    await until(lambda: one.take(TWO, "d"))


async def _kill(limits: SharedLimits) -> None:
    """As kill -9 would: nothing is given back, nothing is renewed."""
    task = limits._task
    assert task is not None
    task.cancel()
    await asyncio.wait({task})
