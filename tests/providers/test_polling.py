"""Polling a task to its end: what is borne, what is not, and that nothing waits for real."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    Billing,
    UpstreamBroken,
    UpstreamError,
    UpstreamFailed,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ports import UpstreamResponse
from darkroom.providers._answers import Body
from darkroom.providers._polling import Pace, Task, TaskUnknown, poll
from darkroom.providers.apiframe import ApiframeProvider
from darkroom.providers.evolink import EvoLinkProvider
from darkroom.providers.flux import FluxProvider
from tests.support.calls import Caller
from tests.support.spooled import FolderSink

DEPLOYMENT = Deployment("main", "flux")
PENDING = {"status": "Pending"}
READY = {"status": "Ready", "result": "x"}


class Answer:
    """A poll's answer that can be given again; see UpstreamResponse."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self._body = body
        self._headers = headers
        self._given = True
        self.closed = 0

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    async def read_piece(self) -> bytes:
        self._given = not self._given
        return b"" if self._given else self._body

    async def read(self, limit: int) -> bytes:
        return self._body

    async def close(self) -> None:
        self.closed += 1


def answer(body: Any = PENDING, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, data, named)


@dataclass
class Bench:
    """Polls that meet ``story``, then its last item for ever; time passes only in ``pauses``."""

    story: Sequence[Answer | UpstreamError | None]
    now: float = 1000.0
    pauses: list[float] = field(default_factory=list[float])
    asked: int = 0
    hung: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self) -> UpstreamResponse:
        item = self.story[min(self.asked, len(self.story) - 1)]
        self.asked += 1
        if item is None:
            self.hung.set()
            await asyncio.Event().wait()
        if isinstance(item, UpstreamError):
            raise item
        assert item is not None
        return item

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.now += seconds

    async def run(self, timeout_s: float = 100, one_poll_s: float = 5) -> str:
        pace = Pace(1, 2, 4, one_poll_s, self.sleep, lambda: self.now)
        return await poll(Task(DEPLOYMENT, "t-1", self.now + timeout_s, pace), self.get, read)


def read(body: Body) -> str | None:
    match body.get("status"):
        case "Ready":
            return str(body["result"])
        case "Error":
            raise UpstreamFailed("It went wrong.")
        case "Task not found":
            raise TaskUnknown
        case _:
            return None


async def test_it_waits_longer_and_longer_until_the_end() -> None:
    pending, ready = answer(), answer(READY)
    bench = Bench([*[pending] * 4, ready])
    assert await bench.run() == "x"
    assert bench.pauses == [1, 2, 4, 4, 4]
    assert (pending.closed, ready.closed) == (4, 1)


async def test_a_task_that_failed_ends_with_what_the_vendor_says_of_it() -> None:
    bench = Bench([answer(), answer({"status": "Error"})])
    with pytest.raises(UpstreamFailed) as caught:
        await bench.run()
    assert caught.value.billing is Billing.NO


@pytest.mark.parametrize(
    "trouble",
    [
        answer(b"<html>", 502),
        answer(b"", 503),
        answer({"detail": "slow down"}, 429),
        UpstreamUnavailable("main could not be reached."),
        UpstreamTimeout("main did not answer."),
    ],
)
async def test_trouble_with_a_poll_is_borne_as_long_as_time_is_left(
    trouble: Answer | UpstreamError,
) -> None:
    bench = Bench([*[trouble] * 12, answer(READY)])
    assert await bench.run() == "x"


async def test_the_pause_that_a_poll_asks_for_is_kept_within_reason() -> None:
    story = [answer({}, 429, retry_after="9"), answer({}, 429, retry_after="3600"), answer(READY)]
    bench = Bench(story)
    await bench.run()
    assert bench.pauses == [1, 9, 30]


async def test_a_task_that_does_not_end_is_unknown_and_named() -> None:
    bench = Bench([answer({"status": "Brewing"})])
    with pytest.raises(UpstreamTimeout) as caught:
        await bench.run(timeout_s=20)
    assert "Task t-1 at main had not ended" in caught.value.message
    assert "Its last status was 'Brewing'." in caught.value.message
    assert caught.value.details == {"upstream_id": "t-1"}
    assert sum(bench.pauses) < 20


@pytest.mark.parametrize(
    "dead_end",
    [
        answer({"detail": "Not authenticated"}, 403),
        answer({"status": "Task not found"}, 404),
        answer({"status": "Task not found"}),
        answer(b"<html>welcome</html>"),
        UpstreamBroken("main refers to another host, which is not asked with its key."),
    ],
)
async def test_what_does_not_heal_ends_soon_and_is_never_taken_for_not_sent(
    dead_end: Answer | UpstreamError,
) -> None:
    bench = Bench([dead_end])
    with pytest.raises(UpstreamBroken) as caught:
        await bench.run()
    assert (bench.asked, caught.value.billing) == (6, Billing.UNKNOWN)
    assert "took task t-1 but does not tell how it went" in caught.value.message


async def test_a_task_may_be_unknown_for_a_moment() -> None:
    unknown = [answer({"status": "Task not found"}, 404)] * 5
    assert await Bench([*unknown, answer(), *unknown, answer(READY)]).run() == "x"


async def test_a_poll_that_hangs_is_given_up_and_repeated() -> None:
    bench = Bench([None, answer(READY)])
    assert await bench.run(one_poll_s=0.01) == "x"
    assert bench.asked == 2


async def test_cancelling_ends_it_at_once() -> None:
    bench = Bench([None])
    task = asyncio.ensure_future(bench.run())
    await bench.hung.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@dataclass
class Slow(Bench):
    """A way out on which the submit takes half a minute; its task goes on for ever."""

    async def post_json(self, *_: object) -> UpstreamResponse:
        self.now += 30
        accepted = {"id": "t-1", "jobId": "t-1", "polling_url": "/t-1", "status": "pending"}
        return answer(accepted)

    async def ask(self, *_: object) -> UpstreamResponse:
        return await self.get()


class SlowEgress:
    def __init__(self, bench: Slow) -> None:
        self.post_json = bench.post_json
        self.get = bench.ask


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (FluxProvider, "flux-2-pro"),
        (EvoLinkProvider, "gpt-image-2"),
        (ApiframeProvider, "gpt-image-2"),
    ],
)
async def test_what_the_submit_took_is_not_left_for_polling(
    kind: type[FluxProvider | EvoLinkProvider | ApiframeProvider], model: str, tmp_path: Path
) -> None:
    slow = Slow([answer()])
    deployment = Deployment("main", kind.name, "http://vendor", timeout_s=60)
    pace = Pace(1, 2, 4, 5, slow.sleep, lambda: slow.now)
    provider = kind(deployment, SlowEgress(slow), pace=pace)  # type: ignore[arg-type]
    sink = FolderSink(tmp_path)
    call = replace(Caller(provider, deployment, sink, tmp_path, model).call(), timeout_s=60)
    with pytest.raises(UpstreamTimeout) as caught:
        await provider.run(call, sink)
    assert caught.value.details == {"upstream_id": "t-1"}
    assert 1050 < slow.now < 1060
