"""``/metrics``: who may read it, what it shows of traffic, and that nobody can blow it up."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from darkroom.telemetry.metrics import Metrics
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.process import until
from tests.support.running import Running, deployment

TOKEN = "scraper-token-0123456789"


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    """One that nobody may read without a key, not even from this machine."""
    folder = tmp_path_factory.mktemp("guarded")
    deployments = [deployment(module_vendor)]
    options = {"metrics": "key", "metrics_token": TOKEN, "deployments": deployments}
    with Running(folder / "data", **options) as server:
        yield server


def page(gateway: Running) -> dict[str, float]:
    """Every sample by its name and labels, as they are written."""
    answer = httpx2.get(
        f"{gateway.url}/metrics", headers={"authorization": f"Bearer {gateway.key}"}
    )
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_from_this_machine_it_is_open(shared: Running) -> None:
    answer = httpx2.get(f"{shared.url}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# HELP darkroom_jobs Jobs that wait" in answer.text
    assert "Of the whole installation" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
        {"host": "images.example.com"},  # a proxy that names the host, or a rebound name
        {"host": ""},
    ],
)
def test_what_comes_through_a_proxy_needs_a_key(shared: Running, headers: dict[str, str]) -> None:
    answer = httpx2.get(f"{shared.url}/metrics", headers=headers)
    assert answer.status_code == 401
    with client(shared) as http:
        assert http.get("/metrics", headers=headers).status_code == 200


def test_with_a_public_address_nobody_counts_as_local(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    options = {"public_url": "https://images.example.com", "metrics": "local"}
    with Running(tmp_path, deployments=[deployment(openai_vendor)], **options) as server:
        assert httpx2.get(f"{server.url}/metrics").status_code == 401


def test_a_token_or_an_admin_key_opens_it(guarded: Running) -> None:
    for sent, status in (
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"Bearer {guarded.key}"}, 200),
        ({"authorization": f"Bearer {other_key(guarded, 'somebody')}"}, 403),
    ):
        answer = httpx2.get(f"{guarded.url}/metrics", headers=sent)
        assert answer.status_code == status, sent
        if status != 200:
            refusal(answer, status)


def test_it_can_be_off(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    options = {"metrics": "off", "metrics_token": TOKEN}
    with (
        Running(tmp_path, deployments=[deployment(openai_vendor)], **options) as server,
        client(server) as http,
    ):
        refusal(http.get("/metrics"), 404)
        refusal(http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}), 404)


def test_traffic_is_counted(guarded: Running, vendor: OpenAIVendor) -> None:
    with client(guarded) as http:
        made = http.post(GENERATE, json=asking())
        assert made.status_code == 200
        vendor.next(Fault.MODERATION_BLOCKED)
        assert http.post(GENERATE, json=asking("something")).status_code == 400
        seen = page(guarded)
        charge = float(made.headers["x-darkroom-charge-nanos"])
    route = f'dialect="openai",method="POST",route="{GENERATE}"'
    assert seen[f'darkroom_http_requests_total{{{route},status="200"}}'] == 1
    assert seen[f'darkroom_http_requests_total{{{route},status="400"}}'] == 1
    assert seen[f'darkroom_http_received_bytes_total{{route="{GENERATE}"}}'] > 50
    assert seen[f'darkroom_http_sent_bytes_total{{route="{GENERATE}"}}'] > len(made.content)
    at = 'deployment="openai",model="gpt-image-1.5"'
    assert seen[f"darkroom_charged_nanodollars_total{{{at}}}"] == charge
    assert seen['darkroom_jobs{state="running"}'] == 0
    assert seen['darkroom_circuit_state{deployment="openai",state="closed"}'] == 1
    assert seen['darkroom_db_transaction_seconds_count{kind="write"}'] > 2
    assert seen["process_open_fds"] > 3
    until(lambda: page(guarded)["darkroom_event_loop_lag_seconds_count"] > 0, "the lag")


def test_no_caller_makes_new_series(guarded: Running) -> None:
    before = set(page(guarded))
    with client(guarded) as http:
        for number in range(20):
            http.get(f"/no/such/path/{number}")
            http.request(f"METHOD{number}", "/v1/jobs")
            http.get(f"/v1/jobs/{number}", headers={"x-darkroom-dialect": f"dialect-{number}"})
            http.post(GENERATE, json=asking(model=f"model-{number}", user=f"user-{number}"))
    new = set(page(guarded)) - before
    assert {name.partition("{")[0] for name in new} <= {
        *("darkroom_http_requests_total", "darkroom_http_sent_bytes_total"),
        *(f"darkroom_http_request_duration_seconds_{part}" for part in ("bucket", "sum", "count")),
        *("darkroom_http_received_bytes_total", "darkroom_attempts_in_flight"),
    }
    labelled = "".join(new)
    for made_up in ("such/path", "METHOD", "model-", "dialect-", "user-"):
        assert made_up not in labelled
    assert len(new) < 120


def test_no_id_and_no_text_of_a_caller_is_shown(guarded: Running) -> None:
    with client(guarded) as http:
        made = http.post(GENERATE, json=asking("a prompt that is mine", user="me-myself"))
        key = http.get("/v1/keys").json()["data"][0]
        told = http.get("/metrics").text
    for secret in (
        *("a prompt that is mine", "me-myself", made.headers["x-darkroom-job"]),
        *(key["id"], key["name"] + '"', guarded.key, TOKEN, "sk-upstream"),
    ):
        assert secret not in told


def test_a_database_that_is_away_leaves_the_rest(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    with Running(tmp_path, deployments=[deployment(openai_vendor)]) as server:
        assert page(server)["darkroom_holds"] == 0
        metrics: Metrics = server.services.metrics
        metrics.share(None)
        text = metrics.page("")[0].decode()
    assert "darkroom_holds NaN" in text
    assert "process_resident_memory_bytes" in text
