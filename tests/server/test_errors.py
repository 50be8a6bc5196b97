"""Every error is OpenAI's envelope, says what is wrong, and gives nothing away."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from darkroom.server.door import Door
from darkroom.server.keys import Keys
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import EDIT, GENERATE, asking, client, refusal
from tests.support.running import Running, deployment

UNKNOWN = ["/v1/images/variations", "/v1/nothing", "/v3", "/v1/jobs/", "/v1//jobs", "/%00", "/é"]


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_path(http: httpx2.Client, path: str) -> None:
    assert refusal(http.get(path), 404)["code"] == "not_found"


def test_a_wrong_method_names_the_right_ones(http: httpx2.Client) -> None:
    answer = http.get(GENERATE)
    assert refusal(answer, 405)["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "POST"
    assert refusal(http.delete("/v1/jobs"), 405)


BROKEN: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("cut off", b'{"prompt": "x"'),
    ("an array", b"[]"),
    ("text", b'"prompt"'),
    ("null", b"null"),
    ("two documents", b"{}{}"),
    ("NaN", b'{"prompt": "x", "n": NaN}'),
    ("beyond floats", b'{"prompt": "x", "n": 1e999}'),
    ("5,000 digits", b'{"prompt": "x", "n": ' + b"1" * 5_000 + b"}"),
    ("not UTF-8", b'{"prompt": "\xff"}'),
    ("half a surrogate pair", b'{"prompt": "\\ud800"}'),
    ("30,000 levels", b'{"prompt": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    ("500 levels", b'{"prompt": ' + b"[" * 500 + b"]" * 500 + b"}"),
    ("a form", b"prompt=x&n=1"),
]


@pytest.mark.parametrize("path", [GENERATE, EDIT, "/v1/keys"])
@pytest.mark.parametrize("body", [b[1] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_body_that_is_no_json_object(http: httpx2.Client, path: str, body: bytes) -> None:
    answer = http.post(path, content=body, headers={"content-type": "application/json"})
    assert refusal(answer, 400)["type"] == "invalid_request_error"


def test_json_is_read_whatever_its_content_type(http: httpx2.Client) -> None:
    """``curl -d`` says that it sends a form."""
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert http.post(GENERATE, content=json.dumps(asking()), headers=head).status_code == 200
    refusal(http.post(GENERATE, content=b"prompt=x", headers=head), 400)


VALUES: list[tuple[dict[str, Any], str]] = [
    ({"prompt": None}, "prompt"),
    ({"prompt": "  "}, "prompt"),
    ({"prompt": 7}, "prompt"),
    ({"prompt": "x" * 32_001}, "prompt"),
    ({"n": 0}, "n"),
    ({"n": 11}, "n"),
    ({"n": True}, "n"),
    ({"n": 1.5}, "n"),
    ({"n": 10**25}, "n"),
    ({"n": "²"}, "n"),
    ({"n": [1]}, "n"),
    ({"size": "1x1"}, "size"),
    ({"size": "big"}, "size"),
    ({"size": "1024x1000", "size_policy": "strict"}, "size"),
    ({"size_policy": "maybe"}, "size_policy"),
    ({"quality": "best"}, "quality"),
    ({"background": "green"}, "background"),
    ({"background": "transparent", "output_format": "jpeg"}, "background"),
    ({"output_format": "tiff"}, "output_format"),
    ({"output_compression": 101}, "output_compression"),
    ({"output_compression": 50}, "output_compression"),
    ({"moderation": "none"}, "moderation"),
    ({"partial_images": 2}, "partial_images"),
    ({"partial_images": 4, "stream": True}, "partial_images"),
    ({"stream": 1}, "stream"),
    ({"stream": "yes"}, "stream"),
    ({"stream": True, "response_format": "url"}, "response_format"),
    ({"response_format": "png"}, "response_format"),
    ({"style": "baroque"}, "style"),
    ({"seed": -1}, "seed"),
    ({"svg": {"model": "x"}}, "svg"),
    ({"frame_count": 4}, "frame_count"),
    ({"input_fidelity": "high"}, "input_fidelity"),
    ({"api_base": "http://evil.test"}, "api_base"),
]


@pytest.mark.parametrize(("more", "param"), VALUES)
def test_the_parameter_is_named(
    http: httpx2.Client, vendor: OpenAIVendor, more: dict[str, Any], param: str
) -> None:
    error = refusal(http.post(GENERATE, json=asking(**more)), 400)
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert not vendor.received


def test_the_edges_of_what_is_allowed(http: httpx2.Client) -> None:
    for more in ({"prompt": "x" * 32_000}, {"n": "1"}, {"prompt": "\0 \U0001f600 \u2028"}):
        assert http.post(GENERATE, json=asking(**more)).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "a b", "x/?", "evil.test/path", "a@b", "a:99999999", "[::1", "ex\xe4mple", "a\tb"]
)
def test_a_bad_host_header(shared: Running, host: str) -> None:
    body = json.dumps(asking())
    with socket.create_connection(("127.0.0.1", int(shared.url.rpartition(":")[2]))) as line:
        line.settimeout(10)
        line.sendall(
            f"POST {GENERATE} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {shared.key}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode("latin-1")
        )
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Host header" in answer


def test_links_are_on_the_origin_the_client_used(http: httpx2.Client) -> None:
    for host in ("images.example.com", "images.example.com:8443", "[2001:db8::1]:80"):
        body = asking(response_format="url")
        made = http.post(GENERATE, json=body, headers={"host": host}).json()
        assert made["data"][0]["url"].startswith(f"http://{host}/assets/")


def test_a_slow_body_is_not_waited_for(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    options = {"body_piece_timeout_s": 0.1, "deployments": [deployment(openai_vendor)]}
    with Running(tmp_path / "data", **options) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        for kind in ("application/json", "multipart/form-data; boundary=b"):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.settimeout(10)
                line.sendall(
                    f"POST {EDIT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\n"
                    f"Content-Type: {kind}\r\nContent-Length: 500\r\n\r\n--b\r\n".encode()
                )
                answer = b"".join(iter(lambda line=line: line.recv(65_536), b""))
            assert answer.startswith(b"HTTP/1.1 408 ")
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            assert error["code"] == "request_timeout"


def test_a_body_that_only_drips_is_not_waited_for(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    options = {"body_timeout_s": 0.3, "deployments": [deployment(openai_vendor)]}
    with Running(tmp_path / "data", **options) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.settimeout(0.05)
            line.sendall(
                f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\n"
                "Content-Length: 1000\r\n\r\n".encode()
            )
            answer = b""
            for _ in range(100):
                line.sendall(b" ")
                try:
                    answer = line.recv(65_536)
                    break
                except TimeoutError:
                    continue
        assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_defect_of_ours_is_500_without_a_trace(
    shared: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    door = Door(shared.services, Keys(shared.services.database, shared.services.key_pepper))

    async def broken(_request: Request) -> Response:
        raise RuntimeError("password=hunter2")

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "headers": [],
        "state": {"request_id": "req_1"},
    }
    answer = await door.guarded(broken)(Request(scope))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await answer(scope, lambda: None, send)  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent)
    assert answer.status_code == 500
    error = json.loads(body)["error"]
    assert (error["code"], error["type"]) == ("internal_error", "server_error")
    assert "req_1" in error["message"]
    assert b"hunter2" not in body
    assert b"Traceback" not in body
    assert answer.headers["x-should-retry"] == "false"


def test_two_keys_in_one_request_are_refused(shared: Running) -> None:
    with client(shared) as http:
        answer = http.get("/v1/models", headers={"api-key": "another"})
        assert "several" in refusal(answer, 401)["message"]
        same = http.get("/v1/models", headers={"api-key": shared.key, "x-api-key": shared.key})
        assert same.status_code == 200


@pytest.mark.parametrize("name", ["api-key", "x-api-key", "x-goog-api-key"])
def test_every_header_of_a_key(shared: Running, name: str) -> None:
    with client(shared, key="") as http:
        assert http.get("/v1/models", headers={name: shared.key}).status_code == 200
        assert refusal(http.get("/v1/models", headers={name: "wrong"}), 401)
