"""Reads a request's body within bounds: JSON into memory, uploads to disk while they arrive."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from multipart import (  # pyright: ignore[reportMissingTypeStubs]
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,  # pyright: ignore[reportUnknownVariableType]
)
from starlette.requests import ClientDisconnect, Request

from darkroom.assets import Spool, SpoolWriter
from darkroom.core.dialect import WireBody
from darkroom.core.draft import Upload
from darkroom.core.errors import InvalidRequest, PayloadTooLarge, SlowBody

JSON_BYTES_MAX = 64 << 20
FORM_BYTES_MAX = 17 * 50_000_000 + (4 << 20)
_FORM_PARTS_MAX = 64
_FIELD_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a body may take: between two pieces, and as a whole.

    No Python server bounds a slow body by itself: https://github.com/encode/uvicorn/issues/2328
    """

    piece_s: float
    body_s: float


async def read_body(request: Request, spool: Spool, patience: Patience) -> WireBody:
    """The body by its content type. The uploads' files belong to the caller of this function.

    Raises from the request branch of the error tree; then nothing is left on disk.
    """
    kind, options = cast(
        tuple[str, dict[str, str]],
        parse_options_header(request.headers.get("content-type", "")),
    )
    if kind != "multipart/form-data":
        return WireBody(await read_json(request, patience))
    async with _arriving(patience):
        pieces = _pieces(request, FORM_BYTES_MAX, patience)
        return await _read_form(pieces, options.get("boundary", ""), spool)


async def read_json(
    request: Request, patience: Patience, limit: int = JSON_BYTES_MAX
) -> dict[str, Any]:
    """A JSON object of at most ``limit`` bytes."""
    async with _arriving(patience):
        pieces = [piece async for piece in _pieces(request, limit, patience)]
    try:
        body = msgspec.json.decode(b"".join(pieces))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            "The body is not valid JSON. Send a JSON object, or multipart/form-data for uploads."
        ) from error
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return cast(dict[str, Any], body)


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
    size = 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience.piece_s):
                piece = await anext(stream, None)
        except TimeoutError as error:
            raise SlowBody(f"No more of the body came for {patience.piece_s:.0f} s.") from error
        if piece is None:
            return
        size += len(piece)
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


def discard(uploads: Iterable[tuple[str, Upload]]) -> None:
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
            if len(self._text) > _FIELD_BYTES_MAX:
                raise PayloadTooLarge("A text field of the form is larger than 1 MB.")

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.discard()
        discard(self.uploads)

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
