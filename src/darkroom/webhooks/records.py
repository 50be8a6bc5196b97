"""The tables of webhooks: endpoints, callbacks, secrets, deliveries and their attempts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
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

from darkroom.core.ids import first_id
from darkroom.core.job import JobEvent
from darkroom.core.secret import Secret
from darkroom.db import Tx
from darkroom.db.tables import (
    webhook_attempts,
    webhook_callbacks,
    webhook_deliveries,
    webhook_endpoints,
    webhook_secrets,
)
from darkroom.webhooks.shapes import (
    Delivery,
    DeliveryState,
    Endpoint,
    Keys,
    Outcome,
    Target,
    Try,
)

TOPIC = "webhooks"
"""Woken when there is something to deliver."""
_LOOK_MAX = 500
"""How many deliveries that are due are looked at, at a time, for lanes that have room."""

_HEARING = select(
    webhook_endpoints.c.id, webhook_endpoints.c.url, webhook_endpoints.c.events
).where(
    webhook_endpoints.c.account_id == bindparam("account_id"),
    webhook_endpoints.c.disabled_at_ms.is_(None),
    or_(webhook_endpoints.c.key_id.is_(None), webhook_endpoints.c.key_id == bindparam("key_id")),
)
_CALLBACK = select(webhook_callbacks).where(
    webhook_callbacks.c.job_id == bindparam("job_id"), webhook_callbacks.c.stopped_at_ms.is_(None)
)
_INSERT_CALLBACK = insert(webhook_callbacks)
_INSERT_DELIVERY = insert(webhook_deliveries)
_INSERT_ATTEMPT = insert(webhook_attempts)
# A literal: with a value SQLite does not see that the index `webhook_deliveries_due` answers this.
_PENDING = webhook_deliveries.c.state == literal_column(f"'{DeliveryState.PENDING}'")
_DELIVERIES = (
    select(
        webhook_deliveries,
        func.coalesce(webhook_endpoints.c.url, webhook_callbacks.c.url).label("url"),
    )
    .outerjoin(webhook_endpoints, webhook_endpoints.c.id == webhook_deliveries.c.endpoint_id)
    .outerjoin(
        webhook_callbacks,
        and_(
            webhook_callbacks.c.job_id == webhook_deliveries.c.job_id,
            webhook_deliveries.c.endpoint_id.is_(None),
        ),
    )
)


# --- endpoints and callbacks -------------------------------------------------------------------


def add_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    tx.execute(
        insert(webhook_endpoints),
        {
            "id": endpoint.id,
            "account_id": endpoint.account_id,
            "key_id": endpoint.key_id,
            "origin": endpoint.origin,
            "created_at_ms": endpoint.created_at_ms,
            **_changeable(endpoint),
        },
    )


def save_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    """Write what of an endpoint can change."""
    tx.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint.id)
        .values(**_changeable(endpoint))
    )


def endpoint_of(tx: Tx, endpoint_id: str, account_id: str) -> Endpoint | None:
    row = tx.execute(
        select(webhook_endpoints).where(
            webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.account_id == account_id
        )
    ).first()
    return None if row is None else _endpoint(row)


def endpoints_of(tx: Tx, account_id: str) -> list[Endpoint]:
    """Oldest first."""
    rows = tx.execute(
        select(webhook_endpoints)
        .where(webhook_endpoints.c.account_id == account_id)
        .order_by(webhook_endpoints.c.id)
    )
    return [_endpoint(row) for row in rows]


def remove_endpoint(tx: Tx, endpoint_id: str) -> None:
    """With its secret. The record of its deliveries stays."""
    tx.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))
    tx.execute(delete(webhook_secrets).where(webhook_secrets.c.owner_id == endpoint_id))


def hearing(tx: Tx, account_id: str, key_id: str, event: JobEvent) -> list[tuple[str, str]]:
    """Id and URL of the endpoints that want this event of a job of this key."""
    rows = tx.execute(_HEARING, {"account_id": account_id, "key_id": key_id})
    return [(row.id, row.url) for row in rows if event in row.events.split()]


def add_callback(tx: Tx, job_id: str, url: str, origin: str, key_digest: bytes) -> None:
    tx.execute(
        _INSERT_CALLBACK,
        {"job_id": job_id, "url": url, "origin": origin, "key_digest": key_digest.hex() or None},
    )


def callback_url(tx: Tx, job_id: str) -> str | None:
    """The address of a job's callback; None when it wants to hear nothing more."""
    row = tx.execute(_CALLBACK, {"job_id": job_id}).first()
    return None if row is None else row.url


