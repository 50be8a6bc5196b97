"""Sessions that have ended leave the database also when nobody signs in any more."""

from darkroom.db import Chore, Database, Heap, RowChore, Tx
from darkroom.server.sessions import records
from darkroom.server.sessions.service import Lifetimes


def sessions_chore(database: Database, lifetimes: Lifetimes) -> Chore:
    """Removes them, and links to sign in that nobody used. There are few: one step does."""
    idle_ms = lifetimes.idle_s * 1000

    def look(tx: Tx, now_ms: int) -> Heap:
        return Heap(records.count_over(tx, now_ms, now_ms - idle_ms))

    def step(tx: Tx, now_ms: int) -> Heap:
        return Heap(records.remove_over(tx, now_ms, now_ms - idle_ms))

    return RowChore("sessions", database, look, step)
