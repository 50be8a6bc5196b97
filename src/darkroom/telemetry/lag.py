"""Measures how late the event loop calls back: what everybody in this process waits for."""

import asyncio
from collections.abc import Callable

from darkroom.core.tasks import stop

_EVERY_S = 0.5


class LoopLag:
    """Runs from :meth:`open` to :meth:`close`, and gives each measurement, in seconds, away."""

    def __init__(self, measured: Callable[[float], None], every_s: float = _EVERY_S) -> None:
        self._measured = measured
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._task = asyncio.create_task(self._measure(), name="event-loop-lag")

    async def close(self) -> None:
        await stop(self._task)

    async def _measure(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + self._every_s
            await asyncio.sleep(self._every_s)
            self._measured(max(0.0, clock() - due))
