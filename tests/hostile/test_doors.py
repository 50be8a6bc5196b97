"""Hostile images through every door: a clear refusal, nothing upstream, and nothing left."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.hostile.bombs import BOMBS, ODD
from tests.imaging.images import CANARY
from tests.server.client import EDIT, GENERATE, PNG_PART, asking, client, part, photo, send_form
from tests.support.running import Running, deployment

CHEAP = (part("prompt", "a hat"), part("model", "gpt-image-1.5"), part("quality", "low"))
TOOL = {"type": "image_generation", "model": "gpt-image-1.5", "quality": "low"}


class Pages:
    """A web site whose every page is ``body``."""

    def __init__(self) -> None:
        self.body = b""
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "image/png")
                self.send_header("content-length", str(len(pages.body)))
                self.end_headers()
                self.wfile.write(pages.body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/image.png"

    def __enter__(self) -> "Pages":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@dataclass(frozen=True)
class Place:
    """A gateway, its vendor, and a web site that it may fetch from."""

    gateway: Running
    vendor: OpenAIVendor
    pages: Pages


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("gateway")
    with Pages() as pages, OpenAIVendor() as vendor:
        options = {"deployments": [deployment(vendor)], "image_url_networks": ["127.0.0.0/8"]}
        with Running(folder / "data", **options) as gateway:
            yield Place(gateway, vendor, pages)


@pytest.fixture
def vendor(at: Place) -> OpenAIVendor:
    at.vendor.reset()
    return at.vendor


@pytest.fixture
def http(at: Place) -> Iterator[httpx2.Client]:
    with client(at.gateway) as speaking:
        yield speaking


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def user_with(url: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": "a hat"}, {"type": "input_image", "image_url": url}]
    return {"model": "gpt-4.1", "input": [{"role": "user", "content": content}], "tools": [TOOL]}


def _evolink(http: httpx2.Client, **urls: Any) -> httpx2.Response:
    return http.post(f"/evolink{GENERATE}", json=asking(**urls))


Door = Callable[[httpx2.Client, Pages, bytes], httpx2.Response]

DOORS: Mapping[str, Door] = {
    "form": lambda http, _, data: send_form(http, *CHEAP, PNG_PART("image", data)),
    "data URL": lambda http, _, data: http.post(
        EDIT, json=asking(images=[{"image_url": data_url(data)}])
    ),
    "URL": lambda http, pages, _: http.post(EDIT, json=asking(images=[{"image_url": pages.url}])),
    "file": lambda http, _, data: send_form(
        http, part("purpose", "vision"), PNG_PART("file", data), path="/v1/files"
    ),
    "responses": lambda http, _, data: http.post("/v1/responses", json=user_with(data_url(data))),
    "responses URL": lambda http, pages, _: http.post("/v1/responses", json=user_with(pages.url)),
    "evolink": lambda http, _, data: _evolink(http, image_urls=[data_url(data)]),
    "evolink URL": lambda http, pages, _: _evolink(http, image_urls=[pages.url]),
    "evolink file": lambda http, _, data: http.post(
        "/api/v1/files/upload/base64", json={"base64_data": base64.b64encode(data).decode()}
    ),
    "apiframe upload": lambda http, _, data: send_form(
        http, PNG_PART("file", data), path="/v2/uploads"
    ),
    "mask": lambda http, _, data: send_form(
        http, *CHEAP, PNG_PART("image", photo()), PNG_PART("mask", data)
    ),
}
# What each is called when it is refused.
REFUSED = {
    "png 13k x 13k": "13000x13000 pixels",
    "webp 16383 x 10000": "16383x10000 pixels",
    "jpeg 4096 x 4096, 2,000 scans": "64 scans",
    "jpeg 3M comments": "too many segments",
}


@pytest.mark.parametrize("bomb", REFUSED)
@pytest.mark.parametrize("door", DOORS)
def test_a_bomb_is_refused_at_every_door(
    door: str, bomb: str, http: httpx2.Client, vendor: OpenAIVendor, at: Place
) -> None:
    at.pages.body = data = made(bomb)
    answer = DOORS[door](http, at.pages, data)
    assert answer.status_code == 400, answer.text[:400]
    assert REFUSED[bomb] in answer.text
    assert vendor.received == []
    assert left(at.gateway) == []
    assert http.get("/healthz").status_code == 200


@lru_cache
def made(bomb: str) -> bytes:
    return BOMBS[bomb]()


def left(gateway: Running) -> list[Path]:
    return [path for path in (gateway.settings.data_dir / "spool").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", [name for name in ODD if b"CANARY" in ODD[name]()])
@pytest.mark.parametrize("door", ["form", "URL"])
def test_what_an_image_says_beside_itself_never_leaves(
    door: str, name: str, http: httpx2.Client, vendor: OpenAIVendor, at: Place
) -> None:
    at.pages.body = data = ODD[name]()
    assert CANARY in data
    answer = DOORS[door](http, at.pages, data)
    assert answer.status_code == 200, answer.text[:400]
    (sent,) = vendor.received
    assert sent.files
    assert CANARY not in sent.body
