"""Multipart bodies as clients really send them, and as they should not."""

import base64
import hashlib
import itertools
import json
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.server.client import (
    EDIT,
    GENERATE,
    PNG_PART,
    asking,
    form_body,
    part,
    photo,
    refusal,
    send_form,
)
from tests.support.running import Running

PROMPT = part("prompt", "make the hat red")
MODEL = part("model", "gpt-image-1.5")
LOW = part("quality", "low")
CHEAP = (PROMPT, MODEL, LOW)


def files_received(vendor: OpenAIVendor) -> list[str]:
    return [part.sha256 for part in vendor.received[-1].files]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "names",
    [["image"], ["image[]"], ["image[0]"], ["image[]", "image[]"], ["image[0]", "image[1]"]],
    ids=" ".join,
)
def test_images_under_every_name(
    http: httpx2.Client, vendor: OpenAIVendor, names: list[str]
) -> None:
    images = [photo(f"{index}") for index in range(len(names))]
    parts = [PNG_PART(name, data) for name, data in zip(names, images, strict=True)]
    assert send_form(http, *CHEAP, *parts).status_code == 200
    assert files_received(vendor) == [digest(data) for data in images]


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [
        ('; filename="a.png"', "application/octet-stream"),  # fs.createReadStream of the JS SDK
        ('; filename="upload"', "application/octet-stream"),  # BytesIO without a name
        ('; filename="a.png"', ""),
        ('; filename="lies.jpg"', "image/jpeg"),
        ("", "image/png"),
        ("", "application/octet-stream"),
        ("; filename=\"caf\u00e9 \u2603.png\"; filename*=UTF-8''caf%C3%A9.png", "image/png"),
        ('; filename="../../etc/passwd"', "image/png"),
    ],
)
def test_the_bytes_tell_what_an_image_is(
    http: httpx2.Client, vendor: OpenAIVendor, disposition: str, kind: str
) -> None:
    assert send_form(http, *CHEAP, part("image", photo(), disposition, kind)).status_code == 200
    [sent] = vendor.received[-1].files
    assert (sent.sha256, sent.content_type) == (digest(photo()), "image/png")
    assert sent.filename == "image-0.png"  # nothing of the client's name goes on


def test_scalars_are_text(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    answer = send_form(
        http,
        *CHEAP,
        part("n", "2"),
        part("output_compression", "50"),
        part("output_format", "webp"),
        part("stream", "false"),
        part("partial_images", "0"),
        PNG_PART("image", photo()),
    )
    assert answer.status_code == 200, answer.text[:200]
    assert len(answer.json()["data"]) == 2
    assert vendor.received[-1].fields["output_compression"] == "50"


def test_a_stream_asked_for_in_text(http: httpx2.Client) -> None:
    more = (part("stream", "true"), part("partial_images", "1"), PNG_PART("image", photo()))
    answer = send_form(http, *CHEAP, *more)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert [line for line in answer.text.splitlines() if line.startswith("event:")] == [
        "event: image_edit.partial_image",
        "event: image_edit.completed",
    ]


def test_a_chunked_body_without_a_length(http: httpx2.Client) -> None:
    """The JavaScript SDK sends its forms so."""
    body = form_body("b", *CHEAP, PNG_PART("image", photo()))
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    answer = http.post(
        EDIT, content=pieces, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 200, answer.text[:200]


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ('multipart/form-data; boundary="with space"', "with space"),
        ("Multipart/Form-Data; Boundary=x", "x"),
        ("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundaryA1", None),
        ('multipart/form-data; boundary="\'(+_,-./:=?)"', "'(+_,-./:=?)"),
    ],
)
def test_odd_boundaries(http: httpx2.Client, declared: str, used: str | None) -> None:
    used = used or declared.rpartition("=")[2]
    body = b"preamble\r\n" + form_body(used, *CHEAP, PNG_PART("image", photo())) + b"epilogue"
    answer = http.post(EDIT, content=body, headers={"content-type": declared})
    assert answer.status_code == 200, answer.text[:200]


