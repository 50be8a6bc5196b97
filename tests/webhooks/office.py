"""The webhooks room by itself: a clock that is set, a sender that obeys, jobs from a shelf."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom.core.dialect import Dialect
from darkroom.core.draft import Callback
from darkroom.core.errors import NotFound
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind, Job, JobEvent, JobState
from darkroom.db import Database, open_database
from darkroom.dialects.apiframe import ApiframeDialect
from darkroom.dialects.openai import OpenAIDialect
from darkroom.egress.webhook import Reply
from darkroom.webhooks import (
    STRICT,
    Clock,
    Delivering,
    Delivery,
    Limits,
    Messages,
    Owner,
    Rules,
    Wanted,
    Webhooks,
    Wish,
    Worker,
    accepted,
    ended,
    progressed,
)
from tests.support.jobs import a_job

HOOK = "https://hooks.example.com/a"
ENDS = (JobEvent.COMPLETED, JobEvent.FAILED, JobEvent.CANCELED)
OWNER = Owner("account", "https://images.example.com", b"\x07" * 32)


class Hurried(OpenAIDialect):
    """A wire format whose clients expect repetitions soon, as EvoLink's do."""

    name = "hurried"
    webhook_pauses_s = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Post:
    """One attempt as it left."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Act = Reply | Exception | Callable[[Post], Any]


class Mail:
    """A sender. ``script`` has what comes back by host, then 200; ``posts`` what was sent."""

    def __init__(self) -> None:
        self.script: dict[str, list[Act]] = {}
        self.posts: list[Post] = []
        self.now = 0
        self.most = 0

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        post = Post(url, dict(headers), body)
        self.posts.append(post)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            acts = self.script.get(url.split("/")[2], [])
            act = acts.pop(0) if acts else Reply(200)
            if isinstance(act, Exception):
                raise act
            return act if isinstance(act, Reply) else await act(post)
        finally:
            self.now -= 1


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.ms = now_ms() + 60_000

    def now(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@dataclass
class Office:
    database: Database
    mail: Mail
    watch: Watch
    webhooks: Webhooks
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    dialects: Sequence[Dialect] = ()
    links: int = 0

    def worker(self, limits: Limits | None = None, rules: Rules = STRICT, **more: Any) -> Worker:
        messages = Messages(self.dialects, self._job, self._link)
        clock = Clock(self.watch.now, lambda: 0.0)
        delivering = Delivering(self.mail, messages, rules, **more)
        return Worker(self.database, delivering, clock, limits or Limits())

    async def deliver(self, **more: Any) -> None:
        """Attempt what is due now."""
        await self.worker(**more).deliver_due()

    async def accept(self, url: str = HOOK, events: Sequence[JobEvent] = ENDS, **job: Any) -> Job:
        """A job whose request named a callback."""
        made = a_job(callback_events=tuple(events), **job)
        self.jobs[made.id] = made
        callback = Callback(url, tuple(events))
        digest = OWNER.key_digest if made.dialect == "apiframe" else b""
        await self.database.write(
            lambda tx: accepted(tx, made, callback, "https://origin.example", digest)
        )
        return made

    async def progress(self, job: Job) -> None:
        self.jobs[job.id] = job = replace(job, state=JobState.RUNNING, started_at_ms=now_ms())
        await self.database.write(lambda tx: progressed(tx, job))

    async def end(self, job: Job, state: JobState = JobState.SUCCEEDED) -> Job:
        self.jobs[job.id] = done = replace(
            job, state=state, finished_at_ms=now_ms(), assets=(an_asset(),)
        )
        await self.database.write(lambda tx: ended(tx, done))
        return done

    async def ended_job(self, url: str = HOOK, **job: Any) -> Job:
        return await self.end(await self.accept(url, **job))

    async def endpoint(self, url: str = HOOK, owner: Owner = OWNER, **wish: Any) -> str:
        made, _ = await self.webhooks.create(owner, Wish(url, **wish))
        return made.id

    async def delivery(self, account: str = "account") -> Delivery:
        """The only one."""
        [found] = await self.deliveries(account)
        return found

    async def deliveries(self, account: str = "account") -> Sequence[Delivery]:
        found, _ = await self.webhooks.deliveries(Wanted(account, 100))
        return found

    async def _job(self, job_id: str, account_id: str) -> Job:
        await asyncio.sleep(0)
        job = self.jobs.get(job_id)
        if job is None or job.account_id != account_id:
            raise NotFound("No job.")
        return job

    def _link(self, origin: str, asset: Asset) -> str:
        self.links += 1
        return f"{origin}/assets/{asset.id}?n={self.links}"


def an_asset() -> Asset:
    return Asset(new_id(), AssetKind.RESULT, 0, "0" * 64, "image/png", 64, 64, 100, now_ms())


@asynccontextmanager
async def office(database_url: str):
    database = await open_database(database_url)
    watch = Watch()
    dialects = (OpenAIDialect(), ApiframeDialect(), Hurried())
    webhooks = Webhooks(database, dialects, STRICT, watch.now)
    try:
        yield Office(database, Mail(), watch, webhooks, dialects=dialects)
    finally:
        await database.close()
