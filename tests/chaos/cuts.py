"""The power-cut form: one recorded life of the product, and a thousand ends of it.

Jobs are accepted and run on a recorded disk. Then the power is cut at any event of the recording:
what the disk is sure to hold is laid out, with a random part of the rest, and has to keep every
promise that was made until then.
"""

import asyncio
import base64
import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import create_engine, select, text

from darkroom import ledger
from darkroom.core.draft import InlineImage
from darkroom.core.errors import ModerationBlocked, UpstreamFailed
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import JobEvent
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage
from darkroom.db import Tx
from darkroom.db.tables import assets, attempts, idempotency, jobs, webhook_deliveries
from darkroom.jobs import Submission
from darkroom.webhooks.records import add_endpoint
from darkroom.webhooks.shapes import Endpoint
from tests.chaos.disk import Event, Recording, Replay, empty
from tests.chaos.vfs import watched
from tests.fakes.pictures import Look, color_of, picture
from tests.ledger.audit import audit
from tests.support.workshop import Scripted, Workshop, workshop

_CLIENTS = 8
_PREPAID_NANOS = 10**12
_FINAL = ("succeeded", "failed", "canceled")
_DURABLE = ("result", "original", "input", "mask")
"""Kinds of images that a power cut must not take; previews may go."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A caller has the job's id; ``key`` is the idempotency key."""

    job_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A caller was told of the end, with these images."""

    job_id: str
    state: str
    hashes: tuple[str, ...]


@dataclass
class Toll:
    """What the cuts have cost. ``findings`` by kind; all has to stay empty."""

    cuts: int = 0
    promises: int = 0
    """Kept promises that were looked at, all cuts together."""
    recoveries: int = 0
    findings: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, kind: str, what: str) -> None:
        self.findings.setdefault(kind, []).append(f"cut {self.cuts}: {what}")


class Artist(Scripted):
    """Every picture is another; some requests fail, some are refused, some show a preview."""

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        self.calls.append(call)
        prompt = call.request.prompt
        drawn = random.Random(f"{prompt} {call.attempt}").random()
        if drawn < 0.1:
            raise UpstreamFailed("out of paint")
        if drawn < 0.15:
            raise ModerationBlocked("no")
        if drawn < 0.4:  # at the end the preview has the very bytes of the result
            await sink.partial(0, _painted(sink, prompt, int(drawn > 0.3)))
        images = tuple(_painted(sink, prompt, index) for index in range(call.request.n))
        usage = Usage(text_in=9, image_out=100 * call.request.n)
        return ProviderResult(images, usage, Output(quality="high"))


def _painted(sink: ImageSink, prompt: str, index: int) -> SpooledImage:
    writer = sink.writer()
    writer.write(picture("png", Look(1024, 1024, color_of(prompt, index))))
    return writer.finish()


async def live(folder: Path, recording: Recording, count: int) -> None:
    """One life, from an empty folder to an orderly end: ``count`` jobs by a few callers."""
    with watched(recording):
        async with workshop(folder, {"first": Artist}, disk=recording) as shop:
            await shop.database.write(_set_up)
            orders = iter(range(count))
            await asyncio.gather(*(_caller(shop, recording, orders) for _ in range(_CLIENTS)))


def _set_up(tx: Tx) -> None:
    ledger.open_account(tx, "account", 0)
    ledger.top_up(tx, ledger.TopUp("account", _PREPAID_NANOS, now_ms()))
    ends = (JobEvent.COMPLETED, JobEvent.FAILED, JobEvent.CANCELED)
    url = "https://example.com/"
    add_endpoint(tx, Endpoint(new_id(), "account", url, ends, "openai", url, now_ms()))


async def _caller(shop: Workshop, recording: Recording, orders: Iterator[int]) -> None:
    for number in orders:  # shared: each caller takes the next one
        submission = _submission(shop, number)
        with await shop.jobs.submit(submission) as follower:
            recording.promise(Accepted(follower.job.id, submission.idempotency_key or ""))
            job = await follower.end()
            hashes = tuple(asset.sha256 for asset in job.results)
            recording.promise(Ended(job.id, job.state, hashes))


def _submission(shop: Workshop, number: int) -> Submission:
    """Every third is an edit, whose input image has to last as well."""
    prompt = f"picture {number}"
    plain = shop.submission(
        prompt, idempotency_key=prompt, n=1 + number % 2, size="1024x1024", quality="high"
    )
    if number % 3:
        return plain
    data = picture("png", Look(64, 64, color_of(prompt, "input")))
    request = replace(plain.draft.request, operation=Operation.EDIT)
    source = InlineImage(base64.b64encode(data).decode())
    return replace(plain, draft=replace(plain.draft, request=request, inputs=(source,)))


def moments(events: Sequence[Event], count: int, seed: int) -> list[int]:
    """Where the power is cut: after so many events, ascending."""
    chance = random.Random(f"{seed} moments")
    return sorted(chance.randint(1, len(events)) for _ in range(count))


async def suffer(
    folder: Path, events: Sequence[Event], at: Sequence[int], scratch: Path, seed: int
) -> Toll:
    """Cut the power at each of those moments. Every twentieth time the product starts again."""
    chance, toll = random.Random(f"{seed} cuts"), Toll()
    replay = Replay(folder, events)
    for _ in replay.until(at):
        toll.cuts += 1
        left = empty(scratch)
        replay.cut(left, chance)
        toll.promises += len(replay.promised)
        check(left, replay.promised, toll)
        if toll.cuts % 20 == 0:
            toll.recoveries += 1
            await _recover(left, toll)
            check(left, replay.promised, toll)
    return toll


async def _recover(folder: Path, toll: Toll) -> None:
    """Start on what is left, and let every job come to its end."""
    async with workshop(folder, {"first": Artist}) as shop:
        found = await shop.jobs.page("account", 1_000, None, None)
        for job in found[0]:
            ended = await shop.wait(job)
            if ended.state not in _FINAL:
                toll.add("lost", f"{job.id} did not end")


def check(folder: Path, promised: Sequence[object], toll: Toll) -> None:
    """Look at what is left as an auditor would."""
    path = folder / "darkroom.db"
    if not path.exists():
        if promised:
            toll.add("lost", "the database is gone")
        return
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
            if list(said) != ["ok"]:
                toll.add("damaged", str(said))
                return
            tables = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
            if "jobs" in tables:
                _check_rows(folder, Tx(connection), promised, toll)
            elif promised:
                toll.add("lost", "the schema is gone")
    finally:
        engine.dispose()


def _check_rows(folder: Path, tx: Tx, promised: Sequence[object], toll: Toll) -> None:
    states = {row.id: row.state for row in tx.execute(select(jobs))}
    keys = {row.token: row.job_id for row in tx.execute(select(idempotency))}
    there = _images(folder, tx, states, toll)
    for promise in promised:
        if isinstance(promise, Accepted):
            if promise.job_id not in states or keys.get(promise.key) != promise.job_id:
                toll.add("lost", f"{promise.job_id} was accepted, and is gone")
        elif isinstance(promise, Ended):
            if states.get(promise.job_id) != promise.state:
                toll.add("lost", f"{promise.job_id} was {promise.state}")
            if not there.issuperset(promise.hashes):
                toll.add("missing_image", f"{promise.job_id} was shown images that are gone")
    ended = {job_id for job_id, state in states.items() if state in _FINAL}
    told = Counter(tx.execute(select(webhook_deliveries.c.job_id)).scalars())
    if told != Counter(ended):
        toll.add("untold", f"{len(ended)} jobs have ended, {told.total()} are told of")
    still = select(attempts.c.job_id).where(attempts.c.state == "open")
    if left := ended.intersection(tx.execute(still).scalars()):
        toll.add("unrecorded", f"{left} have ended with an open attempt")
    try:
        audit(tx)
    except AssertionError as error:
        toll.add("unbalanced", str(error)[:200])


def _images(folder: Path, tx: Tx, states: dict[str, str], toll: Toll) -> set[str]:
    """The hashes of the images that are there. Whatever a row names has to be."""
    there: set[str] = set()
    for asset in tx.execute(select(assets).where(assets.c.kind.in_(_DURABLE))):
        name: str = asset.sha256
        path = folder / "images" / name[:2] / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != name:
            toll.add("missing_image", f"{asset.job_id} ({states.get(asset.job_id)}): {name}")
        else:
            there.add(name)
    return there
