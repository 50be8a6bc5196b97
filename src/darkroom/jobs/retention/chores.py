"""The chores of the jobs room."""

from dataclasses import dataclass

from darkroom.db import Chore, Database, Heap, RowChore, Tx
from darkroom.jobs.retention import records

DAY_MS = 86_400_000
_JOBS_AT_ONCE = 50
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """For how many days after a job's end; 0: for ever."""

    images_days: int = 0
    attempts_days: int = 0


def retention_chores(database: Database, kept: Kept) -> tuple[Chore, ...]:
    chores = [RowChore("idempotency", database, _look_at_tokens, _remove_tokens)]
    if kept.images_days:
        chores.append(_images(database, kept.images_days * DAY_MS))
    if kept.attempts_days:
        chores.append(_attempts(database, kept.attempts_days * DAY_MS))
    return tuple(chores)


def _images(database: Database, kept_ms: int) -> RowChore:
    """All that belongs to a job: results, originals, inputs, masks."""

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(*records.old_images(tx, now_ms - kept_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        jobs, *done = records.remove_images(tx, now_ms - kept_ms, now_ms, _JOBS_AT_ONCE)
        return Heap(*done, more=jobs == _JOBS_AT_ONCE)

    return RowChore("images", database, look, step)


def _attempts(database: Database, kept_ms: int) -> RowChore:
    """But for those that may have been billed for nothing: the statement of drift needs them."""

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(records.old_attempts(tx, now_ms - kept_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        jobs, count = records.remove_attempts(tx, now_ms - kept_ms, _JOBS_AT_ONCE)
        return Heap(count, more=jobs == _JOBS_AT_ONCE)

    return RowChore("attempts", database, look, step)


def _look_at_tokens(tx: Tx, now_ms: int) -> Heap:
    return Heap(records.expired_tokens(tx, now_ms))


def _remove_tokens(tx: Tx, now_ms: int) -> Heap:
    count = records.remove_tokens(tx, now_ms, _ROWS_AT_ONCE)
    return Heap(count, more=count == _ROWS_AT_ONCE)
