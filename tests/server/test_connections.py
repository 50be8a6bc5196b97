"""Slow, silent, greedy and too many clients, by raw sockets: each ends in bounded time."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from darkroom.server.body import Patience
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE
from tests.support.running import Running, deployment

PATIENCE_S = 30
QUICK: dict[str, Any] = {
    "head_timeout_s": 0.3,
    "idle_timeout_s": 0.4,
}


@pytest.fixture(scope="module")
def quick(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    """A gateway with little patience."""
    folder = tmp_path_factory.mktemp("quick")
    with Running(folder, **QUICK, deployments=[deployment(module_vendor)]) as server:
        yield server


def connected(gateway: Running) -> socket.socket:
    port = int(gateway.url.rpartition(":")[2])
    found = socket.create_connection(("127.0.0.1", port))
    found.settimeout(PATIENCE_S)
    return found


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    pieces: list[bytes] = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def dripped(connection: socket.socket, piece: bytes) -> bytes:
    """What comes back while pieces are sent, each soon after the one before."""
    connection.settimeout(0.02)
    for _ in range(PATIENCE_S * 50):
        connection.sendall(piece)
        with suppress(TimeoutError):
            return connection.recv(1 << 16)
    raise AssertionError("nothing came back")


def head_of(path: str = "/healthz", method: str = "GET", **headers: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> bytes:
    """One answer with a length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(1 << 16)
        assert piece, f"the server hung up after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def test_who_sends_nothing_is_hung_up_on(quick: Running) -> None:
    with connected(quick) as one:
        assert rest(one) == b""


def test_headers_that_do_not_arrive_are_408(quick: Running) -> None:
    with connected(quick) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        told = rest(one)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in told


def test_headers_that_drip_are_408(quick: Running) -> None:
    """Each byte comes in time, and still there is an end."""
    with connected(quick) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert dripped(one, b"x").startswith(b"HTTP/1.1 408 ")


def test_the_headers_of_a_second_request_are_waited_for_as_long(quick: Running) -> None:
    with connected(quick) as one:
        one.sendall(head_of())
        assert b" 200 " in answer(one)
        one.sendall(b"GET /healthz HT")
        assert rest(one).startswith(b"HTTP/1.1 408 ")


def test_headers_without_end_are_431(quick: Running) -> None:
    with connected(quick) as one:
        try:
            one.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 2_000_000)
        except OSError:
            return  # it hung up before it had read all of them
        told = rest(one)
    assert told[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ", b"")


def test_a_thousand_requests_at_once_are_not_taken(quick: Running) -> None:
    with connected(quick) as one:
        one.sendall(head_of() * 1_000)
        told = rest(one)
    assert told.count(b"HTTP/1.1 200") < 100


def test_an_idle_connection_is_closed(quick: Running) -> None:
    with connected(quick) as one:
        one.sendall(head_of())
        assert b" 200 " in answer(one)
        assert rest(one) == b""


def test_a_busy_connection_is_kept(quick: Running) -> None:
    with connected(quick) as one:
        for _ in range(20):
            one.sendall(head_of())
            assert b" 200 " in answer(one)


def test_a_body_that_drips_is_408(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    """It is never silent for long, and far too slow."""
    options = {"body_piece_timeout_s": 0.3, "deployments": [deployment(openai_vendor)]}
    with Running(tmp_path, **options) as gateway, connected(gateway) as one:
        key = f"Bearer {gateway.key}"
        one.sendall(head_of(GENERATE, "POST", Content_Length=1_000_000, Authorization=key))
        assert dripped(one, b"x").startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("size", "waited_s", "slow"),
    [(0, 9.9, False), (1, 10.1, True), (10_999, 11, True), (11_000, 11, False), (1, 0, False)],
)
def test_how_slow_is_too_slow(size: int, waited_s: float, slow: bool) -> None:
    assert Patience(10, 600, 1_000).too_slow(size, waited_s) is slow
    assert not Patience(10, 600).too_slow(size, waited_s)


def test_more_connections_than_there_may_be_are_refused(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    options = {"connections_max": 3, "deployments": [deployment(openai_vendor)]}
    with Running(tmp_path, **options) as gateway, ExitStack() as stack:
        held = [stack.enter_context(connected(gateway)) for _ in range(3)]
        for one in held:
            one.sendall(head_of())
            assert b" 200 " in answer(one)
        with connected(gateway) as one:
            one.sendall(head_of("/v1/models", Authorization=f"Bearer {gateway.key}"))
            told = rest(one)
        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in told
        assert b"connection: close" in told
        assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
        with connected(gateway) as one:
            one.sendall(head_of("/v2/me", X_API_Key=gateway.key))
            assert set(json.loads(rest(one).partition(b"\r\n\r\n")[2])) == {"error"}
        with connected(gateway) as one:  # who watches the server still hears from it
            one.sendall(head_of("/healthz", Connection="close"))
            assert b" 200 " in rest(one)
        many = [stack.enter_context(connected(gateway)) for _ in range(80)]
        assert b" 503 " in rest(many[-1])  # far above, nobody waits for headers
        held.pop().close()
