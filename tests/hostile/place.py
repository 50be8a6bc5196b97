"""A gateway with one file in it, and a way to send it bytes that no HTTP client would send."""

import socket
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import PNG_PART, client, part, photo, send_form
from tests.support.running import Running, deployment

PATIENCE_S = 60
HOST = "gateway.example"


@dataclass(slots=True)
class Tally:
    """How much was tried, and what went wrong by name."""

    tried: int = 0
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, name: str, right: bool, told: object) -> None:
        self.tried += 1
        if not right:
            self.wrong[name[:120]] = str(told)[:200]


@dataclass(frozen=True, slots=True)
class Place:
    """``link``: path and query of a signed link to the file."""

    gateway: Running
    vendor: OpenAIVendor
    file_id: str
    link: str

    @property
    def key(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.gateway.key}"}

    def send(self, raw: bytes) -> tuple[int, bytes]:
        """The status and the whole answer to bytes as they are; 0 when there is none."""
        port = urlsplit(self.gateway.url).port
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as line:
            # who has heard enough hangs up; what it says about it is still there
            with suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(raw)
            answer = bytearray()
            with suppress(ConnectionResetError):
                while piece := line.recv(65_536):
                    answer += piece
        head = bytes(answer[:12]).split(b" ")
        return (int(head[1]) if len(head) > 1 else 0), bytes(answer)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """A request with headers as they are, one character a byte."""
        lines = {"Host": HOST, "Connection": "close", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    def spent_nanos(self) -> int:
        """What was charged or is held, of the account of the key."""
        with client(self.gateway) as http:
            balance = http.get("/v1/balance").json()
        return balance["held"]["nanos"] - balance["posted"]["nanos"]


@contextmanager
def place() -> Generator[Place]:
    """No proxy is trusted, no network allowed."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, OpenAIVendor() as vendor:
        options = {"deployments": [deployment(vendor)], "trusted_proxies": ["192.0.2.0/24"]}
        with Running(Path(folder) / "data", **options) as gateway, client(gateway) as http:
            form = (part("purpose", "vision"), PNG_PART("file", photo()))
            file_id = send_form(http, *form, path="/v1/files").json()["id"]
            found = http.get("/api/v1/files/list").json()["data"]["files"]
            link = urlsplit(next(each["file_url"] for each in found if each["file_id"] == file_id))
            yield Place(gateway, vendor, file_id, f"{link.path}?{link.query}")
