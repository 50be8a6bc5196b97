"""EvoLink's tasks and credits over the wire, with the sandbox behind them."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from darkroom.core.money import credits
from tests.server.client import GENERATE, client, other_key, photo
from tests.support.running import Running

ROOTS = ("", "/evolink")
UNKNOWN_ID = f"task-unified-1757156493-{'0' * 25}"
PROMPT = "A beautiful colorful sunset over the ocean"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("evolink")
    deployments = [{"id": "sandbox", "provider": "sandbox"}]
    with Running(folder / "data", deployments=deployments) as server:
        yield server


@pytest.fixture
def admin(sandbox: Running) -> Iterator[httpx2.Client]:
    with client(sandbox) as http:
        yield http


@pytest.fixture
def speaker(sandbox: Running, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """An EvoLink client with an account of its own."""
    with client(sandbox, other_key(sandbox, request.node.name)) as http:
        yield http


def submit(http: httpx2.Client, prompt: str = PROMPT, **more: Any) -> httpx2.Response:
    headers = more.pop("headers", {})
    body = {"model": "gpt-image-1.5", "prompt": prompt, "size": "1:1", "quality": "low", **more}
    return http.post(f"/evolink{GENERATE}", json=body, headers=headers)


def submitted(http: httpx2.Client, *args: Any, **more: Any) -> dict[str, Any]:
    answer = submit(http, *args, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def polled(http: httpx2.Client, task_id: str) -> dict[str, Any]:
    """The task at its end: a few looks, each of which takes as long as a round trip."""
    for _ in range(5_000):
        task = http.get(f"/v1/tasks/{task_id}").json()
        if task["status"] in ("completed", "failed"):
            return task
    raise AssertionError(f"the task is still {task['status']}")


def refused(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The error of an answer, after checking its form."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:400]}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    error = answer.json()["error"]
    assert set(error) <= {"code", "message", "type", "param", "fallback_suggestion"}
    assert all(isinstance(text, str) and text for text in error.values())
    return error


def nothing_happened(http: httpx2.Client) -> None:
    """No job, and nothing charged or held."""
    assert http.get("/v1/jobs").json()["data"] == []
    balance = http.get("/v1/balance").json()
    assert (balance["posted"]["nanos"], balance["held"]["nanos"]) == (0, 0)


def as_data_url(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode()


def data_url(name: str = "photo") -> str:
    return as_data_url(photo(name))


# --- the life of a task -------------------------------------------------------------------------


@pytest.mark.parametrize("root", ROOTS)
def test_a_task_from_its_submission_to_its_images(speaker: httpx2.Client, root: str) -> None:
    """The request of the model's page, as its playground sends it."""
    body = {
        "model": "gpt-image-1.5",
        "prompt": PROMPT,
        "size": "3:2",
        "quality": "low",
        "image_urls": [data_url("one"), data_url("two")],
        "n": 2,
    }
    answer = speaker.post(root + GENERATE, json=body)
    pending = answer.json()
    job_id = answer.headers["x-darkroom-job"]
    native = speaker.get(f"/v1/jobs/{job_id}").json()
    assert answer.status_code == 200
    assert answer.headers["x-darkroom-dialect"] == "evolink"
    assert pending == {
        "created": pending["created"],
        "id": pending["id"],
        "model": "gpt-image-1.5",
        "object": "image.generation.task",
        "progress": 0,
        "status": "pending",
        "task_info": {"can_cancel": True, "estimated_time": 15},
        "type": "image",
        "usage": {
            "billing_rule": "per_token",
            "credits_reserved": float(credits(native["quote"]["max"]["nanos"], places=4)),
            "user_group": "default",
        },
    }
    assert pending["id"].startswith(f"task-unified-{pending['created']}-")
    done = polled(speaker, pending["id"])
    native = speaker.get(f"/v1/jobs/{job_id}").json()
    assert speaker.get(f"{root}/v1/tasks/{pending['id']}").json() == done | {
        "results": speaker.get(f"/v1/tasks/{pending['id']}").json()["results"]
    }
    assert done | {"results": None} == {
        **pending,
        "progress": 100,
        "status": "completed",
        "results": None,
        "task_info": {"can_cancel": False},
        "usage": {
            **pending["usage"],
            "credits_reserved": float(credits(native["charge"]["nanos"], places=4)),
        },
    }
    assert len(done["results"]) == 2
    for url in done["results"]:
        assert httpx2.get(url).headers["content-type"] == "image/png"
    asked = native["request"]
    assert (native["dialect"], asked["operation"], asked["size"]) == (
        "evolink",
        "edit",
        "1536x1024",
    )


