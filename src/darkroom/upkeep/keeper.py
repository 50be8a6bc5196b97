"""Does the chores every few minutes, in one process at a time."""

import asyncio
from collections.abc import Sequence

import structlog

from darkroom.core.ids import now_ms
from darkroom.core.observer import Observer
from darkroom.core.tasks import stop
from darkroom.db import Chore, Database, Heap, give_lease_back, take_lease

log = structlog.get_logger(__name__)

_EVERY_S = 300.0
_LEASE = "upkeep"


class Keeper:
    """Looks from :meth:`open` to :meth:`close`. Every process has one; the lease decides who acts.

    The one that has it keeps it from round to round. When it dies, another goes on within two
    rounds, from whatever is left: no chore depends on how far an earlier one came.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        chores: Sequence[Chore] = (),
        every_s: float = _EVERY_S,
    ) -> None:
        self._database = database
        self._owner = owner
        self._chores = list(chores)
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self.observer = Observer()
        """Told of what was removed."""

    def add(self, chore: Chore) -> None:
        """Do this one, too, from the next round on."""
        self._chores.append(chore)

    def open(self) -> None:
        self._task = asyncio.create_task(self._forever(), name="upkeep")

    async def close(self) -> None:
        """Another process goes on at its next round, or this one right after a restart."""
        await stop(self._task)
        try:
            await self._database.write(lambda tx: give_lease_back(tx, _LEASE, self._owner))
        except Exception:  # the database is away: the lease ends by itself
            log.exception("upkeep_not_handed_on")

    async def round(self) -> None:
        """Do all that is due, unless it is another process's turn."""
        for chore in tuple(self._chores):
            if not await self._mine():
                return
            if chore.every_s and not await self._due(chore):
                continue
            try:
                await self._do(chore)
            except Exception:  # whatever it was, the next round may go well, and the others now
                log.exception("chore_failed", chore=chore.name)

    async def _forever(self) -> None:
        while True:
            try:
                await self.round()
            except Exception:  # the database is away
                log.exception("upkeep_failed")
            await asyncio.sleep(self._every_s)

    async def _do(self, chore: Chore) -> None:
        more = True
        while more and await self._mine():
            done = await chore.step()
            more = done.more
            if done.count:
                self.observer.removed(chore.name, done.count, done.byte_size)

    async def _mine(self) -> bool:
        # beyond the next round, so that the same process goes on then
        return await self._take(_LEASE, self._owner, 2 * self._every_s)

    async def _due(self, chore: Chore) -> bool:
        """Once in its time, in whatever process: nobody owns the lease, so nobody renews it."""
        return await self._take(f"{_LEASE}:{chore.name}", f"{now_ms()}", chore.every_s)

    async def _take(self, name: str, owner: str, for_s: float) -> bool:
        now = now_ms()
        until = now + int(for_s * 1000)
        return await self._database.write(lambda tx: take_lease(tx, name, owner, until, now))


async def cleared(chore: Chore) -> Heap:
    """Do a chore to its end; all that was removed."""
    count = byte_size = 0
    more = True
    while more:
        done = await chore.step()
        count, byte_size, more = count + done.count, byte_size + done.byte_size, done.more
    return Heap(count, byte_size)
