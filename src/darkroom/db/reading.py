"""A look at a database that others may be using: nothing is migrated, locked or written."""

import errno
from pathlib import Path
from typing import TypeVar

from sqlalchemy import NullPool, create_engine

from darkroom.db.changes import Changes
from darkroom.db.database import Tx, Work

T = TypeVar("T")


class ReadOnly:
    """The reading half of the port, for a command that looks. Blocks for as long as it reads."""

    def __init__(self, url: str) -> None:
        """``sqlite:///path`` or ``postgresql://…``. Raises ``FileNotFoundError``."""
        self.changes = Changes()
        scheme, _, rest = url.partition("://")
        self._embedded = scheme == "sqlite"
        if self._embedded:
            path = Path(rest.removeprefix("/")).absolute()
            if not path.is_file():
                raise FileNotFoundError(errno.ENOENT, "there is no database", str(path))
            address = f"sqlite+pysqlite:///{path.as_uri()}?mode=ro&uri=true"
        else:
            address = f"postgresql+psycopg://{rest}"
        isolation = "AUTOCOMMIT" if self._embedded else "REPEATABLE READ"
        self._engine = create_engine(address, isolation_level=isolation, poolclass=NullPool)

    async def write(self, work: Work[T]) -> T:
        raise AssertionError("this database is only looked at")

    async def read(self, work: Work[T]) -> T:
        with self._engine.connect() as connection:
            if self._embedded:  # its driver begins a transaction only before it writes
                connection.exec_driver_sql("BEGIN")
            return work(Tx(connection))

    async def ping(self) -> None:
        """Nothing is kept open, so there is nothing to ask."""

    async def open(self) -> None: ...

    async def close(self) -> None:
        self._engine.dispose()
