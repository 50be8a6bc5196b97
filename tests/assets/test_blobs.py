"""The contract of every store of bytes: local disk, and what obstore opens."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore

from darkroom.assets import Blobs, Disk, Spool, open_blobs
from darkroom.assets.blobs import PIECE, DiskBlobs
from darkroom.core.ids import new_id
from tests.fakes.object_store import ObjectStore
from tests.support.spooled import spooled

DATA = os.urandom(PIECE * 2 + 1000)
ABSENT = "0" * 64


@pytest.fixture(scope="module")
def objects() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        yield store


@pytest.fixture(params=["disk", "file url", "obstore memory", "obstore folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    folder = tmp_path / "blobs"
    if request.param == "s3":
        return on_s3(request.getfixturevalue("objects"))
    if request.param == "disk":
        return DiskBlobs(folder)
    if request.param == "file url":
        return open_blobs(f"file://{folder}")
    if request.param == "obstore memory":
        return Blobs(MemoryStore())
    folder.mkdir()
    return Blobs(LocalStore(folder))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def on_s3(objects: ObjectStore) -> Blobs:
    objects.objects.clear()
    objects.reset()
    return Blobs(objects.opened())


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def whole(blobs: Blobs, sha256: str, size: int) -> bytes:
    return b"".join([piece async for piece in blobs.read(sha256, size)])


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("data", [b"", b"x", DATA])
async def test_adopted_bytes_can_be_read_and_leave_the_spool(
    blobs: Blobs, spool: Spool, data: bytes, durable: bool
) -> None:
    image = spooled(spool, data)
    await blobs.adopt(image, durable=durable)
    assert not image.path.exists()
    assert await whole(blobs, image.sha256, len(data)) == data


async def test_pieces_can_be_encoded_one_by_one(blobs: Blobs, spool: Spool) -> None:
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    pieces = [piece async for piece in blobs.read(image.sha256, len(DATA))]
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, 1000]
    assert PIECE % 3 == 0


async def test_an_object_is_read_by_one_request(objects: ObjectStore, spool: Spool) -> None:
    """Each costs a round trip, and is on the store's bill."""
    blobs = on_s3(objects)
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    assert await whole(blobs, image.sha256, len(DATA)) == DATA
    assert objects.requests == {"PUT": 1, "GET": 1}


async def test_an_object_that_is_sent_in_parts_is_whole(objects: ObjectStore, spool: Spool) -> None:
    blobs = on_s3(objects)
    large = os.urandom(12_000_000)
    image = spooled(spool, large)
    await blobs.adopt(image)
    assert objects.requests["POST"] == 2  # one begins, one ends
    assert await whole(blobs, image.sha256, len(large)) == large


async def test_the_same_bytes_again_change_nothing(blobs: Blobs, spool: Spool) -> None:
    for _ in range(3):
        image = spooled(spool, DATA)
        await blobs.adopt(image)
    assert await whole(blobs, image.sha256, len(DATA)) == DATA


async def test_a_reader_is_not_disturbed_by_the_same_bytes_again(
    blobs: Blobs, spool: Spool
) -> None:
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    found = b""
    async for piece in blobs.read(image.sha256, len(DATA)):
        found += piece
        await blobs.adopt(spooled(spool, DATA))
    assert found == DATA


async def test_a_local_file_has_the_bytes(blobs: Blobs, spool: Spool) -> None:
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    path = await blobs.local(image.sha256, len(DATA), spool.path())
    assert path.read_bytes() == DATA


async def test_deleted_bytes_are_gone_and_deleting_again_is_no_error(
    blobs: Blobs, spool: Spool
) -> None:
    image = spooled(spool, b"x")
    await blobs.adopt(image)
    await blobs.delete(image.sha256)
    await blobs.delete(image.sha256)
    with pytest.raises(FileNotFoundError):
        await whole(blobs, image.sha256, 1)


async def test_missing_bytes_are_the_same_error_everywhere(blobs: Blobs, spool: Spool) -> None:
    with pytest.raises(FileNotFoundError):
        await whole(blobs, ABSENT, 5)
    with pytest.raises(FileNotFoundError):
        await blobs.local(ABSENT, 5, spool.path())


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "ab/../../x", "A" * 64, ABSENT + "\n", "/" + ABSENT[1:]]
)
async def test_only_hashes_are_names(blobs: Blobs, spool: Spool, name: str) -> None:
    with pytest.raises(ValueError, match="not a hash"):
        await whole(blobs, name, 5)
    with pytest.raises(ValueError, match="not a hash"):
        await blobs.local(name, 5, spool.path())
    with pytest.raises(ValueError, match="not a hash"):
        await blobs.delete(name)


async def test_the_check_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.check()
    assert files_in(tmp_path) == []


async def test_a_store_that_cannot_be_written_fails_the_check(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path / "blobs")
    shutil.rmtree(tmp_path / "blobs")
    (tmp_path / "blobs").write_bytes(b"a file in the way")
    with pytest.raises((OSError, BaseError)):
        await blobs.check()


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    shared = Path("/dev/shm")  # noqa: S108
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


async def test_the_store_may_lie_on_another_file_system(
    other_file_system: Path, spool: Spool
) -> None:
    blobs = DiskBlobs(other_file_system / "blobs")
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    assert not image.path.exists()
    assert await whole(blobs, hashlib.sha256(DATA).hexdigest(), len(DATA)) == DATA
    assert len(files_in(other_file_system)) == 1


