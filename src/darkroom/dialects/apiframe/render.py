"""From a job to Apiframe's answers and webhooks."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, LinkOf
from darkroom.core.ids import now_ms
from darkroom.core.job import Job, JobEvent, JobState
from darkroom.core.progress import progress
from darkroom.core.times import shown_time
from darkroom.dialects.apiframe.amounts import credits_up
from darkroom.dialects.apiframe.families import wire_name

STATUSES: Mapping[JobState, str] = {
    JobState.QUEUED: "QUEUED",
    JobState.RUNNING: "PROCESSING",
    JobState.SUCCEEDED: "COMPLETED",
    JobState.FAILED: "FAILED",
    JobState.CANCELED: "CANCELLED",
}
_EVENTS: Mapping[JobEvent, str] = {
    JobEvent.PROGRESS: "progress",
    JobEvent.COMPLETED: "completed",
    JobEvent.FAILED: "failed",
    JobEvent.CANCELED: "failed",
}


def accepted(job: Job) -> Answer:
    body = {"jobId": job.id, "status": STATUSES[job.state]}
    return Answer([msgspec.json.encode(body)], 202)


def shown(job: Job, link_of: LinkOf) -> Answer:
    return Answer([msgspec.json.encode(job_object(job, link_of))])


def job_object(job: Job, link_of: LinkOf) -> dict[str, Any]:
    """The job as polled, whatever its state."""
    fields: dict[str, Any] = {
        "id": job.id,
        "status": STATUSES[job.state],
        "model": wire_name(job.request.model),
        "progress": progress(job, now_ms()),
        "result": _result(job, link_of),
        "error": _error(job),
        "creditCost": _cost(job),
        "webhookStatus": job.callback,
        "createdAt": shown_time(job.created_at_ms),
        "completedAt": shown_time(job.finished_at_ms),
    }
    if expired(job):
        fields["expired"] = True
    return fields


def expired(job: Job) -> bool:
    """Whether the images of a job that succeeded are gone."""
    now = now_ms()
    return job.state is JobState.SUCCEEDED and not any(
        asset.expires_at_ms is None or asset.expires_at_ms > now for asset in job.results
    )


def notice(job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
    """A webhook's body. A cancel is told as a failure whose status says so."""
    head = {"event": _EVENTS[event], "jobId": job.id, "status": STATUSES[job.state]}
    model = wire_name(job.request.model)
    tails: Mapping[str, dict[str, Any]] = {
        "progress": {"progress": progress(job, now_ms()), "model": model},
        "completed": {
            "progress": 100,
            "result": _result(job, link_of),
            "model": model,
            "creditCost": _cost(job),
            "completedAt": shown_time(job.finished_at_ms),
        },
        "failed": {"error": _error(job), "model": model},
    }
    return msgspec.json.encode(head | tails[_EVENTS[event]])


def notice_headers(event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
    """The vendor's signature is keyed with the 32 bytes of the API key's SHA-256.

    ``src/webhooks.ts`` of https://github.com/apiframe-ai/apiframe-nodejs-sdk. A receiver that
    takes the digest's hexadecimal text for the key is served by passing that text's bytes.
    """
    headers = {"x-webhook-event": _EVENTS[event]}
    if key_digest:
        signature = hmac.new(key_digest, body, hashlib.sha256).hexdigest()
        headers["x-webhook-signature"] = f"sha256={signature}"
    return headers


def _result(job: Job, link_of: LinkOf) -> dict[str, Any] | None:
    if job.state is not JobState.SUCCEEDED:
        return None
    return {"images": [link_of(asset) for asset in job.results]}


def _error(job: Job) -> str | None:
    if not job.state.final or job.state is JobState.SUCCEEDED:
        return None
    return "The job ended without a result." if job.error is None else job.error.message


def _cost(job: Job) -> int | None:
    """What it cost in whole credits; None as long as that is open."""
    if job.charge is not None:
        return credits_up(job.charge.nanos)
    return 0 if job.state.final else None
