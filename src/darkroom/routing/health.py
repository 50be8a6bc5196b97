"""How each deployment fares, as this process sees it: calls in flight, failures, latency.

It decides when a circuit opens and closes; what other processes decided is learned through
:mod:`darkroom.routing.shared`. All in memory: the way of a request reads no database for it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError
from darkroom.core.ids import now_ms
from darkroom.routing import circuit as circuits
from darkroom.routing.circuit import Circuit, CircuitState

STRIKES = 3
"""So many calls in a row that failed, or are overdue, open the circuit."""
_WINDOW = 20
_WINDOW_MIN = 10
"""Of the last calls, at least so many, half must have failed to open it as well."""
_USUAL_S = 30.0
"""How long a call takes, before one was measured."""
_OVERDUE_MIN_S = 15.0
_LEASE_SLACK_MS = 5_000
# As TCP reckons its retransmission timeout: https://www.rfc-editor.org/rfc/rfc6298
_MEAN_GAIN = 0.125
_SPREAD_GAIN = 0.25
_SPREADS = 4


class Effect(Enum):
    """What the end of a call says about its deployment."""

    ALIVE = "alive"
    FAILED = "failed"
    DENIED = "denied"
    LIMITED = "limited"
    NOTHING = "nothing"


_EFFECTS: Mapping[str, Effect] = {
    "upstream_timeout": Effect.FAILED,
    "upstream_error": Effect.FAILED,
    "upstream_bad_response": Effect.FAILED,
    "upstream_unavailable": Effect.FAILED,
    "upstream_denied": Effect.DENIED,
    "upstream_rate_limited": Effect.LIMITED,
    # it answered, and knew what it said
    "upstream_rejected": Effect.ALIVE,
    "moderation_blocked": Effect.ALIVE,
}


class Timer(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls back after so many seconds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What ranking knows of a deployment. ``latency_ms`` None: not measured yet."""

    circuit: Circuit
    latency_ms: float | None = None


@dataclass(slots=True, eq=False)
class Call:
    """One call in flight. ``cut`` ends it early: only where repeating it costs nothing."""

    deployment: Deployment
    started_ms: int
    probe: Circuit | None
    cut: Callable[[], None] | None
    timer: Timer | None = None


@dataclass(slots=True)
class _Record:
    circuit: Circuit
    failures: int = 0
    outcomes: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=_WINDOW))
    mean_ms: float | None = None
    spread_ms: float = 0.0
    success_ms: int = 0
    """When a call last ended well."""
    calls: list[Call] = field(default_factory=list[Call])

    def measure(self, took_ms: float) -> None:
        if self.mean_ms is None:
            self.mean_ms, self.spread_ms = took_ms, took_ms / 2
            return
        self.spread_ms += _SPREAD_GAIN * (abs(took_ms - self.mean_ms) - self.spread_ms)
        self.mean_ms += _MEAN_GAIN * (took_ms - self.mean_ms)

    def overdue_ms(self, timeout_s: float) -> int:
        """From when on a call is suspicious: twice the usual time, more where that varies."""
        mean = _USUAL_S * 1000 if self.mean_ms is None else self.mean_ms
        late = max(2 * mean, mean + _SPREADS * self.spread_ms, _OVERDUE_MIN_S * 1000)
        return int(min(late, timeout_s * 1000))


