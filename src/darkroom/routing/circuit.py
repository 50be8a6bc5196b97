"""One deployment's circuit: closed, open, half-open or cooling down, and how it changes. Pure.

    closed ──failures, or a hang──> open ──its time has come──> half-open: one probe, anywhere
      ^                              ^                             │
      │                              └──────────it failed──────────┤
      └──────────────────────────it succeeded─────────────────────┘
    closed ──"too many requests"──> cooling ──its time has come──> as if closed

Every change raises ``version`` by one, so that of several processes exactly one makes it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

OPEN_MS = 5_000
"""How long a circuit stays open the first time; doubled each time that a probe fails."""
OPEN_MAX_MS = 20_000
"""Well under a minute: so soon after its recovery a deployment is used again."""
DENIED_MS = 60_000
"""After refused credentials: an operator has to act, and nothing hangs meanwhile."""
COOLING_MS = 5_000
"""After a rate limit whose end the vendor does not name."""
_COOLING_MIN_MS = 1_000
_COOLING_MAX_MS = 600_000


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    COOLING = "cooling"


@dataclass(frozen=True, slots=True)
class Circuit:
    """``since_ms``: when it opened last, closed, or began to cool. ``retry_at_ms``: when a probe
    may go (open), is given up on (half-open), or all is well again (cooling). ``opens`` counts
    how often in a row it opened."""

    deployment: str
    state: CircuitState = CircuitState.CLOSED
    reason: str = ""
    since_ms: int = 0
    retry_at_ms: int = 0
    opens: int = 0
    version: int = 0

    @property
    def broken(self) -> bool:
        return self.state in (CircuitState.OPEN, CircuitState.HALF_OPEN)

    def blocked(self, now_ms: int) -> bool:
        """Not to be used while others can be."""
        return self.broken and not self.due(now_ms)

    def due(self, now_ms: int) -> bool:
        """One job may try it, once it has claimed the probe."""
        return self.broken and not self._waits(now_ms)

    def cooling(self, now_ms: int) -> bool:
        return self.state is CircuitState.COOLING and self._waits(now_ms)

    def _waits(self, now_ms: int) -> bool:
        # before `since`: the machine's clock was set back, and the times mean nothing any more
        return self.since_ms <= now_ms < self.retry_at_ms


def opened(circuit: Circuit, reason: str, now_ms: int, pause_ms: int | None = None) -> Circuit:
    """Open, also after a probe that failed. The pause grows while it keeps failing."""
    opens = circuit.opens + 1 if circuit.broken else 1
    grown = min(OPEN_MAX_MS, OPEN_MS * 2 ** min(opens - 1, 8))
    return replace(
        circuit,
        state=CircuitState.OPEN,
        reason=reason,
        since_ms=now_ms,
        retry_at_ms=now_ms + (grown if pause_ms is None else pause_ms),
        opens=opens,
        version=circuit.version + 1,
    )


def probing(circuit: Circuit, now_ms: int, lease_ms: int) -> Circuit:
    """Half-open: whoever writes this first sends the probe. The lease outlives a dead process."""
    return replace(
        circuit,
        state=CircuitState.HALF_OPEN,
        retry_at_ms=now_ms + lease_ms,
        version=circuit.version + 1,
    )


def due_now(circuit: Circuit, now_ms: int) -> Circuit:
    """Still open, but there is reason to look at once."""
    return replace(
        circuit, state=CircuitState.OPEN, retry_at_ms=now_ms, version=circuit.version + 1
    )


def closed(circuit: Circuit, now_ms: int) -> Circuit:
    return Circuit(circuit.deployment, since_ms=now_ms, version=circuit.version + 1)


def cooled(circuit: Circuit, now_ms: int, retry_after_s: float | None) -> Circuit:
    """Cooling down for as long as the vendor asks, within reason."""
    asked = COOLING_MS if retry_after_s is None else retry_after_s * 1000
    pause = int(min(_COOLING_MAX_MS, max(_COOLING_MIN_MS, asked)))
    return Circuit(
        circuit.deployment,
        CircuitState.COOLING,
        "rate_limited",
        now_ms,
        now_ms + pause,
        0,
        circuit.version + 1,
    )
