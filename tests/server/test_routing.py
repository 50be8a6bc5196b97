"""Routing as callers see it: policies of keys and requests, aliases, retirement."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.settings import ConfigError, Settings
from darkroom.wiring import build_router
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, photo
from tests.support.running import Running, deployment

SANDBOX = {"id": "sandbox", "provider": "sandbox"}


@pytest.fixture
def shared(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[Running]:
    """The fake OpenAI, dear, and two sandboxes, of which the second is cheap."""
    listed = [
        deployment(openai_vendor, id="main", price_multiplier="3"),
        SANDBOX,
        {**SANDBOX, "id": "cheap", "price_multiplier": "0.5"},
    ]
    options: dict[str, Any] = {"aliases": {"best": "gpt-image-2", "mine": "best"}}
    with Running(tmp_path / "data", deployments=listed, **options) as server:
        yield server


@pytest.fixture
def http(shared: Running) -> Iterator[httpx2.Client]:
    with client(shared) as opened:
        yield opened


def route(name: str) -> dict[str, str]:
    return {"x-darkroom-route": name}


def with_policy(shared: Running, name: str, policy: dict[str, Any]) -> httpx2.Client:
    """A client with a key of that policy."""
    with client(shared) as http:
        made = http.post("/v1/keys", json={"name": name, "policy": policy})
        assert made.status_code == 201, made.text
    return client(shared, made.json()["key"])


def test_the_answer_says_who_was_asked_and_how_that_went(
    http: httpx2.Client, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next("server_error")
    answer = http.post(GENERATE, json=asking())
    assert answer.headers["x-darkroom-route"] == "main=upstream_error, cheap=succeeded"
    job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert [(one["deployment"], one["reason"]) for one in job["route"]] == [
        ("main", "cheapest"),
        ("cheap", "draws_only"),
        ("sandbox", "draws_only"),
    ]
    assert all(one["usable"] and one["expected"]["nanos"] > 0 for one in job["route"])


@pytest.mark.parametrize(
    ("header", "served"),
    [
        ("pinned=sandbox", "sandbox"),
        ("PINNED", None),
        ("listed; prefer=sandbox,cheap", "sandbox"),
        ("cheapest", "main"),
        ("fastest;", "main"),
        ("strict ;; no-successor", "main"),
    ],
)
def test_a_request_changes_the_policy_for_itself(
    http: httpx2.Client, header: str, served: str | None
) -> None:
    answer = http.post(GENERATE, json=asking(), headers=route(header))
    assert answer.headers.get("x-darkroom-deployment") == served
    assert answer.status_code == (200 if served else 400)


NONSENSE = (
    *("quickest", "pinned", "pinned=", "prefer=", "prefer=,", "pinned=nobody", "prefer=nobody"),
    *(
        "cheapest; fastest",
        "pinned=main; pinned=main",
        "cheapest=1",
        "strict=yes",
        "=",
        "x" * 2_000,
    ),
    "deployments=main",
)


@pytest.mark.parametrize("header", NONSENSE)
def test_a_route_that_cannot_be_read_is_refused(http: httpx2.Client, header: str) -> None:
    answer = http.post(GENERATE, json=asking(), headers=route(header))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "X-Darkroom-Route"


def test_strict_refuses_what_would_be_done_here(http: httpx2.Client) -> None:
    body = asking(size="1792x1024")
    assert http.post(GENERATE, json=body).status_code == 200
    refused = http.post(GENERATE, json=body, headers=route("strict"))
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "size"


def test_a_quote_is_for_the_same_route_and_names_who_is_ruled_out(http: httpx2.Client) -> None:
    quote = http.post("/v1/images/quote", json=asking(), headers=route("pinned=cheap")).json()
    assert [(one["deployment"], one["reason"]) for one in quote["deployments"]] == [
        ("cheap", "pinned")
    ]
    assert quote["ruled_out"] == [
        {"deployment": "main", "reason": "not_allowed"},
        {"deployment": "sandbox", "reason": "not_allowed"},
    ]


def test_a_key_has_a_policy_that_its_requests_may_narrow_but_not_widen(shared: Running) -> None:
    policy = {"deployments": ["cheap", "sandbox"], "order": "listed"}
    with with_policy(shared, "drawer", policy) as http:
        usual = http.post(GENERATE, json=asking())
        assert usual.headers["x-darkroom-deployment"] == "sandbox"
        cheap = http.post(GENERATE, json=asking(), headers=route("cheapest"))
        assert cheap.headers["x-darkroom-deployment"] == "cheap"
        for header in ("pinned=main", "prefer=main"):
            refused = http.post(GENERATE, json=asking(), headers=route(header))
            assert refused.status_code == 403
    with with_policy(shared, "pinned", {"pinned": "cheap"}) as http:
        assert http.post(GENERATE, json=asking(), headers=route("fastest")).status_code == 200
        assert http.post(GENERATE, json=asking(), headers=route("pinned=main")).status_code == 403


def test_a_key_may_be_bound_to_models_and_have_a_default_of_its_own(shared: Running) -> None:
    policy = {"models": ["gpt-image-1.5", "mine"], "default_model": "mine"}
    with with_policy(shared, "modest", policy) as http:
        refused = http.post(GENERATE, json=asking(model="gpt-image-2.5-flare"))
        assert refused.status_code == 403
        assert "may not use the model" in refused.json()["error"]["message"]
        named = {key: value for key, value in asking().items() if key != "model"}
        answer = http.post(GENERATE, json=named)
        assert answer.headers["x-darkroom-model"] == "gpt-image-2"


def test_a_keys_policy_is_changed_by_parts_shown_and_taken_back(
    http: httpx2.Client, shared: Running
) -> None:
    made = http.post("/v1/keys", json={"name": "k", "policy": {"pinned": "cheap"}}).json()
    path = f"/v1/keys/{made['id']}"
    assert made["policy"]["pinned"] == "cheap"
    changed = http.patch(path, json={"policy": {"order": "fastest", "pinned": None}}).json()
    assert (changed["policy"]["order"], changed["policy"]["pinned"]) == ("fastest", None)
    listed = {one["id"]: one for one in http.get("/v1/keys").json()["data"]}
    assert listed[made["id"]]["policy"] == changed["policy"]
    usual = http.patch(path, json={"policy": None}).json()["policy"]
    assert usual == {
        "order": "cheapest",
        "prefer": None,
        "pinned": None,
        "deployments": None,
        "models": None,
        "default_model": None,
        "successors": True,
        "emulate": True,
        "after_refusal": False,
    }


@pytest.mark.parametrize(
    "policy",
    [
        "cheapest",
        {"sort": "cheapest"},
        {"order": "dearest"},
        {"prefer": "main"},
        {"prefer": ["nobody"]},
        {"pinned": "nobody"},
        {"deployments": [7]},
        {"models": ["no-such-model"]},
        {"default_model": "no-such-model"},
        {"successors": "yes"},
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_nothing_changes(
    http: httpx2.Client, policy: Any
) -> None:
    assert http.post("/v1/keys", json={"name": "bad", "policy": policy}).status_code == 400
    (key, *_) = http.get("/v1/keys").json()["data"]
    path = f"/v1/keys/{key['id']}"
    both = {"policy": policy, "budget": {"day_usd": "1"}}
    assert http.patch(path, json=both).status_code == 400
    assert http.get("/v1/keys").json()["data"][0] == key


def test_aliases_are_models_by_other_names(http: httpx2.Client) -> None:
    for name in ("best", "mine", "default"):
        answer = http.post(GENERATE, json=asking(model=name))
        assert answer.headers["x-darkroom-model"] == "gpt-image-2"
        assert http.get(f"/v1/models/{name}").status_code == 200
    listed = {one["id"]: one["darkroom"] for one in http.get("/v1/models").json()["data"]}
    assert set(listed["gpt-image-2"]["aliases"]) >= {"best", "mine", "default"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"aliases": {"fast": "no-such"}}, "'fast' stands for 'no-such'"),
        ({"aliases": {"gpt-image-2": "gpt-image-1.5"}}, "is a model's own name"),
        ({"aliases": {"a": "b", "b": "a"}}, "which is no model"),
        ({"default_model": "no-such"}, "default_model 'no-such'"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_at_the_start(options: dict[str, Any], said: str) -> None:
    settings = Settings(**options)  # without deployments: the sandbox
    with pytest.raises(ConfigError, match=said):
        build_router(settings, None)  # type: ignore[arg-type]


# --- after the shutdown of gpt-image-1.5 ----------------------------------------------------------


@pytest.fixture
def later(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[httpx2.Client]:
    """The second of December 2026, with OpenAI alone."""
    options: dict[str, Any] = {"today": lambda: date(2026, 12, 2)}
    with (
        Running(tmp_path / "data", deployments=[deployment(openai_vendor)], **options) as server,
        client(server) as http,
    ):
        yield http


LESSON = {
    "model": "gpt-image-1.5",
    "prompt": "A photorealistic golden retriever in a field of sunflowers",
    "n": 1,
    "size": "1024x1024",
    "quality": "high",
    "output_format": "png",
    "background": "opaque",
}


def test_code_written_for_a_retired_model_works_and_says_so(later: httpx2.Client) -> None:
    answer = later.post(GENERATE, json=LESSON)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-darkroom-model"] == "gpt-image-2.5-sunburst"
    assert "model_retired" in answer.headers["x-darkroom-warnings"]
    job = later.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert (job["model"], job["served_model"]) == ("gpt-image-1.5", "gpt-image-2.5-sunburst")
    assert job["charge"]["nanos"] > 0


def test_an_edit_with_the_old_models_parameters_is_mapped(later: httpx2.Client) -> None:
    fields = {
        "model": "gpt-image-1.5",
        "prompt": "Make the hat red and stylish",
        "size": "1024x1024",
        "quality": "high",
        "input_fidelity": "low",
        "n": "1",
    }
    files = [("image", ("person.png", photo(), "image/png"))]
    answer = later.post("/v1/images/edits", data=fields, files=files)
    assert answer.status_code == 200, answer.text
    job = later.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    codes = [one["code"] for one in job["warnings"]]
    assert codes[:2] == ["model_retired", "value_mapped"]


def test_who_wants_no_successor_is_told_that_the_model_is_gone(later: httpx2.Client) -> None:
    answer = later.post(GENERATE, json=LESSON, headers=route("no-successor"))
    assert answer.status_code == 404
    assert "is retired" in answer.json()["error"]["message"]


def test_the_list_of_models_says_how_many_days_are_left(later: httpx2.Client) -> None:
    shown = later.get("/v1/models/gpt-image-1.5").json()["darkroom"]
    assert shown["served_by_successor"] == "gpt-image-2.5-sunburst"
    (shutdown,) = shown["shutdowns"]
    assert (shutdown["date"], shutdown["days_left"]) == ("2026-12-01", -1)
