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
    links_s: int = 86_400
    """So long a link to an image may hold after its removal, and somebody may ask why."""


def retention_chores(database: Database, kept: Kept) -> tuple[Chore, ...]:
    chores = [RowChore("idempotency", database, _look_at_tokens, _remove_tokens)]
    if kept.images_days:
        chores.append(_images(database, kept))
    if kept.attempts_days:
        chores.append(_attempts(database, kept.attempts_days * DAY_MS))
    return tuple(chores)


def _images(database: Database, kept: Kept) -> RowChore:
    """All that belongs to a job: results, originals, inputs, masks."""
    kept_ms = kept.images_days * DAY_MS
    links_ms = 2 * kept.links_s * 1000  # those to small copies hold somewhat longer

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(*records.old_images(tx, now_ms - kept_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        told_until = now_ms + links_ms
        jobs, *done = records.remove_images(tx, now_ms - kept_ms, now_ms, _JOBS_AT_ONCE, told_until)
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
