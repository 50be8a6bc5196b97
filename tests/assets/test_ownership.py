"""A database beside a store that is not its own removes nothing from it."""

import hashlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from darkroom.assets import (
    MARK,
    Blobs,
    Ownership,
    Strays,
    UnwantedBlobs,
    add_assets,
    installation_id,
    open_blobs,
    remove_of_job,
)
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.db import Database, Heap, open_database
from darkroom.upkeep import cleared
from tests.fakes.object_store import ObjectStore

HOUR_MS = 3_600_000
AT_ONCE_MS = -60_000
"""Nothing is too young for a sweep with this."""


class Store:
    """Blobs that can be made to have been there for a while."""

    def __init__(self, folder: Path, objects: ObjectStore | None) -> None:
        self.folder = folder
        self.objects = objects
        folder.mkdir()
        self.blobs = open_blobs(f"file://{folder}") if objects is None else Blobs(objects.opened())

    async def put(self, data: bytes, age_s: int = 7_200) -> str:
        digest = hashlib.sha256(data).hexdigest()
        spooled = self.folder / new_id()
        spooled.write_bytes(data)
        await self.blobs.adopt(SpooledImage(spooled, digest, len(data)))
        at_s = now_ms() / 1000 - age_s
        if self.objects is None:
            os.utime(self.folder / digest[:2] / digest, (at_s, at_s))
        else:
            [key] = [key for key in self.objects.objects if key.endswith(digest)]
            self.objects.objects[key] = (data, at_s)
        return digest


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "disk":
        yield Store(tmp_path / "images", None)
        return
    with ObjectStore() as objects:
        yield Store(tmp_path / "images", objects)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{tmp_path / 'one.db'}")
    yield opened
    await opened.close()


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{tmp_path / 'two.db'}")
    yield opened
    await opened.close()


async def name(database: Database, digest: str, age_ms: int, job_id: str = "job") -> None:
    made_ms = now_ms() - age_ms
    asset = Asset(new_id(), AssetKind.RESULT, 0, digest, "image/png", 1, 1, 1, made_ms)
    await database.write(lambda tx: add_assets(tx, "account", job_id, [asset]))


async def swept(database: Database, blobs: Blobs) -> int:
    """How many bytes' names went, in all the steps that it takes."""
    await cleared(Strays(database, blobs, AT_ONCE_MS))
    return (await cleared(UnwantedBlobs(database, blobs, AT_ONCE_MS))).count


async def test_an_empty_store_is_taken_and_another_database_removes_nothing_from_it(
    store: Store, database: Database, other: Database
) -> None:
    assert await Ownership(database, store.blobs).confirmed()
    assert await store.blobs.mark(MARK) == await installation_id(database)
    image = await store.put(b"image")
    await name(database, image, 0)
    mine = await store.put(b"mine")
    await name(other, mine, 0, "gone")
    await other.write(lambda tx: remove_of_job(tx, "gone", now_ms() - 2 * HOUR_MS))
    strays, unwanted = Strays(other, store.blobs), UnwantedBlobs(other, store.blobs)
    with capture_logs() as logs:
        assert await cleared(strays) == await cleared(strays) == Heap()
        assert await cleared(unwanted) == Heap()
    assert (await strays.look(), await unwanted.look()) == (Heap(), Heap())  # a dry run says so too
    assert [one["event"] for one in logs] == ["store_not_swept"] * 2  # each says it once
    assert await installation_id(database) in logs[0]["why"]
    assert await store.blobs.stored(image) is not None
    assert await swept(database, store.blobs) == 1  # its own database takes the other's for a stray
    assert await store.blobs.stored(image) is not None


async def test_a_new_database_does_not_take_an_older_store(
    store: Store, database: Database
) -> None:
    """Also when it knows what itself put there by now."""
    image = await store.put(b"image")
    assert not await Ownership(database, store.blobs).confirmed()
    fresh = await store.put(b"fresh", age_s=0)
    await name(database, fresh, 0)
    assert await swept(database, store.blobs) == 0
    trouble = await Ownership(database, store.blobs).trouble()
    assert "does not know" in trouble
    assert await store.blobs.stored(image) is not None
    assert await store.blobs.mark(MARK) == ""
    await store.blobs.put_mark(MARK, await installation_id(database))  # as the advice says
    assert await Ownership(database, store.blobs).trouble() == ""
    assert await swept(database, store.blobs) == 1
    assert await store.blobs.stored(image) is None


async def test_an_installation_from_before_the_mark_takes_its_store(
    store: Store, database: Database
) -> None:
    known, stray = await store.put(b"known"), await store.put(b"stray")
    await name(database, known, HOUR_MS)
    assert await Ownership(database, store.blobs).trouble() == ""
    assert await store.blobs.mark(MARK) == ""  # looking changes nothing
    assert await swept(database, store.blobs) == 1
    assert await store.blobs.mark(MARK) == await installation_id(database)
    found = [await store.blobs.stored(each) is not None for each in (known, stray)]
    assert found == [True, False]


async def test_a_store_of_what_came_since_the_start_is_taken(
    store: Store, database: Database
) -> None:
    """A request that was refused before the first sweep left something."""
    await installation_id(database)
    await store.put(b"stray", age_s=0)
    assert await Ownership(database, store.blobs).confirmed()


async def test_a_restored_backup_goes_on(store: Store, database: Database, tmp_path: Path) -> None:
    assert await Ownership(database, store.blobs).confirmed()
    await store.put(b"stray")
    copy = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(tmp_path / "one.db")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    restored = await open_database(f"sqlite:///{copy}")
    try:
        assert await swept(restored, store.blobs) == 1
    finally:
        await restored.close()


async def test_a_mark_that_a_power_cut_emptied_is_made_anew(
    store: Store, database: Database
) -> None:
    await store.blobs.put_mark(MARK, "")
    assert await Ownership(database, store.blobs).confirmed()
    assert await store.blobs.mark(MARK) == await installation_id(database)
