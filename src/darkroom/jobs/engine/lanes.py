"""Whose job runs next when more wait than may run: nobody starves behind another's thousand. Pure.

A lane is what jobs are shared out between: an API key. Of the lanes with waiting jobs the one with
the fewest running is next; of several the one that was served longest ago.
"""

from collections import Counter, deque


class Lanes:
    """Waiting jobs by lane, oldest first, and how many of each lane run."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[str]] = {}  # the lane that was served last comes last
        self._running: Counter[str] = Counter()
        self._count = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def put(self, lane: str, job_id: str) -> None:
        self._waiting.setdefault(lane, deque()).append(job_id)
        self._count += 1

    def take(self) -> tuple[str, str] | None:
        """The lane and the id of the job that runs now; None when nothing waits."""
        if not self._waiting:
            return None
        lane = min(self._waiting, key=self._running.__getitem__)
        jobs = self._waiting.pop(lane)
        job_id = jobs.popleft()
        if jobs:
            self._waiting[lane] = jobs
        self._running[lane] += 1
        self._count -= 1
        return lane, job_id

    def done(self, lane: str) -> None:
        """A job of the lane does not run any more."""
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]
