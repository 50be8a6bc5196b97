"""The shape of a chore: something grows, and what of it is no longer needed is removed in steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from darkroom.core.ids import now_ms
from darkroom.db.database import Database, Tx


@dataclass(frozen=True, slots=True)
class Heap:
    """What a chore found, or removed. ``more``: another step may find some, too."""

    count: int = 0
    byte_size: int = 0
    more: bool = False


class Chore(Protocol):
    """Safe beside writers and beside itself: what one process removes, another does not find."""

    @property
    def name(self) -> str:
        """What is removed, as metrics and the command line call it."""
        ...

    @property
    def every_s(self) -> float:
        """How often it is worth doing at most; 0: at each round."""
        ...

    async def look(self) -> Heap:
        """All that is due now. Changes nothing."""
        ...

    async def step(self) -> Heap:
        """Remove some of it, in bounded time."""
        ...


class RowChore:
    """Removes rows: ``look`` and ``step`` get a transaction and the time; a step is one of them."""

    every_s = 0.0

    def __init__(
        self,
        name: str,
        database: Database,
        look: Callable[[Tx, int], Heap],
        step: Callable[[Tx, int], Heap],
    ) -> None:
        self.name = name
        self._database = database
        self._look = look
        self._step = step

    async def look(self) -> Heap:
        now = now_ms()
        return await self._database.read(lambda tx: self._look(tx, now))

    async def step(self) -> Heap:
        now = now_ms()
        return await self._database.write(lambda tx: self._step(tx, now))
