"""Whether a caller waits: tasks at once, ``Prefer``, answers that begin with white space."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from darkroom.dialects.evolink import EvoLinkDialect
from darkroom.server.prefer import Preference, preference
from darkroom.server.resolve import Resolver
from darkroom.wiring import build_dialects
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
    send_form,
)
from tests.support.running import Running, deployment

ASYNC = {"prefer": "respond-async"}
EVOLINK = f"/evolink{GENERATE}"


def task_at_its_end(http: httpx2.Client, path: str) -> dict[str, Any]:
    """The task once it has ended: a few looks, each of which takes as long as a round trip."""
    for _ in range(2_000):
        task = http.get(path).json()
        if task["status"].lower() in ("completed", "failed", "cancelled"):
            return task
    raise AssertionError(f"the task is still {task['status']}")


# --- Prefer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected", "applied"),
    [
        ([], Preference(), ""),
        (["respond-async"], Preference(True), "respond-async"),
        (["Respond-Async"], Preference(True), "respond-async"),
        (["wait=10"], Preference(False, 10), "wait=10"),
        (["wait = 10"], Preference(False, 10), "wait=10"),
        (['wait="10"; a=b'], Preference(False, 10), "wait=10"),
        (["wait"], Preference(False, 60), "wait=60"),
        (["wait=0"], Preference(False, 0), "wait=0"),
        (["wait=99999"], Preference(False, 600), "wait=600"),
        (["respond-async, wait=10"], Preference(True, 10), "respond-async, wait=10"),
        (["respond-async", "wait=10"], Preference(True, 10), "respond-async, wait=10"),
        (["wait=10, wait=20"], Preference(False, 10), "wait=10"),
        (["return=minimal, handling=lenient"], Preference(), ""),
        (["wait=-1", "wait=1.5", "wait=²", "wait=x", "waiting=1", ",", "="], Preference(), ""),
    ],
)
def test_a_preference_is_read_as_the_rfc_says(
    values: list[str], expected: Preference, applied: str
) -> None:
    assert preference(values) == expected
    assert expected.applied == applied


# --- tasks at once ------------------------------------------------------------------------------


async def test_respond_async_answers_before_anything_is_made(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http:
        answer = http.post(GENERATE, json=asking(n=2), headers=ASYNC)
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        assert answer.headers["x-darkroom-dialect"] == "openai"
        said = answer.json()
        assert said["object"] == "image.generation.task"
        assert "data" not in said
        await openai_vendor.wait_received(1)
        running = http.get(answer.headers["location"]).json()
        assert (running["id"], running["status"]) == (said["id"], "processing")
        openai_vendor.release()
        done = task_at_its_end(http, answer.headers["location"])
        assert len(done["results"]) == 2
        job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert (job["state"], job["dialect"]) == ("succeeded", "openai")


@pytest.mark.parametrize(
    ("path", "body", "status", "pending"),
    [
        (GENERATE, asking(stream=True, partial_images=2), 202, "pending"),
        (EVOLINK, asking(), 200, "pending"),
        (
            "/v2/images/generate",
            {"model": "gpt-image-1.5", "prompt": "x", "gptImageParams": {"quality": "low"}},
            202,
            "QUEUED",
        ),
    ],
)
async def test_every_dialect_answers_with_its_own_task(
    gateway: Running,
    openai_vendor: OpenAIVendor,
    path: str,
    body: dict[str, Any],
    status: int,
    pending: str,
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http:
        answer = http.post(path, json=body, headers=ASYNC)
        assert (answer.status_code, answer.json()["status"]) == (status, pending)
        await openai_vendor.wait_received(1)
        openai_vendor.release()


def test_an_edit_may_be_a_task_too(http: httpx2.Client) -> None:
    http.headers.update(ASYNC)
    parts = (part("prompt", "x"), part("model", "gpt-image-1.5"), PNG_PART("image", photo()))
    answer = send_form(http, *parts, path=EDIT)
    assert answer.status_code == 202
    assert task_at_its_end(http, answer.headers["location"])["status"] == "completed"


def test_a_task_dialect_waits_when_asked_to(http: httpx2.Client) -> None:
    plain = http.post(EVOLINK, json=asking())
    assert "preference-applied" not in plain.headers
    waited = http.post(EVOLINK, json=asking(), headers={"prefer": "wait=30"})
    assert waited.headers["preference-applied"] == "wait=30"
    assert waited.json()["status"] == "completed"
    assert len(waited.json()["results"]) == 1
    body = {"model": "gpt-image-1.5", "prompt": "x", "gptImageParams": {"quality": "low"}}
    waited = http.post("/v2/images/generate", json=body, headers={"prefer": "wait=30"})
    assert (waited.status_code, waited.json()["status"]) == (200, "COMPLETED")


def test_a_failure_that_was_waited_for_is_the_dialects_own(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    with client(gateway) as http:
        http.headers["prefer"] = "wait=30"
        openai_vendor.next(Fault.MODERATION_BLOCKED)
        refused = http.post(GENERATE, json=asking())
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "moderation_blocked")
        openai_vendor.next(Fault.MODERATION_BLOCKED)
        failed = http.post(EVOLINK, json=asking("another"))
    assert (failed.status_code, failed.json()["status"]) == (200, "failed")
    assert failed.json()["error"]["code"] == "content_policy_violation"


async def test_a_caller_out_of_patience_gets_the_task(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http:
        answer = http.post(GENERATE, json=asking(), headers={"prefer": "wait=1"})
        assert (answer.status_code, answer.json()["status"]) == (202, "processing")
        assert answer.headers["preference-applied"] == "wait=1"
        openai_vendor.release()
        assert task_at_its_end(http, answer.headers["location"])["progress"] == 100


def test_a_stream_is_not_cut_short_by_a_wait(http: httpx2.Client) -> None:
    answer = http.post(GENERATE, json=asking(stream=True), headers={"prefer": "wait=0"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "image_generation.completed" in answer.text


# --- white space first --------------------------------------------------------------------------


@pytest.fixture
def nervous(tmp_path: Path, openai_vendor: OpenAIVendor) -> Any:
    """A gateway that gives signs of life at once."""
    options: dict[str, Any] = {"keepalive_after_s": 0.01, "keepalive_every_s": 0.01}
    with Running(tmp_path / "data", deployments=[deployment(openai_vendor)], **options) as server:
        yield server


async def test_an_answer_that_takes_long_begins_with_white_space(
    nervous: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(nervous) as http, http.stream("POST", GENERATE, json=asking(n=2)) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-darkroom-job"]
        assert "content-length" not in answer.headers
        pieces = answer.iter_raw()
        first = [next(pieces) for _ in range(3)]
        assert b"".join(first).strip(b" ") == b""
        openai_vendor.release()
        said = json.loads(b"".join([*first, *pieces]))
    assert len(said["data"]) == 2
    assert said["darkroom"]["charge_nanos"] > 0


async def test_a_failure_after_the_first_byte_is_told_in_the_body(
    nervous: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HANG)
    with (
        client(nervous) as http,
        client(nervous) as other,
        http.stream("POST", GENERATE, json=asking()) as answer,
    ):
        pieces = answer.iter_raw()
        first = next(pieces)
        job_id = answer.headers["x-darkroom-job"]
        assert other.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        said = json.loads(b"".join([first, *pieces]))
    assert answer.status_code == 200
    assert said["error"]["code"] == "job_canceled"
    assert said["data"] == []


async def test_patience_may_end_after_the_first_byte(
    nervous: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(nervous) as http:
        answer = http.post(GENERATE, json=asking(), headers={"prefer": "wait=1"})
        openai_vendor.release()
    assert answer.status_code == 200
    assert answer.content.startswith(b" ")
    assert answer.json()["status"] == "processing"


async def test_white_space_can_be_turned_off(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    options: dict[str, Any] = {"keepalive_after_s": 0, "keepalive_every_s": 0.01}
    with (
        Running(tmp_path / "data", deployments=[deployment(openai_vendor)], **options) as gateway,
        client(gateway) as http,
        ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(http.post, GENERATE, json=asking())
        await openai_vendor.wait_received(1)
        openai_vendor.release()
        answer = call.result(10)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.content.startswith(b"{")


def test_openais_python_sdk_reads_over_white_space(
    nervous: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.NONE, delay_s=0.2)
    with openai.OpenAI(base_url=f"{nervous.url}/v1", api_key=nervous.key) as sdk:
        raw = sdk.images.with_raw_response.generate(model="gpt-image-1.5", prompt="x")
        assert raw.content.startswith(b" ")
        result = raw.parse()
    assert result.data
    assert result.data[0].b64_json


# --- task doors ---------------------------------------------------------------------------------


def test_a_task_is_shown_whatever_dialect_it_came_in(http: httpx2.Client) -> None:
    for path in (GENERATE, EVOLINK):
        answer = http.post(path, json=asking(), headers={"prefer": "wait=30"})
        shown = http.get(f"/v1/tasks/{answer.json()['id']}")
        assert shown.json()["status"] == "completed"
        assert shown.headers["x-darkroom-job"] == answer.headers["x-darkroom-job"]
        job = http.get(f"/v2/jobs/{answer.headers['x-darkroom-job']}").json()
        assert (job["status"], len(job["result"]["images"])) == ("COMPLETED", 1)


@pytest.mark.parametrize(("method", "tail"), [("POST", "/cancel"), ("DELETE", "")])
async def test_a_task_can_be_canceled(
    gateway: Running, openai_vendor: OpenAIVendor, method: str, tail: str
) -> None:
    openai_vendor.next(Fault.HANG)
    with client(gateway) as http:
        task_id = http.post(EVOLINK, json=asking()).json()["id"]
        await openai_vendor.wait_received(1)
        assert http.request(method, f"/v1/tasks/{task_id}{tail}").status_code == 200
        await openai_vendor.wait_hung_up(1)
        task = task_at_its_end(http, f"/v1/tasks/{task_id}")
    assert (task["status"], task["error"]["code"]) == ("failed", "request_cancelled")


def test_a_task_of_somebody_else_is_one_that_never_was(
    shared: Running, http: httpx2.Client
) -> None:
    task_id = http.post(GENERATE, json=asking()).json()["id"]
    last = "1" if task_id[-1] == "0" else "0"
    with client(shared, other_key(shared, "no friend")) as stranger:
        told = []
        for wire_id in (task_id, task_id[:-1] + last):
            for method, tail in (("GET", ""), ("POST", "/cancel"), ("DELETE", "")):
                answer = stranger.request(method, f"/v1/tasks/{wire_id}{tail}")
                assert answer.status_code == 404
                told.append(answer.text.replace(wire_id, "it"))
        assert len(set(told)) == 1
        job_id = http.get(f"/v1/tasks/{task_id}").headers["x-darkroom-job"]
        assert stranger.get(f"/v2/jobs/{job_id}").status_code == 404
    assert http.get(f"/v1/tasks/{task_id}").json()["status"] == "completed"


@pytest.mark.parametrize("text", ["x", "%00", "task-unified-1-" + "z" * 25, "%F0%9F%98%80"])
def test_what_can_be_no_task_id_is_the_callers_mistake(http: httpx2.Client, text: str) -> None:
    for path in (f"/v1/tasks/{text}", f"/v2/jobs/{text}"):
        assert http.get(path).status_code in (400, 404)


def test_dialects_with_the_same_paths_do_not_clash() -> None:
    class Twin(EvoLinkDialect):
        name = "twin"

    resolver = Resolver([*build_dialects(), Twin()], "openai")
    assert set(resolver.job_paths()["/v1/tasks/{job_id}", "GET"]) == {"evolink", "twin"}
    assert "twin" in resolver.image_paths()[GENERATE]
