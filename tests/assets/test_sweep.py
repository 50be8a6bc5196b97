"""Bytes that nothing names any more are removed; bytes that somebody stores meanwhile stay."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from darkroom.assets import (
    DeadSpools,
    Ownership,
    Strays,
    UnwantedBlobs,
    add_assets,
    audit,
    expired_chore,
    open_blobs,
    remove_of_job,
    remove_upload,
    stored_bytes,
)
from darkroom.assets import records as asset_records
from darkroom.assets.blobs import Blobs, DiskBlobs, Stored
from darkroom.assets.spool import process_spool
from darkroom.core.ids import new_file_id, new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.db import Database, Heap, Tx, open_database
from darkroom.upkeep import cleared
from tests.fakes.object_store import ObjectStore

HOUR_S = 3_600
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
AT_ONCE_MS = -60_000
"""Nothing is too young for a sweep with this."""


class Bench:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.blobs = open_blobs(f"file://{folder / 'images'}")
        self.sweep = UnwantedBlobs(database, self.blobs)

    async def stored(self, data: bytes, age_s: int = 2 * HOUR_S) -> str:
        """The hash of bytes that were stored some time ago."""
        digest = await put(self.blobs, self.folder, data)
        at_s = now_ms() / 1000 - age_s
        os.utime(self.path(digest), (at_s, at_s))
        return digest

    async def row(self, digest: str, job_id: str | None, kind: AssetKind) -> str:
        asset = an_asset(digest, kind)
        await self.add(asset, job_id)
        return asset.id

    async def add(self, asset: Asset, job_id: str | None = None) -> None:
        await self.database.write(lambda tx: add_assets(tx, "account", job_id, [asset]))

    async def drop_job(self, job_id: str, age_s: int = 2 * HOUR_S) -> None:
        at_ms = now_ms() - age_s * 1000
        await self.database.write(lambda tx: remove_of_job(tx, job_id, at_ms))

    def path(self, digest: str) -> Path:
        return self.folder / "images" / digest[:2] / digest

    def there(self, *digests: str) -> list[bool]:
        return [self.path(digest).exists() for digest in digests]


async def put(blobs: Blobs, folder: Path, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    spooled = folder / new_id()
    spooled.write_bytes(data)
    await blobs.adopt(SpooledImage(spooled, digest, len(data)))
    return digest


def an_asset(digest: str, kind: AssetKind, byte_size: int = 1) -> Asset:
    return Asset(new_id(), kind, 0, digest, "image/png", 1, 1, byte_size, now_ms())


@pytest.fixture
def objects() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        yield store


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    database = await open_database(database_url)
    try:
        opened = Bench(database, tmp_path)
        assert await Ownership(database, opened.blobs).confirmed()  # as before the first image
        yield opened
    finally:
        await database.close()


async def test_bytes_are_removed_with_the_last_row_that_names_them(bench: Bench) -> None:
    alone, shared = await bench.stored(b"alone"), await bench.stored(b"shared")
    for job in ("one", "two"):
        await bench.row(shared, job, AssetKind.RESULT)
    await bench.row(alone, "one", AssetKind.INPUT)
    await bench.drop_job("one")
    assert await bench.sweep.look() == Heap(1)
    assert await bench.sweep.step() == Heap(1, 5)
    assert bench.there(alone, shared) == [False, True]
    await bench.drop_job("two")
    assert await bench.sweep.step() == Heap(1, 6)
    assert bench.there(shared) == [False]
    assert await bench.sweep.step() == Heap()


async def test_small_copies_go_with_their_image(bench: Bench) -> None:
    image, small = await bench.stored(b"image"), await bench.stored(b"small")
    await bench.row(image, "one", AssetKind.RESULT)

    def keep(tx: Tx) -> None:
        asset_records.keep_thumbnail(tx, image, 320, (small, 5))

    await bench.database.write(keep)
    await bench.drop_job("one")
    assert (await bench.sweep.step()).count == 2
    assert bench.there(image, small) == [False, False]
    lost = await bench.database.read(lambda tx: asset_records.thumbnail(tx, image, 320))
    assert lost is None


async def test_a_small_copy_that_comes_after_its_image_went_is_forgotten(bench: Bench) -> None:
    image, small = await bench.stored(b"image"), await bench.stored(b"small")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one")
    await bench.database.write(lambda tx: asset_records.keep_thumbnail(tx, image, 320, (small, 5)))
    assert await cleared(Strays(bench.database, bench.blobs)) == Heap(1, 5)


async def test_nothing_is_removed_at_once(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one", age_s=0)
    assert await bench.sweep.step() == Heap()
    assert bench.there(image) == [True]


async def test_bytes_that_were_stored_anew_wait_for_their_row(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one")
    assert image == await bench.stored(b"image", age_s=60)  # somebody uploads the same
    assert await bench.sweep.step() == Heap()
    assert bench.there(image) == [True]
    assert await bench.sweep.look() == Heap()  # not before an hour is over
    await bench.row(image, "two", AssetKind.INPUT)
    await bench.stored(b"image")
    assert bench.there(image) == [True]


async def test_bytes_that_are_named_again_stay(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one")
    await bench.row(image, "two", AssetKind.INPUT)
    assert await bench.sweep.step() == Heap()
    assert bench.there(image) == [True]
    assert await bench.sweep.look() == Heap()


async def test_deleted_files_go_as_well(bench: Bench) -> None:
    image = await bench.stored(b"image")
    file_id = await bench.row(image, None, AssetKind.UPLOAD)
    await bench.database.write(lambda tx: remove_upload(tx, file_id, "account"))
    later = UnwantedBlobs(bench.database, bench.blobs, AT_ONCE_MS)
    assert (await later.step()).count == 1
    assert bench.there(image) == [False]


async def test_what_has_ended_goes_with_its_room_in_the_quota(bench: Bench) -> None:
    ends = now_ms() - 10_000
    old = await bench.stored(b"old")
    partial = replace(an_asset(old, AssetKind.PARTIAL, 7), expires_at_ms=ends)
    upload = replace(an_asset(old, AssetKind.UPLOAD, 8), id=new_file_id(), expires_at_ms=ends)
    lasting = replace(an_asset(old, AssetKind.UPLOAD, 9), id=new_file_id())
    handed = replace(an_asset(old, AssetKind.INPUT, 10), expires_at_ms=ends)  # a job's by now
    for asset in (partial, upload, lasting, handed):
        await bench.add(asset, None if asset.kind is AssetKind.UPLOAD else "job")
    used = await bench.database.read(lambda tx: stored_bytes(tx, "account", ends - 1))
    assert used == 7 + 8 + 9 + 10
    assert await expired_chore(bench.database, HOUR_S * 1000).look() == Heap()  # jobs may need it
    chore = expired_chore(bench.database, 0)
    assert await chore.look() == Heap(2, 15)
    assert await chore.step() == Heap(2, 15)
    assert await chore.look() == Heap()
    used = await bench.database.read(lambda tx: stored_bytes(tx, "account", now_ms()))
    assert used == 9
    assert await bench.sweep.look() == Heap()  # its bytes have a row still


@pytest.mark.parametrize("store", ["disk", "s3"])
async def test_bytes_that_nobody_ever_named_go_in_two_steps(
    bench: Bench, tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    if store == "disk":
        blobs = bench.blobs
    else:
        objects = request.getfixturevalue("objects")
        blobs = Blobs(objects.opened())
    stray, named, small = [
        await put(blobs, tmp_path, data) for data in (b"stray", b"named", b"small")
    ]
    await bench.row(named, "job", AssetKind.RESULT)
    await bench.database.write(lambda tx: asset_records.keep_thumbnail(tx, named, 320, (small, 5)))
    assert await cleared(Strays(bench.database, blobs)) == Heap()  # it was stored just now
    strays = Strays(bench.database, blobs, AT_ONCE_MS)
    assert await strays.look() == Heap(1, 5)
    assert await cleared(strays) == Heap(1, 5)
    assert await blobs.stored(stray) is not None  # given up, and not removed yet
    assert await cleared(strays) == Heap()
    assert await cleared(UnwantedBlobs(bench.database, blobs)) == Heap()
    assert await cleared(UnwantedBlobs(bench.database, blobs, AT_ONCE_MS)) == Heap(1, 5)
    found = [await blobs.stored(one) is not None for one in (stray, named, small)]
    assert found == [False, True, True]


class Flaky(DiskBlobs):
    """A store that is away when it is listed for the first time."""

    listings = 0

    async def listed(self, *, mend: bool = False) -> AsyncIterator[list[Stored]]:
        self.listings += 1
        if self.listings == 1:
            raise OSError("the store is away")
        async for page in super().listed(mend=mend):
            yield page


async def test_strays_are_looked_for_anew_after_a_failure(bench: Bench) -> None:
    await bench.stored(b"stray")
    strays = Strays(bench.database, Flaky(bench.folder / "images"))
    with pytest.raises(OSError, match="away"):
        await cleared(strays)
    assert await cleared(strays) == Heap(1, 5)


async def test_writers_lose_nothing_to_sweeps_beside_them(bench: Bench) -> None:
    """Each image is stored, given up and named anew while two processes sweep all that is due."""
    sweeps = [UnwantedBlobs(bench.database, bench.blobs) for _ in range(2)]
    strays = [Strays(bench.database, bench.blobs) for _ in range(2)]

    async def write(number: int) -> str:
        data = b"image %d" % number
        digest = await bench.stored(data)
        await bench.row(digest, f"old {number}", AssetKind.RESULT)
        await bench.drop_job(f"old {number}")
        await put(bench.blobs, bench.folder, data)  # as a new request does
        await bench.row(digest, f"new {number}", AssetKind.INPUT)
        return digest

    async def sweep() -> None:
        for _ in range(3):
            await asyncio.gather(*(cleared(each) for each in (*sweeps, *strays)))

    digests, _ = await asyncio.gather(asyncio.gather(*map(write, range(8))), sweep())
    assert all(bench.there(*digests))


async def test_small_copies_that_a_power_cut_took_are_no_fault(bench: Bench) -> None:
    image, lost, torn = [await bench.stored(data) for data in (b"image", b"lost", b"torn")]
    await bench.add(an_asset(image, AssetKind.RESULT, 5), "job")
    for edge, small in ((320, lost), (768, torn)):
        await bench.database.write(
            lambda tx, of=(edge, small): asset_records.keep_thumbnail(tx, image, of[0], (of[1], 4))
        )
    bench.path(lost).unlink()
    bench.path(torn).write_bytes(b"")
    found = await audit(bench.database, bench.blobs, deep=True)
    assert (found.images, found.missing, found.wrong) == (3, (), ())


async def test_an_image_that_is_being_removed_takes_its_new_small_copy_along(
    postgres_url: str,
) -> None:
    """It is made at that very moment, by another process: whoever comes second sees the first."""
    one, two = await open_database(postgres_url), await open_database(postgres_url)
    image, small = "1" * 64, "2" * 64
    kept, going = threading.Event(), threading.Event()

    def keep(tx: Tx) -> None:
        asset_records.keep_thumbnail(tx, image, 320, (small, 5))
        kept.set()
        going.wait(60)

    def waiting(tx: Tx) -> int:
        return tx.execute(_WAITING).scalar() or 0

    try:
        asset = an_asset(image, AssetKind.RESULT)
        await one.write(lambda tx: add_assets(tx, "account", "job", [asset]))
        keeping = asyncio.create_task(one.write(keep))
        assert await asyncio.to_thread(kept.wait, 60)
        removal = asyncio.create_task(two.write(lambda tx: remove_of_job(tx, "job", now_ms())))
        async with asyncio.timeout(60):  # until it waits; without a lock it ends at once
            while not removal.done() and not await one.read(waiting):
                pass
        going.set()
        await asyncio.gather(keeping, removal)
        left = await one.read(lambda tx: asset_records.thumbnail(tx, image, 320))
        assert left is None
    finally:
        going.set()
        await one.close()
        await two.close()


async def test_an_audit_finds_what_is_wrong(bench: Bench) -> None:
    data = {name: name.encode() * 3 for name in ("sound", "lost", "short", "changed", "stray")}
    of = {name: await bench.stored(content) for name, content in data.items()}
    for name in ("sound", "lost", "short", "changed"):
        await bench.add(an_asset(of[name], AssetKind.RESULT, len(data[name])), "job")
    assert (await audit(bench.database, bench.blobs)).strays == (of["stray"],)
    bench.path(of["lost"]).unlink()
    bench.path(of["short"]).write_bytes(b"s")
    bench.path(of["changed"]).write_bytes(b"x" * len(data["changed"]))
    found = await audit(bench.database, bench.blobs)
    assert (found.images, found.missing, found.wrong) == (4, (of["lost"],), (of["short"],))
    deep = await audit(bench.database, bench.blobs, deep=True)
    assert set(deep.wrong) == {of["short"], of["changed"]}
    await cleared(Strays(bench.database, bench.blobs))
    assert (await audit(bench.database, bench.blobs)).strays == ()  # a sweep has it by now


def test_what_killed_processes_left_in_the_spool_goes(tmp_path: Path) -> None:
    own = process_spool(tmp_path, alone=False)
    mine = own.path()
    mine.write_bytes(b"mine")
    host = mine.parent.name.rpartition("-")[0]
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"{host}-{ended.pid}"
    left.mkdir()
    (left / "upload").write_bytes(b"left")
    (tmp_path / f"{host}-{2**30}").symlink_to("nowhere")  # as if somebody else removed it just now
    chore = DeadSpools(tmp_path)
    assert asyncio.run(chore.look()) == Heap(1, 4)
    assert asyncio.run(chore.step()) == Heap(1, 4)
    assert (left.exists(), mine.exists()) == (False, True)
