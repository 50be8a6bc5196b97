"""What a caller of the OpenAI dialect is told of a fault: plainly, in a stream, and by the job."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from darkroom.core.errors import by_code
from tests.fakes.faults import FAULTS, At, Known
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.spoiling import spoil
from tests.support.running import KEY, Running, deployment

_REPEATED = frozenset({"upstream_error", "upstream_rate_limited", "upstream_unavailable"})
"""Errors after which the only deployment is asked again, after real pauses."""


def _told_at_once(known: Known) -> bool:
    """Whether a caller hears of it without pauses and timeouts, which other tests cut short."""
    hangs = known.ends.code == "upstream_timeout" and not known.name.startswith("status_")
    return bool(known.ends.code) and known.ends.code not in _REPEATED and not hangs


TOLD = [
    known
    for known in FAULTS
    if known.at in (At.CALL, At.REFUSAL) and "openai" in known.only and _told_at_once(known)
]
IN_EVENTS = [known for known in FAULTS if known.at is At.STREAM and _told_at_once(known)]


@pytest.fixture(scope="module")
def vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as started:
        yield started


@pytest.fixture(scope="module")
def http(vendor: OpenAIVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("door")
    with (
        Running(folder, deployments=[deployment(vendor)]) as gateway,
        httpx2.Client(
            base_url=gateway.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
        ) as client,
    ):
        yield client


def asked(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-image-1.5", "prompt": "a cat", "size": "1024x1024", **more}


@pytest.mark.parametrize("known", TOLD, ids=lambda known: known.name)
def test_a_fault_is_an_error_with_its_status(
    http: httpx2.Client, vendor: OpenAIVendor, known: Known
) -> None:
    spoil(vendor, "openai", known)
    answer = http.post("/v1/images/generations", json=asked())
    assert answer.status_code == by_code()[known.ends.code].status
    assert answer.json()["error"]["code"] == known.ends.code
    job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert (job["state"], job["error"]["code"]) == ("failed", known.ends.code)


@pytest.mark.parametrize("known", IN_EVENTS, ids=lambda known: known.name)
def test_a_stream_always_ends_with_the_error(
    http: httpx2.Client, vendor: OpenAIVendor, known: Known
) -> None:
    spoil(vendor, "openai", known)
    answer = http.post("/v1/images/generations", json=asked(stream=True, partial_images=1))
    if answer.status_code != 200:  # it failed before there was anything to send
        assert answer.json()["error"]["code"] == known.ends.code
        return
    last = [line for line in answer.text.splitlines() if line.startswith("data: ")][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == known.ends.code
