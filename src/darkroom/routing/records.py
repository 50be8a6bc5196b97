"""The table of circuits: what all processes know of the deployments' health."""

from sqlalchemy import bindparam, insert, select, update

from darkroom.db import Tx
from darkroom.db.tables import deployment_health
from darkroom.routing.circuit import Circuit, CircuitState, probing

TOPIC = "deployment_health"
"""Woken at every change of a circuit."""

_ALL = select(deployment_health)
_VERSION = select(deployment_health.c.version).where(
    deployment_health.c.deployment == bindparam("of")
)
_INSERT = insert(deployment_health)
_UPDATE = update(deployment_health).where(
    deployment_health.c.deployment == bindparam("of"),
    deployment_health.c.version.between(bindparam("first"), bindparam("last")),
)


def circuits(tx: Tx) -> list[Circuit]:
    return [
        Circuit(
            row.deployment,
            CircuitState(row.state),
            row.reason,
            row.since_ms,
            row.retry_at_ms,
            row.opens,
            row.version,
        )
        for row in tx.execute(_ALL)
    ]


def save(tx: Tx, circuit: Circuit) -> bool:
    """Write a change, and with it those before it that were not written. False, and nothing
    written, when another process changed it as often meanwhile."""
    return _write(tx, circuit, first=0)


def claim_probe(tx: Tx, circuit: Circuit, now_ms: int, lease_ms: int) -> Circuit | None:
    """The half-open circuit when its one probe is ours; None when another process has it."""
    claimed = probing(circuit, now_ms, lease_ms)
    return claimed if _write(tx, claimed, first=circuit.version) else None


def _write(tx: Tx, circuit: Circuit, first: int) -> bool:
    """In place of what has version ``first`` at least, and is older than ``circuit``."""
    values = {
        "state": circuit.state,
        "reason": circuit.reason,
        "since_ms": circuit.since_ms,
        "retry_at_ms": circuit.retry_at_ms,
        "opens": circuit.opens,
        "version": circuit.version,
    }
    older = {"of": circuit.deployment, "first": first, "last": circuit.version - 1}
    if not tx.execute(_UPDATE, {**values, **older}).rowcount:
        if tx.execute(_VERSION, {"of": circuit.deployment}).first() is not None:
            return False
        # a second process that inserts it too is undone, and finds this row when repeated
        tx.execute(_INSERT, {"deployment": circuit.deployment, **values})
    tx.notify(TOPIC)
    return True
