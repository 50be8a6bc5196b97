"""Brings the faults of the catalogue about at any fake vendor, by changing its right answers."""

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import chain, repeat
from typing import Any

from darkroom.providers._answers import as_list, as_object
from tests.fakes.faults import INLINE, TASKS, At, Known
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import HTML, Reply
from tests.fakes.pictures import PNG_SIGNATURE, Look, chunk, picture
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor

Act = Callable[[Reply], tuple[Reply, Plan]]

_POLLS = ("/v1/get_result", "/v1/tasks/", "/v2/jobs/")
_FILES = ("/delivery/", "/files/", "/images/")
_BUYS = ("/v1/flux", "/v1/images/generations", "/v2/images/generate", "/images/generations")
_BASE64 = ("b64_json", "data")
INNER = "http://169.254.169.254/latest/image.png"
"""Where clouds tell their machines secrets: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that the vendor knows in its own words."""

    fault: Fault
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


# Acts ------------------------------------------------------------------------------------------


def _travels(fault: Fault, **options: Any) -> Act:
    """The right answer, on a bad way."""
    return lambda reply: (reply, Plan(fault, **options))


def _instead(reply: Reply) -> Act:
    return lambda _: (reply, Plan())


def _status(status: int, **headers: str) -> Act:
    body = json.dumps({"error": {"message": "Something is off."}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _instead(Reply(status, (body,), named))


def _page(status: int) -> Act:
    title = str(status).encode()
    return _instead(Reply(status, (HTML % (title, title),), content_type="text/html"))


def _body(change: Callable[[bytes], bytes], **headers: str) -> Act:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(reply: Reply) -> tuple[Reply, Plan]:
        chunks = (change(b"".join(reply.chunks)),)
        return replace(reply, chunks=chunks, headers={**reply.headers, **named}), Plan()

    return act


def _document(change: Callable[[Any], Any]) -> Act:
    return _body(lambda raw: json.dumps(change(json.loads(raw))).encode())


def _picture(change: Callable[[bytes], bytes]) -> Act:
    """Changes every image, be it the body or base64 in a document."""

    def act(reply: Reply) -> tuple[Reply, Plan]:
        if reply.content_type.startswith("image/"):
            return _body(change)(reply)
        return _document(lambda whole: _texts(whole, lambda text: _recoded(text, change)))(reply)

    return act


def _text(change: Callable[[str], Any]) -> Act:
    """Changes the base64 of every image."""
    return _document(lambda whole: _texts(whole, change))


def _recoded(text: str, change: Callable[[bytes], bytes]) -> str:
    return base64.b64encode(change(base64.b64decode(text))).decode()


def _texts(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, list):
        return [_texts(each, change) for each in as_list(value)]
    if not isinstance(value, dict):
        return value
    return {
        name: change(each) if name in _BASE64 and isinstance(each, str) else _texts(each, change)
        for name, each in as_object(value).items()
    }


def _usage(change: Callable[[int], Any]) -> Act:
    def counted(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: counted(each) for name, each in as_object(value).items()}
        if isinstance(value, list):
            return [counted(each) for each in as_list(value)]
        return change(value) if isinstance(value, int) else value

    return _document(
        lambda whole: {
            name: counted(each) if name in ("usage", "usageMetadata") else each
            for name, each in whole.items()
        }
    )


def _without_usage(whole: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in whole.items() if k not in ("usage", "usageMetadata")}


def _listed(change: Callable[[list[Any]], list[Any]]) -> Act:
    """Changes how many images there are, wherever they are listed."""

    def act(whole: dict[str, Any]) -> dict[str, Any]:
        if "candidates" in whole:  # Gemini: the last part is the image
            parts = whole["candidates"][0]["content"]["parts"]
            whole["candidates"][0]["content"]["parts"] = [*parts[:-1], *change(parts[-1:])]
        for name in ("data", "results"):
            if isinstance(whole.get(name), list):
                whole[name] = change(whole[name])
        if isinstance(whole.get("result"), dict) and "images" in whole["result"]:
            whole["result"]["images"] = change(whole["result"]["images"])
        return whole

    return _document(act)


def _linked(url: str) -> Act:
    """The image lies elsewhere, or (empty) nowhere."""

    def act(whole: dict[str, Any]) -> dict[str, Any]:
        links = [url] if url else []
        if "data" in whole:
            return {**whole, "data": [{"url": url}]}
        if "results" in whole:
            return {**whole, "results": links}
        result = as_object(whole.get("result"))
        if "sample" in result:
            return {**whole, "result": {**result, "sample": url}}
        return {**whole, "result": {"images": links}} if result else whole

    return _document(act)


def _state(name: str) -> Act:
    return _document(lambda whole: {**whole, "status": name, "result": None, "results": []})


_HUGE = 16_000_000
_BLANKS = 16_000_000


def _bomb(_: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(10_000), 9))
    return PNG_SIGNATURE + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def _with_padding(raw: bytes) -> bytes:
    return b'{"padding":"' + b"x" * _HUGE + b'",' + raw.lstrip()[1:]


_SSE = {name: Told(Fault(name)) for name in Fault if name.startswith("sse_")}
_STATUS = {
    f"status_{code}": _status(code)
    for code in (400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503, 504, 524, 529)
}
_SOON = formatdate(usegmt=True)

ACTS: Mapping[str, Act | Told | tuple[Act, ...]] = {
    **_SSE,
    **_STATUS,
    "reset": _travels(Fault.RESET),
    "reset_mid_body": _travels(Fault.RESET_MID_BODY),
    "cut_body": _travels(Fault.CUT_BODY),
    "hang": _travels(Fault.HANG),
    "header_then_hang": _travels(Fault.HEADER_THEN_HANG),
    "drip": _travels(Fault.DRIP),
    "late": _travels(Fault.NONE, delay_s=60.0),
    "truncated_json": _body(lambda raw: raw[: len(raw) * 2 // 3]),
    "invalid_json": _body(lambda raw: raw.replace(b":", b"=", 1)),
    "html_200": _page(200),
    "empty_200": _body(lambda _: b""),
    "not_an_object": _body(lambda _: b"[]"),
    "nothing_200": _body(lambda _: b"{}"),
    "error_200": _status(200),
    "huge_body": _body(_with_padding),
    "gzip_bomb": _body(lambda raw: gzip.compress(b" " * _BLANKS + raw, 1), content_encoding="gzip"),
    "redirect": _status(302, location="http://127.0.0.1:9/"),
    "status_429_seconds": _status(429, retry_after="7"),
    "status_429_date": _status(429, retry_after=_SOON),
    "status_429_absurd": _status(429, retry_after="99999999999"),
    "status_429_nonsense": _status(429, retry_after="soon"),
    "status_502": _page(502),
    "quota": Told(Fault.INSUFFICIENT_QUOTA),
    "refused": Told(Fault.MODERATION_BLOCKED),
    "refused_output": Told(Fault.MODERATION_BLOCKED, {"stage": "output"}),
    "refused_plainly": Told(Fault.MODERATION_PLAIN),
    "refused_in_a_status": Told(Fault.CONTENT_POLICY),
    "answers_in_words": Told(Fault.MISSING_DATA),
    "invalid_base64": _text(lambda text: f"{text[:40]}!*~{text[43:]}"),
    "null_image": _text(lambda _: None),
    "empty_image": _picture(lambda _: b""),
    "not_an_image": _picture(lambda _: b"%PDF-1.7 this is no image"),
    "web_page": _picture(lambda _: HTML % (b"200", b"200")),
    "truncated_image": _picture(lambda data: data[: len(data) // 2]),
    "pixel_bomb": _picture(_bomb),
    "wrong_format": _picture(lambda _: picture("jpeg", Look(1024, 1024))),
    "wrong_size": _picture(lambda _: picture("png", Look(640, 400))),
    "more_images": _listed(lambda images: [*images, *images[-1:]]),
    "fewer_images": _listed(lambda images: images[:-1]),
    "one_of_two_fails": (_status(500),),
    "one_of_two_limited": (_status(429),),
    "usage_missing": _document(_without_usage),
    "usage_zero": _usage(lambda _: 0),
    "usage_negative": _usage(lambda number: -number),
    "usage_huge": _usage(lambda number: number * 10**12),
    "usage_strings": _usage(str),
    "poll_unknown_state": _state("pondering"),
    "poll_never_ends": _state("processing"),
    "poll_404": _status(404),
    "poll_401": _status(401),
    "poll_500": _status(500),
    "poll_429": _status(429),
    "poll_html": _page(200),
    "poll_reset": _travels(Fault.RESET),
    "poll_hang": _travels(Fault.HANG),
    "poll_stumbles": (_status(500), _travels(Fault.RESET)),
    "task_failed": _state("failed"),
    "task_without_image": _linked(""),
    "fetch_404": _status(404),
    "fetch_500": _status(500),
    "fetch_hang": _travels(Fault.HANG),
    "fetch_cut": _travels(Fault.CUT_BODY),
    "fetch_reset": _travels(Fault.RESET_MID_BODY),
    "fetch_redirect": _status(302, location=INNER),
    "fetch_elsewhere": _linked(INNER),
    "fetch_stumbles": (_status(500), _status(500)),
}


# Where -----------------------------------------------------------------------------------------


def spoil(vendor: Vendor, provider: str, known: Known) -> None:
    """From now on the vendor does that, to whatever it concerns."""
    vendor.reset()
    vendor.spoil = None
    act = ACTS.get(known.name)
    if isinstance(act, Told):
        vendor.always(act.fault, **act.options)
    elif act is not None:
        acts = iter(act) if isinstance(act, tuple) else repeat(act)
        rightly: Act = lambda reply: (reply, Plan())  # noqa: E731 - what comes after the stumbles
        vendor.spoil = _Spoil(_places(provider, known), chain(acts, repeat(rightly)))


def _places(provider: str, known: Known) -> tuple[str, ...]:
    if known.at in (At.CALL, At.USAGE):
        return (":generateContent",) if provider == "gemini" else _BUYS
    if provider in INLINE:
        return (":generateContent",) if provider == "gemini" else _BUYS
    if known.name in ("more_images", "fewer_images", "fetch_elsewhere"):
        return _POLLS if provider in TASKS else _BUYS
    return _POLLS if known.at is At.POLL else _FILES


@dataclass(frozen=True, slots=True)
class _Spoil:
    places: tuple[str, ...]
    acts: "chain[Act]"

    def __call__(self, arrived: Received, reply: Reply, plan: Plan) -> tuple[Reply, Plan]:
        path = arrived.path
        concerned = any(place in path for place in self.places)
        if not concerned or (self.places is _FILES and path.endswith(_BUYS)):
            return reply, plan
        return next(self.acts)(reply)
