"""What a key may ask for per minute and at once: exact, in every process, and free when refused."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from darkroom.core.errors import InvalidRequest, RateLimited
from darkroom.core.limits import Allowance, KeyLimits
from darkroom.db import Database, Tx, open_database
from darkroom.jobs import records
from darkroom.jobs.admission import Asked, admit, look
from darkroom.jobs.admission.meter import WINDOW_NS, Meter
from tests.support.jobs import a_job

NOW = 1_760_000_000_000
SIXTY = KeyLimits(requests_per_minute=60)
ONE = Asked(images=1)


def take(tx: Tx, limits: KeyLimits, asked: Asked = ONE, at_ms: int = NOW) -> None:
    """Admit a request of the key and add its job."""
    admit(tx, "key", limits, asked, at_ms)
    records.add(tx, a_job())


@pytest.fixture
async def databases(database_url: str, database: Database) -> AsyncIterator[list[Database]]:
    """The same database, as two processes see it where two can."""
    if database_url.startswith("sqlite"):
        yield [database, database]
        return
    other = await open_database(database_url)
    yield [database, other]
    await other.close()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 59, 60, 61, 997, 99_999, 100_000])
def test_a_whole_allowance_can_be_taken_at_once_and_no_more(limit: int) -> None:
    meter = Meter(limit, 0, NOW)
    for taken in range(limit):
        assert meter.wait_s(1) == 0
        assert meter.remaining == limit - taken
        meter = meter.taken(1)
    assert meter.remaining == 0
    assert 0 < meter.wait_s(1) <= 60 / limit + 1e-6


def test_what_was_taken_comes_back_evenly() -> None:
    meter = Meter(60, 0, NOW).taken(60)
    for seconds in (1, 2, 30, 60):
        later = replace(meter, now_ns=NOW + seconds * 10**9)
        assert later.remaining == seconds
        assert math.isclose(later.reset_s, 60 - seconds)


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    meter = Meter(60, NOW + 3_600 * WINDOW_NS, NOW)
    assert meter.wait_s(1) <= 1
    assert meter.reset_s == 60


def test_a_lower_limit_counts_what_was_taken_before() -> None:
    before = Meter(100, 0, NOW).taken(50)
    assert Meter(10, before.free_at_ns, NOW).remaining == 5


def test_limits_are_taken_from_the_settings_where_a_key_has_none() -> None:
    usual = KeyLimits(60, 10, 0, 5)
    assert KeyLimits().over(usual) == usual
    assert KeyLimits(requests_per_minute=0, max_concurrent=9).over(usual) == KeyLimits(0, 10, 0, 9)
    assert KeyLimits(0, None, 0, 0).unlimited
    assert not SIXTY.unlimited


async def test_a_burst_admits_exactly_the_limit(databases: list[Database]) -> None:
    limits = KeyLimits(requests_per_minute=7)
    tries = [databases[n % 2].write(lambda tx: take(tx, limits)) for n in range(40)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    refused = [one for one in done if isinstance(one, RateLimited)]
    assert len(refused) == 33
    assert done.count(None) == 7
    stored = await databases[0].read(records.unfinished)
    assert len(stored) == 7


async def test_so_many_at_once_and_no_more(databases: list[Database]) -> None:
    limits = KeyLimits(max_concurrent=5)
    tries = [databases[n % 2].write(lambda tx: take(tx, limits)) for n in range(30)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert done.count(None) == 5
    assert sum(isinstance(one, RateLimited) for one in done) == 25
    assert len(await databases[0].read(records.unfinished)) == 5


async def test_one_that_ended_makes_room(database: Database) -> None:
    limits = KeyLimits(max_concurrent=1)
    await database.write(lambda tx: take(tx, limits))
    [(job_id, _)] = await database.read(records.unfinished)
    with pytest.raises(RateLimited):
        await database.write(lambda tx: take(tx, limits))
    why = RateLimited("x").record()
    await database.write(lambda tx: records.request_cancel(tx, job_id, why, NOW))
    await database.write(lambda tx: take(tx, limits))


async def test_a_refusal_tells_which_limit_and_when_to_come_back(database: Database) -> None:
    limits = KeyLimits(requests_per_minute=60, images_per_minute=10, max_concurrent=100)
    await database.write(lambda tx: take(tx, limits, Asked(images=10)))
    with pytest.raises(RateLimited) as caught:
        await database.write(lambda tx: take(tx, limits, Asked(images=2)))
    error = caught.value
    assert error.retry_after_s == 12
    assert "10 images per minute" in error.message
    assert error.details["which"] == "images_per_minute"
    assert error.details["limit"] == 10
    said = {one["name"]: one for one in error.details["allowances"]}
    assert said["images"] == {"name": "images", "limit": 10, "remaining": 0, "reset_s": 60.0}
    assert said["requests"]["remaining"] == 59
    assert (said["concurrent"]["remaining"], said["concurrent"]["reset_s"]) == (99, None)


async def test_what_is_refused_takes_nothing(database: Database) -> None:
    limits = KeyLimits(requests_per_minute=60, bytes_per_minute=1_000)
    await database.write(lambda tx: take(tx, limits, Asked(1, 600)))
    for _ in range(5):
        with pytest.raises(RateLimited):
            await database.write(lambda tx: take(tx, limits, Asked(1, 600)))
    left = await database.write(lambda tx: admit(tx, "key", limits, Asked(1, 400), NOW))
    assert left == (
        Allowance("requests", 60, 58, 2.0),
        Allowance("bytes", 1_000, 0, 60.0),
    )


async def test_a_look_takes_nothing_and_refuses_the_same(database: Database) -> None:
    one = KeyLimits(requests_per_minute=1)
    for _ in range(3):
        await database.read(lambda tx: look(tx, "key", one, ONE, NOW))
    await database.write(lambda tx: take(tx, one))
    with pytest.raises(RateLimited):
        await database.read(lambda tx: look(tx, "key", one, ONE, NOW))


async def test_more_than_a_minute_gives_is_refused_for_good(database: Database) -> None:
    limits = KeyLimits(images_per_minute=4)
    with pytest.raises(InvalidRequest) as caught:
        await database.write(lambda tx: take(tx, limits, Asked(images=5)))
    assert caught.value.param == "n"


async def test_keys_do_not_share_their_limits(database: Database) -> None:
    one = KeyLimits(requests_per_minute=1)
    for key in "abc":
        await database.write(lambda tx, key=key: admit(tx, key, one, ONE, NOW))
    with pytest.raises(RateLimited):
        await database.write(lambda tx: admit(tx, "a", one, ONE, NOW))
