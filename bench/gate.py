"""An upstream that keeps calls waiting until a moment that the benchmark chooses."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Gate:
    """A pause for the mock: all calls are answered at one moment. Open until it is closed."""

    calls: int = 0
    """How many came."""
    opens_at: float = 0.0

    def __call__(self, _: bytes) -> float:
        self.calls += 1
        return self.left_s

    @property
    def left_s(self) -> float:
        return max(0.0, self.opens_at - time.perf_counter())

    def close(self, for_s: float) -> None:
        """From now on calls wait; the count of them begins anew."""
        self.calls = 0
        self.opens_at = time.perf_counter() + for_s

    async def full(self, calls: int) -> int:
        """Return when so many wait, or just before it opens: how many do."""
        await until(lambda: self.calls >= calls, self.left_s - 0.1)
        return self.calls


async def until(holds: Callable[[], bool], within_s: float) -> bool:
    """Look every few milliseconds whether it holds; False if it did not in time."""
    deadline = time.perf_counter() + within_s
    while not holds():
        if time.perf_counter() > deadline:
            return False
        await asyncio.sleep(0.005)
    return True
