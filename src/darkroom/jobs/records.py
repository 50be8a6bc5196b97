"""The jobs, attempts and idempotency tables. Every statement of their life stands here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from darkroom.assets import assets_of_job, assets_of_jobs
from darkroom.core.errors import ErrorRecord
from darkroom.core.ids import first_id
from darkroom.core.job import (
    Asset,
    Attempt,
    AttemptState,
    Charge,
    Considered,
    Job,
    JobEvent,
    JobQuote,
    JobState,
)
from darkroom.core.policy import Policy
from darkroom.core.request import ImageRequest
from darkroom.core.result import Output
from darkroom.core.trace import UNTRACED, Trace
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.db import Tx
from darkroom.db.tables import attempts, idempotency, jobs
from darkroom.jobs.folding import folded
from darkroom.webhooks import callback_states

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(ImageRequest)
_errors = msgspec.json.Decoder(ErrorRecord)
_outputs = msgspec.json.Decoder(Output)
_usages = msgspec.json.Decoder(Usage)
_quotes = msgspec.json.Decoder(JobQuote)
_charges = msgspec.json.Decoder(Charge)
_warnings = msgspec.json.Decoder(tuple[Warning, ...])
_policies = msgspec.json.Decoder(Policy)
_routes = msgspec.json.Decoder(tuple[Considered, ...])
_traces = msgspec.json.Decoder(Trace)

_OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)
# Literals: with values SQLite does not see that the index `jobs_unfinished` answers this.
_OPEN = jobs.c.state.in_([literal_column(f"'{state}'") for state in _OPEN_STATES])


@dataclass(frozen=True, slots=True)
class IdempotencyEntry:
    fingerprint: str
    job_id: str


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """Attempts that may have been billed although nothing came of them, and what that may be."""

    deployment: str
    model: str
    attempts: int = 0
    possible_nanos: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed."""

    deployment: str
    job_id: str
    at_ms: int
    error: ErrorRecord | None


@dataclass(frozen=True, slots=True)
class Depth:
    """Jobs that have not ended. ``oldest_queued_ms``: when the oldest that waits was accepted."""

    queued: int
    running: int
    oldest_queued_ms: int | None


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
_CLAIM_KEPT = _CLAIM.where(or_(jobs.c.owner == bindparam("new_owner"), jobs.c.owner.is_(None)))
_MINE = and_(
    jobs.c.id == bindparam("job_id"),
    jobs.c.owner == bindparam("my_owner"),
    jobs.c.state == JobState.RUNNING,
)
_FINISH = update(jobs).where(_MINE)
_REQUEUE = update(jobs).where(_MINE).values(state=JobState.QUEUED, owner=None, started_at_ms=None)
_SET_CHARGE = update(jobs).where(jobs.c.id == bindparam("job_id"))
_FORGET_NOTE = update(jobs).where(jobs.c.id == bindparam("job_id")).values(note=None)
_SET_NOTE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.note.is_not(None))
    .values(note=bindparam("new_note"))
)
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
_TO_BE_CANCELED = select(jobs.c.id).where(
    jobs.c.id.in_(bindparam("ids", expanding=True)), jobs.c.cancel_requested
)
_UNFINISHED = select(jobs.c.id, jobs.c.key_id).where(_OPEN).order_by(jobs.c.id)

_DEPTH = (
    select(
        jobs.c.state,
        func.count().label("number"),
        func.min(jobs.c.created_at_ms).label("oldest_ms"),
    )
    .where(_OPEN)
    .group_by(jobs.c.state)
)


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
            "policy": None if job.policy == Policy() else _text(job.policy),
            "route": _text(job.route) if job.route else None,
            "callback_events": " ".join(job.callback_events) or None,
            "note": job.note or None,
            "operation": job.request.operation,
            "asked_model": job.request.model,
            "words": folded(job.request.prompt),
            "trace": None if job.trace == UNTRACED else _text(job.trace),
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


def read(tx: Tx, rows: Sequence[Row[Any]]) -> list[Job]:
    """Jobs with all that belongs to them, from rows of their table."""
    ids = [row.id for row in rows]
    tried: dict[str, list[Attempt]] = {}
    found = select(attempts).where(attempts.c.job_id.in_(ids)).order_by(attempts.c.number)
    for row in tx.execute(found):
        tried.setdefault(row.job_id, []).append(_attempt(row))
    stored = assets_of_jobs(tx, ids)
    whole = [_job(row, tried.get(row.id, []), stored.get(row.id, [])) for row in rows]
    return _with_callbacks(tx, whole)


def models(tx: Tx, account_id: str) -> list[str]:
    """The models that served this account, by name."""
    query = select(jobs.c.model).where(jobs.c.account_id == account_id, jobs.c.model.is_not(None))
    return list(tx.execute(query.distinct().order_by(jobs.c.model)).scalars())


def claim(tx: Tx, job_id: str, owner: str, now_ms: int, *, kept: bool = False) -> Job | None:
    """Take the job to run it; None when it has ended. The former owner's writes fail from now.

    ``kept``: it is this owner's already; None as well when another has taken it meanwhile. The
    job comes with its attempts, and without its assets.
    """
    taking = _CLAIM_KEPT if kept else _CLAIM
    done = tx.execute(taking, {"job_id": job_id, "new_owner": owner, "now_ms": now_ms})
    row = done.first()
    if row is None:
        return None
    return _job(row, _attempts_of(tx, job_id), [])


def requeue(tx: Tx, job_id: str, owner: str) -> None:
    """A claimed job has to wait after all: it shows as queued until it is claimed again."""
    tx.execute(_REQUEUE, {"job_id": job_id, "my_owner": owner})


