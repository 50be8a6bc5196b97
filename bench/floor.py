"""The floor: the least a gateway can do that decodes, hashes, stores and answers. Frozen.

Ratios to this program are what the benchmark gates on, so it must not get faster or slower.
Run as ``python -m bench.floor --port P --upstream http://127.0.0.1:U/v1 --store DIR``.
"""

import argparse
import ctypes
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import multipart
import pybase64
import uvicorn

KEY = b'"b64_json":"'
IDENTITY = {"Accept-Encoding": "identity"}


class Floor:
    """A raw ASGI application."""

    def __init__(self, upstream: str, store: str) -> None:
        self.upstream, self.store = upstream, store
        self.session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            with open(os.path.join(self.store, os.path.basename(scope["path"])), "rb") as file:  # noqa: ASYNC230
                await answer(send, file.read(), b"image/png")
            return
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        pieces: list[bytes] = []
        while True:
            message = await receive()
            pieces.append(message["body"])
            if not message.get("more_body"):
                break
        sent = dict(scope["headers"])
        kind = sent[b"content-type"].decode()
        headers = {**IDENTITY, "Authorization": "Bearer bench", "Content-Type": kind}
        asked_url = False
        if kind.startswith("multipart/"):
            self.keep_inputs(kind, pieces)
            headers["Content-Length"] = sent[b"content-length"].decode()
            body: Any = one_by_one(pieces)
        else:
            whole = b"".join(pieces)
            body = whole.replace(b',"response_format":"url"', b"")
            asked_url = len(body) < len(whole)
        url = self.upstream + scope["path"].removeprefix("/v1")
        async with self.session.post(url, data=body, headers=headers) as upstream:
            if upstream.content_type == "text/event-stream":
                await self.relay(upstream, send)
                return
            data = await upstream.read()
        name = self.keep_image(data)
        if asked_url:
            data = b'{"created":0,"data":[{"url":"http://127.0.0.1/files/%b"}]}' % name.encode()
        await answer(send, data, b"application/json")

    def keep_image(self, data: bytes) -> str:
        start = data.find(KEY) + len(KEY)
        end = data.find(b'"', start)
        return self.keep(pybase64.b64decode(memoryview(data)[start:end], validate=True))

    def keep(self, image: bytes) -> str:
        name = hashlib.sha256(image).hexdigest()
        path = os.path.join(self.store, name)
        with open(path + ".part", "wb") as file:
            file.write(image)
        os.replace(path + ".part", path)
        return name

    def keep_inputs(self, kind: str, received: list[bytes]) -> None:
        boundary = kind.partition("boundary=")[2].strip('"')
        pieces: list[bytes] | None = None
        with multipart.PushMultipartParser(boundary) as parser:
            # In the pieces that came: one parse of 20 MB takes twice as long.
            for event in (event for piece in received for event in parser.parse(piece)):
                if isinstance(event, multipart.MultipartSegment):
                    pieces = [] if event.filename else None
                elif pieces is not None and event:
                    pieces.append(bytes(event))
                elif pieces:
                    self.keep(b"".join(pieces))
            list(parser.parse(b""))

    async def relay(self, upstream: aiohttp.ClientResponse, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        pending: list[bytes] = []
        async for piece in upstream.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            # A single byte is found ten times faster than two, and there are few of them.
            while b"\n" in piece and (end := piece.find(b"\n\n")) >= 0:
                self.keep_image(b"".join([*pending, piece[:end]]))
                pending, piece = [], piece[end + 2 :]  # noqa: PLW2901
            pending.append(piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def one_by_one(pieces: list[bytes]) -> AsyncIterator[bytes]:
    """A body that is not joined first: 20 MB in one piece are copied twice more."""
    for piece in pieces:
        yield piece


async def answer(send: Any, data: bytes, kind: bytes) -> None:
    """A whole answer with its length."""
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(data))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data, "more_body": False})


def main() -> None:
    """Entry point of ``python -m bench.floor``."""
    parser = argparse.ArgumentParser(prog="bench.floor")
    for name, kind in {"port": int, "upstream": str, "store": str}.items():
        parser.add_argument(f"--{name}", type=kind, required=True)
    told = parser.parse_args()
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 16 << 20)  # M_MMAP_THRESHOLD: megabyte buffers come from the heap
        libc.mallopt(-1, 64 << 20)  # M_TRIM_THRESHOLD: and stay there for the next request
    except OSError:  # another libc
        pass
    app = Floor(told.upstream, told.store)
    uvicorn.run(
        app, host="127.0.0.1", port=told.port, log_level="error", lifespan="off", ws="none",
        backlog=2048, timeout_keep_alive=60,
    )  # fmt: skip


if __name__ == "__main__":
    main()
