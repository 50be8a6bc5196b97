"""Makes all processes know the same circuits: writes this one's changes, reads the others'."""

import asyncio

import structlog

from darkroom.core.tasks import stop
from darkroom.db import Database, Subscription
from darkroom.routing import records
from darkroom.routing.circuit import Circuit
from darkroom.routing.health import Health

log = structlog.get_logger(__name__)

_REFRESH_S = 15.0
"""Changes are announced; this only bounds how late a lost notification is noticed."""
_RETRY_S = 1.0
"""How long the database is left alone that could not be used."""


class SharedHealth:
    """Runs beside the jobs from :meth:`open` to :meth:`close`."""

    def __init__(self, database: Database, health: Health, retry_s: float = _RETRY_S) -> None:
        self._database = database
        self._health = health
        self._retry_s = retry_s
        self._unsaved: dict[str, Circuit] = {}
        self._news: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._health.learn(await self._database.read(records.circuits))
        self._news = self._database.changes.subscribe(records.TOPIC)
        self._health.changed = self._changed
        self._task = asyncio.create_task(self._follow(self._news), name="deployment-health")

    async def close(self) -> None:
        await stop(self._task)
        if self._news is not None:
            self._news.close()

    def _changed(self, circuit: Circuit) -> None:
        log.warning(
            "circuit_changed",
            deployment=circuit.deployment,
            state=circuit.state,
            reason=circuit.reason,
        )
        self._unsaved[circuit.deployment] = circuit
        if self._news is not None:
            self._news.wake()

    async def _follow(self, news: Subscription) -> None:
        while True:
            await news.wait(_REFRESH_S)
            try:
                await self._exchange()
            except Exception:  # the database is away; what we know ourselves still counts
                log.exception("health_not_shared")
                await asyncio.sleep(self._retry_s)
                news.wake()

    async def _exchange(self) -> None:
        """Write what changed here, then read all: of two changes the first written stands."""
        unsaved = dict(self._unsaved)

        def work(tx: records.Tx) -> list[Circuit]:
            for circuit in unsaved.values():
                records.save(tx, circuit)
            return records.circuits(tx)

        run = self._database.write if unsaved else self._database.read
        found = await run(work)
        for name, circuit in unsaved.items():
            if self._unsaved.get(name) is circuit:
                del self._unsaved[name]
        self._health.learn(found)
