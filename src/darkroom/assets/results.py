"""Takes an upstream's images in: verified, fitted where needed, stored before a job may finish."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from darkroom.assets.blobs import Blobs
from darkroom.assets.fitting import fitted
from darkroom.assets.inspect import ImageFacts, NotAnImage, inspect
from darkroom.assets.spool import Spool, SpoolWriter
from darkroom.core.errors import UpstreamBroken
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from darkroom.core.warning import Warning

_PARTIAL_LIFETIME_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored images as rows to be written, and what had to be bent."""

    assets: list[Asset]
    warnings: tuple[Warning, ...] = ()


class Results:
    """Original bytes are never re-encoded: a fitted image is a second asset beside its original."""

    def __init__(self, spool: Spool, blobs: Blobs) -> None:
        self._spool = spool
        self._blobs = blobs

    def writer(self) -> SpoolWriter:
        return self._spool.result()

    async def keep(self, images: Sequence[SpooledImage], wanted: Size | None) -> Kept:
        """Store what arrived; ``wanted`` is the exact size asked for, None for any.

        Raises :class:`UpstreamBroken` when not one of the files is an image.
        """
        assets: list[Asset] = []
        warnings: list[Warning] = []
        position = 0
        for image in images:
            try:
                facts = inspect(image.path)
            except NotAnImage as error:
                image.path.unlink(missing_ok=True)
                warnings.append(Warning("image_unusable", f"An image was dropped: {error}."))
                continue
            if wanted is not None and wanted != Size(facts.width, facts.height):
                fit = await self._fitted(image, facts, wanted, position)
                assets.extend(fit)
                kind = AssetKind.ORIGINAL if fit else AssetKind.RESULT
            else:
                kind = AssetKind.RESULT
            assets.append(await self._stored(image, facts, kind, position))
            position += 1
        if not assets:
            raise UpstreamBroken(warnings[0].message if warnings else "No image arrived.")
        return Kept(assets, tuple(warnings))

    async def keep_partial(self, image: SpooledImage, index: int) -> Asset:
        """Store a streamed preview; it need not survive a power cut."""
        try:
            facts = inspect(image.path)
        except NotAnImage as error:
            image.path.unlink(missing_ok=True)
            raise UpstreamBroken(f"A partial image cannot be used: {error}.") from error
        return await self._stored(image, facts, AssetKind.PARTIAL, index)

    async def _fitted(
        self, image: SpooledImage, facts: ImageFacts, wanted: Size, position: int
    ) -> list[Asset]:
        target = self._spool.path()
        try:
            done = await asyncio.to_thread(fitted, image.path, target, facts.media_type, wanted)
        except (OSError, SyntaxError, ValueError) as error:
            raise UpstreamBroken("An image in the answer cannot be decoded.") from error
        if not done:
            return []
        data = await asyncio.to_thread(target.read_bytes)
        made = SpooledImage(target, hashlib.sha256(data).hexdigest(), len(data))
        new = ImageFacts(facts.media_type, wanted.width, wanted.height)
        return [await self._stored(made, new, AssetKind.RESULT, position)]

    async def _stored(
        self, image: SpooledImage, facts: ImageFacts, kind: AssetKind, position: int
    ) -> Asset:
        partial = kind is AssetKind.PARTIAL
        await self._blobs.adopt(image, durable=not partial)
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
