"""The listening socket."""

import asyncio
import socket

import pytest

from darkroom.server.serving import bound_socket


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_small_answers_are_not_delayed(host: str) -> None:
    """Nagle's algorithm would hold the second piece of an answer until the first is confirmed."""
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        seen.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = bound_socket(host, 0)
    async with await asyncio.start_server(accepted, sock=listener) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        assert await seen
        writer.close()
        await writer.wait_closed()
