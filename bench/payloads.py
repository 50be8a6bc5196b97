"""What travels: numbered pictures, the answers that hold them, and the requests that ask."""

import base64
import hashlib
import itertools
import json
import math
import struct
import zlib
from dataclasses import dataclass, field

MODEL = "gpt-image-2"
IMAGE_BYTES = 1_572_000
"""Base64 makes 2 MiB of it."""
SMALL_BYTES = 1_023
BOUNDARY = "darkroom-bench-boundary"
USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 12},
    "output_tokens": 1756,
    "output_tokens_details": {"image_tokens": 1756, "text_tokens": 0},
    "total_tokens": 1768,
}
STREAM_USAGE = {name: value for name, value in USAGE.items() if name != "output_tokens_details"}
ECHO = {"background": "opaque", "output_format": "png", "quality": "medium", "size": "1024x1024"}


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(weight: int, seed: str = "noise") -> bytes:
    """A valid PNG without its end, about ``weight`` bytes, a multiple of three long."""
    head = _pixels(weight, seed)
    missing = max(0, weight - len(head) - 12)
    missing += -(len(head) + 12 + missing) % 3
    return head + chunk(b"paDd", bytes(missing))


def bare_png(weight: int, seed: str) -> bytes:
    """A whole PNG of pixels alone, about ``weight`` bytes."""
    return _pixels(weight, seed) + chunk(b"IEND", b"")


def _pixels(weight: int, seed: str) -> bytes:
    """1024x1024, or larger where ``weight`` bytes of noise need more pixels."""
    head = b"\x89PNG\r\n\x1a\n"
    if weight < 100_000:
        head += chunk(b"IHDR", struct.pack(">IIBBBBB", 1024, 1024, 1, 0, 0, 0, 0))
        head += chunk(b"IDAT", zlib.compress(bytes(1024 * 129), 9))
    else:
        edge = max(1024, math.isqrt(weight // 3))
        row = edge * 3 + 1
        noisy = min(edge, (weight - 10_000) // row)  # the rest is padded to the byte
        noise = hashlib.shake_128(seed.encode()).digest(noisy * edge * 3)
        rows = [b"\0" + noise[at : at + edge * 3] for at in range(0, len(noise), edge * 3)]
        head += chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0))
        head += chunk(b"IDAT", zlib.compress(b"".join(rows) + bytes((edge - noisy) * row), 1))
    return head


@dataclass(slots=True)
class Picture:
    """A picture of which every copy is different, at the cost of its last bytes only."""

    prefix: bytes
    encoded: bytes = b""
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.encoded = base64.b64encode(self.prefix)

    @staticmethod
    def tail(number: int) -> bytes:
        return chunk(b"nuMb", struct.pack(">Q", number)) + chunk(b"IEND", b"")

    def numbered(self, number: int) -> bytes:
        """The whole picture of that number."""
        return self.prefix + self.tail(number)

    def next_tail(self) -> bytes:
        """The base64 text that follows ``encoded`` in the next copy."""
        return base64.b64encode(self.tail(next(self.numbers)))

    def recognises(self, data: bytes) -> bool:
        """Whether these are the bytes of one of the copies."""
        if len(data) < len(self.prefix) + 16:
            return False
        (number,) = struct.unpack_from(">Q", data, len(self.prefix) + 8)
        return data == self.numbered(number)


def json_request(**extra: object) -> bytes:
    """The body of a generation."""
    asked = {"model": MODEL, "prompt": "a lighthouse in the fog", "n": 1}
    asked |= {"size": ECHO["size"], "quality": ECHO["quality"]}
    return json.dumps(asked | extra, separators=(",", ":")).encode()


def edit_request(images: int = 4, weight: int = 5_000_000, *, metadata: bool = False) -> bytes:
    """The multipart body of an edit with that many input images, all different.

    ``metadata``: they say something beside their pixels, which a gateway may take out.
    """
    parts = [
        _part(f'name="{name}"', value.encode())
        for name, value in {
            "model": MODEL,
            "prompt": "put them on one shelf",
            "size": ECHO["size"],
            "quality": ECHO["quality"],
        }.items()
    ]
    for index in range(images):
        head = f'name="image[]"; filename="{index}.png"'
        seed = f"input {index}"
        data = Picture(png(weight, seed)).numbered(index) if metadata else bare_png(weight, seed)
        parts.append(_part(head, data, "image/png"))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(disposition: str, data: bytes, content_type: str = "") -> bytes:
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return head.encode() + data + b"\r\n"


def http_request(path: str, body: bytes, key: str, content_type: str = "application/json") -> bytes:
    """A whole HTTP/1.1 request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def http_get(path: str, key: str) -> bytes:
    """A whole HTTP/1.1 request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def with_header(request: bytes, line: str) -> bytes:
    """The request with one more header."""
    return request.replace(b"\r\n\r\n", f"\r\n{line}\r\n\r\n".encode(), 1)
