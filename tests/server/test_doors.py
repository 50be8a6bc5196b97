"""Nobody comes in without a key: checked on every route that the application has."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

from darkroom.server.app import create_app
from darkroom.server.keys import Keys
from tests.server.client import (
    EDIT,
    GENERATE,
    PNG_PART,
    asking,
    client,
    other_key,
    photo,
    refusal,
    send_form,
)
from tests.support.running import Running

PUBLIC = {
    *("/", "/healthz", "/readyz", "/metrics", "/static/{name:path}", "/assets/{name}"),
    *("/assets/{asset_id}/{edge}.webp", "/v1/session"),
    *("/v2/models", "/apiframe/v2/models", "/llms.txt", "/llms-full.txt"),
    *("/openapi.json", "/openapi/{name}.json"),
}


def routes(shared: Running) -> list[Route]:
    """The application's own route table."""
    keys = Keys(shared.services.database, shared.services.key_pepper)
    app: Any = create_app(shared.services, keys)
    while not hasattr(app, "routes"):
        app = app._app
    return app.routes


def test_every_route_but_the_public_ones_asks_for_a_key(shared: Running) -> None:
    doors = [
        (method, re.sub(r"\{[^}]+\}", "x", route.path))
        for route in routes(shared)
        if route.path not in PUBLIC
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    assert len(doors) >= 18
    for key in ("", "wrong", "dk_" + "A" * 43):
        with client(shared, key) as http:
            for method, path in doors:
                answer = http.request(method, path, json={})
                assert answer.status_code == 401, f"{method} {path}"
                assert answer.json()["error"], f"{method} {path}"


def test_the_public_routes_give_nothing_away(shared: Running) -> None:
    found = {route.path for route in routes(shared)}
    assert found >= PUBLIC
    with client(shared, "") as http:
        assert http.get("/").status_code == 200
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/readyz").json()["status"] == "ok"
        refusal(http.get("/static/../../settings.py"), 404)
        refusal(http.get("/static/%2e%2e/app.py"), 404)
        refusal(http.get("/assets/x.png"), 404)


def test_readiness_may_be_asked_by_many_at_once(shared: Running) -> None:
    with client(shared, "") as http, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(http.get, ["/readyz"] * 80))
    assert [answer.text for answer in answers if answer.status_code != 200] == []


def test_a_revoked_key_opens_nothing(shared: Running, http: httpx2.Client) -> None:
    made = http.post("/v1/keys", json={"name": "short-lived"}).json()
    with client(shared, made["key"]) as short:
        assert short.get("/v1/models").status_code == 200
        assert http.delete(f"/v1/keys/{made['id']}").json()["revoked_at"]
        refusal(short.get("/v1/models"), 401)
    refusal(http.delete("/v1/keys/nobody"), 404)


def test_keys_are_made_by_admins_only(shared: Running, http: httpx2.Client) -> None:
    made = http.post("/v1/keys", json={"name": "plain"}).json()
    assert made["scopes"] == ["images"]
    with client(shared, made["key"]) as plain:
        for answer in (
            plain.post("/v1/keys", json={"name": "x", "admin": True}),
            plain.get("/v1/keys"),
            plain.delete(f"/v1/keys/{made['id']}"),
        ):
            assert refusal(answer, 403)["code"] == "permission_denied"
    listed = http.get("/v1/keys").text
    assert made["key"] not in listed
    assert made["id"] in listed


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x", "account": []}, "account"),
        ({"name": "x", "admin": "yes"}, "admin"),
        ({"name": "x", "scope": "admin"}, "scope"),
    ],
)
def test_a_key_with_odd_wishes(http: httpx2.Client, body: dict[str, Any], param: str) -> None:
    assert refusal(http.post("/v1/keys", json=body), 400)["param"] == param


def test_what_one_account_owns_does_not_exist_for_another(
    shared: Running, http: httpx2.Client
) -> None:
    job_id = http.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    [asset] = http.get(f"/v1/jobs/{job_id}").json()["assets"]
    file_id = send_form(http, PNG_PART("file", photo()), path="/v1/files").json()["id"]
    with client(shared, other_key(shared, "stranger")) as stranger:
        for method, path in (
            ("GET", f"/v1/jobs/{job_id}"),
            ("POST", f"/v1/jobs/{job_id}/cancel"),
            ("GET", f"/v1/files/{file_id}"),
            ("DELETE", f"/v1/files/{file_id}"),
            ("GET", f"/assets/{asset['id']}.png"),
        ):
            refusal(stranger.request(method, path), 404)
        for stored in (file_id, asset["id"]):
            refusal(stranger.post(EDIT, json=asking(images=[{"file_id": stored}])), 404)
        assert stranger.get("/v1/jobs").json()["data"] == []
        assert stranger.get("/v1/files").json()["data"] == []
    with client(shared, other_key(shared, "default", "colleague")) as colleague:
        assert colleague.get(f"/v1/jobs/{job_id}").status_code == 200
    assert http.get(f"/v1/files/{file_id}").status_code == 200


@pytest.mark.parametrize("text", ["%00", "a%00b", "x" * 300, "%F0%9F%98%80", "..%2f..", "a'b"])
def test_ids_that_are_none(http: httpx2.Client, text: str) -> None:
    for method, path in (
        ("GET", f"/v1/jobs/{text}"),
        ("POST", f"/v1/jobs/{text}/cancel"),
        ("GET", f"/v1/files/{text}"),
        ("DELETE", f"/v1/files/{text}"),
        ("DELETE", f"/v1/keys/{text}"),
        ("GET", f"/v1/models/{text}"),
        ("GET", f"/assets/{text}"),
        ("GET", f"/assets/{text}/320.webp"),
        ("DELETE", f"/v1/jobs/{text}"),
        ("GET", f"/v1/jobs/{text}/images.zip"),
    ):
        refusal(http.request(method, path), 404)


def test_the_reference_names_every_route(shared: Running) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")
    mounts = ("/openai/", "/evolink/", "/apiframe/")
    missing = [
        f"{method} {route.path}"
        for route in routes(shared)
        if not route.path.startswith(mounts)
        for method in (route.methods or set()) - {"HEAD"}
        if f"{method} {re.sub(':[a-z]+', '', route.path)}" not in page
    ]
    assert missing == []
