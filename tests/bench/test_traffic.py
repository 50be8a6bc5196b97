"""The benchmark's upstream, load generator and pictures, against each other in one process."""

import argparse
import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from bench.__main__ import contenders, parser
from bench.load import Burst, fetch, fire
from bench.mock import Answers, Upstream
from bench.payloads import (
    BOUNDARY,
    SMALL_BYTES,
    Picture,
    edit_request,
    http_request,
    json_request,
    png,
)

GENERATIONS = "/v1/images/generations"


@pytest.fixture
def picture() -> Picture:
    return Picture(png(SMALL_BYTES))


@pytest.fixture
async def port(picture: Picture) -> AsyncIterator[int]:
    answers = Answers(picture)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(
        lambda: Upstream(answers, lambda _: 0.0), "127.0.0.1", 0
    ) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("weight", [SMALL_BYTES, 1_572_000])
def test_pictures_are_valid_and_all_different(weight: int) -> None:
    picture = Picture(png(weight))
    first, second = picture.numbered(1), picture.numbered(2)
    assert first != second
    assert abs(len(first) - weight) < 2_000
    with Image.open(io.BytesIO(first)) as image:
        image.load()
        assert image.size == (1024, 1024)
    assert base64.b64decode(picture.encoded + picture.next_tail()) == picture.numbered(0)
    assert picture.recognises(second)
    assert not picture.recognises(second[:-1] + b"?")
    assert not picture.recognises(b"")


async def test_every_request_is_answered(port: int) -> None:
    request = http_request(GENERATIONS, json_request(), "key")
    measured = await fire(Burst(port, request, connections=3, total=20))
    assert dict(measured.statuses) == {200: 20}
    assert len(measured.latencies_ms) == 20
    assert measured.received > 20 * SMALL_BYTES


async def test_answers_hold_the_next_picture(port: int, picture: Picture) -> None:
    request = http_request(GENERATIONS, json_request(), "key")
    images: list[bytes] = []
    for _ in range(2):
        answer = json.loads((await fetch(port, request)).body)
        images.append(base64.b64decode(answer["data"][0]["b64_json"]))
    assert images == [picture.numbered(0), picture.numbered(1)]


async def test_streams_end_with_the_picture(port: int, picture: Picture) -> None:
    request = http_request(GENERATIONS, json_request(stream=True, partial_images=3), "key")
    events = (await fetch(port, request)).body.decode().strip().split("\n\n")
    documents = [json.loads(event.partition("data: ")[2]) for event in events]
    assert [document["type"] for document in documents] == [
        *["image_generation.partial_image"] * 3,
        "image_generation.completed",
    ]
    assert picture.recognises(base64.b64decode(documents[-1]["b64_json"]))
    measured = await fire(Burst(port, request, connections=2, total=4))
    assert dict(measured.statuses) == {200: 4}


async def test_uploads_are_drained(port: int) -> None:
    body = edit_request(images=2, weight=200_000)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    request = http_request("/v1/images/edits", body, "key", kind)
    measured = await fire(Burst(port, request, connections=1, total=3))
    assert dict(measured.statuses) == {200: 3}


async def test_broken_connections_are_counted() -> None:
    def slam(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(slam, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        measured = await fire(Burst(port, b"GET / HTTP/1.1\r\n\r\n", connections=2, total=5))
        assert dict(measured.statuses) == {0: 5}
        assert measured.failed == 5
        with pytest.raises(ConnectionError):
            await fetch(port, b"GET / HTTP/1.1\r\n\r\n")


async def test_nobody_listens_there() -> None:
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    measured = await fire(Burst(port, b"", connections=2, total=3, deadline_s=5))
    assert measured.failed == 3


def told(*words: str) -> argparse.Namespace:
    return parser().parse_args(words)


def test_darkroom_takes_part_unless_told_otherwise() -> None:
    assert contenders(told("hot")) == (["floor", "darkroom"], {})
    assert contenders(told("hot", "--without-darkroom"))[0] == ["floor"]
    names, missing = contenders(told("hot", "--against", "floor,litellm", "--litellm-python", "/x"))
    assert names == ["floor", "darkroom"]
    assert missing == {"litellm": "that Python does not exist"}
    with pytest.raises(SystemExit, match="nosuch"):
        contenders(told("hot", "--against", "nosuch"))
