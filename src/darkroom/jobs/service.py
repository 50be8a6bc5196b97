"""What the doors ask of jobs: submit, read, list, cancel, and wait for their end."""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec
from structlog.contextvars import bind_contextvars

from darkroom import ledger, webhooks
from darkroom.assets import Ingest, Taken, add_assets, check_quota
from darkroom.core.draft import Draft, InlineImage, RemoteImage, Source, StoredImage, Upload
from darkroom.core.errors import (
    IdempotencyConflict,
    Interrupted,
    InvalidRequest,
    JobCanceled,
    NotFound,
)
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Job, JobQuote, JobState
from darkroom.core.limits import Allowance, KeyLimits
from darkroom.core.observer import Observer
from darkroom.core.policy import Policy
from darkroom.core.price import KeyPrices
from darkroom.core.request import ImageRequest, InputImage
from darkroom.core.trace import current_trace
from darkroom.core.warning import Warning
from darkroom.db import Database, Subscription, Tx
from darkroom.jobs import admission, records
from darkroom.jobs.dispatch import Dispatch
from darkroom.jobs.engine import JobEngine
from darkroom.jobs.history import records as history
from darkroom.jobs.pricing import Pricing
from darkroom.routing import Survey

IDEMPOTENCY_LIFETIME_MS = 24 * 3_600_000
IDEMPOTENCY_KEY_MAX = 255
PAGE_MAX = 100
# Watchers are woken by changes; this only bounds how late a lost notification is noticed.
_RECHECK_S = 15.0


@dataclass(frozen=True, slots=True)
class Submission:
    """A draft with who sent it. ``idempotency_key`` is the caller's, unique per API key."""

    draft: Draft
    account_id: str
    key_id: str
    dialect: str
    idempotency_key: str | None = None
    limits: KeyLimits = KeyLimits()
    """What the API key may have per minute and at once; None in it is no limit here."""
    prices: KeyPrices = KeyPrices()
    """What the API key makes of every price."""
    policy: Policy = Policy()
    """How the job is routed: the key's policy with what the request changed of it."""
    origin: str = ""
    """Links in the bodies of its callback are made on it: the one that the client used."""
    key_digest: bytes = field(default=b"", repr=False)
    """SHA-256 of the API key, where the dialect signs callbacks with it; else empty."""


