"""What vendors and servers answer: JSON and event streams with images in them, pauses."""

import base64
import json
import random
from collections.abc import Hashable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from darkroom.core.errors import UpstreamBroken, UpstreamRateLimited
from darkroom.core.result import SpooledImage
from darkroom.dialects.openai import OpenAIDialect
from darkroom.providers._answers import retry_after_s
from darkroom.providers._image_json import ImageEvents, ImageJson
from darkroom.routing.circuit import Circuit, cooled
from darkroom.webhooks.schedule import read_retry_after
from darkroom_client.errors import APIResponseError, of_answer
from darkroom_client.sse import Parser
from tests.hostile.fuzzing import Target

_KEYS = ("b64_json", "thumbnail")
"""The images under the first are kept, those under the second read past."""
_NAMES = (
    *("created", "b64_jso", "b64_json_", '"b64_json', '\\"thumbnail', "data", "", "é", "\\"),
    *('x","b64_json":"', "a" * 60),
)
_TEXTS = (
    *(
        '"b64_json": "',
        'b64_json":"',
        '\\"b64_json\\":\\"AAAA\\"',
        "\\",
        "\n\n",
        "data: x",
        "[DONE]",
    ),
    *("", "#0", "é\u2028\U0001f600", "a" * 57, "b" * 63, "c" * 200),
)


