"""Removes bytes that nothing names any more: some time later, so that nobody loses what he stores.

An image's bytes are stored before the row that names them is written. Whoever stores bytes that
are just being given up would lose them, if they were removed at once.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from darkroom.assets import records
from darkroom.assets.blobs import Blobs, Stored
from darkroom.assets.ownership import Ownership
from darkroom.assets.spool import dead_spools
from darkroom.core.ids import now_ms
from darkroom.db import Chore, Database, Heap, RowChore, Tx

_LATER_MS = 3_600_000
"""Longer than any request takes between storing bytes and naming them."""
_AT_ONCE_MAX = 200
_DAY_S = 86_400.0


class UnwantedBlobs:
    """Bytes whose last row was deleted, an hour later."""

    name = "blobs"
    every_s = 0.0

    def __init__(self, database: Database, blobs: Blobs, later_ms: int = _LATER_MS) -> None:
        self._database = database
        self._blobs = blobs
        self._later_ms = later_ms
        self._ownership = Ownership(database, blobs)

    async def look(self) -> Heap:
        """How many are due; their bytes are not asked for."""
        until = now_ms() - self._later_ms
        count = await self._database.read(lambda tx: records.count_unwanted(tx, until))
        return Heap(count) if count and not await self._ownership.trouble() else Heap()

    async def step(self) -> Heap:
        until = now_ms() - self._later_ms
        due = await self._database.read(lambda tx: records.unwanted(tx, until, _AT_ONCE_MAX))
        if due and not await self._ownership.confirmed():
            return Heap()
        sizes = [await self._one(sha256, until) for sha256 in due]
        gone = [size for size in sizes if size is not None]
        return Heap(len(gone), sum(gone), more=len(due) == _AT_ONCE_MAX)

    async def _one(self, sha256: str, until_ms: int) -> int | None:
        """Its size when it was removed."""
        found = await self._blobs.stored(sha256)
        if found is not None and found.at_ms > until_ms:
            # Stored anew since then: the row that names it may be about to be written.
            at_ms = found.at_ms
            await self._database.write(lambda tx: records.postpone(tx, sha256, at_ms))
            return None
        if not await self._database.write(lambda tx: records.settle_unwanted(tx, sha256)):
            return None
        # What was stored anew at this very moment stays; if nobody names it, it is a stray.
        gone = await self._blobs.delete(sha256, until_ms)
        return found.byte_size if gone and found is not None else None


class Strays:
    """Bytes that no row ever named: of requests that were refused, of processes that died.

    What is stored is listed once a day. What is found counts as given up from then on, so that it
    goes another hour later, unless somebody names it or stores it anew.
    """

    name = "strays"
    every_s = _DAY_S

    def __init__(self, database: Database, blobs: Blobs, later_ms: int = _LATER_MS) -> None:
        self._database = database
        self._blobs = blobs
        self._later_ms = later_ms
        self._ownership = Ownership(database, blobs)
        self._pages: AsyncIterator[list[Stored]] | None = None

    async def look(self) -> Heap:
        count, byte_size = 0, 0
        if await self._ownership.trouble():
            return Heap()
        async for page in self._blobs.listed():
            old = self._old(page)
            found = await self._database.read(lambda tx, of=list(old): records.strays(tx, of))
            count += len(found)
            byte_size += sum(old[sha256] for sha256 in found)
        return Heap(count, byte_size)

    async def step(self) -> Heap:
        """A page of the listing, from where the last step ended."""
        pages, self._pages = self._pages, None  # anew after a failure
        if pages is None:
            if not await self._ownership.confirmed():
                return Heap()
            pages = self._blobs.listed(mend=True)
        page = await anext(pages, None)
        if page is None:
            return Heap()
        old = self._old(page)
        found = await self._database.read(lambda tx: records.strays(tx, old))
        if found:  # most pages have none, and cost no write
            now = now_ms()
            found = await self._database.write(lambda tx: records.give_up(tx, old, now))
        self._pages = pages
        return Heap(len(found), sum(old[sha256] for sha256 in found), more=True)

    def _old(self, page: list[Stored]) -> dict[str, int]:
        """The sizes of those that were not stored just now, by their hashes."""
        until = now_ms() - self._later_ms
        return {one.sha256: one.byte_size for one in page if one.at_ms <= until}


class DeadSpools:
    """What processes of this machine left behind that were killed."""

    name = "spools"
    every_s = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def look(self) -> Heap:
        return await asyncio.to_thread(_measured, dead_spools(self._folder))

    async def step(self) -> Heap:
        return await asyncio.to_thread(_removed, dead_spools(self._folder))


def expired_chore(database: Database, spare_ms: int) -> Chore:
    """Partial images and uploaded files that have ended, ``spare_ms`` later: so long a job may run
    that was accepted with one."""

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(*records.expired(tx, now_ms - spare_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        done = records.remove_expired(tx, now_ms - spare_ms, now_ms, _AT_ONCE_MAX)
        return Heap(*done, more=done[0] == _AT_ONCE_MAX)

    return RowChore("expired", database, look, step)


def _measured(folders: Iterable[Path]) -> Heap:
    sizes: list[int] = []
    for folder in folders:
        with suppress(FileNotFoundError):  # a process that starts here removes them as well
            sizes += [path.stat().st_size for path in folder.iterdir()]
    return Heap(len(sizes), sum(sizes))


def _removed(folders: Sequence[Path]) -> Heap:
    found = _measured(folders)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return found
