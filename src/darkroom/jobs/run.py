"""Runs one job from its claim to its end: the whole way of a request, in one file.

Each attempt is written down before the socket opens, and closed in the transaction that decides
what follows. A crash at any point leaves a record from which the next owner goes on.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from darkroom import ledger, webhooks
from darkroom.assets import Ingest, Kept, Results, add_assets
from darkroom.core.errors import (
    DarkroomError,
    Internal,
    JobCanceled,
    OutcomeUnknown,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ids import now_ms
from darkroom.core.job import Attempt, AttemptState, Charge, Job, JobState
from darkroom.core.note import Said, noted, read_note
from darkroom.core.observer import AttemptCall, Observer
from darkroom.core.ports import EconomyProvider, ImageWriter, NotYet, Responder, UpstreamCall
from darkroom.core.result import ProviderResult, SpooledImage
from darkroom.db import Database, Tx, Work
from darkroom.jobs import outcome, records
from darkroom.jobs.dispatch import Choice, Dispatch, Moment, Pause, Turn
from darkroom.jobs.policy import Stop, closed_state, resend_safe
from darkroom.jobs.telling import Telling
from darkroom.routing import Candidate, Circuit, Route

log = structlog.get_logger(__name__)

T = TypeVar("T")

_WRITE_PAUSES_S = (0.2, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Step:
    """An attempt that is open in the database and now has to be made."""

    job: Job
    candidate: Candidate
    attempt: Attempt
    probe: Circuit | None = None

    @property
    def call(self) -> AttemptCall:
        candidate = self.candidate
        deployment = candidate.route.deployment
        return AttemptCall(self.job, self.attempt, deployment, candidate.upstream_model)


@dataclass(frozen=True, slots=True)
class Ended:
    """The job has its end, and this process wrote it; ``attempt`` brought the result."""

    job: Job
    attempt: Attempt | None = None
    result: ProviderResult | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """The vendor has the attempt and takes its time: run the job again in ``pause_s`` seconds."""

    pause_s: float


@dataclass(frozen=True, slots=True)
class _Now:
    """Where a run stands. ``kept``: the job is ours, unless another process took us for dead."""

    failed: Attempt | None
    moment: Moment
    kept: bool


class Runner:
    """``owner`` names this process in the fence: a job taken over by another is left alone."""

    def __init__(
        self,
        database: Database,
        dispatch: Dispatch,
        ingest: Ingest,
        results: Results,
        owner: str,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._dispatch = dispatch
        self._ingest = ingest
        self._results = results
        self._owner = owner
        self._sleep = sleep
        self._running: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        database.changes.when_missed(self._look_for_cancels)
        self.observer = Observer()
        """Told of every attempt and every end."""

    async def run(self, job_id: str) -> float | None:
        """Run the job until it has ended. Returns at once when it has ended already.

        A number: it waits for a vendor's batch API, and is to be run again in so many seconds.
        """
        if job_id in self._running:  # an engine may hand a job over twice; the first run goes on
            return None
        self._running.add(job_id)
        cancel = _Cancel()
        try:
            with (
                self._database.changes.call(records.cancel_topic(job_id), cancel),
                Telling(self.observer, job_id) as telling,
            ):
                return await self._to_the_end(job_id, cancel, telling)
        finally:
            self._running.discard(job_id)
            self._dispatch.limits.give(job_id)

    async def _to_the_end(self, job_id: str, cancel: "_Cancel", telling: Telling) -> float | None:
        dispatch, failed = self._dispatch, None
        clock = asyncio.get_running_loop().time
        deadline = clock() + dispatch.deadline_s
        moment, kept = Moment(), False
        while True:
            left_s = deadline - clock()
            moment = replace(moment, left_s=left_s, standings=dispatch.health.standings())
            at = _Now(failed, moment, kept)
            step = await self._written(lambda tx, at=at: self._advance(tx, job_id, at))
            failed, moment, kept = None, Moment(), True
            match step:
                case None:
                    return None
                case Ended(job):
                    telling.ended(job)
                    return None
                case Pause(pause_s):
                    moment = Moment(rested=True, may_return=dispatch.budget.spend())
                    if moment.may_return:
                        await self._idle(self._sleep(pause_s), cancel)
                case Turn(deployments, lane):
                    wait_s = max(left_s, 1.0)  # an economy job has another deadline
                    turn = dispatch.limits.wait(deployments, job_id, wait_s, lane)
                    await self._idle(turn, cancel)
                case Step():
                    end = await self._made(step, cancel, left_s, telling)
                    if not isinstance(end, Attempt):
                        return end
                    failed = end

    async def _made(
        self, step: Step, cancel: "_Cancel", left_s: float, telling: Telling
    ) -> Attempt | float | None:
        """The attempt as it failed; else the run is over, with when to run the job again."""
        if step.attempt.number == 1 and step.attempt.upstream_id is None:
            self._dispatch.budget.earn()
        make = self._economy if step.job.request.economy else self._attempt
        telling.began(step.call)
        end = await make(step, cancel, left_s)
        self._dispatch.limits.give(step.job.id)
        match end:
            case Attempt():
                telling.failed(step.call, end)
                return end
            case Ended(job, attempt, result):
                telling.succeeded(step.call, attempt, result)
                telling.ended(job)
                return None
            case Later(pause_s):
                return pause_s
            case None:
                return None

    def _look_for_cancels(self) -> None:
        """A request to cancel may have been made while nobody could tell us."""
        if self._running:
            self._looking = asyncio.create_task(self._cancel_asked(), name="missed-cancels")

    async def _cancel_asked(self) -> None:
        ids = frozenset(self._running)
        try:
            asked = await self._database.read(lambda tx: records.to_be_canceled(tx, ids))
        except Exception:  # the database is away again, and we are called when it comes back
            log.exception("missed_cancels")
            return
        self._database.changes.publish(map(records.cancel_topic, asked))

    async def _idle(self, wait: Coroutine[Any, Any, None], cancel: "_Cancel") -> None:
        with contextlib.suppress(JobCanceled):  # the next step ends the job
            await cancel.stops(wait)

    def _advance(self, tx: Tx, job_id: str, at: "_Now") -> Step | Pause | Turn | Ended | None:
        """Close what has failed and open the next attempt, or end the job: one transaction."""
        now, failed, moment = now_ms(), at.failed, at.moment
        job = records.claim(tx, job_id, self._owner, now, kept=at.kept)
        if job is None:
            return None
        if failed is None and (open_one := self._goes_on(job)) is not None:
            return open_one
        if job.request.economy:
            moment = replace(moment, left_s=self._dispatch.economy.left_s(job, now))
        job = replace(job, attempts=self._closed_attempts(tx, job, failed))
        if job.cancel_requested:
            return self._end(tx, job, JobState.CANCELED, JobCanceled("The job was canceled."))
        chosen = self._dispatch.choose(tx, job, job.attempts, moment)
        if isinstance(chosen, Stop):
            return self._end(tx, job, JobState.FAILED, DarkroomError.revive(chosen.error))
        if isinstance(chosen, Turn) and not job.attempts:
            records.requeue(tx, job.id, self._owner)
        if not isinstance(chosen, Choice):
            return chosen
        candidate = chosen.candidate
        attempt = Attempt(
            number=len(job.attempts) + 1,
            deployment=candidate.route.deployment.id,
            provider=candidate.route.provider.name,
            model=candidate.model.id,
            state=AttemptState.OPEN,
            started_at_ms=now,
        )
        records.open_attempt(tx, job.id, attempt)
        if attempt.number == 1:
            webhooks.progressed(tx, job)
        return Step(job, candidate, attempt, chosen.probe)

    def _goes_on(self, job: Job) -> Step | None:
        """The attempt that a vendor's batch API has, whoever handed it in."""
        last = job.attempts[-1] if job.attempts else None
        if last is None or last.state is not AttemptState.OPEN or last.upstream_id is None:
            return None
        candidate = self._dispatch.left(job, last.deployment)
        if candidate is None:
            return None
        return Step(replace(job, attempts=job.attempts[:-1]), candidate, last)

    def _closed_attempts(self, tx: Tx, job: Job, failed: Attempt | None) -> tuple[Attempt, ...]:
        """The job's attempts, none of them open any more."""
        attempts = job.attempts
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
        return (*attempts[:-1], last)

    def _end(self, tx: Tx, job: Job, state: JobState, error: DarkroomError) -> Ended | None:
        warnings = (*job.warnings, *outcome.asked_on(job.attempts))
        ended = replace(
            job, state=state, finished_at_ms=now_ms(), error=error.record(), warnings=warnings
        )
        if not records.finish(tx, ended, self._owner):
            return None
        ledger.release(tx, job.id, error.code, now_ms(), outcome.asked_last(job))
        webhooks.ended(tx, ended)
        return Ended(ended)

    async def _attempt(
        self, step: Step, cancel: "_Cancel", left_s: float
    ) -> Attempt | Ended | None:
        """Make the attempt: as it failed, or the job's end. None: another process has the job."""
        route = step.candidate.route
        patience = _Patience(min(route.deployment.timeout_s, left_s))
        health = self._dispatch.health
        if step.probe is not None:
            health.learn([step.probe])
        # what costs nothing to repeat is not waited for when all others hang there too
        cut = patience.cut if resend_safe(route) else None
        call = health.begin(route.deployment, probe=step.probe, cut=cut)
        error: DarkroomError = JobCanceled("The server stopped.")
        well = False
        try:
            result = await cancel.stops(self._call(step, patience))
            kept = await self._kept(step, result)
            well = True
        except DarkroomError as raised:
            error = raised
        except Exception as raised:  # noqa: BLE001 - a defect, told as one
            error = _crashed(step, raised)
        else:
            return await self._succeed(step, result, kept)
        finally:
            health.end(call, None if well else error)
        return _failed(step, error)

    async def _economy(
        self, step: Step, cancel: "_Cancel", left_s: float
    ) -> Attempt | Ended | Later | None:
        """Hand the attempt in at the vendor's batch API, or see what became of it."""
        if step.attempt.upstream_id is None:
            return await self._hand_in(step, cancel, left_s)
        return await self._visit(step, step.attempt.upstream_id, cancel)

    async def _hand_in(
        self, step: Step, cancel: "_Cancel", left_s: float
    ) -> Attempt | Later | None:
        """Not stopped by a cancel request: only who has the id can withdraw what was handed in."""
        route, health = step.candidate.route, self._dispatch.health
        patience = _Patience(min(route.deployment.timeout_s, left_s))
        if step.probe is not None:
            health.learn([step.probe])
        call = health.begin(route.deployment, probe=step.probe)
        # that a vendor took it says nothing of how long images take there
        error: DarkroomError = JobCanceled("It was handed in.")
        try:
            if step.probe is not None:
                await _must_answer(route, self._dispatch.check_s)
            async with self._upstream_call(step, patience) as upstream:
                sink = _Sink(self, step.job)
                upstream_id = await _batches(route).hand_in(upstream, sink)
        except DarkroomError as raised:
            error = raised
            return _failed(step, error)
        except Exception as raised:  # noqa: BLE001 - a defect, told as one
            error = _crashed(step, raised)
            return _failed(step, error)
        finally:
            health.end(call, error)
        number, owner = step.attempt.number, self._owner
        if not await self._written(
            lambda tx: records.handed_in(tx, step.job.id, number, upstream_id, owner)
        ):
            await self._withdraw(step, upstream_id)
            return None
        pause_s = self._dispatch.economy.pause_s(step.attempt, now_ms())
        return Later(0.0 if cancel.asked else pause_s)

    async def _visit(
        self, step: Step, upstream_id: str, cancel: "_Cancel"
    ) -> Attempt | Ended | Later | None:
        economy, job = self._dispatch.economy, step.job
        error: DarkroomError = JobCanceled("The job was canceled.")
        if not job.cancel_requested:
            try:
                result = await cancel.stops(self._collected(step, upstream_id))
                kept = await self._results.keep(result.images, step.candidate.plan.finish)
            except NotYet as waits:
                if economy.left_s(job, now_ms()) > 0:
                    log.debug("economy_waits", upstream_id=upstream_id, why=waits.why)
                    return Later(economy.pause_s(step.attempt, now_ms()))
                error = UpstreamTimeout(
                    f"{step.attempt.deployment} had not finished batch {upstream_id} when the"
                    f" time was over. {waits.why}"
                )
            except DarkroomError as raised:
                error = raised
            except Exception as raised:  # noqa: BLE001 - a defect, told as one
                error = _crashed(step, raised)
            else:
                return await self._succeed(step, replace(result, upstream_id=upstream_id), kept)
        if isinstance(error, JobCanceled | UpstreamTimeout):
            await self._withdraw(step, upstream_id)
        return replace(_failed(step, error), upstream_id=upstream_id)

    async def _collected(self, step: Step, upstream_id: str) -> ProviderResult:
        route, job = step.candidate.route, step.job
        patience = _Patience(route.deployment.timeout_s)
        try:
            async with self._upstream_call(step, patience) as call:
                return await _batches(route).collect(call, upstream_id, _Sink(self, job))
        except UpstreamTimeout as error:  # of this look; the batch knows nothing of it
            raise NotYet(error.message) from error

    async def _withdraw(self, step: Step, upstream_id: str) -> None:
        route = step.candidate.route
        try:
            async with asyncio.timeout(self._dispatch.check_s):
                await _batches(route).withdraw(upstream_id)
        except (DarkroomError, TimeoutError) as error:
            log.warning("not_withdrawn", upstream_id=upstream_id, why=str(error))

    async def _call(self, step: Step, patience: "_Patience") -> ProviderResult:
        route = step.candidate.route
        if step.probe is not None:
            await _must_answer(route, self._dispatch.check_s)
        async with self._upstream_call(step, patience) as call:
            sink = _Sink(self, step.job)
            if call.note is not None and isinstance(route.provider, Responder):
                return await route.provider.respond(call, sink)
            return await route.provider.run(call, sink)

    @contextlib.asynccontextmanager
    async def _upstream_call(
        self, step: Step, patience: "_Patience"
    ) -> AsyncGenerator[UpstreamCall, None]:
        """What the provider gets; its files are there as long as its time lasts."""
        job, candidate = step.job, step.candidate
        route = candidate.route
        request = candidate.plan.request
        images = request.inputs if request.mask is None else (*request.inputs, request.mask)
        count = len(request.inputs)
        async with (
            self._ingest.open_files(images) as files,
            patience.kept(route.deployment.id),
        ):
            yield UpstreamCall(
                job_id=job.id,
                attempt=step.attempt.number,
                request=request,
                model=candidate.model,
                upstream_model=candidate.upstream_model,
                timeout_s=patience.timeout_s,
                inputs=files[:count],
                mask=files[count] if request.mask else None,
                mainline=candidate.mainline,
                note=read_note(job.note) if candidate.mainline and job.note else None,
            )

    async def _kept(self, step: Step, result: ProviderResult) -> Kept:
        if result.said is not None and not result.images:  # words alone are an answer too
            return Kept([])
        return await self._results.keep(result.images, step.candidate.plan.finish)

    async def _succeed(self, step: Step, result: ProviderResult, kept: Kept) -> Ended | None:
        job = step.job
        attempt = outcome.closed(step.attempt, result, now_ms())
        ended = outcome.succeeded(job, step.candidate, attempt, result, kept)
        made = replace(ended, assets=tuple(kept.assets))

        def work(tx: Tx) -> Ended | None:
            if not records.finish(tx, ended, self._owner):
                return None
            records.close_attempt(tx, job.id, attempt)
            charge = _charge(tx, made, attempt, result.cost_nanos)
            add_assets(tx, job.account_id, job.id, kept.assets)
            if ended.note != job.note:
                records.set_note(tx, job.id, ended.note)
            webhooks.ended(tx, ended)
            return Ended(replace(made, charge=charge), attempt, result)

        return await self._written(work)

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
            webhooks.progressed(tx, job)
            tx.notify(records.topic(job.id))

        await self._database.write(work)

    async def said(self, job: Job, said: Said) -> None:
        """Note what a text model has said by now, and tell the watchers."""
        note = noted(job.note, said)

        def work(tx: Tx) -> None:
            records.set_note(tx, job.id, note)
            tx.notify(records.topic(job.id))

        await self._database.write(work)

    def writer(self) -> ImageWriter:
        return self._results.writer()


