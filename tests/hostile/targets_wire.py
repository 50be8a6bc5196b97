"""What callers and receivers of webhooks are sent: bodies, headers, images in text, links."""

import asyncio
import base64
import copy
import hashlib
import json
import random
import re
import time
from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request

from darkroom.assets import Spool
from darkroom.assets.ingest import _decoded
from darkroom.assets.links import Links
from darkroom.core.dialect import Dialect, WireBody
from darkroom.core.errors import InvalidImage, InvalidRequest, NotFound, RequestError
from darkroom.core.ids import made_at_ms, new_id
from darkroom.core.job import Asset, AssetKind
from darkroom.core.secret import Secret
from darkroom.dialects.apiframe import ApiframeDialect
from darkroom.dialects.evolink import EvoLinkDialect
from darkroom.dialects.openai import OpenAIDialect
from darkroom.dialects.responses import ResponsesDialect
from darkroom.server.body import Bodies, Patience
from darkroom.server.events import Cursor
from darkroom.server.load import ByteBudget
from darkroom.server.prefer import preference
from darkroom.webhooks.signing import new_secret, signed
from darkroom_client import WebhookVerificationError, verify_webhook
from tests.hostile.fuzzing import Target

_DIALECTS: tuple[Dialect, ...] = (
    *(OpenAIDialect(), ApiframeDialect(), EvoLinkDialect(), ResponsesDialect()),
)
_PATIENCE = Patience(piece_s=600, body_s=600)
_NOW_MS = 1_800_000_000_000
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PIXEL = "data:image/png;base64,AAAA"

_FORM = (
    b'--cut\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na boat\r\n'
    b'--cut\r\nContent-Disposition: form-data; name="image[]"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--cu\r\n\r\n\r\n--cut\r\n"
    b'content-disposition: form-data; name="n"\r\n\r\n2\r\n--cut--\r\n'
)
_OPENAI: Mapping[str, Any] = {
    "model": "gpt-image-1.5",
    "prompt": "a boat",
    "n": 2,
    "size": "1024x1536",
    "output_format": "webp",
    "output_compression": 80,
}
_BODIES: tuple[Mapping[str, Any], ...] = (
    _OPENAI,
    {**_OPENAI, "images": [{"image_url": _PIXEL}, {"file_id": "file-1"}], "stream": True},
    {
        "model": "gpt-image-1.5",
        "prompt": "x",
        "size": "16:9",
        "resolution": "2K",
        "image_urls": ["https://a.example/b.png"],
        "callback_url": "https://a.example/",
    },
    {"model": "gemini-3-pro-image", "prompt": "x", "params": {"aspect_ratio": "4:5"}},
    {
        "model": "gpt-image-1.5",
        "prompt": "x",
        "gptImage15Params": {"size": "1:1", "quality": "low"},
    },
    {
        "model": "gpt-4.1",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "a boat"}]}],
        "tools": [{"type": "image_generation", "size": "1024x1024", "quality": "low"}],
        "metadata": {"a": "b"},
    },
)


_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 3, 2**53, 2**63, 1.5, -1e308, "", " ", "auto", "--1", "²", "٣", "\0"),
    *("0x0", "99999x1", "9999999999x1", "1:0", "16:9", "0:0", "4K", "data:", "https://", "a" * 300),
    *([], {}, [[]], [None], {"a": {}}, ["data:image/png;base64,A"] * 101, {"type": "x"}),
    {str(number): number for number in range(101)},
)


@contextmanager
def targets(folder: Path) -> Generator[tuple[Target, ...]]:
    """``folder`` is for what bodies spool."""
    with asyncio.Runner() as runner:
        door = _Door(runner, folder / "bodies")
        yield (
            Target(
                "forms",
                (_FORM, _FORM.replace(b"\r\n2\r\n", b"\r\n\r\n"), b"--cut--\r\n"),
                door.form,
                (RequestError,),
                stream=True,
                grammar=_form,
                cut_when_damaged=False,  # what is no form may be found out in another place
                words=(b"--cut", b"--cut--", b"\r\n", b"form-data", b'; name="', b"; filename*="),
            ),
            Target(
                "content types",
                (b"multipart/form-data; boundary=cut", b'multipart/form-data; boundary="cut"'),
                door.kind,
                (RequestError,),
                words=(b"boundary=", b"boundary*=utf-8''", b"boundary*0=", b"; charset=x", b'"'),
            ),
            Target(
                "JSON bodies",
                tuple(json.dumps(body).encode() for body in _BODIES),
                door.json,
                (RequestError,),
                stream=True,
                grammar=_json,
                words=(b'"n":', b'"size":', b'"1:1"', b'"0x0"', b'"99999x1"', b"[[]]", b'"--1"'),
            ),
            *_OTHERS,
        )