# --- secrets -----------------------------------------------------------------------------------


def keys_of(tx: Tx, owner_id: str) -> Keys | None:
    """The secrets of an endpoint, or of an account for its callbacks."""
    row = tx.execute(select(webhook_secrets).where(webhook_secrets.c.owner_id == owner_id)).first()
    if row is None:
        return None
    previous = None if row.previous is None else Secret(row.previous)
    return Keys(Secret(row.secret), previous, row.previous_until_ms)


def save_keys(tx: Tx, owner_id: str, keys: Keys) -> None:
    tx.execute(delete(webhook_secrets).where(webhook_secrets.c.owner_id == owner_id))
    tx.execute(
        insert(webhook_secrets),
        {
            "owner_id": owner_id,
            "secret": keys.secret.reveal(),
            "previous": None if keys.previous is None else keys.previous.reveal(),
            "previous_until_ms": keys.previous_until_ms,
        },
    )


def ensure_keys(tx: Tx, owner_id: str, fresh: Keys) -> Keys:
    """The secrets there are, else ``fresh``."""
    found = keys_of(tx, owner_id)
    if found is None:
        save_keys(tx, owner_id, fresh)
    return found or fresh


# --- deliveries --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Room:
    """How much more one process can send: in all, by lane and by account."""

    total: int
    by_lane: int
    by_account: int
    lanes: dict[str, int]
    """How many of each lane are being sent."""
    accounts: dict[str, int]

    def full_lanes(self) -> list[str]:
        return [name for name, count in self.lanes.items() if count >= self.by_lane]

    def full_accounts(self) -> list[str]:
        return [name for name, count in self.accounts.items() if count >= self.by_account]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to attempt, until it is due again."""

    delivery: Delivery
    lane: str
    fence: str


def add_deliveries(tx: Tx, deliveries: Sequence[tuple[Delivery, str]]) -> None:
    """Each with its lane: those of one lane wait for each other, and for nobody else."""
    tx.execute(
        _INSERT_DELIVERY,
        [
            {
                "id": one.id,
                "account_id": one.account_id,
                "job_id": one.job_id,
                "endpoint_id": one.endpoint_id,
                "event": one.event,
                "lane": lane,
                "created_at_ms": one.created_at_ms,
                **_moving(one),
            }
            for one, lane in deliveries
        ],
    )
    tx.notify(TOPIC)


def claim(tx: Tx, now_ms: int, until_ms: int, fence: str, room: Room) -> list[Claimed]:
    """Take what is due and has room; others can have it from ``until_ms`` on."""
    looked = tx.execute(
        select(webhook_deliveries.c.id, webhook_deliveries.c.lane, webhook_deliveries.c.account_id)
        .where(
            _PENDING,
            webhook_deliveries.c.due_at_ms <= now_ms,
            webhook_deliveries.c.lane.not_in(room.full_lanes()),
            webhook_deliveries.c.account_id.not_in(room.full_accounts()),
        )
        .order_by(webhook_deliveries.c.due_at_ms, webhook_deliveries.c.id)
        .limit(_LOOK_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    chosen = _fitting(looked, room)
    if not chosen:
        return []
    tx.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id.in_(chosen))
        .values(due_at_ms=until_ms, fence=fence)
    )
    rows = tx.execute(_DELIVERIES.where(webhook_deliveries.c.id.in_(chosen)))
    return [Claimed(_delivery(row), row.lane, fence) for row in rows]


def next_due_ms(tx: Tx, room: Room) -> int | None:
    """When the next delivery is due that has room."""
    return tx.execute(
        select(func.min(webhook_deliveries.c.due_at_ms)).where(
            _PENDING,
            webhook_deliveries.c.lane.not_in(room.full_lanes()),
            webhook_deliveries.c.account_id.not_in(room.full_accounts()),
        )
    ).scalar()


@dataclass(frozen=True, slots=True)
class Pending:
    """Deliveries that are still to be made. ``due_ms``: when the first of them is, or was, due."""

    count: int
    due_ms: int | None


def pending(tx: Tx) -> Pending:
    """Of all accounts."""
    found = select(
        func.count().label("number"), func.min(webhook_deliveries.c.due_at_ms).label("due")
    )
    row = tx.execute(found.where(_PENDING)).one()
    return Pending(row.number, row.due)


def target(tx: Tx, delivery: Delivery) -> Target | None:
    """Where it goes; None when there is nobody any more who wants it."""
    if delivery.endpoint_id is not None:
        endpoint = endpoint_of(tx, delivery.endpoint_id, delivery.account_id)
        if endpoint is None or endpoint.disabled_at_ms is not None:
            return None
        keys = keys_of(tx, endpoint.id)
        return Target(endpoint.url, endpoint.origin, endpoint.vendor_key, endpoint.format, keys)
    row = tx.execute(_CALLBACK, {"job_id": delivery.job_id}).first()
    if row is None:
        return None
    keys = keys_of(tx, delivery.account_id)
    return Target(row.url, row.origin, bytes.fromhex(row.key_digest or ""), None, keys)


def settle(tx: Tx, outcome: Outcome, now_ms: int) -> bool:
    """Write down what came of an attempt. False, and nothing written, when it is not ours now."""
    one = outcome.delivery
    mine = and_(webhook_deliveries.c.id == one.id, webhook_deliveries.c.fence == outcome.fence)
    if not tx.execute(update(webhook_deliveries).where(mine).values(**_moving(one))).rowcount:
        return False
    if outcome.tried is not None:
        tried = outcome.tried
        tx.execute(
            _INSERT_ATTEMPT,
            {
                "delivery_id": one.id,
                "number": tried.number,
                "started_at_ms": tried.started_at_ms,
                "duration_ms": tried.duration_ms,
                "status": tried.status,
                "error": tried.error,
            },
        )
    if outcome.gone:
        _forget(tx, one, now_ms)
    return True


def stop_endpoint(tx: Tx, endpoint_id: str, now_ms: int, why: str) -> None:
    """End the deliveries that wait for an endpoint. One that is being sent ends by itself."""
    waiting = and_(_PENDING, webhook_deliveries.c.fence.is_(None))
    tx.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.endpoint_id == endpoint_id, waiting)
        .values(state=DeliveryState.STOPPED, finished_at_ms=now_ms, last_error=why)
    )


def release_all(tx: Tx, now_ms: int) -> None:
    """Make due what a former process was sending. For a database with one process at a time."""
    tx.execute(
        update(webhook_deliveries)
        .where(_PENDING, webhook_deliveries.c.fence.is_not(None))
        .values(due_at_ms=now_ms, fence=None)
    )


def again(tx: Tx, delivery_id: str, now_ms: int) -> None:
    """Make a delivery due now, with its whole schedule before it. One that is being sent stays."""
    done = tx.execute(
        update(webhook_deliveries)
        .where(
            webhook_deliveries.c.id == delivery_id,
            or_(webhook_deliveries.c.fence.is_(None), ~_PENDING),
        )
        .values(
            state=DeliveryState.PENDING, due_at_ms=now_ms, step=0, fence=None, finished_at_ms=None
        )
    )
    if done.rowcount:
        tx.notify(TOPIC)


def delivery_of(tx: Tx, delivery_id: str, account_id: str) -> Delivery | None:
    row = tx.execute(
        _DELIVERIES.where(
            webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.account_id == account_id
        )
    ).first()
    return None if row is None else _delivery(row)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of an account to list, newest first, older than ``before``."""

    account_id: str
    limit: int
    before: str | None = None
    job_id: str | None = None
    endpoint_id: str | None = None
    state: DeliveryState | None = None


