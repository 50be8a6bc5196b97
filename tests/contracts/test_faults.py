"""Every fault of the catalogue at every provider that it concerns ends as the catalogue says."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from darkroom.core.job import Job, JobState
from darkroom.providers.registry import provider_class, provider_names
from darkroom.routing import Circuit
from darkroom.routing.circuit import CircuitState
from tests.contracts.faulty import SETUPS, STRIKES_BEFORE, Room, room
from tests.fakes.faults import FAULTS, PROVIDERS, STREAMS, At, Elsewhere, Health, Known
from tests.fakes.spoiling import ACTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

_OF_TWO = {"fewer_images": 1, "one_of_two_fails": 1, "one_of_two_limited": 2}
"""How many of two images come; one is asked for elsewhere."""
_ALSO_STREAMED = frozenset({At.CALL, At.REFUSAL})
_NO_EVENTS = frozenset({"invalid_json", "huge_body", "gzip_bomb"})
"""They are made of one JSON answer."""


def cases() -> list[Any]:
    found: list[Any] = []
    for provider in sorted(PROVIDERS):
        for known in (one for one in FAULTS if provider in one.only):
            modes = [known.at is At.STREAM]
            if known.at in _ALSO_STREAMED and provider == "openai" and known.name not in _NO_EVENTS:
                modes.append(True)
            for stream in modes:
                name = f"{provider}-{known.name}{'-stream' if stream else ''}"
                found.append(pytest.param(provider, known, stream, id=name))
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[dict[str, Room]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(room(name, tmp_path_factory.mktemp(name)))
            for name in sorted(PROVIDERS)
        }


def asked(known: Known, stream: bool) -> dict[str, Any]:
    return {"n": 2 if known.name in _OF_TWO else 1, "partial_images": 1 if stream else 0}


@pytest.mark.parametrize(("provider", "known", "stream"), cases())
async def test_alone_it_ends_as_documented(
    rooms: dict[str, Room], provider: str, known: Known, stream: bool
) -> None:
    faulty, ends = rooms[provider], known.outcome(provider)
    faulty.prepare(known, strikes=STRIKES_BEFORE)
    before = await faulty.balance()
    job = await faulty.run(known, **asked(known, stream))
    assert told(job) == ends.code
    assert_paid_for_what_came(job, before, await faulty.balance(), _OF_TWO.get(known.name, 1))
    assert health(faulty.shop.dispatch.health.circuit(faulty.sick(known))) is ends.health
    assert list(faulty.shop.spool_folder.iterdir()) == []


@pytest.mark.parametrize(("provider", "known", "stream"), cases())
async def test_another_is_asked_where_documented(
    rooms: dict[str, Room], provider: str, known: Known, stream: bool
) -> None:
    faulty, ends = rooms[provider], known.outcome(provider)
    safe = provider_class(provider).resend_safe
    goes_on = ends.elsewhere is Elsewhere.YES or (ends.elsewhere is Elsewhere.IF_SAFE and safe)
    faulty.prepare(known)
    before = await faulty.balance()
    job = await faulty.run(known, "well", **asked(known, stream))
    assert told(job) == ("" if goes_on else ends.code)
    assert (job.deployment == "well") is goes_on
    assert_paid_for_what_came(job, before, await faulty.balance(), _OF_TWO.get(known.name, 1))
    assert list(faulty.shop.spool_folder.iterdir()) == []


def told(job: Job) -> str:
    return "" if job.error is None else job.error.code


def assert_paid_for_what_came(
    job: Job, before: tuple[int, int], after: tuple[int, int], images: int
) -> None:
    """Nothing on failure; else the images that came, at most at the price that was quoted."""
    assert job.quote is not None
    if job.state is JobState.FAILED:
        assert (job.charge, job.results, after) == (None, (), before)
        return
    assert job.charge is not None
    assert len(job.results) == images
    assert 0 < job.charge.nanos <= job.quote.max_nanos
    assert after == (before[0] - job.charge.nanos, before[1])


def health(circuit: Circuit) -> Health:
    if circuit.broken:
        return Health.OPEN if circuit.reason == "denied" else Health.STRIKE
    return Health.COOLING if circuit.state is CircuitState.COOLING else Health.NONE


async def test_the_catalogue_is_whole() -> None:
    names = [known.name for known in FAULTS]
    assert len(names) == len(set(names)) >= 40
    assert set(ACTS) >= set(names) - {"connect_refused"}
    assert set(SETUPS) == set(PROVIDERS) == set(provider_names()) - {"sandbox"}
    assert STREAMS <= PROVIDERS
