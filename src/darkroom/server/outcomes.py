"""What every answer about a job says beside its body, and how a job that failed is told."""

from starlette.responses import Response

from darkroom.core.dialect import Dialect
from darkroom.core.errors import DarkroomError, Internal, JobCanceled
from darkroom.core.job import Job, JobState
from darkroom.core.money import dollars
from darkroom.server.answers import AnswerResponse
from darkroom.server.door import Door
from darkroom.server.policy import shown_route


def job_headers(job: Job) -> dict[str, str]:
    """What every answer says about the job behind it."""
    headers = {"x-darkroom-job": job.id, "x-darkroom-dialect": job.dialect}
    if job.model:
        headers["x-darkroom-model"] = job.model
    if job.deployment:
        headers["x-darkroom-deployment"] = job.deployment
    if job.attempts:
        headers["x-darkroom-route"] = shown_route(job)
    if job.attempts and job.attempts[-1].provider == "sandbox":
        headers["x-darkroom-sandbox"] = "drawn by the built-in sandbox, not by an AI model"
    if job.charge is not None:
        headers["x-darkroom-charge-nanos"] = str(job.charge.nanos)
        headers["x-darkroom-charge-usd"] = dollars(job.charge.nanos)
    if job.warnings:
        text = "; ".join(f"{warning.code}: {warning.message}" for warning in job.warnings)
        one_line = " ".join(text.split())  # it may quote the caller, and ends at no line break
        headers["x-darkroom-warnings"] = one_line.encode("ascii", "replace").decode()[:2_000]
    if job.replayed:
        headers["idempotent-replayed"] = "true"
    return headers


def error_of(job: Job) -> DarkroomError:
    """Why a job that has ended did not succeed."""
    if job.error is not None:
        return DarkroomError.revive(job.error)
    if job.state is JobState.CANCELED:
        return JobCanceled("The job was canceled.")
    return Internal("The job ended without a result.")


def failure(door: Door, dialect: Dialect, job: Job) -> Response:
    answer = dialect.render_error(error_of(job))
    return AnswerResponse(answer, door.services.blobs, job_headers(job))
