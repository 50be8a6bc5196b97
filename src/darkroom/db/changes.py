"""Who waits for which change: wakes the watchers of a topic after a transaction committed."""

import asyncio
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Self


class Subscription:
    """A waiter for one topic. A change published before :meth:`wait` is not missed."""

    __slots__ = ("_changes", "_event", "topic")

    def __init__(self, changes: "Changes", topic: str) -> None:
        self._changes = changes
        self._event = asyncio.Event()
        self.topic = topic

    def wake(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next change, or after ``timeout_s`` at the latest."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()

    def close(self) -> None:
        self._changes.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Changes:
    """In-process topics; databases with several processes feed it from their own notifications."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Subscription]] = {}
        self._calls: dict[str, list[Callable[[], None]]] = {}
        self._missed: list[Callable[[], None]] = []

    def subscribe(self, topic: str) -> Subscription:
        """Listen from now on. The subscription is closed by its owner."""
        subscription = Subscription(self, topic)
        self._waiting.setdefault(topic, set()).add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        waiting = self._waiting.get(subscription.topic)
        if waiting is not None:
            waiting.discard(subscription)
            if not waiting:
                del self._waiting[subscription.topic]

    @contextmanager
    def call(self, topic: str, callback: Callable[[], None]) -> Generator[None, None, None]:
        """Call back at each change of the topic, for as long as the context lasts."""
        calls = self._calls.setdefault(topic, [])
        calls.append(callback)
        try:
            yield
        finally:
            calls.remove(callback)
            if not calls:
                self._calls.pop(topic, None)

    def when_missed(self, callback: Callable[[], None]) -> None:
        """Call back, from now on, whenever changes may have been missed: look for them yourself."""
        self._missed.append(callback)

    def publish(self, topics: Iterable[str]) -> None:
        """Wake every subscriber of the topics. Runs on the event loop's thread."""
        for topic in topics:
            for subscription in self._waiting.get(topic, ()):
                subscription.wake()
            for callback in tuple(self._calls.get(topic, ())):
                callback()

    def publish_all(self) -> None:
        """Wake every subscriber: something was missed, nobody knows what. What is called at the
        changes of one topic is not called."""
        for waiting in self._waiting.values():
            for subscription in waiting:
                subscription.wake()
        for callback in self._missed:
            callback()
