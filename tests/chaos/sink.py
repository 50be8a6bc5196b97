"""A receiver of webhooks as they are: errors, answers that get lost, and signatures to verify."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

FAILS = 0.20
DROPS = 0.05
_FINAL = ("completed", "succeeded", "failed", "canceled", "cancelled")


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery as it came. ``accepted``: the receiver has it, whatever it answered.

    ``problem`` is what is wrong with it, such as a signature; empty when nothing is.
    """

    id: str
    at_ms: int
    accepted: bool
    problem: str


class Sink:
    """``secrets`` by path. ``look``, if set, is asked for the state of a job as it is told of."""

    def __init__(self, seed: int) -> None:
        self.told: list[Told] = []
        self.secrets: dict[str, str] = {}
        self.steady = False
        """From now on it accepts everything."""
        self.look: Callable[[str], str | None] = lambda _: None
        self.looked = 0
        self._chance = random.Random(f"{seed} sink")
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = sink._receive(self.path, headers, body)
                self.close_connection = True
                if status:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The report says what matters."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that was killed while it was answered."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sink", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status to answer; 0: the connection is dropped."""
        at_ms = time.time_ns() // 1_000_000
        drawn = 1.0 if self.steady else self._chance.random()
        accepted = drawn >= FAILS
        problem = self._problem(path, headers, body)
        self.told.append(Told(headers.get("webhook-id", ""), at_ms, accepted, problem))
        if drawn < FAILS:
            return 500
        return 0 if drawn < FAILS + DROPS else 204

    def _problem(self, path: str, headers: Mapping[str, str], body: bytes) -> str:
        try:
            Webhook(self.secrets[path]).verify(body, dict(headers))
        except Exception as error:  # noqa: BLE001 - each of them is a finding
            return f"{path}: signature: {error!r}"
        told: dict[str, Any] = json.loads(body)
        inner: dict[str, Any] = told.get("data") or told
        state = str(inner.get("state") or inner.get("status"))
        if state not in _FINAL:
            return f"{path}: told of the state {state}"
        job_id = inner.get("job")
        now = self.look(job_id) if job_id else None
        if now is not None:
            self.looked += 1
            if now not in _FINAL:
                return f"{path}: told of {state} while the job was {now}"
        return ""