def test_a_task_that_fails_costs_nothing_and_says_why(speaker: httpx2.Client) -> None:
    task = polled(speaker, submitted(speaker, "a lake [[refuse]]")["id"])
    assert (task["status"], task["progress"]) == ("failed", 0)
    assert task["error"]["code"] == "content_policy_violation"
    assert task["error"]["type"] == "task_error"
    assert task["usage"]["credits_reserved"] == 0
    assert speaker.get("/v1/balance").json()["posted"]["nanos"] == 0


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(("method", "tail"), [("POST", "/cancel"), ("DELETE", "")])
def test_a_running_task_can_be_canceled(
    speaker: httpx2.Client, root: str, method: str, tail: str
) -> None:
    task_id = submitted(speaker, "a lake [[stall]]")["id"]
    assert speaker.get(f"/v1/tasks/{task_id}").json()["task_info"]["can_cancel"] is True
    answer = speaker.request(method, f"{root}/v1/tasks/{task_id}{tail}")
    assert answer.status_code == 200
    task = polled(speaker, task_id)
    assert (task["status"], task["error"]["code"]) == ("failed", "request_cancelled")
    assert task["task_info"] == {"can_cancel": False}
    balance = speaker.get("/v1/balance").json()
    assert (balance["posted"]["nanos"], balance["held"]["nanos"]) == (0, 0)


def test_a_task_that_ended_is_not_canceled_any_more(speaker: httpx2.Client) -> None:
    task = polled(speaker, submitted(speaker)["id"])
    again = speaker.delete(f"/v1/tasks/{task['id']}")
    assert (again.status_code, again.json()["status"]) == (200, "completed")


def test_who_prefers_to_wait_gets_what_clients_of_openai_read_too(speaker: httpx2.Client) -> None:
    answer = submit(speaker, headers={"prefer": "wait=15"})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], body["progress"]) == ("completed", 100)
    assert [image["url"] for image in body["data"]] == body["results"]
    assert body["usage"]["output_tokens"] == 272
    failed = submit(speaker, "[[refuse]]", headers={"prefer": "wait=15"})
    assert (failed.status_code, failed.json()["status"]) == (200, "failed")


def test_a_job_of_another_dialect_is_a_task_as_well(speaker: httpx2.Client) -> None:
    made = speaker.post(GENERATE, json={"model": "gpt-image-1.5", "prompt": "x", "quality": "low"})
    task = speaker.get(f"/v1/tasks/{made.json()['id']}").json()
    assert (task["status"], len(task["results"])) == ("completed", 1)


def test_what_was_bent_is_in_a_header(speaker: httpx2.Client) -> None:
    answer = submit(speaker, nsfw_check=True, resolution="2K")
    said = answer.headers["x-darkroom-warnings"]
    assert "parameter_dropped: nsfw_check" in said
    assert "parameter_dropped: resolution" in said


