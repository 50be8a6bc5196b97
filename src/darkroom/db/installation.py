"""Facts that all processes of one installation share."""

from sqlalchemy import insert, select

from darkroom.db.database import Tx
from darkroom.db.tables import installation


def installation_value(tx: Tx, name: str, fresh: str) -> str:
    """The value under ``name``; ``fresh`` becomes it when there is none."""
    found = known_installation_value(tx, name)
    if found is None:
        tx.execute(insert(installation), {"name": name, "value": fresh})
    return found or fresh


def known_installation_value(tx: Tx, name: str) -> str | None:
    """The value under ``name``, if there is one."""
    return tx.execute(select(installation.c.value).where(installation.c.name == name)).scalar()
