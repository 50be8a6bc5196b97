"""The jobs room with scripted providers: everything below the doors, no network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, cast

from darkroom.assets import Disk, Ingest, Results, Spool, open_blobs
from darkroom.catalog import Catalog, PriceBook
from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.draft import Draft
from darkroom.core.errors import DarkroomError
from darkroom.core.ids import now_ms
from darkroom.core.job import Job
from darkroom.core.observer import Observer
from darkroom.core.policy import Policy
from darkroom.core.ports import Egress, Finding, ImageSink, NotYet, UpstreamCall
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.size import Size
from darkroom.core.usage import Usage
from darkroom.db import Database, open_database
from darkroom.egress import AddressGuard, PublicFetcher
from darkroom.jobs import Dispatch, Economy, EmbeddedEngine, Jobs, Pricing, Runner, Submission
from darkroom.routing import Health, Route, Router, SharedHealth
from tests.fakes.pictures import Look, picture
from tests.support.jobs import a_request

_EAGER = Economy(most_s=0.01)
Play = Callable[["Scripted", UpstreamCall, ImageSink], Awaitable[ProviderResult]]


class Scripted:
    """A provider that does what its script says, call by call, and succeeds after its end."""

    name: ClassVar[str] = "scripted"
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = ""
    resend_safe: ClassVar[bool] = True

    def __init__(self, deployment: Deployment, egress: Egress | None = None) -> None:
        self.deployment = deployment
        self.script: list[DarkroomError | Exception | Play] = []
        self.calls: list[UpstreamCall] = []
        self.canceled = 0

    def serves(self, model: ModelSpec) -> bool:
        return True

    def spec(self, model: ModelSpec) -> ModelSpec:
        return model

    async def check(self) -> Sequence[Finding]:
        return ()

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        self.calls.append(call)
        act = self.script.pop(0) if self.script else draws
        if isinstance(act, Exception):
            raise act
        try:
            return await act(self, call, sink)
        except asyncio.CancelledError:
            self.canceled += 1
            raise


class Batching(Scripted):
    """One with a batch API: ``looks`` are answered with "not yet", then the script goes on."""

    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress | None = None) -> None:
        super().__init__(deployment, egress)
        self.looks = 0
        self.handed_in: list[str] = []
        self.withdrawn: list[str] = []
        self.refuses: DarkroomError | None = None

    async def hand_in(self, call: UpstreamCall, sink: ImageSink) -> str:
        if self.refuses is not None:
            raise self.refuses
        self.handed_in.append(f"batch-{call.job_id}-{call.attempt}")
        return self.handed_in[-1]

    async def collect(
        self, call: UpstreamCall, upstream_id: str, sink: ImageSink
    ) -> ProviderResult:
        assert upstream_id == f"batch-{call.job_id}-{call.attempt}"
        if self.looks > 0:
            self.looks -= 1
            raise NotYet("It goes on.")
        return await self.run(call, sink)

    async def withdraw(self, upstream_id: str) -> None:
        self.withdrawn.append(upstream_id)


class Costly(Scripted):
    """One whose calls are purchases that must not be repeated blindly."""

    resend_safe: ClassVar[bool] = False


async def draws(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
    """What was asked for."""
    images = tuple(image(sink, call, index) for index in range(call.request.n))
    usage = Usage(text_in=9, image_out=100 * call.request.n)
    return ProviderResult(images, usage, Output(quality="high"), upstream_id="req_1")


def image(sink: ImageSink, call: UpstreamCall, index: int = 0) -> SpooledImage:
    """A PNG of the asked size in the spool."""
    size = Size.parse(call.request.size) or Size(1024, 1024)
    writer = sink.writer()
    writer.write(picture("png", Look(size.width, size.height, (index, 90, 120))))
    return writer.finish()


@dataclass
class Workshop:
    database: Database
    dispatch: Dispatch
    jobs: Jobs
    engine: EmbeddedEngine
    providers: dict[str, Scripted]
    spool_folder: Path
    pauses: list[float] = field(default_factory=list[float])

    def submission(self, prompt: str = "a red bicycle", **changes: object) -> Submission:
        key = changes.pop("idempotency_key", None)
        key_id = changes.pop("key_id", "key")
        policy = changes.pop("policy", Policy())
        draft = Draft(a_request(prompt, **changes))
        return Submission(draft, "account", str(key_id), "openai", key, policy=policy)  # type: ignore[arg-type]

    async def submit(self, prompt: str = "a red bicycle", **changes: object) -> Job:
        """The job as accepted."""
        with await self.jobs.submit(self.submission(prompt, **changes)) as follower:
            return follower.job

    async def wait(self, job: Job) -> Job:
        with self.jobs.follow(job) as follower:
            return await follower.end()

    async def run(self, prompt: str = "a red bicycle", **changes: object) -> Job:
        """The job at its end."""
        with await self.jobs.submit(self.submission(prompt, **changes)) as follower:
            return await follower.end()


@asynccontextmanager
async def workshop(
    folder: Path,
    kinds: dict[str, type[Scripted]] | None = None,
    *,
    database_url: str = "",
    today: date = date(2026, 11, 20),
    sleep: Callable[[float], Coroutine[Any, Any, None]] | None = None,
    around: Callable[[Database], Database] | None = None,
    deadline_s: float = 900.0,
    options: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    health: Health | None = None,
    clock: Callable[[], int] = now_ms,
    economy: Economy = _EAGER,
    disk: Disk | None = None,
    observer: Observer | None = None,
    running_max: int = 10,
) -> AsyncIterator[Workshop]:
    """``kinds``: deployments by id, in the order of preference; default: one called ``first``.

    ``around`` puts something between the rooms and their database. ``options``: fields of a
    deployment, by its id. ``observer`` is told of all jobs; it has heard all once this is over.
    ``disk`` is what images are written with. ``running_max`` 0: every job waits.
    """
    database = await open_database(database_url or f"sqlite:///{folder / 'darkroom.db'}")
    if around is not None:
        database = around(database)
    spool = Spool(folder / "spool")
    blobs = open_blobs(f"file://{folder / 'images'}", disk)
    fetcher = PublicFetcher(AddressGuard())
    routes = [
        Route(deployment, kind(deployment))
        for name, kind in (kinds or {"first": Scripted}).items()
        for deployment in [Deployment(name, kind.name, **options.get(name, {}))]
    ]
    providers = {one.deployment.id: cast("Scripted", one.provider) for one in routes}
    router = Router(Catalog.load(), routes, lambda: today)
    ingest = Ingest(spool, blobs, fetcher, database)
    engine = EmbeddedEngine(database, running_max=running_max, drain_s=5, retry_s=0)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    dispatch = Dispatch(router, health, deadline_s=deadline_s, clock=clock)
    dispatch.economy = economy
    shared = SharedHealth(database, dispatch.health)
    await shared.open()
    runner = Runner(
        database, dispatch, ingest, Results(spool, blobs), owner="test", sleep=sleep or pause
    )
    jobs = Jobs(database, dispatch, Pricing(PriceBook.load(), lambda: today), ingest, engine)
    if observer is not None:
        runner.observer = jobs.observer = observer
    await engine.open(runner.run)
    try:
        yield Workshop(database, dispatch, jobs, engine, providers, folder / "spool", pauses)
    finally:
        await engine.close()
        await shared.close()
        await fetcher.close()
        await database.close()
