"""Small copies of stored images, for looking at: made when first asked for, then kept."""

import asyncio
import errno
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.assets.spool import Spool
from darkroom.core.errors import InvalidImage, NotFound, Overloaded
from darkroom.core.job import Asset
from darkroom.core.result import SpooledImage
from darkroom.db import Database
from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.pool import in_pool
from darkroom.imaging.thumbnail import thumbnail

THUMBNAIL_EDGE = 320
PREVIEW_EDGE = 768
EDGES = (THUMBNAIL_EDGE, PREVIEW_EDGE)
"""The longest edge, in pixels, of the two small copies of an image."""
MEDIA_TYPE = "image/webp"
_AT_ONCE = 2
_WAITING_MAX = 200
_FAILED_MAX = 1_000
_BYTES_MAX = 4 << 20


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small copy as it is stored: a WebP."""

    sha256: str
    byte_size: int


class Thumbnails:
    """Whoever asks for one that is being made waits for it; more than so many are refused."""

    def __init__(self, spool: Spool, blobs: Blobs, database: Database) -> None:
        self._spool = spool
        self._blobs = blobs
        self._database = database
        self._making: dict[tuple[str, int], asyncio.Task[Thumbnail]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)  # the pool has other work as well
        self._failed: OrderedDict[tuple[str, int], str] = OrderedDict()

    async def of(self, asset: Asset, edge: int) -> tuple[Thumbnail, bytes]:
        """The copy whose longest edge is at most ``edge``, one of :data:`EDGES`, and its bytes.

        Raises :class:`InvalidImage` when there cannot be one, :class:`NotFound` when the image's
        own bytes are gone, and :class:`Overloaded`.
        """
        found = await self._database.read(lambda tx: records.thumbnail(tx, asset.sha256, edge))
        if found is not None:
            small = Thumbnail(*found)
            try:
                return small, await self._bytes(small)
            except FileNotFoundError:  # it can be made again
                pass
        small = await self._made(asset, edge)
        return small, await self._bytes(small)

    async def local(self, asset: Asset, edge: int, copy_to: Path) -> Path:
        """A local file with the copy: ``copy_to``, or the stored one. Raises like :meth:`of`."""
        small, data = await self.of(asset, edge)
        try:
            return await self._blobs.local(small.sha256, small.byte_size, copy_to)
        except FileNotFoundError:
            await asyncio.to_thread(copy_to.write_bytes, data)
            return copy_to

    async def _bytes(self, small: Thumbnail) -> bytes:
        if small.byte_size > _BYTES_MAX:
            raise InvalidImage("The small copy of this image is too large.")
        pieces = [piece async for piece in self._blobs.read(small.sha256, small.byte_size)]
        data = b"".join(pieces)
        if len(data) != small.byte_size:  # a power cut left the name, and not the bytes
            raise FileNotFoundError(errno.ENOENT, "the small copy is torn", small.sha256)
        return data

    async def _made(self, asset: Asset, edge: int) -> Thumbnail:
        key = (asset.sha256, edge)
        if (why := self._failed.get(key)) is not None:
            raise InvalidImage(why)
        task = self._making.get(key)
        if task is None:
            if len(self._making) >= _WAITING_MAX:
                raise Overloaded(
                    "Too many small images are being made. Ask for this one again in a moment.",
                    retry_after_s=2,
                )
            task = asyncio.create_task(self._make(asset, edge), name="thumbnail")
            self._making[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)  # who goes away leaves it to the others

    def _done(self, key: tuple[str, int], task: "asyncio.Task[Thumbnail]") -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, for when nobody waits any more

    async def _make(self, asset: Asset, edge: int) -> Thumbnail:
        async with self._places:
            copy, target = self._spool.path(), self._spool.path()
            try:
                source = await self._blobs.local(asset.sha256, asset.byte_size, copy)
                await in_pool(thumbnail, source, target, edge)
                image = await asyncio.to_thread(_hashed, target)
                await self._blobs.adopt(image, durable=False)
            except FileNotFoundError as error:
                raise NotFound(f"The image '{asset.id}' is not stored any more.") from error
            except NotAnImage as error:
                why = f"No small copy can be made of this image: {error}. Its own link still works."
                self._remember(asset, edge, why)
                raise InvalidImage(why) from error
            finally:
                copy.unlink(missing_ok=True)
                target.unlink(missing_ok=True)
        await self._database.write(
            lambda tx: records.keep_thumbnail(
                tx, asset.sha256, edge, (image.sha256, image.byte_size)
            )
        )
        return Thumbnail(image.sha256, image.byte_size)

    def _remember(self, asset: Asset, edge: int, why: str) -> None:
        """What failed once is not tried again at each look."""
        self._failed[asset.sha256, edge] = why
        if len(self._failed) > _FAILED_MAX:
            self._failed.popitem(last=False)


def _hashed(path: Path) -> SpooledImage:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SpooledImage(path, digest, path.stat().st_size)
