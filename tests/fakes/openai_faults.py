"""The catalogue of what the fake vendor can do wrong, and the script that says when."""

import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """One way to misbehave. The sections say where in the answer it sits."""

    NONE = "none"

    # Answers with an error status.
    RATE_LIMITED = "rate_limited"  # 429; options retry_after, retry_after_ms
    INSUFFICIENT_QUOTA = "insufficient_quota"  # 429 that never gets better
    MODERATION_BLOCKED = "moderation_blocked"  # 400; options stage, categories
    MODERATION_PLAIN = "moderation_plain"  # 400 without moderation_details
    CONTENT_POLICY = "content_policy"  # 400 of the DALL-E era
    CONTENT_FILTER = "content_filter"  # 400 as Azure words it
    BILLING_HARD_LIMIT = "billing_hard_limit"  # 400
    INVALID_REQUEST = "invalid_request"  # 400
    INVALID_API_KEY = "invalid_api_key"  # 401
    UNVERIFIED_ORG = "unverified_org"  # 403
    MODEL_NOT_FOUND = "model_not_found"  # 404
    REQUEST_TIMEOUT = "request_timeout"  # 408
    CONFLICT = "conflict"  # 409
    TOO_LARGE = "too_large"  # 413 as HTML
    SERVER_ERROR = "server_error"  # 500
    BAD_GATEWAY = "bad_gateway"  # 502 as HTML
    OVERLOADED = "overloaded"  # 503
    SLOW_DOWN = "slow_down"  # 503
    GATEWAY_TIMEOUT = "gateway_timeout"  # 504 as HTML
    SITE_OVERLOADED = "site_overloaded"  # 529

    # Answers with status 200 (or a redirect) that hold no images.
    REDIRECT = "redirect"  # 302; option location
    HTML_200 = "html_200"
    EMPTY_200 = "empty_200"
    ERROR_200 = "error_200"  # an error envelope under status 200

    # Well-formed answers with wrong contents.
    INVALID_BASE64 = "invalid_base64"
    WRONG_FORMAT = "wrong_format"  # another image format than asked
    WRONG_SIZE = "wrong_size"  # other pixels than asked
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED_IMAGE = "truncated_image"  # the PNG stops in the middle
    CORRUPT_IMAGE = "corrupt_image"  # one bit flipped inside
    EMPTY_DATA = "empty_data"  # "data": []
    MISSING_DATA = "missing_data"  # no "data" at all
    NULL_IMAGE = "null_image"  # "b64_json": null
    URL_IMAGE = "url_image"  # a URL where bytes are due
    FEWER_IMAGES = "fewer_images"  # option images, default n - 1
    MORE_IMAGES = "more_images"  # option images, default n + 1
    USAGE_MISSING = "usage_missing"
    USAGE_NO_BREAKDOWN = "usage_no_breakdown"
    USAGE_ZERO = "usage_zero"
    USAGE_NEGATIVE = "usage_negative"
    USAGE_HUGE = "usage_huge"
    USAGE_STRINGS = "usage_strings"  # numbers as text
    USAGE_INCONSISTENT = "usage_inconsistent"  # the parts do not add up

    # Right contents in odd or broken JSON.
    TRUNCATED_JSON = "truncated_json"  # the JSON stops, HTTP is fine
    INVALID_JSON = "invalid_json"
    ESCAPED_SLASHES = "escaped_slashes"  # "\/" inside the base64: legal
    PRETTY_JSON = "pretty_json"  # indented, with spaces: legal

    # Only in streams; plain answers stay right.
    SSE_CUT = "sse_cut"  # connection closed in the middle of the first event
    SSE_RESET = "sse_reset"  # the same with a TCP reset
    SSE_HANG = "sse_hang"  # silence after the first event
    SSE_ERROR = "sse_error"  # an error event after the first event
    SSE_DUPLICATE_COMPLETED = "sse_duplicate_completed"
    SSE_NO_COMPLETED = "sse_no_completed"  # ends well, but without the final image
    SSE_DONE = "sse_done"  # a [DONE] at the end: tolerated by the SDKs
    SSE_COMMENTS = "sse_comments"  # keep-alive comments and CRLF: legal
    SSE_AS_JSON = "sse_as_json"  # stream was asked, one JSON comes

    # How the bytes travel.
    HOLD = "hold"  # a right answer, but only after release()
    HANG = "hang"  # no header ever
    HEADER_THEN_HANG = "header_then_hang"
    DRIP = "drip"  # options drip_bytes, drip_s
    RESET = "reset"  # TCP reset before any byte
    RESET_MID_BODY = "reset_mid_body"
    CUT_BODY = "cut_body"  # closed before Content-Length is reached
    HUGE_BODY = "huge_body"  # option huge_bytes
    GZIP = "gzip"  # legal only if we accept it
    GZIP_BOMB = "gzip_bomb"  # huge_bytes of spaces in a small body


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one request. Options that do not belong to ``fault`` have no effect."""

    fault: Fault = Fault.NONE
    path: str | None = None
    """Only requests whose path ends so; None: any that buys images."""
    delay_s: float = 0.0
    weight: int | None = None
    """Bytes per image, at least."""
    retry_after: str | None = None
    retry_after_ms: str | None = None
    stage: str = "input"
    categories: tuple[str, ...] = ("sexual",)
    images: int | None = None
    usage: Mapping[str, Any] | None = None
    """Replaces the usage object, whatever the fault."""
    said: str = ""
    """What a text model comes to: ``refused`` (the image call alone), ``text`` (it draws nothing),
    ``incomplete``, or the error code of a response that failed."""
    location: str = "http://127.0.0.1:9/"
    drip_bytes: int = 1
    drip_s: float = 0.05
    huge_bytes: int = 300_000_000


_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "delay_s": float,
    "drip_s": float,
    "weight": int,
    "images": int,
    "drip_bytes": int,
    "huge_bytes": int,
    "categories": lambda text: tuple(text.split(",")),
}
_OPTIONS = frozenset(each.name for each in fields(Plan)) - {"fault"}
_MARKER = re.compile(r"\[\[([a-z0-9_]+)((?: [a-z_]+=[^\]\s]+)*)\]\]")


def plan(fault: Fault | str, options: Mapping[str, Any]) -> Plan:
    """A plan from a fault's name and options; raises ``ValueError`` for unknown ones."""
    if unknown := set(options) - _OPTIONS:
        raise ValueError(f"unknown options of a fault: {', '.join(sorted(unknown))}")
    if isinstance(options.get("categories"), list):
        options = {**options, "categories": tuple(options["categories"])}
    return replace(Plan(fault=Fault(fault)), **options)


