"""The native view of jobs, and a caller's ways to reach one: waiting, hanging up, coming back."""

import base64
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import (
    EDIT,
    GENERATE,
    PNG_PART,
    asking,
    client,
    other_key,
    part,
    photo,
    refusal,
    send_form,
)
from tests.support.running import Running


def job_of(http: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


def only_job(http: httpx2.Client) -> dict[str, Any]:
    [job] = http.get("/v1/jobs").json()["data"]
    return job


def ended(http: httpx2.Client, job_id: str) -> dict[str, Any]:
    """The job at its end: a few looks, each of which takes as long as a round trip."""
    for _ in range(2_000):
        job = http.get(f"/v1/jobs/{job_id}").json()
        if job["state"] not in ("queued", "running"):
            return job
    raise AssertionError(f"the job is still {job['state']}")


# --- what is shown ------------------------------------------------------------------------------


def test_a_finished_job_tells_everything(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    body = asking("a tower", n=2, size="1792x1024", user="somebody", style="vivid")
    job = job_of(http, http.post(GENERATE, json=body))
    assert (job["state"], job["operation"], job["dialect"]) == ("succeeded", "generation", "openai")
    assert (job["model"], job["served_model"], job["deployment"]) == (
        "gpt-image-1.5",
        "gpt-image-1.5",
        "openai",
    )
    assert job["request"]["prompt"] == "a tower"
    assert job["request"]["size"] == "1792x1024"
    assert {warning["code"] for warning in job["warnings"]} == {"size_fitted", "parameter_dropped"}
    assert job["usage"]["total_tokens"] == (
        job["usage"]["input_tokens"] + job["usage"]["output_tokens"]
    )
    assert job["usage"]["reported_by_upstream"] is True
    assert job["error"] is None
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["created_at"].endswith("Z")
    assert set(job["timings"]) == {"queued_ms", "running_ms", "total_ms"}
    assert all(0 <= taken < 10_000 for taken in job["timings"].values())
    [attempt] = job["attempts"]
    assert (attempt["number"], attempt["state"]) == (1, "succeeded")
    assert attempt["upstream_id"].startswith("req_fake_")
    kinds = sorted((asset["kind"], asset["position"]) for asset in job["assets"])
    assert kinds == [("original", 0), ("original", 1), ("result", 0), ("result", 1)]
    assert all(asset["url"] and asset["url_expires_at"] for asset in job["assets"])
    assert "sk-upstream-secret" not in str(job)


def test_an_edit_shows_its_inputs(http: httpx2.Client) -> None:
    answer = send_form(
        http,
        part("prompt", "x"),
        part("model", "gpt-image-1.5"),
        PNG_PART("image", photo()),
    )
    job = job_of(http, answer)
    [given] = [asset for asset in job["assets"] if asset["kind"] == "input"]
    assert job["request"]["inputs"] == [given["id"]]
    assert job["request"]["mask"] is None
    assert httpx2.get(given["url"]).content == photo()


def test_attempts_of_a_job_that_had_to_try_twice(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.SERVER_ERROR)
    with client(gateway) as http:
        job = job_of(http, http.post(GENERATE, json=asking()))
    assert [attempt["state"] for attempt in job["attempts"]] == ["failed", "succeeded"]
    assert job["attempts"][0]["error"]["code"] == "upstream_error"
    assert job["state"] == "succeeded"


def test_a_failed_job_tells_why(gateway: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, categories=("violence",))
    with client(gateway) as http:
        answer = http.post(GENERATE, json=asking())
        refusal(answer, 400)
        job = job_of(http, answer)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "moderation_blocked"
    assert job["error"]["details"]["categories"] == ["violence"]
    assert [attempt["state"] for attempt in job["attempts"]] == ["refused"]
    assert job["assets"] == []


# --- lists --------------------------------------------------------------------------------------


def test_pages_go_from_the_newest_to_the_oldest(shared: Running) -> None:
    with client(shared, other_key(shared, "lister")) as http:
        made = [http.post(GENERATE, json=asking()).headers["x-darkroom-job"] for _ in range(5)]
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        for _ in range(3):
            page = http.get("/v1/jobs", params=query).json()
            seen += [job["id"] for job in page["data"]]
            query["cursor"] = page["next_cursor"]
            assert page["has_more"] == (page["next_cursor"] is not None)
        assert seen == made[::-1]
        assert page["next_cursor"] is None
        assert len(http.get("/v1/jobs", params={"state": "succeeded"}).json()["data"]) == 5
        assert http.get("/v1/jobs", params={"state": "failed"}).json()["data"] == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"limit": "9" * 5_000}, "limit"),
        ({"limit": ""}, "limit"),
        ({"state": "done"}, "state"),
        ({"cursor": "a\0b"}, "cursor"),
        ({"cursor": ""}, "cursor"),
    ],
)
def test_odd_queries(http: httpx2.Client, query: dict[str, str], param: str) -> None:
    assert refusal(http.get("/v1/jobs", params=query), 400)["param"] == param


