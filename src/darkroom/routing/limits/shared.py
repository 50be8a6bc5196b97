"""The limits of deployments where several processes make calls: counted in their database.

A call is a row that its process renews. When the process dies the row expires, and its place is
free again. Jobs wait in their own process; which process gets a place that becomes free is chance.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable

import structlog

from darkroom.core.deployment import Deployment
from darkroom.core.ids import now_ms
from darkroom.core.tasks import stop
from darkroom.db import Database, Subscription, Tx
from darkroom.routing.limits import records
from darkroom.routing.limits.port import LOOK_AGAIN_S, limited
from darkroom.routing.limits.records import Lease
from darkroom.routing.limits.turns import Turns, Waiter

log = structlog.get_logger(__name__)


class SharedLimits:
    """Works from :meth:`open` to :meth:`close`; see the port for the rest.

    ``owner`` names this process. It counts as dead after ``lease_s`` without a sign.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        lease_s: float = 20.0,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._database = database
        self._owner = owner
        self._lease_s = lease_s
        self._clock = clock
        self._turns = Turns()
        self._lanes: dict[str, str] = {}  # of the jobs that may have a place
        self._ended: set[str] = set()
        self._full_until_ms: dict[str, int] = {}
        self._news: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._news = self._database.changes.subscribe(records.TOPIC)
        self._task = asyncio.create_task(self._work(self._news), name="deployment-limits")

    async def close(self) -> None:
        """Give back what is held: nobody has to wait for its end."""
        await stop(self._task)
        if self._news is not None:
            self._news.close()
        self._ended.update(self._lanes)
        with contextlib.suppress(Exception):  # else they expire
            await self._exchange(renew=False)

    def full(self, deployments: Iterable[Deployment]) -> frozenset[str]:
        now = self._clock()
        return frozenset(
            one.id
            for one in deployments
            if limited(one) and self._full_until_ms.get(one.id, 0) > now
        )

    def take(self, tx: Tx, deployment: Deployment, job_id: str, lane: str = "") -> bool:
        if job_id in self._lanes:
            records.leave(tx, job_id, but=deployment.id)
        if not limited(deployment):
            return True
        held = job_id in self._lanes
        if not held and self._turns.waited_for(deployment):
            return False
        self._lanes[job_id] = lane
        if records.take(tx, deployment, job_id, self._lease()):
            return True
        self._is_full(deployment)
        if not held:
            self._lanes.pop(job_id, None)
        return False

    def give(self, job_id: str) -> None:
        if self._lanes.pop(job_id, None) is not None:
            self._ended.add(job_id)
            self._wake()

    async def wait(
        self, deployments: Iterable[Deployment], job_id: str, timeout_s: float, lane: str = ""
    ) -> None:
        waiter = self._turns.add(deployments, job_id, lane)
        self._wake()
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await waiter.turn.wait()
        except TimeoutError:
            pass
        finally:
            self._turns.remove(waiter)

    async def _work(self, news: Subscription) -> None:
        """Write what ended, give free places to those who wait, and renew what is held."""
        renew_every_s = self._lease_s / 4
        renewed_at = 0.0
        while True:
            await news.wait(min(LOOK_AGAIN_S, renew_every_s) if len(self._turns) else renew_every_s)
            renew = bool(self._lanes) and time.monotonic() - renewed_at >= renew_every_s
            if not (renew or self._ended or len(self._turns)):
                continue
            try:
                await self._exchange(renew=renew)
            except Exception:  # the database is away; what is held expires unless it comes back
                log.exception("limits_not_shared")
                await asyncio.sleep(LOOK_AGAIN_S)
                news.wake()
            else:
                renewed_at = time.monotonic() if renew else renewed_at

    async def _exchange(self, *, renew: bool) -> None:
        ended, lease = frozenset(self._ended), self._lease()

        def work(tx: Tx) -> list[Waiter]:
            if ended:
                records.end(tx, ended, self._owner)
            if renew:
                records.renew(tx, lease)

            def take(deployment: Deployment, waiter: Waiter) -> bool:
                return records.take(tx, deployment, waiter.job_id, lease)

            return list(self._turns.granted(list(self._lanes.values()), take))

        granted = await self._database.write(work)
        self._ended -= ended
        for waiter in granted:
            if waiter in self._turns:
                self._lanes[waiter.job_id] = waiter.lane
                waiter.turn.set()
            else:  # it gave up meanwhile
                self._ended.add(waiter.job_id)
                self._wake()

    def _lease(self) -> Lease:
        now = self._clock()
        return Lease(self._owner, now, now + int(self._lease_s * 1000))

    def _is_full(self, deployment: Deployment) -> None:
        self._full_until_ms[deployment.id] = self._clock() + int(LOOK_AGAIN_S * 1000)

    def _wake(self) -> None:
        if self._news is not None:
            self._news.wake()