class Health:
    """Used on the event loop's thread; :meth:`standings` may be read from any."""

    def __init__(self, clock: Callable[[], int] = now_ms, later: Later | None = None) -> None:
        self._clock = clock
        self._later = _loop_later if later is None else later
        self._records: dict[str, _Record] = {}
        self.changed: Callable[[Circuit], None] = _nobody
        """Told of each change that this process makes."""

    def standings(self) -> Mapping[str, Standing]:
        return {
            name: Standing(one.circuit, one.mean_ms) for name, one in tuple(self._records.items())
        }

    def circuit(self, deployment: str) -> Circuit:
        return self._record(deployment).circuit

    def look_again(self, deployment: str) -> None:
        """It was configured anew: what is known against it may not hold any more."""
        record = self._record(deployment)
        if record.circuit.broken:
            self._change(record, circuits.due_now(record.circuit, self._clock()))

    def lease_ms(self, deployment: Deployment) -> int:
        """How long a probe keeps others away."""
        late = self._record(deployment.id).overdue_ms(deployment.timeout_s)
        return late + _LEASE_SLACK_MS

    def learn(self, found: Iterable[Circuit]) -> None:
        """Take over what is written down, unless we know of something newer."""
        for one in found:
            record = self._record(one.deployment)
            if one.version >= record.circuit.version:
                record.circuit = one

    def begin(
        self,
        deployment: Deployment,
        *,
        probe: Circuit | None = None,
        cut: Callable[[], None] | None = None,
    ) -> Call:
        """A call goes out. ``probe``: the half-open circuit for which it was claimed."""
        record = self._record(deployment.id)
        call = Call(deployment, self._clock(), probe, cut)
        record.calls.append(call)
        self._watch(call, record.overdue_ms(deployment.timeout_s))
        return call

    def end(self, call: Call, error: DarkroomError | None) -> None:
        """It ended, well (None) or not."""
        record = self._record(call.deployment.id)
        record.calls.remove(call)
        if call.timer is not None:
            call.timer.cancel()
        _forget_stale_probe(record, call)
        effect = Effect.ALIVE if error is None else _EFFECTS.get(error.code, Effect.NOTHING)
        if error is None:
            record.success_ms = self._clock()
            record.measure(max(1, self._clock() - call.started_ms))
        match effect:
            case Effect.ALIVE:
                self._alive(record, call)
            case Effect.FAILED:
                self._failed(record, call, "" if error is None else error.code)
            case Effect.DENIED:
                if not _says_nothing_new(record.circuit, call):
                    self._open(record, "denied", circuits.DENIED_MS)
            case Effect.LIMITED:
                self._limited(record, call, error.retry_after_s if error else None)
            case Effect.NOTHING:
                self._unknown(record, call)

    def _watch(self, call: Call, after_ms: int) -> None:
        """Look at the call when it is overdue; later, if what is usual has grown meanwhile."""

        def look() -> None:
            record = self._record(call.deployment.id)
            late_ms = record.overdue_ms(call.deployment.timeout_s)
            left_ms = call.started_ms + late_ms - self._clock()
            if 0 < left_ms <= late_ms:  # more: the clock was set back
                self._watch(call, left_ms)
            else:
                self._review(call)

        call.timer = self._later(after_ms / 1000, look)

    def _alive(self, record: _Record, call: Call) -> None:
        record.failures = 0
        record.outcomes.append(True)
        circuit, now = record.circuit, self._clock()
        if not circuit.broken:
            return
        if call.probe is not None or call.started_ms >= circuit.since_ms:
            self._change(record, circuits.closed(circuit, now))
        elif circuit.state is CircuitState.OPEN and circuit.opens == 1 and circuit.blocked(now):
            # begun before the circuit opened: no proof, but worth one early look
            self._change(record, circuits.due_now(circuit, now))

    def _failed(self, record: _Record, call: Call, reason: str) -> None:
        if _says_nothing_new(record.circuit, call):
            return
        record.failures += 1
        record.outcomes.append(False)
        bad = record.outcomes.count(False)
        often = len(record.outcomes) >= _WINDOW_MIN and bad * 2 >= len(record.outcomes)
        if call.probe is not None or record.failures >= STRIKES or often:
            self._open(record, reason)
        else:
            self._review(call)

    def _limited(self, record: _Record, call: Call, retry_after_s: float | None) -> None:
        circuit = record.circuit
        if circuit.broken and call.probe is None:
            return
        cooled = circuits.cooled(circuit, self._clock(), retry_after_s)
        # of many calls that are refused together only the first is news
        if circuit.broken or cooled.retry_at_ms > circuit.retry_at_ms + circuits.COOLING_MS // 5:
            self._change(record, cooled)

    def _unknown(self, record: _Record, call: Call) -> None:
        """Canceled, or a defect of ours: a probe that ended so has shown nothing."""
        if call.probe is not None and record.circuit.broken:
            self._change(record, circuits.due_now(record.circuit, self._clock()))

    def _open(self, record: _Record, reason: str, pause_ms: int | None = None) -> None:
        record.failures = 0
        record.outcomes.clear()
        self._change(record, circuits.opened(record.circuit, reason, self._clock(), pause_ms))

    def _review(self, call: Call) -> None:
        """A call is overdue, or one failed: with others like it, the deployment hangs."""
        record, now = self._record(call.deployment.id), self._clock()
        _forget_stale_probe(record, call)
        late_ms = record.overdue_ms(call.deployment.timeout_s)
        overdue = [one for one in record.calls if now - one.started_ms >= late_ms]
        if call.probe is not None and call in overdue:
            self._open(record, "hanging")
            call.probe = None  # what it says later is no probe's word
            _cut([call])
        elif record.circuit.broken:
            _cut([one for one in overdue if one.started_ms <= record.circuit.since_ms])
        elif self._hangs(record, overdue, now - late_ms):
            self._open(record, "hanging")
            _cut(record.calls)

    def _hangs(self, record: _Record, overdue: list[Call], since_ms: int) -> bool:
        """Too many calls came to nothing, and none to an end since ``since_ms``."""
        silent = [one for one in overdue if one.started_ms >= record.circuit.since_ms]
        if not silent or record.success_ms > since_ms:
            return False
        return record.failures + len(silent) >= STRIKES

    def _change(self, record: _Record, circuit: Circuit) -> None:
        record.circuit = circuit
        self.changed(circuit)

    def _record(self, deployment: str) -> _Record:
        found = self._records.get(deployment)
        if found is None:
            found = self._records[deployment] = _Record(Circuit(deployment))
        return found


def _says_nothing_new(circuit: Circuit, call: Call) -> bool:
    """A failure of a call from before the circuit's last change, or while it is open anyway."""
    return call.probe is None and (circuit.broken or call.started_ms < circuit.since_ms)


def _forget_stale_probe(record: _Record, call: Call) -> None:
    """A circuit that has changed since a probe was claimed for it is not decided by that probe."""
    if call.probe is not None and call.probe.version != record.circuit.version:
        call.probe = None


def _cut(calls: list[Call]) -> None:
    for call in tuple(calls):
        cut, call.cut = call.cut, None
        if cut is not None:
            cut()


def _loop_later(delay_s: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay_s, callback)


def _nobody(circuit: Circuit) -> None:
    """Nobody else is told."""