class _Memory:
    """Writers of images that stay in memory."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data

    def finish(self) -> SpooledImage:
        self.open = False
        return SpooledImage(Path("/nowhere/image"), "", len(self.data))

    def discard(self) -> None:
        self.open = False


class _Document:
    """Random JSON with images, written as the most different writers do."""

    def __init__(self, rng: random.Random, *, indented: bool) -> None:
        self._rng = rng
        self._images: list[bytes] = []
        self._indented = indented

    def made(self) -> tuple[bytes, Hashable]:
        said = self._value(3)
        text = json.dumps(
            said,
            ensure_ascii=self._rng.random() < 0.5,
            indent=self._rng.choice((None, 1, 4)) if self._indented else None,
            separators=self._rng.choice((None, (",", ":"), (",  ", "  :  "))),
        )
        images: list[bytes] = []
        expected = json.dumps(_lifted(json.loads(text), images), sort_keys=True)
        text = text.replace("/", self._rng.choice(("/", r"\/", r"\u002f")))
        text = text.replace("+", self._rng.choice(("+", r"\u002B")))
        return text.encode(), (expected, tuple(images))

    def _value(self, depth: int) -> Any:
        rng = self._rng
        match rng.randrange(8 if depth else 3):
            case 0:
                return rng.choice((None, True, 0, -7, 2**53, 1.5))
            case 1 | 2:
                return rng.choice(_TEXTS)
            case 3 | 4:
                return [self._value(depth - 1) for _ in range(rng.randrange(4))]
            case _:
                return self._object(depth)

    def _object(self, depth: int) -> dict[str, Any]:
        rng = self._rng
        said: dict[str, Any] = {}
        for _ in range(rng.randrange(5)):
            if rng.random() < 0.5:
                data = rng.randbytes(rng.choice((0, 1, 2, 3, 4, 40, 300)))
                said[rng.choice(_KEYS)] = base64.b64encode(data).decode()
            else:
                said[rng.choice(_NAMES)] = self._value(depth - 1)
        return said


def _lifted(value: Any, images: list[bytes]) -> Any:
    """What an ordinary parser and decoder make of it: the oracle."""
    if isinstance(value, list):
        return [_lifted(one, images) for one in value]
    if not isinstance(value, dict):
        return value
    lifted: dict[str, Any] = {}
    for name, one in value.items():
        if name == _KEYS[0]:
            lifted[name] = f"#{len(images)}"
            images.append(base64.b64decode(one, validate=True))
        else:
            lifted[name] = "" if name == _KEYS[1] else _lifted(one, images)
    return lifted


def _document(rng: random.Random) -> tuple[bytes, Hashable]:
    return _Document(rng, indented=True).made()


def _read_document(pieces: Sequence[bytes]) -> Hashable:
    made: list[_Memory] = []

    def writer() -> _Memory:
        made.append(_Memory())
        return made[-1]

    document = ImageJson(writer, _KEYS[0], ignored=_KEYS[1:])
    try:
        for piece in pieces:
            document.feed(piece)
        said = document.finish()
    except UpstreamBroken:
        document.discard()
        assert not any(one.open for one in made), "a writer was left open"
        raise
    return json.dumps(said, sort_keys=True), tuple(bytes(one.data) for one in made)


def _events(rng: random.Random) -> tuple[bytes, Hashable]:
    """Lines that end in one way, comments, fields of no interest, events of several lines."""
    end = rng.choice(("\n", "\r\n"))
    lines: list[str] = []
    expected: list[Hashable] = []
    for _ in range(rng.randrange(4)):
        lines += [":" + "-" * rng.choice((0, 1, 58, 62, 63, 64, 65, 500))] * rng.randrange(3)
        lines += [rng.choice(("event: a", "id: 1", "retry: 5", "", "dat: 1", "data" * 20))]
        document, images = {"name": rng.choice(_TEXTS)}, list[bytes]()
        if rng.random() < 0.7:
            images.append(rng.randbytes(rng.choice((0, 1, 50, 200))))
            document[_KEYS[0]] = base64.b64encode(images[0]).decode()
        text = json.dumps(document, indent=rng.choice((None, 1)))
        gap = rng.choice(("", " "))
        lines += [f"data:{gap}{line}" for line in text.split("\n")] + [""]
        expected.append((json.dumps(_lifted(document, []), sort_keys=True), tuple(images)))
    if rng.random() < 0.5:
        lines += ["data: [DONE]", ""]
    return "".join(line + end for line in lines).encode(), tuple(expected)


def _read_events(pieces: Sequence[bytes]) -> Hashable:
    made: list[_Memory] = []

    def writer() -> _Memory:
        made.append(_Memory())
        return made[-1]

    stream = ImageEvents(writer, _KEYS[0])
    came: list[tuple[str, int]] = []
    try:
        for piece in pieces:
            came += [(json.dumps(event, sort_keys=True), len(i)) for event, i in stream.feed(piece)]
    finally:
        stream.discard()
        assert not any(one.open for one in made), "a writer was left open"
    told: list[Hashable] = []
    for text, count in came:
        told.append((text, tuple(bytes(one.data) for one in made[:count])))
        del made[:count]
    return tuple(told)


def _told(rng: random.Random) -> tuple[bytes, Hashable]:
    """A stream for the SDK, with what it says."""
    lines: list[str] = []
    expected: list[Hashable] = []
    last = ""
    for _ in range(rng.randrange(5)):
        name, data = rng.choice(("", "progress", "é")), rng.choice(("", "{}", "a\nb", ": x", "é"))
        if rng.random() < 0.4:
            last = rng.choice(("1.0.0", "", "x"))
            lines.append(f"id: {last}")
        lines += [f"event: {name}", *(f"data: {line}" for line in data.split("\n")), ":", ""]
        expected.append((name, data, last))
    end = rng.choice(("\n", "\r\n"))
    return "".join(line + end for line in lines).encode(), tuple(expected)


def _read_told(pieces: Sequence[bytes]) -> Hashable:
    parser = Parser()
    return tuple((e.name, e.data, e.id) for piece in pieces for e in parser.feed(piece))


def _read_pause(pieces: Sequence[bytes]) -> Hashable:
    """A header is Latin-1. A pause of a vendor is waited for here, and told to our own caller."""
    text = b"".join(pieces).decode("latin-1")
    asked = (
        retry_after_s(lambda _: text),
        read_retry_after(text, 1_800_000_000_000),
        of_answer(429, {"retry-after": text}, b"").facts.retry_after_s,
    )
    assert all(one is None or (isfinite(one) and one >= 0) for one in asked), asked
    cooled(Circuit("one"), 0, asked[0])
    told = OpenAIDialect().render_error(UpstreamRateLimited("Later.", retry_after_s=asked[0]))
    assert len(told.headers.get("retry-after", "")) < 16
    return str([one is not None for one in asked])


TARGETS = (
    Target(
        "image JSON",
        (
            b'{"created":1,"data":[{"b64_json":"AAECAwQ=","n":1},{"b64_json":"\\/+8\\u002f"}]}',
            b'{"thumbnail" : "AAAA", "b64_json"\n:\n"" , "x": "\\"b64_json\\":\\"AA==\\""}',
        ),
        _read_document,
        (UpstreamBroken,),
        stream=True,
        grammar=_document,
        words=(b'"b64_json":"', b'\\"b64_json":"', b"\\/", b"\\u002f", b"AAAA", b"A===", b'""'),
    ),
    Target(
        "image events",
        (
            b'event: x\ndata: {"b64_json":"AAECAwQ=","type":"partial"}\n\ndata: [DONE]\n\n',
            b': hi\r\ndata: {\r\ndata: "b64_json": "AAEC"}\r\n\r\ndata: {"a":1}\r\n\r\n',
        ),
        _read_events,
        (UpstreamBroken,),
        stream=True,
        grammar=_events,
        words=(b"data:", b"\n\n", b"\ndata: ", b'"b64_json":"', b"[DONE]", b"\n" * 2_000),
    ),
    Target(
        "events in the SDK",
        (b"id: 1.0.0\nevent: progress\ndata: {}\n\n", b"data: a\r\ndata: b\r\n\r\n"),
        _read_told,
        (APIResponseError,),
        stream=True,
        grammar=_told,
        words=(b"data:", b"id:", b"event:", b"\n\n", b"id: \0\n", b"\n" * 2_000),
    ),
    Target(
        "Retry-After",
        (b"7", b"7.5s", b"Wed, 21 Oct 2037 07:28:00 GMT", b"Wed, 21 Oct 2037 07:28:00 +0200"),
        _read_pause,
        words=(b"+99999999999999", b"-2400", b"99999", b"GMT", b"Jan", b"1e300", b"1_0"),
    ),
)
