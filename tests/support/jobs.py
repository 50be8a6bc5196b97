"""Jobs for tests that start below the doors."""

from dataclasses import replace

from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Job, JobState
from darkroom.core.request import ImageRequest, Operation
from darkroom.db import Database
from darkroom.jobs import JobEngine, records


def a_request(prompt: str = "a red bicycle", **changes: object) -> ImageRequest:
    request = ImageRequest(Operation.GENERATION, "gpt-image-1.5", prompt)
    return replace(request, **changes)  # type: ignore[arg-type]


def a_job(**changes: object) -> Job:
    job = Job(
        id=new_id(),
        account_id="account",
        key_id="key",
        dialect="openai",
        state=JobState.QUEUED,
        request=a_request(),
        created_at_ms=now_ms(),
    )
    return replace(job, **changes)  # type: ignore[arg-type]


async def accept(database: Database, engine: JobEngine, job: Job | None = None) -> Job:
    """Put a job into the database and the engine, in one transaction."""
    job = job or a_job()
    await database.write(lambda tx: (records.add(tx, job), engine.start(tx, job.id, job.key_id)))
    engine.started(job.id, job.key_id)
    return job


async def end(database: Database, job_id: str) -> None:
    """Claim and finish a job."""
    now = now_ms()

    def work(tx: object) -> None:
        job = records.claim(tx, job_id, "test", now)  # type: ignore[arg-type]
        if job is not None:
            ended = replace(job, state=JobState.SUCCEEDED, finished_at_ms=now)
            records.finish(tx, ended, "test")  # type: ignore[arg-type]

    await database.write(work)