class Jobs:
    """The one way in. Every read is bound to the caller's account."""

    def __init__(
        self,
        database: Database,
        dispatch: Dispatch,
        pricing: Pricing,
        ingest: Ingest,
        engine: JobEngine,
        rules: webhooks.Rules = webhooks.STRICT,
    ) -> None:
        self._rules = rules
        self._database = database
        self._dispatch = dispatch
        self._router = dispatch.router
        self._pricing = pricing
        self._ingest = ingest
        self._engine = engine
        self._abandoned = False
        self.observer = Observer()
        """Told of jobs that are accepted, and of those that are canceled while they wait."""

    async def submit(self, submission: Submission) -> "Follower":
        """Accept the request as a job; on return it survives a crash.

        The same idempotency key brings back the same job, finished or not, marked ``replayed``.
        Raises from the error tree; then nothing is kept.
        """
        job_id = new_id()
        change = self._database.changes.subscribe(records.topic(job_id))
        try:
            job, allowances = await self._submit(submission, job_id)
        except BaseException:
            change.close()
            raise
        if job.id != job_id:
            change.close()
            return self.follow(job)
        bind_contextvars(job_id=job.id)  # the lines of this request name the job from here on
        return Follower(self, job, change, allowances)

    def check_room(self) -> None:
        """Raises :class:`Overloaded` while no more jobs are taken: asked before a body is read."""
        self._engine.check_room()

    def follow(self, job: Job) -> "Follower":
        """Watch a job that may have changed since it was read."""
        change = self._database.changes.subscribe(records.topic(job.id))
        change.wake()
        return Follower(self, job, change)

    def abandon(self) -> None:
        """The server stops: nobody waits any longer for jobs that have not ended."""
        self._abandoned = True
        self._database.changes.publish_all()

    @property
    def abandoned(self) -> bool:
        return self._abandoned

    async def _submit(
        self, submission: Submission, job_id: str
    ) -> tuple[Job, tuple[Allowance, ...]]:
        fingerprint = _fingerprint(submission)
        earlier = await self._earlier(submission, fingerprint)
        if earlier is not None:
            return earlier, ()
        self._engine.check_room()
        draft = submission.draft
        if draft.callback is not None:
            self._rules.check(draft.callback.url, draft.callback.param)
        draft = replace(draft, request=self._router.named(draft.request, submission.policy))
        survey = self._router.survey(_sketched(draft), submission.policy)  # refused before a fetch
        request, taken = draft.request, Taken()
        if draft.inputs or draft.mask:
            await self._look_at_limits(submission)
            taken = await self._ingest.take(
                submission.account_id, draft.inputs, draft.mask, draft.mask_convention
            )
            request = replace(request, inputs=taken.inputs, mask=taken.mask)
            survey = self._router.survey(request, submission.policy)
        request, survey, told = self._answered_by(draft, request, survey, submission.policy)
        offers = self._pricing.offers(survey.candidates, submission.prices)
        found = self._dispatch.ranked(survey, offers, submission.policy, job_id)
        job = Job(
            id=job_id,
            account_id=submission.account_id,
            key_id=submission.key_id,
            dialect=submission.dialect,
            state=JobState.QUEUED,
            request=request,
            created_at_ms=now_ms(),
            policy=submission.policy,
            route=found.route,
            quote=self._pricing.quote(found.ranked),
            warnings=(*draft.warnings, *told),
            callback_events=() if draft.callback is None else draft.callback.events,
            note=draft.note,
            trace=current_trace.get(),
        )
        return await self._accept(submission, fingerprint, job, taken)

    def _answered_by(
        self, draft: Draft, request: ImageRequest, survey: Survey, policy: Policy
    ) -> tuple[ImageRequest, Survey, tuple[Warning, ...]]:
        """Settle whether a text model answers, and what is to be said if none does."""
        line = request.mainline
        if line is not None and self._dispatch.text_model_answers(survey):
            return request, survey, ()
        told = draft.answered_here
        if line is not None:
            request = replace(request, mainline=None)
            survey = self._router.survey(request, policy)
            if self._router.offers_mainline(line.text_model):
                message = (
                    f"No deployment that could take this request to '{line.text_model}' is well:"
                    " no text model took part."
                )
                told = (*told, Warning("answered_here", message, param="model"))
        return request, survey, told

    async def get(self, job_id: str, account_id: str) -> Job:
        """Raises :class:`NotFound`, also for somebody else's."""
        job = await self._database.read(lambda tx: records.get_owned(tx, job_id, account_id))
        if job is None:
            raise NotFound(f"No job '{job_id}'.")
        return job

    async def page(
        self,
        account_id: str,
        limit: int,
        before: str | None,
        state: JobState | None,
        model: str | None = None,
    ) -> tuple[Sequence[Job], str | None]:
        """Jobs newest first, and the cursor of the next page; ``model`` was asked for or served."""
        wanted = history.Wanted(states=() if state is None else (state,), model=model)
        found = await self._database.read(
            lambda tx: history.page(tx, account_id, limit + 1, before, wanted)
        )
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def accepted_with(self, token: str, key_id: str, account_id: str) -> Job | None:
        """The job that an idempotency key of an API key stands for, while that lives."""

        def work(tx: Tx) -> Job | None:
            entry = records.find_key(tx, key_id, token, now_ms())
            return None if entry is None else records.get_owned(tx, entry.job_id, account_id)

        return await self._database.read(work)

    async def models(self, account_id: str) -> Sequence[str]:
        """The models that served this account's jobs, by name."""
        return await self._database.read(lambda tx: records.models(tx, account_id))

    async def cancel(self, job_id: str, account_id: str) -> Job:
        """Ask a job to end. A finished one stays as it is."""
        job = await self.get(job_id, account_id)
        why = JobCanceled("The job was canceled.").record()
        # between two looks at its batch nobody runs it who would hear of this
        wake = job.request.economy and not job.state.final

        canceled = replace(job, state=JobState.CANCELED)

        def work(tx: Tx) -> bool:
            now = now_ms()
            ended = records.request_cancel(tx, job_id, why, now)
            if ended:
                ledger.release(tx, job_id, why.code, now)
                webhooks.ended(tx, canceled)
            elif wake:
                self._engine.start(tx, job_id, job.key_id)
            return ended

        if await self._database.write(work):
            self.observer.job_ended(replace(canceled, error=why))
        if wake:
            self._engine.started(job_id, job.key_id)
        return await self.get(job_id, account_id)

    async def forget_note(self, job_id: str, account_id: str) -> None:
        """Drop what the job's dialect kept of its request; the job and its charge stay."""
        job = await self.get(job_id, account_id)
        await self._database.write(lambda tx: records.forget_note(tx, job.id))

    async def _earlier(self, submission: Submission, fingerprint: str) -> Job | None:
        token = submission.idempotency_key
        if token is None:
            return None
        if not 1 <= len(token) <= IDEMPOTENCY_KEY_MAX:
            raise InvalidRequest(
                f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_MAX} characters.",
                param="Idempotency-Key",
            )
        return await self._database.read(lambda tx: _replayed(tx, submission, fingerprint))

    async def _look_at_limits(self, submission: Submission) -> None:
        """Refuse before images are fetched and stored. Raises :class:`RateLimited` and
        :class:`StorageQuotaExceeded`."""
        limits = submission.limits
        quota = limits.stored_bytes or 0
        if limits.unlimited and not quota:
            return
        asked = admission.Asked(submission.draft.request.n)

        def work(tx: Tx) -> None:
            admission.look(tx, submission.key_id, limits, asked, now_ms())
            check_quota(tx, submission.account_id, quota)

        await self._database.read(work)

    async def _accept(
        self, submission: Submission, fingerprint: str, job: Job, taken: Taken
    ) -> tuple[Job, tuple[Allowance, ...]]:
        asked = admission.Asked(job.request.n, sum(asset.byte_size for asset in taken.assets))

        def work(tx: Tx) -> tuple[Job, tuple[Allowance, ...]]:
            token = submission.idempotency_key
            if token is not None:
                earlier = _replayed(tx, submission, fingerprint)
                if earlier is not None:
                    return earlier, ()
                entry = records.IdempotencyEntry(fingerprint, job.id)
                expires = job.created_at_ms + IDEMPOTENCY_LIFETIME_MS
                records.add_key(tx, submission.key_id, token, entry, expires)
            check_quota(tx, job.account_id, submission.limits.stored_bytes or 0, asked.bytes)
            left = admission.admit(tx, job.key_id, submission.limits, asked, now_ms())
            records.add(tx, job)
            if job.quote is not None:
                ledger.hold(tx, _hold(job, job.quote))
            _note_callback(tx, job, submission)
            if job.request.inputs:
                copied = [taken.copied.get(image.asset_id) for image in job.request.inputs]
                history.note_inputs(tx, job, copied)
            add_assets(tx, job.account_id, job.id, taken.assets)
            self._engine.start(tx, job.id, job.key_id)
            return job, left

        accepted, left = await self._database.write(work)
        if not accepted.replayed:
            self.observer.job_accepted(job)
            self._engine.started(job.id, job.key_id)
        return accepted, left


