"""Images are lifted out of JSON and event streams while these arrive, in whatever pieces."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.core.errors import UpstreamBroken
from darkroom.core.result import SpooledImage
from darkroom.providers._image_json import ImageEvents, ImageJson
from tests.support.spooled import FolderSink

PICTURES = (b"\x89PNG" + bytes(range(256)), b"x", b"\xfb\xff\xbf\xff\xff" * 40, b"")


class MemoryWriter:
    """Keeps the bytes; its "path" is never touched because nothing is removed."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.discarded = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data

    def finish(self) -> SpooledImage:
        return SpooledImage(Path("/nowhere"), "", len(self.data))

    def discard(self) -> None:
        self.discarded = True


class Writers:
    def __init__(self) -> None:
        self.made: list[MemoryWriter] = []

    def __call__(self) -> MemoryWriter:
        self.made.append(MemoryWriter())
        return self.made[-1]

    @property
    def pictures(self) -> list[bytes]:
        return [bytes(writer.data) for writer in self.made]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read(text: bytes, size: int = 1 << 16) -> tuple[Any, list[bytes]]:
    writers = Writers()
    document = ImageJson(writers)
    for piece in pieces(text, size):
        document.feed(piece)
    answer = document.finish()
    assert len(document.images) == len(writers.made)
    return answer, writers.pictures


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


ANSWER = {
    "created": 1,
    "data": [
        {"b64_json": b64(each), "revised_prompt": 'a \\ "b64_json": "QUJD"'} for each in PICTURES
    ],
    "usage": {"input_tokens": 3},
}
SKELETON = {
    **ANSWER,
    "data": [
        {"b64_json": f"#{index}", "revised_prompt": 'a \\ "b64_json": "QUJD"'}
        for index in range(len(PICTURES))
    ],
}


@pytest.mark.parametrize("size", [*range(1, 70), 255, 1000])
@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_any_chunk_size_and_any_layout_read_alike(size: int, indent: str | int | None) -> None:
    assert read(json.dumps(ANSWER, indent=indent).encode(), size) == (SKELETON, list(PICTURES))


@pytest.mark.parametrize("size", range(1, 12))
def test_escapes_in_base64_may_be_split_anywhere(size: int) -> None:
    text = json.dumps(ANSWER).encode()
    slashes = text.replace(b"/", b"\\/")
    dotnet = text.replace(b"+", b"\\u002B").replace(b"/", b"\\u002f")
    assert b"\\/" in slashes
    assert b"\\u002B" in dotnet
    assert read(slashes, size)[1] == list(PICTURES)
    assert read(dotnet, size)[1] == list(PICTURES)


def test_the_image_may_come_before_everything_else() -> None:
    text = b'{"data":[{"b64_json":"QUJD"}],"usage":null,"created":2}'
    assert read(text, 3) == ({"data": [{"b64_json": "#0"}], "usage": None, "created": 2}, [b"ABC"])


