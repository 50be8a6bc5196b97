"""Reads an account's past jobs, and deletes them."""

from collections.abc import Sequence

from darkroom.core.errors import JobRunning, NotFound
from darkroom.core.ids import now_ms
from darkroom.core.job import Job
from darkroom.db import Database, Tx
from darkroom.jobs import records as job_records
from darkroom.jobs.history import records
from darkroom.jobs.history.records import Counts, Relatives, Wanted


class History:
    """Every question is bound to the caller's account: anything else does not exist for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, account_id: str, limit: int, before: str | None, wanted: Wanted
    ) -> tuple[Sequence[tuple[Job, Relatives]], str | None]:
        """Jobs newest first, with their relatives, and the cursor of the next page."""

        def work(tx: Tx) -> list[tuple[Job, Relatives]]:
            found = records.page(tx, account_id, limit + 1, before, wanted)
            return list(zip(found, records.relatives(tx, account_id, found), strict=True))

        found = await self._database.read(work)
        return found[:limit], found[limit - 1][0].id if len(found) > limit else None

    async def relatives(self, account_id: str, jobs: Sequence[Job]) -> Sequence[Relatives]:
        """Of each of these jobs of the account, in the same order."""
        return await self._database.read(lambda tx: records.relatives(tx, account_id, jobs))

    async def several(
        self, account_id: str, job_ids: Sequence[str]
    ) -> Sequence[tuple[Job, Relatives]]:
        """These jobs, in this order. Raises :class:`NotFound` when one is not the account's."""

        def work(tx: Tx) -> list[tuple[Job, Relatives]]:
            found = [_owned(tx, job_id, account_id) for job_id in job_ids]
            return list(zip(found, records.relatives(tx, account_id, found), strict=True))

        return await self._database.read(work)

    async def counts(self, account_id: str, since_ms: int) -> Counts:
        """All that wait or run, and how those ended that were created since then."""
        return await self._database.read(lambda tx: records.counts(tx, account_id, since_ms))

    async def delete(self, job_id: str, account_id: str) -> None:
        """Remove a job's prompt and images for good; its charge stays in the ledger.

        Raises :class:`NotFound`, and :class:`JobRunning` for one that has not ended.
        """
        now = now_ms()

        def work(tx: Tx) -> None:
            job = _owned(tx, job_id, account_id)
            if not job.state.final:
                raise JobRunning(
                    f"The job is {job.state}. Cancel it, or wait for its end; then delete it."
                )
            records.remove(tx, job, now)

        await self._database.write(work)


def _owned(tx: Tx, job_id: str, account_id: str) -> Job:
    job = job_records.get_owned(tx, job_id, account_id)
    if job is None:
        raise NotFound(f"No job '{job_id}'.")
    return job
