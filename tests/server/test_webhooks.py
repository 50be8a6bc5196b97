"""``/v1/webhooks``: endpoints, secrets and deliveries, to a receiver that verifies."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from standardwebhooks.webhooks import Webhook

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.hooks import Hooks, Told
from tests.support.process import until
from tests.support.running import KEY, Running, deployment

ENDPOINTS = "/v1/webhooks/endpoints"
DELIVERIES = "/v1/webhooks/deliveries"


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    """A gateway that may call loopback."""
    folder = tmp_path_factory.mktemp("gateway")
    with Running(
        folder / "data", deployments=[deployment(module_vendor)], webhook_allow_local=True
    ) as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as receiver:
        yield receiver


@pytest.fixture
def endpoint(http: httpx2.Client, hooks: Hooks) -> Iterator[dict[str, Any]]:
    """An endpoint that the receiver is behind, for as long as the test lasts."""
    made = http.post(ENDPOINTS, json={"url": f"{hooks.url}/hook"})
    assert made.status_code == 201, made.text
    yield made.json()
    http.delete(f"{ENDPOINTS}/{made.json()['id']}")


def genuine(told: Told, secret: str) -> None:
    """Both registry packages accept it."""
    Webhook(secret).verify(told.body, dict(told.headers))
    OpenAI(api_key="none").webhooks.verify_signature(
        told.body.decode(), dict(told.headers), secret=secret
    )


def finished(http: httpx2.Client, delivery_id: str) -> dict[str, Any]:
    """The delivery once something came of it: the record follows the answer."""
    path = f"{DELIVERIES}/{delivery_id}"
    until(lambda: http.get(path).json()["state"] != "pending", "the delivery's record")
    return http.get(path).json()


def test_a_job_is_told_to_an_endpoint_and_the_packages_verify_it(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    made = http.post(GENERATE, json=asking())
    told = hooks.next()
    genuine(told, endpoint["secret"])
    assert (told.path, told.json["type"]) == ("/hook", "image.job.completed")
    assert told.json["data"]["job"] == made.headers["x-darkroom-job"]
    assert KEY not in told.body.decode()
    link = told.json["data"]["results"][0]
    assert httpx2.get(link).status_code == 200
    record = finished(http, told.headers["webhook-id"])
    assert (record["state"], record["endpoint"]) == ("delivered", endpoint["id"])
    [attempt] = record["attempts"]
    assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 204, None)


def test_a_requests_callback_is_signed_with_the_accounts_secret(
    http: httpx2.Client, hooks: Hooks
) -> None:
    secret = http.get("/v1/webhooks/secret").json()["secret"]
    assert secret == http.get("/v1/webhooks/secret").json()["secret"]
    asked = asking(callback_url=f"{hooks.url}/callback")
    job = http.post(f"/openai{GENERATE}", json=asked).headers["x-darkroom-job"]
    told = hooks.next()
    genuine(told, secret)
    assert (told.path, told.json["data"]["job"]) == ("/callback", job)
    [listed] = http.get(DELIVERIES, params={"job": job}).json()["data"]
    assert (listed["id"], listed["endpoint"], listed["url"]) == (
        told.headers["webhook-id"],
        None,
        f"{hooks.url}/callback",
    )


def test_a_callback_address_that_may_not_be_is_refused_and_costs_nothing(
    http: httpx2.Client,
) -> None:
    def newest() -> list[str]:
        return [job["id"] for job in http.get("/v1/jobs").json()["data"]]

    before = newest()
    answer = http.post(f"/openai{GENERATE}", json=asking(callback_url="http://10.0.0.1/"))
    assert refusal(answer, 400)["param"] == "callback_url"
    assert newest() == before


def test_evolinks_callback_is_its_task_as_polled(http: httpx2.Client, hooks: Hooks) -> None:
    asked = asking(callback_url=f"{hooks.url}/evolink")
    task = http.post("/evolink/v1/images/generations", json=asked).json()["id"]
    told = hooks.next()
    genuine(told, http.get("/v1/webhooks/secret").json()["secret"])
    body, polled = told.json, http.get(f"/v1/tasks/{task}").json()
    assert len(body.pop("results")) == len(polled.pop("results")) == 1  # links are fresh each time
    assert body["status"] == "completed"
    assert body == polled


def test_apiframes_webhook_carries_its_vendors_signature_beside_ours(
    http: httpx2.Client, hooks: Hooks
) -> None:
    asked = {"model": "gpt-image-1.5", "prompt": "a red bicycle", "webhookUrl": hooks.url}
    job = http.post("/v2/images/generate", json=asked, headers={"x-api-key": KEY}).json()["jobId"]
    told = hooks.next()
    genuine(told, http.get("/v1/webhooks/secret").json()["secret"])
    key = hashlib.sha256(KEY.encode()).digest()
    wanted = hmac.new(key, told.body, hashlib.sha256).hexdigest()
    assert told.headers["x-webhook-signature"] == f"sha256={wanted}"
    assert told.headers["x-webhook-event"] == "completed"
    assert told.json["jobId"] == job


def test_a_rotated_secret_signs_beside_the_old_one(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    path = f"{ENDPOINTS}/{endpoint['id']}"
    rotated = http.post(f"{path}/rotate", json={"overlap_s": 3_600}).json()
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["previous_valid_until"]
    assert http.get(f"{path}/secret").json()["secret"] == rotated["secret"]
    assert http.post(f"{path}/test").status_code == 202
    told = hooks.next()
    genuine(told, rotated["secret"])
    genuine(told, endpoint["secret"])
    ended = http.post(f"{path}/rotate", json={"overlap_s": 0}).json()
    assert ended["previous_valid_until"] is None
    http.post(f"{path}/test")
    told = hooks.next()
    genuine(told, ended["secret"])
    assert told.headers["webhook-signature"].count("v1,") == 1


def test_the_accounts_secret_rotates_without_a_body(http: httpx2.Client) -> None:
    before = http.get("/v1/webhooks/secret").json()["secret"]
    rotated = http.post("/v1/webhooks/secret/rotate")
    assert rotated.status_code == 200
    assert rotated.json()["secret"] != before
    assert http.get("/v1/webhooks/secret").json() == rotated.json()


def test_410_disables_an_endpoint_until_it_is_enabled(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    path = f"{ENDPOINTS}/{endpoint['id']}"
    hooks.statuses = [410]
    sent = http.post(f"{path}/test").json()
    assert finished(http, sent["id"])["state"] == "stopped"
    assert http.get(path).json()["disabled_reason"] == "gone"
    for refused in (f"{path}/test", f"{DELIVERIES}/{sent['id']}/redeliver"):
        assert "disabled" in refusal(http.post(refused), 400)["message"]
    enabled = http.patch(path, json={"disabled": False}).json()
    assert (enabled["disabled_at"], enabled["disabled_reason"]) == (None, None)


def test_a_delivery_is_sent_again_under_the_same_id(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    hooks.statuses = [500]
    sent = http.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()
    first = hooks.next()
    assert finished(http, sent["id"])["state"] == "failed"
    assert http.post(f"{DELIVERIES}/{sent['id']}/redeliver").status_code == 202
    again = hooks.next()
    assert again.headers["webhook-id"] == first.headers["webhook-id"] == sent["id"]
    assert again.body == first.body
    record = finished(http, sent["id"])
    assert [one["status"] for one in record["attempts"]] == [500, 204]


def test_an_endpoint_can_be_changed_and_removed(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    path = f"{ENDPOINTS}/{endpoint['id']}"
    changed = http.patch(
        path, json={"url": f"{hooks.url}/new", "events": ["failed"], "format": "apiframe"}
    ).json()
    assert changed["url"].endswith("/new")
    assert (changed["events"], changed["format"]) == (["failed"], "apiframe")
    assert "secret" not in changed
    assert changed in http.get(ENDPOINTS).json()["data"]
    assert http.delete(path).json()["deleted"] is True
    refusal(http.get(path), 404)
    refusal(http.delete(path), 404)


def test_an_endpoint_of_one_key_hears_of_its_jobs_alone(
    http: httpx2.Client, shared: Running, hooks: Hooks
) -> None:
    made = http.post("/v1/keys", json={"name": "second", "account": "default"}).json()
    endpoint = http.post(ENDPOINTS, json={"url": hooks.url, "key": made["id"]}).json()
    assert endpoint["key"] == made["id"]
    http.post(GENERATE, json=asking())
    with client(shared, made["key"]) as second:
        job = second.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    assert hooks.next().json["data"]["job"] == job
    assert hooks.none_left
    http.delete(f"{ENDPOINTS}/{endpoint['id']}")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "url"),
        ({"url": 7}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://192.168.0.1/"}, "url"),
        ({"url": "https://hooks.example.com/", "events": []}, "events"),
        ({"url": "https://hooks.example.com/", "events": ["progress"]}, "events"),
        ({"url": "https://hooks.example.com/", "events": "failed"}, "events"),
        ({"url": "https://hooks.example.com/", "events": [["failed"]]}, "events"),
        ({"url": "https://hooks.example.com/", "format": "morse"}, "format"),
        ({"url": "https://hooks.example.com/", "key": "nobody"}, "key"),
        ({"url": "https://hooks.example.com/", "key": {}}, "key"),
        ({"url": "https://hooks.example.com/", "disabled": "no"}, "disabled"),
        ({"url": "https://hooks.example.com/", "signature_key": "octal"}, "signature_key"),
        ({"url": "https://hooks.example.com/", "signature_key": [[]]}, "signature_key"),
        ({"url": "https://hooks.example.com/", "secret": "mine"}, "secret"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    http: httpx2.Client, body: dict[str, Any], param: str
) -> None:
    assert refusal(http.post(ENDPOINTS, json=body), 400)["param"] == param


@pytest.mark.parametrize("overlap", [-1, 1.5, True, "day", 2_592_001])
def test_an_overlap_is_seconds_up_to_thirty_days(http: httpx2.Client, overlap: object) -> None:
    answer = http.post("/v1/webhooks/secret/rotate", json={"overlap_s": overlap})
    assert refusal(answer, 400)["param"] == "overlap_s"


def test_endpoints_have_a_limit(shared: Running) -> None:
    with client(shared, other_key(shared, "collector", "collector")) as http:
        for number in range(20):
            made = http.post(ENDPOINTS, json={"url": f"https://{number}.example.com/"})
            assert made.status_code == 201
        answer = http.post(ENDPOINTS, json={"url": "https://20.example.com/"})
        assert "at most 20" in refusal(answer, 400)["message"]


def test_what_belongs_to_another_account_does_not_exist(
    http: httpx2.Client, shared: Running, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    sent = http.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()
    finished(http, sent["id"])
    one, delivery = f"{ENDPOINTS}/{endpoint['id']}", f"{DELIVERIES}/{sent['id']}"
    with client(shared, other_key(shared, "stranger", "stranger")) as stranger:
        for method, path in (
            ("GET", one),
            ("PATCH", one),
            ("DELETE", one),
            ("GET", f"{one}/secret"),
            ("POST", f"{one}/rotate"),
            ("POST", f"{one}/test"),
            ("GET", delivery),
            ("POST", f"{delivery}/redeliver"),
        ):
            body: dict[str, Any] | None = {} if method == "PATCH" else None
            refusal(stranger.request(method, path, json=body), 404)
        assert stranger.get(ENDPOINTS).json()["data"] == []
        assert stranger.get(DELIVERIES, params={"endpoint": endpoint["id"]}).json()["data"] == []
        own = stranger.get("/v1/webhooks/secret").json()["secret"]
        assert own != http.get("/v1/webhooks/secret").json()["secret"]
        key = http.get("/v1/keys").json()["data"][0]["id"]
        asked = {"url": "https://hooks.example.com/", "key": key}
        assert refusal(stranger.post(ENDPOINTS, json=asked), 400)["param"] == "key"


def test_deliveries_are_listed_in_pages(
    http: httpx2.Client, hooks: Hooks, endpoint: dict[str, Any]
) -> None:
    sent = [http.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()["id"] for _ in range(3)]
    for one in sent:
        finished(http, one)
    query = {"endpoint": endpoint["id"], "limit": 2, "state": "delivered"}
    first = http.get(DELIVERIES, params=query).json()
    second = http.get(DELIVERIES, params={**query, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for one in first["data"] + second["data"]] == sent[::-1]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    for bad in ({"state": "lost"}, {"limit": 0}, {"cursor": "%"}, {"job": "a b"}):
        assert refusal(http.get(DELIVERIES, params=bad), 400)["param"] == next(iter(bad))


def test_nobody_gets_in_without_a_key(shared: Running) -> None:
    with client(shared, "") as http:
        for path in (ENDPOINTS, DELIVERIES, "/v1/webhooks/secret"):
            assert http.get(path).status_code == 401
