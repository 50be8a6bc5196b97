"""The upstream of the benchmark: the cheapest server that answers like OpenAI's Images API.

``python -m bench.mock --image-bytes 1572000 --delay 5`` serves on a port of its choosing
unless ``--port`` says which; it prints that port.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from typing import cast

from bench.payloads import ECHO, IMAGE_BYTES, STREAM_USAGE, USAGE, Picture, png

RECEIVE = memoryview(bytearray(262_144))
"""One buffer for all: it is emptied before the loop reads from another connection."""
PARTIALS = 3
Pause = Callable[[bytes], float]
"""How many seconds a call waits for its answer, told the first bytes of its body when all came."""


class Answers:
    """The two answers, with the picture cut out."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        echo = json.dumps(ECHO)[1:-1]
        self._json = (
            f'{{"created":1763683200,{echo},"data":[{{"b64_json":"'.encode(),
            f'"}}],"usage":{json.dumps(USAGE)}}}'.encode(),
        )
        length = sum(map(len, self._json)) + len(picture.encoded) + 44
        self._head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_mock\r\n"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()
        self._stream_head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )

    def plain(self) -> list[bytes]:
        """One JSON answer, in pieces to write."""
        before, after = self._json
        return [self._head + before, self._picture.encoded, self._picture.next_tail() + after]

    def stream(self) -> list[bytes]:
        """Partial images, then the final one, as chunked events."""
        pieces = [self._stream_head]
        for index in range(PARTIALS):
            name = "image_generation.partial_image"
            pieces += self._event(name, f'"partial_image_index":{index}')
        usage = f'"usage":{json.dumps(STREAM_USAGE)}'
        pieces += self._event("image_generation.completed", usage)
        return [*pieces, b"0\r\n\r\n"]

    def _event(self, name: str, extra: str) -> list[bytes]:
        echo = json.dumps(ECHO)[1:-1]
        before = f'event: {name}\ndata: {{"type":"{name}",{extra},{echo},"created_at":1763683200,'
        start = (before + '"b64_json":"').encode()
        end = self._picture.next_tail() + b'"}\n\n'
        size = len(start) + len(self._picture.encoded) + len(end)
        return [b"%x\r\n" % size + start, self._picture.encoded, end + b"\r\n"]


class Upstream(asyncio.BufferedProtocol):
    """One connection: drains a request, answers it after the pause, takes the next."""

    def __init__(self, answers: Answers, pause: Pause) -> None:
        self._answers = answers
        self._pause = pause
        self._transport: asyncio.Transport | None = None
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._in_body = False
        self._missing = 0
        self._chunked = False
        self._tail = b""
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1 << 30)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def abort(self) -> None:
        """Drop the connection, also with a call that waits."""
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return RECEIVE

    def buffer_updated(self, nbytes: int) -> None:
        if self._in_body:
            self._body(RECEIVE[:nbytes])
            return
        self._head += bytes(RECEIVE[:nbytes])
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        lowered = head.lower()
        self._in_body = True
        self._chunked = b"transfer-encoding: chunked" in lowered
        if b"content-length:" in lowered:
            self._missing = int(lowered.partition(b"content-length:")[2].split(b"\r\n")[0])
        self._body(memoryview(rest))

    def _body(self, data: memoryview) -> None:
        if len(self._first) < 4096:
            self._first += bytes(data[: 4096 - len(self._first)])
        if self._chunked:
            self._tail = (self._tail + bytes(data[-5:]))[-5:]
            done = self._tail == b"0\r\n\r\n"
        else:
            self._missing -= len(data)
            done = self._missing <= 0
        if done:
            streamed = b'"stream":true' in self._first.replace(b" ", b"")
            pause_s = self._pause(self._first)
            self._begin()
            if pause_s:
                asyncio.get_running_loop().call_later(pause_s, self._answer, streamed)
            else:
                self._answer(streamed)

    def _answer(self, streamed: bool) -> None:
        if self._transport is not None:
            pieces = self._answers.stream() if streamed else self._answers.plain()
            self._transport.writelines(pieces)


async def serve(port: int, image_bytes: int, delay_s: float) -> None:
    """Serve until the process ends; prints the port."""
    answers = Answers(Picture(png(image_bytes)))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Upstream(answers, lambda _: delay_s), "127.0.0.1", port, backlog=2048
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Entry point of ``python -m bench.mock``."""
    parser = argparse.ArgumentParser(prog="bench.mock")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--image-bytes", type=int, default=IMAGE_BYTES)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the answer")
    told = parser.parse_args()
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    run(serve(told.port, told.image_bytes, told.delay))


if __name__ == "__main__":
    main()
