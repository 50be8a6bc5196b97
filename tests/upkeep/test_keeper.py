"""One process does the chores for all; a chore that fails keeps no other from being done."""

from collections.abc import AsyncIterator

import pytest

from darkroom.core.ids import now_ms
from darkroom.core.observer import Observer
from darkroom.db import Database, Heap, open_database, take_lease
from darkroom.upkeep import Keeper, cleared

MINUTE_S = 60.0


class Pile:
    """A chore that has so many steps to do."""

    def __init__(self, name: str, steps: int, every_s: float = 0.0) -> None:
        self.name = name
        self.left = steps
        self.every_s = every_s
        self.done = 0

    async def look(self) -> Heap:
        return Heap(self.left)

    async def step(self) -> Heap:
        if not self.left:
            return Heap()
        self.left -= 1
        self.done += 1
        return Heap(2, 10, more=True)


class Broken(Pile):
    async def step(self) -> Heap:
        raise OSError("the disk is away")


class Heard(Observer):
    def __init__(self) -> None:
        self.removals: list[tuple[str, int, int]] = []

    def removed(self, what: str, count: int, byte_size: int) -> None:
        self.removals.append((what, count, byte_size))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()


async def test_a_round_does_every_chore_to_its_end_and_tells(database: Database) -> None:
    pile, late = Pile("pile", 3), Pile("late", 1)
    keeper = Keeper(database, "one", [Broken("broken", 1), pile])
    keeper.observer = heard = Heard()
    keeper.add(late)
    await keeper.round()
    assert (pile.left, late.left) == (0, 0)
    assert heard.removals == [("pile", 2, 10)] * 3 + [("late", 2, 10)]


async def test_one_process_acts_and_the_next_one_after_its_death(database: Database) -> None:
    mine, yours = Pile("pile", 1), Pile("pile", 1)
    await Keeper(database, "one", [mine], MINUTE_S).round()
    other = Keeper(database, "two", [yours], MINUTE_S)
    await other.round()
    assert (mine.left, yours.left) == (0, 1)
    mine.left = 1
    await Keeper(database, "one", [mine], MINUTE_S).round()  # it goes on as long as it lives
    assert mine.left == 0
    later = now_ms() + 3 * int(MINUTE_S) * 1000
    assert await database.write(lambda tx: take_lease(tx, "upkeep", "two", later, later))
    await other.round()
    assert yours.left == 0


async def test_a_process_that_stops_hands_its_turn_on(database: Database) -> None:
    mine, yours = Pile("pile", 0), Pile("pile", 1)
    keeper, other = (
        Keeper(database, owner, [pile], MINUTE_S) for owner, pile in (("one", mine), ("two", yours))
    )
    await keeper.round()
    await other.close()  # it never had it
    await other.round()
    assert yours.left == 1
    await keeper.close()
    await other.round()
    assert yours.left == 0


async def test_some_chores_have_their_time(database: Database) -> None:
    daily = Pile("daily", 1, every_s=86_400.0)
    keeper = Keeper(database, "one", [daily])
    await keeper.round()
    daily.left = 1
    await keeper.round()
    assert (daily.left, daily.done) == (1, 1)


async def test_a_command_clears_all_at_once() -> None:
    assert await cleared(Pile("pile", 3)) == Heap(6, 30)
