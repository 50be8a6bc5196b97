"""``GET /v1/models``: what is served, and with ``details`` what it costs and until when."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.catalog import Catalog
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client, refusal
from tests.support.running import Running, deployment


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[httpx2.Client]:
    """A gateway with the sandbox beside the vendor, which is dearer here than its list."""
    folder: Path = tmp_path_factory.mktemp("two")
    deployments = [
        deployment(module_vendor, id="paid", price_multiplier="1.5", region="eu"),
        {"id": "drawn", "provider": "sandbox"},
    ]
    with Running(folder / "data", deployments=deployments) as server, client(server) as http:
        yield http


def detailed(http: httpx2.Client, name: str) -> dict[str, Any]:
    answer = http.get(f"/v1/models/{name}", params={"details": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()["darkroom"]["details"]


def test_the_list_carries_details_only_when_asked(two: httpx2.Client) -> None:
    plain = two.get("/v1/models").json()["data"]
    full = two.get("/v1/models?details=true").json()["data"]
    assert {one["id"] for one in full} == {model.id for model in Catalog.load().models}
    for before, after in zip(plain, full, strict=True):
        details = after["darkroom"].pop("details")
        assert before == after
        assert details["deployments"]
    assert full[0]["darkroom"].keys() == plain[0]["darkroom"].keys()
    assert detailed(two, full[0]["id"])["vendors"]
    assert two.get("/v1/models?details=false").json()["data"] == plain
    assert refusal(two.get("/v1/models?details=maybe"), 400)["param"] == "details"


def test_clients_of_azure_find_the_models_below_their_prefix(two: httpx2.Client) -> None:
    for path in ("", "/gpt-image-1.5"):
        plain = two.get(f"/v1/models{path}")
        assert plain.status_code == 200
        assert two.get(f"/openai/v1/models{path}").json() == plain.json()


def test_dates_of_every_vendor_with_the_days_that_are_left(two: httpx2.Client) -> None:
    vendors = {one["vendor"]: one for one in detailed(two, "gpt-image-2")["vendors"]}
    today = datetime.now(UTC).date()
    assert vendors["openai"]["released"] == "2026-04-21"
    assert (vendors["openai"]["shutdown"], vendors["openai"]["days_left"]) == (None, None)
    assert vendors["azure"]["shutdown"] == "2027-10-21"
    assert vendors["azure"]["days_left"] == (date(2027, 10, 21) - today).days


def test_prices_are_those_of_each_deployment(two: httpx2.Client) -> None:
    found = {one["id"]: one for one in detailed(two, "gpt-image-2")["deployments"]}
    paid, drawn = found["paid"], found["drawn"]
    assert (paid["provider"], paid["region"], drawn["provider"]) == ("openai", "eu", "sandbox")
    assert paid["price"]["multiplier_ppm"] == 1_500_000
    assert paid["price"]["list_usd"]["image_out_per_million"] == "30.00"
    for dear, usual in zip(paid["price"]["one_image"], drawn["price"]["one_image"], strict=True):
        assert (dear["quality"], dear["size"]) == (usual["quality"], "1024x1024")
        nanos = usual["expected"]["nanos"]
        assert abs(dear["expected"]["nanos"] * 2 - nanos * 3) <= 2
        assert usual["max"]["nanos"] >= nanos > 0
    qualities = [image["quality"] for image in paid["price"]["one_image"]]
    assert qualities == ["low", "medium", "high"]


def test_an_unknown_price_is_not_zero(two: httpx2.Client) -> None:
    (drawn,) = detailed(two, "flux-2-dev")["deployments"]
    assert (drawn["id"], drawn["price"]) == ("drawn", None)


def test_what_is_done_here_is_said_by_parameter(two: httpx2.Client) -> None:
    assert detailed(two, "gpt-image-2")["done_here"] == ["size"]
    assert {"mask", "size", "background"} <= set(detailed(two, "flux-2-pro")["done_here"])


def test_details_need_a_key(two: httpx2.Client) -> None:
    assert two.get("/v1/models?details=true", headers={"authorization": ""}).status_code == 401
