"""Takes an upstream's images in: verified, fitted where needed, stored before a job may finish."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from darkroom.assets.blobs import Blobs
from darkroom.assets.decoding import in_pool
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
        try:
            for image in images:
                try:
                    kept = await self._one(image, wanted, position)
                except NotAnImage as error:
                    image.path.unlink(missing_ok=True)
                    warnings.append(Warning("image_unusable", f"An image was dropped: {error}."))
                    continue
                assets.extend(kept)
                warnings.extend(_unfitted(kept[0], wanted))
                position += 1
        except BaseException:
            for image in images:
                image.path.unlink(missing_ok=True)
            raise
        if not assets:
            raise UpstreamBroken(warnings[0].message if warnings else "No image arrived.")
        return Kept(assets, tuple(warnings))

    async def keep_partial(self, image: SpooledImage, index: int) -> Asset:
        """Store a streamed preview; it need not survive a power cut."""
        try:
            return await self._stored(image, inspect(image.path), AssetKind.PARTIAL, index)
        except NotAnImage as error:
            image.path.unlink(missing_ok=True)
            raise UpstreamBroken(f"A partial image cannot be used: {error}.") from error

    async def _one(self, image: SpooledImage, wanted: Size | None, position: int) -> list[Asset]:
        """The result first; behind it the original, when the result was made from it."""
        facts = inspect(image.path)
        if wanted is None or wanted == Size(facts.width, facts.height):
            return [await self._stored(image, facts, AssetKind.RESULT, position)]
        fit = await self._fitted(image, facts, wanted)
        if fit is None:
            return [await self._stored(image, facts, AssetKind.RESULT, position)]
        new = ImageFacts(facts.media_type, wanted.width, wanted.height)
        return [
            await self._stored(fit, new, AssetKind.RESULT, position),
            await self._stored(image, facts, AssetKind.ORIGINAL, position),
        ]

    async def _fitted(
        self, image: SpooledImage, facts: ImageFacts, wanted: Size
    ) -> SpooledImage | None:
        target = self._spool.path()

        def work() -> SpooledImage | None:
            if not fitted(image.path, target, facts.media_type, wanted):
                return None
            with target.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SpooledImage(target, digest, target.stat().st_size)

        try:
            return await in_pool(work)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

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


def _unfitted(asset: Asset, wanted: Size | None) -> tuple[Warning, ...]:
    got = Size(asset.width, asset.height)
    if wanted is None or got == wanted:
        return ()
    return (
        Warning(
            "size_not_fitted",
            f"The image is {got}: {asset.media_type} is not resampled.",
            param="size",
            asked=str(wanted),
            used=str(got),
        ),
    )
