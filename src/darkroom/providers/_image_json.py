"""Reads JSON and event streams whose images are base64 strings, without holding an image.

Image strings are decoded piece by piece into writers while the answer arrives; what remains is
small and parsed as ordinary JSON, each image replaced by ``"#<index>"``.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pybase64

from darkroom.core.errors import UpstreamBroken
from darkroom.core.ports import ImageWriter
from darkroom.core.result import SpooledImage

_CARRY = 64
"""Longer than any split start of an image string that is looked for."""
_SKELETON_MAX = 1 << 20
_IMAGES_MAX = 64
# Some JSON writers escape "/", and .NET's also "+":
# https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding
_ESCAPE = re.compile(rb"\\(?:(/)|u00([0-9a-fA-F]{2}))")
_SPLIT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")


class ImageJson:
    """One JSON document with image strings under ``key``, or under any of several.

    Base64 strings under one of ``ignored`` are read past: their values are empty.
    """

    def __init__(
        self,
        new_writer: Callable[[], ImageWriter],
        key: str | tuple[str, ...] = "b64_json",
        ignored: Sequence[str] = (),
    ) -> None:
        names = (key,) if isinstance(key, str) else key
        keys = b"|".join(name.encode() for name in (*names, *ignored))
        # Inside a JSON string every quote is escaped, so this matches a key and nothing else.
        self._start = re.compile(rb'(?<!\\)"(' + keys + rb')"\s{0,16}:\s{0,16}"')
        self._keys = frozenset(name.encode() for name in names)
        self._ignoring = False
        self._new_writer = new_writer
        self._skeleton = bytearray()
        self._tail = b""
        self._base64: _Base64Stream | None = None
        self.images: list[SpooledImage] = []

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises :class:`UpstreamBroken` for what is not base64."""
        while data:
            if self._ignoring:
                data = self._feed_ignored(data)
            elif self._base64 is None:
                data = self._feed_skeleton(data)
            else:
                data = self._feed_image(self._base64, data)

    def finish(self) -> Any:
        """The parsed document. Raises :class:`UpstreamBroken` when it is cut off or not JSON."""
        if self._base64 is not None:
            raise UpstreamBroken("The answer was cut off in the middle of an image.")
        self._keep(self._tail)
        self._tail = b""
        try:
            return msgspec.json.decode(bytes(self._skeleton))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UpstreamBroken("The answer was cut off or is not JSON.") from error

    @property
    def empty(self) -> bool:
        return not self._skeleton and not self._tail and not self.images

    @property
    def text(self) -> bytes:
        """What was read outside images."""
        return bytes(self._skeleton) + self._tail

    def discard(self) -> None:
        """Close what is open and remove every image."""
        if self._base64 is not None:
            self._base64.writer.discard()
        remove(self.images)

    def _feed_skeleton(self, data: bytes) -> bytes:
        buffer = self._tail + data
        # What begins with a full tail was whole in there and no match: perhaps because of a
        # backslash before it, which is gone by now.
        match = self._start.search(buffer, 1 if len(self._tail) == _CARRY else 0)
        if match is None:
            self._keep(buffer[:-_CARRY])
            self._tail = buffer[-_CARRY:]
            return b""
        self._keep(buffer[: match.end()])
        self._tail = b""
        if match[1] not in self._keys:
            self._ignoring = True
            return buffer[match.end() :]
        self._keep(f'#{len(self.images)}"'.encode())
        if len(self.images) == _IMAGES_MAX:
            raise UpstreamBroken(f"The answer holds more than {_IMAGES_MAX} images.")
        self._base64 = _Base64Stream(self._new_writer())
        return buffer[match.end() :]

    def _feed_ignored(self, data: bytes) -> bytes:
        end = data.find(b'"')
        if end < 0:
            return b""
        self._ignoring = False
        return data[end:]

    def _feed_image(self, stream: "_Base64Stream", data: bytes) -> bytes:
        end = data.find(b'"')
        if end < 0:
            stream.feed(data)
            return b""
        stream.feed(data[:end])
        self.images.append(stream.finish())
        self._base64 = None
        return data[end + 1 :]

    def _keep(self, data: bytes) -> None:
        self._skeleton += data
        if len(self._skeleton) > _SKELETON_MAX:
            raise UpstreamBroken("The answer holds more than 1 MB beside its images.")


