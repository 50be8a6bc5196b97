"""Circuits as several processes know them, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from darkroom.core.deployment import Deployment
from darkroom.core.errors import UpstreamFailed
from darkroom.db import Database, open_database
from darkroom.routing import Circuit, Health, SharedHealth, claim_probe
from darkroom.routing.circuit import CircuitState, opened
from darkroom.routing.health import STRIKES
from darkroom.routing.records import TOPIC, circuits, save

MAIN = Deployment("main", "x")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened_one = await open_database(database_url)
    try:
        yield opened_one
    finally:
        await opened_one.close()


async def until(met: Callable[[], bool], database: Database) -> None:
    """Wait for a change of the table until the condition is met."""
    with database.changes.subscribe(TOPIC) as news:
        async with asyncio.timeout(10):
            while not met():
                await news.wait(0.05)


def fails(health: Health) -> None:
    for _ in range(STRIKES):
        health.end(health.begin(MAIN), UpstreamFailed("x"))


async def test_what_one_process_finds_out_all_know(database: Database) -> None:
    one, two = Health(), Health()
    async with AsyncExitStack() as stack:
        for health in (one, two):
            shared = SharedHealth(database, health)
            await shared.open()
            stack.push_async_callback(shared.close)
        fails(one)
        assert one.circuit("main").broken
        await until(lambda: two.circuit("main").broken, database)
        assert two.circuit("main") == one.circuit("main")
        two.end(two.begin(MAIN), None)
        await until(lambda: not one.circuit("main").broken, database)


async def test_a_process_that_starts_later_reads_what_is_known(database: Database) -> None:
    await database.write(lambda tx: save(tx, opened(Circuit("main"), "hanging", 7)))
    health = Health()
    shared = SharedHealth(database, health)
    await shared.open()
    await shared.close()
    found = health.circuit("main")
    assert (found.state, found.reason, found.since_ms) == (CircuitState.OPEN, "hanging", 7)


async def test_of_many_that_claim_the_probe_exactly_one_gets_it(database: Database) -> None:
    circuit = opened(Circuit("main"), "upstream_error", 0)
    await database.write(lambda tx: save(tx, circuit))
    claims = await asyncio.gather(
        *(database.write(lambda tx: claim_probe(tx, circuit, 99_000, 5_000)) for _ in range(12))
    )
    (won,) = [claim for claim in claims if claim is not None]
    assert (won.state, won.retry_at_ms) == (CircuitState.HALF_OPEN, 104_000)
    assert await database.read(circuits) == [won]


async def test_of_many_first_changes_exactly_one_is_written(database: Database) -> None:
    written = await asyncio.gather(
        *(
            database.write(lambda tx, n=n: save(tx, opened(Circuit("main"), f"reason {n}", n)))
            for n in range(12)
        )
    )
    assert written.count(True) == 1
    (found,) = await database.read(circuits)
    assert found.reason == f"reason {written.index(True)}"


class Away:
    """A database that is not there for a while."""

    def __init__(self, database: Database) -> None:
        self.gone = False
        self.asked = asyncio.Event()
        self._database = database

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    async def write(self, work: object) -> object:
        if self.gone:
            self.asked.set()
            raise OSError("away")
        return await self._database.write(work)  # type: ignore[arg-type]


async def test_a_change_is_written_when_the_database_is_back(database: Database) -> None:
    away = Away(database)
    health = Health()
    shared = SharedHealth(away, health, retry_s=0.01)  # type: ignore[arg-type]
    await shared.open()
    away.gone = True
    fails(health)
    await away.asked.wait()
    assert health.circuit("main").broken  # here it counts all the same
    with database.changes.subscribe(TOPIC) as news:
        away.gone = False
        await news.wait(10)
    assert await database.read(circuits) == [health.circuit("main")]
    await shared.close()


async def test_changes_that_follow_each_other_at_once_are_written_as_the_last(
    database: Database,
) -> None:
    await database.write(lambda tx: save(tx, replace(Circuit("main"), version=7)))
    health = Health()
    shared = SharedHealth(database, health)
    await shared.open()
    fails(health)
    health.end(health.begin(MAIN), None)  # before anything could be written
    found = health.circuit("main")
    assert (found.state, found.version) == (CircuitState.CLOSED, 9)
    with database.changes.subscribe(TOPIC) as news:
        await news.wait(10)
    await shared.close()
    assert await database.read(circuits) == [found]


async def test_a_probe_is_claimed_only_of_the_circuit_that_is_written(database: Database) -> None:
    known = opened(Circuit("main"), "upstream_error", 0)
    await database.write(lambda tx: save(tx, known))
    ahead = opened(known, "upstream_error", 1)  # not written yet
    claim = await database.write(lambda tx: claim_probe(tx, ahead, 99_000, 5_000))
    assert claim is None
