"""Reads a request's body within bounds: to disk while it arrives, unless it is small.

So a slow or idle caller costs a file, not memory. A large JSON body is read into memory once it is
complete, and only as many at a time as there is room for.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)
from starlette.requests import ClientDisconnect, Request

from darkroom.assets import Spool, SpoolWriter, write_all
from darkroom.core.dialect import WireBody
from darkroom.core.draft import Upload
from darkroom.core.errors import InvalidRequest, PayloadTooLarge, SlowBody
from darkroom.server.load import ByteBudget

JSON_BYTES_MAX = 64 << 20
FORM_BYTES_MAX = 17 * 50_000_000 + (4 << 20)
_FORM_PARTS_MAX = 64
_TEXT_BYTES_MAX = 1 << 20
"""Of all text fields of a form together."""
_JSON_COMMAS_MAX = 200_000
"""A text has fewer. As an empty list each comma would take 24 times its bytes, and be walked by the
collector of garbage while everybody waits."""
_PACKED = ("gzip", "x-gzip", "deflate", "br", "zstd", "compress")
_SMALL = 1 << 16
"""JSON up to this size stays in memory while it arrives."""
_TIMES = 3
"""What JSON takes in memory: its bytes, its texts, and an image in it while that is decoded."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a body may take: between two pieces, and as a whole; and how fast it has to be.

    No Python server bounds a slow body by itself: https://github.com/encode/uvicorn/issues/2328
    """

    piece_s: float
    body_s: float
    bytes_per_s: int = 0
    """The least, on average, once it was waited for as long as between two pieces."""

    def too_slow(self, size: int, waited_s: float) -> bool:
        return waited_s > self.piece_s and size < waited_s * self.bytes_per_s


class Bodies:
    """Reads the bodies of image requests."""

    def __init__(self, spool: Spool, patience: Patience, memory: ByteBudget) -> None:
        self._spool = spool
        self._patience = patience
        self._memory = memory

    @asynccontextmanager
    async def reading(self, request: Request) -> AsyncGenerator[WireBody, None]:
        """The body by its content type, for as long as it is needed: after that its memory and
        the files of its uploads that nobody took are free again.

        Raises from the request branch of the error tree, or :class:`Overloaded`.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != "multipart/form-data":
            async with self._json(request) as fields:
                yield WireBody(fields)
            return
        async with _arriving(self._patience):
            pieces = _pieces(request, FORM_BYTES_MAX, self._patience)
            body = await _read_form(pieces, options.get("boundary", ""), self._spool)
        try:
            yield body
        finally:
            _discard(body.uploads)

    @asynccontextmanager
    async def _json(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        async with _arriving(self._patience):
            pieces = _pieces(request, JSON_BYTES_MAX, self._patience)
            data = await _received(pieces, self._spool)
        if isinstance(data, bytearray):
            yield _object(data)
            return
        try:
            async with self._memory.room(_TIMES * data.stat().st_size):
                yield _object(data.read_bytes())
        finally:
            data.unlink()


async def _received(pieces: AsyncIterator[bytes], spool: Spool) -> bytearray | Path:
    """The body, or the file that it is in; that belongs to the caller."""
    small = bytearray()
    async for piece in pieces:
        small += piece
        if len(small) > _SMALL:
            break
    else:
        return small
    path = spool.path()
    try:
        with path.open("xb", buffering=0) as file:
            write_all(file, small)
            async for piece in pieces:
                write_all(file, piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


async def read_json(request: Request, patience: Patience, limit: int) -> dict[str, Any]:
    """A JSON object of at most ``limit`` bytes, of which there are few."""
    return _object(await read_bytes(request, patience, limit))


def _object(data: bytes | bytearray) -> dict[str, Any]:
    if data.count(b",") > _JSON_COMMAS_MAX:
        raise InvalidRequest(
            f"The body has more than {_JSON_COMMAS_MAX:,} commas: too many values."
        )
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            "The body is not valid JSON. Send a JSON object, or multipart/form-data for uploads."
        ) from error
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return cast(dict[str, Any], body)


async def read_bytes(request: Request, patience: Patience, limit: int) -> bytes:
    """The body as it came, of at most ``limit`` bytes."""
    async with _arriving(patience):
        return b"".join([piece async for piece in _pieces(request, limit, patience)])


@asynccontextmanager
async def _arriving(patience: Patience) -> AsyncGenerator[None, None]:
    """Bounds the time of a whole body, and names what can go wrong on its way."""
    try:
        async with asyncio.timeout(patience.body_s):
            yield
    except TimeoutError as error:
        raise SlowBody(f"The body did not arrive within {patience.body_s:.0f} s.") from error
    except ClientDisconnect as error:
        raise InvalidRequest("The connection closed before the body was complete.") from error


async def _pieces(request: Request, limit: int, patience: Patience) -> AsyncIterator[bytes]:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    if request.headers.get("content-encoding", "").lower() in _PACKED:
        raise InvalidRequest("A compressed body is not taken. Send it without Content-Encoding.")
    size, waited_s = 0, 0.0
    clock = asyncio.get_running_loop().time
    stream = request.stream()
    while True:
        since = clock()
        try:
            async with asyncio.timeout(patience.piece_s):
                piece = await anext(stream, None)
        except TimeoutError as error:
            raise SlowBody(f"No more of the body came for {patience.piece_s:.0f} s.") from error
        if piece is None:
            return
        size += len(piece)
        waited_s += clock() - since
        if patience.too_slow(size, waited_s):
            raise SlowBody(
                f"The body comes with less than {patience.bytes_per_s:,} bytes per second."
            )
        if size > limit:
            raise _too_large(limit)
        yield piece


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit:,} bytes.")


