"""Who does what one process does for all."""

from sqlalchemy import delete, insert, or_, select, update

from darkroom.db.database import Tx
from darkroom.db.tables import leases


def take_lease(tx: Tx, name: str, owner: str, until_ms: int, now_ms: int) -> bool:
    """Have ``name`` to oneself until then, or longer than before; False: somebody else has it.

    A process that dies keeps it until it ends, and no longer.
    """
    free = or_(leases.c.owner == owner, leases.c.until_ms <= now_ms)
    taking = update(leases).where(leases.c.name == name, free)
    if tx.execute(taking.values(owner=owner, until_ms=until_ms)).rowcount:
        return True
    if tx.execute(select(leases.c.owner).where(leases.c.name == name)).first() is not None:
        return False
    # a second process that inserts it too is undone, and finds this row when repeated
    tx.execute(insert(leases), {"name": name, "owner": owner, "until_ms": until_ms})
    return True


def give_lease_back(tx: Tx, name: str, owner: str) -> None:
    """Let somebody else have ``name`` at once, if this owner has it."""
    tx.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
