"""The jobs, attempts and idempotency tables. Every statement of their life stands here."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, and_, bindparam, delete, func, insert, select, update

from darkroom.assets import assets_of_job, assets_of_jobs
from darkroom.core.errors import ErrorRecord
from darkroom.core.job import Asset, Attempt, AttemptState, Charge, Job, JobQuote, JobState
from darkroom.core.request import ImageRequest
from darkroom.core.result import Output
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.db import Tx
from darkroom.db.tables import attempts, idempotency, jobs

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(ImageRequest)
_errors = msgspec.json.Decoder(ErrorRecord)
_outputs = msgspec.json.Decoder(Output)
_usages = msgspec.json.Decoder(Usage)
_quotes = msgspec.json.Decoder(JobQuote)
_charges = msgspec.json.Decoder(Charge)
_warnings = msgspec.json.Decoder(tuple[Warning, ...])

_OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class IdempotencyEntry:
    fingerprint: str
    job_id: str


_INSERT_JOB = insert(jobs)
_INSERT_KEY = insert(idempotency)
_INSERT_ATTEMPT = insert(attempts)
_JOB = select(jobs).where(jobs.c.id == bindparam("job_id"))
_OWNED_JOB = _JOB.where(jobs.c.account_id == bindparam("account_id"))
_ATTEMPTS = (
    select(attempts).where(attempts.c.job_id == bindparam("job_id")).order_by(attempts.c.number)
)
_KEY = select(idempotency).where(
    idempotency.c.key_id == bindparam("key_id"), idempotency.c.token == bindparam("token")
)
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state.in_(_OPEN_STATES))
    .values(
        state=JobState.RUNNING,
        owner=bindparam("new_owner"),
        started_at_ms=func.coalesce(jobs.c.started_at_ms, bindparam("now_ms")),
    )
    .returning(jobs)
)
_MINE = and_(
    jobs.c.id == bindparam("job_id"),
    jobs.c.owner == bindparam("my_owner"),
    jobs.c.state == JobState.RUNNING,
)
_FINISH = update(jobs).where(_MINE)
_SET_CHARGE = update(jobs).where(jobs.c.id == bindparam("job_id"))
_CLOSE_ATTEMPT = update(attempts).where(
    attempts.c.job_id == bindparam("of_job"), attempts.c.number == bindparam("of_number")
)
_REQUEST_CANCEL = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state.in_(_OPEN_STATES))
    .values(cancel_requested=True)
)
_CANCEL_QUEUED = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.state == JobState.QUEUED)
    .values(state=JobState.CANCELED, finished_at_ms=bindparam("now_ms"), error=bindparam("why"))
)
_UNFINISHED = select(jobs.c.id).where(jobs.c.state.in_(_OPEN_STATES)).order_by(jobs.c.id)


def topic(job_id: str) -> str:
    """Woken at every change of the job that a reader can see."""
    return f"job:{job_id}"


def cancel_topic(job_id: str) -> str:
    """Woken when somebody asks for the job's end."""
    return f"cancel:{job_id}"


def add(tx: Tx, job: Job) -> None:
    tx.execute(
        _INSERT_JOB,
        {
            "id": job.id,
            "account_id": job.account_id,
            "key_id": job.key_id,
            "dialect": job.dialect,
            "state": job.state,
            "request": _text(job.request),
            "created_at_ms": job.created_at_ms,
            "cancel_requested": False,
            "quote": None if job.quote is None else _text(job.quote),
            "warnings": _text(job.warnings) if job.warnings else None,
        },
    )


def find_key(tx: Tx, key_id: str, token: str, now_ms: int) -> IdempotencyEntry | None:
    """The live entry of an idempotency key."""
    row = tx.execute(_KEY, {"key_id": key_id, "token": token}).first()
    if row is None or row.expires_at_ms <= now_ms:
        return None
    return IdempotencyEntry(row.fingerprint, row.job_id)


def add_key(tx: Tx, key_id: str, token: str, entry: IdempotencyEntry, expires_at_ms: int) -> None:
    """Bind the key to a job; an expired entry gives way."""
    tx.execute(
        delete(idempotency).where(idempotency.c.key_id == key_id, idempotency.c.token == token)
    )
    tx.execute(
        _INSERT_KEY,
        {
            "key_id": key_id,
            "token": token,
            "fingerprint": entry.fingerprint,
            "job_id": entry.job_id,
            "expires_at_ms": expires_at_ms,
        },
    )


def get(tx: Tx, job_id: str) -> Job | None:
    row = tx.execute(_JOB, {"job_id": job_id}).first()
    return None if row is None else _whole(tx, row)


def get_owned(tx: Tx, job_id: str, account_id: str) -> Job | None:
    row = tx.execute(_OWNED_JOB, {"job_id": job_id, "account_id": account_id}).first()
    return None if row is None else _whole(tx, row)


