"""The image doors: one for every route of every dialect, answering at once or as a stream."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from darkroom.core.dialect import Dialect, ImageRoute, WireBody
from darkroom.core.errors import DarkroomError, Internal, JobCanceled
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.jobs import Submission
from darkroom.server.answers import AnswerResponse, encoded, event_stream
from darkroom.server.body import read_body
from darkroom.server.door import Door, Handler
from darkroom.server.keys import IMAGES

# A stream's headers wait for its first event, so that an early failure has its own status; but
# not longer than a proxy waits for headers.
_HEADERS_WAIT_S = 15.0
_PING_S = 15.0
_PING = b": keep-alive\n\n"


def image_handler(door: Door, dialect: Dialect, route: ImageRoute) -> Handler:
    """The handler of one route of one dialect."""
    services = door.services

    async def handle(request: Request) -> Response:
        principal = await door.principal(request)
        principal.require(IMAGES)
        origin = door.origin(request)
        body = await read_body(request, services.spool)
        try:
            draft = dialect.parse(route.operation, body)
            job = await services.jobs.submit(
                Submission(
                    draft=draft,
                    account_id=principal.account_id,
                    key_id=principal.key_id,
                    dialect=dialect.name,
                    idempotency_key=request.headers.get("idempotency-key"),
                )
            )
        finally:
            _discard(body)
        if draft.stream:
            return await _Stream(door, dialect, job).response()
        job = await services.jobs.wait(job)
        if job.state is not JobState.SUCCEEDED:
            return _failure(door, dialect, job)
        answer = dialect.render(job, draft, lambda asset: services.links.url(origin, asset))
        return AnswerResponse(answer, services.blobs, job_headers(job))

    return door.guarded(handle, dialect)


def job_headers(job: Job) -> dict[str, str]:
    """What every answer says about the job behind it."""
    headers = {"x-darkroom-job": job.id, "x-darkroom-dialect": job.dialect}
    if job.model:
        headers["x-darkroom-model"] = job.model
    if job.deployment:
        headers["x-darkroom-deployment"] = job.deployment
    if job.attempts and job.attempts[-1].provider == "sandbox":
        headers["x-darkroom-sandbox"] = "drawn by the built-in sandbox, not by an AI model"
    if job.warnings:
        text = "; ".join(f"{warning.code}: {warning.message}" for warning in job.warnings)
        headers["x-darkroom-warnings"] = text.encode("ascii", "replace").decode()[:2_000]
    if job.replayed:
        headers["idempotent-replayed"] = "true"
    return headers


def error_of(job: Job) -> DarkroomError:
    """Why a job that has ended did not succeed."""
    if job.error is not None:
        return DarkroomError.revive(job.error)
    if job.state is JobState.CANCELED:
        return JobCanceled("The job was canceled.")
    return Internal("The job ended without a result.")


def _failure(door: Door, dialect: Dialect, job: Job) -> Response:
    answer = dialect.render_error(error_of(job))
    return AnswerResponse(answer, door.services.blobs, job_headers(job))


def _discard(body: WireBody) -> None:
    """Remove uploads that no job took over."""
    for _, upload in body.uploads:
        upload.image.path.unlink(missing_ok=True)


class _Stream:
    """One caller's view of a running job as server-sent events."""

    def __init__(self, door: Door, dialect: Dialect, job: Job) -> None:
        self._door = door
        self._dialect = dialect
        self._job = job
        self._seen: set[str] = set()
        self._jobs = door.services.jobs.watch(job)
        self._waiting: asyncio.Task[Job | None] | None = None

    async def response(self) -> Response:
        """A plain error when the job fails before its first event; else the stream."""
        job = await self._first_news()
        if job is not None and job.state.final and job.state is not JobState.SUCCEEDED:
            return _failure(self._door, self._dialect, job)
        return event_stream(self._events(job), job_headers(job or self._job))

    async def _first_news(self) -> Job | None:
        """The job when there is something to tell; None when that takes long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _HEADERS_WAIT_S
        while (left := deadline - loop.time()) > 0:
            job = await self._next(left)
            if job is None or job.state.final or self._unseen(job):
                return job
        return None

    async def _events(self, job: Job | None) -> AsyncIterator[bytes]:
        blobs = self._door.services.blobs
        while True:
            if job is None:
                yield _PING
            else:
                for asset in self._unseen(job):
                    self._seen.add(asset.id)
                    async for data in encoded(blobs, self._dialect.render_partial(job, asset)):
                        yield data
                if job.state.final:
                    break
            job = await self._next(_PING_S)
        if job.state is not JobState.SUCCEEDED:
            for piece in self._dialect.render_stream_error(error_of(job)):
                assert isinstance(piece, bytes)
                yield piece
            return
        for asset in job.results:
            pieces = self._dialect.render_completed(job, asset, last=asset is job.results[-1])
            async for data in encoded(blobs, pieces):
                yield data

    def _unseen(self, job: Job) -> list[Asset]:
        return [a for a in job.assets_of(AssetKind.PARTIAL) if a.id not in self._seen]

    async def _next(self, timeout_s: float) -> Job | None:
        """The job after its next change; None when nothing changed for a while."""
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(anext(self._jobs, None))
        done, _ = await asyncio.wait((self._waiting,), timeout=timeout_s)
        if not done:
            return None
        self._waiting = None
        return done.pop().result()
