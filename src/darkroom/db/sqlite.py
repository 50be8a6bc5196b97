"""SQLite: one process, one writer thread that commits waiting transactions together."""

import asyncio
import contextlib
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from darkroom.db.changes import Changes
from darkroom.db.database import DatabaseInUse, Tx, Work

T = TypeVar("T")

_PING = text("SELECT 1")

_BATCH_MAX = 256
# FULL: an acknowledged job survives a power cut. NORMAL loses commits that were acknowledged.
# One process and one writing connection keep clear of the WAL-reset defect of SQLite 3.7.0 to
# 3.51.2, which needs two that write or checkpoint: https://sqlite.org/wal.html#walresetbug
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA temp_store=MEMORY",
)


@dataclass(slots=True)
class _Item:
    work: Work[Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """The embedded database: ``path`` is owned by this process while it is open."""

    def __init__(self, path: Path) -> None:
        self.changes = Changes()
        self.path = path
        self._engine: Engine = create_engine(
            f"sqlite+pysqlite:///{path}",
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            connect_args={"check_same_thread": False, "cached_statements": 256},
        )
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._reader = ThreadPoolExecutor(1, "darkroom-read")
        self._writer: threading.Thread | None = None
        self._read_connection: Connection | None = None
        self._lock: IO[str] | None = None

    async def open(self) -> None:
        """Take the file. Raises :class:`DatabaseInUse` when another process has it."""
        self._loop = asyncio.get_running_loop()
        self._lock = own_lock(self.path.with_suffix(".lock"))
        connection = self._connect()
        self._writer = threading.Thread(
            target=self._write_forever, args=(connection,), name="darkroom-write", daemon=True
        )
        self._writer.start()

    async def close(self) -> None:
        """Commit what waits, then let go of the file."""
        if self._writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        self._reader.shutdown(wait=True)
        if self._read_connection is not None:
            self._read_connection.close()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    async def write(self, work: Work[T]) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Item(work, future))
        return await future

    async def read(self, work: Work[T]) -> T:
        return await self._loop.run_in_executor(self._reader, self._read, work)

    async def ping(self) -> None:
        await self.read(lambda tx: tx.execute(_PING).scalar())

    def migrate(self, step: Callable[[Connection], None]) -> None:
        """Run a schema change on a connection of its own, before :meth:`open`.

        Wholly or not at all: half a schema would keep every later start from succeeding.
        """
        with own_lock(self.path.with_suffix(".lock")), self._connect() as connection:
            control = _driver(connection).execute
            control("BEGIN IMMEDIATE")
            step(connection)
            control("COMMIT")  # whoever does not come so far is undone with the connection

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        for pragma in _PRAGMAS:
            connection.exec_driver_sql(pragma)
        return connection

    def _read(self, work: Work[T]) -> T:
        if self._read_connection is None:
            self._read_connection = self._connect()
            self._read_connection.exec_driver_sql("PRAGMA query_only=ON")
        connection = self._read_connection
        control = _driver(connection).execute
        control("BEGIN")
        try:
            return work(Tx(connection))
        finally:
            control("COMMIT")

    def _write_forever(self, connection: Connection) -> None:
        with connection:
            while (first := self._queue.get()) is not None:
                batch, stop = self._drain(first)
                topics = _commit(connection, batch)
                with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits
                    self._loop.call_soon_threadsafe(self._deliver, batch, topics)
                if stop:
                    return

    def _drain(self, first: _Item) -> tuple[list[_Item], bool]:
        batch = [first]
        while len(batch) < _BATCH_MAX:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _deliver(self, batch: list[_Item], topics: list[str]) -> None:
        for item in batch:
            if item.future.done():  # the caller was cancelled; the work is committed all the same
                continue
            if item.error is not None:
                item.future.set_exception(item.error)
            else:
                item.future.set_result(item.result)
        self.changes.publish(topics)


def _commit(connection: Connection, batch: list[_Item]) -> list[str]:
    """Run the batch in one transaction; work that raises is undone alone."""
    topics: list[str] = []
    # The driver's own connection: these statements need nothing that SQLAlchemy adds.
    control = _driver(connection).execute
    try:
        control("BEGIN IMMEDIATE")
        for item in batch:
            tx = Tx(connection)
            control("SAVEPOINT work")
            try:
                item.result = item.work(tx)
            except Exception as error:  # noqa: BLE001 - whatever it is, its caller is told
                item.error = error
                control("ROLLBACK TO work")
            else:
                topics.extend(tx.topics)
            control("RELEASE work")
        control("COMMIT")
    except Exception as error:  # noqa: BLE001 - disk full, I/O error: nothing is durable
        with contextlib.suppress(Exception):
            control("ROLLBACK")
        for item in batch:
            item.error = item.error or error
        return []
    return topics


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def own_lock(path: Path) -> IO[str]:
    """Hold an exclusive lock on ``path`` for as long as the returned file is open."""
    handle = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise DatabaseInUse(f"process {owner} uses {path.parent}") from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