def test_white_is_where_a_mask_lets_an_image_change(speaker: httpx2.Client) -> None:
    mask = Image.new("L", (64, 64), "black")
    mask.paste(255, (0, 0, 32, 64))
    out = io.BytesIO()
    mask.save(out, "PNG")
    task = submitted(speaker, image_urls=[data_url()], mask_url=as_data_url(out.getvalue()))
    assert polled(speaker, task["id"])["status"] == "completed"
    job = speaker.get("/v1/jobs").json()["data"][0]
    [url] = [asset["url"] for asset in job["assets"] if asset["kind"] == "mask"]
    alpha = Image.open(io.BytesIO(httpx2.get(url).content)).getchannel("A")
    assert (alpha.getpixel((10, 10)), alpha.getpixel((50, 10))) == (0, 255)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_tasks_that_are_not_there(
    sandbox: Running, speaker: httpx2.Client, root: str, method: str
) -> None:
    tail = "/cancel" if method == "POST" else ""
    own = submitted(speaker)["id"]
    with client(sandbox, other_key(sandbox, f"stranger {root} {method}")) as stranger:
        for task_id in (own, UNKNOWN_ID):
            error = refused(stranger.request(method, f"{root}/v1/tasks/{task_id}{tail}"), 404)
            assert (error["code"], error["param"]) == ("task_not_found", "task_id")
        for text in ("x", "019a0000-0000-7000-8000-00000000002a", "task-unified-1-x"):
            error = refused(stranger.request(method, f"{root}/v1/tasks/{text}{tail}"), 400)
            assert (error["code"], error["param"]) == ("invalid_task_id", "task_id")
    assert polled(speaker, own)["status"] == "completed"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": " sunset" * 2_001}, "prompt"),
    ({"prompt": "  "}, "prompt"),
    ({"prompt": None}, "prompt"),
    ({"model": "gpt-image-2", "prompt": "x" * 32_001}, "prompt"),
    ({"n": 0}, "n"),
    ({"n": 11}, "n"),
    ({"size": "16:9"}, "size"),
    ({"quality": "ultra"}, "quality"),
    ({"image_urls": []}, "image_urls"),
    ({"image_urls": [data_url()] * 17}, "image_urls"),
    ({"image_urls": ["data:image/png;base64,AAAA"]}, "image_urls"),
    ({"image_urls": [data_url(), "http://10.0.0.1/a.png"]}, "image_urls[1]"),
    ({"image_urls": ["ftp://example.com/a.png"]}, "image_urls"),
    ({"image_urls": [data_url()], "mask_url": "data:image/png;base64,AAAA"}, "mask_url"),
    ({"mask_url": data_url()}, "mask_url"),
    ({"model": "gemini-3-pro-image", "image_urls": [data_url()] * 15}, "image_urls"),
    ({"callback_url": 5}, "callback_url"),
    ({"callback_url": "http://example.com/done"}, "callback_url"),
    ({"callback_url": "https://192.168.1.1/done"}, "callback_url"),
    ({"callback_url": "https://example.com/".ljust(2_049, "x")}, "callback_url"),
    ({"stream": True}, "stream"),
    ({"model_params": {"output_format": "tiff"}}, "model_params.output_format"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "param"), REFUSED)
def test_what_is_refused_is_not_a_job_and_costs_nothing(
    speaker: httpx2.Client, fields: dict[str, Any], param: str
) -> None:
    error = refused(submit(speaker, **fields), 400)
    assert (error["code"], error["type"]) == ("invalid_request", "invalid_request_error")
    assert error["param"] == param
    nothing_happened(speaker)


WITHIN: list[dict[str, Any]] = [
    {"prompt": " sunset" * 2_000},
    {"model": "gpt-image-2", "prompt": "x" * 32_000},
    {"model": "gpt-image-2", "size": "3840x2160"},
    {"n": 10},
    {"image_urls": [data_url()] * 16},
    {"model": "gemini-3-pro-image", "quality": "4K", "image_urls": [data_url()] * 14},
]


@pytest.mark.parametrize("fields", WITHIN)
def test_what_is_just_within_the_limits_is_accepted(
    speaker: httpx2.Client, fields: dict[str, Any]
) -> None:
    task = submitted(speaker, **{"prompt": "[[refuse]]", **fields})
    assert task["status"] == "pending"


def test_an_image_over_50_mb_is_refused(speaker: httpx2.Client) -> None:
    over = base64.b64encode(bytes(50_000_001)).decode()
    images = [data_url(), f"data:image/png;base64,{over}"]
    error = refused(submit(speaker, image_urls=images), 413)
    assert (error["code"], error["type"]) == ("request_too_large", "request_too_large_error")
    assert (error["param"], error["fallback_suggestion"]) == (
        "image_urls[1]",
        "Send smaller images, or compress them.",
    )
    nothing_happened(speaker)