class _Door:
    """Reads bodies as the server does, and looks after what they leave."""

    def __init__(self, runner: asyncio.Runner, folder: Path) -> None:
        self._runner = runner
        self._folder = folder
        self._bodies = Bodies(Spool(folder), _PATIENCE, ByteBudget(1 << 30, 60.0))

    def form(self, pieces: Sequence[bytes]) -> Hashable:
        return self._read(pieces, b"multipart/form-data; boundary=cut")

    def kind(self, pieces: Sequence[bytes]) -> Hashable:
        return type(self._read([_FORM], b"".join(pieces))).__name__

    def json(self, pieces: Sequence[bytes]) -> Hashable:
        return self._read(pieces, b"application/json")

    def _read(self, pieces: Sequence[bytes], kind: bytes) -> Hashable:
        try:
            return self._runner.run(self._reading(_request(pieces, kind)))
        finally:
            assert not any(self._folder.iterdir()), "a file was left in the spool"

    async def _reading(self, request: Request) -> Hashable:
        async with self._bodies.reading(request) as body:
            for dialect in _DIALECTS:
                _parse(dialect, body)
            uploads = frozenset((name, one.image.sha256) for name, one in body.uploads)
            # a form's values are texts; those of JSON may have no hash
            fields = body.fields.items() if body.is_form else {"": repr(body.fields)}.items()
            return frozenset(fields), uploads


def _parse(dialect: Dialect, body: WireBody) -> None:
    """Taken, or refused with an error that fits into the dialect's own form of one."""
    dialect.claims({}, body)
    for operation in {route.operation: None for route in dialect.routes}:
        try:
            dialect.parse(operation, body)
        except RequestError as error:
            answer = dialect.render_error(error)
            msgspec.json.decode(b"".join(one for one in answer.pieces if isinstance(one, bytes)))


def _request(pieces: Sequence[bytes], kind: bytes) -> Request:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind)]}
    return Request(scope, receive)


def _form(rng: random.Random) -> tuple[bytes, Hashable]:
    """Fields and files whose contents look like the boundary."""
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for number in range(rng.randrange(6)):
        text = "".join(rng.choices(("\r\n", "--cut", "\r", "-", "--", "a", "é", "cut"), k=6))
        while "\r\n--cut" in text:
            text = text.replace("\r\n--cut", "")
        if rng.random() < 0.5:
            fields[f"field-{number}"] = text
        else:
            files.append((f"file-{number}", text.encode() + rng.randbytes(rng.randrange(80))))
    disposition = b'Content-Disposition: form-data; name="%s"'
    parts = [(disposition % n.encode(), text.encode()) for n, text in fields.items()]
    parts += [(disposition % n.encode() + b'; filename="a"', data) for n, data in files]
    rng.shuffle(parts)
    body = b"".join(b"--cut\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + b"--cut--\r\n"
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files}
    return body, (frozenset(fields.items()), frozenset(digests.items()))


def _json(rng: random.Random) -> tuple[bytes, Hashable]:
    """A request with values in it that nobody would send."""
    body = copy.deepcopy(dict(rng.choice(_BODIES)))
    for _ in range(rng.randint(1, 3)):
        place: Any = body
        name: Any = rng.choice(list(body))
        while isinstance(place[name], dict | list) and place[name] and rng.random() < 0.8:
            place = place[name]
            name = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        place[name] = copy.deepcopy(rng.choice(_ODD))
    text = json.dumps(body)
    return text.encode(), (frozenset({("", repr(json.loads(text)))}), frozenset[Any]())


def _inline(rng: random.Random) -> tuple[bytes, Hashable]:
    data = rng.randbytes(rng.choice((0, 1, 2, 3, 50, 50, 50, 50, 196_607, 196_609)))
    text = rng.choice(("", "data:image/png;base64,", "DATA:;BASE64,"))
    text += base64.b64encode(data).decode()
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(text) + 1)
        if "," not in text[at:]:  # the head has no room for it
            text = text[:at] + rng.choice(("\n", "\r\n", " ", "\t")) + text[at:]
    return text.encode(), data


