"""Takes input images in: from the request's body, a URL, base64 text, or what is stored already."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import whitespace

import pybase64

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.assets.links import Links
from darkroom.assets.spool import Spool, upload_of
from darkroom.core.draft import (
    InlineImage,
    MaskConvention,
    RemoteImage,
    Source,
    StoredImage,
    Upload,
)
from darkroom.core.errors import InvalidImage, NotFound, RequestError
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.ports import InputFile
from darkroom.core.request import InputImage
from darkroom.core.result import SpooledImage
from darkroom.db import Database
from darkroom.egress import PublicFetcher
from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.decoding import check_decodes
from darkroom.imaging.inspect import ImageFacts, NotAnImage, inspect
from darkroom.imaging.mask import with_alpha
from darkroom.imaging.pool import in_pool

_INPUT_TYPES = ("image/jpeg", "image/png", "image/webp")
_FILE_TYPES = (*_INPUT_TYPES, "image/gif")  # a file may be one, though no edit takes it
_INLINE_PIECE = 1 << 18
_NEVER = 1 << 62


@dataclass(slots=True)
class Taken:
    """What came in. ``assets`` are new rows, to be written with the job that needs them."""

    inputs: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    assets: list[Asset] = field(default_factory=list[Asset])
    copied: dict[str, str] = field(default_factory=dict[str, str])
    """By the id of a new asset: the asset of ours whose link was sent."""


async def _as_image(source: Path, target: Path, facts: ImageFacts) -> bool:
    # Most have nothing to be removed, and their heads tell: no worker is asked.
    return facts.metadata and await in_pool(cleaned, source, target, facts)


@dataclass(frozen=True, slots=True)
class _Role:
    """What an image is taken in as. ``change`` writes the form that is stored, if it is another."""

    kind: AssetKind
    param: str
    change: Callable[[Path, Path, ImageFacts], Awaitable[bool]] = _as_image


def _mask_role(convention: MaskConvention) -> _Role:
    async def as_mask(source: Path, target: Path, facts: ImageFacts) -> bool:
        return await in_pool(with_alpha, source, target, facts, convention)

    return _Role(AssetKind.MASK, "mask", as_mask)


class Ingest:
    """Every image is sniffed, bounded, freed of its metadata and stored before a job begins."""

    def __init__(
        self,
        spool: Spool,
        blobs: Blobs,
        fetcher: PublicFetcher,
        database: Database,
        links: Links | None = None,
    ) -> None:
        """``links``: by which our own links are known; they are read, not fetched."""
        self._spool = spool
        self._blobs = blobs
        self._fetcher = fetcher
        self._database = database
        self._links = links

    async def take(
        self,
        account_id: str,
        sources: tuple[Source, ...],
        mask: Source | None,
        convention: MaskConvention = MaskConvention.AUTO,
    ) -> Taken:
        """``convention`` says which pixels of the mask may change.

        Raises :class:`InvalidImage`, :class:`NotFound` or :class:`PayloadTooLarge`.
        """
        taken = Taken()
        many = len(sources) > 1
        inputs: list[InputImage] = []
        for index, source in enumerate(sources):
            param = f"image[{index}]" if many else "image"
            inputs.append(await self._one(account_id, source, _Role(AssetKind.INPUT, param), taken))
        taken.inputs = tuple(inputs)
        if mask is not None:
            taken.mask = await self._one(account_id, mask, _mask_role(convention), taken)
            _require_same_size(taken.mask, inputs)
            await self._require_whole(inputs[:1])
        return taken

    async def upload(
        self,
        source: Upload | RemoteImage | InlineImage,
        asset_id: str,
        expires_at_ms: int | None,
        param: str = "file",
    ) -> Asset:
        """Store a file for later use; the caller writes its row.

        Raises :class:`InvalidImage` or :class:`PayloadTooLarge`, naming ``param``.
        """
        with _about(param):
            image = await self._spooled(source)
            asset = await self._store(image, _Role(AssetKind.UPLOAD, param), asset_id, 0)
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

    async def _require_whole(self, images: list[InputImage]) -> None:
        """What a mask is laid over can be decoded: better known before an image is bought."""
        async with self.open_files(images) as files:
            for file in files:
                try:
                    await in_pool(check_decodes, file.path)
                except NotAnImage as error:
                    message = f"This image cannot be edited with a mask: {error}."
                    raise InvalidImage(message, param="image") from error

    async def _file(self, image: InputImage, copy_to: Path) -> InputFile:
        try:
            path = await self._blobs.local(image.sha256, image.byte_size, copy_to)
        except FileNotFoundError as error:
            raise InvalidImage(
                f"The input image '{image.asset_id}' is not stored any more. Send it again."
            ) from error
        return InputFile(path, image.media_type, image.width, image.height, image.byte_size)

    async def _one(self, account_id: str, source: Source, role: _Role, taken: Taken) -> InputImage:
        linked = None
        with _about(role.param):
            if isinstance(source, StoredImage):
                asset = await self._stored(account_id, source.id)
                if role.kind is AssetKind.INPUT:
                    return _input_of(asset)
                image = await self._spooled(asset)  # a mask has to be brought into its form
            else:
                linked = await self._linked(source)
                image = await self._spooled(linked or source)
            position = sum(asset.kind is role.kind for asset in taken.assets)
            asset = await self._store(image, role, new_id(), position)
        taken.assets.append(asset)
        if linked is not None:
            taken.copied[asset.id] = linked.id
        return _input_of(asset)

    async def known(self, account_id: str, source: Source) -> InputImage | None:
        """A source that is stored here already, without reading its bytes; None for any other."""
        try:
            if isinstance(source, StoredImage):
                return _input_of(await self._stored(account_id, source.id))
        except RequestError:
            return None
        linked = await self._linked(source)
        return None if linked is None else _input_of(linked)

    async def _stored(self, account_id: str, asset_id: str) -> Asset:
        asset = await self._database.read(lambda tx: records.get_owned(tx, asset_id, account_id))
        if asset is None or (asset.expires_at_ms or _NEVER) <= now_ms():
            raise NotFound(
                f"No file '{asset_id}'. Upload it first, or use an asset id of an earlier job."
            )
        if asset.media_type not in _INPUT_TYPES:
            raise InvalidImage(f"'{asset_id}' is {asset.media_type}. {_listed(_INPUT_TYPES)}")
        return asset

    async def _linked(self, source: Source) -> Asset | None:
        """The asset behind a link of ours that still holds; who has it may read it.

        It is not fetched: our own address is often one that the guard refuses.
        """
        if self._links is None or not isinstance(source, RemoteImage):
            return None
        asset_id = self._links.asset_id(source.url)
        if asset_id is None:
            return None
        return await self._database.read(lambda tx: records.get(tx, asset_id))

    async def _spooled(self, source: Upload | RemoteImage | InlineImage | Asset) -> SpooledImage:
        if isinstance(source, Upload):
            return source.image
        if isinstance(source, RemoteImage):
            source = await self._linked(source) or source
        writer = self._spool.upload()
        try:
            if isinstance(source, RemoteImage):
                await self._fetcher.fetch(source.url, writer.write)
            elif isinstance(source, InlineImage):
                for piece in _decoded(source.text):
                    writer.write(piece)
                    await asyncio.sleep(0)  # others have their turn between the pieces
            else:
                async for piece in self._blobs.read(source.sha256, source.byte_size):
                    writer.write(piece)
            return writer.finish()
        except BaseException:
            writer.discard()
            raise

    async def _store(self, image: SpooledImage, role: _Role, asset_id: str, position: int) -> Asset:
        """Takes the spooled file over, whatever happens."""
        types = _FILE_TYPES if role.kind is AssetKind.UPLOAD else _INPUT_TYPES
        target = self._spool.path()
        try:
            facts = _accepted(image.path, types)
            if await role.change(image.path, target, facts):
                image.path.unlink()
                image = await asyncio.to_thread(upload_of, target)
                facts = _accepted(image.path, types)
            await self._blobs.adopt(image)
        except NotAnImage as error:
            raise InvalidImage(f"Invalid image file: {error}. {_listed(types)}") from error
        finally:
            image.path.unlink(missing_ok=True)  # it is gone when it was adopted
            target.unlink(missing_ok=True)
        return Asset(
            id=asset_id,
            kind=role.kind,
            position=position,
            sha256=image.sha256,
            media_type=facts.media_type,
            width=facts.width,
            height=facts.height,
            byte_size=image.byte_size,
            created_at_ms=now_ms(),
        )


@contextmanager
def _about(param: str) -> Generator[None]:
    """Name the parameter in whatever is wrong with it."""
    try:
        yield
    except RequestError as error:
        error.param = param
        raise


def _listed(types: Sequence[str]) -> str:
    """``JPEG, PNG and WEBP images are accepted.``"""
    names = [name.removeprefix("image/").upper() for name in types]
    return f"{', '.join(names[:-1])} and {names[-1]} images are accepted."


def _input_of(asset: Asset) -> InputImage:
    return InputImage(
        asset.id, asset.sha256, asset.media_type, asset.width, asset.height, asset.byte_size
    )


def facts_of(path: Path) -> ImageFacts:
    """What an input image is. Raises :class:`InvalidImage`."""
    try:
        return _accepted(path)
    except NotAnImage as error:
        raise InvalidImage(f"Invalid image file: {error}. {_listed(_INPUT_TYPES)}") from error


def _accepted(path: Path, types: Sequence[str] = _INPUT_TYPES) -> ImageFacts:
    facts = inspect(path)
    if facts.media_type not in types:
        raise NotAnImage(f"the bytes are {facts.media_type}")
    if facts.animated:
        raise NotAnImage("the image is animated")
    return facts


def _decoded(text: str) -> Iterator[bytes]:
    """The bytes of base64 text or of a ``data:`` URL, piece by piece."""
    try:
        encoded = _base64_of(text)
        last = len(encoded) - _INLINE_PIECE
        for start in range(0, len(encoded), _INLINE_PIECE):
            piece = encoded[start : start + _INLINE_PIECE]
            if start < last and b"=" in piece:
                raise ValueError("padding in the middle")
            yield pybase64.b64decode(piece, validate=True)
    except ValueError as error:
        raise InvalidImage("The image is not valid base64.") from error


def _base64_of(text: str) -> bytes:
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise ValueError("not a base64 data URL")
    # one pass over the bytes: as words, a text with a space after each letter fills the memory
    return text.encode("ascii").translate(None, whitespace.encode())


def _require_same_size(mask: InputImage, inputs: list[InputImage]) -> None:
    first = inputs[0] if inputs else None
    if first is not None and (mask.width, mask.height) != (first.width, first.height):
        raise InvalidImage(
            f"The mask is {mask.width}x{mask.height}, the first image"
            f" {first.width}x{first.height}. Both must have the same size.",
            param="mask",
        )
