"""Identifiers: sortable by time, unguessable, and telling what they name."""

import os
import threading
import time

_POOL_BYTES = 4_096
_LENGTH = 36


class _Pool(threading.local):
    """Random bytes of the operating system, fetched many at a time: each call there is slow."""

    def __init__(self) -> None:
        self._bytes = b""

    def take(self, count: int) -> bytes:
        if len(self._bytes) < count:
            self._bytes = os.urandom(_POOL_BYTES)
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken


_pool = _Pool()


def now_ms() -> int:
    """The current time in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def new_id(at_ms: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of time, 74 random bits, so newest-first is by id."""
    at = now_ms() if at_ms is None else at_ms
    random_bits = int.from_bytes(_pool.take(10))
    high, low = random_bits >> 68, random_bits & ((1 << 62) - 1)
    whole = f"{(at << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"
    return f"{whole[:8]}-{whole[8:12]}-{whole[12:16]}-{whole[16:20]}-{whole[20:]}"


def first_id(at_ms: int) -> str:
    """No id that was made from that time on is less."""
    whole = f"{max(0, at_ms):012x}"
    return f"{whole[:8]}-{whole[8:]}"


def made_at_ms(id: str) -> int | None:
    """When an id of :func:`new_id` was made; None for a text that is none."""
    digits = id[:8] + id[9:13]
    try:
        return int(digits, 16) if len(id) == _LENGTH and digits.isalnum() else None
    except ValueError:
        return None


def new_token() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return _pool.take(16).hex()


def new_file_id() -> str:
    """The id of an uploaded file, in the form the OpenAI clients expect."""
    return f"file-{new_token()}"
