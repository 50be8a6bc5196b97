"""Which schema a database has, and whether this version of Darkroom can work with it.

Versions of a rolling upgrade run side by side on one database, so a schema may be newer than a
process knows: see ``docs/decisions/0018-the-schema-is-ahead-of-the-processes.md``.
"""

from dataclasses import dataclass

from sqlalchemy import select

from darkroom.db.database import Tx
from darkroom.db.migrations import VERSION, head
from darkroom.db.tables import installation

OLDEST = "schema_serves_from"
"""Under this name a contracting migration leaves the oldest schema that processes must know."""
_SERVES_FROM = select(installation.c.value).where(installation.c.name == OLDEST)


class SchemaMismatch(Exception):
    """The database's schema is not for this version; the message is one line."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Versions as the migrations are numbered: ``0011``."""

    has: str
    needs: str
    serves_from: str = ""
    """Processes that know only older schemas than this cannot work with it."""

    @property
    def trouble(self) -> str:
        """Why this version cannot work with it, and what to do; empty when it can."""
        if self.has < self.needs:
            return (
                f"the database has schema {self.has} and this version needs {self.needs}:"
                " run `darkroom db migrate` once, then start the processes"
            )
        if self.needs < self.serves_from:
            return (
                f"the database has schema {self.has}, which needs processes that know"
                f" {self.serves_from}; this version knows {self.needs}: start a newer one"
            )
        return ""


def schema_of(tx: Tx) -> Schema:
    """The schema of a database that was set up."""
    has, oldest = tx.execute(VERSION).scalar(), tx.execute(_SERVES_FROM).scalar()
    return Schema(has or "", head(), oldest or "")