@pytest.mark.parametrize(
    "document",
    [
        {"b64_json": None},
        {"b64_json": 7, "b64_json_": "QUJD"},
        {"prompt": '"b64_json":"QUJD"'},
        {'x"b64_json': "QUJD"},
        {"a": "b64_json", "b": ["b64_json", "QUJD"]},
        {"b64_json": {"b64": "QUJD"}},
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_only_looks_like_an_image_stays_text(document: Any, size: int) -> None:
    assert read(json.dumps(document).encode(), size) == (document, [])


@pytest.mark.parametrize("key", ["b64_json", "image"])
def test_the_key_is_the_callers_choice(key: str) -> None:
    writers = Writers()
    document = ImageJson(writers, key)
    document.feed(json.dumps({key: "QUJD", "other": "QUJD"}).encode())
    assert document.finish() == {key: "#0", "other": "QUJD"}
    assert writers.pictures == [b"ABC"]


def test_an_answer_that_stops_anywhere_is_broken_and_leaves_no_file(tmp_path: Path) -> None:
    text = json.dumps({"data": [{"b64_json": "QUJD"}, {"b64_json": "REVG"}]}).encode()
    sink = FolderSink(tmp_path / "spool")
    for end in range(len(text)):
        document = ImageJson(sink.writer)
        document.feed(text[:end])
        with pytest.raises(UpstreamBroken, match="cut off"):
            document.finish()
        document.discard()
    assert sink.left == []


@pytest.mark.parametrize(
    "text",
    [
        "QUJ",
        "QUJD!",
        "QQ==QUJD",
        "QQ==QQ==",
        "Q=Q=",
        "QU JD",
        "QUJD\\n",
        "QUJD\\",
        "=",
        "====",
        "\\u0",
        "Qé==",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 64])
def test_invalid_base64_is_refused(text: str, size: int) -> None:
    with pytest.raises(UpstreamBroken, match="base64"):
        read(f'{{"b64_json":"{text}"}}'.encode(), size)


@pytest.mark.parametrize(
    "text", [b"", b"nothing", b"[" * 100_000, b'"\xff"', b'{"a":1}{"b":2}', b'{"a":1e999}']
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read(text)


def test_text_beside_the_images_is_bounded() -> None:
    document = ImageJson(Writers())
    for _ in range(16):
        document.feed(b" " * 65_536)
    with pytest.raises(UpstreamBroken, match="1 MB"):
        document.feed(b" " * 65_536)


def test_the_number_of_images_is_bounded() -> None:
    with pytest.raises(UpstreamBroken, match="more than 64 images"):
        read(b"[" + b'{"b64_json":""},' * 65 + b"0]")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(max_size=30)
    | st.sampled_from(['"b64_json":"', "b64_json", "\\", '\\"b64_json": "QQ=="', "data: x\n\n"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=12) | st.just("b64"), inner, max_size=4)
        | st.binary(max_size=90).map(lambda data: {"b64_json": data, "index": 1})
    ),
    max_leaves=12,
)


def _wire(value: Any) -> Any:
    """Bytes as base64 text."""
    if isinstance(value, dict):
        return {name: _wire(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_wire(each) for each in value]
    return b64(value) if isinstance(value, bytes) else value


def _filled(value: Any, images: list[bytes]) -> Any:
    """What was read, with each image back in its place."""
    if isinstance(value, dict):
        return {
            name: images[int(each[1:])] if name == "b64_json" else _filled(each, images)
            for name, each in value.items()
        }
    return [_filled(each, images) for each in value] if isinstance(value, list) else value


@given(
    json_values,
    st.lists(st.integers(1, 40), min_size=1),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_streaming_equals_parsing_and_decoding(
    value: Any, sizes: list[int], indent: Any, escaped: bool
) -> None:
    text = json.dumps(_wire(value), indent=indent, ensure_ascii=escaped).encode()
    if escaped:
        text = text.replace(b"/", b"\\/")
    writers = Writers()
    document = ImageJson(writers)
    at = turn = 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        document.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    assert _filled(document.finish(), writers.pictures) == value


# Event streams ---------------------------------------------------------------------------------


def events(text: bytes, size: int) -> tuple[list[Any], list[bytes]]:
    writers = Writers()
    stream = ImageEvents(writers)
    found = [event for piece in pieces(text, size) for event, _ in stream.feed(piece)]
    return found, writers.pictures


STREAM = (
    b": welcome, this comment is much longer than what has to be looked at to know a field\n\n"
    b"event: a\n"
    b'data: {"type": "a", "b64_json": "QUJD", "n": 1}\n\n'
    b"retry: 10\nid: " + b"7" * 200 + b"\n"
    b'data:{"type": "b",\n'
    b'data: "b64_json": "REVGRw==",\n'
    b'data: "n": 2}\n\n'
    b"\n\n"
    b'data: {"type":"c"}\n\n'
    b"data: 7\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    {"type": "a", "b64_json": "#0", "n": 1},
    {"type": "b", "b64_json": "#0", "n": 2},
    {"type": "c"},
]


@pytest.mark.parametrize("size", [*range(1, 80), 1000])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_events_read_alike_in_any_pieces(size: int, newline: bytes) -> None:
    text = STREAM.replace(b"\n", newline)
    assert events(text, size) == (EVENTS, [b"ABC", b"DEFG"])


def test_an_event_without_its_blank_line_is_not_one() -> None:
    assert events(b'data: {"b64_json": "QUJD"}\n', 5) == ([], [b"ABC"])


def test_a_broken_event_leaves_no_file(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path / "spool")
    stream = ImageEvents(sink.writer)
    with pytest.raises(UpstreamBroken):
        list(stream.feed(b'data: {"b64_json": "QUJD", \n\n'))
    stream.discard()
    assert sink.left == []


def test_an_event_that_is_no_object_leaves_no_file(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path / "spool")
    assert list(ImageEvents(sink.writer).feed(b'data: [{"b64_json": "QUJD"}]\n\n')) == []
    assert sink.left == []


def test_a_line_without_end_takes_no_memory() -> None:
    stream = ImageEvents(Writers())
    for _ in range(1000):
        assert list(stream.feed(b":" + b"x" * 999)) == []
    assert list(stream.feed(b'\ndata: {"type":"c"}\n\n')) == [({"type": "c"}, [])]
    assert max(len(value) for value in vars(stream).values() if isinstance(value, bytes)) < 200


IGNORING = b'{"x": [{"data" : "QUJD", "sig_": 1}], "sig":"' + b"A" * 5000 + b'"}'


@pytest.mark.parametrize("size", [*range(1, 70), 6000])
def test_strings_that_are_ignored_are_read_past_in_any_pieces(size: int) -> None:
    writers = Writers()
    document = ImageJson(writers, key="data", ignored=("sig",))
    for piece in pieces(IGNORING, size):
        document.feed(piece)
    assert document.finish() == {"sig": "", "x": [{"data": "#0", "sig_": 1}]}
    assert writers.pictures == [b"ABC"]


def test_an_answer_that_stops_in_an_ignored_string_is_broken() -> None:
    document = ImageJson(Writers(), key="data", ignored=("sig",))
    document.feed(b'{"sig": "AAAA')
    with pytest.raises(UpstreamBroken):
        document.finish()


@pytest.mark.parametrize("size", range(1, 140))
def test_a_key_that_only_ends_like_that_of_images_is_text_in_any_pieces(size: int) -> None:
    text = json.dumps({"a" * 50: 1, '"b64_json': "no image; really" * 8}).encode()
    assert read(text, size) == (json.loads(text), [])
