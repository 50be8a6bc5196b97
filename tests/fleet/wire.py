"""Listens to what clients ask of PostgreSQL: how many statements, and how many bytes both ways.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import struct
from collections import Counter
from urllib.parse import urlsplit, urlunsplit

from tests.fleet.relay import Relay, pump

_ENCRYPTION = (80877103, 80877104)
"""What asks for TLS and for GSSAPI; the answer is no, for then nothing could be heard."""


class Wire(Relay):
    """``url`` leads to the server at ``target`` by way of us."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = urlsplit(target)
        self.statements: Counter[str] = Counter()
        """How often each was executed, by its text."""
        self.asked_bytes = 0
        self.answered_bytes = 0
        self.connections = 0
        """How many are open."""

    @property
    def url(self) -> str:
        user, at, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}{at}127.0.0.1:{self.port}"))

    def reset(self) -> None:
        """Begin to count anew."""
        self.statements.clear()
        self.asked_bytes = self.answered_bytes = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(8)
            length, code = struct.unpack("!ii", head)
            if code not in _ENCRYPTION:
                break
            writer.write(b"N")
        host, port = self._target.hostname or "127.0.0.1", self._target.port or 5432
        answers, asking = await asyncio.open_connection(host, port)
        asking.write(head + await reader.readexactly(length - 8))
        self.connections += 1
        try:
            asked = pump(reader, asking, _Listener(self).heard)
            await asyncio.gather(asked, pump(answers, writer, self._answered))
        finally:
            self.connections -= 1

    def _answered(self, data: bytes) -> None:
        self.answered_bytes += len(data)


class _Listener:
    """Understands the messages of one client."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting = b""
        self._prepared: dict[bytes, bytes] = {}
        self._bound: dict[bytes, bytes] = {}

    def heard(self, data: bytes) -> None:
        self._wire.asked_bytes += len(data)
        self._waiting += data
        while len(self._waiting) >= 5:
            end = 1 + struct.unpack_from("!i", self._waiting, 1)[0]
            if len(self._waiting) < end:
                return
            kind, body = self._waiting[:1], self._waiting[5:end]
            self._waiting = self._waiting[end:]
            self._understood(kind, body.split(b"\0", 2))

    def _understood(self, kind: bytes, texts: list[bytes]) -> None:
        match kind:
            case b"P":  # parse: a name and the text
                self._prepared[texts[0]] = texts[1]
            case b"B":  # bind: a portal and the name of what was parsed
                self._bound[texts[0]] = self._prepared.get(texts[1], b"?")
            case b"E":  # execute a portal
                self._count(self._bound.get(texts[0], b"?"))
            case b"Q":  # parse, bind and execute in one
                self._count(texts[0])
            case _:
                pass

    def _count(self, text: bytes) -> None:
        self._wire.statements[" ".join(text.decode(errors="replace").split())] += 1