_MAYBE_BILLED = (AttemptState.SENT_UNKNOWN, AttemptState.CANCELED)
"""Few vendors take a request back: whoever hangs up on one may still pay for it."""


def unknown_costs(
    tx: Tx, since_ms: int, until_ms: int, account_id: str | None = None
) -> list[UnknownCost]:
    """Attempts that ended in the period without an image and may have been billed all the same,
    by deployment and model."""
    query = (
        select(attempts.c.deployment, attempts.c.model, jobs.c.route, jobs.c.quote)
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .where(
            attempts.c.state.in_(_MAYBE_BILLED),
            attempts.c.finished_at_ms >= since_ms,
            attempts.c.finished_at_ms < until_ms,
        )
    )
    if account_id is not None:
        query = query.where(jobs.c.account_id == account_id)
    found: dict[tuple[str, str], UnknownCost] = {}
    for row in tx.execute(query):
        before = found.get((row.deployment, row.model)) or UnknownCost(row.deployment, row.model)
        found[row.deployment, row.model] = replace(
            before,
            attempts=before.attempts + 1,
            possible_nanos=before.possible_nanos + _price_at(row),
        )
    return list(found.values())


_FAILED = (AttemptState.NOT_SENT, AttemptState.SENT_UNKNOWN, AttemptState.FAILED)
"""A refusal on policy is none: the deployment answered."""


def failures(tx: Tx, since_ms: int, most: int) -> list[Failure]:
    """The failed attempts of jobs that were accepted since then, newest first, at most ``most``."""
    query = (
        select(
            attempts.c.deployment, attempts.c.job_id, attempts.c.finished_at_ms, attempts.c.error
        )
        # ids grow with time: the primary key finds them, and no index has to be kept for this
        .where(attempts.c.job_id >= first_id(since_ms), attempts.c.state.in_(_FAILED))
        .order_by(attempts.c.finished_at_ms.desc())
        .limit(most)
    )
    return [
        Failure(row.deployment, row.job_id, row.finished_at_ms, _decoded(_errors, row.error))
        for row in tx.execute(query)
    ]


def _price_at(row: Row[Any]) -> int:
    """What the job was expected to cost at the deployment of the attempt."""
    for one in _decoded(_routes, row.route) or ():
        if one.deployment == row.deployment and one.expected_nanos is not None:
            return one.expected_nanos
    quote = _decoded(_quotes, row.quote)
    return 0 if quote is None else quote.expected_nanos


def unfinished(tx: Tx) -> list[tuple[str, str]]:
    """The ids of the jobs that wait or run, oldest first, each with its API key's."""
    return [(row.id, row.key_id) for row in tx.execute(_UNFINISHED)]


def depth(tx: Tx) -> Depth:
    """How many jobs wait and run, of all accounts."""
    found = {row.state: row for row in tx.execute(_DEPTH)}
    waits, runs = found.get(JobState.QUEUED), found.get(JobState.RUNNING)
    return Depth(
        queued=waits.number if waits else 0,
        running=runs.number if runs else 0,
        oldest_queued_ms=waits.oldest_ms if waits else None,
    )


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


def handed_in(tx: Tx, job_id: str, number: int, upstream_id: str, owner: str) -> bool:
    """Write down by which id the vendor knows an attempt that goes on there.

    False, and nothing written, when another process owns the job now, or it has ended.
    """
    mine = select(jobs.c.id).where(_MINE)
    if tx.execute(mine, {"job_id": job_id, "my_owner": owner}).first() is None:
        return False
    named = {"of_job": job_id, "of_number": number, "upstream_id": upstream_id}
    tx.execute(_CLOSE_ATTEMPT, named)
    tx.notify(topic(job_id))
    return True


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


def set_note(tx: Tx, job_id: str, note: str) -> None:
    """Add to a job's note. One that was forgotten stays so."""
    tx.execute(_SET_NOTE, {"job_id": job_id, "new_note": note})


def forget_note(tx: Tx, job_id: str) -> None:
    tx.execute(_FORGET_NOTE, {"job_id": job_id})


def request_cancel(tx: Tx, job_id: str, why: ErrorRecord, now_ms: int) -> bool:
    """A queued job ends at once, and True says so; a running one is told."""
    queued = {"job_id": job_id, "now_ms": now_ms, "why": _text(why)}
    tx.execute(_REQUEST_CANCEL, {"job_id": job_id})
    ended = tx.execute(_CANCEL_QUEUED, queued).rowcount
    tx.notify(topic(job_id))
    tx.notify(cancel_topic(job_id))
    return bool(ended)


def to_be_canceled(tx: Tx, job_ids: Collection[str]) -> list[str]:
    """Which of these jobs somebody wants to end."""
    return list(tx.execute(_TO_BE_CANCELED, {"ids": list(job_ids)}).scalars())


def _whole(tx: Tx, row: Row[Any]) -> Job:
    job = _job(row, _attempts_of(tx, row.id), assets_of_job(tx, row.id))
    [whole] = _with_callbacks(tx, [job])
    return whole


def _with_callbacks(tx: Tx, found: list[Job]) -> list[Job]:
    """The jobs with how far their callbacks were told; the others cost nothing."""
    states = callback_states(tx, found)
    return [replace(job, callback=states[job.id]) if job.id in states else job for job in found]


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
        policy=_decoded(_policies, row.policy) or Policy(),
        route=_decoded(_routes, row.route) or (),
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
        callback_events=tuple(map(JobEvent, (row.callback_events or "").split())),
        note=row.note or "",
        trace=_decoded(_traces, row.trace) or UNTRACED,
        images_removed_at_ms=row.images_removed_at_ms,
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
