"""Takes input images in: from the request's body, a URL, base64 text, or what is stored already."""

from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pybase64

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.assets.cleaning import cleaned
from darkroom.assets.decoding import in_pool
from darkroom.assets.inspect import ImageFacts, NotAnImage, inspect
from darkroom.assets.mask import with_alpha
from darkroom.assets.spool import Spool
from darkroom.core.draft import InlineImage, RemoteImage, Source, StoredImage, Upload
from darkroom.core.errors import InvalidImage, NotFound, RequestError
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.ports import InputFile
from darkroom.core.request import InputImage
from darkroom.core.result import SpooledImage
from darkroom.db import Database
from darkroom.egress import PublicFetcher

_ACCEPTED = ("image/png", "image/jpeg", "image/webp")
_WHAT_IS_ACCEPTED = "JPEG, PNG and WebP images are accepted."
_INLINE_PIECE = 1 << 18
_NEVER = 1 << 62


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
        with _about("file"):
            asset = await self._store(image, AssetKind.UPLOAD, asset_id, 0)
        return replace(asset, expires_at_ms=expires_at_ms)

    @asynccontextmanager
    async def open_files(
        self, images: Sequence[InputImage]
    ) -> AsyncGenerator[tuple[InputFile, ...]]:
        """Local files with the bytes of stored input images, for sending upstream.

        What had to be copied from a remote store is removed at the end. Raises
        :class:`InvalidImage` for bytes that are gone.
        """
        copies = [self._spool.path() for _ in images]
        try:
            yield tuple([await self._file(*each) for each in zip(images, copies, strict=True)])
        finally:
            for copy in copies:
                copy.unlink(missing_ok=True)

    async def _file(self, image: InputImage, copy_to: Path) -> InputFile:
        try:
            path = await self._blobs.local(image.sha256, image.byte_size, copy_to)
        except FileNotFoundError as error:
            raise InvalidImage(
                f"The input image '{image.asset_id}' is not stored any more. Send it again."
            ) from error
        return InputFile(path, image.media_type, image.width, image.height, image.byte_size)

    async def _one(
        self, account_id: str, source: Source, kind: AssetKind, param: str, taken: Taken
    ) -> InputImage:
        with _about(param):
            if isinstance(source, StoredImage):
                asset = await self._stored(account_id, source.id)
                if kind is AssetKind.INPUT:
                    return _input_of(asset)
                image = await self._spooled(asset)  # a mask has to be brought into its form
            else:
                image = await self._spooled(source)
            position = sum(asset.kind is kind for asset in taken.assets)
            asset = await self._store(image, kind, new_id(), position)
        taken.assets.append(asset)
        return _input_of(asset)

    async def _stored(self, account_id: str, asset_id: str) -> Asset:
        asset = await self._database.read(lambda tx: records.get_owned(tx, asset_id, account_id))
        if asset is None or (asset.expires_at_ms or _NEVER) <= now_ms():
            raise NotFound(
                f"No file '{asset_id}'. Upload it first, or use an asset id of an earlier job."
            )
        if asset.media_type not in _ACCEPTED:
            raise InvalidImage(f"'{asset_id}' is {asset.media_type}. {_WHAT_IS_ACCEPTED}")
        return asset

    async def _spooled(self, source: Upload | RemoteImage | InlineImage | Asset) -> SpooledImage:
        if isinstance(source, Upload):
            return source.image
        writer = self._spool.upload()
        try:
            if isinstance(source, RemoteImage):
                await self._fetcher.fetch(source.url, writer.write)
            elif isinstance(source, InlineImage):
                for piece in _decoded(source.text):
                    writer.write(piece)
            else:
                async for piece in self._blobs.read(source.sha256, source.byte_size):
                    writer.write(piece)
            return writer.finish()
        except BaseException:
            writer.discard()
            raise

    async def _store(
        self, image: SpooledImage, kind: AssetKind, asset_id: str, position: int
    ) -> Asset:
        """Takes the spooled file over, whatever happens."""
        try:
            facts = _accepted(image.path)
            change = with_alpha if kind is AssetKind.MASK else cleaned
            changed = await in_pool(change, image.path, facts)
            if changed is not None:
                image = self._rewritten(image, changed)
                facts = _accepted(image.path)
            await self._blobs.adopt(image)
        except NotAnImage as error:
            raise InvalidImage(f"Invalid image file: {error}. {_WHAT_IS_ACCEPTED}") from error
        finally:
            image.path.unlink(missing_ok=True)  # it is gone when it was adopted
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
        )

    def _rewritten(self, image: SpooledImage, data: bytes) -> SpooledImage:
        writer = self._spool.upload()
        try:
            writer.write(data)
        except BaseException:
            writer.discard()
            raise
        image.path.unlink()
        return writer.finish()


@contextmanager
def _about(param: str) -> Generator[None]:
    """Name the parameter in whatever is wrong with it."""
    try:
        yield
    except RequestError as error:
        error.param = param
        raise


def _input_of(asset: Asset) -> InputImage:
    return InputImage(
        asset.id, asset.sha256, asset.media_type, asset.width, asset.height, asset.byte_size
    )


def facts_of(path: Path) -> ImageFacts:
    """What an input image is. Raises :class:`InvalidImage`."""
    try:
        return _accepted(path)
    except NotAnImage as error:
        raise InvalidImage(f"Invalid image file: {error}. {_WHAT_IS_ACCEPTED}") from error


def _accepted(path: Path) -> ImageFacts:
    facts = inspect(path)
    if facts.media_type not in _ACCEPTED:
        raise NotAnImage(f"the bytes are {facts.media_type}")
    if facts.animated:
        raise NotAnImage("the image is animated")
    return facts


def _decoded(text: str) -> Iterator[bytes]:
    """The bytes of base64 text or of a ``data:`` URL, piece by piece."""
    try:
        text = _base64_of(text)
        last = len(text) - _INLINE_PIECE
        for start in range(0, len(text), _INLINE_PIECE):
            piece = text[start : start + _INLINE_PIECE]
            if start < last and "=" in piece:
                raise ValueError("padding in the middle")
            yield pybase64.b64decode(piece, validate=True)
    except ValueError as error:
        raise InvalidImage("The image is not valid base64.") from error


def _base64_of(text: str) -> str:
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
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
