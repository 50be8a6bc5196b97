"""What the doors ask of jobs: submit, read, list, cancel, and wait for their end."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from darkroom import ledger
from darkroom.assets import Ingest, Taken, add_assets
from darkroom.core.draft import Draft, InlineImage, RemoteImage, Source, StoredImage, Upload
from darkroom.core.errors import IdempotencyConflict, InvalidRequest, JobCanceled, NotFound
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Job, JobQuote, JobState
from darkroom.core.price import KeyPrices
from darkroom.core.request import ImageRequest, InputImage
from darkroom.db import Database, Subscription, Tx
from darkroom.jobs import records
from darkroom.jobs.engine import JobEngine
from darkroom.jobs.pricing import Pricing
from darkroom.routing import Router

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
    prices: KeyPrices = KeyPrices()
    """What the API key makes of every price."""


class Jobs:
    """The one way in. Every read is bound to the caller's account."""

    def __init__(
        self,
        database: Database,
        router: Router,
        pricing: Pricing,
        ingest: Ingest,
        engine: JobEngine,
    ) -> None:
        self._database = database
        self._router = router
        self._pricing = pricing
        self._ingest = ingest
        self._engine = engine

    async def submit(self, submission: Submission) -> "Follower":
        """Accept the request as a job; on return it survives a crash.

        The same idempotency key brings back the same job, finished or not, marked ``replayed``.
        Raises from the error tree; then nothing is kept.
        """
        job_id = new_id()
        change = self._database.changes.subscribe(records.topic(job_id))
        try:
            job = await self._submit(submission, job_id)
        except BaseException:
            change.close()
            raise
        if job.id != job_id:
            change.close()
            return self.follow(job)
        return Follower(self, job, change)

    def follow(self, job: Job) -> "Follower":
        """Watch a job that may have changed since it was read."""
        change = self._database.changes.subscribe(records.topic(job.id))
        change.wake()
        return Follower(self, job, change)

    async def _submit(self, submission: Submission, job_id: str) -> Job:
        fingerprint = _fingerprint(submission)
        earlier = await self._earlier(submission, fingerprint)
        if earlier is not None:
            return earlier
        draft = submission.draft
        candidates = self._router.candidates(_sketched(draft))  # refused before a fetch
        request, taken = draft.request, Taken()
        if draft.inputs or draft.mask:
            taken = await self._ingest.take(submission.account_id, draft.inputs, draft.mask)
            request = replace(request, inputs=taken.inputs, mask=taken.mask)
            candidates = self._router.candidates(request)
        quote = self._pricing.quote(candidates, submission.prices)
        job = Job(
            id=job_id,
            account_id=submission.account_id,
            key_id=submission.key_id,
            dialect=submission.dialect,
            state=JobState.QUEUED,
            request=request,
            created_at_ms=now_ms(),
            quote=quote,
            warnings=draft.warnings,
        )
        return await self._accept(submission, fingerprint, job, taken)

    async def get(self, job_id: str, account_id: str) -> Job:
        """Raises :class:`NotFound`, also for somebody else's."""
        job = await self._database.read(lambda tx: records.get_owned(tx, job_id, account_id))
        if job is None:
            raise NotFound(f"No job '{job_id}'.")
        return job

    async def page(
        self, account_id: str, limit: int, before: str | None, state: JobState | None
    ) -> tuple[Sequence[Job], str | None]:
        """Jobs newest first, and the cursor of the next page."""
        found = await self._database.read(
            lambda tx: records.page(tx, account_id, limit + 1, before, state)
        )
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def cancel(self, job_id: str, account_id: str) -> Job:
        """Ask a job to end. A finished one stays as it is."""
        await self.get(job_id, account_id)
        why = JobCanceled("The job was canceled.").record()

        def work(tx: Tx) -> None:
            now = now_ms()
            if records.request_cancel(tx, job_id, why, now):
                ledger.release(tx, job_id, why.code, now)

        await self._database.write(work)
        return await self.get(job_id, account_id)

    async def _earlier(self, submission: Submission, fingerprint: str) -> Job | None:
        token = submission.idempotency_key
        if token is None:
            return None
        if not 1 <= len(token) <= IDEMPOTENCY_KEY_MAX:
            raise InvalidRequest(
                f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_MAX} characters.",
                param="Idempotency-Key",
            )
        return await self._database.read(
            lambda tx: _replayed(tx, submission.key_id, token, fingerprint)
        )

    async def _accept(
        self, submission: Submission, fingerprint: str, job: Job, taken: Taken
    ) -> Job:
        def work(tx: Tx) -> Job:
            token = submission.idempotency_key
            if token is not None:
                earlier = _replayed(tx, submission.key_id, token, fingerprint)
                if earlier is not None:
                    return earlier
                entry = records.IdempotencyEntry(fingerprint, job.id)
                expires = job.created_at_ms + IDEMPOTENCY_LIFETIME_MS
                records.add_key(tx, submission.key_id, token, entry, expires)
            records.add(tx, job)
            if job.quote is not None:
                ledger.hold(tx, _hold(job, job.quote))
            add_assets(tx, job.account_id, job.id, taken.assets)
            self._engine.start(tx, job.id)
            return job

        accepted = await self._database.write(work)
        if not accepted.replayed:
            self._engine.started(job.id)
        return accepted


class Follower:
    """One watcher of one job, from before its first change. Closed by its owner."""

    def __init__(self, jobs: Jobs, job: Job, change: Subscription) -> None:
        self._jobs = jobs
        self._change = change
        self.job = job
        """The job as last read."""

    async def next(self, timeout_s: float = _RECHECK_S) -> Job | None:
        """The job after its next change; None when it has not changed in ``timeout_s``."""
        before = self.job
        await self._change.wait(timeout_s)
        found = await self._jobs.get(before.id, before.account_id)
        self.job = replace(found, replayed=before.replayed)
        return None if self.job == before else self.job

    async def end(self) -> Job:
        """The job at its end."""
        while not self.job.state.final:
            await self.next()
        return self.job

    def close(self) -> None:
        self._change.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _hold(job: Job, quote: JobQuote) -> ledger.Hold:
    return ledger.Hold(
        account_id=job.account_id,
        key_id=job.key_id,
        job_id=job.id,
        amount_nanos=quote.max_nanos,
        at_ms=job.created_at_ms,
        expected_nanos=quote.expected_nanos,
    )


def _replayed(tx: Tx, key_id: str, token: str, fingerprint: str) -> Job | None:
    entry = records.find_key(tx, key_id, token, now_ms())
    if entry is None:
        return None
    if entry.fingerprint != fingerprint:
        raise IdempotencyConflict(
            "This Idempotency-Key was used within 24 hours for a different request."
            " Use a new key for a new request.",
            param="Idempotency-Key",
        )
    job = records.get(tx, entry.job_id)
    return None if job is None else replace(job, replayed=True)


def _fingerprint(submission: Submission) -> str:
    """What makes two requests the same: the canonical request and its images' content."""
    draft = submission.draft
    shape = {
        "request": draft.request,
        "inputs": [_identity(source) for source in draft.inputs],
        "mask": None if draft.mask is None else _identity(draft.mask),
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
