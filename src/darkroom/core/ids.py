"""Identifiers: sortable by time, unguessable, and telling what they name."""

import secrets
import time
import uuid


def now_ms() -> int:
    """The current time in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def new_id(at_ms: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of time, 74 random bits, so newest-first is by id."""
    at = now_ms() if at_ms is None else at_ms
    random_bits = secrets.randbits(74)
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return str(uuid.UUID(int=(at << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low))


def new_file_id() -> str:
    """The id of an uploaded file, in the form the OpenAI clients expect."""
    return f"file-{uuid.uuid4().hex}"
