"""An image request's answer as server-sent events: previews, then the images."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from starlette.responses import Response

from darkroom.core.dialect import Dialect, Piece
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.jobs import Follower
from darkroom.server.answers import encoded, event_stream
from darkroom.server.door import Door
from darkroom.server.outcomes import error_of, failure, job_headers

# A stream's headers wait for its first event, so that an early failure has its own status; but
# not longer than a proxy waits for headers.
_HEADERS_WAIT_S = 15.0
PING = b": keep-alive\n\n"


class Stream:
    """One caller's view of a running job as server-sent events."""

    def __init__(self, door: Door, dialect: Dialect, follower: Follower) -> None:
        self._door = door
        self._dialect = dialect
        self._follower = follower
        self._ping_s = door.services.settings.keepalive_every_s
        self._seen: set[str] = set()

    async def response(self) -> Response:
        """A plain error when the job fails before its first event; else the stream."""
        try:
            await self._first_news()
        except BaseException:
            self._follower.close()
            raise
        job = self._follower.job
        if job.state.final and job.state is not JobState.SUCCEEDED:
            self._follower.close()
            return failure(self._door, self._dialect, job)
        return event_stream(self._events(), job_headers(job))

    async def _first_news(self) -> None:
        """Wait until there is something to tell, but not long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEADERS_WAIT_S):
                while not self._follower.job.state.final and not self._unseen():
                    if (why := self._follower.interruption) is not None:
                        raise why
                    await self._follower.next()

    async def _events(self) -> AsyncIterator[bytes]:
        with self._follower as follower:
            while True:
                for asset in self._unseen():
                    self._seen.add(asset.id)
                    pieces = self._dialect.render_partial(follower.job, asset)
                    async for data in self._encoded(pieces):
                        yield data
                if follower.job.state.final or follower.interruption is not None:
                    break
                if await follower.next(self._ping_s) is None:
                    yield PING
            async for data in self._encoded(self._last_events(follower.job)):
                yield data

    def _last_events(self, job: Job) -> list[Piece]:
        if (why := self._follower.interruption) is not None:
            return list(self._dialect.render_stream_error(why))
        if job.state is not JobState.SUCCEEDED:
            return list(self._dialect.render_stream_error(error_of(job)))
        return [
            piece
            for asset in job.results
            for piece in self._dialect.render_completed(job, asset, last=asset is job.results[-1])
        ]

    def _encoded(self, pieces: Iterable[Piece]) -> AsyncIterator[bytes]:
        return encoded(self._door.services.blobs, pieces)

    def _unseen(self) -> list[Asset]:
        partials = self._follower.job.assets_of(AssetKind.PARTIAL)
        return [asset for asset in partials if asset.id not in self._seen]
