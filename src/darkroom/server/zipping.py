"""Writes a ZIP while it is sent: images are stored as they are, a piece at a time."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_EARLIEST = 1980  # of a ZIP's times
_READABLE = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be. ``pieces`` are its bytes, ``byte_size`` in all; times are milliseconds."""

    name: str
    at_ms: int
    byte_size: int
    pieces: AsyncIterator[bytes]


async def zipped(members: AsyncIterator[Member]) -> AsyncIterator[bytes]:
    """The bytes of the archive. Nothing is compressed: images are already."""
    written = _Written()
    with ZipFile(written, "w", ZIP_STORED) as archive:
        async for member in members:
            info = ZipInfo(member.name, _zip_time(member.at_ms))
            info.compress_type = ZIP_STORED
            info.external_attr = _READABLE
            info.file_size = member.byte_size  # for the form of the entry alone: it may be large
            with archive.open(info, "w") as entry:
                async for piece in member.pieces:
                    entry.write(piece)
                    yield written.taken()
            yield written.taken()
    yield written.taken()


class _Written(io.RawIOBase):
    """A file that only grows, and is handed on at once."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def _zip_time(at_ms: int) -> tuple[int, int, int, int, int, int]:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return max(at.year, _EARLIEST), at.month, at.day, at.hour, at.minute, at.second
