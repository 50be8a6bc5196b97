"""PostgreSQL: a small pool of threads, one transaction each; changes travel by LISTEN/NOTIFY."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from darkroom.db.changes import Changes
from darkroom.db.database import Tx, Work

T = TypeVar("T")

_PING = text("SELECT 1")

_THREADS = 8
_CHANNEL = "darkroom_changes"
_NOTIFY = text(f"SELECT pg_notify('{_CHANNEL}', :topic)")
_TRIES = 3
_LISTEN_PAUSE_S = 1.0
_LOCK_WAIT_S = 10


class PostgresDatabase:
    """``url`` is a libpq URL, ``postgresql://user:password@host/database``."""

    def __init__(self, url: str) -> None:
        self.changes = Changes()
        self.url = url
        self._engine: Engine = create_engine(
            "postgresql+psycopg://" + url.split("://", 1)[1],
            pool_size=_THREADS,
            max_overflow=0,
            pool_pre_ping=True,
        )
        self._threads = ThreadPoolExecutor(_THREADS, "darkroom-db")
        self._closing = threading.Event()
        self._listener: threading.Thread | None = None

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        listening = asyncio.Event()
        self._listener = threading.Thread(
            target=self._listen_forever, args=(listening,), name="darkroom-listen", daemon=True
        )
        self._listener.start()
        async with asyncio.timeout(30):
            await listening.wait()

    async def close(self) -> None:
        self._closing.set()
        if self._listener is not None:
            await asyncio.to_thread(self._listener.join)
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    async def write(self, work: Work[T]) -> T:
        return await self._loop.run_in_executor(self._threads, self._write, work)

    async def read(self, work: Work[T]) -> T:
        return await self._loop.run_in_executor(self._threads, self._read, work)

    async def ping(self) -> None:
        await self.read(lambda tx: tx.execute(_PING).scalar())

    def look(self, at: Callable[[Connection], T]) -> T:
        """Look at the schema, before :meth:`open`; waits for nobody who changes it."""
        with self._engine.connect() as connection:
            return at(connection)

    def migrate(self, step: Callable[[Connection], None]) -> None:
        """Run a schema change, wholly or not at all; processes that start together take turns."""
        with self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(8152026)"))
            # A change that waits for a long transaction, such as a dump, holds up everybody behind
            # it: rather fail, and be run again. https://www.postgresql.org/docs/current/explicit-locking.html
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'"))
            step(connection)

    def _write(self, work: Work[T]) -> T:
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                with self._engine.begin() as connection:
                    tx = Tx(connection)
                    result = work(tx)
                    for topic in tx.topics:
                        connection.execute(_NOTIFY, {"topic": topic})
                    return result
            except (IntegrityError, OperationalError) as error:
                # Two processes inserted the same unique row, or deadlocked: the second look
                # finds the other's row. A lost connection is told apart by SQLAlchemy.
                if last or not _worth_repeating(error):
                    raise
        raise AssertionError("unreachable")

    def _read(self, work: Work[T]) -> T:
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                return work(Tx(connection))

    def _listen_forever(self, listening: asyncio.Event) -> None:
        while not self._closing.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}".encode())
                    self._on_loop(listening.set)
                    self._on_loop(self.changes.publish_all)
                    self._relay(connection)
            except psycopg.Error:
                self._closing.wait(_LISTEN_PAUSE_S)

    def _relay(self, connection: psycopg.Connection[Any]) -> None:
        while not self._closing.is_set():
            for notice in connection.notifies(timeout=0.25):
                self._on_loop(self.changes.publish, (notice.payload,))

    def _on_loop(self, call: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits
            self._loop.call_soon_threadsafe(call, *args)


def _worth_repeating(error: DBAPIError) -> bool:
    # 23505 unique violation, 40001 serialization failure, 40P01 deadlock:
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    return getattr(error.orig, "sqlstate", None) in ("23505", "40001", "40P01")
