"""Days of traffic in seconds: the real routing over a virtual clock and a schedule of outages.

Everything that decides is the product's own (ranking, health, probes, retry budget, next step);
only the deployments, the clock and the jobs' storage are played. Nothing sleeps.
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import StaticPool, create_engine

from darkroom.catalog import Catalog
from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    UpstreamFailed,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.job import Attempt, AttemptState, Considered, Job
from darkroom.db import Tx
from darkroom.db.tables import deployment_health
from darkroom.jobs.dispatch import Choice, Dispatch, Moment, Pause
from darkroom.jobs.policy import closed_state
from darkroom.routing import Circuit, Health, Limits, RetryBudget, Route, Router
from darkroom.routing.records import circuits, save
from tests.support.jobs import a_job
from tests.support.workshop import Scripted

DAY_S = 86_400.0
_CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class Outage:
    """From ``start_s`` to ``end_s``: calls that begin then hang, or fail at once."""

    start_s: float
    end_s: float
    hangs: bool = False


@dataclass
class Vendor:
    """A played deployment; ``price`` is what every job expects to pay there."""

    id: str
    price: int
    outages: Sequence[Outage] = ()
    latency_s: float = 12.0
    flaky: float = 0.0
    """Which share of calls fails although it is up."""
    timeout_s: float = 120.0
    resend: bool = True
    answers_checks: bool = False
    """Whether it answers to cheap questions while it hangs."""

    def down(self, at_s: float) -> Outage | None:
        return next((one for one in self.outages if one.start_s <= at_s < one.end_s), None)


@dataclass(frozen=True, slots=True)
class Tried:
    """One call, from second to second; ``how`` is ``ok`` or what went wrong."""

    deployment: str
    began_s: float
    ended_s: float
    how: str


@dataclass
class Tale:
    """How one job went."""

    job: Job
    arrived_s: float
    tries: list[Tried] = field(default_factory=list[Tried])
    served_by: str = ""
    ended_s: float = 0.0

    @property
    def served(self) -> bool:
        return bool(self.served_by)


@dataclass(slots=True)
class _Timer:
    call: Callable[[], None]
    canceled: bool = False

    def cancel(self) -> None:
        self.canceled = True


class World:
    """``processes`` share the table of circuits, and nothing else."""

    def __init__(self, vendors: Sequence[Vendor], seed: int, processes: int = 1) -> None:
        self.vendors = {one.id: one for one in vendors}
        self.tales: list[Tale] = []
        self.probes = 0
        self.probes_at_once = 0
        self._random = random.Random(seed)
        self.now_ms = 1_000_000_000_000
        self._start_ms = self.now_ms
        self._queue: list[tuple[int, int, _Timer]] = []
        self._order = itertools.count()
        self._probing = Counter[tuple[str, int]]()
        engine = create_engine("sqlite://", poolclass=StaticPool)
        deployment_health.create(engine)
        self._connection = engine.connect()
        self.tx = Tx(self._connection)
        self._processes = [self._process(vendors) for _ in range(processes)]

    @property
    def now_s(self) -> float:
        return (self.now_ms - self._start_ms) / 1000

    def run(self, every_s: float, until_s: float) -> list[Tale]:
        """Jobs arrive at random, ``every_s`` on average, and all are played to their end."""
        at = 0.0
        while (at := at + self._random.expovariate(1 / every_s)) < until_s:
            self.later(at, self._arrive)
        while self._queue:
            at_ms, _, timer = heapq.heappop(self._queue)
            self.now_ms = at_ms
            if not timer.canceled:
                timer.call()
        self._connection.close()
        return self.tales

    def _process(self, vendors: Sequence[Vendor]) -> Dispatch:
        deployments = [
            Deployment(one.id, "scripted", timeout_s=one.timeout_s, resend_unknown=one.resend)
            for one in vendors
        ]
        routes = [Route(one, Scripted(one)) for one in deployments]
        router = Router(Catalog.load(), routes, lambda: date(2026, 11, 20))
        clock = self._clock
        health = Health(clock, self.later)
        health.changed = self._changed
        return Dispatch(router, health, Limits(clock), RetryBudget(clock), clock=clock)

    def _clock(self) -> int:
        return self.now_ms

    def later(self, delay_s: float, call: Callable[[], None]) -> _Timer:
        timer = _Timer(call)
        due = self.now_ms + max(0, round(delay_s * 1000))
        heapq.heappush(self._queue, (due, next(self._order), timer))
        return timer

    def _changed(self, circuit: Circuit) -> None:
        """What SharedHealth does, without its delay."""
        save(self.tx, circuit)
        self._tell()

    def _tell(self) -> None:
        found = circuits(self.tx)
        for process in self._processes:
            process.health.learn(found)

    def _arrive(self) -> None:
        route = tuple(
            Considered(one.id, True, "cheapest", one.price) for one in self.vendors.values()
        )
        tale = Tale(a_job(id=f"{len(self.tales):08}", route=route), self.now_s)
        self.tales.append(tale)
        process = self._random.choice(self._processes)
        process.budget.earn()
        _Play(self, tale, process).step()

    def outcome(self, vendor: Vendor, probe: bool) -> tuple[float, DarkroomError | None]:
        """After how many seconds a call that begins now ends, and how."""
        outage = vendor.down(self.now_s)
        if outage is None:
            took = self._random.lognormvariate(0.0, 0.25) * vendor.latency_s
            if self._random.random() < vendor.flaky:
                return 1.0, UpstreamFailed("flaky")
            return took, None
        if not outage.hangs:
            return 0.2, UpstreamFailed("down")
        if probe and not vendor.answers_checks:
            return _CHECK_S, UpstreamUnavailable("no answer yet")
        return vendor.timeout_s, UpstreamTimeout("hangs")

    def probe_begins(self, probe: Circuit) -> None:
        self._tell()
        self.probes += 1
        self._probing[_opening(probe)] += 1
        self.probes_at_once = max(self.probes_at_once, self._probing[_opening(probe)])

    def probe_ends(self, probe: Circuit) -> None:
        self._probing[_opening(probe)] -= 1


def _opening(probe: Circuit) -> tuple[str, int]:
    """Another call may close the circuit meanwhile: if it opens again, it is probed anew."""
    return probe.deployment, probe.since_ms


class _Play:
    """One job on its way, as :class:`~darkroom.jobs.run.Runner` leads it."""

    def __init__(self, world: World, tale: Tale, process: Dispatch) -> None:
        self._world = world
        self._tale = tale
        self._process = process
        self._deadline_s = world.now_s + process.deadline_s
        self._attempts: list[Attempt] = []

    def step(self, rested: bool = False, may_return: bool = True) -> None:
        world, health = self._world, self._process.health
        left_s = self._deadline_s - world.now_s
        moment = Moment(left_s, rested, may_return, health.standings())
        chosen = self._process.choose(world.tx, self._tale.job, self._attempts, moment)
        if isinstance(chosen, Pause):
            spent = self._process.budget.spend()
            world.later(chosen.pause_s if spent else 0, lambda: self.step(True, spent))
        elif isinstance(chosen, Choice):
            self._call(chosen, left_s)
        else:
            self._tale.ended_s = world.now_s

    def _call(self, choice: Choice, left_s: float) -> None:
        world, health = self._world, self._process.health
        deployment = choice.candidate.route.deployment
        vendor, probe = world.vendors[deployment.id], choice.probe
        if probe is not None:
            world.probe_begins(probe)
        began_s = world.now_s
        timer: Any = None

        def end(error: DarkroomError | None) -> None:
            health.end(call, error)
            if probe is not None:
                world.probe_ends(probe)
            how = error.message if error else "ok"
            self._tale.tries.append(Tried(deployment.id, began_s, world.now_s, how))
            self._close(deployment.id, error)

        def cut() -> None:
            timer.cancel()
            world.later(0, lambda: end(UpstreamTimeout("cut")))

        call = health.begin(deployment, probe=probe, cut=cut if vendor.resend else None)
        took_s, error = world.outcome(vendor, probe is not None)
        if took_s >= left_s:
            took_s, error = left_s, UpstreamTimeout("deadline")
        timer = world.later(took_s, lambda: end(error))

    def _close(self, deployment: str, error: DarkroomError | None) -> None:
        if error is None:
            self._tale.served_by, self._tale.ended_s = deployment, self._world.now_s
            return
        number, now_ms = len(self._attempts) + 1, self._world.now_ms
        state: AttemptState = closed_state(error)
        self._attempts.append(
            Attempt(number, deployment, "scripted", "m", state, 0, now_ms, error=error.record())
        )
        self.step()


# Chance, and what came of it -----------------------------------------------------------------


def outages(seed: int, share: float, days: float, repair_s: float = 1_800.0) -> list[Outage]:
    """Independent outages, half of them hangs, that make up ``share`` of the time on average."""
    chance = random.Random(seed)
    found: list[Outage] = []
    at = 0.0
    while True:
        at += chance.expovariate(share / (1 - share) / repair_s)
        lasts = chance.expovariate(1 / repair_s)
        if at + lasts > days * DAY_S:
            return found
        found.append(Outage(at, at + lasts, hangs=chance.random() < 0.5))
        at += lasts


def availability(tales: Sequence[Tale]) -> float:
    return sum(tale.served for tale in tales) / len(tales)


def down_together(vendors: Sequence[Vendor], tales: Sequence[Tale]) -> float:
    """The share of jobs that came when every deployment was down."""
    hit = sum(all(one.down(tale.arrived_s) for one in vendors) for tale in tales)
    return hit / len(tales)
