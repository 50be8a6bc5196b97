"""Takes input images in: from the request's body, a URL, base64 text, or what is stored already."""

import asyncio
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pybase64

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.assets.cleaning import cleaned
from darkroom.assets.inspect import ImageFacts, NotAnImage, inspect
from darkroom.assets.mask import with_alpha
from darkroom.assets.spool import Spool
from darkroom.core.draft import InlineImage, RemoteImage, Source, StoredImage, Upload
from darkroom.core.errors import InvalidImage, NotFound
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.ports import InputFile
from darkroom.core.request import InputImage
from darkroom.core.result import SpooledImage
from darkroom.db import Database
from darkroom.egress import PublicFetcher

_ACCEPTED = ("image/png", "image/jpeg", "image/webp")
_INLINE_PIECE = 1 << 18


@dataclass(slots=True)
class Taken:
    """What came in. ``assets`` are new rows, to be written with the job that needs them."""

    inputs: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    assets: list[Asset] = field(default_factory=list[Asset])


class Ingest:
    """Every image is sniffed, bounded, freed of its metadata and stored before a job begins."""

    def __init__(
        self, spool: Spool, blobs: Blobs, fetcher: PublicFetcher, database: Database
    ) -> None:
        self._spool = spool
        self._blobs = blobs
        self._fetcher = fetcher
        self._database = database

    async def take(
        self, account_id: str, sources: tuple[Source, ...], mask: Source | None
    ) -> Taken:
        """Raises :class:`InvalidImage`, :class:`NotFound` or :class:`PayloadTooLarge`."""
        taken = Taken()
        many = len(sources) > 1
        inputs: list[InputImage] = []
        for index, source in enumerate(sources):
            param = f"image[{index}]" if many else "image"
            inputs.append(await self._one(account_id, source, AssetKind.INPUT, param, taken))
        taken.inputs = tuple(inputs)
        if mask is not None:
            taken.mask = await self._one(account_id, mask, AssetKind.MASK, "mask", taken)
            _require_same_size(taken.mask, inputs)
        return taken

    async def upload(self, image: SpooledImage, asset_id: str, expires_at_ms: int | None) -> Asset:
        """Store an uploaded file for later use; the caller writes its row."""
        return await self._store(image, AssetKind.UPLOAD, asset_id, 0, "file", expires_at_ms)

    async def files(self, images: tuple[InputImage, ...]) -> tuple[InputFile, ...]:
        """Local files with the bytes of stored input images, for sending upstream."""
        return tuple([await self._file(image) for image in images])

    async def _file(self, image: InputImage) -> InputFile:
        path = await self._blobs.local(image.sha256, image.byte_size, self._spool.path())
        return InputFile(path, image.media_type, image.width, image.height, image.byte_size)

    async def _one(
        self, account_id: str, source: Source, kind: AssetKind, param: str, taken: Taken
    ) -> InputImage:
        if isinstance(source, StoredImage):
            asset = await self._stored(account_id, source.id, param)
        else:
            try:
                image = await self._spooled(source)
            except InvalidImage as error:
                error.param = param
                raise
            position = sum(asset.kind is kind for asset in taken.assets)
            asset = await self._store(image, kind, new_id(), position, param, None)
            taken.assets.append(asset)
        return InputImage(
            asset.id, asset.sha256, asset.media_type, asset.width, asset.height, asset.byte_size
        )

    async def _stored(self, account_id: str, asset_id: str, param: str) -> Asset:
        asset = await self._database.read(lambda tx: records.get_owned(tx, asset_id, account_id))
        if asset is None:
            raise NotFound(
                f"No file '{asset_id}'. Upload it first, or use an asset id of an earlier job.",
                param=param,
            )
        return asset

    async def _spooled(self, source: Upload | RemoteImage | InlineImage) -> SpooledImage:
        if isinstance(source, Upload):
            return source.image
        writer = self._spool.upload()
        try:
            if isinstance(source, RemoteImage):
                await self._fetcher.fetch(source.url, writer.write)
            else:
                for start in range(0, len(text := _base64_of(source.text)), _INLINE_PIECE):
                    piece = text[start : start + _INLINE_PIECE]
                    writer.write(pybase64.b64decode(piece, validate=True))
        except (binascii.Error, ValueError) as error:
            writer.discard()
            raise InvalidImage("The image is not valid base64.") from error
        except BaseException:
            writer.discard()
            raise
        return writer.finish()

    async def _store(
        self,
        image: SpooledImage,
        kind: AssetKind,
        asset_id: str,
        position: int,
        param: str,
        expires_at_ms: int | None = None,
    ) -> Asset:
        try:
            facts = _accepted(image.path)
            image, facts = await self._prepared(image, facts, kind)
        except NotAnImage as error:
            image.path.unlink(missing_ok=True)
            raise InvalidImage(
                f"Invalid image file: {error}. JPEG, PNG and WebP images are accepted.",
                param=param,
            ) from error
        await self._blobs.adopt(image)
        return Asset(
            id=asset_id,
            kind=kind,
            position=position,
            sha256=image.sha256,
            media_type=facts.media_type,
            width=facts.width,
            height=facts.height,
            byte_size=image.byte_size,
            created_at_ms=now_ms(),
            expires_at_ms=expires_at_ms,
        )

    async def _prepared(
        self, image: SpooledImage, facts: ImageFacts, kind: AssetKind
    ) -> tuple[SpooledImage, ImageFacts]:
        if kind is AssetKind.MASK:
            changed = await asyncio.to_thread(_decoded, with_alpha, image.path, facts)
        elif facts.metadata or facts.media_type == "image/jpeg":
            changed = await asyncio.to_thread(_decoded, cleaned, image.path, facts)
        else:
            changed = None
        if changed is None:
            return image, facts
        writer = self._spool.upload()
        writer.write(changed)
        image.path.unlink()
        image = writer.finish()
        return image, inspect(image.path)


def _accepted(path: Path) -> ImageFacts:
    facts = inspect(path)
    if facts.media_type not in _ACCEPTED:
        raise NotAnImage(f"the bytes are {facts.media_type}")
    return facts


def _decoded(
    change: Callable[[Path, ImageFacts], bytes | None], path: Path, facts: ImageFacts
) -> bytes | None:
    """Run a step that decodes; a decoder's own errors mean that the image is damaged."""
    try:
        return change(path, facts)
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, NotAnImage):
            raise
        raise NotAnImage("the image is damaged") from error


def _base64_of(text: str) -> str:
    if text.startswith("data:"):
        head, comma, text = text.partition(",")
        if not comma or not head.endswith(";base64"):
            raise ValueError("not a base64 data URL")
    return "".join(text.split())


def _require_same_size(mask: InputImage, inputs: list[InputImage]) -> None:
    first = inputs[0] if inputs else None
    if first is not None and (mask.width, mask.height) != (first.width, first.height):
        raise InvalidImage(
            f"The mask is {mask.width}x{mask.height}, the first image"
            f" {first.width}x{first.height}. Both must have the same size.",
            param="mask",
        )
