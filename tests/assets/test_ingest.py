"""Input images are checked, cleaned and stored, whatever they come from."""

import asyncio
import base64
import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from PIL import Image

from darkroom.assets import Blobs, Ingest, Spool, Taken, add_assets
from darkroom.assets.blobs import DiskBlobs
from darkroom.assets.spool import UPLOAD_BYTES_MAX
from darkroom.core.draft import (
    InlineImage,
    MaskConvention,
    RemoteImage,
    Source,
    StoredImage,
    Upload,
)
from darkroom.core.errors import DarkroomError, InvalidImage, NotFound, PayloadTooLarge
from darkroom.core.ids import now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.request import InputImage
from darkroom.db import open_database
from darkroom.egress import AddressGuard, PublicFetcher
from tests.imaging.images import CANARY, exif, gradient, opened, png_bomb, saved
from tests.support.spooled import spooled

both_stores = pytest.mark.parametrize("store", ["disk", "remote"])

PNG = saved(gradient(), "PNG")
JPEG = saved(gradient(), "JPEG", exif=exif())
OWNER = "owner"


@dataclass
class Bench:
    """An ingest with everything under it; ``files`` is the spool's folder."""

    ingest: Ingest
    spool: Spool
    blobs: Blobs
    files: Path

    def upload(self, data: bytes) -> Upload:
        return Upload(spooled(self.spool, data))

    async def take(self, *sources: Source, mask: Source | None = None) -> Taken:
        return await self.ingest.take(OWNER, sources, mask)

    async def bytes_of(self, image: InputImage) -> bytes:
        return b"".join([p async for p in self.blobs.read(image.sha256, image.byte_size)])

    async def fails(self, *sources: Source, mask: Source | None = None) -> DarkroomError:
        with pytest.raises(DarkroomError) as caught:
            await self.take(*sources, mask=mask)
        for source in (*sources, mask):
            if isinstance(source, Upload):  # the uploads belong to whoever received them
                source.image.path.unlink(missing_ok=True)
        assert self.left == []
        return caught.value

    @property
    def left(self) -> list[Path]:
        return list(self.files.iterdir())

    async def stored(self, data: bytes, account: str = OWNER, **changes: object) -> Asset:
        """An uploaded file of ``account``."""
        asset = await self.ingest.upload(Upload(spooled(self.spool, data)), f"file-{account}", None)
        asset = replace(asset, **changes)  # type: ignore[arg-type]
        database = self.ingest._database
        await database.write(lambda tx: add_assets(tx, account, None, [asset]))
        return asset


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database file, to be copied."""
    path = tmp_path_factory.mktemp("ingest") / "darkroom.db"

    async def make() -> None:
        await (await open_database(f"sqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture
def store() -> str:
    return "disk"


@pytest.fixture
async def bench(store: str, migrated: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    shutil.copy(migrated, tmp_path / "darkroom.db")
    database = await open_database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    fetcher = PublicFetcher(AddressGuard(["127.0.0.0/8"]), any_port=True)
    spool = Spool(tmp_path / "spool")
    blobs = DiskBlobs(tmp_path / "blobs") if store == "disk" else Blobs(MemoryStore())
    try:
        yield Bench(Ingest(spool, blobs, fetcher, database), spool, blobs, tmp_path / "spool")
    finally:
        await fetcher.close()
        await database.close()


@pytest.fixture
async def pictures() -> AsyncIterator[str]:
    """A web server whose every page is the PNG, sent as something else; ``/big`` never ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n")
        try:
            while head.startswith(b"GET /big"):
                writer.write(bytes(1_000_000))
                await writer.drain()
            writer.write(PNG)
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def inline(data: bytes, head: str = "") -> InlineImage:
    return InlineImage(head + base64.b64encode(data).decode())


# Sources ---------------------------------------------------------------------------------------


@both_stores
async def test_all_four_sources_give_the_same_image(bench: Bench, pictures: str) -> None:
    stored = await bench.stored(PNG)
    taken = await bench.take(
        bench.upload(PNG), RemoteImage(f"{pictures}/a.html"), inline(PNG), StoredImage(stored.id)
    )
    for image in taken.inputs:
        assert (image.media_type, image.width, image.height) == ("image/png", 40, 24)
        assert (image.sha256, image.byte_size) == (hashlib.sha256(PNG).hexdigest(), len(PNG))
        assert await bench.bytes_of(image) == PNG
    assert taken.inputs[3].asset_id == stored.id
    assert [asset.position for asset in taken.assets] == [0, 1, 2]
    assert {asset.kind for asset in taken.assets} == {AssetKind.INPUT}
    assert len({image.asset_id for image in taken.inputs}) == 4
    assert bench.left == []


