"""An upstream's images: stored as they came, fitted beside their original, or dropped."""

import hashlib
from pathlib import Path

import pytest

from darkroom.assets import Results, Spool
from darkroom.assets.blobs import DiskBlobs
from darkroom.core.errors import UpstreamBroken
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from tests.assets.images import exif, gradient, opened, saved
from tests.support.spooled import spooled

PNG = saved(gradient(), "PNG", exif=exif())
OTHER = saved(gradient("L"), "PNG")


class Bench:
    def __init__(self, folder: Path) -> None:
        self.files = folder / "spool"
        self.spool = Spool(self.files)
        self.blobs = DiskBlobs(folder / "blobs")
        self.results = Results(self.spool, self.blobs)

    def spooled(self, *data: bytes) -> list[SpooledImage]:
        return [spooled(self.spool, each) for each in data]

    async def bytes_of(self, asset: Asset) -> bytes:
        return b"".join([p async for p in self.blobs.read(asset.sha256, asset.byte_size)])

    @property
    def left(self) -> list[Path]:
        return list(self.files.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("wanted", [None, Size(40, 24)])
async def test_images_are_kept_byte_for_byte_in_their_order(
    bench: Bench, wanted: Size | None
) -> None:
    kept = await bench.results.keep(bench.spooled(PNG, OTHER), wanted)
    assert [await bench.bytes_of(asset) for asset in kept.assets] == [PNG, OTHER]
    assert [(asset.kind, asset.position) for asset in kept.assets] == [
        (AssetKind.RESULT, 0),
        (AssetKind.RESULT, 1),
    ]
    assert [asset.expires_at_ms for asset in kept.assets] == [None, None]
    assert kept.warnings == ()
    assert bench.left == []


async def test_unusable_bytes_are_dropped_with_a_warning(bench: Bench) -> None:
    images = bench.spooled(b"%PDF-1.7 this is no image", PNG, PNG[:90], OTHER)
    kept = await bench.results.keep(images, None)
    assert [await bench.bytes_of(asset) for asset in kept.assets] == [PNG, OTHER]
    assert [asset.position for asset in kept.assets] == [0, 1]
    assert [warning.code for warning in kept.warnings] == ["image_unusable"] * 2
    assert bench.left == []


@pytest.mark.parametrize("data", [(), (b"",), (b"no image" * 9, PNG[:-30])])
async def test_not_one_usable_image_is_a_broken_answer(
    bench: Bench, data: tuple[bytes, ...]
) -> None:
    with pytest.raises(UpstreamBroken):
        await bench.results.keep(bench.spooled(*data), None)
    assert bench.left == []


async def test_a_fitted_image_stands_beside_its_untouched_original(bench: Bench) -> None:
    kept = await bench.results.keep(bench.spooled(PNG, OTHER), Size(30, 30))
    kinds = [(asset.kind, asset.position, asset.width, asset.height) for asset in kept.assets]
    assert kinds == [
        (AssetKind.RESULT, 0, 30, 30),
        (AssetKind.ORIGINAL, 0, 40, 24),
        (AssetKind.RESULT, 1, 30, 30),
        (AssetKind.ORIGINAL, 1, 40, 24),
    ]
    assert await bench.bytes_of(kept.assets[1]) == PNG
    assert await bench.bytes_of(kept.assets[3]) == OTHER
    fit = await bench.bytes_of(kept.assets[0])
    assert opened(fit).size == (30, 30)
    assert hashlib.sha256(fit).hexdigest() == kept.assets[0].sha256
    assert bench.left == []


async def test_pixels_that_cannot_be_decoded_for_fitting_are_dropped(bench: Bench) -> None:
    damaged = PNG.replace(b"IDAT", b"IDAX")
    kept = await bench.results.keep(bench.spooled(damaged, OTHER), Size(30, 30))
    assert len(kept.assets) == 2
    assert [warning.code for warning in kept.warnings] == ["image_unusable"]
    with pytest.raises(UpstreamBroken):
        await bench.results.keep(bench.spooled(damaged), Size(30, 30))
    assert bench.left == []


async def test_what_is_not_resampled_is_kept_and_said(bench: Bench) -> None:
    gif = saved(gradient(), "GIF")
    kept = await bench.results.keep(bench.spooled(gif), Size(30, 30))
    assert [(asset.kind, asset.width) for asset in kept.assets] == [(AssetKind.RESULT, 40)]
    warning = kept.warnings[0]
    assert (warning.code, warning.asked, warning.used) == ("size_not_fitted", "30x30", "40x24")
    assert await bench.bytes_of(kept.assets[0]) == gif


async def test_a_preview_is_kept_for_a_while(bench: Bench) -> None:
    asset = await bench.results.keep_partial(bench.spooled(PNG)[0], 2)
    assert (asset.kind, asset.position) == (AssetKind.PARTIAL, 2)
    assert asset.expires_at_ms is not None
    assert asset.expires_at_ms > asset.created_at_ms
    assert await bench.bytes_of(asset) == PNG
    with pytest.raises(UpstreamBroken, match="partial"):
        await bench.results.keep_partial(bench.spooled(b"no image" * 9)[0], 0)
    assert bench.left == []


class FullStore(DiskBlobs):
    """Takes ``room`` images, then nothing more."""

    def __init__(self, folder: Path, room: int) -> None:
        super().__init__(folder)
        self._room = room

    async def adopt(self, image: SpooledImage, *, durable: bool = True) -> None:
        if not self._room:
            raise OSError("no space left")
        self._room -= 1
        await super().adopt(image, durable=durable)


@pytest.mark.parametrize("wanted", [None, Size(30, 30)])
@pytest.mark.parametrize("room", [0, 1, 2])
async def test_a_store_that_fails_leaves_nothing_in_the_spool(
    tmp_path: Path, wanted: Size | None, room: int
) -> None:
    bench = Bench(tmp_path)
    full = Results(bench.spool, FullStore(tmp_path / "full", room))
    with pytest.raises(OSError, match="no space"):
        await full.keep(bench.spooled(PNG, OTHER, PNG), wanted)
    assert bench.left == []