def page(tx: Tx, wanted: Wanted) -> list[Delivery]:
    query = _DELIVERIES.where(webhook_deliveries.c.account_id == wanted.account_id)
    if wanted.before is not None:
        query = query.where(webhook_deliveries.c.id < wanted.before)
    if wanted.job_id is not None:
        query = query.where(webhook_deliveries.c.job_id == wanted.job_id)
    if wanted.endpoint_id is not None:
        query = query.where(webhook_deliveries.c.endpoint_id == wanted.endpoint_id)
    if wanted.state is not None:
        query = query.where(webhook_deliveries.c.state == wanted.state)
    rows = tx.execute(query.order_by(webhook_deliveries.c.id.desc()).limit(wanted.limit))
    return [_delivery(row) for row in rows]


def tries_of(tx: Tx, delivery_id: str) -> list[Try]:
    rows = tx.execute(
        select(webhook_attempts)
        .where(webhook_attempts.c.delivery_id == delivery_id)
        .order_by(webhook_attempts.c.number)
    )
    return [
        Try(row.number, row.started_at_ms, row.duration_ms, row.status, row.error) for row in rows
    ]


def told(tx: Tx, job_ids: Collection[str]) -> dict[str, DeliveryState]:
    """How the callbacks of jobs were told of their end, by job; none for one that has not ended."""
    rows = tx.execute(
        select(webhook_deliveries.c.job_id, webhook_deliveries.c.state).where(
            webhook_deliveries.c.job_id.in_(job_ids),
            webhook_deliveries.c.endpoint_id.is_(None),
            webhook_deliveries.c.event != JobEvent.PROGRESS,
        )
    )
    return {row.job_id: DeliveryState(row.state) for row in rows}