@pytest.mark.parametrize(
    "head",
    [
        "",
        "data:image/png;base64,",
        "data:;base64,",
        "data:text/html;charset=utf-8;base64,",
        "DATA:IMAGE/PNG;BASE64,",
    ],
)
async def test_inline_images_with_and_without_a_head(bench: Bench, head: str) -> None:
    taken = await bench.take(inline(PNG, head))
    assert await bench.bytes_of(taken.inputs[0]) == PNG


async def test_base64_may_have_line_breaks_and_be_long(bench: Bench) -> None:
    data = saved(gradient(size=(900, 700)).effect_spread(300), "PNG")
    assert len(data) > 600_000
    taken = await bench.take(InlineImage(base64.encodebytes(data).decode()))
    assert await bench.bytes_of(taken.inputs[0]) == data


async def test_others_have_their_turn_while_a_long_text_is_decoded(bench: Bench) -> None:
    turns = 0

    async def another() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(another())
    await bench.fails(InlineImage("QUJD" * (1 << 18) + "!!!!"))  # four pieces, then none
    assert turns >= 4
    task.cancel()


@pytest.mark.parametrize(
    "text",
    [
        "!!!!",
        "QUJ",
        "é===",
        "data:image/png,AAAA",
        "data:image/png;base64",
        "QQ==QUJD",
        "A" * (1 << 18) + "=" * 4 + "AAAA",
        "QQ==".rjust(1 << 18, "A") + "QUJD",
    ],
)
async def test_invalid_base64_is_refused(bench: Bench, text: str) -> None:
    error = await bench.fails(InlineImage(text))
    assert type(error) is InvalidImage
    assert "base64" in error.message
    assert error.param == "image"


async def test_metadata_never_gets_into_the_store(bench: Bench) -> None:
    for data in (
        JPEG,
        saved(gradient(), "PNG", exif=exif()),
        saved(gradient(), "WEBP", exif=exif()),
    ):
        taken = await bench.take(bench.upload(data))
        kept = await bench.bytes_of(taken.inputs[0])
        assert CANARY not in kept
        assert hashlib.sha256(kept).hexdigest() == taken.inputs[0].sha256
        assert len(kept) == taken.inputs[0].byte_size
    assert bench.left == []


async def test_a_turned_image_has_the_size_that_it_is_seen_with(bench: Bench) -> None:
    taken = await bench.take(bench.upload(saved(gradient(), "JPEG", exif=exif(6))))
    assert (taken.inputs[0].width, taken.inputs[0].height) == (24, 40)


# Refusals --------------------------------------------------------------------------------------

ANIMATED = {"save_all": True, "append_images": [gradient().rotate(90)]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a PNG"),
        (b"<svg></svg>" * 9, "not a PNG"),
        (saved(gradient(), "GIF"), "image/gif"),
        (saved(gradient(), "PNG", **ANIMATED), "animated"),
        (saved(gradient(), "WEBP", **ANIMATED), "animated"),
        (PNG[:-20], "cut off"),
        (JPEG[:-20], "cut off"),
        (png_bomb(13_000, 6_000), "64 million"),
    ],
)
async def test_unusable_images_are_refused_by_name(bench: Bench, data: bytes, why: str) -> None:
    error = await bench.fails(bench.upload(PNG), bench.upload(data))
    assert type(error) is InvalidImage
    assert why in error.message
    assert error.param == "image[1]"
    assert (await bench.fails(inline(PNG), mask=inline(data))).param == "mask"


