"""Jobs that were submitted: wait for one, watch it, cancel it; and all jobs of the account."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Self

from darkroom_client import errors
from darkroom_client.flows import Call, Flow, asking
from darkroom_client.following import Following, JobEvent
from darkroom_client.jobs import Job, JobPage
from darkroom_client.making import job_path, waited
from darkroom_client.resources import AsyncResource, SyncResource, method
from darkroom_client.results import (
    AsyncEditor,
    AsyncResult,
    Editor,
    Result,
    async_bound,
    bound,
)
from darkroom_client.sending import AsyncSender, Sender


class JobStream:
    """A job's events, one after the other; ends with :class:`Settled`.

    It goes on over broken connections, and tells nothing twice. Close it, or use it in a ``with``
    statement, when it is not read to its end.
    """

    def __init__(self, sender: Sender, job_id: str) -> None:
        self._events = _followed(sender, Following(job_id))

    def __iter__(self) -> Iterator[JobEvent]:
        return self

    def __next__(self) -> JobEvent:
        return next(self._events)

    def close(self) -> None:
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncJobStream:
    """A job's events, one after the other; ends with :class:`Settled`.

    It goes on over broken connections, and tells nothing twice. Close it, or use it in an ``async
    with`` statement, when it is not read to its end.
    """

    def __init__(self, sender: AsyncSender, job_id: str) -> None:
        self._events = _async_followed(sender, Following(job_id))

    def __aiter__(self) -> AsyncIterator[JobEvent]:
        return self

    async def __anext__(self) -> JobEvent:
        return await anext(self._events)

    async def close(self) -> None:
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _followed(sender: Sender, following: Following) -> Generator[JobEvent]:
    while not following.over:
        failure: errors.APIError | None = None
        try:
            with sender.open(following.call()) as (_, pieces):
                for data in pieces:
                    yield from following.feed(data)
        except errors.APIError as error:
            failure = error
        if not following.over:
            sender.sleep(following.pause_s(failure))


async def _async_followed(sender: AsyncSender, following: Following) -> AsyncGenerator[JobEvent]:
    while not following.over:
        failure: errors.APIError | None = None
        try:
            async with sender.open(following.call()) as (_, pieces):
                async for data in pieces:
                    for event in following.feed(data):
                        yield event
        except errors.APIError as error:
            failure = error
        if not following.over:
            await sender.sleep(following.pause_s(failure))


class _Handle:
    """What both kinds of handle know."""

    def __init__(self, job_id: str, idempotency_key: str = "") -> None:
        self.id = job_id
        self.idempotency_key = idempotency_key
        self.job: Job | None = None
        """The record as last read, by :meth:`refresh`, :meth:`cancel` or an error."""

    def __repr__(self) -> str:
        state = "" if self.job is None else f", {self.job.state}"
        return f"<{type(self).__name__} {self.id}{state}>"


class JobHandle(_Handle):
    """A job at the server. Nothing is lost with the handle: ``client.jobs`` finds it by its id."""

    def __init__(self, jobs: "Jobs", job_id: str, idempotency_key: str = "") -> None:
        super().__init__(job_id, idempotency_key)
        self._jobs = jobs

    def wait(self, *, timeout: float | None = None) -> Result:
        """The finished images. ``timeout`` is in seconds; None: as long as it takes.

        Raises :class:`WaitTimeout`, :class:`JobFailed`, :class:`JobCanceled` and
        :class:`ContentPolicyViolation`; each has the record as ``.job``.
        """
        try:
            return self._jobs.wait(self.id, timeout=timeout, idempotency_key=self.idempotency_key)
        except errors.APIError as error:
            self.job = error.job or self.job
            raise

    def stream(self) -> JobStream:
        """What happens to it, from the start: :class:`Progress`, :class:`PartialImage`,
        :class:`Settled`."""
        return self._jobs.stream(self.id)

    def cancel(self) -> Job:
        """Ask it to end. A finished job stays as it is."""
        self.job = self._jobs.cancel(self.id)
        return self.job

    def refresh(self) -> Job:
        """Its record as it is now."""
        self.job = self._jobs.get(self.id)
        return self.job


class AsyncJobHandle(_Handle):
    """A job at the server. Nothing is lost with the handle: ``client.jobs`` finds it by its id."""

    def __init__(self, jobs: "AsyncJobs", job_id: str, idempotency_key: str = "") -> None:
        super().__init__(job_id, idempotency_key)
        self._jobs = jobs

    async def wait(self, *, timeout: float | None = None) -> AsyncResult:  # noqa: ASYNC109
        """The finished images. ``timeout`` is in seconds; None: as long as it takes.

        Raises :class:`WaitTimeout`, :class:`JobFailed`, :class:`JobCanceled` and
        :class:`ContentPolicyViolation`; each has the record as ``.job``.
        """
        try:
            return await self._jobs.wait(
                self.id, timeout=timeout, idempotency_key=self.idempotency_key
            )
        except errors.APIError as error:
            self.job = error.job or self.job
            raise

    def stream(self) -> AsyncJobStream:
        """What happens to it, from the start: :class:`Progress`, :class:`PartialImage`,
        :class:`Settled`."""
        return self._jobs.stream(self.id)

    async def cancel(self) -> Job:
        """Ask it to end. A finished job stays as it is."""
        self.job = await self._jobs.cancel(self.id)
        return self.job

    async def refresh(self) -> Job:
        """Its record as it is now."""
        self.job = await self._jobs.get(self.id)
        return self.job


class _Calls:
    @method
    def get(self, job_id: str) -> Flow[Job]:
        """Raises :class:`NotFoundError`."""
        return asking(Call("GET", job_path(job_id)), Job.of)

    @method
    def list(
        self, *, limit: int = 20, cursor: str | None = None, state: str | None = None
    ) -> Flow[JobPage]:
        """Up to 100 jobs at a time."""
        asked = {"limit": limit, "cursor": cursor, "state": state}
        query = {name: value for name, value in asked.items() if value is not None}
        said = yield Call("GET", "/v1/jobs", content={"params": query})
        return JobPage(tuple(Job.of(one) for one in said["data"]), said["next_cursor"])

    @method
    def cancel(self, job_id: str) -> Flow[Job]:
        """Ask a job to end. A finished one stays as it is."""
        return asking(Call("POST", f"{job_path(job_id)}/cancel"), Job.of)


class Jobs(_Calls, SyncResource):
    """``client.jobs``: the jobs of the key's account."""

    def __init__(self, sender: Sender, editor: Editor) -> None:
        super().__init__(sender)
        self._editor = editor

    def wait(
        self, job_id: str, *, timeout: float | None = None, idempotency_key: str = ""
    ) -> Result:
        """The finished images of a job; see :meth:`JobHandle.wait`.

        ``idempotency_key`` is noted in the result and on errors.
        """
        return bound(self.sender.run(waited(job_id, timeout, idempotency_key)), self._editor)

    def stream(self, job_id: str) -> JobStream:
        """What happens to a job; see :meth:`JobHandle.stream`."""
        return JobStream(self.sender, job_id)

    def handle(self, job_id: str) -> JobHandle:
        """A handle of a job whose id was kept; nothing is sent."""
        return JobHandle(self, job_id)


class AsyncJobs(_Calls, AsyncResource):
    """``client.jobs``: the jobs of the key's account."""

    def __init__(self, sender: AsyncSender, editor: AsyncEditor) -> None:
        super().__init__(sender)
        self._editor = editor

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it is the server that is told
        idempotency_key: str = "",
    ) -> AsyncResult:
        """The finished images of a job; see :meth:`AsyncJobHandle.wait`.

        ``idempotency_key`` is noted in the result and on errors.
        """
        result = await self.sender.run(waited(job_id, timeout, idempotency_key))
        return async_bound(result, self._editor)

    def stream(self, job_id: str) -> AsyncJobStream:
        """What happens to a job; see :meth:`AsyncJobHandle.stream`."""
        return AsyncJobStream(self.sender, job_id)

    def handle(self, job_id: str) -> AsyncJobHandle:
        """A handle of a job whose id was kept; nothing is sent."""
        return AsyncJobHandle(self, job_id)
