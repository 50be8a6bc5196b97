"""The image doors: one for every route of every dialect, answering at once or as a stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from starlette.requests import Request
from starlette.responses import Response

from darkroom.core.dialect import Dialect, ImageRoute, Piece
from darkroom.core.draft import AnswerForm
from darkroom.core.errors import DarkroomError, Internal, JobCanceled
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.core.money import dollars
from darkroom.jobs import Follower, Submission
from darkroom.server.answers import AnswerResponse, encoded, event_stream
from darkroom.server.body import discard, read_body
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

    async def accept(request: Request) -> tuple[Follower, AnswerForm]:
        """The accepted job. On return nothing holds the request's body any more."""
        principal = await door.principal(request)
        principal.require(IMAGES)
        body = await read_body(request, services.spool, door.patience)
        try:
            draft = dialect.parse(route.operation, body)
            submission = Submission(
                draft=draft,
                account_id=principal.account_id,
                key_id=principal.key_id,
                dialect=dialect.name,
                idempotency_key=request.headers.get("idempotency-key"),
                prices=principal.prices,
            )
            return await services.jobs.submit(submission), draft.form
        finally:
            discard(body.uploads)

    async def handle(request: Request) -> Response:
        origin = door.origin(request)
        follower, form = await accept(request)
        if form.stream:
            return await _Stream(door, dialect, follower).response()
        with follower:
            job = await follower.end()
        if job.state is not JobState.SUCCEEDED:
            return _failure(door, dialect, job)
        answer = dialect.render(job, form, lambda asset: services.links.url(origin, asset))
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
    if job.charge is not None:
        headers["x-darkroom-charge-nanos"] = str(job.charge.nanos)
        headers["x-darkroom-charge-usd"] = dollars(job.charge.nanos)
    if job.warnings:
        text = "; ".join(f"{warning.code}: {warning.message}" for warning in job.warnings)
        one_line = " ".join(text.split())  # it may quote the caller, and ends at no line break
        headers["x-darkroom-warnings"] = one_line.encode("ascii", "replace").decode()[:2_000]
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


class _Stream:
    """One caller's view of a running job as server-sent events."""

    def __init__(self, door: Door, dialect: Dialect, follower: Follower) -> None:
        self._door = door
        self._dialect = dialect
        self._follower = follower
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
            return _failure(self._door, self._dialect, job)
        return event_stream(self._events(), job_headers(job))

    async def _first_news(self) -> None:
        """Wait until there is something to tell, but not long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEADERS_WAIT_S):
                while not self._follower.job.state.final and not self._unseen():
                    await self._follower.next()

    async def _events(self) -> AsyncIterator[bytes]:
        with self._follower as follower:
            while True:
                for asset in self._unseen():
                    self._seen.add(asset.id)
                    pieces = self._dialect.render_partial(follower.job, asset)
                    async for data in self._encoded(pieces):
                        yield data
                if follower.job.state.final:
                    break
                if await follower.next(_PING_S) is None:
                    yield _PING
            async for data in self._encoded(self._last_events(follower.job)):
                yield data

    def _last_events(self, job: Job) -> list[Piece]:
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
