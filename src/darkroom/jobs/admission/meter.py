"""How much of a minute's allowance is used: a bucket that drains evenly, kept as one time. Pure.

The generic cell rate algorithm (ITU-T I.371): what was taken is written as the time at which all of
it will have drained. A full allowance may be taken at once; after that it comes back evenly.
"""

from dataclasses import dataclass

WINDOW_NS = 60_000_000_000
"""A minute."""


@dataclass(frozen=True, slots=True)
class Meter:
    """``limit`` per minute, used up to ``free_at_ns``: from then on none of it is in use."""

    limit: int
    free_at_ns: int
    now_ns: int

    @property
    def used_ns(self) -> int:
        """At most a window: a clock that was set back locks nobody out for longer."""
        return min(WINDOW_NS, max(0, self.free_at_ns - self.now_ns))

    @property
    def remaining(self) -> int:
        return (WINDOW_NS - self.used_ns) * self.limit // WINDOW_NS

    @property
    def reset_s(self) -> float:
        """Until all of it is free."""
        return self.used_ns / 1e9

    def wait_s(self, count: int) -> float:
        """Until ``count`` can be taken; 0: now."""
        return max(0, self.used_ns + cost_ns(count, self.limit) - WINDOW_NS) / 1e9

    def taken(self, count: int) -> "Meter":
        """After ``count`` were taken, whether they were there or not."""
        free_at_ns = self.now_ns + self.used_ns + cost_ns(count, self.limit)
        return Meter(self.limit, free_at_ns, self.now_ns)


def cost_ns(count: int, limit: int) -> int:
    """How much of a window ``count`` take; nothing where there is no limit."""
    # rounded down, so that the whole limit fits into its window
    return count * WINDOW_NS // limit if limit else 0