def _batches(route: Route) -> EconomyProvider:
    if not isinstance(route.provider, EconomyProvider):  # no candidate then, says the router
        raise Internal(f"{route.deployment.id} has no batch API.")
    return route.provider


def _failed(step: Step, error: DarkroomError) -> Attempt:
    state = AttemptState.CANCELED if isinstance(error, JobCanceled) else closed_state(error)
    return replace(step.attempt, state=state, finished_at_ms=now_ms(), error=error.record())


def _crashed(step: Step, raised: Exception) -> Internal:
    log.error("attempt_crashed", deployment=step.attempt.deployment, exc_info=raised)
    return Internal(f"The attempt failed with an internal error ({type(raised).__name__}).")


class _Sink:
    """Where one attempt's images go; see :class:`~darkroom.core.ports.ImageSink`."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self._runner = runner
        self._job = job

    def writer(self) -> ImageWriter:
        return self._runner.writer()

    async def partial(self, index: int, image: SpooledImage) -> None:
        await self._runner.partial(self._job, index, image)

    async def said(self, said: Said) -> None:
        await self._runner.said(self._job, said)


class _Patience:
    """How long one call may take; :meth:`cut` ends it before that."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._limit: asyncio.Timeout | None = None
        self._was_cut = False

    @contextlib.asynccontextmanager
    async def kept(self, deployment: str) -> AsyncGenerator[None, None]:
        """Raises :class:`UpstreamTimeout` when it is over."""
        try:
            async with asyncio.timeout(self.timeout_s) as limit:
                self._limit = limit
                try:
                    yield
                finally:
                    self._limit = None
        except TimeoutError as error:
            after = "" if self._was_cut else f" within {self.timeout_s:.0f} s"
            why = ": it answers nobody now, so this call was given up on" if self._was_cut else ""
            raise UpstreamTimeout(f"{deployment} did not answer{after}{why}.") from error

    def cut(self) -> None:
        """Its deployment hangs: end the call now, if it goes out already."""
        if self._limit is not None and not self._was_cut:
            self._was_cut = True
            self._limit.reschedule(asyncio.get_running_loop().time())


