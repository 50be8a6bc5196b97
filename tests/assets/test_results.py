"""An upstream's images: stored as they came, fitted beside their original, or dropped."""

import asyncio
import hashlib
import shutil
from pathlib import Path

import pytest
from PIL import Image

from darkroom.assets import Results, Spool
from darkroom.assets.blobs import DiskBlobs
from darkroom.core.errors import InvalidImage, ResultLost, UpstreamBroken
from darkroom.core.finish import Composite, Finish
from darkroom.core.job import Asset, AssetKind
from darkroom.core.request import InputImage
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from tests.imaging.images import exif, gradient, opened, saved
from tests.support.spooled import spooled

PNG = saved(gradient(), "PNG", exif=exif())
OTHER = saved(gradient("L"), "PNG")
SMALL = Finish(Size(30, 30), told=frozenset({"size_fitted"}))


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


@pytest.mark.parametrize(
    "finish", [Finish(), Finish(Size(40, 24)), Finish(Size(40, 24), "png", compression=10)]
)
async def test_images_are_kept_byte_for_byte_in_their_order(bench: Bench, finish: Finish) -> None:
    kept = await bench.results.keep(bench.spooled(PNG, OTHER), finish)
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
    kept = await bench.results.keep(images, Finish())
    assert [await bench.bytes_of(asset) for asset in kept.assets] == [PNG, OTHER]
    assert [asset.position for asset in kept.assets] == [0, 1]
    assert [warning.code for warning in kept.warnings] == ["image_unusable"] * 2
    assert bench.left == []


@pytest.mark.parametrize("data", [(), (b"",), (b"no image" * 9, PNG[:-30])])
async def test_not_one_usable_image_is_a_broken_answer(
    bench: Bench, data: tuple[bytes, ...]
) -> None:
    with pytest.raises(UpstreamBroken):
        await bench.results.keep(bench.spooled(*data), Finish())
    assert bench.left == []


async def test_a_fitted_image_stands_beside_its_untouched_original(bench: Bench) -> None:
    kept = await bench.results.keep(bench.spooled(PNG, OTHER), SMALL)
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
    kept = await bench.results.keep(bench.spooled(damaged, OTHER), SMALL)
    assert len(kept.assets) == 2
    assert [warning.code for warning in kept.warnings] == ["image_unusable"]
    with pytest.raises(UpstreamBroken):
        await bench.results.keep(bench.spooled(damaged), SMALL)
    assert bench.left == []


async def test_what_is_not_resampled_is_kept_and_said(bench: Bench) -> None:
    gif = saved(gradient(), "GIF")
    kept = await bench.results.keep(bench.spooled(gif), SMALL)
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


@pytest.mark.parametrize("finish", [Finish(), SMALL])
@pytest.mark.parametrize("room", [0, 1, 2])
async def test_a_store_that_fails_leaves_nothing_in_the_spool(
    tmp_path: Path, finish: Finish, room: int
) -> None:
    bench = Bench(tmp_path)
    full = Results(bench.spool, FullStore(tmp_path / "full", room))
    with pytest.raises(ResultLost, match="could not be stored"):
        await full.keep(bench.spooled(PNG, OTHER, PNG), finish)
    assert bench.left == []


# --- masks --------------------------------------------------------------------------------------


def mask() -> bytes:
    """40x24; the left half may change."""
    image = Image.new("RGBA", (40, 24), "white")
    image.paste((255, 255, 255, 0), (0, 0, 20, 24))
    return saved(image, "PNG")


class RemoteBlobs(DiskBlobs):
    """A store whose files have to be copied here before they can be read."""

    async def local(self, sha256: str, byte_size: int, copy_to: Path) -> Path:
        stored = await super().local(sha256, byte_size, copy_to)
        return await asyncio.to_thread(shutil.copyfile, stored, copy_to)


async def stored(bench: Bench, data: bytes) -> InputImage:
    image = spooled(bench.spool, data)
    await bench.blobs.adopt(image)
    return InputImage("asset", image.sha256, "image/png", 40, 24, image.byte_size)


@pytest.mark.parametrize("kind", [DiskBlobs, RemoteBlobs])
async def test_every_result_is_laid_over_the_input_and_its_original_kept(
    bench: Bench, kind: type[DiskBlobs], tmp_path: Path
) -> None:
    bench.blobs = kind(tmp_path / "blobs")
    bench.results = Results(bench.spool, bench.blobs)
    composite = Composite(await stored(bench, OTHER), await stored(bench, mask()))
    drawn = [
        saved(Image.new("RGB", (80, 48), color), "PNG") for color in ((255, 0, 0), (0, 255, 0))
    ]
    finish = Finish(Size(40, 24), "png", composite=composite, told=frozenset({"mask_composited"}))
    kept = await bench.results.keep(bench.spooled(*drawn), finish)
    results = [asset for asset in kept.assets if asset.kind is AssetKind.RESULT]
    originals = [asset for asset in kept.assets if asset.kind is AssetKind.ORIGINAL]
    assert [await bench.bytes_of(asset) for asset in originals] == drawn
    base = opened(OTHER).convert("RGB").crop((20, 0, 40, 24)).tobytes()
    for asset, color in zip(results, ((255, 0, 0), (0, 255, 0)), strict=True):
        picture = opened(await bench.bytes_of(asset))
        assert picture.crop((20, 0, 40, 24)).tobytes() == base
        assert picture.crop((0, 0, 20, 24)).getcolors() == [(480, color)]
    assert kept.warnings == ()
    assert bench.left == []


async def test_an_input_that_is_gone_is_said_and_nothing_is_left(bench: Bench) -> None:
    gone = InputImage("asset_1", "0" * 64, "image/png", 40, 24, 9)
    finish = Finish(format="png", composite=Composite(gone, gone))
    with pytest.raises(InvalidImage, match="asset_1"):
        await bench.results.keep(bench.spooled(PNG), finish)
    assert bench.left == []


# --- transparent backgrounds --------------------------------------------------------------------


async def test_a_background_that_stays_is_said_once_for_several_images(bench: Bench) -> None:
    plain = Image.new("RGB", (40, 24), "white")
    plain.paste((200, 0, 0), (10, 8, 30, 16))
    matte = Finish(format="png", matte=True)
    kept = await bench.results.keep(bench.spooled(saved(plain, "PNG")), matte)
    assert (kept.matted, kept.warnings) == (True, ())
    kept = await bench.results.keep(bench.spooled(saved(plain, "PNG"), PNG, OTHER), matte)
    assert not kept.matted
    assert [warning.code for warning in kept.warnings] == ["background_not_removed"]
    assert [asset.kind for asset in kept.assets] == [
        AssetKind.RESULT,
        AssetKind.ORIGINAL,
        AssetKind.RESULT,
        AssetKind.RESULT,
    ]
