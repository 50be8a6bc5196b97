"""Deliveries are kept for some time after their end, for whoever asks what was told."""

from darkroom.db import Chore, Database, Heap, RowChore, Tx
from darkroom.webhooks import records

_DAY_MS = 86_400_000
_AT_ONCE_MAX = 500


def deliveries_chore(database: Database, days: int) -> Chore:
    """Removes them, with all their tries, ``days`` after their end."""
    kept_ms = days * _DAY_MS

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(records.past(tx, now_ms - kept_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        count = records.remove_past(tx, now_ms - kept_ms, _AT_ONCE_MAX)
        return Heap(count, more=count == _AT_ONCE_MAX)

    return RowChore("deliveries", database, look, step)
