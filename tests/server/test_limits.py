"""Limits of API keys at the doors: how they are set, kept and told in every dialect."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, photo, refusal
from tests.support.running import Running, deployment

APIFRAME = "/v2/images/generate"
EVOLINK = f"/evolink{GENERATE}"


def limited(http: httpx2.Client, **limits: int | None) -> dict[str, Any]:
    """A new key with these limits."""
    limited.count += 1
    answer = http.post("/v1/keys", json={"name": f"limited-{limited.count}", "limits": limits})
    assert answer.status_code == 201, answer.text
    return answer.json()


limited.count = 0


@pytest.fixture
def one_a_minute(shared: Running, http: httpx2.Client) -> Iterator[httpx2.Client]:
    """Speaks with a key that may send one request per minute, and has."""
    with client(shared, limited(http, requests_per_minute=1)["key"]) as own:
        assert own.post(GENERATE, json=asking()).status_code == 200
        yield own


def test_a_burst_gets_what_the_key_may_and_no_more(
    shared: Running, http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    key = limited(http, requests_per_minute=5)["key"]
    with client(shared, key) as own, ThreadPoolExecutor(12) as pool:
        done = list(pool.map(lambda n: own.post(GENERATE, json=asking(f"{n}")), range(12)))
        assert sorted(one.status_code for one in done) == [200] * 5 + [429] * 7
        assert len(own.get("/v1/jobs").json()["data"]) == 5
        balance = own.get("/v1/balance").json()
        charged = sum(int(one.headers.get("x-darkroom-charge-nanos", 0)) for one in done)
    assert len(vendor.received) == 5  # nothing is made for a refused request, nor charged
    assert balance["posted"]["nanos"] == -charged
    assert balance["held"]["nanos"] == 0


def test_every_answer_says_what_is_left(shared: Running, http: httpx2.Client) -> None:
    key = limited(http, requests_per_minute=60, images_per_minute=4, max_concurrent=9)["key"]
    with client(shared, key) as own:
        first = own.post(GENERATE, json=asking(n=3))
        assert first.status_code == 200, first.text
        assert first.headers["x-ratelimit-limit-requests"] == "60"
        assert first.headers["x-ratelimit-remaining-requests"] == "59"
        assert first.headers["x-ratelimit-reset-requests"] == "1s"
        assert first.headers["x-ratelimit-limit-images"] == "4"
        assert first.headers["x-ratelimit-remaining-images"] == "1"
        assert first.headers["x-ratelimit-reset-images"] == "45s"
        assert first.headers["x-ratelimit-remaining-concurrent"] == "8"
        refused = own.post(GENERATE, json=asking(n=2))
    error = refusal(refused, 429)
    assert (error["code"], error["type"]) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 15
    assert refused.headers["x-should-retry"] == "true"
    assert refused.headers["x-ratelimit-remaining-images"] == "1"
    assert "4 images per minute" in error["message"]


def test_a_stream_says_it_too(shared: Running, http: httpx2.Client) -> None:
    with client(shared, limited(http, requests_per_minute=2)["key"]) as own:
        answer = own.post(GENERATE, json=asking(stream=True))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-ratelimit-remaining-requests"] == "1"


def test_a_key_without_limits_hears_nothing_of_them(http: httpx2.Client) -> None:
    answer = http.post(GENERATE, json=asking())
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_a_request_that_is_sent_again_counts_once(shared: Running, http: httpx2.Client) -> None:
    again = {"idempotency-key": "the same"}
    with client(shared, limited(http, requests_per_minute=1)["key"]) as own:
        first = own.post(GENERATE, json=asking(), headers=again)
        second = own.post(GENERATE, json=asking(), headers=again)
        assert (first.status_code, second.status_code) == (200, 200)
        assert second.headers["idempotent-replayed"] == "true"
        assert own.post(GENERATE, json=asking()).status_code == 429


def test_a_request_that_is_wrong_counts_nothing(shared: Running, http: httpx2.Client) -> None:
    with client(shared, limited(http, requests_per_minute=1)["key"]) as own:
        assert own.post(GENERATE, json=asking(n=99)).status_code == 400
        assert own.post(GENERATE, json=asking()).status_code == 200


def test_the_bytes_of_new_images_count(shared: Running, http: httpx2.Client) -> None:
    picture = photo(width=64)
    key = limited(http, bytes_per_minute=len(picture) + 10)["key"]
    with client(shared, key) as own:
        for name, expected in (("one", 200), ("two", 429)):
            sent = {"image": (f"{name}.png", photo(name), "image/png")}
            form = {"model": "gpt-image-1.5", "prompt": "x", "quality": "low"}
            answer = own.post("/v1/images/edits", data=form, files=sent)
            assert answer.status_code == expected, answer.text


def test_so_many_at_the_same_time(
    shared: Running, http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.HOLD)
    with client(shared, limited(http, max_concurrent=1)["key"]) as own:
        task = own.post(GENERATE, json=asking(), headers={"prefer": "respond-async"})
        assert task.status_code == 202
        refused = own.post(GENERATE, json=asking())
        assert "1 jobs of this API key wait or run" in refusal(refused, 429)["message"]
        assert refused.headers["retry-after"] == "1"
        own.post(f"/v1/jobs/{task.headers['x-darkroom-job']}/cancel")
        waited = own.get(
            f"/v1/jobs/{task.headers['x-darkroom-job']}", headers={"prefer": "wait=20"}
        )
        assert waited.json()["state"] == "canceled"
        assert own.post(GENERATE, json=asking()).status_code == 200


def test_openais_client_raises_its_rate_limit_error(shared: Running, http: httpx2.Client) -> None:
    key = limited(http, requests_per_minute=1)["key"]
    sdk = openai.OpenAI(api_key=key, base_url=f"{shared.url}/v1", max_retries=0)
    sdk.images.generate(**asking())
    with pytest.raises(openai.RateLimitError) as caught:
        sdk.images.generate(**asking())
    assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    sdk.close()


def test_evolink_tells_it_in_its_words(one_a_minute: httpx2.Client) -> None:
    refused = one_a_minute.post(EVOLINK, json={"model": "gpt-image-1.5", "prompt": "x"})
    assert refused.status_code == 429
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_apiframe_tells_it_in_its_words(one_a_minute: httpx2.Client) -> None:
    refused = one_a_minute.post(APIFRAME, json={"model": "gpt-image-1.5", "prompt": "x"})
    assert refused.status_code == 429
    assert set(refused.json()) == {"error"}
    assert int(refused.headers["retry-after"]) <= 60


def test_responses_tell_it_too(one_a_minute: httpx2.Client) -> None:
    tool = {"type": "image_generation", "model": "gpt-image-1.5"}
    body = {"model": "gpt-4.1", "input": "a cat", "tools": [tool]}
    refused = one_a_minute.post("/v1/responses", json=body)
    assert refusal(refused, 429)["code"] == "rate_limit_exceeded"


def test_limits_are_shown_changed_and_taken_back(http: httpx2.Client) -> None:
    none = {
        "requests_per_minute": None,
        "images_per_minute": None,
        "bytes_per_minute": None,
        "max_concurrent": None,
        "stored_bytes": None,
    }
    made = limited(http, requests_per_minute=60)
    assert made["limits"] == none | {"requests_per_minute": 60}
    path = f"/v1/keys/{made['id']}"
    changed = http.patch(path, json={"limits": {"images_per_minute": 5}}).json()
    assert changed["limits"] == none | {"requests_per_minute": 60, "images_per_minute": 5}
    changed = http.patch(path, json={"limits": {"requests_per_minute": None}}).json()
    assert changed["limits"] == none | {"images_per_minute": 5}
    listed = next(one for one in http.get("/v1/keys").json()["data"] if one["id"] == made["id"])
    assert listed["limits"] == changed["limits"]
    assert http.patch(path, json={"limits": None}).json()["limits"] == none


@pytest.mark.parametrize(
    ("limits", "param"),
    [
        ({"requests": 1}, "requests"),
        ({"requests_per_minute": -1}, "requests_per_minute"),
        ({"requests_per_minute": 1.5}, "requests_per_minute"),
        ({"requests_per_minute": True}, "requests_per_minute"),
        ({"max_concurrent": "many"}, "max_concurrent"),
        ({"images_per_minute": 100_001}, "images_per_minute"),
        ([1], "limits"),
    ],
)
def test_limits_that_are_none(http: httpx2.Client, limits: Any, param: str) -> None:
    answer = http.post("/v1/keys", json={"name": "x", "limits": limits})
    assert refusal(answer, 400)["param"] == param


def test_a_key_may_not_lift_its_own(shared: Running, http: httpx2.Client) -> None:
    made = limited(http, requests_per_minute=1)
    with client(shared, made["key"]) as own:
        answer = own.patch(f"/v1/keys/{made['id']}", json={"limits": None})
    refusal(answer, 403)


def test_keys_have_the_limits_of_the_settings_unless_they_say_otherwise(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    options = {"key_requests_per_minute": 1, "deployments": [deployment(openai_vendor)]}
    with Running(tmp_path / "data", **options) as gateway, client(gateway) as http:
        free = limited(http, requests_per_minute=0)["key"]
        more = limited(http, requests_per_minute=2)["key"]
        for key, allowed in ((gateway.key, 1), (free, 3), (more, 2)):
            with client(gateway, key) as own:
                done = [own.post(GENERATE, json=asking()).status_code for _ in range(3)]
            assert done == [200] * allowed + [429] * (3 - allowed)