class Follower:
    """One watcher of one job, from before its first change. Closed by its owner."""

    def __init__(
        self,
        jobs: Jobs,
        job: Job,
        change: Subscription,
        allowances: tuple[Allowance, ...] = (),
    ) -> None:
        self._jobs = jobs
        self._change = change
        self.allowances = allowances
        """What the API key has left of its limits, where the job was accepted just now."""
        self.job = job
        """The job as last read."""

    async def next(self, timeout_s: float = _RECHECK_S) -> Job | None:
        """The job after its next change; None when it has not changed in ``timeout_s``."""
        before = self.job
        await self._change.wait(timeout_s)
        found = await self._jobs.get(before.id, before.account_id)
        self.job = replace(found, replayed=before.replayed)
        return None if self.job == before else self.job

    @property
    def interruption(self) -> Interrupted | None:
        """Why its end is not to be waited for; None: it is, or the job has ended."""
        if self.job.state.final or not self._jobs.abandoned:
            return None
        return Interrupted(
            f"The server stops. The job '{self.job.id}' goes on after that: read it by its id,"
            " or send the same request again with the same Idempotency-Key.",
            details={"job": self.job.id},
        )

    async def end(self, within_s: float | None = None) -> Job:
        """The job at its end, or as it is after ``within_s`` or when it is abandoned."""
        deadline = math.inf if within_s is None else time.monotonic() + within_s
        while (
            not self.job.state.final
            and not self._jobs.abandoned
            and (left_s := deadline - time.monotonic()) > 0
        ):
            await self.next(min(_RECHECK_S, left_s))
        return self.job

    def close(self) -> None:
        self._change.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _note_callback(tx: Tx, job: Job, submission: Submission) -> None:
    callback = submission.draft.callback
    if callback is not None:
        webhooks.accepted(tx, job, callback, submission.origin, submission.key_digest)


