"""Runs a batch: a few rows at a time, never past the cap, every step on disk before the next."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from darkroom.cli.batch.folder import Folder
from darkroom.cli.batch.manifest import JOB_NOT_FOUND, Entry, Manifest
from darkroom.cli.batch.plan import Task
from darkroom.cli.batch.shop import Delivery, Shop
from darkroom.cli.failures import Exit, Failure, of_api
from darkroom.report.runs import CANCELED, FAILED, SUCCEEDED, Run, RunError

if TYPE_CHECKING:
    from darkroom_client import APIError

_PAUSE_MAX_S = 60.0
# A job that ended so was not made, and nobody may have billed it.
_WORTH_ANOTHER = ("upstream_unavailable", "upstream_rate_limited", "upstream_error", "overloaded")


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_nanos`` is the cap on everything that the batch may cost; None: none."""

    concurrency: int = 4
    retries: int = 2
    max_nanos: int | None = None
    pause_s: float = 1.0
    """Before another attempt, where the server names no time; twice that before the next."""
    send_first: bool = False
    """Send all rows before any is waited for: together they take no longer than one."""


class Runner:
    """Works through tasks. ``tell`` is called after each step with what was written down.

    ``capped`` says afterwards that rows were left out because of the cap, ``failure`` what else
    ended it early.
    """

    def __init__(
        self,
        shop: Shop,
        manifest: Manifest,
        folder: Folder,
        limits: Limits,
        tell: Callable[[Entry], None],
    ) -> None:
        self._shop = shop
        self._manifest = manifest
        self._folder = folder
        self._limits = limits
        self._tell = tell
        self._tasks: deque[Task] = deque()
        self._active = 0
        self._workers = 0
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._halted = threading.Event()
        self._crash: BaseException | None = None
        self.capped = False
        self.interrupted = False
        self.failure: Failure | None = None

    def run(self, tasks: Sequence[Task], note: Callable[[str], None]) -> None:
        """Returns when everything is made, or can go no further.

        Ctrl-C once stops submitting and waits; twice raises ``KeyboardInterrupt``.
        """
        self._tasks = deque(tasks)
        many = min(self._limits.concurrency, len(tasks))
        threads = [
            threading.Thread(target=self._work, name=f"darkroom-batch-{at}", daemon=True)
            for at in range(many)
        ]
        self._workers = many
        for thread in threads:
            thread.start()
        while self._workers:
            # Not join(): interrupted, it takes a thread that works for one that has ended
            # (https://github.com/python/cpython/issues/90882).
            try:
                self._ended.wait()
                break
            except KeyboardInterrupt:
                if self.interrupted:
                    raise
                self.interrupted = True
                self.halt()
                note("no more are sent; waiting for those that run. Ctrl-C again leaves them")
        if self._crash is not None:
            raise self._crash

    def halt(self, failure: Failure | None = None) -> None:
        """Submit nothing more."""
        with self._changed:
            self.failure = self.failure or failure
            self._halted.set()
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                try:
                    self._make(task)
                finally:
                    with self._changed:
                        self._active -= 1
                        self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            self._crash = error
            self.halt()
        finally:
            with self._changed:
                self._workers -= 1
                if not self._workers:
                    self._ended.set()

    def _next(self) -> Task | None:
        """A task whose most is reserved, on disk; None: there is nothing more to begin."""
        with self._changed:
            while True:
                # With others at work, one of them may come back for another attempt.
                while not self._tasks and self._active and not self._halted.is_set():
                    self._changed.wait()
                if not self._tasks or self._halted.is_set():
                    return None
                if self._lead():
                    task = self._tasks.popleft()
                    if not task.was_sent:
                        self._manifest.write(task.entry)
                    self._active += 1
                    return task
                if not self._active:
                    self.capped = True
                    return None
                self._changed.wait()

    def _lead(self) -> bool:
        """Whether there is a task to begin now; it is the first one then."""
        if not self._tasks[0].was_sent and not self._affords(self._tasks[0]):
            sent = next((task for task in self._tasks if task.was_sent), None)
            if sent is None:
                return False
            self._tasks.remove(sent)
            self._tasks.appendleft(sent)
        return True

    def _affords(self, task: Task) -> bool:
        cap, manifest = self._limits.max_nanos, self._manifest
        if cap is None:
            return True
        return manifest.bound_nanos + task.entry.max_nanos <= cap

    def _make(self, task: Task) -> None:
        from darkroom_client import APIError

        entry = task.entry
        try:
            if not entry.run.job_id:
                accepted = self._submitted(task)
                if accepted is None:
                    return
                entry = accepted
                if self._limits.send_first:
                    with self._changed:
                        self._tasks.append(replace(task, entry=entry, was_sent=True))
                    return
            delivery = self._shop.finished(entry.run.job_id)
        except APIError as error:
            self._broken(entry, error)
            return
        except OSError as error:  # an input image has gone
            failure = RunError("input", f"cannot read {error.filename}: {error.strerror}")
            self._write(_failed(entry, failure))
            return
        self._delivered(task.row.id, replace(task, entry=entry), delivery)

    def _submitted(self, task: Task) -> Entry | None:
        """The entry with its job, on disk; None when it was not accepted."""
        from darkroom_client import APIStatusError

        entry, tried = task.entry, 0
        while True:
            try:
                job_id = self._shop.submit(task.row, self._manifest.key(entry))
            except APIStatusError as error:
                tried += 1
                again = error.retryable and tried <= self._limits.retries
                if not again or self._halted.is_set():
                    self._not_accepted(entry, error)
                    return None
                self._halted.wait(self._pause_s(error.facts.retry_after_s, tried))
                continue
            accepted = replace(entry, run=replace(entry.run, state="running", job_id=job_id))
            self._write(accepted)
            return accepted

    def _not_accepted(self, entry: Entry, error: "APIError") -> None:
        """The server said no. What it may have accepted all the same keeps its key."""
        from darkroom_client import APIStatusError

        failure = of_api(error)
        status = error.status_code if isinstance(error, APIStatusError) else 0
        if status >= 500:
            self._tell(entry)
            return
        passing = failure.exit in (Exit.AUTH, Exit.FUNDS, Exit.UNAVAILABLE)
        written = _failed(entry, RunError(failure.code, error.message))
        self._write(replace(written, resumable=passing))
        if failure.exit in (Exit.AUTH, Exit.FUNDS):
            self.halt(failure)

    def _broken(self, entry: Entry, error: "APIError") -> None:
        """Nobody knows how it stands; its job, or its key, finds out when this is run again."""
        from darkroom_client import NotFoundError, WaitTimeout

        if isinstance(error, NotFoundError):
            message = "The server does not know its job: is it another server?"
            self._write(_failed(entry, RunError(JOB_NOT_FOUND, message)))
            return
        self._tell(entry)
        if not isinstance(error, WaitTimeout):
            self.halt(of_api(error))

    def _delivered(self, id: str, task: Task, delivery: Delivery) -> None:
        job, row = delivery.job, task.row
        told = Run.of_job(job.raw, id=id, number=row.number)
        asked = task.entry.run
        run = replace(told, prompt=asked.prompt, request=asked.request)
        if run.quote_nanos is None:
            run = replace(run, quote_nanos=asked.quote_nanos)
        if len(delivery.images) == len(run.files):
            try:
                files = self._folder.place(row, delivery.images, run.files)
            except OSError as error:  # it stays at the server: run again when there is room
                self.halt(
                    Failure(f"cannot write {error.filename}: {error.strerror}", code="output")
                )
                return
            run = replace(run, files=tuple(files))
        elif run.state == SUCCEEDED:
            gone = "The images are no longer at the server; they were made, and charged."
            run = replace(run, warnings=(*run.warnings, gone))
        entry = replace(task.entry, run=run)
        self._write(entry)
        if run.state in (FAILED, CANCELED) and self._is_worth_another(entry):
            self._again(replace(task, entry=entry, was_sent=False))

    def _is_worth_another(self, entry: Entry) -> bool:
        code = "" if entry.run.error is None else entry.run.error.code
        return (
            code in _WORTH_ANOTHER
            and not self._halted.is_set()
            and entry.attempt <= self._limits.retries
        )

    def _again(self, task: Task) -> None:
        """Another attempt is another request, with a key of its own."""
        earlier = task.entry
        self._halted.wait(self._pause_s(None, earlier.attempt))
        run = replace(
            earlier.run, state="queued", job_id="", error=None, attempts=(), seconds=None, files=()
        )
        entry = replace(earlier, run=run, attempt=earlier.attempt + 1)
        with self._changed:
            self._tasks.appendleft(replace(task, entry=entry))

    def _pause_s(self, asked_s: float | None, tried: int) -> float:
        """What the server asked for, or longer each time."""
        own_s = self._limits.pause_s * 2 ** (tried - 1)
        return min(_PAUSE_MAX_S, own_s if asked_s is None else asked_s)

    def _write(self, entry: Entry) -> None:
        self._manifest.write(entry)
        self._tell(entry)


def _failed(entry: Entry, error: RunError) -> Entry:
    return replace(entry, run=replace(entry.run, state=FAILED, error=error))