def test_bytes_that_look_like_a_boundary_are_part_of_the_image(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    image = picture("png", Look(64, 64)) + b"\r\n--bounda\r\n--boundarX\r\r\n--"
    body = form_body("boundary", *CHEAP, PNG_PART("image", image))
    for size in (len(body), 11):
        pieces = iter([body[at : at + size] for at in range(0, len(body), size)])
        head = {"content-type": "multipart/form-data; boundary=boundary"}
        answer = http.post(EDIT, content=pieces, headers=head)
        # It reached the image check whole: what follows the image is cut off there.
        assert answer.status_code in (200, 400), answer.text[:200]
        if answer.status_code == 400:
            assert refusal(answer, 400)["code"] == "invalid_image"


# --- refused ------------------------------------------------------------------------------------

REFUSED: list[tuple[str, list[bytes], str, str]] = [
    ("no prompt", [MODEL, PNG_PART("image", photo())], "invalid_value", "prompt"),
    ("no image", [*CHEAP], "invalid_value", "image"),
    ("image as text", [*CHEAP, part("image", "https://x.test/a.png")], "invalid_value", "image"),
    (
        "unknown field",
        [*CHEAP, part("colour", "red"), PNG_PART("image", photo())],
        "unknown_parameter",
        "colour",
    ),
    ("unknown file", [*CHEAP, PNG_PART("picture", photo())], "unknown_parameter", "picture"),
    (
        "same field twice",
        [*CHEAP, part("n", "1"), part("n", "2"), PNG_PART("image", photo())],
        "invalid_value",
        "n",
    ),
    (
        "two masks",
        [*CHEAP, PNG_PART("image", photo()), *[PNG_PART("mask", photo())] * 2],
        "invalid_value",
        "mask",
    ),
    (
        "mask of another size",
        [*CHEAP, PNG_PART("image", photo()), PNG_PART("mask", photo(width=32))],
        "invalid_image",
        "mask",
    ),
    ("no picture", [*CHEAP, PNG_PART("image", b"GIF87a nonsense")], "invalid_image", "image"),
    (
        "second is none",
        [*CHEAP, PNG_PART("image[]", photo()), PNG_PART("image[]", b"")],
        "invalid_image",
        "image[1]",
    ),
    (
        "number in words",
        [*CHEAP, part("n", "two"), PNG_PART("image", photo())],
        "invalid_value",
        "n",
    ),
    ("not UTF-8", [part("prompt", b"\xff\xfe"), PNG_PART("image", photo())], "invalid_value", ""),
    (
        "17 images",
        [*CHEAP, *[PNG_PART("image[]", photo())] * 17],
        "unsupported_value",
        "image",
    ),
]


@pytest.mark.parametrize(
    ("parts", "code", "param"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_what_is_wrong_is_named(
    shared: Running,
    http: httpx2.Client,
    vendor: OpenAIVendor,
    parts: list[bytes],
    code: str,
    param: str,
) -> None:
    error = refusal(send_form(http, *parts), 400)
    assert error["code"] == code
    assert error["param"] == param or not param
    assert not vendor.received
    assert not leftovers(shared)


def leftovers(shared: Running) -> list[Path]:
    """Files of requests that nobody took over."""
    return [path for path in (shared.settings.data_dir / "spool").rglob("*") if path.is_file()]


@pytest.mark.parametrize("cut", [4, 60, 200])
def test_a_form_that_ends_too_early(shared: Running, http: httpx2.Client, cut: int) -> None:
    body = form_body("b", *CHEAP, PNG_PART("image", photo()))[:-cut]
    answer = http.post(
        EDIT, content=body, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert "malformed or cut off" in refusal(answer, 400)["message"]
    assert not leftovers(shared)


@pytest.mark.parametrize(
    "head", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; b=1"]
)
def test_a_form_without_a_boundary(http: httpx2.Client, head: str) -> None:
    body = form_body("b", *CHEAP)
    error = refusal(http.post(EDIT, content=body, headers={"content-type": head}), 400)
    assert "no boundary" in error["message"]


def test_a_part_flood_is_refused(shared: Running, http: httpx2.Client) -> None:
    error = refusal(send_form(http, *[part(f"p{i}", "x") for i in range(10_000)]), 413)
    assert error["code"] == "payload_too_large"
    assert not leftovers(shared)


def test_a_field_has_a_limit(http: httpx2.Client) -> None:
    error = refusal(send_form(http, part("prompt", "x" * (2 << 20))), 413)
    assert error["code"] == "payload_too_large"


def test_an_image_over_50_mb_is_refused_while_it_arrives(shared: Running) -> None:
    """Of a body of nearly 1 GB only the first 50 MB are read before the answer is there."""
    head = b"--b\r\n" + PNG_PART("image", b"")
    piece = bytes(1 << 20)
    sent = 0
    with socket.create_connection(("127.0.0.1", int(shared.url.rpartition(":")[2]))) as line:
        line.settimeout(10)
        line.sendall(
            f"POST {EDIT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.key}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            "Content-Length: 800000000\r\n\r\n".encode()
        )
        line.sendall(head)
        line.setblocking(False)
        answer = b""
        for _ in itertools.count():
            try:
                answer = line.recv(65_536)
                break
            except BlockingIOError:
                pass
            try:
                sent += line.send(piece)
            except BlockingIOError:
                continue
        line.setblocking(True)
        line.settimeout(10)
        while b"payload_too_large" not in answer:
            answer += line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "payload_too_large"
    assert 50_000_000 <= sent <= 80_000_000  # what lies in the sockets' buffers counts as well
    assert not leftovers(shared)


def test_a_declared_length_over_the_limit_is_refused_at_once(shared: Running) -> None:
    with socket.create_connection(("127.0.0.1", int(shared.url.rpartition(":")[2]))) as line:
        line.settimeout(10)
        line.sendall(
            f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.key}\r\n"
            "Content-Type: application/json\r\nContent-Length: 70000000\r\n\r\n".encode()
        )
        assert line.recv(65_536).startswith(b"HTTP/1.1 413 ")


# --- JSON edits ---------------------------------------------------------------------------------


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture
def file_id(http: httpx2.Client) -> str:
    answer = send_form(http, PNG_PART("file", photo("stored")), path="/v1/files")
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def test_an_edit_in_json(http: httpx2.Client, vendor: OpenAIVendor, file_id: str) -> None:
    mask = data_url(picture("png", Look(64, 64, transparent=True)))
    images = [{"image_url": data_url(photo("inline"))}, {"file_id": file_id}]
    answer = http.post(EDIT, json=asking(images=images, mask={"image_url": mask}))
    assert answer.status_code == 200, answer.text[:300]
    sent = vendor.received[-1].files
    assert [part.name for part in sent] == ["image[]", "image[]", "mask"]
    assert files_received(vendor)[:2] == [digest(photo("inline")), digest(photo("stored"))]


def test_a_result_of_an_earlier_job_can_be_edited(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    made = http.post(GENERATE, json=asking())
    job = http.get(f"/v1/jobs/{made.headers['x-darkroom-job']}").json()
    [asset] = job["assets"]
    answer = http.post(EDIT, json=asking(images=[{"file_id": asset["id"]}]))
    assert answer.status_code == 200, answer.text[:300]
    assert files_received(vendor) == [asset["sha256"]]


JSON_REFUSED = [
    ({}, "images"),
    ({"images": []}, "images"),
    ({"images": "https://x.test/a.png"}, "images"),
    ({"images": [{}]}, "images[0]"),
    ({"images": [{"image_url": "data:,x", "file_id": "file-1"}]}, "images[0]"),
    ({"images": [{"image_url": "data:image/png;base64,!!!"}]}, "image"),
    ({"images": [{"image_url": "file:///etc/passwd"}]}, "image"),
    ({"images": [{"image_url": "http://127.0.0.1:9/a.png"}]}, "image"),
    ({"images": [{"image_url": "http://169.254.169.254/latest/meta-data"}]}, "image"),
    ({"images": [{"url": "https://x.test/a.png"}]}, "images[0].url"),
    ({"images": [{"file_id": "a\0b"}]}, "images[0].file_id"),
    ({"image": "x"}, "image"),
]


@pytest.mark.parametrize(("more", "param"), JSON_REFUSED)
def test_what_is_wrong_in_json_is_named(
    http: httpx2.Client, more: dict[str, Any], param: str
) -> None:
    error = refusal(http.post(EDIT, json=asking(**more)), 400)
    assert error["param"] == param


def test_an_unknown_file_id_is_404(http: httpx2.Client) -> None:
    answer = http.post(EDIT, json=asking(images=[{"file_id": "file-0"}]))
    assert refusal(answer, 404)["code"] == "not_found"
