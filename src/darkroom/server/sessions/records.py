"""The tables of sessions and of links that sign in; both hold digests, never the secrets."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from darkroom.db import Tx
from darkroom.db.tables import sessions, sign_in_tokens


@dataclass(frozen=True, slots=True)
class Session:
    """One browser. Times are milliseconds since the epoch; ``ends_at_ms`` whatever happens."""

    id: str
    key_id: str
    created_at_ms: int
    seen_at_ms: int
    ends_at_ms: int


_BY_DIGEST = select(sessions).where(sessions.c.digest == bindparam("digest"))
_SEEN = update(sessions).where(sessions.c.id == bindparam("session_id"))


def add(tx: Tx, session: Session, digest: str) -> None:
    values = {
        "id": session.id,
        "digest": digest,
        "key_id": session.key_id,
        "created_at_ms": session.created_at_ms,
        "seen_at_ms": session.seen_at_ms,
        "ends_at_ms": session.ends_at_ms,
    }
    tx.execute(insert(sessions), values)


def find(tx: Tx, digest: str) -> Session | None:
    """The session of this digest, also one that has ended."""
    row = tx.execute(_BY_DIGEST, {"digest": digest}).first()
    if row is None:
        return None
    return Session(row.id, row.key_id, row.created_at_ms, row.seen_at_ms, row.ends_at_ms)


def seen(tx: Tx, session_id: str, now_ms: int) -> None:
    tx.execute(_SEEN, {"session_id": session_id, "seen_at_ms": now_ms})


def remove(tx: Tx, digest: str) -> None:
    tx.execute(delete(sessions).where(sessions.c.digest == digest))


def prune(tx: Tx, now_ms: int, idle_since_ms: int, key_id: str, most: int) -> None:
    """Remove what has ended, and of the key's sessions all but the ``most`` that were used last."""
    remove_over(tx, now_ms, idle_since_ms)
    kept = (
        select(sessions.c.id)
        .where(sessions.c.key_id == key_id)
        .order_by(sessions.c.seen_at_ms.desc(), sessions.c.id)
        .limit(most)
    )
    tx.execute(delete(sessions).where(sessions.c.key_id == key_id, sessions.c.id.not_in(kept)))


def count_over(tx: Tx, now_ms: int, idle_since_ms: int) -> int:
    """How many sessions and links have ended."""
    ended = select(func.count()).where(_over(now_ms, idle_since_ms))
    unused = select(func.count()).where(sign_in_tokens.c.ends_at_ms <= now_ms)
    return (tx.execute(ended).scalar() or 0) + (tx.execute(unused).scalar() or 0)


def remove_over(tx: Tx, now_ms: int, idle_since_ms: int) -> int:
    """Remove those; how many."""
    unused = tx.execute(delete(sign_in_tokens).where(sign_in_tokens.c.ends_at_ms <= now_ms))
    ended = tx.execute(delete(sessions).where(_over(now_ms, idle_since_ms)))
    return unused.rowcount + ended.rowcount


def _over(now_ms: int, idle_since_ms: int) -> ColumnElement[bool]:
    return (sessions.c.ends_at_ms <= now_ms) | (sessions.c.seen_at_ms <= idle_since_ms)


def add_token(tx: Tx, digest: str, key_id: str, ends_at_ms: int) -> None:
    values = {"digest": digest, "key_id": key_id, "ends_at_ms": ends_at_ms}
    tx.execute(insert(sign_in_tokens), values)


def take_token(tx: Tx, digest: str, now_ms: int) -> str | None:
    """Use a link up: the id of its key. None for one that is unknown, used or too old."""
    taken = (
        delete(sign_in_tokens)
        .where(sign_in_tokens.c.digest == digest)
        .returning(sign_in_tokens.c.key_id, sign_in_tokens.c.ends_at_ms)
    )
    row = tx.execute(taken).first()
    return None if row is None or row.ends_at_ms <= now_ms else row.key_id
