"""A database that tells how long its transactions take."""

import time
from typing import TypeVar

from darkroom.core.errors import DarkroomError
from darkroom.core.observer import Observer
from darkroom.db.database import Database, Work

T = TypeVar("T")


class TimedDatabase:
    """Passes everything on to ``database``; see :class:`~darkroom.db.Database`."""

    def __init__(self, database: Database, observer: Observer) -> None:
        self._database = database
        self._observer = observer
        self.changes = database.changes

    async def write(self, work: Work[T]) -> T:
        return await self._timed("write", work)

    async def read(self, work: Work[T]) -> T:
        return await self._timed("read", work)

    async def ping(self) -> None:
        await self._database.ping()

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def _timed(self, kind: str, work: Work[T]) -> T:
        run = self._database.write if kind == "write" else self._database.read
        began, failed = time.perf_counter(), False
        try:
            return await run(work)
        except DarkroomError:  # the work refused; the database did well
            raise
        except Exception:
            failed = True
            raise
        finally:
            self._observer.transacted(kind, time.perf_counter() - began, failed=failed)