async def _read_form(pieces: AsyncIterator[bytes], boundary: str, spool: Spool) -> WireBody:
    if not boundary:
        raise InvalidRequest("The multipart/form-data content type has no boundary.")
    form = _Form(spool)
    try:
        with PushMultipartParser(
            boundary,
            max_segment_count=_FORM_PARTS_MAX,
            max_segment_size=FORM_BYTES_MAX,
        ) as parser:
            async for piece in pieces:
                for part in parser.parse(piece):
                    form.take(part)
    except ParserLimitReached as error:
        form.discard()
        raise PayloadTooLarge(
            f"The form has more than {_FORM_PARTS_MAX} parts or a part that is too large."
        ) from error
    except MultipartError as error:
        form.discard()
        raise InvalidRequest("The multipart/form-data body is malformed or cut off.") from error
    except BaseException:
        form.discard()
        raise
    return WireBody(form.fields, tuple(form.uploads), is_form=True)


def _discard(uploads: Iterable[tuple[str, Upload]]) -> None:
    """Remove the files of uploads that nobody took over."""
    for _, upload in uploads:
        upload.image.path.unlink(missing_ok=True)


class _Form:
    """Collects what the parser emits: a segment, its bytes, and None at its end."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._segment: MultipartSegment | None = None
        self._writer: SpoolWriter | None = None
        self._text = bytearray()
        self._text_bytes = 0
        self.fields: dict[str, Any] = {}
        self.uploads: list[tuple[str, Upload]] = []

    def take(self, part: MultipartSegment | bytes | None) -> None:
        if isinstance(part, MultipartSegment):
            self._segment = part
            self._text.clear()
            self._writer = self._spool.upload() if _is_file(part) else None
        elif part is None:
            self._close()
        elif self._writer is not None:
            self._writer.write(part)
        else:
            self._text += part
            self._text_bytes += len(part)
            if self._text_bytes > _TEXT_BYTES_MAX:
                raise PayloadTooLarge("The text fields of the form are larger than 1 MB.")

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.discard()
        _discard(self.uploads)

    def _close(self) -> None:
        name = (self._segment.name if self._segment else None) or ""
        if self._writer is not None:
            self.uploads.append((name, Upload(self._writer.finish())))
            self._writer = None
            return
        if name in self.fields:
            raise InvalidRequest(f"Duplicate parameter: '{name}'.", param=name)
        try:
            self.fields[name] = self._text.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"The form field '{name}' is not UTF-8.", param=name) from error


def _is_file(part: MultipartSegment) -> bool:
    """A file without a name is sent by clients that have only bytes: then its type tells."""
    kind = part.content_type or ""
    return part.filename is not None or kind.startswith(("image/", "application/octet-stream"))
