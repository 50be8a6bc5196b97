"""The fake BFL against the shapes that its vendor publishes: there is no client of theirs to use.

https://api.bfl.ai/openapi.json and https://github.com/black-forest-labs/skills (skills/bfl-api);
the vendor's Python library pins a Pillow of 2024 and cannot be installed beside ours.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.bfl_vendor import BFLVendor
from tests.fakes.openai_faults import Fault

ASK: dict[str, Any] = {"prompt": "a cat", "width": 1920, "height": 1088}


@pytest.fixture
def vendor() -> Iterator[BFLVendor]:
    with BFLVendor(keys=frozenset({"good"})) as server:
        yield server


@pytest.fixture
async def http(vendor: BFLVendor) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(vendor.base_url, headers={"x-key": "good"}) as session:
        yield session


async def body_of(response: aiohttp.ClientResponse) -> Any:
    assert response.headers["content-type"] == "application/json"
    return await response.json()


async def test_a_task_from_its_submit_to_its_image(
    http: aiohttp.ClientSession, vendor: BFLVendor
) -> None:
    submitted = await body_of(await http.post("/v1/flux-2-pro", json=ASK))
    # The skill's example for 1920x1088: cost 4.5, output_mp 1.98 (of 1920x1080).
    url = submitted.pop("polling_url")
    assert submitted == {"id": "task-1", "cost": 4.5, "input_mp": 0.0, "output_mp": 1.99}
    pending = await body_of(await http.get(url))
    assert (pending["status"], pending["result"]) == ("Pending", None)
    ready = await body_of(await http.get(url))
    assert ready["status"] == "Ready"
    assert {"sample", "prompt", "seed", "start_time", "end_time", "duration"} == set(
        ready["result"]
    )
    sample = ready["result"]["sample"]
    async with http.get(sample) as refused:
        assert refused.status == 403  # signed URLs take no key
    async with aiohttp.ClientSession() as stranger, stranger.get(sample) as image:
        assert (image.status, image.content_type) == (200, "image/jpeg")
        assert (await image.read()).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        (Fault.RATE_LIMITED, 429, "rate_limit_exceeded"),
        (Fault.INSUFFICIENT_QUOTA, 402, "insufficient_credits"),
    ],
)
async def test_errors_say_what_and_why(
    http: aiohttp.ClientSession, vendor: BFLVendor, fault: Fault, status: int, name: str
) -> None:
    vendor.next(fault)
    response = await http.post("/v1/flux-2-pro", json=ASK)
    body = await body_of(response)
    assert (response.status, body["error"]) == (status, name)
    assert body["message"]


@pytest.mark.parametrize(
    "changes",
    [{"width": 1000}, {"width": 4096, "height": 2048}, {"n": 2}, {"input_image": "no base64"}],
)
async def test_a_wrong_field_is_a_422_of_fastapi(
    http: aiohttp.ClientSession, changes: dict[str, Any]
) -> None:
    response = await http.post("/v1/flux-2-pro", json={**ASK, **changes})
    [problem] = (await body_of(response))["detail"]
    assert response.status == 422
    assert problem["loc"] == ["body", next(iter(changes))]


async def test_a_wrong_key_and_an_unknown_task_are_refused(
    http: aiohttp.ClientSession, vendor: BFLVendor
) -> None:
    async with http.get("/v1/credits", headers={"x-key": "bad"}) as refused:
        assert refused.status == 403
    response = await http.get("/v1/get_result?id=task-9")
    assert (response.status, (await body_of(response))["status"]) == (404, "Task not found")
    assert "credits" in await body_of(await http.get("/v1/credits"))
