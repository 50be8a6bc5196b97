"""When more jobs wait than may run: every key has its turn, and no more are taken than may wait."""

import asyncio
from collections.abc import Callable, Iterable

import pytest

from darkroom.core.errors import Overloaded
from darkroom.db import Database
from darkroom.jobs import EmbeddedEngine, JobEngine
from darkroom.jobs.engine.distributed import ProcrastinateEngine
from tests.support.jobs import a_job, accept, end

MakeEngine = Callable[..., JobEngine]
PATIENCE_S = 60


@pytest.fixture
def make_engine(database: Database, database_url: str) -> MakeEngine:
    """Engines that run one job at a time."""

    def make(**options: int) -> JobEngine:
        if database_url.startswith("sqlite"):
            return EmbeddedEngine(database, running_max=1, drain_s=5, **options)
        return ProcrastinateEngine(database, database_url, running_max=1, drain_s=5, **options)

    return make


class Line:
    """Runs one job at a time, each when it is told to, and remembers whose they were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: dict[str, str] = {}
        self._go = asyncio.Semaphore(0)
        self._ran: asyncio.Queue[str] = asyncio.Queue()
        self.begun = asyncio.Event()

    async def accept(self, engine: JobEngine, lanes: Iterable[str]) -> None:
        for lane in lanes:
            job = a_job(key_id=lane)
            self._lanes[job.id] = lane
            await accept(self._database, engine, job)

    async def run(self, job_id: str) -> None:
        self.begun.set()
        await self._go.acquire()
        await end(self._database, job_id)
        self._ran.put_nowait(self._lanes[job_id])

    async def next(self, count: int) -> str:
        """The lanes of the next jobs, each of which runs to its end."""
        for _ in range(count):
            self._go.release()
        async with asyncio.timeout(PATIENCE_S):
            return "".join([await self._ran.get() for _ in range(count)])

    async def busy(self, engine: JobEngine) -> None:
        """Return when the one place is taken, by a job of the lane x."""
        await self.accept(engine, "x")
        async with asyncio.timeout(PATIENCE_S):
            await self.begun.wait()


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database)


async def test_one_job_does_not_wait_for_many_of_another_key(
    make_engine: MakeEngine, line: Line
) -> None:
    engine = make_engine()
    await engine.open(line.run)
    await line.busy(engine)
    await line.accept(engine, "A" * 40)
    await line.accept(engine, "B")
    order = await line.next(12)
    assert order.index("B") <= 2, order
    await line.accept(engine, "C")  # who comes later is not sent to the end either
    order = await line.next(4)
    assert "C" in order, order
    assert order.count("A") == 3
    await line.next(27)
    await engine.close()


async def test_keys_take_turns_and_the_jobs_of_one_keep_their_order(
    make_engine: MakeEngine, line: Line
) -> None:
    engine = make_engine()
    await engine.open(line.run)
    await line.busy(engine)
    await line.accept(engine, "AAAAAABBC")
    order = (await line.next(10))[1:]
    assert sorted(order[:3]) == ["A", "B", "C"]
    assert sorted(order[3:5]) == ["A", "B"]
    assert order[5:] == "AAAA"
    await engine.close()


async def test_what_a_former_process_left_is_shared_out_as_well(
    database: Database, make_engine: MakeEngine, line: Line
) -> None:
    first = make_engine()
    if isinstance(first, ProcrastinateEngine):  # its tables come with its first start
        await first.open(line.run)
        await first.close()
    await line.accept(make_engine(), "AAAAAAB")
    engine = make_engine()
    await engine.open(line.run)
    assert "B" in await line.next(3)
    await line.next(4)
    await engine.close()


async def test_so_many_may_wait_and_no_more(make_engine: MakeEngine, line: Line) -> None:
    engine = make_engine(waiting_max=3)
    await engine.open(line.run)
    engine.check_room()
    await line.busy(engine)
    await line.accept(engine, "AAA")
    await counted(engine, 3)
    with pytest.raises(Overloaded) as caught:
        engine.check_room()
    assert caught.value.retry_after_s
    assert "3 jobs wait" in caught.value.message
    await line.next(3)
    await counted(engine, 0)
    engine.check_room()
    await line.next(1)
    await engine.close()


async def test_no_more_are_taken_while_it_stops(make_engine: MakeEngine, line: Line) -> None:
    engine = make_engine()
    await engine.open(line.run)
    await line.busy(engine)
    await line.accept(engine, "A")
    draining = asyncio.create_task(engine.drain(PATIENCE_S))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="stopping"):
        engine.check_room()
    assert await line.next(1) == "x"
    await draining
    await engine.close()
    again = make_engine()
    await again.open(line.run)
    assert await line.next(1) == "A"
    await again.close()


async def counted(engine: JobEngine, count: int) -> None:
    """Return when the engine has noticed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if engine.waiting == count:
                return
            await asyncio.sleep(0.02)
