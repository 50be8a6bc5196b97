"""``service_tier: economy`` through the doors: a task at once, half the price, what was saved."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from darkroom.settings import ConfigError, Settings
from darkroom.wiring import build_router
from darkroom_client import Client
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, refusal
from tests.support.running import Running, deployment

ECONOMY = asking(size="1024x1024", service_tier="economy")
QUICK: dict[str, Any] = {"economy_poll_s": 0.02}


@pytest.fixture
def quick(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[Running]:
    listed = [deployment(openai_vendor)]
    with Running(tmp_path / "data", deployments=listed, **QUICK) as server:
        yield server


def test_it_is_answered_with_a_task_and_charged_what_was_quoted(
    quick: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.batches.looks = 2
    with client(quick) as http:
        quote = http.post("/v1/images/quote", json=ECONOMY).json()
        accepted = http.post(GENERATE, json=ECONOMY)
        assert accepted.status_code == 202
        path = f"/v1/jobs/{accepted.headers['x-darkroom-job']}"
        job = http.get(path, headers={"prefer": "wait=20"}).json()
    usual = asking(size="1024x1024")
    with client(quick) as http:
        full = http.post("/v1/images/quote", json=usual).json()
    assert 2 * quote["expected"]["nanos"] == full["expected"]["nanos"]
    assert 2 * quote["max"]["nanos"] == full["max"]["nanos"]
    assert quote["saved"] == quote["deployments"][0]["saved"] == quote["expected"]
    assert full["saved"]["nanos"] == 0
    assert job["state"] == "succeeded", job
    assert job["quote"]["saved"] == quote["saved"]
    assert job["charge"]["saved"]["nanos"] == job["charge"]["nanos"] > 0
    assert job["request"]["service_tier"] == "economy"
    assert job["attempts"][0]["upstream_id"] == openai_vendor.batches.made[0].id
    assert GENERATE not in [sent.path for sent in openai_vendor.received]


def test_a_batch_outlives_the_server(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.batches.looks = 1_000_000
    listed = [deployment(openai_vendor)]
    with Running(tmp_path / "data", deployments=listed, **QUICK) as server, client(server) as http:
        job_id = http.post(GENERATE, json=ECONOMY).headers["x-darkroom-job"]
        while not openai_vendor.batches.made or not openai_vendor.batches.made[0].looks:
            http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=1"})
    openai_vendor.batches.looks = 0
    with Running(tmp_path / "data", deployments=listed, **QUICK) as server, client(server) as http:
        job = http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=20"}).json()
    assert job["state"] == "succeeded"
    assert len(openai_vendor.batches.made) == 1


def test_cancel_reaches_the_vendor(quick: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.batches.looks = 1_000_000
    with client(quick) as http:
        job_id = http.post(GENERATE, json=ECONOMY).headers["x-darkroom-job"]
        while not openai_vendor.batches.made:
            http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=1"})
        http.post(f"/v1/jobs/{job_id}/cancel")
        job = http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=20"}).json()
    assert job["state"] == "canceled"
    assert openai_vendor.batches.made[0].status == "cancelled"


def test_a_refusal_in_a_batch_is_one(quick: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED)
    with client(quick) as http:
        job_id = http.post(GENERATE, json=ECONOMY).headers["x-darkroom-job"]
        job = http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=20"}).json()
    assert (job["state"], job["error"]["code"]) == ("failed", "moderation_blocked")
    assert job["charge"] is None


def test_the_client_waits_for_it(quick: Running) -> None:
    with Client(quick.url, quick.key) as sdk:
        quote = sdk.quote("a cat", model="gpt-image-1.5", quality="low", service_tier="economy")
        result = sdk.generate("a cat", model="gpt-image-1.5", quality="low", service_tier="economy")
    assert len(result.images) == 1
    assert result.charge is not None
    assert result.saved == result.charge
    assert quote.saved.nanos > 0


def test_the_sandbox_has_it_too(tmp_path: Path) -> None:
    listed = [{"id": "s", "provider": "sandbox", "options": {"economy_delay_s": "0"}}]
    with Running(tmp_path / "data", deployments=listed, **QUICK) as server, client(server) as http:
        job_id = http.post(GENERATE, json=ECONOMY).headers["x-darkroom-job"]
        job = http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=20"}).json()
    assert (job["state"], job["sandbox"]) == ("succeeded", True)
    assert job["charge"]["saved"]["nanos"] > 0


def test_a_delay_of_the_sandbox_that_is_no_number_is_refused() -> None:
    listed = [{"id": "s", "provider": "sandbox", "options": {"economy_delay_s": "soon"}}]
    settings = Settings.model_validate({"deployments": listed})
    with pytest.raises(ConfigError, match="economy_delay_s"):
        build_router(settings, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"service_tier": "gold"}, "service_tier"),
        ({"stream": True}, "stream"),
    ],
)
def test_what_does_not_go_with_it(quick: Running, changes: dict[str, Any], param: str) -> None:
    with client(quick) as http:
        answer = http.post(GENERATE, json=ECONOMY | changes)
    refusal(answer, 400)
    assert json.loads(answer.text)["error"]["param"] == param
