"""Three processes behind a balancer are one service: what one begins, any other goes on with."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fleet.fleet import Fleet
from tests.support.hooks import Hooks
from tests.support.postgres import temporary_database
from tests.support.process import deployment_table, until
from tests.support.running import KEY

_TASK = "/evolink/v1/images/generations"


@pytest.fixture(scope="module")
def vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, vendor: OpenAIVendor) -> Iterator[Fleet]:
    config = deployment_table(vendor, resend_unknown=True)
    with (
        temporary_database() as url,
        Fleet(tmp_path_factory.mktemp("fleet"), url, config, DARKROOM_DEAD_AFTER_S="1") as fleet,
    ):
        yield fleet


def task(http: httpx2.Client, prompt: str, **more: Any) -> str:
    """The id of a job that is not waited for."""
    body = {"model": "gpt-image-1.5", "prompt": prompt, "quality": "low", **more}
    answer = http.post(_TASK, json=body)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-darkroom-job"]


def job(http: httpx2.Client, job_id: str, state: str = "") -> dict[str, Any]:
    """The job as this door tells it, once it is in that state."""
    found: dict[str, Any] = {}

    def look() -> bool:
        found.update(http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=1"}).json())
        return found["state"] == state or not state

    until(look, f"{job_id} to be {state}")
    return found


def events(http: httpx2.Client, job_id: str) -> list[str]:
    """The states that a stream of events tells until it ends."""
    with http.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        data = [line[6:] for line in stream.iter_lines() if line.startswith("data: ")]
    return [json.loads(text).get("state", "") for text in data]


def test_what_one_accepts_the_others_show_and_tell(fleet: Fleet, vendor: OpenAIVendor) -> None:
    first, second, third = (fleet.client(server.url) for server in fleet.servers)
    vendor.next(Fault.HOLD)
    with first, second, third, ThreadPoolExecutor(1) as pool:
        job_id = task(first, "a red bicycle")
        assert job(second, job_id, "running")["id"] == job_id
        told = pool.submit(events, third, job_id)
        vendor.release()
        assert told.result(60)[-1] == "succeeded"
        [asset] = job(second, job_id, "succeeded")["assets"]
        link = urlsplit(asset["url"])
        assert f"{link.scheme}://{link.netloc}" == fleet.balancer.url
        pictures = {one.get(f"{link.path}?{link.query}").content for one in (first, second, third)}
        assert len(pictures) == 1
        assert pictures.pop() in {data for data, _ in fleet.store.objects.values()}


def test_any_of_them_cancels(fleet: Fleet, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.HANG)
    before = vendor.hung_up
    with fleet.client() as http:
        job_id = task(http, "never mind")
        runner = fleet.runner()
        other = next(one for one in fleet.servers if one is not runner)
        with fleet.client(other.url) as elsewhere:
            assert elsewhere.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        assert job(http, job_id, "canceled")["charge"] is None
    until(lambda: vendor.hung_up > before, "the vendor to be left alone")


def test_a_browser_is_signed_in_at_all_of_them(fleet: Fleet) -> None:
    before = fleet.balancer.taken.copy()
    with fleet.client(key="") as browser:
        assert browser.get("/v1/session").status_code == 401
        assert browser.post("/v1/session", json={"key": KEY}).status_code == 201
        shown = [browser.get("/v1/session") for _ in range(6)]
    assert {answer.status_code for answer in shown} == {200}
    assert all(count >= 2 for count in (fleet.balancer.taken - before).values())
    assert len(fleet.balancer.taken - before) == 3


def test_a_limit_holds_over_all_of_them(fleet: Fleet) -> None:
    with fleet.client() as http:
        made = http.post("/v1/keys", json={"name": "shop", "limits": {"requests_per_minute": 2}})
        key = made.json()["key"]
    began = time.monotonic()
    with fleet.client(key=key) as http, ThreadPoolExecutor(9) as pool:

        def ask(number: int) -> int:
            body = {"model": "gpt-image-1.5", "prompt": f"picture {number}", "quality": "low"}
            return http.post("/v1/images/generations", json=body).status_code

        said = sorted(pool.map(ask, range(9)))
    came_back = int((time.monotonic() - began) / 30)  # one of two per minute
    assert set(said) == {200, 429}
    assert 2 <= said.count(200) <= 2 + came_back


def test_the_job_of_a_killed_process_is_finished_by_another(
    fleet: Fleet, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.HANG)
    with Hooks() as hooks, fleet.client() as http:
        job_id = task(http, "taken over", callback_url=f"{hooks.url}/told")
        killed = fleet.runner()
        killed.kill()
        done = job(http, job_id, "succeeded")  # whoever polls notices nothing
        assert [one["state"] for one in done["attempts"]] == ["sent_unknown", "succeeded"]
        assert done["charge"]["nanos"] > 0
        assert hooks.next().path == "/told"
        killed.start()  # and is one of them again
        [delivery] = http.get("/v1/webhooks/deliveries", params={"job": job_id}).json()["data"]
        assert (delivery["state"], delivery["attempt_count"]) == ("delivered", 1)
        assert hooks.none_left
