"""The limits of deployments where one process makes all calls: kept in memory."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from darkroom.core.deployment import Deployment
from darkroom.core.ids import now_ms
from darkroom.db import Tx
from darkroom.routing.limits.port import LOOK_AGAIN_S, MINUTE_MS, limited
from darkroom.routing.limits.turns import Turns, Waiter


@dataclass(slots=True)
class _Gate:
    holders: dict[str, str] = field(default_factory=dict[str, str])
    """The lane of each job that has a place."""
    starts: deque[int] = field(default_factory=deque[int])

    def room(self, deployment: Deployment, now: int) -> bool:
        if deployment.max_concurrent and len(self.holders) >= deployment.max_concurrent:
            return False
        while self.starts and self.starts[0] <= now - MINUTE_MS:
            self.starts.popleft()
        per_minute = deployment.requests_per_minute
        return not per_minute or len(self.starts) < per_minute

    def enter(self, deployment: Deployment, job_id: str, lane: str, now: int) -> None:
        self.holders[job_id] = lane
        if deployment.requests_per_minute:
            self.starts.append(now)


class Limits:
    """Of this process; see :class:`~darkroom.routing.limits.port.CallLimits`."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._gates: dict[str, _Gate] = {}
        self._turns = Turns()

    def full(self, deployments: Iterable[Deployment]) -> frozenset[str]:
        bounded = [one for one in deployments if limited(one)]
        if not bounded:
            return frozenset()
        now = self._clock()
        with self._lock:
            return frozenset(one.id for one in bounded if not self._gate(one).room(one, now))

    def take(self, tx: Tx | None, deployment: Deployment, job_id: str, lane: str = "") -> bool:
        if not limited(deployment):
            self._leave(job_id, but=deployment.id)
            return True
        waited_for = self._turns.waited_for(deployment)
        with self._lock:
            gate = self._gate(deployment)
            if job_id not in gate.holders:
                if waited_for or not gate.room(deployment, now := self._clock()):
                    return False
                gate.enter(deployment, job_id, lane, now)
        self._leave(job_id, but=deployment.id)
        return True

    def give(self, job_id: str) -> None:
        if self._gates:
            self._leave(job_id)
            self._hand_over()

    async def wait(
        self, deployments: Iterable[Deployment], job_id: str, timeout_s: float, lane: str = ""
    ) -> None:
        waiter = self._turns.add(deployments, job_id, lane)
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                self._hand_over()
                while not waiter.turn.is_set():
                    await self._turn(waiter)
        except TimeoutError:
            pass
        finally:
            self._turns.remove(waiter)

    async def _turn(self, waiter: Waiter) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                await waiter.turn.wait()
        except TimeoutError:
            if self._turns.first(waiter):  # one looks for all
                self._hand_over()

    def _hand_over(self) -> None:
        """Give free places to those who wait."""
        if not len(self._turns):
            return
        now = self._clock()

        def take(deployment: Deployment, waiter: Waiter) -> bool:
            gate = self._gate(deployment)
            if not gate.room(deployment, now):
                return False
            gate.enter(deployment, waiter.job_id, waiter.lane, now)
            return True

        with self._lock:
            held = [lane for gate in self._gates.values() for lane in gate.holders.values()]
            for waiter in self._turns.granted(held, take):
                waiter.turn.set()

    def _leave(self, job_id: str, but: str = "") -> None:
        with self._lock:
            for name, gate in self._gates.items():
                if name != but:
                    gate.holders.pop(job_id, None)

    def _gate(self, deployment: Deployment) -> _Gate:
        return self._gates.setdefault(deployment.id, _Gate())
