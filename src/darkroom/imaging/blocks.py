"""Takes image files apart into their blocks, without decoding: PNG, JPEG, WebP."""

import re
import struct
from collections.abc import Iterator

from darkroom.imaging.inspect import SEGMENTS_MAX, NotAnImage

JPEG_START = b"\xff\xd8"
JPEG_SCANS_MAX = 64
"""Real files have about ten. Thousands of them make a 132 KB file burn 26 s in a decoder."""
JPEG_END, JPEG_SCAN, JPEG_COMMENT = 0xD9, 0xDA, 0xFE
# The next marker within a scan: not a stuffed zero, not a restart, not a fill byte.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

# A piece of the file: its kind, the whole of it, and where its contents begin within.
Block = tuple[bytes, memoryview, int]


def jpeg_blocks(data: memoryview) -> Iterator[Block]:
    """The marker segments, and what follows each scan's header up to the next marker.

    Raises :class:`~darkroom.imaging.inspect.NotAnImage`, ``struct.error`` or ``IndexError``.
    """
    at, scans = 2, 0
    for _ in range(SEGMENTS_MAX):
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        if data[at] != 0xFF:
            raise NotAnImage("the JPEG is damaged")
        marker = data[at + 1]
        if marker == JPEG_END:
            return  # phones append films and further pictures behind it
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if marker == JPEG_SCAN:
            scans += 1
            if scans > JPEG_SCANS_MAX:
                raise NotAnImage(f"the JPEG has more than {JPEG_SCANS_MAX} scans")
            following = _JPEG_MARKER.search(data, end)
            if following is None:
                raise NotAnImage("the JPEG is cut off")
            end = following.start()
        if end > len(data):
            raise NotAnImage("the JPEG is cut off")
        yield bytes((marker,)), data[at:end], 4
        at = end
    raise NotAnImage("the JPEG has too many segments")


def png_blocks(data: memoryview) -> Iterator[Block]:
    """The chunks up to the end's."""
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + 12 + length], 8
        at += 12 + length
        if kind == b"IEND":
            return


def webp_blocks(data: memoryview) -> Iterator[Block]:
    """The chunks within the length that the head tells."""
    at, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        after = at + 8 + length + length % 2
        yield kind, data[at:after], 8
        at = after
