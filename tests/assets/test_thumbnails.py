"""Small copies are made once, however many ask for them, and only so many at a time."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from darkroom.assets import Spool, Thumbnails, open_blobs
from darkroom.assets import records as asset_records
from darkroom.assets.thumbnails import _WAITING_MAX
from darkroom.core.errors import InvalidImage, NotFound, Overloaded
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.db import Database, open_database
from tests.fakes.pictures import Look, picture


class Bench:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.blobs = open_blobs(f"file://{folder / 'images'}")
        self.spool = Spool(folder / "spool")
        self.thumbnails = Thumbnails(self.spool, self.blobs, database)

    async def asset(self, data: bytes) -> Asset:
        digest = hashlib.sha256(data).hexdigest()
        path = self.spool.path()
        path.write_bytes(data)
        await self.blobs.adopt(SpooledImage(path, digest, len(data)))
        kind = AssetKind.RESULT
        return Asset(new_id(), kind, 0, digest, "image/png", 64, 64, len(data), now_ms())

    @property
    def stored(self) -> int:
        return sum(path.is_file() for path in (self.folder / "images").rglob("*"))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database = await open_database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    try:
        yield Bench(database, tmp_path)
    finally:
        await database.close()


async def test_many_who_ask_at_once_share_one(bench: Bench) -> None:
    asset = await bench.asset(picture("png", Look(640, 480, (9, 90, 120))))
    asking = [bench.thumbnails.of(asset, 320) for _ in range(20)]
    found = await asyncio.gather(*asking)
    assert len({data for _, data in found}) == 1
    assert bench.stored == 2
    assert list((bench.folder / "spool").iterdir()) == []
    again = Thumbnails(bench.spool, bench.blobs, bench.database)  # another process
    assert await again.of(asset, 320) == found[0]
    assert bench.stored == 2


async def test_whoever_goes_away_does_not_take_it_from_the_others(bench: Bench) -> None:
    asset = await bench.asset(picture("png", Look(640, 480, (9, 90, 120))))
    first = asyncio.create_task(bench.thumbnails.of(asset, 320))
    second = asyncio.create_task(bench.thumbnails.of(asset, 320))
    while not bench.thumbnails._making:
        await bench.database.ping()
    first.cancel()
    small, data = await second
    assert small.byte_size == len(data)


async def test_more_than_so_many_are_refused(bench: Bench) -> None:
    asset = await bench.asset(picture("png", Look(64, 64, (9, 90, 120))))
    waiting = asyncio.Event()
    never = [asyncio.create_task(waiting.wait()) for _ in range(_WAITING_MAX)]
    bench.thumbnails._making.update({(str(at), 1): task for at, task in enumerate(never)})  # type: ignore[arg-type]
    with pytest.raises(Overloaded) as refused:
        await bench.thumbnails.of(asset, 320)
    assert refused.value.retry_after_s
    waiting.set()
    await asyncio.gather(*never)
    bench.thumbnails._making.clear()
    await bench.thumbnails.of(asset, 320)


async def test_what_cannot_be_decoded_is_tried_once(bench: Bench) -> None:
    asset = await bench.asset(b"\x89PNG\r\n\x1a\n and nothing else")
    for _ in range(3):
        with pytest.raises(InvalidImage, match="Its own link still works"):
            await bench.thumbnails.of(asset, 768)
    assert len(bench.thumbnails._failed) == 1
    assert list((bench.folder / "spool").iterdir()) == []


async def test_a_copy_that_a_power_cut_tore_is_made_again(bench: Bench) -> None:
    asset = await bench.asset(picture("png", Look(640, 480, (9, 90, 120))))
    await bench.database.write(lambda tx: asset_records.add(tx, "account", "job", [asset]))
    small, data = await bench.thumbnails.of(asset, 320)
    stored = bench.folder / "images" / small.sha256[:2] / small.sha256
    stored.write_bytes(b"")
    assert await bench.thumbnails.of(asset, 320) == (small, data)
    assert stored.read_bytes() == data


async def test_bytes_that_are_gone(bench: Bench) -> None:
    asset = await bench.asset(picture("png", Look(64, 64, (9, 90, 120))))
    await bench.blobs.delete(asset.sha256)
    with pytest.raises(NotFound):
        await bench.thumbnails.of(asset, 320)
    kept = await bench.database.read(lambda tx: asset_records.thumbnail(tx, asset.sha256, 320))
    assert kept is None
