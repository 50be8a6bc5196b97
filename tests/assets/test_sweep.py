"""Bytes that nothing names any more are removed; bytes that somebody stores meanwhile stay."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from darkroom.assets import Sweep, add_assets, open_blobs, remove_of_job, remove_upload
from darkroom.assets import records as asset_records
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.db import Database, Tx, open_database

HOUR_S = 3_600


class Bench:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.blobs = open_blobs(f"file://{folder / 'images'}")
        self.sweep = Sweep(database, self.blobs)

    async def stored(self, data: bytes, age_s: int = 2 * HOUR_S) -> str:
        """The hash of bytes that were stored some time ago."""
        digest = hashlib.sha256(data).hexdigest()
        spooled = self.folder / new_id()
        spooled.write_bytes(data)
        await self.blobs.adopt(SpooledImage(spooled, digest, len(data)))
        at_s = now_ms() / 1000 - age_s
        os.utime(self.path(digest), (at_s, at_s))
        return digest

    async def row(self, digest: str, job_id: str | None, kind: AssetKind) -> str:
        asset = Asset(new_id(), kind, 0, digest, "image/png", 1, 1, 1, now_ms())
        await self.database.write(lambda tx: add_assets(tx, "account", job_id, [asset]))
        return asset.id

    async def drop_job(self, job_id: str, age_s: int = 2 * HOUR_S) -> None:
        at_ms = now_ms() - age_s * 1000
        await self.database.write(lambda tx: remove_of_job(tx, job_id, at_ms))

    def path(self, digest: str) -> Path:
        return self.folder / "images" / digest[:2] / digest

    def there(self, *digests: str) -> list[bool]:
        return [self.path(digest).exists() for digest in digests]


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    database = await open_database(database_url)
    try:
        yield Bench(database, tmp_path)
    finally:
        await database.close()


async def test_bytes_are_removed_with_the_last_row_that_names_them(bench: Bench) -> None:
    alone, shared = await bench.stored(b"alone"), await bench.stored(b"shared")
    for job in ("one", "two"):
        await bench.row(shared, job, AssetKind.RESULT)
    await bench.row(alone, "one", AssetKind.INPUT)
    await bench.drop_job("one")
    assert await bench.sweep.once() == 1
    assert bench.there(alone, shared) == [False, True]
    await bench.drop_job("two")
    assert await bench.sweep.once() == 1
    assert bench.there(shared) == [False]
    assert await bench.sweep.once() == 0


async def test_small_copies_go_with_their_image(bench: Bench) -> None:
    image, small = await bench.stored(b"image"), await bench.stored(b"small")
    await bench.row(image, "one", AssetKind.RESULT)

    def keep(tx: Tx) -> None:
        asset_records.keep_thumbnail(tx, image, 320, (small, 5))

    await bench.database.write(keep)
    await bench.drop_job("one")
    assert await bench.sweep.once() == 2
    assert bench.there(image, small) == [False, False]
    lost = await bench.database.read(lambda tx: asset_records.thumbnail(tx, image, 320))
    assert lost is None


async def test_nothing_is_removed_at_once(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one", age_s=0)
    assert await bench.sweep.once() == 0
    assert bench.there(image) == [True]


async def test_bytes_that_were_stored_anew_wait_for_their_row(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one")
    assert image == await bench.stored(b"image", age_s=60)  # somebody uploads the same
    assert await bench.sweep.once() == 1
    assert bench.there(image) == [True]
    assert await bench.sweep.once() == 0  # not before an hour is over
    await bench.row(image, "two", AssetKind.INPUT)
    await bench.stored(b"image")
    assert bench.there(image) == [True]


async def test_bytes_that_are_named_again_stay(bench: Bench) -> None:
    image = await bench.stored(b"image")
    await bench.row(image, "one", AssetKind.RESULT)
    await bench.drop_job("one")
    await bench.row(image, "two", AssetKind.INPUT)
    assert await bench.sweep.once() == 1
    assert bench.there(image) == [True]
    assert await bench.sweep.once() == 0


async def test_deleted_files_go_as_well(bench: Bench) -> None:
    image = await bench.stored(b"image")
    file_id = await bench.row(image, None, AssetKind.UPLOAD)
    await bench.database.write(lambda tx: remove_upload(tx, file_id, "account"))
    later = Sweep(bench.database, bench.blobs, later_ms=-1_000)
    assert await later.once() == 1
    assert bench.there(image) == [False]
