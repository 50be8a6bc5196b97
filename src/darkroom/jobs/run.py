"""Runs one job from its claim to its end: the whole way of a request, in one file.

Each attempt is written down before the socket opens, and closed in the transaction that decides
what follows. A crash at any point leaves a record from which the next owner goes on.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from darkroom import ledger
from darkroom.assets import Ingest, Kept, Results, add_assets
from darkroom.core.errors import (
    DarkroomError,
    Internal,
    JobCanceled,
    ModelNotFound,
    OutcomeUnknown,
    RequestError,
    UpstreamTimeout,
)
from darkroom.core.ids import now_ms
from darkroom.core.job import Attempt, AttemptState, Charge, Job, JobState
from darkroom.core.ports import ImageWriter, UpstreamCall
from darkroom.core.result import ProviderResult, SpooledImage
from darkroom.db import Database, Tx, Work
from darkroom.jobs import outcome, records
from darkroom.jobs.policy import Stop, closed_state, next_step
from darkroom.routing import Candidate, Router

log = structlog.get_logger(__name__)

T = TypeVar("T")

_WRITE_PAUSES_S = (0.2, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Step:
    """An attempt that is open in the database and now has to be made."""

    job: Job
    candidate: Candidate
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause before the next attempt, which is opened only after it."""

    job_id: str
    pause_s: float


class Runner:
    """``owner`` names this process in the fence: a job taken over by another is left alone."""

    def __init__(
        self,
        database: Database,
        router: Router,
        ingest: Ingest,
        results: Results,
        owner: str,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._router = router
        self._ingest = ingest
        self._results = results
        self._owner = owner
        self._sleep = sleep
        self._running: set[str] = set()

    async def run(self, job_id: str) -> None:
        """Run the job until it has ended. Returns at once when it has ended already."""
        if job_id in self._running:  # an engine may hand a job over twice; the first run goes on
            return
        self._running.add(job_id)
        cancel = _Cancel()
        try:
            with self._database.changes.call(records.cancel_topic(job_id), cancel):
                await self._to_the_end(job_id, cancel)
        finally:
            self._running.discard(job_id)

    async def _to_the_end(self, job_id: str, cancel: "_Cancel") -> None:
        failed: Attempt | None = None
        rested = False
        while True:
            step = await self._written(
                lambda tx, failed=failed, rested=rested: self._advance(tx, job_id, failed, rested)
            )
            if step is None:
                return
            if isinstance(step, Rest):
                with contextlib.suppress(JobCanceled):  # the next step ends the job
                    await cancel.stops(self._sleep(step.pause_s))
                failed, rested = None, True
                continue
            failed, rested = await self._attempt(step, cancel), False
            if failed is None:
                return

    def _advance(
        self, tx: Tx, job_id: str, failed: Attempt | None, rested: bool
    ) -> Step | Rest | None:
        """Close what has failed and open the next attempt, or end the job: one transaction."""
        now = now_ms()
        job = records.claim(tx, job_id, self._owner, now)
        if job is None:
            return None
        attempts = self._closed_attempts(tx, job, failed)
        if job.cancel_requested:
            return self._end(tx, job, JobState.CANCELED, JobCanceled("The job was canceled."))
        try:
            candidates = quoted(self._router.candidates(job.request), job)
        except RequestError as error:  # the configuration changed since the job was accepted
            return self._end(tx, job, JobState.FAILED, error)
        decision = next_step(attempts, candidates)
        if isinstance(decision, Stop):
            return self._end(tx, job, JobState.FAILED, DarkroomError.revive(decision.error))
        if decision.pause_s and not rested:
            return Rest(job.id, decision.pause_s)
        candidate = decision.candidate
        attempt = Attempt(
            number=len(attempts) + 1,
            deployment=candidate.route.deployment.id,
            provider=candidate.route.provider.name,
            model=candidate.model.id,
            state=AttemptState.OPEN,
            started_at_ms=now,
        )
        records.open_attempt(tx, job.id, attempt)
        return Step(job, candidate, attempt)

    def _closed_attempts(self, tx: Tx, job: Job, failed: Attempt | None) -> list[Attempt]:
        """The job's attempts, none of them open any more."""
        attempts = list(job.attempts)
        if not attempts or attempts[-1].state is not AttemptState.OPEN:
            return attempts
        if failed is not None:
            last = failed
        else:  # we were restarted, or took the job over: nobody knows how this one went
            error = OutcomeUnknown(
                f"The server stopped while {attempts[-1].deployment} worked. The image may exist"
                " there and may have been billed, so it was not requested again."
                " Send the request again to buy a new one."
            )
            last = replace(
                attempts[-1],
                state=AttemptState.SENT_UNKNOWN,
                finished_at_ms=now_ms(),
                error=error.record(),
            )
        records.close_attempt(tx, job.id, last)
        return [*attempts[:-1], last]

    def _end(self, tx: Tx, job: Job, state: JobState, error: DarkroomError) -> None:
        ended = replace(job, state=state, finished_at_ms=now_ms(), error=error.record())
        if records.finish(tx, ended, self._owner):
            ledger.release(tx, job.id, error.code, now_ms())

    async def _attempt(self, step: Step, cancel: "_Cancel") -> Attempt | None:
        """Make the attempt. None when the job has ended; else the attempt as it failed."""
        try:
            result = await cancel.stops(self._call(step))
            kept = await self._results.keep(result.images, outcome.wanted_size(step.candidate))
        except DarkroomError as raised:
            error: DarkroomError = raised
        except Exception as raised:
            log.exception("attempt_crashed", job=step.job.id, attempt=step.attempt.number)
            error = Internal(
                f"The attempt failed with an internal error ({type(raised).__name__})."
            )
        else:
            return await self._succeed(step, result, kept)
        state = AttemptState.CANCELED if isinstance(error, JobCanceled) else closed_state(error)
        return replace(step.attempt, state=state, finished_at_ms=now_ms(), error=error.record())

    async def _call(self, step: Step) -> ProviderResult:
        job, candidate = step.job, step.candidate
        deployment = candidate.route.deployment
        request = candidate.plan.request
        images = request.inputs if request.mask is None else (*request.inputs, request.mask)
        count = len(request.inputs)
        try:
            async with (
                self._ingest.open_files(images) as files,
                asyncio.timeout(deployment.timeout_s),
            ):
                call = UpstreamCall(
                    job_id=job.id,
                    attempt=step.attempt.number,
                    request=request,
                    model=candidate.model,
                    upstream_model=candidate.upstream_model,
                    timeout_s=deployment.timeout_s,
                    inputs=files[:count],
                    mask=files[count] if request.mask else None,
                )
                return await candidate.route.provider.run(call, _Sink(self, job))
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"{deployment.id} did not answer within {deployment.timeout_s:.0f} s."
            ) from error

    async def _succeed(self, step: Step, result: ProviderResult, kept: Kept) -> None:
        job = step.job
        attempt = outcome.closed(step.attempt, result, now_ms())
        ended = outcome.succeeded(job, step.candidate, attempt, result, kept)

        def work(tx: Tx) -> None:
            if records.finish(tx, ended, self._owner):
                records.close_attempt(tx, job.id, attempt)
                _charge(tx, ended, attempt)
                add_assets(tx, job.account_id, job.id, kept.assets)

        await self._written(work)

    async def _written(self, work: Work[T]) -> T:
        """Write what is known of a job. A database that fails for a while must not cost a paid
        result: the write is tried again, and the fence makes repeating it harmless."""
        for pause_s in _WRITE_PAUSES_S:
            try:
                return await self._database.write(work)
            except DarkroomError:
                raise
            except Exception:
                log.exception("job_write_failed")
                await self._sleep(pause_s)
        return await self._database.write(work)

    async def partial(self, job: Job, index: int, image: SpooledImage) -> None:
        """Store a preview and tell the watchers."""
        asset = await self._results.keep_partial(image, index)

        def work(tx: Tx) -> None:
            add_assets(tx, job.account_id, job.id, [asset])
            tx.notify(records.topic(job.id))

        await self._database.write(work)

    def writer(self) -> ImageWriter:
        return self._results.writer()


