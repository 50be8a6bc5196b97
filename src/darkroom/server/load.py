"""Memory that requests share: who finds none waits for a moment, and is refused after that."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from darkroom.core.errors import Overloaded

_BUSY_S = 5.0
"""When those who are refused may ask again."""


class ByteBudget:
    """``total`` bytes, given first come, first served; who asks for more than all gets all."""

    def __init__(self, total: int, wait_s: float) -> None:
        self._total = total
        self._free = total
        self._wait_s = wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def free(self) -> int:
        return self._free

    @asynccontextmanager
    async def room(self, size: int) -> AsyncGenerator[None, None]:
        """Raises :class:`Overloaded` when ``size`` bytes are not free in time."""
        size = min(size, self._total)
        await self._take(size)
        try:
            yield
        finally:
            self._give(size)

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (size, turn)
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as error:
            if place in self._waiting:
                self._waiting.remove(place)
                self._hand_out()
            else:  # its turn came at the same moment
                self._give(size)
            if isinstance(error, TimeoutError):
                raise Overloaded(
                    "Too many large requests arrived at the same time. Try again in a moment.",
                    retry_after_s=_BUSY_S,
                ) from error
            raise

    def _give(self, size: int) -> None:
        self._free += size
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            self._free -= size
            if not turn.done():
                turn.set_result(None)
