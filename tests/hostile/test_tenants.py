"""What one account owns does not exist for another; without a key nothing does.

The calls are made from the documents of the API, so a new route is among them.
"""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from darkroom.server.openapi.operations import Access
from tests.hostile.tenants import Belongings, belongings, body_of, lists, naming, plain
from tests.server.client import client, other_key
from tests.support.running import Running

PUBLIC = frozenset(
    {
        *("GET /", "GET /static/made-up", "GET /healthz", "GET /readyz"),
        *("GET /llms.txt", "GET /llms-full.txt"),
        *("GET /openapi.json", "GET /openapi/made-up.json"),
        *("GET /assets/made-up", "GET /assets/made-up/320.webp"),
        *("GET /v2/models", "GET /apiframe/v2/models"),
        *("POST /v1/session", "DELETE /v1/session"),
    }
)
"""Signing in and out, links, health, pages, and what a vendor answers without a key, too."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(
        tmp_path_factory.mktemp("tenants"), metrics="key", webhook_allow_local=True
    ) as server:
        yield server


@pytest.fixture(scope="module")
def owner(gateway: Running) -> str:
    return other_key(gateway, "owner")


@pytest.fixture(scope="module")
def owned(gateway: Running, owner: str) -> Belongings:
    return belongings(gateway, owner)


@pytest.fixture(scope="module")
def stranger(gateway: Running) -> Iterator[httpx2.Client]:
    """A key of another account, without the scope ``admin``."""
    with client(gateway, other_key(gateway, "stranger")) as http:
        yield http


def _silent(answer: httpx2.Response, owned: Belongings, asked: str) -> None:
    """Nothing of the owner's is in the answer, but for what was asked by."""
    told = answer.text + str(answer.headers)
    assert not [mark for mark in owned.marks if mark in told and mark not in asked], told


def test_what_another_account_owns_does_not_exist(
    stranger: httpx2.Client, owned: Belongings
) -> None:
    asked = list(naming(owned))
    for call in asked:
        answer = stranger.request(call.operation.method, call.path, json=body_of(call))
        wanted = 403 if call.operation.access is Access.ADMIN else 404
        assert answer.status_code == wanted, f"{call}: {answer.status_code} {answer.text}"
        _silent(answer, owned, call.path)
    assert len(asked) > 40


def test_its_owner_finds_all_of_it(gateway: Running, owner: str, owned: Belongings) -> None:
    """Else the refusals above would prove nothing."""
    with client(gateway, owner) as http:
        for call in naming(owned):
            if call.operation.method == "GET" and not call.path.endswith("/events"):
                answer = http.get(call.path)
                assert answer.status_code == 200, f"{call}: {answer.text}"


def test_lists_have_nothing_of_another_account(stranger: httpx2.Client, owned: Belongings) -> None:
    for call in lists():
        answer = stranger.get(call.path)
        assert answer.status_code == 200, f"{call}: {answer.text}"
        _silent(answer, owned, "")


def _inside(owned: Belongings) -> list[tuple[str, str, dict[str, Any], int]]:
    """Calls that name what is another's in a body or a query, and how each is answered."""
    job, file, asset = (owned.inside[name] for name in ("job", "file", "asset"))
    key = owned.ids["darkroom", "key_id"]
    endpoint = owned.ids["darkroom", "endpoint_id"]
    response = owned.ids["responses", "response_id"]
    edit: dict[str, Any] = {"model": "gpt-image-1.5", "prompt": "blue"}
    tools = [{"type": "image_generation"}]
    seen = [{"role": "user", "content": [{"type": "input_image", "file_id": file}]}]
    hook = {"url": "https://example.com/hook", "key": key}
    return [
        ("POST", "/v1/images.zip", {"jobs": [job]}, 404),
        ("POST", "/v1/reports", {"jobs": [job]}, 404),
        ("POST", "/v1/images/edits", {**edit, "images": [{"file_id": file}]}, 404),
        ("POST", "/v1/images/edits", {**edit, "images": [{"file_id": asset}]}, 404),
        (
            "POST",
            "/v1/responses",
            {"input": "blue", "tools": tools, "previous_response_id": response},
            400,
        ),
        ("POST", "/v1/responses", {"input": seen, "tools": tools}, 400),
        ("POST", "/v1/webhooks/endpoints", hook, 400),
        ("POST", "/v1/sign-in-links", {"key": key}, 403),
        ("GET", f"/v1/files?after={file}", {}, 404),
        ("GET", f"/v1/jobs?parent={job}", {}, 200),
        ("GET", f"/v1/jobs?cursor={job}", {}, 200),
        ("GET", f"/v2/jobs?search={job}", {}, 200),
        ("GET", f"/v1/webhooks/deliveries?job={job}", {}, 200),
        ("GET", f"/v1/webhooks/deliveries?endpoint={endpoint}", {}, 200),
        ("GET", "/v1/usage?account=owner", {}, 403),
        ("GET", "/v1/balance?account=owner", {}, 403),
        ("GET", "/v1/statement?account=owner", {}, 403),
    ]


def test_bodies_and_queries_reach_nothing_of_another_account(
    stranger: httpx2.Client, owned: Belongings
) -> None:
    for method, path, body, wanted in _inside(owned):
        answer = stranger.request(method, path, json=body or None)
        assert answer.status_code == wanted, f"{method} {path}: {answer.text}"
        _silent(answer, owned, f"{path}{body}")


def test_a_quote_does_not_tell_the_size_of_another_account_s_image(
    stranger: httpx2.Client, owned: Belongings
) -> None:
    asked = {"model": "gpt-image-1.5", "prompt": "blue"}
    told = [
        stranger.post("/v1/images/quote", json={**asked, "images": [{"file_id": name}]}).json()
        for name in (owned.inside["file"], "file-nobody-has-it")
    ]
    assert told[0]["max"] == told[1]["max"]
    assert told[0]["notes"] == told[1]["notes"]


@pytest.mark.parametrize("key", ["", "dk_nobody-has-this-key"])
def test_without_a_key_nothing_is_answered(gateway: Running, key: str) -> None:
    with client(gateway, "") as http:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        for call in plain():
            answer = http.request(call.operation.method, call.path, json={}, headers=headers)
            refused = answer.status_code == 401
            assert refused == (str(call) not in PUBLIC), f"{call}: {answer.status_code}"


def test_what_is_public_is_said_to_be() -> None:
    said = {str(call) for call in plain() if call.operation.access is Access.PUBLIC}
    assert said == PUBLIC


def test_admin_routes_need_the_scope(stranger: httpx2.Client) -> None:
    asked = [call for call in plain() if call.operation.access is Access.ADMIN]
    for call in asked:
        answer = stranger.request(call.operation.method, call.path, json={})
        assert answer.status_code == 403, f"{call}: {answer.status_code} {answer.text}"
    assert len(asked) > 10
