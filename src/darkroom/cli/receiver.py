"""A receiver of webhooks on loopback, for as long as a command listens."""

import queue
import re
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_BODY_MAX = 1 << 20
_LENGTH = re.compile(r"[0-9]{1,9}")
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery as it came; ``problem`` says why it is not to be trusted."""

    headers: Mapping[str, str]
    body: bytes
    problem: str = ""


Check = Callable[[Received], str]
"""What is wrong with a delivery; empty when it is genuine."""


class Receiver:
    """``url`` takes deliveries; each is checked, answered, and then waits in :meth:`next`."""

    def __init__(self, port: int) -> None:
        """Raises ``OSError`` for a port that is taken."""
        self._came: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._check: Check = lambda _: "nothing is known of the secret yet"
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def trust(self, check: Check) -> None:
        self._check = check

    def next(self) -> Received:
        """The next delivery, however long that takes."""
        while True:
            try:
                return self._came.get(timeout=_LOOK_S)  # bounded, so that Ctrl-C is heard
            except queue.Empty:
                continue

    @contextmanager
    def listening(self) -> Generator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The HTTP status that answers the delivery."""
        plain = Received(headers, body)
        problem = self._check(plain)
        self._came.put(Received(headers, body, problem))
        return 401 if problem else 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = self.headers.get("content-length", "")
                status = 413
                if _LENGTH.fullmatch(length) and int(length) <= _BODY_MAX:
                    body = self.rfile.read(int(length))
                    status = receiver.take(dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """What came is printed by the command."""

        return Handler