def past(tx: Tx, until_ms: int) -> int:
    """How many deliveries came to their end before that time."""
    return tx.execute(select(func.count()).where(*_past(until_ms))).scalar() or 0


def remove_past(tx: Tx, until_ms: int, limit: int) -> int:
    """Delete some of those, with their tries; how many."""
    ids = webhook_deliveries.c.id
    found = select(ids).where(*_past(until_ms)).order_by(ids).limit(limit)
    gone = list(tx.execute(found).scalars())
    tx.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(gone)))
    tx.execute(delete(webhook_deliveries).where(ids.in_(gone)))
    return len(gone)


def _past(until_ms: int) -> tuple[ColumnElement[bool], ...]:
    """Ids grow with time: the oldest stand first in the primary key."""
    return (
        webhook_deliveries.c.id < first_id(until_ms),
        webhook_deliveries.c.state != DeliveryState.PENDING,
        webhook_deliveries.c.finished_at_ms <= until_ms,
    )


def _fitting(looked: Sequence[Row[Any]], room: Room) -> list[str]:
    """The ids of those that have room, in order."""
    lanes, accounts = dict(room.lanes), dict(room.accounts)
    chosen: list[str] = []
    for row in looked:
        if len(chosen) >= room.total:
            break
        lane, account = lanes.get(row.lane, 0), accounts.get(row.account_id, 0)
        if lane < room.by_lane and account < room.by_account:
            lanes[row.lane], accounts[row.account_id] = lane + 1, account + 1
            chosen.append(row.id)
    return chosen


def _forget(tx: Tx, delivery: Delivery, now_ms: int) -> None:
    """The receiver of this delivery wants to hear nothing more."""
    if delivery.endpoint_id is None:
        tx.execute(
            update(webhook_callbacks)
            .where(webhook_callbacks.c.job_id == delivery.job_id)
            .values(stopped_at_ms=now_ms)
        )
        return
    # Its owner may have moved it while the old address was called: the new one said nothing.
    done = tx.execute(
        update(webhook_endpoints)
        .where(
            webhook_endpoints.c.id == delivery.endpoint_id,
            webhook_endpoints.c.url == delivery.url,
        )
        .values(disabled_at_ms=now_ms, disabled_reason="gone")
    )
    if done.rowcount:
        stop_endpoint(tx, delivery.endpoint_id, now_ms, "gone")


def _changeable(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "url": endpoint.url,
        "events": " ".join(endpoint.events),
        "format": endpoint.format,
        "key_digest": endpoint.key_digest.hex() or None,
        "hex_key": endpoint.hex_key,
        "disabled_at_ms": endpoint.disabled_at_ms,
        "disabled_reason": endpoint.disabled_reason,
    }


def _moving(delivery: Delivery) -> dict[str, Any]:
    """What of a delivery changes; whoever writes it lets go of it."""
    return {
        "state": delivery.state,
        "due_at_ms": delivery.due_at_ms,
        "fence": None,
        "step": delivery.step,
        "attempt_count": delivery.attempt_count,
        "finished_at_ms": delivery.finished_at_ms,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
    }


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        id=row.id,
        account_id=row.account_id,
        url=row.url,
        events=tuple(JobEvent(name) for name in row.events.split()),
        format=row.format,
        origin=row.origin,
        created_at_ms=row.created_at_ms,
        key_id=row.key_id,
        key_digest=bytes.fromhex(row.key_digest or ""),
        hex_key=bool(row.hex_key),
        disabled_at_ms=row.disabled_at_ms,
        disabled_reason=row.disabled_reason,
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        account_id=row.account_id,
        event=row.event,
        state=DeliveryState(row.state),
        created_at_ms=row.created_at_ms,
        due_at_ms=row.due_at_ms,
        job_id=row.job_id,
        endpoint_id=row.endpoint_id,
        url=row.url,
        step=row.step,
        attempt_count=row.attempt_count,
        finished_at_ms=row.finished_at_ms,
        last_status=row.last_status,
        last_error=row.last_error,
    )