def marked(prompt: str) -> tuple[Plan, int] | None:
    """The plan in a prompt such as ``a cat [[rate_limited retry_after=2 times=1]]``.

    The second value is how often it applies to this very prompt (``times``, 0: always).
    """
    found = _MARKER.search(prompt)
    if not found:
        return None
    options: dict[str, Any] = dict(word.split("=", 1) for word in found[2].split())
    times = int(options.pop("times", 0))
    for name, convert in _CONVERTERS.items():
        if name in options:
            options[name] = convert(options[name])
    return plan(found[1], options), times


@dataclass(slots=True)
class Script:
    """Which plan the next request meets: a marker in its prompt, the queue, the standing plan."""

    standing: Plan = Plan()
    queue: deque[Plan] = field(default_factory=deque[Plan])
    marks: Counter[str] = field(default_factory=Counter[str])
    lock: threading.Lock = field(default_factory=threading.Lock)
    bought_at: str | tuple[str, ...] = "/images/"
    """What is in the path of a request that a plan without a path concerns."""

    def add(self, what: Plan, times: int = 1) -> None:
        with self.lock:
            self.queue.extend([what] * times)

    def stand(self, what: Plan) -> None:
        with self.lock:
            self.standing = what

    def clear(self) -> None:
        with self.lock:
            self.queue.clear()
            self.marks.clear()
            self.standing = Plan()

    def take(self, path: str, prompt: str) -> Plan:
        """The plan for this request; a queued one is used up."""
        with self.lock:
            mark = marked(prompt)
            if mark and (mark[1] == 0 or self.marks[prompt] < mark[1]):
                self.marks[prompt] += 1
                return mark[0]
            for index, each in enumerate(self.queue):
                if self._concerns(each, path):
                    del self.queue[index]
                    return each
            return self.standing if self._concerns(self.standing, path) else Plan()

    def _concerns(self, what: Plan, path: str) -> bool:
        if what.path:
            return path.endswith(what.path)
        places = (self.bought_at,) if isinstance(self.bought_at, str) else self.bought_at
        return any(place in path for place in places)
