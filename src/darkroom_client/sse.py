"""Parses server-sent events from bytes, in whatever pieces they come.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from collections.abc import Iterator
from dataclasses import dataclass

from darkroom_client import errors

_EVENT_BYTES_MAX = 256 << 20


@dataclass(frozen=True, slots=True)
class Event:
    """``id`` is the last one that was given, which is where a stream is taken up again."""

    name: str
    data: str
    id: str


class Parser:
    """Feed it; lines that end in CR alone, which nobody sends, are not lines to it."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._scanned = 0
        self._name = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes. Raises :class:`errors.APIResponseError`."""
        self._rest += data
        if len(self._rest) > _EVENT_BYTES_MAX:
            raise errors.APIResponseError(
                "An event of the stream does not end.", errors.ErrorFacts(code="bad_response")
            )
        start = 0
        while (end := self._rest.find(b"\n", max(start, self._scanned))) >= 0:
            line = self._rest[start:end].decode(errors="replace").removesuffix("\r")
            start = end + 1
            event = self._line(line)
            if event is not None:
                yield event
        del self._rest[:start]
        self._scanned = len(self._rest)

    def _line(self, line: str) -> Event | None:
        if not line:
            event = Event(self._name, "\n".join(self._data), self._id) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None