def _hold(job: Job, quote: JobQuote) -> ledger.Hold:
    return ledger.Hold(
        account_id=job.account_id,
        key_id=job.key_id,
        job_id=job.id,
        amount_nanos=quote.max_nanos,
        at_ms=job.created_at_ms,
        expected_nanos=quote.expected_nanos,
    )


def _replayed(tx: Tx, submission: Submission, fingerprint: str) -> Job | None:
    token = submission.idempotency_key
    if token is None:
        return None
    entry = records.find_key(tx, submission.key_id, token, now_ms())
    if entry is None:
        return None
    if entry.fingerprint != fingerprint:
        raise IdempotencyConflict(
            "This Idempotency-Key was used within 24 hours for a different request."
            " Use a new key for a new request.",
            param="Idempotency-Key",
        )
    job = records.get_owned(tx, entry.job_id, submission.account_id)  # none when it was deleted
    return None if job is None else replace(job, replayed=True)


def _fingerprint(submission: Submission) -> str:
    """What makes two requests the same: the canonical request and its images' content."""
    draft = submission.draft
    shape = {
        "request": draft.request,
        "inputs": [_identity(source) for source in draft.inputs],
        "mask": None if draft.mask is None else _identity(draft.mask),
        "mask_convention": None if draft.mask is None else draft.mask_convention,
        # a text model reads more than the prompt
        "conversation": None if draft.request.mainline is None else draft.note,
    }
    return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()


def _identity(source: Source) -> str:
    match source:
        case Upload(image):
            return f"sha256:{image.sha256}"
        case InlineImage(text):
            return f"text:{hashlib.sha256(text.encode()).hexdigest()}"
        case RemoteImage(url):
            return f"url:{url}"
        case StoredImage(asset_id):
            return f"asset:{asset_id}"


def _sketched(draft: Draft) -> ImageRequest:
    """The request with stand-ins for its images, good enough for the capability check."""
    if not draft.inputs and draft.mask is None:
        return draft.request
    stand_in = InputImage("", "", "image/png", 1024, 1024, 0)
    return replace(
        draft.request,
        inputs=(stand_in,) * len(draft.inputs),
        mask=None if draft.mask is None else stand_in,
    )
