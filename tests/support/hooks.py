"""A receiver of webhooks on loopback, in a thread of the test's process."""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_WAIT_S = 20


@dataclass(frozen=True)
class Told:
    """One delivery as it arrived; names of headers are lower-case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Hooks:
    """``statuses``: what the next deliveries are answered; then 204.

    ``before_answering`` is called when a delivery has come, which then gets no answer.
    """

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.before_answering: Callable[[], None] | None = None
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hooks._told.put(Told(self.path, headers, body))
                if hooks.before_answering is not None:
                    hooks.before_answering()
                    self.close_connection = True
                    return
                self.send_response(hooks.statuses.pop(0) if hooks.statuses else 204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Tests look at what came instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def next(self) -> Told:
        """The next delivery. Raises ``queue.Empty`` when none comes."""
        return self._told.get(timeout=_WAIT_S)

    @property
    def none_left(self) -> bool:
        return self._told.empty()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
