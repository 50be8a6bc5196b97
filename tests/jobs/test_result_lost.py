"""An image that was paid for and cannot be kept: told, accounted, and never bought again."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from darkroom.assets import Disk
from darkroom.core.job import AttemptState, Job, JobState
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.jobs import unknown_costs
from tests.support.workshop import Scripted, Workshop, draws, workshop

TWO: dict[str, type[Scripted]] = {"first": Scripted, "second": Scripted}


class Broken(Disk):
    """Takes no file."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def rename(self, source: Path, target: Path) -> None:
        raise self.error


async def assert_lost(shop: Workshop, job: Job, why: str) -> None:
    """Bought once, told, not charged, and in the report of what may have been billed."""
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert (job.error.code, why in job.error.message) == ("result_lost", True)
    assert [(one.deployment, one.state) for one in job.attempts] == [
        ("first", AttemptState.SENT_UNKNOWN)
    ]
    assert len(shop.providers["first"].calls) == 1
    assert shop.providers["second"].calls == []
    assert job.charge is None
    (lost,) = await shop.database.read(lambda tx: unknown_costs(tx, 0, 2**62))
    assert (lost.deployment, lost.attempts) == ("first", 1)
    assert lost.possible_nanos > 0


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device"),
        (RuntimeError("secret detail"), "RuntimeError"),
    ],
)
async def test_what_cannot_be_stored_is_not_bought_again(
    tmp_path: Path, error: Exception, why: str
) -> None:
    async with workshop(tmp_path, TWO, disk=Broken(error)) as shop:
        job = await shop.run()
        await assert_lost(shop, job, why)
        assert "secret detail" not in str(job.error)
        assert list(shop.spool_folder.iterdir()) == []


async def test_nor_is_what_the_spool_does_not_take(tmp_path: Path) -> None:
    async def draws_in_vain(
        provider: Scripted, call: UpstreamCall, sink: ImageSink
    ) -> ProviderResult:
        shutil.rmtree(shop.spool_folder)
        return await draws(provider, call, sink)

    async with workshop(tmp_path, TWO) as shop:
        shop.providers["first"].script = [draws_in_vain]
        await assert_lost(shop, await shop.run(), "No such file or directory")
        shop.spool_folder.mkdir()