def _read_inline(pieces: Sequence[bytes]) -> Hashable:
    """Against an oracle that knows what base64 is, and nothing of pieces."""
    text = b"".join(pieces).decode("utf-8", "surrogateescape")
    head, comma, rest = text.partition(",")
    is_url = text[:5].lower() == "data:"
    plain = re.sub(r"[ \t\n\r\x0b\x0c]", "", rest if is_url else text)
    fits = _BASE64.fullmatch(plain) and (not is_url or (comma and head.lower().endswith(";base64")))
    try:
        data = b"".join(_decoded(text))
    except InvalidImage:
        assert not fits, "base64 was refused"
        raise
    assert fits, "taken, but not base64"
    assert data == base64.b64decode(plain), "other bytes"
    return data


_ASSET = Asset(new_id(), AssetKind.RESULT, 0, "0" * 64, "image/png", 8, 8, 99, _NOW_MS)
_LINKS = Links(Secret("k" * 32), 3_600, lambda: _NOW_MS)
_LINK = _LINKS.url("https://a.example", _ASSET)
_SIGNED = _LINK.partition("?")[2]


def _read_link(pieces: Sequence[bytes]) -> Hashable:
    """A link that holds says what was signed, whatever else was changed."""
    url = b"".join(pieces).decode("utf-8", "replace")
    found = _LINKS.asset_id(url)
    if found is not None:
        assert found == _ASSET.id, url
        assert url.endswith(_SIGNED), url
    name, _, query = url.rpartition("/")[2].partition("?")
    expires, _, signature = query.partition("&")
    try:
        _LINKS.check(name, expires, signature)
    except NotFound:
        return str(found is None)
    raise AssertionError("forged")


_SECRET = new_secret()
_EVENT = b'{"type":"job.succeeded"}'


def _delivery(at_s: int) -> list[bytes]:
    """Id, time and signature: the three headers."""
    return [value.encode() for value in signed([_SECRET], "msg_1", at_s, _EVENT).values()]


_THEN = _delivery(_NOW_MS // 1000)


def _read_delivery(pieces: Sequence[bytes]) -> Hashable:
    """Three lines for the headers, then the body. What is taken is what was signed."""
    data, now = b"".join(pieces), _delivery(int(time.time()))
    for old, new in zip(_THEN, now, strict=True):  # what is intact of it is signed just now
        data = data.replace(old, new)
    *lines, body = (data + b"\n\n\n").split(b"\n", 3)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    texts = [line.decode("utf-8", "surrogateescape") for line in lines]
    body = body.removesuffix(b"\n\n\n")
    verify_webhook(body, dict(zip(names, texts, strict=True)), _SECRET.reveal())
    assert lines[:2] == now[:2], "another id or time"
    assert body == _EVENT, "another body"
    return "taken"


def _read_words(pieces: Sequence[bytes]) -> Hashable:
    """Small texts of paths, queries and headers."""
    text = b"".join(pieces).decode("latin-1")
    wait_s = preference([text]).wait_s
    assert wait_s is None or 0 <= wait_s <= 600, wait_s
    made_ms = made_at_ms(text)
    assert made_ms is None or 0 <= made_ms < 1 << 48, made_ms
    seen = Cursor.parse(text) if text[:1].isdigit() else Cursor()
    assert Cursor.parse(str(seen)) == seen
    return f"{wait_s is None} {made_ms is None}"


_OTHERS = (
    Target(
        "images in text",
        (_PIXEL.encode(), b"iVBORw0KGgo=", b"data:image/png;base64," + b"AAAA" * 70_000),
        _read_inline,
        (InvalidImage,),
        grammar=_inline,
        words=(b"data:", b";base64,", b"====", b"A===", b"-_", b"%2B", b" "),
    ),
    Target("signed links", (_LINK.encode(),), _read_link, words=(b"&sig=", b"?exp=", b"/assets/")),
    Target(
        "signed deliveries",
        (b"\n".join((*_THEN, _EVENT)),),
        _read_delivery,
        (WebhookVerificationError,),
        words=(b"v1,", b"v1a,", b" v1,AAAA", b" 0", b"_0", b"+"),
    ),
    Target(
        "cursors and preferences",
        (b"2.13.90", b"respond-async, wait=20", b'wait="5"; x=y'),
        _read_words,
        (InvalidRequest,),
        words=(b"wait=", b"respond-async", b"0.0.0", b"4.", b"-", new_id().encode()),
    ),
)
