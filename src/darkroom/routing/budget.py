"""Bounds how often jobs go back to a deployment that failed them: a down vendor is left alone."""

from collections.abc import Callable

from darkroom.core.ids import now_ms

SHARE = 0.2
"""Retries per job; as Envoy's retry budget, 20 %."""
PER_MINUTE = 10
"""So many are allowed at least, so that a quiet server may retry at all."""
_SAVED_MAX = 100.0


class RetryBudget:
    """A token bucket of this process. Going on to another deployment costs nothing of it."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._tokens = float(PER_MINUTE)
        self._filled_ms = clock()

    def earn(self) -> None:
        """A job begins."""
        self._tokens = min(_SAVED_MAX, self._tokens + SHARE)

    def spend(self) -> bool:
        """Whether a retry may be made now; then it is counted."""
        now = self._clock()
        passed = max(0, now - self._filled_ms)
        self._filled_ms = now
        if self._tokens < PER_MINUTE:
            self._tokens = min(PER_MINUTE, self._tokens + passed * PER_MINUTE / 60_000)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
