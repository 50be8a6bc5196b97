"""A few processes that decode images for the server; one that takes too long or breaks is replaced.

They start on demand, hold nothing of the server's (no environment, no sockets, no database), and
leave when there is nothing to do.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, TypeVar, TypeVarTuple

import msgspec

from darkroom.imaging import wire
from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.process import TOO_LONG, WorkerProcess
from darkroom.imaging.work import limits_of

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

_WORKERS = 2
_IDLE_S = 20.0


async def in_pool(work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Run ``work``, a function marked :func:`~darkroom.imaging.work.pooled`, on a worker.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage` for bytes that cannot be used, also when
    the work used up its limits or its process died of it; ``RuntimeError`` for a mistake of ours.
    Cancelling ends the worker; nothing of it goes on when this returns.
    """
    return await the_pool().run(work, *args)


def in_pool_blocking(work: Callable[[*Ts], T], *args: *Ts) -> T:
    """The same for a thread that may wait."""
    return the_pool().run_blocking(work, *args)


@lru_cache(maxsize=1)
def the_pool() -> "ImagePool":
    """The one of this process: its bounds hold for all that is decoded here."""
    pool = ImagePool()
    atexit.register(pool.close)
    return pool


class ImagePool:
    """At most ``workers`` at once; more work waits. May be used from several event loops."""

    def __init__(
        self, workers: int = _WORKERS, idle_s: float = _IDLE_S, room: str = "darkroom.imaging"
    ) -> None:
        """``idle_s``: after so long without work, the workers leave. They run functions of
        ``room`` alone."""
        self._idle_s = idle_s
        self._room = room
        # Each thread waits for one worker; that way, no event loop has to own the processes.
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="image")
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._dismissal: threading.Timer | None = None
        self._closed = False

    async def run(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """See :func:`in_pool`."""
        task = _Task(work, args)
        started = self._threads.submit(self._carry_out, task)
        waiting = asyncio.wrap_future(started)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if not started.cancel():
                task.give_up("nobody waits for the image any more")
                # The files that it was given are the caller's again when the worker is gone.
                await asyncio.wait({waiting})
                if not waiting.cancelled():
                    waiting.exception()  # looked at, so that asyncio does not report it
            raise

    def run_blocking(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """See :func:`in_pool_blocking`."""
        return self._threads.submit(self._carry_out, _Task(work, args)).result()

    def idle_processes(self) -> tuple[int, ...]:
        """The process ids of the workers that have nothing to do."""
        with self._lock:
            return tuple(worker.pid for worker in self._idle)

    def close(self) -> None:
        """End the workers, when they are done with what they have."""
        self._threads.shutdown(cancel_futures=True)
        with self._lock:
            self._closed = True
        self._dismiss()

    def _carry_out(self, task: "_Task") -> Any:
        worker = self._taken()
        try:
            finished = task.on(worker)
        except BaseException:
            worker.end()
            raise
        self._returned(worker)
        return finished()

    def _taken(self) -> WorkerProcess:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is not None and not worker.alive:
            worker.end()
            worker = None
        return worker or WorkerProcess(self._room)

    def _returned(self, worker: WorkerProcess) -> None:
        with self._lock:
            if self._dismissal is not None:
                self._dismissal.cancel()
            self._idle.append(worker)
            self._dismissal = threading.Timer(self._idle_s, self._dismiss)
            self._dismissal.daemon = True
            self._dismissal.start()

    def _dismiss(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
            if self._dismissal is not None and self._closed:
                self._dismissal.cancel()
        for worker in idle:
            worker.end()


class _Task:
    """One piece of work, which is ended from outside when its time is up or nobody waits."""

    def __init__(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._work = work
        self._limits = limits_of(work)
        self._frame = wire.call_frame(work, args)
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._given_up = ""

    def give_up(self, reason: str) -> None:
        with self._lock:
            self._given_up = reason
            if self._worker is not None:
                self._worker.kill()

    def on(self, worker: WorkerProcess) -> Callable[[], Any]:
        """What gives the result, or raises. Raises itself when the worker is of no more use."""
        with self._lock:
            if self._given_up:
                raise NotAnImage(self._given_up)
            self._worker = worker
        clock = threading.Timer(self._limits.wall_s, self.give_up, [TOO_LONG])
        clock.daemon = True
        clock.start()
        try:
            answer = wire.decode_answer(worker.ask(self._frame))
            result = wire.result_of(answer, self._work)
        except (EOFError, OSError, msgspec.DecodeError) as error:
            raise NotAnImage(self._given_up or worker.end()) from error
        finally:
            clock.cancel()
            with self._lock:
                self._worker = None
        if self._given_up:
            raise NotAnImage(self._given_up)
        return partial(_meaning, answer, result)


def _meaning(answer: wire.Answer, result: Any) -> Any:
    if answer.outcome is wire.Outcome.DONE:
        return result
    if answer.outcome is wire.Outcome.BROKEN:
        raise RuntimeError(f"an image worker failed:\n{answer.text}")
    raise NotAnImage(answer.text)