async def _must_answer(route: Route, within_s: float) -> None:
    """Before a job is risked as the probe of an open circuit: the deployment says anything at all.

    Raises :class:`UpstreamUnavailable`. What a check finds is for people; that it comes back
    is enough here, since a call that then fails is not billed.
    """
    try:
        async with asyncio.timeout(within_s):
            await route.provider.check()
    except TimeoutError as error:
        raise UpstreamUnavailable(f"{route.deployment.id} does not answer yet.") from error


class _Cancel:
    """A job's cancel request: noted whenever it comes, and ends the work that it may stop."""

    def __init__(self) -> None:
        self._asked = False
        self._task: asyncio.Task[Any] | None = None

    @property
    def asked(self) -> bool:
        return self._asked

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


def _charge(tx: Tx, job: Job, attempt: Attempt, cost_nanos: int | None) -> Charge | None:
    """Book the charge; the job keeps what was really captured."""
    if job.charge is None:
        return None
    captured = ledger.capture(tx, outcome.capture(job, attempt, job.charge, cost_nanos))
    if captured == job.charge.nanos:
        return job.charge
    money = ledger.job_money(tx, job.id)
    lines = job.charge.lines if money is None else money.lines
    charge = replace(job.charge, nanos=captured, lines=lines)
    records.set_charge(tx, job.id, charge)
    return charge
