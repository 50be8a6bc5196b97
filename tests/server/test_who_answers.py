"""Who answers on a path that several dialects share, from what real clients send."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.core.dialect import WireBody
from darkroom.server.resolve import Asked, Reason, Resolver
from darkroom.settings import ConfigError, Settings
from darkroom.wiring import build_dialects, running
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client
from tests.support.running import Running, deployment

RESOLVER = Resolver(build_dialects(), "openai")
BOTH = ("openai", "evolink")
PLAIN = {"model": "gpt-image-1.5", "prompt": "a boat", "size": "1024x1024"}
STAINLESS = {"x-stainless-lang": "python", "x-stainless-package-version": "3.52.0"}


@dataclass(frozen=True)
class Row:
    """What one client sends on ``POST /v1/images/generations``, and who answers it."""

    client: str
    answers: str
    reason: Reason
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=lambda: PLAIN)
    key: str = ""
    """The dialect that its key is bound to."""


OPENAI, EVOLINK = "openai", "evolink"
SIGNS, KEY, HOST, DEFAULT = Reason.SIGNS, Reason.KEY, Reason.HOST, Reason.DEFAULT
RAW_KEY = {"authorization": "Bearer sk-evo-abc"}

CLIENTS = [
    # OpenAI's family: its SDKs sign themselves, and what stands on them does, too.
    Row("openai for Python", OPENAI, SIGNS, {"user-agent": "OpenAI/Python 3.52.0", **STAINLESS}),
    Row("openai for JavaScript", OPENAI, SIGNS, {"user-agent": "OpenAI/JS 7.55.0", **STAINLESS}),
    Row(
        "AI SDK",
        OPENAI,
        SIGNS,
        {"user-agent": "ai/7.0.173 ai-sdk/openai/4.0.118 ai-sdk-provider-utils/5 runtime/node.js"},
        {**PLAIN, "n": 1},
    ),
    Row(
        "LangChain",
        OPENAI,
        SIGNS,
        {"user-agent": "langchainjs-openai/1.0.0", **STAINLESS},
        {**PLAIN, "n": 1, "response_format": "url", "style": "vivid", "quality": "standard"},
    ),
    Row("LiteLLM", OPENAI, SIGNS, {"user-agent": "OpenAI/Python 2.54.0", **STAINLESS}),
    Row("LiteLLM's own", OPENAI, SIGNS, {"user-agent": "litellm/1.106.2"}),
    Row(
        "OpenTryOn",
        OPENAI,
        SIGNS,
        {"user-agent": "OpenAI/Python 3.52.0", **STAINLESS},
        {**PLAIN, "background": "auto", "n": 2, "quality": "auto", "size": "auto"},
    ),
    Row("Open WebUI", OPENAI, SIGNS, {}, {**PLAIN, "n": 1, "response_format": "b64_json"}),
    Row("Open WebUI, gpt-image", OPENAI, DEFAULT, {}, {**PLAIN, "n": 1}),
    Row("n8n", OPENAI, SIGNS, {"openai-organization": "org"}, PLAIN),
    Row("n8n without organization", OPENAI, DEFAULT, {"user-agent": "axios/1.15.0"}, PLAIN),
    Row("LobeChat", OPENAI, SIGNS, {"user-agent": "OpenAI/JS 6.49.0", **STAINLESS}),
    Row("curl for OpenAI", OPENAI, DEFAULT, {"user-agent": "curl/8.14.1"}, PLAIN),
    Row("curl with a stream", OPENAI, SIGNS, {}, {"prompt": "x", "stream": True}),
    # EvoLink's family: only what it asks for tells it from the rest.
    Row("EvoLink MCP, bound key", EVOLINK, KEY, {"user-agent": "node"}, key=EVOLINK),
    Row("EvoLink MCP, its own key", EVOLINK, SIGNS, {"user-agent": "node", **RAW_KEY}),
    Row("EvoLink MCP, plain key", OPENAI, DEFAULT, {"user-agent": "node"}, PLAIN),
    Row("EvoLink MCP, edit", EVOLINK, SIGNS, {}, {**PLAIN, "image_urls": ["https://x/a.png"]}),
    Row("EvoLink MCP, mask", EVOLINK, SIGNS, {}, {**PLAIN, "mask_url": "https://x/m.png"}),
    Row(
        "evolink-gpt-image, redirected by its curlrc",
        EVOLINK,
        HOST,
        {"host": "api.evolink.ai", "user-agent": "curl/8.14.1"},
    ),
    Row(
        "evolink-gpt-image, a tier",
        EVOLINK,
        SIGNS,
        {},
        {"prompt": "x", "model": "gpt-image-2", "size": "16:9", "resolution": "2K"},
    ),
    Row("EvolinkImageGenSkill", EVOLINK, SIGNS, {"user-agent": "EvolinkImageGenSkill/1.0"}),
    Row(
        "ComfyUI_EvoLink",
        EVOLINK,
        SIGNS,
        {"user-agent": "python-requests/2.34.2"},
        {"model": "gemini-3-pro-image-preview", "prompt": "x", "size": "1:1", "quality": "2K"},
    ),
    Row("requests with a ratio", EVOLINK, SIGNS, {}, {"prompt": "x", "size": "2:3"}),
    Row("requests with a callback", EVOLINK, SIGNS, {}, {**PLAIN, "callback_url": "https://x/y"}),
    Row("requests without a sign", OPENAI, DEFAULT, {"user-agent": "python-requests/2.34.2"}),
    # Contradictions: what is further up decides; among signs, a task would break more.
    Row(
        "openai for Python with a callback in its extra_body",
        OPENAI,
        SIGNS,
        STAINLESS,
        {**PLAIN, "callback_url": "https://x/y"},
    ),
    Row("openai for Python with EvoLink's key", OPENAI, SIGNS, {**STAINLESS, **RAW_KEY}),
    Row("a bound key outranks signs", EVOLINK, KEY, STAINLESS, key=EVOLINK),
    Row("a host outranks a bound key", EVOLINK, HOST, {"host": "API.evolink.ai:443"}, key=OPENAI),
    Row("OpenAI's host", OPENAI, HOST, {"host": "api.openai.com"}, {"prompt": "x", "size": "2:3"}),
    Row(
        "a header of ours outranks them all",
        OPENAI,
        Reason.HEADER,
        {"x-darkroom-dialect": "openai", "host": "api.evolink.ai"},
        key=EVOLINK,
    ),
    Row("a key of a dialect that is not here", OPENAI, DEFAULT, key="apiframe"),
]


@pytest.mark.parametrize("row", CLIENTS, ids=[row.client for row in CLIENTS])
def test_who_answers_a_real_client(row: Row) -> None:
    choice = RESOLVER.choose(BOTH, Asked(row.headers, row.key, WireBody(row.body)))
    assert (choice.dialect.name, choice.reason) == (row.answers, row.reason)


def test_a_form_is_openais() -> None:
    choice = RESOLVER.choose(BOTH, Asked(body=WireBody({"prompt": "x"}, is_form=True)))
    assert (choice.dialect.name, choice.reason) == ("openai", Reason.SIGNS)


def test_a_path_of_one_dialect_is_its_own_whatever_else_is_said() -> None:
    headers = {"host": "api.evolink.ai", "x-darkroom-dialect": "evolink", **RAW_KEY}
    choice = RESOLVER.choose(("openai",), Asked(headers, "evolink"))
    assert (choice.dialect.name, choice.reason) == ("openai", Reason.PATH)


def test_the_servers_default_answers_what_shows_nothing() -> None:
    evolink = Resolver(build_dialects(), "evolink")
    assert evolink.choose(BOTH, Asked()).dialect.name == "evolink"
    assert evolink.choose(BOTH, Asked(STAINLESS)).dialect.name == "openai"
    # one that is not on this path is no default there
    assert Resolver(build_dialects(), "apiframe").choose(BOTH, Asked()).dialect.name == "openai"


def test_every_path_of_a_dialect_is_there_and_shared_ones_once() -> None:
    paths = RESOLVER.image_paths()
    assert set(paths["/v1/images/generations"]) == {"openai", "evolink"}
    assert set(paths["/openai/v1/images/generations"]) == {"openai"}
    assert set(paths["/evolink/v1/images/generations"]) == {"evolink"}
    assert set(paths["/v2/images/generate"]) == set(paths["/apiframe/v2/images/generate"])
    assert set(RESOLVER.job_paths()["/v1/tasks/{job_id}", "GET"]) == {"evolink"}


@pytest.mark.parametrize(
    ("path", "headers", "speaks"),
    [
        ("/v1/nothing", {}, "openai"),
        ("/v1/nothing", {"host": "api.evolink.ai"}, "evolink"),
        ("/v1/nothing", RAW_KEY, "evolink"),
        ("/evolink/v1/nothing", {}, "evolink"),
        ("/v2/nothing", {}, "apiframe"),
        ("/apiframe", {}, "apiframe"),
        ("/openai/nothing", RAW_KEY, "openai"),
        ("/nothing", {}, "openai"),
        ("/nothing", {"x-api-key": "afk_abc"}, "apiframe"),
        ("", {}, "openai"),
    ],
)
def test_who_refuses_where_there_is_no_door(
    path: str, headers: dict[str, str], speaks: str
) -> None:
    assert RESOLVER.at_a_glance(path, headers).name == speaks


async def test_a_default_that_is_no_dialect_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="default_dialect is one of openai, "):
        async with running(Settings(data_dir=tmp_path, default_dialect="esperanto")):
            pass


# --- over HTTP ----------------------------------------------------------------------------------


def bound_key(gateway: Running, dialect: str) -> str:
    with client(gateway) as http:
        body = {"name": f"bound to {dialect}", "account": "default", "dialect": dialect}
        return http.post("/v1/keys", json=body).json()["key"]


def job_of(http: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


@pytest.mark.parametrize(
    ("path", "more", "speaks"),
    [
        (GENERATE, {}, "openai"),
        (f"/openai{GENERATE}", {}, "openai"),
        (f"/evolink{GENERATE}", {}, "evolink"),
        (GENERATE, {"size": "1:1"}, "evolink"),
    ],
)
def test_the_job_keeps_who_answered_and_the_answer_says_so(
    http: httpx2.Client, path: str, more: dict[str, Any], speaks: str
) -> None:
    answer = http.post(path, json=asking(**more))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-darkroom-dialect"] == speaks
    assert job_of(http, answer)["dialect"] == speaks
    assert ("data" in answer.json()) == (speaks == "openai")


def test_one_answer_is_good_for_clients_of_both(http: httpx2.Client) -> None:
    said = http.post(GENERATE, json=asking(n=2)).json()
    assert [set(each) for each in said["data"]] == [{"b64_json"}] * 2
    assert (said["status"], said["progress"], said["type"]) == ("completed", 100, "image")
    assert len(said["results"]) == 2
    assert httpx2.get(said["results"][0]).headers["content-type"] == "image/png"
    assert said["usage"]["total_tokens"] > 0
    task = http.get(f"/v1/tasks/{said['id']}").json()
    assert (task["status"], len(task["results"])) == ("completed", 2)
    charge = http.get(f"/v1/jobs/{said['darkroom']['job']}").json()["charge"]
    assert said["darkroom"]["charge_nanos"] == charge["nanos"] > 0
    assert said["darkroom"]["charge_usd"] == charge["usd"]


def test_a_key_that_is_bound_gets_its_dialect_and_a_shape_of_its_own(shared: Running) -> None:
    for dialect, prefix in (("evolink", "sk-evo-"), ("apiframe", "afk_"), ("openai", "dk_")):
        key = bound_key(shared, dialect)
        assert key.startswith(prefix)
        with client(shared, key) as http:
            answer = http.post(GENERATE, json=asking())
        expected = "evolink" if dialect == "evolink" else "openai"
        assert answer.headers["x-darkroom-dialect"] == expected


def test_a_key_can_be_bound_and_unbound_later(shared: Running, http: httpx2.Client) -> None:
    made = http.post("/v1/keys", json={"name": "changing"}).json()
    assert made["dialect"] == "auto"
    with client(shared, made["key"]) as plain:
        for dialect, speaks in (("evolink", "evolink"), ("auto", "openai"), ("", "openai")):
            changed = http.patch(f"/v1/keys/{made['id']}", json={"dialect": dialect}).json()
            assert changed["dialect"] == (dialect or "auto")
            assert plain.post(GENERATE, json=asking()).headers["x-darkroom-dialect"] == speaks
    listed = {key["id"]: key["dialect"] for key in http.get("/v1/keys").json()["data"]}
    assert listed[made["id"]] == "auto"


@pytest.mark.parametrize("wish", ["klingon", 7, ["openai"], "OpenAI"])
def test_a_dialect_that_is_none_is_refused_and_nothing_changes(
    http: httpx2.Client, wish: Any
) -> None:
    made = http.post("/v1/keys", json={"name": f"odd {wish}"}).json()
    for answer in (
        http.post("/v1/keys", json={"name": "odder", "dialect": wish}),
        http.patch(f"/v1/keys/{made['id']}", json={"dialect": wish}),
        http.patch(f"/v1/keys/{made['id']}", json={"dialect": "evolink", "budget": "all"}),
        http.patch("/v1/keys/nobody", json={"dialect": "evolink"}),
    ):
        assert answer.status_code in (400, 404)
    assert answer.status_code == 404
    [now] = [key for key in http.get("/v1/keys").json()["data"] if key["id"] == made["id"]]
    assert now["dialect"] == "auto"


def too_large(gateway: Running, authorization: str) -> str:
    """The answer to a request that announces a terabyte."""
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2]))) as line:
        head = f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
        line.sendall(f"{head}Connection: close\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
        return b"".join(iter(lambda: line.recv(65_536), b"")).decode()


def test_errors_before_the_body_is_read_speak_the_callers_dialect(shared: Running) -> None:
    """What a wrong key, a huge body or a broken one get, as far as it can be known by then."""
    evolink = {"authorization": "Bearer sk-evo-wrong"}
    with client(shared, "") as http:
        refused = http.post(GENERATE, json=asking(), headers=evolink)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
        refused = http.post(GENERATE, json=asking(), headers={"host": "api.evolink.ai"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
        refused = http.post(GENERATE, json=asking())
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        refused = http.post("/v2/images/generate", json=asking())
        assert (refused.status_code, type(refused.json()["error"])) == (401, str)
        assert isinstance(http.get("/v2/nothing").json()["error"], str)
    with client(shared, bound_key(shared, "evolink")) as http:
        refused = http.post(GENERATE, content=b"{")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    answer = too_large(shared, str(http.headers["authorization"]))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "request_too_large_error" in answer


def test_a_callers_idempotency_key_works_over_dialects(http: httpx2.Client) -> None:
    head = {"idempotency-key": "one-order"}
    body = asking("the same", size="1024x1024")
    first = http.post(GENERATE, json=body, headers=head)
    again = http.post(f"/evolink{GENERATE}", json=body, headers=head)
    assert again.status_code == 200, again.text
    assert again.headers["x-darkroom-dialect"] == "evolink"
    assert again.headers["x-darkroom-job"] == first.headers["x-darkroom-job"]


def test_an_operator_is_told_once_per_key_that_nothing_showed_the_client(
    shared: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    with client(shared) as admin:
        key = admin.post("/v1/keys", json={"name": "who is it"}).json()["key"]
    capfd.readouterr()
    with client(shared, key) as http:
        http.post(GENERATE, json=asking(), headers=STAINLESS)
        assert "dialect_by_default" not in capfd.readouterr().out
        http.post(GENERATE, json=asking())
        http.post(GENERATE, json=asking())
    said = capfd.readouterr().out
    assert said.count("dialect_by_default") == 1
    assert "set-dialect" in said
    assert key not in said


def test_a_server_whose_default_is_evolink(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    options: dict[str, Any] = {"deployments": [deployment(openai_vendor)]}
    with (
        Running(tmp_path / "data", default_dialect="evolink", **options) as gateway,
        client(gateway) as http,
    ):
        answer = http.post(GENERATE, json=asking())
        assert answer.json()["object"] == "image.generation.task"
        assert answer.json()["status"] in ("pending", "processing", "completed")
        assert "data" not in answer.json()
        assert "data" in http.post(GENERATE, json=asking(), headers=STAINLESS).json()
        made = http.post("/v1/files", files={"file": ("a.png", b"", "image/png")})
        assert made.json()["error"]["type"] == "invalid_request_error"
