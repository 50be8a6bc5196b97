"""Power cuts at any write of a recorded life; ``python -m tests.chaos cut`` makes a thousand."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.cuts import Toll, live, moments, suffer
from tests.chaos.disk import Event, Recording, Synced, empty
from tests.chaos.vfs import CHECKPOINT, RECOVER, WRITE, NoSharedLibrary, library

JOBS = 25
SEED = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty(tmp_path_factory.mktemp("cuts") / "life")


@pytest.fixture(scope="module")
def recording(folder: Path) -> Recording:
    """One life, watched."""
    try:
        library()
    except NoSharedLibrary as error:
        pytest.skip(f"SQLite cannot be watched here: {error}")
    found = Recording()
    asyncio.run(live(folder, found, JOBS))
    return found


async def cut(folder: Path, events: list[Event], times: int) -> Toll:
    at = moments(events, times, SEED)
    return await suffer(folder, events, at, folder.parent / "cut", SEED)


async def test_no_power_cut_breaks_a_promise(folder: Path, recording: Recording) -> None:
    toll = await cut(folder, recording.events, 40)
    assert toll.findings == {}
    assert toll.promises > 10 * JOBS
    assert toll.recoveries == 2


Deaf = Callable[[Path], bool]


@pytest.mark.parametrize(
    ("deaf", "found"),
    [
        (lambda path: path.name.endswith("-wal"), "lost"),
        (lambda path: "images" in path.parts, "missing_image"),
        (lambda path: "spool" in path.parts, "missing_image"),
    ],
    ids=["database", "names of images", "bytes of images"],
)
async def test_a_disk_that_does_not_sync_is_found_out(
    folder: Path, recording: Recording, deaf: Deaf, found: str
) -> None:
    """The test itself is tested: without one kind of sync the same cuts cost something."""
    events = [e for e in recording.events if not (isinstance(e, Synced) and deaf(e.path))]
    toll = await cut(folder, events, 6)
    assert toll.findings[found]


def test_one_connection_at_a_time_writes_and_checkpoints(recording: Recording) -> None:
    """Two at a time can damage a database of SQLite before 3.51.3: the WAL-reset defect."""
    changing = [who for who, lock in recording.locks if lock in (WRITE, CHECKPOINT, RECOVER)]
    turns = [who for who, before in zip(changing, [0, *changing], strict=False) if who != before]
    assert len(turns) == len(set(turns))  # whoever has stopped never does it again
    assert len({who for who, _ in recording.locks}) > len(turns)  # there were readers as well
