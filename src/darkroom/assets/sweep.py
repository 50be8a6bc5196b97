"""Removes bytes that nothing names any more: some time later, so that nobody loses what he stores.

An image's bytes are stored before the row that names them is written. Whoever stores bytes that
are just being given up would lose them, if they were removed at once.
"""

import asyncio
import contextlib

import structlog

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.core.ids import now_ms
from darkroom.db import Database

log = structlog.get_logger(__name__)

_LATER_MS = 3_600_000
"""Longer than any request takes between storing bytes and naming them."""
_EVERY_S = 300.0
_AT_ONCE_MAX = 200


class Sweep:
    """Looks every few minutes, in every process: what one removes, another does not find."""

    def __init__(self, database: Database, blobs: Blobs, later_ms: int = _LATER_MS) -> None:
        self._database = database
        self._blobs = blobs
        self._later_ms = later_ms
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._task = asyncio.create_task(self._forever(), name="sweep")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forever(self) -> None:
        while True:
            try:
                while await self.once() == _AT_ONCE_MAX:
                    pass
            except Exception:  # whatever it was, the next look may go well
                log.exception("sweep_failed")
            await asyncio.sleep(_EVERY_S)

    async def once(self) -> int:
        """Remove what is due; how much was looked at."""
        until = now_ms() - self._later_ms
        due = await self._database.read(lambda tx: records.unwanted(tx, until, _AT_ONCE_MAX))
        for sha256 in due:
            await self._one(sha256, until)
        return len(due)

    async def _one(self, sha256: str, until_ms: int) -> None:
        stored_at = await self._blobs.stored_at(sha256)
        if stored_at is not None and stored_at > until_ms:
            # Stored anew since then: the row that names it may be about to be written.
            await self._database.write(lambda tx: records.postpone(tx, sha256, stored_at))
            return
        if await self._database.write(lambda tx: records.settle_unwanted(tx, sha256)):
            await self._blobs.delete(sha256)
