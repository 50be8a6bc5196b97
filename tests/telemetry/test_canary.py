"""A whole server with every log line it has: ids on each, and no secret on any."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking
from tests.support.process import Process, deployment_table, until
from tests.support.running import KEY

CANARY = "CANARYabcdef0123456789"
UPSTREAM = f"odd/{CANARY}/upstream"
"""It looks like no key, so only who knows it can blot it out."""
TOKEN = f"scraper {CANARY}"
TRACE_ID = "ab" * 16


def lines(server: Process, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    found = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


def provoke(http: httpx2.Client, vendor: OpenAIVendor) -> str:
    """Requests that put secrets wherever a log line could pick them up; a signed link."""
    made = http.post(GENERATE, json=asking(response_format="url")).json()
    link = made["data"][0]["url"]
    assert http.get(link, headers={"authorization": ""}).status_code == 200
    http.get(link.replace("sig=", "sig=x"))
    vendor.next(Fault.INVALID_API_KEY)
    http.post(GENERATE, json=asking(prompt=f"a cat, api_key=sk-{CANARY}"))
    http.get(f"/v1/jobs?key=sk-{CANARY}", headers={"x-api-key": f"sk-other-{CANARY}"})
    http.get("/v1/models", headers={"authorization": f"Bearer dk_{CANARY}"})
    http.get(f"/no/dk_{CANARY}?token={CANARY}")
    http.post(GENERATE, content=b"{" + CANARY.encode(), headers={"content-type": "text/json"})
    hook = f"https://user:{CANARY}@hooks.example.com/x?secret={CANARY}"
    http.post(GENERATE, json=asking(callback_url=hook))
    return link


@pytest.fixture(scope="module")
def vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, vendor: OpenAIVendor) -> Iterator[Process]:
    environment = {
        "DARKROOM_LOG_FORMAT": "json",
        "DARKROOM_LOG_LEVEL": "debug",
        "DARKROOM_METRICS_TOKEN": TOKEN,
    }
    config = deployment_table(vendor, api_key=UPSTREAM)
    with Process(tmp_path_factory.mktemp("canary"), config, **environment) as process:
        yield process.start()


def test_every_line_says_whose_it_is(server: Process) -> None:
    sent = {"traceparent": f"00-{TRACE_ID}-{'cd' * 8}-01"}
    with server.client() as http:
        [key] = http.get("/v1/keys").json()["data"]
        made = http.post(GENERATE, json=asking(), headers=sent)
        job = made.headers["x-darkroom-job"]
        http.get(f"/v1/jobs/{job}")
    until(lambda: len(lines(server, "request")) == 3, "access lines")
    [_, asked, looked] = lines(server, "request")
    assert (asked["method"], asked["route"], asked["status"]) == ("POST", GENERATE, 200)
    assert (asked["dialect"], asked["trace_id"]) == ("openai", TRACE_ID)
    assert (asked["key_id"], asked["job_id"]) == (key["id"], job)
    assert asked["request_id"] == made.headers["x-request-id"]
    assert asked["bytes_out"] == len(made.content)
    assert asked["bytes_in"] > 0
    assert asked["ms"] > 0
    assert looked["route"] == "/v1/jobs/{job_id}"
    assert looked["trace_id"] == looked["request_id"].removeprefix("req_")
    assert "job_id" not in looked  # the former request's ids ended with it


def test_no_log_line_holds_a_secret(server: Process, vendor: OpenAIVendor) -> None:
    before = len(lines(server, "request"))
    with server.client() as http:
        link = provoke(http, vendor)
    until(lambda: len(lines(server, "request")) >= before + 9, "access lines")
    # who pastes the key itself where the name of its variable belongs
    config = deployment_table(vendor, api_key=f"env:sk-{CANARY}")
    (server.folder / "darkroom.toml").write_text(config, encoding="utf-8")
    server.send(signal.SIGHUP)
    until(lambda: lines(server, "configuration_refused"), "the configuration to be refused")
    assert server.stop() == 0
    told = "\n".join(line for line in server.output.splitlines() if line.startswith("{"))
    assert "environment variable sk-… is not set" in told
    for secret in (CANARY, KEY, link.rpartition("sig=")[2], "Traceback"):
        assert secret not in told
