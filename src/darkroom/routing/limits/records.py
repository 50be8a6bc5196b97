"""The table of calls of deployments with limits: what all processes count together."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, case, delete, func, insert, or_, select, update

from darkroom.core.deployment import Deployment
from darkroom.db import Tx
from darkroom.db.tables import deployment_calls, deployment_gates
from darkroom.routing.limits.port import MINUTE_MS

TOPIC = "deployment_calls"
"""Woken when places have become free."""

_C = deployment_calls.c
_OF = _C.deployment == bindparam("of")
_GATE = (
    select(deployment_gates)
    .where(deployment_gates.c.deployment == bindparam("of"))
    .with_for_update()
)
_RUNS = _C.until_ms > bindparam("now")
_RECENT = _C.started_at_ms > bindparam("since")
_COUNTS = select(
    func.coalesce(func.sum(case((_RUNS, 1), else_=0)), 0).label("running"),
    func.coalesce(func.sum(case((_RECENT, 1), else_=0)), 0).label("started"),
).where(_OF)
_HELD = select(_C.job_id).where(_OF, _C.job_id == bindparam("job"), _RUNS)
_INSERT = insert(deployment_calls)
_FORGET = delete(deployment_calls).where(_OF, ~or_(_RUNS, _RECENT))
_END = (
    update(deployment_calls)
    .where(_C.job_id.in_(bindparam("jobs", expanding=True)), _C.owner == bindparam("by"))
    .values(until_ms=0)
)
_END_OTHERS = (
    update(deployment_calls)
    .where(_C.job_id == bindparam("job"), _C.deployment != bindparam("of"))
    .values(until_ms=0)
)
_RENEW = (
    update(deployment_calls)
    .where(_C.owner == bindparam("by"), _C.until_ms > 0)
    .values(until_ms=bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class Lease:
    """``owner`` makes the calls; without a sign of it they count as ended after ``until_ms``."""

    owner: str
    now_ms: int
    until_ms: int


def take(tx: Tx, deployment: Deployment, job_id: str, lease: Lease) -> bool:
    """A place for the job's call, unless all are taken; one that it has is kept."""
    asked = {"of": deployment.id, "job": job_id, "now": lease.now_ms}
    if tx.execute(_HELD, asked).first() is not None:
        return True
    # looked at before it is locked: who finds it full makes nobody wait
    if not _room(tx, deployment, lease.now_ms):
        return False
    _lock(tx, deployment.id)
    if not _room(tx, deployment, lease.now_ms):
        return False
    since = lease.now_ms - MINUTE_MS
    tx.execute(_FORGET, {"of": deployment.id, "now": lease.now_ms, "since": since})
    tx.execute(
        _INSERT,
        {
            "deployment": deployment.id,
            "job_id": job_id,
            "started_at_ms": lease.now_ms,
            "owner": lease.owner,
            "until_ms": lease.until_ms,
        },
    )
    return True


def leave(tx: Tx, job_id: str, but: str) -> None:
    """End the job's calls elsewhere."""
    tx.execute(_END_OTHERS, {"job": job_id, "of": but})


def end(tx: Tx, job_ids: Collection[str], owner: str) -> None:
    """The calls of these jobs are over."""
    tx.execute(_END, {"jobs": list(job_ids), "by": owner})
    tx.notify(TOPIC)


def renew(tx: Tx, lease: Lease) -> None:
    """The owner lives."""
    tx.execute(_RENEW, {"by": lease.owner, "until": lease.until_ms})


def _room(tx: Tx, deployment: Deployment, now: int) -> bool:
    times = {"of": deployment.id, "now": now, "since": now - MINUTE_MS}
    counts = tx.execute(_COUNTS, times).one()
    most, per_minute = deployment.max_concurrent, deployment.requests_per_minute
    return not (most and counts.running >= most) and not (
        per_minute and counts.started >= per_minute
    )


def _lock(tx: Tx, deployment: str) -> None:
    if tx.execute(_GATE, {"of": deployment}).first() is None:
        # a second process that inserts it too is undone, and finds this row when repeated
        tx.execute(insert(deployment_gates), {"deployment": deployment})
