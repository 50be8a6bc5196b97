"""Tells the observer of one run of a job, and names the job in the run's log lines."""

from typing import Self

from structlog.contextvars import bind_contextvars, clear_contextvars, unbind_contextvars

from darkroom.core.errors import OutcomeUnknown
from darkroom.core.job import Attempt, Job
from darkroom.core.observer import AttemptCall, Observer
from darkroom.core.result import ProviderResult


class Telling:
    """Used around a run. The job itself is known only once it has been claimed."""

    def __init__(self, observer: Observer, job_id: str) -> None:
        self._observer = observer
        self._job_id = job_id
        self._taken = False

    def __enter__(self) -> Self:
        clear_contextvars()  # an engine may start a job where another job, or a request, is at work
        bind_contextvars(job_id=self._job_id)
        return self

    def __exit__(self, *_: object) -> None:
        if self._taken:
            self._observer.job_left(self._job_id)
        clear_contextvars()

    def began(self, call: AttemptCall) -> None:
        self._take(call.job)
        bind_contextvars(attempt_id=f"{self._job_id}/{call.attempt.number}")
        self._observer.attempt_began(call)

    def failed(self, call: AttemptCall, attempt: Attempt) -> None:
        self._over(call, attempt, None)

    def succeeded(
        self, call: AttemptCall, attempt: Attempt | None, result: ProviderResult | None
    ) -> None:
        self._over(call, attempt or call.attempt, result)

    def ended(self, job: Job) -> None:
        self._take(job)
        self._observer.job_ended(job)

    def _over(self, call: AttemptCall, attempt: Attempt, result: ProviderResult | None) -> None:
        self._observer.attempt_ended(call, attempt, result)
        unbind_contextvars("attempt_id")

    def _take(self, job: Job) -> None:
        if self._taken:
            return
        self._taken = True
        trace = job.trace
        bind_contextvars(request_id=trace.request_id, key_id=job.key_id, trace_id=trace.trace_id)
        self._observer.job_taken(job)
        last = job.attempts[-1] if job.attempts else None
        # whoever made it cannot tell: its process died, and this one has just closed it
        if last is not None and last.error is not None and last.error.code == OutcomeUnknown.code:
            self._observer.attempt_lost(job, last)
