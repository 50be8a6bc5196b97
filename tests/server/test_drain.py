"""Stopping: what runs is finished, who waits is answered, and nothing new comes in."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.core.drain import Drain
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, refusal
from tests.support.process import until
from tests.support.running import Running, deployment

PATIENCE_S = 60
Start = Callable[..., Running]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def start(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[Start]:
    """Starts a gateway that runs one job at a time and has long to stop."""
    started: list[Running] = []

    def start(name: str = "one", **options: Any) -> Running:
        usual = {"jobs_running_max": 1, "drain_s": PATIENCE_S}
        places = {"storage_url": f"file://{tmp_path / 'images'}"}
        deployments = [deployment(openai_vendor)]
        options = {**usual, **places, "deployments": deployments, **options}
        started.append(Running(tmp_path / name, **options).start())
        return started[-1]

    yield start
    openai_vendor.release()
    for one in started:
        one.stop()


def ask(gateway: Running, prompt: str, **more: Any) -> httpx2.Response:
    with client(gateway) as http:
        http.timeout = PATIENCE_S
        return http.post(GENERATE, json=asking(prompt, **more))


def jobs(gateway: Running, state: str) -> list[dict[str, Any]]:
    with client(gateway) as http:
        return http.get("/v1/jobs", params={"state": state}).json()["data"]


def stopping(gateway: Running) -> threading.Thread:
    """It has begun to stop when this returns; the thread ends when it has stopped."""
    thread = threading.Thread(target=gateway.stop)
    thread.start()
    with client(gateway) as http:
        until(lambda: http.get("/readyz").status_code == 503, "a server that stops")
        assert "engine stopping" in http.get("/readyz").json()["error"]["message"]
    return thread


def test_there_is_one_deadline() -> None:
    now = 1_000.0
    drain = Drain(30, lambda: now)
    assert (drain.begun, drain.left_s) == (False, 30)
    drain.begin()
    now += 10
    drain.begin()  # asked twice, it does not begin anew
    assert (drain.begun, drain.left_s) == (True, 20)
    now += 100
    assert drain.left_s == 0


def test_who_waits_for_a_running_job_gets_it_and_who_waits_in_line_is_told(
    start: Start, openai_vendor: OpenAIVendor, pool: ThreadPoolExecutor
) -> None:
    openai_vendor.next(Fault.HOLD)
    gateway = start()
    running = pool.submit(ask, gateway, "running")
    until(lambda: jobs(gateway, "running"), "a running job")
    waiting = pool.submit(ask, gateway, "waiting")
    streaming = pool.submit(ask, gateway, "streaming", stream=True)
    until(lambda: len(jobs(gateway, "queued")) == 2, "two waiting jobs")
    stops = stopping(gateway)
    refused = ask(gateway, "late")
    assert refusal(refused, 503)["code"] == "overloaded"
    assert refused.headers["retry-after"] == "5"
    openai_vendor.release()
    assert running.result(PATIENCE_S).status_code == 200
    for interrupted in (waiting, streaming):
        error = refusal(interrupted.result(PATIENCE_S), 503)
        assert error["code"] == "interrupted"
        assert "Idempotency-Key" in error["message"]
        assert interrupted.result().headers["x-should-retry"] == "false"  # it would buy twice
    stops.join(PATIENCE_S)
    again = start()
    until(lambda: len(jobs(again, "succeeded")) == 3, "the jobs that waited")
    assert len(openai_vendor.received) == 3


def test_an_answer_that_has_begun_ends_with_the_error(
    start: Start, openai_vendor: OpenAIVendor, pool: ThreadPoolExecutor
) -> None:
    openai_vendor.next(Fault.HOLD)
    gateway = start(keepalive_after_s=0.05, keepalive_every_s=0.05)
    running = pool.submit(ask, gateway, "running")
    until(lambda: jobs(gateway, "running"), "a running job")
    late = pool.submit(ask, gateway, "late")
    until(lambda: jobs(gateway, "queued"), "a waiting job")
    stops = stopping(gateway)
    openai_vendor.release()
    assert running.result(PATIENCE_S).status_code == 200
    told = late.result(PATIENCE_S).json()
    stops.join(PATIENCE_S)
    assert told["error"]["code"] == "interrupted"


def test_another_process_goes_on_with_what_waits(
    postgres_url: str, start: Start, openai_vendor: OpenAIVendor, pool: ThreadPoolExecutor
) -> None:
    openai_vendor.next(Fault.HOLD, times=2)
    one = start("one", database_url=postgres_url)
    other = start("other", database_url=postgres_url)
    answers: list[Future[httpx2.Response]] = []
    for n in range(2):
        answers.append(pool.submit(ask, one, f"running {n}"))
        until(lambda n=n: len(jobs(one, "running")) == n + 1, "running jobs")
    answers += [pool.submit(ask, one, f"waiting {n}") for n in range(3)]
    until(lambda: len(jobs(one, "queued")) == 3, "waiting jobs")
    stops = stopping(one)
    openai_vendor.release()
    assert [one.result(PATIENCE_S).status_code for one in answers] == [200] * 5
    stops.join(PATIENCE_S)
    assert len(jobs(other, "succeeded")) == 5
    assert len(openai_vendor.received) == 5
