"""The jobs that wait for a place at a deployment, and which of them is next. Pure."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from darkroom.core.deployment import Deployment


@dataclass(slots=True, eq=False)
class Waiter:
    job_id: str
    lane: str
    deployments: Mapping[str, Deployment]
    turn: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """Read from the threads of transactions, changed on the event loop's."""

    def __init__(self) -> None:
        self._waiting: list[Waiter] = []
        self._served: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self._waiting

    def add(self, deployments: Iterable[Deployment], job_id: str, lane: str) -> Waiter:
        waiter = Waiter(job_id, lane, {one.id: one for one in deployments})
        self._waiting.append(waiter)
        return waiter

    def remove(self, waiter: Waiter) -> None:
        self._waiting.remove(waiter)
        if not self._waiting:
            self._served.clear()

    def first(self, waiter: Waiter) -> bool:
        """Whether nobody waits longer."""
        return self._waiting[0] is waiter

    def waited_for(self, deployment: Deployment) -> bool:
        return any(deployment.id in one.deployments for one in tuple(self._waiting))

    def granted(
        self, held: Iterable[str], take: Callable[[Deployment, Waiter], bool]
    ) -> Iterator[Waiter]:
        """Those who get a place, in order; ``held``: the lane of each place that is taken.

        ``take`` gives a place at a deployment to a waiter if there is one. Of the lanes the one
        with the fewest places is next, of several the one that was served longest ago.
        """
        places = Counter(held)
        left: list[Waiter] = [one for one in tuple(self._waiting) if not one.turn.is_set()]
        full = set[str]()
        while left:
            index, waiter = min(enumerate(left), key=lambda each: self._rank(*each, places))
            del left[index]
            if self._try(waiter, full, take):
                places[waiter.lane] += 1
                self._served[waiter.lane] = max(self._served.values(), default=0) + 1
                yield waiter
            left = [one for one in left if not full.issuperset(one.deployments)]

    def _rank(self, index: int, waiter: Waiter, places: Counter[str]) -> tuple[int, int, int]:
        return places[waiter.lane], self._served.get(waiter.lane, 0), index

    def _try(
        self, waiter: Waiter, full: set[str], take: Callable[[Deployment, Waiter], bool]
    ) -> bool:
        for name, deployment in waiter.deployments.items():
            if name in full:
                continue
            if take(deployment, waiter):
                return True
            full.add(name)
        return False
