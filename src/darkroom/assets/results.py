"""Takes an upstream's images in: verified, finished where needed, stored before a job may end."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from darkroom.assets.blobs import Blobs
from darkroom.assets.spool import Spool, SpoolWriter, not_stored, result_of
from darkroom.core.errors import DarkroomError, InvalidImage, UpstreamBroken
from darkroom.core.finish import Finish
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.request import InputImage
from darkroom.core.result import SpooledImage
from darkroom.core.warning import Warning
from darkroom.imaging.finishing import Finished, Ground, as_asked, finished
from darkroom.imaging.inspect import ImageFacts, NotAnImage, inspect
from darkroom.imaging.pool import in_pool

log = structlog.get_logger(__name__)

_PARTIAL_LIFETIME_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored images as rows to be written, and what had to be bent."""

    assets: list[Asset]
    warnings: tuple[Warning, ...] = ()
    matted: bool = False
    """Whether every image came without a background, or had its own cut out here."""


class Results:
    """Original bytes are never changed: what is made of them is a second asset beside them."""

    def __init__(self, spool: Spool, blobs: Blobs) -> None:
        self._spool = spool
        self._blobs = blobs

    def writer(self) -> SpoolWriter:
        return self._spool.result()

    async def keep(self, images: Sequence[SpooledImage], finish: Finish) -> Kept:
        """Store what arrived, and make of it what was asked for.

        Raises :class:`UpstreamBroken` when not one of the files is an image,
        :class:`InvalidImage` when what they are laid over is gone, and :class:`ResultLost` when
        we fail to keep what was paid for: the disk is full, or a worker is broken.
        """
        assets: list[Asset] = []
        warnings: list[Warning] = []
        matted = finish.matte
        position = 0
        try:
            async with self._ground(finish) as ground:
                for image in images:
                    try:
                        kept, done = await self._one(image, finish, ground, position)
                    except NotAnImage as error:
                        image.path.unlink(missing_ok=True)
                        dropped = f"An image was dropped: {error}."
                        warnings.append(Warning("image_unusable", dropped))
                        continue
                    assets.extend(kept)
                    warnings.extend(each for each in done.warnings if each not in warnings)
                    matted = matted and done.matted
                    position += 1
        except BaseException as error:
            for image in images:
                image.path.unlink(missing_ok=True)
            if isinstance(error, DarkroomError) or not isinstance(error, Exception):
                raise
            log.exception("result_not_stored")
            raise not_stored(error) from error
        if not assets:
            raise UpstreamBroken(warnings[0].message if warnings else "No image arrived.")
        return Kept(assets, tuple(warnings), matted)

    async def keep_partial(self, image: SpooledImage, index: int) -> Asset:
        """Store a streamed preview; it need not survive a power cut."""
        try:
            return await self._stored(image, inspect(image.path), AssetKind.PARTIAL, index)
        except NotAnImage as error:
            image.path.unlink(missing_ok=True)
            raise UpstreamBroken(f"A partial image cannot be used: {error}.") from error
        except OSError as error:
            raise not_stored(error) from error

    async def _one(
        self, image: SpooledImage, finish: Finish, ground: Ground | None, position: int
    ) -> tuple[list[Asset], Finished]:
        """The result first; behind it the original, when the result was made from it."""
        facts = inspect(image.path)
        done, made = Finished(None), None
        if not as_asked(facts, finish):
            done, made = await self._finished(image, facts, finish, ground)
        if done.facts is None or made is None:
            return [await self._stored(image, facts, AssetKind.RESULT, position)], done
        return [
            await self._stored(made, done.facts, AssetKind.RESULT, position),
            await self._stored(image, facts, AssetKind.ORIGINAL, position),
        ], done

    async def _finished(
        self, image: SpooledImage, facts: ImageFacts, finish: Finish, ground: Ground | None
    ) -> tuple[Finished, SpooledImage | None]:
        target = self._spool.path()
        try:
            done = await in_pool(finished, image.path, target, facts, finish, ground)
            if done.facts is None:
                return done, None
            return done, await asyncio.to_thread(result_of, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    @asynccontextmanager
    async def _ground(self, finish: Finish) -> AsyncGenerator[Ground | None]:
        """Local files of what results are laid over; copies are removed at the end."""
        if finish.composite is None:
            yield None
            return
        images = (finish.composite.base, finish.composite.mask)
        copies = [self._spool.path() for _ in images]
        try:
            base, mask = [await self._local(*each) for each in zip(images, copies, strict=True)]
            yield Ground(base, mask)
        finally:
            for copy in copies:
                copy.unlink(missing_ok=True)

    async def _local(self, image: InputImage, copy_to: Path) -> Path:
        try:
            return await self._blobs.local(image.sha256, image.byte_size, copy_to)
        except FileNotFoundError as error:
            raise InvalidImage(
                f"The input image '{image.asset_id}' is not stored any more. Send it again."
            ) from error

    async def _stored(
        self, image: SpooledImage, facts: ImageFacts, kind: AssetKind, position: int
    ) -> Asset:
        partial = kind is AssetKind.PARTIAL
        try:
            await self._blobs.adopt(image, durable=not partial)
        except BaseException:
            image.path.unlink(missing_ok=True)
            raise
        now = now_ms()
        return Asset(
            id=new_id(now),
            kind=kind,
            position=position,
            sha256=image.sha256,
            media_type=facts.media_type,
            width=facts.width,
            height=facts.height,
            byte_size=image.byte_size,
            created_at_ms=now,
            expires_at_ms=now + _PARTIAL_LIFETIME_MS if partial else None,
        )
