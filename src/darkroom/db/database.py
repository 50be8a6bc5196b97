"""The shapes of the database port; the adapters stand beside it."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Executable

from darkroom.db.changes import Changes

T = TypeVar("T")


class DatabaseInUse(Exception):
    """Another process owns the embedded database."""


class Tx:
    """One open transaction, handed to a work function. Not to be kept beyond it."""

    __slots__ = ("_connection", "topics")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.topics: list[str] = []

    def execute(
        self, statement: Executable, parameters: dict[str, Any] | list[dict[str, Any]] | None = None
    ) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)  # type: ignore[return-value]

    def notify(self, topic: str) -> None:
        """Wake the subscribers of ``topic``, in every process, once this transaction committed."""
        self.topics.append(topic)

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection, for a library that takes part in the transaction."""
        return self._connection.connection.driver_connection


Work = Callable[[Tx], T]


class Database(Protocol):
    """Runs work functions. Each is one transaction; it may run twice, so it has no side effects."""

    changes: Changes

    async def write(self, work: Work[T]) -> T:
        """Run and commit. On return the change survives a power cut."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run on one consistent snapshot; changes nothing."""
        ...

    async def ping(self) -> None:
        """Raises when the database cannot be used."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...
