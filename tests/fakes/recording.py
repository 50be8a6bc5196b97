"""What a fake server remembers of each request: the wire, ready for assertions."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body. ``text`` is set for fields, ``sha256`` and ``size`` for all."""

    name: str
    filename: str | None
    content_type: str | None
    size: int
    sha256: str
    text: str | None = None
    data: bytes = field(default=b"", repr=False)

    @property
    def is_file(self) -> bool:
        return self.filename is not None


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived. ``headers`` have lower-case names; ``peer`` tells connections."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    json: Any = None
    parts: Sequence[Part] = ()
    peer: tuple[str, int] | None = None
    fault: str = "none"

    @property
    def fields(self) -> dict[str, str]:
        """The multipart fields that are not files."""
        return {part.name: part.text for part in self.parts if part.text is not None}

    @property
    def files(self) -> list[Part]:
        """The multipart parts that are files, in order."""
        return [part for part in self.parts if part.is_file]

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of either kind of body."""
        if isinstance(self.json, dict):
            return dict(cast("dict[str, Any]", self.json))
        return dict(self.fields)

    def summary(self) -> dict[str, Any]:
        """A JSON-ready digest, without the bytes."""
        parts = [{k: v for k, v in asdict(part).items() if k != "data"} for part in self.parts]
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "json": self.json,
            "parts": parts,
            "fault": self.fault,
        }


class UnreadableBody(ValueError):
    """The body is not what its Content-Type says."""


def parse_body(content_type: str, body: bytes) -> tuple[Any, list[Part]]:
    """The JSON value, or the parts of a multipart body; raises :class:`UnreadableBody`."""
    kind, options = parse_options_header(content_type)
    if kind == "multipart/form-data":
        try:
            return None, _parts(options.get("boundary", ""), body)
        except MultipartError as error:
            raise UnreadableBody(str(error)) from error
    if not body:
        return None, []
    try:
        return json.loads(body), []
    except ValueError as error:
        raise UnreadableBody(str(error)) from error


def _parts(boundary: str, body: bytes) -> list[Part]:
    found: list[Part] = []
    segment: MultipartSegment | None = None
    pieces: list[bytes] = []
    with PushMultipartParser(boundary, strict=True) as parser:
        for event in [*parser.parse(body), *parser.parse(b"")]:
            if isinstance(event, MultipartSegment):
                segment, pieces = event, []
            elif event:
                pieces.append(bytes(event))
            elif segment is not None:
                found.append(_part(segment, b"".join(pieces)))
                segment = None
    return found


def _part(segment: MultipartSegment, data: bytes) -> Part:
    return Part(
        name=segment.name or "",
        filename=segment.filename,
        content_type=segment.content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=None if segment.filename is not None else data.decode(errors="replace"),
        data=data if segment.filename is not None else b"",
    )