class ImageEvents:
    """A server-sent event stream whose events are :class:`ImageJson` documents.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(
        self, new_writer: Callable[[], ImageWriter], key: str | tuple[str, ...] = "b64_json"
    ) -> None:
        self._new_writer = new_writer
        self._key = key
        self._line = b""
        self._in_data = False
        self._in_other = False
        self._document = ImageJson(new_writer, key)

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], list[SpooledImage]]]:
        """Take the next bytes; yields each event that they complete."""
        while data:
            if self._in_data:
                piece, newline, data = data.partition(b"\n")
                self._document.feed(piece.removesuffix(b"\r") if newline else piece)
                self._in_data = not newline
                continue
            if self._in_other:
                _, newline, data = data.partition(b"\n")
                self._in_other = not newline
                continue
            self._line += data[:_CARRY]
            data = data[_CARRY:]
            name, newline, rest = self._line.partition(b"\n")
            if name.startswith(b"data:"):
                if not self._document.empty:
                    self._document.feed(b"\n")
                data = self._line[len(b"data:") :] + data
                self._line, self._in_data = b"", True
            elif newline:
                data = rest + data
                self._line = b""
                if not name.strip() and not self._document.empty:
                    yield from self._dispatch()
            elif len(self._line) >= _CARRY:  # a comment, or a field of no interest
                self._line, self._in_other = b"", True

    def _dispatch(self) -> Iterator[tuple[dict[str, Any], list[SpooledImage]]]:
        document = self._document
        event: Any = None if document.text.strip() == b"[DONE]" else document.finish()
        self._document = ImageJson(self._new_writer, self._key)
        if isinstance(event, dict):
            yield event, document.images  # pyright: ignore[reportUnknownVariableType]
        else:
            document.discard()

    def discard(self) -> None:
        """Close what is open and remove the images of the event that is being read."""
        self._document.discard()


def remove(images: Iterable[SpooledImage]) -> None:
    """Remove the files of images that nobody will take."""
    for image in images:
        image.path.unlink(missing_ok=True)


class _Base64Stream:
    """Decodes base64 that arrives in arbitrary pieces."""

    def __init__(self, writer: ImageWriter) -> None:
        self.writer = writer
        self._carry = b""
        self._escape = b""
        self._padded = False

    def feed(self, data: bytes) -> None:
        if self._escape or b"\\" in data:
            data = self._escape + data
            split = _SPLIT_ESCAPE.search(data)
            self._escape = split[0] if split else b""
            data = _ESCAPE.sub(_unescaped, data[: split.start()] if split else data)
        start, begun = 0, b""
        if self._carry:
            start = -len(self._carry) % 4
            head = self._carry + data[:start]
            if len(head) % 4:
                self._carry = head
                return
            begun = self._decoded(head)
        end = len(data) - (len(data) - start) % 4
        self._carry = data[end:]
        if end > start:
            whole = self._decoded(memoryview(data)[start:end])  # a view: it is not copied
            self.writer.write(begun + whole if begun else whole)
        elif begun:
            self.writer.write(begun)

    def finish(self) -> SpooledImage:
        if self._carry or self._escape:
            raise UpstreamBroken("An image in the answer is not valid base64.")
        return self.writer.finish()

    def _decoded(self, data: bytes | memoryview) -> bytes:
        if self._padded:
            raise UpstreamBroken("An image in the answer is not valid base64.")
        try:
            decoded = pybase64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UpstreamBroken("An image in the answer is not valid base64.") from error
        self._padded = len(decoded) * 4 != len(data) * 3
        return decoded


def _unescaped(match: re.Match[bytes]) -> bytes:
    return match[1] or bytes.fromhex(match[2].decode())
