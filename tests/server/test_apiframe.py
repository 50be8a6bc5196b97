"""Apiframe's API over the wire, with the sandbox behind it: nothing is bought, all is charged."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from darkroom.cli.receiver import Receiver
from tests.server.client import GENERATE, PNG_PART, client, other_key, part, photo, send_form
from tests.support.running import Running

SUBMIT = "/v2/images/generate"
MODEL = {"model": "gpt-image-1.5"}
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("apiframe")
    deployments = [{"id": "sandbox", "provider": "sandbox"}]
    options = {"deployments": deployments, "webhook_allow_local": True}
    with Running(folder / "data", **options) as server:
        yield server


@pytest.fixture
def speaker(sandbox: Running, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """An Apiframe client with an account of its own."""
    with speaking(sandbox, other_key(sandbox, request.node.name)) as http:
        yield http


def speaking(gateway: Running, key: str = "") -> httpx2.Client:
    headers = {"x-api-key": key or gateway.key}
    return httpx2.Client(base_url=gateway.url, headers=headers, timeout=20)


def asking(prompt: str = "a red bicycle", **more: Any) -> dict[str, Any]:
    params = {"quality": "low", **more.pop("params", {})}
    return {**MODEL, "prompt": prompt, "gptImageParams": params, **more}


def submitted(http: httpx2.Client, *args: Any, **more: Any) -> str:
    answer = http.post(SUBMIT, json=asking(*args, **more))
    assert answer.status_code == 202, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"jobId", "status"}
    assert body["status"] in ("QUEUED", "PROCESSING", "COMPLETED")
    return body["jobId"]


def polled(http: httpx2.Client, job_id: str) -> dict[str, Any]:
    """The job at its end: a few looks, each of which takes as long as a round trip."""
    for _ in range(5_000):
        job = http.get(f"/v2/jobs/{job_id}").json()
        if job["status"] in ("COMPLETED", "FAILED", "CANCELLED"):
            return job
    raise AssertionError(f"the job is still {job['status']}")


def refused(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The body of an error, after checking its form."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:400]}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    body = answer.json()
    assert isinstance(body["error"], str)
    assert body["error"]
    assert set(body) <= {"error", "details", "creditsRequired", "creditsAvailable"}
    return body


def nothing_happened(http: httpx2.Client) -> None:
    """No job, and nothing charged or held."""
    assert http.get("/v2/jobs").json() == {"jobs": [], "nextCursor": None, "hasMore": False}
    balance = http.get("/v1/balance").json()
    assert (balance["posted"]["nanos"], balance["held"]["nanos"]) == (0, 0)


# --- the life of a job --------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/v2", "/apiframe/v2"])
def test_a_job_from_its_submission_to_its_images(speaker: httpx2.Client, prefix: str) -> None:
    body = asking("a sailboat", params={"number_of_images": 2, "aspect_ratio": "3:2"})
    job_id = speaker.post(f"{prefix}/images/generate", json=body).json()["jobId"]
    job = polled(speaker, job_id)
    native = speaker.get(f"/v1/jobs/{job_id}").json()
    assert speaker.get(f"{prefix}/jobs/{job_id}").json()["id"] == job_id
    charged = native["charge"]["nanos"]
    assert charged > 0
    assert job | {"result": None} == {
        "id": job_id,
        "status": "COMPLETED",
        "model": "gpt-image-1.5",
        "progress": 100,
        "result": None,
        "error": None,
        "creditCost": -(-charged * 68 // 10**9),
        "webhookStatus": None,
        "createdAt": native["created_at"],
        "completedAt": native["finished_at"],
    }
    images = job["result"]["images"]
    assert len(images) == 2
    for url in images:
        assert url.startswith(str(speaker.base_url))
        assert httpx2.get(url).headers["content-type"] == "image/png"
    assert (native["dialect"], native["request"]["size"]) == ("apiframe", "1536x1024")


def test_a_job_that_fails_costs_nothing_and_says_why(speaker: httpx2.Client) -> None:
    job = polled(speaker, submitted(speaker, "a lake [[refuse]]"))
    assert (job["status"], job["progress"], job["creditCost"]) == ("FAILED", 0, 0)
    assert job["result"] is None
    assert isinstance(job["error"], str)
    assert speaker.get("/v1/balance").json()["posted"]["nanos"] == 0


@pytest.mark.parametrize("prefix", ["/v2", "/apiframe/v2"])
def test_a_running_job_can_be_canceled(speaker: httpx2.Client, prefix: str) -> None:
    job_id = submitted(speaker, "a lake [[stall]]")
    assert speaker.get(f"/v2/jobs/{job_id}").json()["status"] in ("QUEUED", "PROCESSING")
    answer = speaker.post(f"{prefix}/jobs/{job_id}/cancel")
    assert answer.status_code == 200
    job = polled(speaker, job_id)
    assert (job["status"], job["creditCost"]) == ("CANCELLED", 0)


def test_who_prefers_to_wait_gets_the_job_at_once(speaker: httpx2.Client) -> None:
    headers = {"prefer": "wait=15"}
    answer = speaker.post(SUBMIT, json=asking(), headers=headers)
    assert answer.status_code == 200
    job = answer.json()
    assert job["status"] == "COMPLETED"
    assert len(job["result"]["images"]) == 1
    failed = speaker.post(SUBMIT, json=asking("[[refuse]]"), headers=headers).json()
    assert failed["status"] == "FAILED"


def test_somebody_elses_job_does_not_exist(sandbox: Running, speaker: httpx2.Client) -> None:
    job_id = submitted(speaker)
    with speaking(sandbox, other_key(sandbox, "stranger")) as stranger:
        for method, path in (("GET", ""), ("POST", "/cancel")):
            refused(stranger.request(method, f"/v2/jobs/{job_id}{path}"), 404)
            refused(stranger.request(method, f"/v2/jobs/{UNKNOWN_ID}{path}"), 404)
            refused(stranger.request(method, f"/v2/jobs/JOB_ID{path}"), 400)
    assert polled(speaker, job_id)["status"] == "COMPLETED"


def test_keys_and_paths(sandbox: Running) -> None:
    with httpx2.Client(base_url=sandbox.url, timeout=20) as nobody:
        assert refused(nobody.post(SUBMIT, json=asking()), 401) == {"error": "API key is required"}
        wrong = nobody.get("/v2/me", headers={"x-api-key": "afk_wrong"})
        assert refused(wrong, 401) == {"error": "Invalid API key"}
        refused(nobody.get("/v2/nothing"), 404)
        refused(nobody.get(SUBMIT), 405)


# --- limits -------------------------------------------------------------------------------------

PHOTO = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 2_001}, "prompt"),
        ({"model": "midjourney"}, "model"),
        ({"model": "gpt-image-9", "gptImageParams": None}, "model"),
        ({"gptImageParams": {"number_of_images": 0}}, "gptImageParams.number_of_images"),
        ({"gptImageParams": {"number_of_images": 11}}, "gptImageParams.number_of_images"),
        ({"gptImageParams": {"quality": "ultra"}}, "gptImageParams.quality"),
        ({"gptImageParams": {"foo": 1}}, "gptImageParams.foo"),
        ({"gptImageParams": {"input_images": "not a URL"}}, "gptImageParams.input_images.0"),
        ({"gptImageParams": {"input_images": [PHOTO] * 17}}, "input_images"),
        ({"gptImageParams": {"input_images": [PHOTO]}}, "input_images"),
        (
            {"gptImageParams": {"background": "transparent", "output_format": "jpeg"}},
            "background",
        ),
        ({"gptImage2Params": {}}, "gptImage2Params"),
        ({"foo": 1}, "foo"),
        ({"webhookEvents": []}, "webhookEvents"),
        (
            {"model": "nano-banana", "nanoBananaParams": {"aspect_ratio": "7:5"}},
            "nanoBananaParams.aspect_ratio",
        ),
    ],
)
def test_what_is_beyond_a_limit_makes_no_job_and_costs_nothing(
    speaker: httpx2.Client, body: dict[str, Any], path: str
) -> None:
    sent = {**asking(), **body}
    if sent["model"] != "gpt-image-1.5" or sent["gptImageParams"] is None:
        del sent["gptImageParams"]
    assert list(refused(speaker.post(SUBMIT, json=sent), 400)["details"]) == [path]
    nothing_happened(speaker)


def test_what_is_at_a_limit_is_a_job(speaker: httpx2.Client) -> None:
    job_id = submitted(speaker, "[[refuse]]".ljust(2_000, "x"), params={"number_of_images": 10})
    assert polled(speaker, job_id)["status"] == "FAILED"
    asked = speaker.get(f"/v1/jobs/{job_id}").json()["request"]
    assert (len(asked["prompt"]), asked["n"]) == (2_000, 10)


def test_a_body_that_is_no_json(speaker: httpx2.Client) -> None:
    refused(speaker.post(SUBMIT, content=b"{"), 400)
    refused(send_form(speaker, part("model", "gpt-image-1.5"), path=SUBMIT), 400)
    nothing_happened(speaker)


def test_credits_that_do_not_suffice(sandbox: Running, speaker: httpx2.Client) -> None:
    account = speaker.get("/v2/me").json()["team"]["name"]
    with client(sandbox) as operator:
        operator.patch(f"/v1/accounts/{account}", json={"prepaid": True})
    body = refused(speaker.post(SUBMIT, json=asking()), 402)
    assert body.pop("creditsRequired") > 0
    assert body == {"error": "Insufficient credits", "creditsAvailable": 0}
    assert speaker.get("/v2/jobs").json()["jobs"] == []
    with client(sandbox) as operator:
        path = f"/v1/accounts/{account}/top-ups"
        operator.post(path, json={"amount_usd": "1.00"})
    team = speaker.get("/v2/me").json()["team"]
    assert (team["credits"], team["plan"]) == (68, "prepaid")
    submitted(speaker)


# --- webhooks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["webhook_url", "webhookUrl"])
@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_a_webhook_tells_the_end_signed_as_the_vendor_signs(
    sandbox: Running, name: str, outcome: str
) -> None:
    key = other_key(sandbox, f"told by {name} {outcome}")
    receiver = Receiver(0)
    receiver.trust(lambda _: "")
    with receiver.listening(), speaking(sandbox, key) as http:
        prompt = "[[refuse]]" if outcome == "failed" else "a lake"
        job_id = submitted(http, prompt, **{name: receiver.url})
        came = receiver.next()
        job = polled(http, job_id)
    told = json.loads(came.body)
    headers = {name.lower(): value for name, value in came.headers.items()}
    assert (told["event"], told["jobId"], told["status"]) == (outcome, job_id, job["status"])
    assert told.get("creditCost", 0) == job["creditCost"]
    assert headers["x-webhook-event"] == outcome
    digest = hashlib.sha256(key.encode()).digest()
    signature = hmac.new(digest, came.body, "sha256").hexdigest()
    assert headers["x-webhook-signature"] == f"sha256={signature}"
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= set(headers)


def test_how_far_a_webhook_came_is_shown_with_the_job(speaker: httpx2.Client) -> None:
    receiver = Receiver(0)
    receiver.trust(lambda _: "")
    with receiver.listening():
        job_id = submitted(speaker, "[[refuse]]", webhookUrl=receiver.url)
        receiver.next()
        while (job := polled(speaker, job_id))["webhookStatus"] == "pending":
            pass
    assert job["webhookStatus"] == "delivered"
    assert speaker.get("/v2/jobs").json()["jobs"][0]["webhookStatus"] == "delivered"


@pytest.mark.parametrize("url", ["http://app.example.com/hook", "https://10.0.0.1/", "x"])
def test_a_webhook_goes_to_public_addresses_only(speaker: httpx2.Client, url: str) -> None:
    answer = speaker.post(SUBMIT, json=asking(webhook_url=url))
    assert list(refused(answer, 400)["details"]) == ["webhook_url"]
    nothing_happened(speaker)


# --- idempotency --------------------------------------------------------------------------------


def test_the_same_idempotency_key_brings_the_same_job(speaker: httpx2.Client) -> None:
    headers = {"idempotency-key": "k" * 255}
    first = speaker.post(SUBMIT, json=asking(), headers=headers).json()
    polled(speaker, first["jobId"])
    again = speaker.post(SUBMIT, json=asking(), headers=headers)
    assert again.status_code == 202
    assert again.json() == {"jobId": first["jobId"], "status": "COMPLETED"}
    assert again.headers["idempotent-replayed"] == "true"
    refused(speaker.post(SUBMIT, json=asking("another"), headers=headers), 409)
    assert len(speaker.get("/v2/jobs").json()["jobs"]) == 1


def test_an_idempotency_key_has_up_to_255_characters(speaker: httpx2.Client) -> None:
    answer = speaker.post(SUBMIT, json=asking(), headers={"idempotency-key": "k" * 256})
    assert list(refused(answer, 400)["details"]) == ["Idempotency-Key"]
    nothing_happened(speaker)


# --- the list -----------------------------------------------------------------------------------


def test_the_list_pages_and_filters(speaker: httpx2.Client) -> None:
    made = [submitted(speaker, f"picture {number}") for number in range(3)]
    made.append(submitted(speaker, "[[refuse]]", model="gpt-image-1"))
    made.append(
        speaker.post(SUBMIT, json={"model": "nano-banana-2-lite", "prompt": "x"}).json()["jobId"]
    )
    ends = {job_id: polled(speaker, job_id) for job_id in made}
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        page = speaker.get("/v2/jobs", params=query).json()
        seen += page["jobs"]
        query["cursor"] = page["nextCursor"]
        assert page["hasMore"] == (page["nextCursor"] is not None)
    assert [job["id"] for job in seen] == made[::-1]
    assert page["nextCursor"] is None
    assert seen[-1]["expired"] is False
    assert set(seen[-1]) == {*ends[made[0]], "expired"}

    def ids(**params: str) -> list[str]:
        return [job["id"] for job in speaker.get("/v2/jobs", params=params).json()["jobs"]]

    assert ids(status="FAILED") == [made[3]]
    assert ids(status="CANCELLED") == []
    assert ids(model="gpt-image-1") == [made[3]]
    assert ids(model="nano-banana-2-lite") == [made[4]]
    assert ids(model="gpt-image-1.5", status="COMPLETED") == made[2::-1]
    assert ids(model='x"%_') == []
    assert ids(search=made[1]) == [made[1]]
    assert ids(search=made[1], model="gpt-image-2") == []
    assert ids(search=made[1], status="FAILED") == []
    assert ids(search=UNKNOWN_ID) == []
    page = speaker.get("/v2/jobs", params={"include_models": "true", "limit": "1"}).json()
    assert {"gpt-image-1.5", "nano-banana-2-lite"} <= set(page["models"])
    assert "models" not in speaker.get("/v2/jobs", params={"include_models": "false"}).json()


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"status": "queued"}, "status"),
        ({"status": ""}, "status"),
        ({"scope": "all"}, "scope"),
        ({"search": "x"}, "search"),
        ({"include_models": "1"}, "include_models"),
        ({"cursor": "a\0b"}, "cursor"),
    ],
)
def test_odd_queries(speaker: httpx2.Client, query: dict[str, str], param: str) -> None:
    answer = speaker.get("/v2/jobs", params=query)
    assert list(refused(answer, 400)["details"]) == [param]


def test_the_jobs_of_a_team_are_for_its_administrator(
    sandbox: Running, speaker: httpx2.Client
) -> None:
    refused(speaker.get("/v2/jobs", params={"scope": "team"}), 403)
    with speaking(sandbox) as administrator:
        for limit in ("1", "100"):
            params = {"scope": "team", "limit": limit}
            assert administrator.get("/v2/jobs", params=params).status_code == 200


# --- uploads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/v2", "/apiframe/v2"])
def test_an_upload_is_an_input_image_by_its_url(speaker: httpx2.Client, prefix: str) -> None:
    answer = send_form(speaker, PNG_PART("file", photo()), path=f"{prefix}/uploads")
    assert answer.status_code == 201
    upload = answer.json()
    url = upload.pop("url")
    assert httpx2.get(url).status_code == 200
    assert upload.pop("expiresAt").endswith("Z")
    assert len(upload.pop("id")) == 36
    assert upload == {"kind": "image", "contentType": "image/png", "byteSize": len(photo())}
    job_id = submitted(speaker, params={"input_images": url})
    assert polled(speaker, job_id)["status"] == "COMPLETED"
    native = speaker.get(f"/v1/jobs/{job_id}").json()
    assert native["operation"] == "edit"
    assert native["request"]["input_fidelity"] is None


def test_an_upload_lives_for_two_hours(sandbox: Running, speaker: httpx2.Client) -> None:
    upload = send_form(speaker, PNG_PART("file", photo("two hours")), path="/v2/uploads").json()
    stored = speaker.get(f"/v1/files/{upload['id']}").json()
    expires = int(dict(pair.split("=") for pair in urlsplit(upload["url"]).query.split("&"))["exp"])
    assert stored["created_at"] + 7_199 <= expires <= stored["created_at"] + 7_201


LARGEST = 25 << 20


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "file"),
        ([part("file", "text")], "Unknown parameter"),
        ([PNG_PART("image", photo())], "file"),
        ([PNG_PART("file", photo()), PNG_PART("file", photo("b"))], "one image"),
        ([PNG_PART("file", b"%PDF-1.7")], "Invalid image file"),
        ([PNG_PART("file", b"\0" * LARGEST)], "Invalid image file"),
        ([PNG_PART("file", b"\0" * (LARGEST + 1))], "larger than 25 MB"),
        ([PNG_PART("file", b"\0" * 50_000_001)], "larger than 25 MB"),
    ],
    ids=["none", "text", "name", "two", "pdf", "at the limit", "above the limit", "far above"],
)
def test_what_is_no_upload(speaker: httpx2.Client, parts: list[bytes], why: str) -> None:
    answer = send_form(speaker, *parts, path="/v2/uploads")
    assert why in refused(answer, 400)["error"]
    assert speaker.get("/v1/files").json()["data"] == []


# --- who asks, and what there is ----------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/v2", "/apiframe/v2"])
def test_me(sandbox: Running, prefix: str) -> None:
    with speaking(sandbox, other_key(sandbox, f"ACME Ltd./{len(prefix)}", "me")) as http:
        me = http.get(f"{prefix}/me").json()
    account = f"ACME Ltd./{len(prefix)}"
    assert me["user"]["email"] == f"acme-ltd.-{len(prefix)}@darkroom.local"
    assert (me["user"]["role"], len(me["user"]["id"])) == ("MEMBER", 36)
    team = me["team"]
    assert (team["name"], team["plan"], team["customerId"]) == (account, "postpaid", None)
    assert team["credits"] == 68 * 10**9
    assert (me["apiKey"]["name"], len(me["apiKey"]["id"])) == ("me", 36)
    assert me["apiKey"]["prefix"]
    with speaking(sandbox) as administrator:
        assert administrator.get("/v2/me").json()["user"]["role"] == "ADMIN"


@pytest.mark.parametrize("prefix", ["/v2", "/apiframe/v2"])
def test_models_are_open_to_everybody(sandbox: Running, prefix: str) -> None:
    with httpx2.Client(base_url=sandbox.url, timeout=20) as nobody:
        models = nobody.get(f"{prefix}/models").json()["models"]
        assert nobody.get(f"{prefix}/models?modality=image").json()["models"] == models
        for other in ("video", "music"):
            assert nobody.get(f"{prefix}/models?modality={other}").json() == {"models": []}
        answer = nobody.get(f"{prefix}/models?modality=text")
        assert list(refused(answer, 400)["details"]) == ["modality"]
    by_id = {model["id"]: model for model in models}
    assert {"gpt-image-1.5", "gpt-image-2", "nano-banana-pro", "flux-2-pro"} <= set(by_id)
    for model in models:
        assert {"id", "label", "modality", "description"} <= set(model)
        assert model["modality"] == "image"
    # list prices: 272 and 6,208 output tokens at 32 dollars a million, at 68 credits a dollar
    assert (by_id["gpt-image-1.5"]["costMin"], by_id["gpt-image-1.5"]["costMax"]) == (1, 14)
    assert by_id["gpt-image-1.5"]["pricingMode"] == "per-output"
    assert by_id["nano-banana-pro"]["costMin"] < by_id["nano-banana-pro"]["costMax"]


def test_jobs_of_other_dialects_are_shown_too(speaker: httpx2.Client) -> None:
    body = {"model": "gpt-image-1.5", "prompt": "a red bicycle", "quality": "low"}
    job_id = speaker.post(f"/openai{GENERATE}", json=body).headers["x-darkroom-job"]
    assert polled(speaker, job_id)["status"] == "COMPLETED"
