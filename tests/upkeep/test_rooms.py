"""Webhooks and sessions: what has come to its end goes, what has not stays."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from darkroom.core.ids import new_id, now_ms
from darkroom.db import Database, Heap, open_database
from darkroom.db.tables import sessions, sign_in_tokens, webhook_attempts, webhook_deliveries
from darkroom.server.sessions import Lifetimes, sessions_chore
from darkroom.upkeep import cleared
from darkroom.webhooks import deliveries_chore

DAY_MS = 86_400_000


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()


async def add(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    await database.write(lambda tx: tx.execute(insert(table), rows))


async def count(database: Database, table: Table) -> int:
    query = select(func.count()).select_from(table)
    return await database.read(lambda tx: tx.execute(query).scalar() or 0)


def a_delivery(days: float, state: str) -> dict[str, Any]:
    """One that came to its end so many days ago, or began then and goes on."""
    at_ms = now_ms() - int(days * DAY_MS)
    return {
        "id": new_id(at_ms - 1),
        "account_id": "account",
        "event": "completed",
        "lane": "lane",
        "state": state,
        "created_at_ms": at_ms - 1,
        "due_at_ms": at_ms,
        "step": 0,
        "attempt_count": 1,
        "finished_at_ms": None if state == "pending" else at_ms,
    }


async def test_deliveries_go_with_their_tries(database: Database) -> None:
    old = [a_delivery(31, state) for state in ("delivered", "failed", "stopped")]
    kept = [a_delivery(31, "pending"), a_delivery(29, "delivered")]
    await add(database, webhook_deliveries, old + kept)
    tries = [
        {"delivery_id": one["id"], "number": 1, "started_at_ms": 1, "duration_ms": 1}
        for one in old + kept
    ]
    await add(database, webhook_attempts, tries)
    chore = deliveries_chore(database, 30)
    assert await chore.look() == Heap(3)
    assert await cleared(chore) == Heap(3)
    assert await chore.look() == Heap()
    assert await count(database, webhook_deliveries) == 2
    assert await count(database, webhook_attempts) == 2


async def test_sessions_go_that_ended_or_lay_idle(database: Database) -> None:
    now, hour = now_ms(), 3_600_000
    rows = [
        {
            "id": new_id(),
            "digest": new_id(),
            "key_id": "key",
            "created_at_ms": now - 2 * DAY_MS,
            "seen_at_ms": now - seen_ago,
            "ends_at_ms": now + ends_in,
        }
        for seen_ago, ends_in in ((0, -1), (2 * hour, DAY_MS), (0, DAY_MS))
    ]
    await add(database, sessions, rows)
    links = [
        {"digest": f"{ends_in}", "key_id": "key", "ends_at_ms": now + ends_in}
        for ends_in in (-1, hour)
    ]
    await add(database, sign_in_tokens, links)
    chore = sessions_chore(database, Lifetimes(idle_s=3_600, most_s=86_400))
    assert await chore.look() == Heap(3)
    assert await cleared(chore) == Heap(3)
    assert (await count(database, sessions), await count(database, sign_in_tokens)) == (1, 1)
