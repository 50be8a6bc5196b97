"""Sends what is due: at least once, a few at a time, so that nobody waits for a slow receiver.

Who sends a delivery takes it until a time; who dies while sending is succeeded after that. The
receiver then gets it twice, with the same ``webhook-id``.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from darkroom.core.errors import InvalidRequest
from darkroom.core.ids import new_token, now_ms
from darkroom.core.observer import Observer, Posted
from darkroom.db import Database, Subscription
from darkroom.egress.webhook import Reply, Sender
from darkroom.webhooks import records
from darkroom.webhooks.message import Message, Messages
from darkroom.webhooks.records import Claimed, Room
from darkroom.webhooks.rules import STRICT, Rules, host_of
from darkroom.webhooks.schedule import next_pause_s, pauses, read_retry_after
from darkroom.webhooks.shapes import Delivery, DeliveryState, Keys, Outcome, Target, Try
from darkroom.webhooks.signing import new_secret

log = structlog.get_logger(__name__)

_LEASE_MS = 30_000
"""More than an attempt can take."""
_IDLE_S = 60.0
_SHORTLY_S = 0.2
_GONE = 410


@dataclass(frozen=True, slots=True)
class Limits:
    """How many deliveries one process sends at the same time."""

    total: int = 64
    by_lane: int = 4
    """To one host of one account."""
    by_account: int = 16


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` is in milliseconds; ``chance`` spreads repetitions, 0 to 1."""

    now: Callable[[], int] = now_ms
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Delivering:
    """What a worker works with. ``alone``: no other process uses this database."""

    sender: Sender
    messages: Messages
    rules: Rules = STRICT
    alone: bool = False
    drain_s: float = 5.0