async def test_images_that_come_at_once_into_a_new_folder_are_all_stored(
    tmp_path: Path, spool: Spool
) -> None:
    blobs = DiskBlobs(tmp_path / "blobs")
    images = [spooled(spool, DATA) for _ in range(20)]
    await asyncio.gather(*(blobs.adopt(image) for image in images))
    assert await whole(blobs, images[0].sha256, len(DATA)) == DATA


class Watched(Disk):
    """Notes in which order names change and what is made to survive a power cut."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []

    def sync(self, path: Path) -> None:
        super().sync(path)
        self.done.append(("sync", path.name))

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.done.append(("rename", target.name))


async def test_bytes_then_name_then_folder_are_made_durable(tmp_path: Path, spool: Spool) -> None:
    disk = Watched()
    blobs = DiskBlobs(tmp_path / "data" / "blobs", disk)
    image = spooled(spool, DATA)
    folder = image.sha256[:2]
    await blobs.adopt(image)
    made = [("sync", tmp_path.name), ("sync", "data"), ("sync", "blobs")]
    stored = [("sync", image.path.name), ("rename", image.sha256), ("sync", folder)]
    assert disk.done == made + stored


async def test_a_folder_that_another_process_just_made_is_made_durable(
    tmp_path: Path, spool: Spool
) -> None:
    disk = Watched()
    blobs = DiskBlobs(tmp_path / "blobs", disk)
    image = spooled(spool, DATA)
    (tmp_path / "blobs" / image.sha256[:2]).mkdir()
    await blobs.adopt(image)
    assert disk.done.count(("sync", "blobs")) == 1


async def test_a_durable_image_is_not_replaced_by_a_preview_of_the_same_bytes(
    tmp_path: Path, spool: Spool
) -> None:
    disk = Watched()
    blobs = DiskBlobs(tmp_path / "blobs", disk)
    await blobs.adopt(spooled(spool, DATA))
    before = list(disk.done)
    preview = spooled(spool, DATA)
    stored = tmp_path / "blobs" / preview.sha256[:2] / preview.sha256
    os.utime(stored, (1, 1))
    await blobs.adopt(preview, durable=False)
    assert disk.done == before
    assert stored.stat().st_mtime > 1  # for the sweep it is new
    assert not preview.path.exists()
    assert await whole(blobs, preview.sha256, len(DATA)) == DATA


async def test_a_preview_that_a_power_cut_tore_is_replaced(tmp_path: Path, spool: Spool) -> None:
    blobs = DiskBlobs(tmp_path / "blobs")
    preview = spooled(spool, DATA)
    stored = tmp_path / "blobs" / preview.sha256[:2] / preview.sha256
    stored.parent.mkdir()
    stored.touch()
    await blobs.adopt(preview, durable=False)
    assert await whole(blobs, preview.sha256, len(DATA)) == DATA


class Killed(Disk):
    """The process ends right after the first change of a name."""

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        raise KeyboardInterrupt


@pytest.mark.parametrize("again", [True, False])
async def test_what_a_kill_left_of_a_deletion_is_put_back_or_removed(
    tmp_path: Path, spool: Spool, again: bool
) -> None:
    folder = tmp_path / "blobs"
    blobs = DiskBlobs(folder)
    image = spooled(spool, DATA)
    await blobs.adopt(image)
    with pytest.raises(KeyboardInterrupt):
        await DiskBlobs(folder, Killed()).delete(image.sha256)
    [left] = files_in(folder)
    assert [page async for page in blobs.listed(mend=True) if page] == []  # it may be at work still
    left.rename(left.with_name(f"{image.sha256}.{new_id(1)}"))
    if again:
        await blobs.adopt(spooled(spool, DATA))
    assert sum([len(page) async for page in blobs.listed()]) == again  # looking changes nothing
    [[found]] = [page async for page in blobs.listed(mend=True)]
    assert (found.sha256, found.byte_size) == (image.sha256, len(DATA))
    assert files_in(folder) == [folder / image.sha256[:2] / image.sha256]


class Meddling(Disk):
    """Somebody stores the bytes anew around the first change of a name."""

    def __init__(self, data: bytes, *, before: bool) -> None:
        self.data = data
        self.before = before
        self.done = False

    def rename(self, source: Path, target: Path) -> None:
        meddles, self.done = not self.done, True
        if meddles and self.before:
            source.write_bytes(self.data)
        super().rename(source, target)
        if meddles and not self.before:
            source.write_bytes(self.data)


@pytest.mark.parametrize("before", [True, False])
async def test_bytes_that_are_stored_anew_while_they_are_deleted_stay(
    tmp_path: Path, spool: Spool, before: bool
) -> None:
    image = spooled(spool, DATA)
    await DiskBlobs(tmp_path / "blobs").adopt(image)
    stored = tmp_path / "blobs" / image.sha256[:2] / image.sha256
    os.utime(stored, (1, 1))
    blobs = DiskBlobs(tmp_path / "blobs", Meddling(DATA, before=before))
    assert await blobs.delete(image.sha256, until_ms=5_000) is not before
    assert await whole(blobs, image.sha256, len(DATA)) == DATA
    assert files_in(tmp_path / "blobs") == [stored]
