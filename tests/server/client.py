"""A plain HTTP client for a gateway under test, and the pictures that tests upload."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import httpx2

from tests.fakes.pictures import Look, color_of, picture
from tests.support.running import Running

GENERATE = "/v1/images/generations"
EDIT = "/v1/images/edits"


def client(gateway: Running, key: str | None = None, **options: Any) -> httpx2.Client:
    """Speaks with the key of the test, another one, or (``""``) none."""
    headers = {} if key == "" else {"authorization": f"Bearer {key or gateway.key}"}
    return httpx2.Client(base_url=gateway.url, headers=headers, timeout=20, **options)


def photo(name: str = "photo", kind: str = "png", width: int = 64, height: int = 64) -> bytes:
    """A small picture; another name, another colour."""
    return picture(kind, Look(width, height, color_of(name)))


def asking(prompt: str = "a red bicycle", **more: Any) -> dict[str, Any]:
    """The JSON of a cheap generation."""
    return {"model": "gpt-image-1.5", "prompt": prompt, "quality": "low", **more}


def other_key(gateway: Running, account: str, name: str = "other") -> str:
    """A second API key, of an account of its own or of one that exists."""
    with client(gateway) as http:
        answer = http.post("/v1/keys", json={"name": name, "account": account})
        assert answer.status_code == 201, answer.text
        return answer.json()["key"]


def form_body(boundary: str, *parts: bytes, end: bool = True) -> bytes:
    """A multipart body written by hand, from :func:`part`."""
    line = b"--" + boundary.encode()
    body = b"".join(line + b"\r\n" + each + b"\r\n" for each in parts)
    return body + (line + b"--\r\n" if end else b"")


def part(name: str, value: bytes | str, disposition: str = "", kind: str = "") -> bytes:
    """One part: ``disposition`` is appended to it (``; filename="a.png"``)."""
    head = f'Content-Disposition: form-data; name="{name}"{disposition}\r\n'
    if kind:
        head += f"Content-Type: {kind}\r\n"
    return head.encode() + b"\r\n" + (value.encode() if isinstance(value, str) else value)


def send_form(http: httpx2.Client, *parts: bytes, path: str = EDIT) -> httpx2.Response:
    """POST a body written by hand."""
    boundary = uuid4().hex
    return http.post(
        path,
        content=form_body(boundary, *parts),
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
    )


def refusal(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The error of an answer, after checking that it is OpenAI's envelope with a request id."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:400]}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    body = answer.json()
    assert set(body) == {"error"}
    assert {"message", "type", "param", "code"} <= set(body["error"])
    assert body["error"]["message"]
    return body["error"]


PNG_PART: Callable[..., bytes] = partial(part, disposition='; filename="a.png"', kind="image/png")
