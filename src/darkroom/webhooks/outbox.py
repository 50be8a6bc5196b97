"""What other rooms' transactions put down: whom to tell of a job, and what is to be told.

A delivery is written with the fact that it tells. It is sent after the commit, so never before
the ledger has settled, and no crash can lose it.
"""

from collections.abc import Collection, Mapping

from darkroom.core.draft import Callback
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import CallbackState, Job, JobEvent, JobState
from darkroom.db import Tx
from darkroom.webhooks import records
from darkroom.webhooks.rules import host_of
from darkroom.webhooks.shapes import Delivery, DeliveryState

_ENDS = {
    JobState.SUCCEEDED: JobEvent.COMPLETED,
    JobState.FAILED: JobEvent.FAILED,
    JobState.CANCELED: JobEvent.CANCELED,
}
_SHOWN = {
    DeliveryState.PENDING: CallbackState.PENDING,
    DeliveryState.DELIVERED: CallbackState.DELIVERED,
}


def accepted(tx: Tx, job: Job, callback: Callback, origin: str, key_digest: bytes) -> None:
    """With the job: remember where its request wants to be told.

    ``origin``: links in the bodies are made on it. ``key_digest``: the SHA-256 of the caller's
    API key for a dialect that signs with it, else empty.
    """
    records.add_callback(tx, job.id, callback.url, origin, key_digest)


def progressed(tx: Tx, job: Job) -> None:
    """With a job's start or a preview. Costs nothing where nobody asked for it."""
    if JobEvent.PROGRESS in job.callback_events:
        _tell(tx, job, JobEvent.PROGRESS, _callback(tx, job))


def ended(tx: Tx, job: Job) -> None:
    """With the last state of a job and the settling of its money: one small look otherwise."""
    event = _ENDS[job.state]
    targets = records.hearing(tx, job.account_id, job.key_id, event)
    if event in job.callback_events:
        targets = [*targets, *_callback(tx, job)]
    _tell(tx, job, event, targets)


def callback_states(tx: Tx, jobs: Collection[Job]) -> Mapping[str, CallbackState]:
    """How far the callbacks of those jobs that have one were told of the end."""
    called = [job for job in jobs if job.callback_events]
    if not called:
        return {}
    told = records.told(tx, [job.id for job in called])
    waiting = {job.id: CallbackState.PENDING for job in called if not job.state.final}
    return waiting | {
        job_id: _SHOWN.get(state, CallbackState.FAILED) for job_id, state in told.items()
    }


def a_delivery(
    account_id: str, event: str, job_id: str | None, endpoint_id: str | None
) -> Delivery:
    """A new one that is due at once."""
    now = now_ms()
    return Delivery(
        id=new_id(now),
        account_id=account_id,
        event=event,
        state=DeliveryState.PENDING,
        created_at_ms=now,
        due_at_ms=now,
        job_id=job_id,
        endpoint_id=endpoint_id,
    )


def lane(account_id: str, url: str) -> str:
    """Deliveries of one account to one host share a lane: they wait for each other alone."""
    return f"{account_id} {host_of(url)}"


def _callback(tx: Tx, job: Job) -> list[tuple[None, str]]:
    url = records.callback_url(tx, job.id)
    return [] if url is None else [(None, url)]


def _tell(tx: Tx, job: Job, event: JobEvent, targets: Collection[tuple[str | None, str]]) -> None:
    if targets:
        records.add_deliveries(
            tx,
            [
                (a_delivery(job.account_id, event, job.id, endpoint), lane(job.account_id, url))
                for endpoint, url in targets
            ],
        )
