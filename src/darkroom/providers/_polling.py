"""Polls a task that an upstream has accepted, until it ends or the time is over.

After the submit the vendor works and may bill. So nothing that goes wrong with a *poll* may look
like "not sent" or "failed": it is borne while time is left, and ends as an error whose billing is
unknown. Only what the vendor says of the *task* ends it otherwise.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from darkroom.core.deployment import Deployment
from darkroom.core.errors import UpstreamBroken, UpstreamError, UpstreamTimeout
from darkroom.core.ports import UpstreamCall, UpstreamResponse
from darkroom.providers._answers import Body, as_object, as_text, decoded, error_body, retry_after_s

T = TypeVar("T")
Get = Callable[[], Awaitable[UpstreamResponse]]
Read = Callable[[Body], T | None]

_ANSWER_MAX = 4 * 1024 * 1024
_DEAD_ENDS_MAX = 6
"""A task may be unknown for a moment after its submit, and a balancer may drop connections; a key
that is refused, or a URL that must not be asked, stays so."""
_PAUSE_MAX_S = 30.0
"""The longest pause that a vendor may ask for: the image is paid for, and it expires."""
_SHARE_OF_TIME = 0.95
"""The last of the time is left for fetching what was made: it is paid for."""
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between polls: ``first_s``, then ``growth`` times as many each, ``most_s`` at most.

    ``one_poll_s`` bounds a single poll. ``sleep`` and ``clock`` are for tests.
    """

    first_s: float = 0.5
    growth: float = 1.3
    most_s: float = 4.0
    one_poll_s: float = 30.0
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Task:
    """A submitted task. ``until`` is a moment on the pace's clock."""

    deployment: Deployment
    id: str
    until: float
    pace: Pace

    def details(self) -> dict[str, str]:
        """For an error's record: by this the operator finds the task at the vendor."""
        return {"upstream_id": self.id}


def last_moment(call: UpstreamCall, pace: Pace) -> float:
    """Until when a task of ``call`` may be polled; asked when the call begins.

    What comes before the polls, uploads and the submit, takes of the same time: past it the call
    is cut, and nobody would learn which task to look for.
    """
    return pace.clock() + call.timeout_s * _SHARE_OF_TIME


class TaskUnknown(Exception):
    """Raised by a ``read``: the vendor says that there is no such task, which may yet change."""


async def poll(task: Task, get: Get, read: Read[T]) -> T:
    """What ``read`` makes of the answer that ends the task.

    ``get`` asks once. ``read`` takes the JSON object of an answer with status 200: it returns
    None while the task goes on, and raises from the error tree when the task ended badly; that
    error goes through as it is. Raises :class:`UpstreamTimeout` or :class:`UpstreamBroken`,
    both of unknown billing, when the end could not be learned.
    """
    pace, pause, dead_ends, trouble = task.pace, task.pace.first_s, 0, "It was not asked about."
    wait = pause
    while pace.clock() + wait < task.until:
        await pace.sleep(wait)
        look = await _look(task, get)
        if look.body is not None:
            try:
                if (end := read(look.body)) is not None:
                    return end
            except TaskUnknown:
                look = _Look(trouble="The vendor does not know the task.", dead_end=True)
        trouble = look.trouble or _last_status(look)
        dead_ends = dead_ends + 1 if look.dead_end else 0
        if dead_ends == _DEAD_ENDS_MAX:
            raise UpstreamBroken(
                f"{task.deployment.id} took task {task.id} but does not tell how it went:"
                f" {trouble}",
                details=task.details(),
            )
        pause = min(pause * pace.growth, pace.most_s)
        wait = max(pause, min(look.retry_after_s, _PAUSE_MAX_S))
    raise UpstreamTimeout(
        f"Task {task.id} at {task.deployment.id} had not ended when the time was over. {trouble}",
        details=task.details(),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One poll: the answer's body, or why there is none."""

    body: Body | None = None
    trouble: str = ""
    dead_end: bool = False
    retry_after_s: float = 0.0


async def _look(task: Task, get: Get) -> _Look:
    left = max(0.0, task.until - task.pace.clock())
    try:
        async with asyncio.timeout(min(task.pace.one_poll_s, left)):
            return await _ask(get)
    except TimeoutError:
        return _Look(trouble="A poll was not answered in time.")
    except UpstreamError as error:  # of this poll; the task knows nothing of it
        return _Look(trouble=error.message, dead_end=isinstance(error, UpstreamBroken))


def _last_status(look: _Look) -> str:
    status = as_text((look.body or {}).get("status"))
    return f"Its last status was {status[:40]!r}." if status else "It told no status."


async def _ask(get: Get) -> _Look:
    response = await get()
    try:
        if response.status == 200:
            if body := as_object(decoded(await response.read(_ANSWER_MAX))):
                return _Look(body=body)
            return _Look(trouble="A poll was not answered with a JSON object.", dead_end=True)
        await error_body(response)
        passing = response.status >= 500 or response.status in _PASSING
        return _Look(
            trouble=f"A poll was answered with HTTP status {response.status}.",
            dead_end=not passing,
            retry_after_s=retry_after_s(response.header) or 0.0,
        )
    finally:
        await response.close()
