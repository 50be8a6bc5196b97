"""The receiver of ``darkroom webhooks listen``, to whoever finds its port."""

import socket

import pytest

from darkroom.cli.receiver import Receiver


@pytest.mark.parametrize("length", ["²".encode("latin-1"), b"9" * 5_000, b"-1", b"", b"1048577"])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    receiver = Receiver(0)
    with receiver.listening(), socket.create_connection(("127.0.0.1", receiver.port), 60) as door:
        door.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n")
        assert door.makefile("rb").readline().split()[1] == b"413"
