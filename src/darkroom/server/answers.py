"""Sends answers whose images are read and encoded while they leave, never held as a whole."""

from collections.abc import AsyncIterator, Iterable, Mapping

import pybase64
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from darkroom.assets import Blobs
from darkroom.core.dialect import Answer, Base64Of, Piece


def base64_length(byte_size: int) -> int:
    return -(-byte_size // 3) * 4


async def encoded(blobs: Blobs, pieces: Iterable[Piece]) -> AsyncIterator[bytes]:
    """The bytes of the pieces in order, short ones sent along with the next."""
    short: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            short.append(piece)
            continue
        asset = piece.asset
        async for data in blobs.read(asset.sha256, asset.byte_size):
            short.append(pybase64.b64encode(data))
            del data  # a reader may take its time: one copy is enough
            piece_of_answer = b"".join(short)
            short.clear()
            yield piece_of_answer
    if short:
        yield b"".join(short)


class AnswerResponse(Response):
    """An :class:`Answer` with a known length."""

    def __init__(self, answer: Answer, blobs: Blobs, headers: Mapping[str, str]) -> None:
        length = sum(
            base64_length(piece.asset.byte_size) if isinstance(piece, Base64Of) else len(piece)
            for piece in answer.pieces
        )
        super().__init__(
            status_code=answer.status,
            media_type=answer.media_type,
            headers={**answer.headers, **headers},
        )
        self.headers["content-length"] = str(length)
        self._left = length
        self._pieces = answer.pieces
        self._blobs = blobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        # the length tells which piece is the last one: none is held back to find out
        async for data in encoded(self._blobs, self._pieces):
            self._left -= len(data)
            more = self._left > 0
            await send({"type": "http.response.body", "body": data, "more_body": more})
            if more:  # waits until the reader has taken most of it: only then the next is read
                await send({"type": "http.response.body", "body": b"", "more_body": True})
        if not self._pieces:
            await send({"type": "http.response.body", "body": b""})


def event_stream(events: AsyncIterator[bytes], headers: Mapping[str, str]) -> StreamingResponse:
    """A server-sent event stream that proxies pass on at once."""
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no", **headers},
    )