async def test_the_bound_holds_while_reading(bench: Bench, pictures: str) -> None:
    error = await bench.fails(RemoteImage(f"{pictures}/big"))
    assert type(error) is PayloadTooLarge
    assert error.param == "image"
    text = "A" * ((UPLOAD_BYTES_MAX // 3 + 2) * 4)
    assert type(await bench.fails(InlineImage(text))) is PayloadTooLarge


@pytest.mark.parametrize(
    ("changes", "account"),
    [({}, "somebody else"), ({"expires_at_ms": now_ms() - 1}, OWNER)],
)
async def test_an_image_that_is_not_yours_or_has_expired_is_not_found(
    bench: Bench, changes: dict[str, int], account: str
) -> None:
    asset = await bench.stored(PNG, account, **changes)
    unknown = await bench.fails(StoredImage("file-unknown"))
    for error in (
        unknown,
        await bench.fails(inline(PNG), StoredImage(asset.id)),
        await bench.fails(inline(PNG), mask=StoredImage(asset.id)),
    ):
        assert type(error) is NotFound
        assert error.message.partition("'")[0] == unknown.message.partition("'")[0]
    assert error.param == "mask"


async def test_a_stored_gif_is_no_input(bench: Bench) -> None:
    asset = await bench.stored(PNG, media_type="image/gif")
    error = await bench.fails(StoredImage(asset.id))
    assert type(error) is InvalidImage
    assert "image/gif" in error.message


async def test_an_unreachable_url_names_its_parameter(bench: Bench) -> None:
    error = await bench.fails(RemoteImage("http://10.0.0.1/a.png"))
    assert type(error) is InvalidImage
    assert error.param == "image"


async def test_a_refused_upload_names_the_file(bench: Bench) -> None:
    with pytest.raises(InvalidImage) as caught:
        await bench.ingest.upload(bench.upload(b"no image at all" * 9), "file-1", None)
    assert caught.value.param == "file"
    assert bench.left == []


# Masks -----------------------------------------------------------------------------------------

BLACK_AND_WHITE = saved(gradient("1"), "PNG")


async def test_a_mask_is_brought_into_its_form(bench: Bench) -> None:
    taken = await bench.take(bench.upload(JPEG), mask=bench.upload(saved(gradient("L"), "JPEG")))
    assert taken.mask is not None
    assert taken.mask.media_type == "image/png"
    assert opened(await bench.bytes_of(taken.mask)).mode == "RGBA"
    assert [asset.kind for asset in taken.assets] == [AssetKind.INPUT, AssetKind.MASK]


@both_stores
async def test_a_stored_mask_is_brought_into_its_form_too(bench: Bench) -> None:
    asset = await bench.stored(BLACK_AND_WHITE)
    taken = await bench.take(inline(PNG), mask=StoredImage(asset.id))
    assert taken.mask is not None
    assert opened(await bench.bytes_of(taken.mask)).mode == "RGBA"
    assert taken.mask.asset_id != asset.id
    original = InputImage(asset.id, asset.sha256, "image/png", 40, 24, asset.byte_size)
    assert await bench.bytes_of(original) == BLACK_AND_WHITE
    assert bench.left == []


async def test_a_mask_of_another_size_is_refused(bench: Bench) -> None:
    error = await bench.fails(inline(PNG), mask=inline(saved(gradient(size=(41, 24)), "PNG")))
    assert type(error) is InvalidImage
    assert error.param == "mask"
    assert "41x24" in error.message
    assert "40x24" in error.message


# Files for the upstream ------------------------------------------------------------------------


@both_stores
async def test_files_are_there_for_the_attempt_and_copies_go_with_it(bench: Bench) -> None:
    taken = await bench.take(inline(PNG), inline(JPEG))
    for _ in range(2):
        async with bench.ingest.open_files(taken.inputs) as files:
            assert [file.media_type for file in files] == ["image/png", "image/jpeg"]
            assert files[0].path.read_bytes() == PNG
            assert files[1].byte_size == len(files[1].path.read_bytes())
        assert bench.left == []
    assert await bench.bytes_of(taken.inputs[0]) == PNG


@both_stores
async def test_copies_go_also_when_the_attempt_fails(bench: Bench) -> None:
    taken = await bench.take(inline(PNG))
    with pytest.raises(ValueError, match="upstream"):
        async with bench.ingest.open_files(taken.inputs):
            raise ValueError("upstream")
    assert bench.left == []


@both_stores
async def test_an_image_that_is_gone_is_a_clear_error_and_leaves_no_copy(bench: Bench) -> None:
    taken = await bench.take(inline(PNG), inline(JPEG))
    await bench.blobs.delete(taken.inputs[1].sha256)
    with pytest.raises(InvalidImage, match="not stored any more"):
        async with bench.ingest.open_files(taken.inputs):
            pytest.fail("the body must not run")
    assert bench.left == []


@pytest.mark.parametrize(
    ("convention", "edited"),
    [(MaskConvention.BLACK, (0, 0, 20, 24)), (MaskConvention.WHITE, (20, 0, 40, 24))],
)
async def test_a_mask_is_stored_in_one_convention_whatever_it_came_in(
    bench: Bench, convention: MaskConvention, edited: tuple[int, int, int, int]
) -> None:
    painted = Image.new("RGB", (40, 24), "white")
    painted.paste((0, 0, 0), (0, 0, 20, 24))
    mask = bench.upload(saved(painted, "PNG"))
    taken = await bench.ingest.take(OWNER, (bench.upload(PNG),), mask, convention)
    assert taken.mask is not None
    alpha = Image.new("L", (40, 24), 255)
    alpha.paste(0, edited)
    stored = opened(await bench.bytes_of(taken.mask))
    assert stored.getchannel("A").tobytes() == alpha.tobytes()


async def test_a_mask_without_the_alpha_it_should_have_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(InvalidImage, match="no alpha channel") as caught:
        await bench.ingest.take(
            OWNER, (bench.upload(PNG),), bench.upload(PNG), MaskConvention.ALPHA
        )
    assert caught.value.param == "mask"