def page(
    tx: Tx, account_id: str, limit: int, before: str | None, state: JobState | None
) -> list[Job]:
    """Newest first, older than the job ``before``."""
    query = select(jobs).where(jobs.c.account_id == account_id)
    if before is not None:
        query = query.where(jobs.c.id < before)
    if state is not None:
        query = query.where(jobs.c.state == state)
    rows = tx.execute(query.order_by(jobs.c.id.desc()).limit(limit)).all()
    ids = [row.id for row in rows]
    tried: dict[str, list[Attempt]] = {}
    found = select(attempts).where(attempts.c.job_id.in_(ids)).order_by(attempts.c.number)
    for row in tx.execute(found):
        tried.setdefault(row.job_id, []).append(_attempt(row))
    stored = assets_of_jobs(tx, ids)
    return [_job(row, tried.get(row.id, []), stored.get(row.id, [])) for row in rows]


def claim(tx: Tx, job_id: str, owner: str, now_ms: int) -> Job | None:
    """Take the job to run it; None when it has ended. The former owner's writes fail from now.

    The job comes with its attempts, and without its assets.
    """
    done = tx.execute(_CLAIM, {"job_id": job_id, "new_owner": owner, "now_ms": now_ms})
    row = done.first()
    if row is None:
        return None
    return _job(row, _attempts_of(tx, job_id), [])


def unfinished(tx: Tx) -> list[str]:
    return list(tx.execute(_UNFINISHED).scalars())


def open_attempt(tx: Tx, job_id: str, attempt: Attempt) -> None:
    """Written before the socket is opened: a crash leaves the row as the witness."""
    tx.execute(
        _INSERT_ATTEMPT,
        {
            "job_id": job_id,
            "number": attempt.number,
            "deployment": attempt.deployment,
            "provider": attempt.provider,
            "model": attempt.model,
            "state": attempt.state,
            "started_at_ms": attempt.started_at_ms,
        },
    )


def close_attempt(tx: Tx, job_id: str, attempt: Attempt) -> None:
    tx.execute(
        _CLOSE_ATTEMPT,
        {
            "of_job": job_id,
            "of_number": attempt.number,
            "state": attempt.state,
            "finished_at_ms": attempt.finished_at_ms,
            "upstream_id": attempt.upstream_id,
            "error": None if attempt.error is None else _text(attempt.error),
        },
    )


def finish(tx: Tx, job: Job, owner: str) -> bool:
    """Write the end of a job. False, and nothing written, when another process owns it now."""
    values: dict[str, Any] = {
        "job_id": job.id,
        "my_owner": owner,
        "state": job.state,
        "finished_at_ms": job.finished_at_ms,
        "model": job.model,
        "deployment": job.deployment,
        "output": None if job.output is None else _text(job.output),
        "usage": None if job.usage is None else _text(job.usage),
        "charge": None if job.charge is None else _text(job.charge),
        "error": None if job.error is None else _text(job.error),
        "warnings": _text(job.warnings) if job.warnings else None,
    }
    if not tx.execute(_FINISH, values).rowcount:
        return False
    tx.notify(topic(job.id))
    return True


def set_charge(tx: Tx, job_id: str, charge: Charge) -> None:
    tx.execute(_SET_CHARGE, {"job_id": job_id, "charge": _text(charge)})


def request_cancel(tx: Tx, job_id: str, why: ErrorRecord, now_ms: int) -> bool:
    """A queued job ends at once, and True says so; a running one is told."""
    queued = {"job_id": job_id, "now_ms": now_ms, "why": _text(why)}
    tx.execute(_REQUEST_CANCEL, {"job_id": job_id})
    ended = tx.execute(_CANCEL_QUEUED, queued).rowcount
    tx.notify(topic(job_id))
    tx.notify(cancel_topic(job_id))
    return bool(ended)


def _whole(tx: Tx, row: Row[Any]) -> Job:
    return _job(row, _attempts_of(tx, row.id), assets_of_job(tx, row.id))


def _attempts_of(tx: Tx, job_id: str) -> list[Attempt]:
    return [_attempt(found) for found in tx.execute(_ATTEMPTS, {"job_id": job_id})]


def _job(row: Row[Any], tried: list[Attempt], stored: "list[Asset] | tuple[Asset, ...]") -> Job:
    return Job(
        id=row.id,
        account_id=row.account_id,
        key_id=row.key_id,
        dialect=row.dialect,
        state=JobState(row.state),
        request=_requests.decode(row.request),
        created_at_ms=row.created_at_ms,
        started_at_ms=row.started_at_ms,
        finished_at_ms=row.finished_at_ms,
        cancel_requested=bool(row.cancel_requested),
        model=row.model,
        deployment=row.deployment,
        output=_decoded(_outputs, row.output),
        usage=_decoded(_usages, row.usage),
        quote=_decoded(_quotes, row.quote),
        charge=_decoded(_charges, row.charge),
        error=_decoded(_errors, row.error),
        warnings=_decoded(_warnings, row.warnings) or (),
        attempts=tuple(tried),
        assets=tuple(stored),
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        row.number,
        row.deployment,
        row.provider,
        row.model,
        AttemptState(row.state),
        row.started_at_ms,
        row.finished_at_ms,
        row.upstream_id,
        _decoded(_errors, row.error),
    )


def _text(value: object) -> str:
    return _encoder.encode(value).decode()


def _decoded(decoder: "msgspec.json.Decoder[T]", text: str | None) -> T | None:
    return None if text is None else decoder.decode(text)