class _Sink:
    """Where one attempt's images go; see :class:`~darkroom.core.ports.ImageSink`."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self._runner = runner
        self._job = job

    def writer(self) -> ImageWriter:
        return self._runner.writer()

    async def partial(self, index: int, image: SpooledImage) -> None:
        await self._runner.partial(self._job, index, image)


class _Cancel:
    """A job's cancel request: noted whenever it comes, and ends the work that it may stop."""

    def __init__(self) -> None:
        self._asked = False
        self._task: asyncio.Task[Any] | None = None

    def __call__(self) -> None:
        if self._asked:  # asked twice is stopped once: a second cancellation would be the server's
            return
        self._asked = True
        if self._task is not None:
            self._task.cancel()

    async def stops(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``. Raises :class:`JobCanceled` when the request stopped it;
        the server's own stop goes through as the cancellation that it is."""
        task = self._task = asyncio.current_task()
        try:
            if self._asked:
                work.close()
                raise JobCanceled("The job was canceled.")
            return await work
        except asyncio.CancelledError:
            if not self._asked or task is None or task.uncancel():
                raise
            raise JobCanceled("The job was canceled.") from None
        finally:
            self._task = None


def _charge(tx: Tx, job: Job, attempt: Attempt) -> None:
    """Book the charge; the job keeps what was really captured."""
    if job.charge is None:
        return
    captured = ledger.capture(tx, outcome.capture(job, attempt, job.charge))
    if captured != job.charge.nanos:
        money = ledger.job_money(tx, job.id)
        lines = job.charge.lines if money is None else money.lines
        records.set_charge(tx, job.id, Charge(captured, lines))


def quoted(candidates: list[Candidate], job: Job) -> list[Candidate]:
    """Those whose price the job was quoted. Raises :class:`ModelNotFound` when none is left."""
    if job.quote is None:
        return candidates
    snapshots = job.quote.snapshots
    found = [one for one in candidates if one.route.deployment.id in snapshots]
    if not found:
        raise ModelNotFound(
            "The deployments that this job was quoted for do not serve it any more.", param="model"
        )
    return found
