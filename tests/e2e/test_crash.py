"""Power cuts: ``kill -9`` at random moments, and what the next start makes of them."""

import random
from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.process import Process, all_ended, deployment_table, jobs, until

GENERATE = "/v1/images/generations"
KILLS = 6
SEED = 20_261_121


def asking(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-image-1.5", "prompt": prompt, "quality": "low", **more}


def call(http: httpx2.Client, prompt: str, finished: set[str]) -> None:
    """Ask, and remember the prompt once its picture is there."""
    with suppress(httpx2.TransportError):
        if http.post(GENERATE, json=asking(prompt)).status_code == 200:
            finished.add(prompt)


def test_no_accepted_job_is_lost_and_no_finished_one_runs_again(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    """Power cuts in a row on one folder, each at a moment chosen by chance.

    The operator allowed to buy again what may have been lost, so every job has to succeed.
    """
    chance = random.Random(SEED)
    finished: set[str] = set()
    config = deployment_table(openai_vendor, resend_unknown=True)
    with Process(tmp_path / "one", config, DARKROOM_JOBS_RUNNING_MAX="3") as server:
        for kill in range(KILLS):
            server.start()
            if kill % 2 == 0:
                # A job that was cut off three times is given up on: it may be the cause.
                with server.client() as http:
                    until(lambda http=http: all_ended(http), f"rest before power cut {kill}")
            openai_vendor.always(delay_s=chance.choice((0, 0.005, 0.02, 0.05)))
            moments: list[Sized] = [openai_vendor.received, finished]
            watched = chance.choice(moments)
            moment = len(watched) + chance.randint(1, 4)
            with server.client() as http, ThreadPoolExecutor(8) as pool:
                for number in range(8):
                    pool.submit(call, http, f"job {kill}-{number}", finished)
                until(
                    lambda watched=watched, moment=moment: len(watched) >= moment,
                    f"the moment of power cut {kill}",
                )
                server.kill()
        openai_vendor.always()
        server.start()
        with server.client() as http:
            until(lambda: all_ended(http), "the end of every job")
            found = jobs(http)
        assert server.stop() == 0
    assert [(job["error"], job["attempts"]) for job in found if job["state"] != "succeeded"] == []
    assert all(len(job["assets"]) == 1 for job in found)
    prompts = [job["request"]["prompt"] for job in found]
    assert len(prompts) == len(set(prompts))
    assert finished <= set(prompts)
    assert len(finished) >= KILLS // 2  # the cuts came while work was being done
    bought = [each.params["prompt"] for each in openai_vendor.received]
    assert [prompt for prompt in finished if bought.count(prompt) != 1] == []
    again = [job for job in found if len(job["attempts"]) > 1]
    assert again  # some were cut off in the middle
    for job in again:
        *cut, last = [attempt["state"] for attempt in job["attempts"]]
        assert set(cut) == {"sent_unknown"}
        assert last == "succeeded"


async def test_what_may_have_been_billed_is_not_bought_again(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HANG)
    config = deployment_table(openai_vendor)
    with Process(tmp_path / "one", config, DARKROOM_JOBS_RUNNING_MAX="1") as server:
        server.start()
        with server.client() as http, ThreadPoolExecutor(4) as pool:
            pool.submit(call, http, "in flight", set())
            await openai_vendor.wait_received(1)
            for number in range(3):
                pool.submit(call, http, f"queued {number}", set())
            until(lambda: len(jobs(http)) == 4, "four jobs")
            server.kill()
        server.start()
        with server.client() as http:
            until(lambda: all_ended(http), "the end of every job")
            states = {job["request"]["prompt"]: job for job in jobs(http)}
    lost = states.pop("in flight")
    assert (lost["state"], lost["error"]["code"]) == ("failed", "outcome_unknown")
    assert [attempt["state"] for attempt in lost["attempts"]] == ["sent_unknown"]
    assert [job["state"] for job in states.values()] == ["succeeded"] * 3
    assert len(openai_vendor.received) == 4


async def test_processes_on_one_database(
    tmp_path: Path, openai_vendor: OpenAIVendor, postgres_url: str
) -> None:
    """Two processes: what one is asked the other may run, and takes over when the first dies."""
    config = deployment_table(openai_vendor, resend_unknown=True)
    shared = {
        "DARKROOM_DATABASE_URL": postgres_url,
        "DARKROOM_DATA_DIR": str(tmp_path / "data"),
        "DARKROOM_DEAD_AFTER_S": "1",
    }
    first = Process(tmp_path / "first", config, DARKROOM_JOBS_RUNNING_MAX="1", **shared)
    second = Process(tmp_path / "second", config, **shared)
    openai_vendor.next(Fault.HOLD)
    with first, second, ThreadPoolExecutor(2) as pool:
        first.start()
        waiting = first.client()
        held = pool.submit(call, waiting, "held", set())
        with first.client() as http:
            await openai_vendor.wait_received(1)
            second.start()
            # The first process is full: the second one runs this, the first one streams it.
            streamed = http.post(
                GENERATE, json=asking("streamed", stream=True, partial_images=2)
            ).text
            events = [line for line in streamed.splitlines() if line.startswith("event: ")]
            assert events == [
                "event: image_generation.partial_image",
                "event: image_generation.partial_image",
                "event: image_generation.completed",
            ]
            plain = http.post(GENERATE, json=asking("plain", response_format="url"))
            picture = httpx2.get(plain.json()["data"][0]["url"]).content
        with second.client() as http:
            # Files, links and keys are the same behind every door.
            found = {job["request"]["prompt"]: job for job in jobs(http)}
            assert found["held"]["state"] == "running"
            [asset] = found["plain"]["assets"]
            assert httpx2.get(asset["url"]).content == picture
            replayed = pool.submit(same_key, http)
            with first.client() as other:
                job_ids = {same_key(other), replayed.result(20)}
            assert len(job_ids) == 1

            first.kill()
            assert held.exception(10) is None
            waiting.close()
            openai_vendor.release()
            until(lambda: all_ended(http), "the end of every job")
            job = next(each for each in jobs(http) if each["request"]["prompt"] == "held")
        assert job["state"] == "succeeded"
        assert [attempt["state"] for attempt in job["attempts"]] == ["sent_unknown", "succeeded"]
        assert "job_taken_over" in second.output
        assert second.stop() == 0
        assert "Traceback" not in second.output


def same_key(http: httpx2.Client) -> str:
    headers = {"idempotency-key": "both"}
    answer = http.post(GENERATE, json=asking("same"), headers=headers)
    assert answer.status_code == 200, answer.text[:200]
    return answer.headers["x-darkroom-job"]
