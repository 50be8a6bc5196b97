"""An image request's answer as one JSON body: when the job has ended, or when patience has.

An answer that takes long begins with white space, which JSON allows: the headers and some bytes
are out before a proxy gives up, such as Cloudflare after 100 s
(https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/).
The price is that a failure after that point has the status 200.
"""

import math
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
from starlette.responses import Response, StreamingResponse

from darkroom.core.dialect import Answer, Dialect, LinkOf, Piece
from darkroom.core.draft import AnswerForm
from darkroom.core.errors import ModerationBlocked
from darkroom.core.job import Job, JobState
from darkroom.jobs import Follower
from darkroom.server.answers import AnswerResponse, encoded
from darkroom.server.outcomes import error_of, job_headers
from darkroom.server.prefer import Preference
from darkroom.wiring import Services

_SPACE = b" "


@dataclass(frozen=True, slots=True)
class Call:
    """An accepted request: its job, and how its caller wants to be told of it."""

    dialect: Dialect
    form: AnswerForm
    prefer: Preference
    follower: Follower
    link_of: LinkOf


class Waiting:
    """Closes the call's follower when the answer is out."""

    def __init__(self, services: Services, call: Call) -> None:
        patience_s = call.prefer.patience_s(task=call.form.task)
        settings = services.settings
        self._blobs = services.blobs
        self._call = call
        self._at_once = patience_s == 0
        self._deadline = math.inf if patience_s is None else time.monotonic() + patience_s
        self._silence_s = settings.keepalive_after_s or math.inf
        self._every_s = settings.keepalive_every_s

    async def response(self) -> Response:
        follower = self._call.follower
        try:
            job = await follower.end(min(self._silence_s, self._left_s()))
            if self._left_s() > 0 and (why := follower.interruption) is not None:
                raise why
        except BaseException:
            follower.close()
            raise
        if not job.state.final and self._left_s() > 0:
            return self._begun(job)
        follower.close()
        return AnswerResponse(self._answer(job), self._blobs, self._headers(job))

    def _begun(self, job: Job) -> Response:
        headers = {"x-accel-buffering": "no", **self._headers(job)}
        return StreamingResponse(self._late(), media_type="application/json", headers=headers)

    async def _late(self) -> AsyncIterator[bytes]:
        """White space until the body is there."""
        with self._call.follower as follower:
            while self._goes_on(follower) and (left_s := self._left_s()) > 0:
                yield _SPACE
                await follower.end(min(self._every_s, left_s))
            async for data in encoded(self._blobs, _body(self._answer(follower.job, late=True))):
                yield data

    def _answer(self, job: Job, *, late: bool = False) -> Answer:
        dialect, form, link_of = self._call.dialect, self._call.form, self._call.link_of
        if late and self._left_s() > 0 and (why := self._call.follower.interruption) is not None:
            return dialect.render_error(why)
        if self._at_once or not job.state.final:
            return dialect.render_accepted(job, link_of)
        if job.state is JobState.SUCCEEDED:
            return dialect.render(job, form, link_of)
        # who polls tasks reads a failure from the task
        if form.task or (form.inside and (late or _refused(job))):
            return dialect.render_job(job, link_of)
        return dialect.render_error(error_of(job))

    def _goes_on(self, follower: Follower) -> bool:
        return not follower.job.state.final and follower.interruption is None

    def _headers(self, job: Job) -> dict[str, str]:
        # A job that an idempotency key brought back may have been accepted in another dialect.
        headers = job_headers(job) | {"x-darkroom-dialect": self._call.dialect.name}
        applied = self._call.prefer.applied
        return headers | ({"preference-applied": applied} if applied else {})

    def _left_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())


def _refused(job: Job) -> bool:
    return job.error is not None and job.error.code == ModerationBlocked.code


def _body(answer: Answer) -> Sequence[Piece]:
    """An answer whose status cannot be told any more: an error says then that it has no images."""
    if answer.status < 400:
        return answer.pieces
    whole = b"".join(piece for piece in answer.pieces if isinstance(piece, bytes))
    return [msgspec.json.encode({**msgspec.json.decode(whole), "data": []})]
