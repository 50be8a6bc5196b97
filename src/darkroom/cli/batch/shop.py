"""Where a batch buys: what it needs of a server, and the SDK's client as one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from darkroom.cli.batch.rows import Row

if TYPE_CHECKING:
    from darkroom_client import Client, Image, Job, Quote


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job at its end. ``images`` is empty where none were made, or all are gone by now."""

    job: "Job"
    images: tuple["Image", ...] = ()


class Shop(Protocol):
    """All methods raise :class:`darkroom_client.APIError`."""

    def quote(self, row: Row) -> "Quote": ...

    def submit(self, row: Row, key: str) -> str:
        """The id of the job; the same ``key`` brings back the same job for 24 hours."""
        ...

    def finished(self, job_id: str) -> Delivery:
        """Waits. Raises ``NotFoundError`` for a job that the server does not know."""
        ...


@dataclass(frozen=True, slots=True)
class ServerShop:
    """``timeout_s``: how long to wait for one job; None: as long as it takes."""

    client: "Client"
    timeout_s: float | None

    def quote(self, row: Row) -> "Quote":
        return self.client.quote(row.prompt, row.images, mask=row.mask, **row.options)

    def submit(self, row: Row, key: str) -> str:
        if not row.images:
            return self.client.submit(row.prompt, idempotency_key=key, **row.options).id
        handle = self.client.submit_edit(
            row.prompt, row.images, mask=row.mask, idempotency_key=key, **row.options
        )
        return handle.id

    def finished(self, job_id: str) -> Delivery:
        from darkroom_client import APIError, NotFoundError

        try:
            images = self.client.jobs.wait(job_id, timeout=self.timeout_s).images
        except NotFoundError:  # the job, or only its files
            images = ()
        except APIError as error:
            if error.job is None or not error.job.done:
                raise
            return Delivery(error.job)
        return Delivery(self.client.jobs.get(job_id), images)
