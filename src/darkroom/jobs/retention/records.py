"""What is removed of the jobs room's tables.

Ids grow with time, so that the oldest rows stand first in a primary key: what is removed is always
found at its beginning, and no index is kept for it.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update

from darkroom.assets import note_removed, remove_of_job
from darkroom.core.ids import first_id
from darkroom.core.job import AssetKind, AttemptState
from darkroom.db import Tx
from darkroom.db.tables import assets, attempts, idempotency, job_inputs, jobs
from darkroom.jobs.history.records import hand_over_to_heirs

_MAYBE_BILLED = (AttemptState.OPEN, AttemptState.SENT_UNKNOWN, AttemptState.CANCELED)
_SUMS = select(func.count().label("images"), func.sum(assets.c.byte_size).label("byte_size"))


def old_images(tx: Tx, until_ms: int) -> tuple[int, int]:
    """How many images belong to jobs that ended before that time, and their bytes."""
    return _sums(tx, _SUMS.select_from(_owned_by_jobs()).where(*_old_image(until_ms)))


def remove_images(
    tx: Tx, until_ms: int, now_ms: int, limit: int, told_until_ms: int
) -> tuple[int, int, int]:
    """Remove those of some jobs: how many jobs, images and bytes.

    Images that younger jobs start from are theirs from now on. Until ``told_until_ms`` it is
    remembered which were removed.
    """
    found = select(jobs.c.id).select_from(_owned_by_jobs()).where(*_old_image(until_ms))
    ids = list(tx.execute(found.distinct().order_by(jobs.c.id).limit(limit)).scalars())
    hand_over_to_heirs(tx, _used_by_younger(ids, until_ms))
    sums = _sums(tx, _SUMS.where(assets.c.job_id.in_(ids)))
    note_removed(tx, ids, now_ms, told_until_ms)
    for job_id in ids:
        remove_of_job(tx, job_id, now_ms)
    tx.execute(update(jobs).where(jobs.c.id.in_(ids)).values(images_removed_at_ms=now_ms))
    return len(ids), *sums


def _sums(tx: Tx, query: Select[Any, Any]) -> tuple[int, int]:
    row = tx.execute(query).one()
    return row.images, int(row.byte_size or 0)


def _used_by_younger(job_ids: list[str], until_ms: int) -> Select[Any, Any]:
    """Images of these jobs, each with the first younger job that starts from it."""
    mine = select(assets.c.id).where(assets.c.job_id.in_(job_ids))
    younger = or_(jobs.c.finished_at_ms.is_(None), jobs.c.finished_at_ms > until_ms)
    return (
        select(job_inputs.c.asset_id, func.min(job_inputs.c.job_id).label("heir"))
        .join(jobs, jobs.c.id == job_inputs.c.job_id)
        .where(job_inputs.c.asset_id.in_(mine), job_inputs.c.job_id.not_in(job_ids), younger)
    )


def _owned_by_jobs() -> Any:
    return assets.join(jobs, jobs.c.id == assets.c.job_id)


def _old_image(until_ms: int) -> tuple[ColumnElement[bool], ...]:
    """A job's images are made before its end, and ids grow with time."""
    return (
        assets.c.id < first_id(until_ms),
        assets.c.kind != AssetKind.UPLOAD,
        jobs.c.finished_at_ms <= until_ms,
    )


def old_attempts(tx: Tx, until_ms: int) -> int:
    """How many attempts belong to jobs that ended before that time."""
    counted = select(func.count()).select_from(_attempts_of_jobs())
    return tx.execute(counted.where(_old_attempt(until_ms))).scalar() or 0


def remove_attempts(tx: Tx, until_ms: int, limit: int) -> tuple[int, int]:
    """Remove those of some jobs: how many jobs, how many attempts."""
    found = select(jobs.c.id).select_from(_attempts_of_jobs()).where(_old_attempt(until_ms))
    ids = list(tx.execute(found.distinct().order_by(jobs.c.id).limit(limit)).scalars())
    settled = attempts.c.state.not_in(_MAYBE_BILLED)
    done = tx.execute(delete(attempts).where(attempts.c.job_id.in_(ids), settled))
    return len(ids), done.rowcount


def _attempts_of_jobs() -> Any:
    return attempts.join(jobs, jobs.c.id == attempts.c.job_id)


def _old_attempt(until_ms: int) -> ColumnElement[bool]:
    return and_(
        attempts.c.job_id < first_id(until_ms),
        attempts.c.state.not_in(_MAYBE_BILLED),
        jobs.c.finished_at_ms <= until_ms,
    )


def expired_tokens(tx: Tx, now_ms: int) -> int:
    """How many idempotency keys bring back no job any more."""
    query = select(func.count()).where(idempotency.c.expires_at_ms <= now_ms)
    return tx.execute(query).scalar() or 0


def remove_tokens(tx: Tx, now_ms: int, limit: int) -> int:
    """Remove some of those; how many."""
    key = tuple_(idempotency.c.key_id, idempotency.c.token)
    found = select(idempotency.c.key_id, idempotency.c.token).where(
        idempotency.c.expires_at_ms <= now_ms
    )
    done = tx.execute(delete(idempotency).where(key.in_(found.limit(limit))))
    return done.rowcount