# --- cancel -------------------------------------------------------------------------------------


async def test_canceling_a_running_job_closes_the_upstream_connection(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HANG)
    with client(gateway) as http, client(gateway) as caller, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(caller.post, GENERATE, json=asking())
        await openai_vendor.wait_received(1)
        job_id = only_job(http)["id"]
        assert http.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        await openai_vendor.wait_hung_up(1)
        error = refusal(answer.result(10), 409)
        assert (error["code"], answer.result().headers["x-should-retry"]) == (
            "job_canceled",
            "false",
        )
        job = http.get(f"/v1/jobs/{job_id}").json()
    assert (job["state"], job["cancel_requested"]) == ("canceled", True)
    assert [attempt["state"] for attempt in job["attempts"]] == ["canceled"]


async def test_canceling_a_queued_job_ends_it_before_it_is_sent(
    tmp_path: Any, openai_vendor: OpenAIVendor
) -> None:
    from tests.support.running import deployment

    openai_vendor.next(Fault.HOLD)
    options = {"jobs_running_max": 1, "deployments": [deployment(openai_vendor)]}
    with (
        Running(tmp_path / "data", **options) as gateway,
        client(gateway) as http,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(http.post, GENERATE, json=asking("first"))
        await openai_vendor.wait_received(1)
        second = pool.submit(http.post, GENERATE, json=asking("second"))
        while len(found := http.get("/v1/jobs").json()["data"]) < 2:
            pass
        assert [job["state"] for job in found] == ["queued", "running"]
        canceled = http.post(f"/v1/jobs/{found[0]['id']}/cancel").json()
        assert canceled["state"] == "canceled"
        assert refusal(second.result(10), 409)["code"] == "job_canceled"
        openai_vendor.release()
        assert first.result(10).status_code == 200
    assert len(openai_vendor.received) == 1


def test_canceling_a_finished_job_changes_nothing(http: httpx2.Client) -> None:
    job_id = http.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    job = http.post(f"/v1/jobs/{job_id}/cancel").json()
    assert (job["state"], job["cancel_requested"]) == ("succeeded", False)


# --- hanging up and coming back -----------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_who_hangs_up_loses_nothing(
    gateway: Running, openai_vendor: OpenAIVendor, stream: bool
) -> None:
    openai_vendor.next(Fault.HOLD)
    body = httpx2.Request("POST", gateway.url, json=asking(stream=stream)).content
    line = socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
    line.sendall(
        f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\n"
        f"Idempotency-Key: mine\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await openai_vendor.wait_received(1)
    line.close()
    openai_vendor.release()
    with client(gateway) as http:
        job = ended(http, only_job(http)["id"])
        assert job["state"] == "succeeded"
        [asset] = job["assets"]
        again = http.post(GENERATE, json=asking(), headers={"idempotency-key": "mine"})
        assert again.headers["x-darkroom-job"] == job["id"]
        assert again.headers["idempotent-replayed"] == "true"
        collected = base64.b64decode(again.json()["data"][0]["b64_json"])
        assert collected == httpx2.get(asset["url"]).content
    assert len(openai_vendor.received) == 1
    assert openai_vendor.hung_up == 0


# --- idempotency --------------------------------------------------------------------------------

KEY = {"idempotency-key": "order-1"}


def test_the_same_key_brings_the_same_job(shared: Running, vendor: OpenAIVendor) -> None:
    with client(shared, other_key(shared, "idem-a")) as http:
        first = http.post(GENERATE, json=asking(), headers=KEY)
        again = http.post(GENERATE, json=asking(), headers=KEY)
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert first.headers["x-darkroom-job"] == again.headers["x-darkroom-job"]
        assert first.json()["data"] == again.json()["data"]
        assert len(vendor.received) == 1
        # How the answer is to look is no part of the request.
        link = http.post(GENERATE, json=asking(response_format="url"), headers=KEY).json()
        assert link["data"][0]["url"]
        assert len(vendor.received) == 1


def test_another_body_under_the_same_key_is_a_conflict(
    shared: Running, vendor: OpenAIVendor
) -> None:
    with client(shared, other_key(shared, "idem-b")) as http:
        http.post(GENERATE, json=asking(), headers=KEY)
        for other in (asking("another"), asking(n=2), asking(model="gpt-image-2")):
            error = refusal(http.post(GENERATE, json=other, headers=KEY), 409)
            assert (error["code"], error["param"]) == ("idempotency_conflict", "Idempotency-Key")
    assert len(vendor.received) == 1


def test_another_api_key_has_names_of_its_own(shared: Running, vendor: OpenAIVendor) -> None:
    ids: set[str] = set()
    for name in ("one", "two"):
        with client(shared, other_key(shared, "idem-c", name)) as http:
            answer = http.post(GENERATE, json=asking(), headers=KEY)
            assert "idempotent-replayed" not in answer.headers
            ids.add(answer.headers["x-darkroom-job"])
    assert len(ids) == len(vendor.received) == 2


def test_a_refused_request_does_not_use_up_its_key(shared: Running) -> None:
    with client(shared, other_key(shared, "idem-d")) as http:
        refusal(http.post(GENERATE, json=asking(size="1x1"), headers=KEY), 400)
        assert http.post(GENERATE, json=asking(), headers=KEY).status_code == 200


def test_uploads_are_the_same_when_their_bytes_are(shared: Running, vendor: OpenAIVendor) -> None:
    with client(shared, other_key(shared, "idem-e")) as http:
        http.headers.update(KEY)
        common = (part("prompt", "x"), part("model", "gpt-image-1.5"))
        first = send_form(http, *common, PNG_PART("image", photo()))
        named = part("image[]", photo(), '; filename="other.jpg"', "image/jpeg")
        again = send_form(http, *common, named)
        assert first.headers["x-darkroom-job"] == again.headers["x-darkroom-job"]
        refusal(send_form(http, *common, PNG_PART("image", photo("other"))), 409)
    assert len(vendor.received) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_has_a_length(http: httpx2.Client, key: str) -> None:
    error = refusal(http.post(GENERATE, json=asking(), headers={"idempotency-key": key}), 400)
    assert error["param"] == "Idempotency-Key"


async def test_callers_with_one_key_join_the_running_job(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    """Ten at the same time, plain and as streams: one purchase, one picture for all."""
    openai_vendor.next(Fault.HOLD)
    barrier = threading.Barrier(10)

    def call(index: int) -> httpx2.Response:
        with client(gateway) as http:
            barrier.wait()
            return http.post(GENERATE, json=asking(stream=index % 2 == 0), headers=KEY)

    with ThreadPoolExecutor(10) as pool:
        calls = [pool.submit(call, index) for index in range(10)]
        await openai_vendor.wait_received(1)
        openai_vendor.release()
        answers = [call.result(20) for call in calls]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-darkroom-job"] for answer in answers}) == 1
    replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None] + ["true"] * 9
    assert len(openai_vendor.received) == 1
    plain = {answer.json()["data"][0]["b64_json"] for answer in answers[1::2]}
    [picture] = plain
    assert all(picture in answer.text for answer in answers)


def test_an_edit_and_a_generation_do_not_share_a_key(shared: Running) -> None:
    with client(shared, other_key(shared, "idem-f")) as http:
        http.post(GENERATE, json=asking(), headers=KEY)
        image = {"image_url": "data:image/png;base64," + base64.b64encode(photo()).decode()}
        refusal(http.post(EDIT, json=asking(images=[image]), headers=KEY), 409)


# --- waiting and finding ------------------------------------------------------------------------


async def test_a_job_is_shown_at_its_end_to_who_prefers_to_wait(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http, ThreadPoolExecutor() as pool:
        accepted = http.post(GENERATE, json=asking(), headers={"prefer": "respond-async"})
        path = f"/v1/jobs/{accepted.headers['x-darkroom-job']}"
        await openai_vendor.wait_received(1)
        assert http.get(path, headers={"prefer": "wait=0"}).json()["state"] == "running"
        waiting = pool.submit(lambda: http.get(path, headers={"prefer": "wait=20"}).json())
        openai_vendor.release()
        assert waiting.result(20)["state"] == "succeeded"


def test_a_job_is_found_by_its_idempotency_key(gateway: Running) -> None:
    with client(gateway) as http, client(gateway, other_key(gateway, "admin")) as other:
        made = http.post(GENERATE, json=asking(), headers={"idempotency-key": "order 7"})
        http.post(GENERATE, json=asking(), headers={"idempotency-key": "order 8"})
        page = http.get("/v1/jobs", params={"idempotency_key": "order 7"}).json()
        assert [job["id"] for job in page["data"]] == [made.headers["x-darkroom-job"]]
        assert not page["has_more"]
        assert http.get("/v1/jobs", params={"idempotency_key": "order 9"}).json()["data"] == []
        # the keys of two API keys are two keys, whosever account they are of
        assert other.get("/v1/jobs", params={"idempotency_key": "order 7"}).json()["data"] == []