def test_an_unknown_model(speaker: httpx2.Client) -> None:
    error = refused(submit(speaker, model="gpt-4o-image"), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    nothing_happened(speaker)


def test_a_wrong_key(sandbox: Running) -> None:
    with client(sandbox, "sk-evo-wrong") as http:
        for path in ("/v1/tasks/x", "/v1/credits", "/evolink/v1/tasks/x"):
            error = refused(http.get(path), 401)
            assert (error["code"], error["type"]) == ("unauthorized", "authentication_error")


# --- credits ------------------------------------------------------------------------------------


def shown(http: httpx2.Client, root: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    answer = http.get(f"{root}/v1/credits")
    body = answer.json()
    assert (answer.status_code, body["message"], body["success"]) == (200, "", True)
    assert set(body) == {"data", "message", "success"}
    assert set(body["data"]) == {"token", "user"}
    return body["data"]["token"], body["data"]["user"]


def prepaid(admin: httpx2.Client, name: str, dollars: str, **key: Any) -> str:
    """A key of a new account with so much money."""
    made = admin.post("/v1/keys", json={"name": name, "account": name, **key})
    assert admin.patch(f"/v1/accounts/{name}", json={"prepaid": True}).status_code == 200
    paid = admin.post(f"/v1/accounts/{name}/top-ups", json={"amount_usd": dollars})
    assert paid.status_code == 201
    return made.json()["key"]


@pytest.mark.parametrize("root", ROOTS)
def test_credits_are_dollars_times_68(sandbox: Running, admin: httpx2.Client, root: str) -> None:
    name = f"payer{root.replace('/', '-')}"
    key = prepaid(admin, name, "2.00", budget={"total_usd": "1.00", "day_usd": "0.50"})
    with client(sandbox, key) as http:
        token, user = shown(http, root)
        assert token == {"remaining_credits": 34, "unlimited_credits": False, "used_credits": 0}
        assert user == {"remaining_credits": 136, "used_credits": 0}
        submit(http, headers={"prefer": "wait"})
        balance = http.get("/v1/balance").json()
        spent = 2_000_000_000 - balance["posted"]["nanos"]
        assert spent > 0
        token, user = shown(http, root)
        used = float(credits(spent, places=4))
        assert (token["used_credits"], user["used_credits"]) == (used, used)
        assert user["remaining_credits"] == float(credits(2_000_000_000 - spent, places=4))
        assert token["remaining_credits"] == float(credits(500_000_000 - spent, places=4))
        assert round(user["remaining_credits"] + used, 4) == 136


def test_a_key_without_a_budget_is_unlimited(admin: httpx2.Client, sandbox: Running) -> None:
    with client(sandbox, prepaid(admin, "unlimited", "1.00")) as http:
        token, user = shown(http)
    assert token == {"remaining_credits": 0, "unlimited_credits": True, "used_credits": 0}
    assert user == {"remaining_credits": 68, "used_credits": 0}


def test_an_account_without_a_limit_says_so(speaker: httpx2.Client) -> None:
    _, user = shown(speaker)
    assert user == {"remaining_credits": 0, "used_credits": 0, "unlimited_credits": True}


def test_who_cannot_pay_gets_402(admin: httpx2.Client, sandbox: Running) -> None:
    with client(sandbox, prepaid(admin, "poor", "0.001")) as http:
        error = refused(submit(http), 402)
        assert (error["code"], error["type"]) == ("insufficient_quota", "insufficient_quota")
        assert "/v1/credits" in error["fallback_suggestion"]
        assert http.get("/v1/jobs").json()["data"] == []
    with client(sandbox, prepaid(admin, "tight", "9", budget={"day_usd": "0.001"})) as http:
        assert refused(submit(http), 402)["code"] == "insufficient_quota"
        _, user = shown(http)
        assert user == {"remaining_credits": 612, "used_credits": 0}
