"""``/v1/jobs/{job_id}/events``: what happens to a job, as server-sent events that can be resumed.

Every event follows from the job's record and the clock, and its id says what was told up to it:
nothing is kept for a stream. So whoever comes back with ``Last-Event-ID`` misses nothing and hears
nothing twice, also after the server has started anew.
"""

import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.dialect import Base64Of, Piece
from darkroom.core.errors import InvalidRequest
from darkroom.core.ids import now_ms
from darkroom.core.job import Asset, AssetKind, Job
from darkroom.core.progress import estimated_s
from darkroom.core.times import shown_time
from darkroom.jobs import Follower
from darkroom.server.answers import encoded, event_stream
from darkroom.server.door import Door, path_id
from darkroom.server.native import shown_asset, shown_charge, shown_error
from darkroom.server.outcomes import job_headers
from darkroom.server.streams import PING

_RETRY = b"retry: 2000\n\n"
_MILESTONES = range(10, 100, 10)
"""Per cent of the usual time of such a job; previews measure better once they are there."""
_PROGRESS_MAX = 95
_IMAGES = ("link", "base64")
_CURSOR = re.compile(r"([0-4])\.([0-9]{1,4})\.([0-9]{1,3})", re.ASCII)
_QUEUED, _RUNNING, _ENDED, _SETTLED = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Cursor:
    """What was told already; each number only grows. Written, it is an event's id."""

    step: int = 0
    partials: int = 0
    progress: int = 0

    def __str__(self) -> str:
        return f"{self.step}.{self.partials}.{self.progress}"

    @staticmethod
    def parse(text: str) -> "Cursor":
        """Raises :class:`InvalidRequest`."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise InvalidRequest("That is no event id of this stream.", param="last_event_id")
        return Cursor(*map(int, match.groups()))


@dataclass(frozen=True, slots=True)
class Event:
    """``image`` is the preview that a ``partial_image`` shows."""

    name: str
    cursor: Cursor
    data: dict[str, Any]
    image: Asset | None = None


def routes(door: Door) -> list[Route]:
    view = EventsView(door)
    return [Route("/v1/jobs/{job_id}/events", door.guarded(view.get), methods=["GET"])]


class EventsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services

    async def get(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        origin, query = self._door.origin(request), request.query_params
        images = query.get("images", "link")
        if images not in _IMAGES:
            raise InvalidRequest(f"'images' is {' or '.join(_IMAGES)}.", param="images")
        last = request.headers.get("last-event-id") or query.get("last_event_id")
        seen = Cursor.parse(last) if last else Cursor()
        job_id = path_id(request, "job_id")
        job = await self._services.jobs.get(job_id, principal.account_id)
        if seen.step == _SETTLED:  # tells an EventSource to stay away
            return Response(status_code=204)
        told = Told(self._door, origin, as_base64=images == "base64")
        return event_stream(told.events(job, seen), job_headers(job))


class Told:
    """One caller's stream of one job's events."""

    def __init__(self, door: Door, origin: str, *, as_base64: bool) -> None:
        """``origin``: links are made on it."""
        self._services = door.services
        self._origin = origin
        self._as_base64 = as_base64
        self._ping_s = door.services.settings.keepalive_every_s

    async def events(self, job: Job, seen: Cursor) -> AsyncIterator[bytes]:
        yield _RETRY
        with self._services.jobs.follow(job) as follower:
            spoke_at = time.monotonic()
            while True:
                for event in news(follower.job, now_ms(), seen):
                    async for data in encoded(self._services.blobs, self._written(event, job)):
                        yield data
                    seen, spoke_at = event.cursor, time.monotonic()
                if follower.job.state.final or follower.interruption is not None:
                    return  # who was cut off comes back with the last id
                await self._rest(follower)
                if time.monotonic() - spoke_at >= self._ping_s:
                    yield PING
                    spoke_at = time.monotonic()

    async def _rest(self, follower: Follower) -> None:
        """Until the job changes, the clock has news, or it is time for a sign of life."""
        milestone = next_milestone_ms(follower.job, now_ms())
        left_s = self._ping_s if milestone is None else (milestone - now_ms()) / 1000
        await follower.next(max(0.001, min(self._ping_s, left_s)))

    def _written(self, event: Event, job: Job) -> Sequence[Piece]:
        data = {"job": job.id, **event.data}
        if event.name == "settled":
            data["images"] = [self._shown(asset) for asset in event.data["images"]]
        if event.image is not None and not self._as_base64:
            data |= self._shown(event.image)
        head = f"id: {event.cursor}\nevent: {event.name}\ndata: ".encode()
        text = msgspec.json.encode(data)
        if event.image is None or not self._as_base64:
            return [head + text + b"\n\n"]
        return [head + text[:-1] + b',"b64_json":"', Base64Of(event.image), b'"}\n\n']

    def _shown(self, asset: Asset) -> dict[str, Any]:
        return shown_asset(asset, self._services.links, self._origin)


def news(job: Job, at_ms: int, seen: Cursor) -> Iterator[Event]:
    """What has happened to the job up to ``at_ms`` and was not told, in order."""
    if seen.step < _QUEUED:
        seen = replace(seen, step=_QUEUED)
        yield Event("state", seen, _state("queued", job.created_at_ms))
    if seen.step < _RUNNING and job.started_at_ms is not None:
        seen = replace(seen, step=_RUNNING)
        yield Event("state", seen, _state("running", job.started_at_ms))
    for event in _progress(job, at_ms, seen):
        seen = event.cursor
        yield event
    if not job.state.final:
        return
    if seen.step < _ENDED:
        seen = replace(seen, step=_ENDED)
        yield Event("state", seen, _state(job.state, job.finished_at_ms))
    if seen.step < _SETTLED:
        yield Event("settled", replace(seen, step=_SETTLED), _settled(job))


def next_milestone_ms(job: Job, at_ms: int) -> int | None:
    """When the clock will have news of a running job; None when only the job itself can."""
    if job.state.final or job.started_at_ms is None or job.assets_of(AssetKind.PARTIAL):
        return None
    times = (_milestone_ms(job, job.started_at_ms, percent) for percent in _MILESTONES)
    return next((time_ms for time_ms in times if time_ms > at_ms), None)


def _progress(job: Job, at_ms: int, seen: Cursor) -> Iterator[Event]:
    """Guesses by the clock until the first preview; then each preview and what it measures."""
    # A later attempt begins its previews anew, so their own numbers do not order them.
    partials = sorted(
        job.assets_of(AssetKind.PARTIAL), key=lambda asset: (asset.created_at_ms, asset.position)
    )
    until = min(at_ms, job.finished_at_ms or at_ms)
    if partials:
        until = min(until, partials[0].created_at_ms)
    for percent in _MILESTONES if job.started_at_ms is not None else ():
        reached = _milestone_ms(job, job.started_at_ms or 0, percent) <= until
        if reached and percent > seen.progress:
            seen = replace(seen, progress=percent)
            yield Event("progress", seen, {"progress": percent})
    for count, asset in enumerate(partials, start=1):
        if count > seen.partials:
            seen = replace(seen, partials=count)
            yield Event("partial_image", seen, {"index": asset.position}, asset)
        percent = min(_PROGRESS_MAX, 100 * count // (job.request.partial_images + 1))
        if percent > seen.progress:
            seen = replace(seen, progress=percent)
            yield Event("progress", seen, {"progress": percent})


def _milestone_ms(job: Job, started_at_ms: int, percent: int) -> int:
    return started_at_ms + estimated_s(job) * 10 * percent


def _state(state: str, at_ms: int | None) -> dict[str, Any]:
    return {"state": state, "at": shown_time(at_ms)}


def _settled(job: Job) -> dict[str, Any]:
    return {
        "state": job.state,
        "charge": None if job.charge is None else shown_charge(job.charge),
        "error": shown_error(job.error),
        "images": job.results,
    }
