"""The table of meters, one row for each key that has limits, and the count of a key's jobs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)

from darkroom.db import Tx
from darkroom.db.tables import jobs, key_meters
from darkroom.jobs.admission.meter import WINDOW_NS


@dataclass(frozen=True, slots=True)
class Drained:
    """When each allowance of a key will be whole again, in nanoseconds since the epoch."""

    requests_ns: int = 0
    images_ns: int = 0
    bytes_ns: int = 0


_NAMES = ("requests_ns", "images_ns", "bytes_ns")
_OF_KEY = key_meters.c.key_id == bindparam("of_key")
_METERS = select(key_meters).where(_OF_KEY)
_LOCKED = _METERS.with_for_update()
_INSERT = insert(key_meters)


def _big(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _used(name: str) -> ColumnElement[int]:
    """As :attr:`Meter.used_ns` reckons it."""
    left = key_meters.c[name] - _big("now_ns")
    return case((left <= 0, 0), (left > WINDOW_NS, WINDOW_NS), else_=left)


# one statement: who waits for another's transaction looks at what that one left
_TAKE = (
    update(key_meters)
    .where(_OF_KEY, *(_used(name) + _big(f"cost_{name}") <= WINDOW_NS for name in _NAMES))
    .values({name: _big("now_ns") + _used(name) + _big(f"cost_{name}") for name in _NAMES})
    .returning(key_meters)
)
# as text: PostgreSQL has to see that the partial index answers this
_UNFINISHED = (
    select(func.count())
    .select_from(jobs)
    .where(
        jobs.c.key_id == bindparam("of_key"),
        jobs.c.state.in_([literal_column("'queued'"), literal_column("'running'")]),
    )
)


def take(tx: Tx, key_id: str, cost: Drained, now_ns: int) -> Drained | None:
    """Take what a request costs. None, and nothing taken, when it is not there, or no row is.

    No other transaction of this key passes until this one has ended.
    """
    asked = {
        "of_key": key_id,
        "now_ns": now_ns,
        "cost_requests_ns": cost.requests_ns,
        "cost_images_ns": cost.images_ns,
        "cost_bytes_ns": cost.bytes_ns,
    }
    row = tx.execute(_TAKE, asked).first()
    return None if row is None else Drained(row.requests_ns, row.images_ns, row.bytes_ns)


def read(tx: Tx, key_id: str) -> Drained:
    row = tx.execute(_METERS, {"of_key": key_id}).first()
    return Drained() if row is None else Drained(row.requests_ns, row.images_ns, row.bytes_ns)


def lock(tx: Tx, key_id: str) -> Drained:
    """Read them, and let no other transaction of this key pass until this one has ended."""
    row = tx.execute(_LOCKED, {"of_key": key_id}).first()
    if row is not None:
        return Drained(row.requests_ns, row.images_ns, row.bytes_ns)
    # a second process that inserts it too is undone, and finds this row when repeated
    tx.execute(_INSERT, {"key_id": key_id, "requests_ns": 0, "images_ns": 0, "bytes_ns": 0})
    return Drained()


def unfinished(tx: Tx, key_id: str) -> int:
    """How many jobs of the key wait or run."""
    return tx.execute(_UNFINISHED, {"of_key": key_id}).scalar() or 0
