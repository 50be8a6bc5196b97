"""One deadline for everything that has to end when the server stops."""

import time
from collections.abc import Callable


class Drain:
    """``drain_s`` seconds, from when it begins."""

    def __init__(self, drain_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._drain_s = drain_s
        self._clock = clock
        self._deadline: float | None = None

    @property
    def begun(self) -> bool:
        """The server stops: no new work is taken."""
        return self._deadline is not None

    @property
    def left_s(self) -> float:
        if self._deadline is None:
            return self._drain_s
        return max(0.0, self._deadline - self._clock())

    def begin(self) -> None:
        """From now on, unless it has begun already. Safe in a signal handler."""
        if self._deadline is None:
            self._deadline = self._clock() + self._drain_s
