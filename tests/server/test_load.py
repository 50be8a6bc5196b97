"""Memory that requests share, and bodies that wait on disk until there is some."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from darkroom.assets import Spool
from darkroom.core.errors import Overloaded
from darkroom.server.body import Bodies, Patience
from darkroom.server.load import ByteBudget
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, refusal
from tests.support.running import Running, deployment

ASYNC = {"prefer": "respond-async"}


async def test_memory_is_given_back_and_handed_on_in_order() -> None:
    budget = ByteBudget(100, wait_s=60)
    order: list[str] = []
    first = asyncio.Event()

    async def use(name: str, size: int, until: asyncio.Event | None = None) -> None:
        async with budget.room(size):
            order.append(name)
            if until is not None:
                await until.wait()

    tasks = [asyncio.create_task(use("first", 80, first))]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(use("large", 60)), asyncio.create_task(use("small", 10))]
    await asyncio.sleep(0)
    assert order == ["first"]  # the small one would fit, and does not overtake
    first.set()
    await asyncio.gather(*tasks)
    assert order == ["first", "large", "small"]
    assert budget.free == 100


async def test_who_finds_none_in_time_is_refused() -> None:
    budget = ByteBudget(100, wait_s=0.01)
    async with budget.room(100):
        with pytest.raises(Overloaded) as caught:
            async with budget.room(1):
                pass
    assert caught.value.retry_after_s
    assert budget.free == 100


async def test_more_than_all_is_all() -> None:
    budget = ByteBudget(100, wait_s=0)
    async with budget.room(1_000):
        assert budget.free == 0
    assert budget.free == 100


async def test_who_is_canceled_while_it_waits_holds_nothing() -> None:
    budget = ByteBudget(100, wait_s=60)
    async with budget.room(100):
        waiting = asyncio.create_task(budget.room(60).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    assert budget.free == 100


def sent(body: bytes, *, pieces: int = 4) -> Request:
    """A request whose JSON body arrives in pieces."""
    step = -(-len(body) // pieces)
    left = [body[at : at + step] for at in range(0, len(body), step)]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(b"content-type", b"application/json")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def test_a_large_body_waits_on_disk_for_memory(tmp_path: Path) -> None:
    spool, budget = Spool(tmp_path / "spool"), ByteBudget(10_000_000, wait_s=60)
    bodies = Bodies(spool, Patience(60, 60), budget)
    large = json.dumps({"prompt": "x" * 1_000_000}).encode()
    seen: list[int] = []

    async def read() -> None:
        async with bodies.reading(sent(large)) as body:
            seen.append(len(body.fields["prompt"]))
            assert budget.free < 8_000_000

    async with budget.room(9_000_000):
        reading = asyncio.create_task(read())
        async with asyncio.timeout(30):
            while True:
                files = list((tmp_path / "spool").iterdir())
                if files and files[0].stat().st_size == len(large):
                    break
                await asyncio.sleep(0.01)
        assert seen == []
    await reading
    assert seen == [1_000_000]
    assert budget.free == 10_000_000
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_large_body_without_memory_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    spool, budget = Spool(tmp_path / "spool"), ByteBudget(10_000_000, wait_s=0.01)
    bodies = Bodies(spool, Patience(60, 60), budget)
    large = json.dumps({"prompt": "x" * 1_000_000}).encode()
    async with budget.room(9_000_000):
        with pytest.raises(Overloaded):
            async with bodies.reading(sent(large)):
                pass
        async with bodies.reading(sent(b'{"prompt": "small"}')) as body:
            assert body.fields == {"prompt": "small"}
    assert list((tmp_path / "spool").iterdir()) == []


def test_more_jobs_than_may_wait_are_refused_in_the_callers_dialect(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    options = {"jobs_running_max": 1, "jobs_waiting_max": 2}
    with (
        Running(tmp_path, **options, deployments=[deployment(openai_vendor)]) as gateway,
        client(gateway) as http,
    ):
        taken = [http.post(GENERATE, json=asking(f"{n}"), headers=ASYNC) for n in range(3)]
        assert [one.status_code for one in taken] == [202] * 3
        refused = http.post(GENERATE, json=asking())
        assert refusal(refused, 503)["code"] == "overloaded"
        assert refused.headers["retry-after"] == "5"
        assert refused.headers["x-should-retry"] == "true"
        told = http.post(f"/evolink{GENERATE}", json=asking())
        assert told.json()["error"]["code"] == "service_unavailable"
        told = http.post("/v2/images/generate", json=asking())
        assert (told.status_code, set(told.json())) == (503, {"error"})
        again = {"idempotency-key": "again"}
        assert http.post(GENERATE, json=asking(), headers=again).status_code == 503
        assert len(http.get("/v1/jobs").json()["data"]) == 3
        openai_vendor.release()
        for one in taken:
            path = f"/v1/jobs/{one.headers['x-darkroom-job']}"
            assert http.get(path, headers={"prefer": "wait=20"}).json()["state"] == "succeeded"
        assert http.post(GENERATE, json=asking(), headers=again).status_code == 200


def test_a_job_that_is_there_already_is_found_under_load(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    options = {"jobs_running_max": 1, "jobs_waiting_max": 1}
    again = {"idempotency-key": "mine", **ASYNC}
    with (
        Running(tmp_path, **options, deployments=[deployment(openai_vendor)]) as gateway,
        client(gateway) as http,
    ):
        assert http.post(GENERATE, json=asking("1"), headers=ASYNC).status_code == 202
        first = http.post(GENERATE, json=asking("2"), headers=again)
        second = http.post(GENERATE, json=asking("2"), headers=again)
        assert second.headers["x-darkroom-job"] == first.headers["x-darkroom-job"]
        openai_vendor.release()