class Worker:
    """Works from :meth:`open` to :meth:`close`."""

    def __init__(
        self,
        database: Database,
        delivering: Delivering,
        clock: Clock = Clock(),
        limits: Limits = Limits(),
    ) -> None:
        self._database = database
        self._with = delivering
        self._clock = clock
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes: Counter[str] = Counter()
        self._accounts: Counter[str] = Counter()
        self._loop: asyncio.Task[None] | None = None
        self._change: Subscription | None = None
        self.observer = Observer()
        """Told of every POST."""

    async def open(self) -> None:
        if self._with.alone:  # what a former process was sending, nobody sends now
            now = self._clock.now()
            await self._database.write(lambda tx: records.release_all(tx, now))
        self._change = self._database.changes.subscribe(records.TOPIC)
        self._loop = asyncio.create_task(self._work(self._change), name="webhooks")

    async def close(self, within_s: float | None = None) -> None:
        """Send what is due for a short while; the rest waits for the next start."""
        if self._loop is None or self._change is None:
            return
        self._loop.cancel()
        await asyncio.wait([self._loop])
        self._change.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._with.drain_s if within_s is None else within_s):
                await self.deliver_due()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def deliver_due(self) -> None:
        """Attempt all that is due, and return when that is done."""
        while True:
            await self._begin()
            if not self._tasks:
                return
            await asyncio.wait(self._tasks)

    async def _work(self, change: Subscription) -> None:
        while True:
            try:
                wait_s = await self._begin()
            except Exception:  # the database is away; look again
                log.exception("webhooks_waiting")
                wait_s = 1.0
            await change.wait(wait_s)

    async def _begin(self) -> float:
        """Begin as many attempts as there is room for; how long to wait for the next."""
        while (room := self._room()).total > 0:
            now = self._clock.now()
            due = await self._database.read(lambda tx, room=room: records.next_due_ms(tx, room))
            if due is None:
                return _IDLE_S
            if due > now:
                return min(_IDLE_S, (due - now) / 1000)
            fence = new_token()
            claimed = await self._database.write(
                lambda tx, room=room, now=now, fence=fence: records.claim(
                    tx, now, now + _LEASE_MS, fence, room
                )
            )
            if not claimed:  # another process was faster
                return _SHORTLY_S
            for one in claimed:
                self._start(one)
        return _IDLE_S  # woken when there is room again

    def _room(self) -> Room:
        return Room(
            total=self._limits.total - len(self._tasks),
            by_lane=self._limits.by_lane,
            by_account=self._limits.by_account,
            lanes=dict(self._lanes),
            accounts=dict(self._accounts),
        )

    def _start(self, claimed: Claimed) -> None:
        self._lanes[claimed.lane] += 1
        self._accounts[claimed.delivery.account_id] += 1
        task = asyncio.create_task(self._deliver(claimed), name=claimed.delivery.id)
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            _take_one(self._lanes, claimed.lane)
            _take_one(self._accounts, claimed.delivery.account_id)
            if self._change is not None:
                self._change.wake()

        task.add_done_callback(done)

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            outcome = await self._attempt(claimed)
        except Exception:
            log.exception("webhook_crashed", delivery=claimed.delivery.id)
            outcome = self._crashed(claimed)
        now = self._clock.now()
        try:
            await self._database.write(lambda tx: records.settle(tx, outcome, now))
        except Exception:  # it is due again when its lease has ended
            log.exception("webhook_not_recorded", delivery=claimed.delivery.id)

    async def _attempt(self, claimed: Claimed) -> Outcome:
        delivery = claimed.delivery
        target = await self._database.read(lambda tx: records.target(tx, delivery))
        if target is None:
            return self._stopped(claimed, "endpoint_gone")
        try:
            self._with.rules.check(target.url, "url")
        except InvalidRequest:  # the rules were changed since it was named
            return self._stopped(claimed, "forbidden_address")
        message = await self._with.messages.of(delivery, target)
        if message is None:
            return self._stopped(claimed, "superseded")
        keys = target.keys or await self._account_keys(delivery.account_id)
        return await self._sent(claimed, target, message, keys)

    async def _sent(
        self, claimed: Claimed, target: Target, message: Message, keys: Keys
    ) -> Outcome:
        started = self._clock.now()
        headers = message.headers(claimed.delivery.id, keys, started)
        reply = await self._with.sender.post(target.url, headers, message.body)
        ended = self._clock.now()
        tried = Try(
            number=claimed.delivery.attempt_count + 1,
            started_at_ms=started,
            duration_ms=max(0, ended - started),
            status=reply.status,
            error=reply.error or None,
        )
        delivery = self._after(claimed.delivery, message, reply, ended)
        delivery = replace(delivery, attempt_count=tried.number, url=target.url)
        log.info(
            "webhook_sent",
            delivery=delivery.id,
            job_id=delivery.job_id,
            host=host_of(target.url),
            attempt=tried.number,
            status=reply.status,
            error=tried.error,
            state=delivery.state,
        )
        self.observer.webhook_posted(
            Posted(
                delivery.state,
                tried.duration_ms / 1000,
                max(0, ended - delivery.created_at_ms) / 1000,
            )
        )
        return Outcome(delivery, claimed.fence, tried, gone=reply.status == _GONE)

    def _after(self, before: Delivery, message: Message, reply: Reply, now: int) -> Delivery:
        """The delivery after an attempt: delivered, to be repeated, or at its end."""
        status = reply.status or 0
        told = replace(before, last_status=reply.status, last_error=reply.error or None)
        if 200 <= status < 300:
            return replace(told, state=DeliveryState.DELIVERED, finished_at_ms=now)
        if status == _GONE:
            return replace(told, state=DeliveryState.STOPPED, finished_at_ms=now, last_error="gone")
        asked_s = read_retry_after(reply.retry_after, now)
        pause_s = next_pause_s(message.pauses_s, before.step, asked_s, self._clock.chance())
        if pause_s is None:
            return replace(told, state=DeliveryState.FAILED, finished_at_ms=now)
        return replace(told, step=before.step + 1, due_at_ms=now + int(pause_s * 1000))

    def _stopped(self, claimed: Claimed, why: str) -> Outcome:
        now = self._clock.now()
        delivery = replace(
            claimed.delivery, state=DeliveryState.STOPPED, finished_at_ms=now, last_error=why
        )
        return Outcome(delivery, claimed.fence)

    def _crashed(self, claimed: Claimed) -> Outcome:
        """A defect of ours counts as an attempt, or it would be repeated for ever."""
        now, delivery = self._clock.now(), claimed.delivery
        after = self._after(delivery, Message(b"", {}, pauses(None)), Reply(error="internal"), now)
        tried = Try(delivery.attempt_count + 1, now, 0, error="internal")
        return Outcome(replace(after, attempt_count=tried.number), claimed.fence, tried)

    async def _account_keys(self, account_id: str) -> Keys:
        fresh = Keys(new_secret())
        return await self._database.write(lambda tx: records.ensure_keys(tx, account_id, fresh))


def _take_one(counter: "Counter[str]", name: str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
