"""The SDK's transport into an application of the same process."""

import asyncio
from typing import Any

import httpx2
import pytest

from darkroom_client.in_process import InProcess


async def test_an_answer_streams_while_the_application_works() -> None:
    go_on = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (scope["path"], scope["query_string"]) == ("/a b", b"c=1")
        asked = await receive()
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x-y", b"z")]})
        await send({"type": "http.response.body", "body": asked["body"], "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"end"})

    async with (
        httpx2.AsyncClient(transport=InProcess(app)) as http,
        http.stream("POST", "http://x/a%20b?c=1", content=b"in") as answer,
    ):
        assert (answer.status_code, answer.headers["x-y"]) == (201, "z")
        pieces = answer.aiter_bytes()
        assert await anext(pieces) == b"in"
        go_on.set()
        assert await anext(pieces) == b"end"


async def test_the_application_hears_that_the_reader_has_gone() -> None:
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        while (message := await receive())["type"] != "http.disconnect":
            pass
        heard.append(message["type"])

    async with (
        httpx2.AsyncClient(transport=InProcess(app)) as http,
        http.stream("GET", "http://x/") as answer,
    ):
        assert await anext(answer.aiter_bytes()) == b"first"
    assert heard == ["http.disconnect"]


async def test_an_application_that_fails_is_a_broken_connection() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("no")

    async with httpx2.AsyncClient(transport=InProcess(app)) as http:
        with pytest.raises(httpx2.ReadError, match="RuntimeError"):
            await http.get("http://x/")
