"""The process dies between any two steps of a job; the next one settles its money the same way."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Executable, select

from darkroom import ledger
from darkroom.core.deployment import Deployment
from darkroom.core.errors import ModerationBlocked, UpstreamUnavailable
from darkroom.core.ids import now_ms
from darkroom.core.job import Job
from darkroom.core.ports import Egress
from darkroom.db import Database, Tx
from darkroom.db.database import Work
from darkroom.db.tables import ledger_entries, ledger_holds
from tests.ledger.audit import audit
from tests.support.workshop import Costly, Scripted, Workshop, workshop

T = TypeVar("T")


class Died(Exception):
    """Raised inside a transaction: it is undone."""


class Killed(asyncio.CancelledError):
    """What ends every task that touches the database after the death."""


class Mortal(Database):
    """Counts moments: before a transaction, before each of its statements, after its commit.

    At the moment ``dies_at``, from 1, the process is dead: that write and every later one fail.
    """

    def __init__(self, database: Database, dies_at: int) -> None:
        self._database = database
        self._dies_at = dies_at
        self.moments = 0
        self.changes = database.changes

    @property
    def dead(self) -> bool:
        return self.moments >= self._dies_at

    def moment(self) -> None:
        self.moments += not self.dead
        if self.dead:
            raise Died

    async def write(self, work: Work[T]) -> T:
        try:
            self.moment()
            result = await self._database.write(lambda tx: work(_MortalTx(tx, self.moment)))
            self.moment()
        except Died:
            raise Killed from None
        return result

    async def read(self, work: Work[T]) -> T:
        if self.dead:
            raise Killed
        return await self._database.read(work)

    async def ping(self) -> None:
        await self._database.ping()

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()


class _MortalTx(Tx):
    def __init__(self, tx: Tx, moment: Callable[[], None]) -> None:
        self._tx = tx
        self._moment = moment
        self.topics = tx.topics

    def execute(
        self, statement: Executable, parameters: dict[str, Any] | list[dict[str, Any]] | None = None
    ) -> Any:
        self._moment()
        return self._tx.execute(statement, parameters)


class FailsOnce(Scripted):
    """Each process meets one failure that another attempt mends."""

    def __init__(self, deployment: Deployment, egress: Egress | None = None) -> None:
        super().__init__(deployment, egress)
        self.script = [UpstreamUnavailable("first is down")]


class Refuses(Costly):
    def __init__(self, deployment: Deployment, egress: Egress | None = None) -> None:
        super().__init__(deployment, egress)
        self.script = [ModerationBlocked("no")]


CHARGE = 9 * 5_000 + 100 * 32_000
"""9 text tokens and 100 image tokens, in nano-dollars."""


@dataclass(frozen=True)
class Life:
    """What one process did with its job."""

    died: bool
    calls: int


async def live(folder: Path, url: str, kind: type[Scripted], dies_at: int) -> Life:
    """One job, from its submission to its end or to the death of the process."""
    mortals: list[Mortal] = []

    def around(database: Database) -> Database:
        mortals.append(Mortal(database, dies_at))
        return mortals[0]

    async with workshop(folder, {"first": kind}, database_url=url, around=around) as shop:
        with suppress(Killed):
            await run(shop)
        return Life(mortals[0].dead, len(shop.providers["first"].calls))


async def run(shop: Workshop) -> None:
    with await shop.jobs.submit(shop.submission(size="1024x1024", quality="high")) as follower:
        work = [task for task in asyncio.all_tasks() if task.get_name() == follower.job.id]
        assert len(work) == 1
        await asyncio.wait(work)


async def recover(folder: Path, url: str, kind: type[Scripted]) -> tuple[list[Job], int]:
    """The next process on that folder: its jobs at their end, and how often it called upstream.

    Raises AssertionError when the books are not in order then.
    """
    async with workshop(folder, {"first": kind}, database_url=url) as shop:
        jobs = [
            await shop.wait(job) for job in (await shop.jobs.page("account", 100, None, None))[0]
        ]
        await shop.database.read(check_books)
        return jobs, len(shop.providers["first"].calls)


def check_books(tx: Tx) -> None:
    audit(tx)
    assert ledger.open_holds(tx, now_ms() + 1) == []
    charged = CHARGE * len(
        [hold for hold in tx.execute(select(ledger_holds)).all() if hold.state == "captured"]
    )
    balance = ledger.balance(tx, "account", now_ms())
    assert (balance.posted_nanos, balance.held_nanos) == (-charged, 0)
    assert ledger.key_budget(tx, "key", now_ms()).used.total_nanos == charged
    captures = select(ledger_entries).where(ledger_entries.c.kind == "capture")
    assert len(tx.execute(captures).all()) * CHARGE == 2 * charged  # two entries for each, no more


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        (Scripted, {("succeeded", CHARGE)}),
        (FailsOnce, {("succeeded", CHARGE)}),
        # what may have been billed is not bought twice, and not charged
        (Costly, {("succeeded", CHARGE), ("outcome_unknown", 0)}),
        (Refuses, {("moderation_blocked", 0), ("outcome_unknown", 0)}),
    ],
    ids=["success", "success after a failure", "bought once", "refusal"],
)
async def test_a_death_at_any_moment_settles_the_same_way(
    tmp_path: Path, kind: type[Scripted], ends: set[tuple[str, int]]
) -> None:
    await dies_again_and_again(tmp_path, "", kind, ends)


async def test_so_it_does_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    """At every third moment: opening the server's database takes long."""
    ends = {("succeeded", CHARGE), ("outcome_unknown", 0)}
    await dies_again_and_again(tmp_path, postgres_url, Costly, ends, every=3)


async def dies_again_and_again(
    folder: Path, url: str, kind: type[Scripted], ends: set[tuple[str, int]], every: int = 1
) -> None:
    seen: set[tuple[str, int]] = set()
    known: set[str] = set()
    never_accepted = 0
    for moment in count(1, every):
        life = await live(folder, url, kind, moment)
        jobs, calls = await recover(folder, url, kind)
        if not life.died:  # it ended before this moment: every earlier one was tried
            break
        new = [job for job in jobs if job.id not in known]
        known |= {job.id for job in jobs}
        if not new:  # the job was never accepted: nobody was asked, and nothing is held
            assert life.calls + calls == 0
            never_accepted += 1
            continue
        [job] = new
        end = job.error.code if job.error else str(job.state)
        seen.add((end, job.charge.nanos if job.charge else 0))
        if not kind.resend_safe:
            assert life.calls + calls <= 1
    assert never_accepted * every > 5
    assert len(known) * every > 7
    assert seen == ends
