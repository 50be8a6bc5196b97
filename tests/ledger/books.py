"""A database driven from plain code, and transactions that break off in the middle."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from darkroom.core.price import Line
from darkroom.db import Database, Tx, open_database

T = TypeVar("T")
Work = Callable[[Tx], T]

DAY_MS = 86_400_000
NOON = 20_777 * DAY_MS + DAY_MS // 2
"""2026-11-20 12:00 UTC."""


class Crash(Exception):
    """The process died here."""


class DyingTx(Tx):
    """Breaks off before its ``statements`` + 1st statement, or at the end if there are fewer."""

    __slots__ = ("_left",)

    def __init__(self, tx: Tx, statements: int) -> None:
        super().__init__(tx._connection)
        self._left = statements

    def execute(self, *arguments: Any, **named: Any) -> Any:
        if not self._left:
            raise Crash
        self._left -= 1
        return super().execute(*arguments, **named)


def dying(work: Work[T], statements: int) -> Work[T]:
    """The work in a process that dies before it commits."""

    def run(tx: Tx) -> T:
        work(DyingTx(tx, statements))
        raise Crash

    return run


class Book:
    """One open database and the loop that it lives on."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self._database = database

    def write(self, work: Work[T]) -> T:
        return self._runner.run(self._database.write(work))

    def read(self, work: Work[T]) -> T:
        return self._runner.run(self._database.read(work))

    def write_together(self, works: list[Work[Any]]) -> list[Any]:
        """All at once; an exception stands where its work's result would."""

        async def together() -> list[Any]:
            writes = (self._database.write(work) for work in works)
            return await asyncio.gather(*writes, return_exceptions=True)

        return self._runner.run(together())


@contextmanager
def opened(url: str) -> Iterator[Book]:
    with asyncio.Runner() as runner:
        database = runner.run(open_database(url))
        try:
            yield Book(runner, database)
        finally:
            runner.run(database.close())


def lines(*amounts: int) -> tuple[Line, ...]:
    return tuple(Line("image", 1, amount, amount) for amount in amounts)
