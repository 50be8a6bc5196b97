"""The catalogue of faults: what a vendor may do wrong, and what then becomes of the job.

One table for the contract (``tests/contracts/test_faults.py``) and the page
``docs/reference/faults.md``, so that neither says what the other does not. How a fault is brought
about at a fake vendor stands in :mod:`tests.fakes.spoiling`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class At(StrEnum):
    """Where it goes wrong."""

    CALL = "the call that buys"
    REFUSAL = "a refusal, in each vendor's own words"
    IMAGE = "the image itself"
    USAGE = "the usage that is told"
    POLL = "asking after a task"
    FETCH = "fetching a linked image"
    STREAM = "a streamed answer"


class Elsewhere(StrEnum):
    """Whether another deployment is asked."""

    YES = "yes"
    NO = "no"
    IF_SAFE = "where repeating is safe"
    """Not where a call that may have been billed would be bought a second time."""


class Health(StrEnum):
    """What the deployment's circuit makes of it."""

    NONE = "none"
    STRIKE = "a strike"
    OPEN = "opens the circuit"
    COOLING = "cools down"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ends with this deployment alone; without a ``code`` it succeeds."""

    code: str = ""
    elsewhere: Elsewhere = Elsewhere.NO
    health: Health = Health.NONE


SERVED = Outcome()
REFUSED = Outcome("moderation_blocked")
REJECTED = Outcome("upstream_rejected")
DENIED = Outcome("upstream_denied", Elsewhere.YES, Health.OPEN)
LIMITED = Outcome("upstream_rate_limited", Elsewhere.YES, Health.COOLING)
FAILED = Outcome("upstream_error", Elsewhere.YES, Health.STRIKE)
UNREACHED = Outcome("upstream_unavailable", Elsewhere.YES, Health.STRIKE)
BROKEN = Outcome("upstream_bad_response", Elsewhere.IF_SAFE, Health.STRIKE)
LATE = Outcome("upstream_timeout", Elsewhere.IF_SAFE, Health.STRIKE)

INLINE = frozenset({"azure", "darkroom", "gemini", "openai"})
"""Providers whose answer holds the image."""
TASKS = frozenset({"apiframe", "evolink", "flux"})
"""Providers that submit a task, poll it, and fetch what it links to."""
SINGLE = frozenset({"flux", "gemini"})
"""Providers that make one image per call."""
STREAMS = frozenset({"azure", "darkroom", "openai"})
LINKED = TASKS | {"openai_compatible"}
"""Providers whose answer may link to the image."""
PROVIDERS = INLINE | LINKED


@dataclass(frozen=True, slots=True)
class Known:
    """A fault. ``but``: providers where the job ends otherwise; ``only``: all that it concerns."""

    name: str
    at: At
    does: str
    ends: Outcome
    but: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])
    only: frozenset[str] = PROVIDERS

    def outcome(self, provider: str) -> Outcome:
        return self.but.get(provider, self.ends)


_CALL = (
    Known("connect_refused", At.CALL, "nobody listens at the address", UNREACHED),
    Known("reset", At.CALL, "resets the connection before a byte of the answer", BROKEN),
    Known("reset_mid_body", At.CALL, "resets it in the middle of the body", BROKEN),
    Known("cut_body", At.CALL, "closes it before `Content-Length` is reached", BROKEN),
    Known("hang", At.CALL, "never answers", LATE),
    Known("header_then_hang", At.CALL, "sends the header and then nothing", LATE),
    Known("drip", At.CALL, "sends a byte now and then, past the timeout", LATE),
    Known("late", At.CALL, "answers rightly, but after the timeout", LATE),
    Known("truncated_json", At.CALL, "ends the JSON in the middle, HTTP is fine", BROKEN),
    Known("invalid_json", At.CALL, "answers with what is no JSON", BROKEN),
    Known("html_200", At.CALL, "answers 200 with a web page", BROKEN),
    Known("empty_200", At.CALL, "answers 200 with no body", BROKEN),
    Known("not_an_object", At.CALL, "answers 200 with `[]`", BROKEN),
    Known("nothing_200", At.CALL, "answers 200 with `{}`", BROKEN),
    Known(
        "error_200",
        At.CALL,
        "answers 200 with an error inside",
        FAILED,
        dict.fromkeys(sorted({*TASKS, "gemini"}), BROKEN),
    ),
    Known("huge_body", At.CALL, "adds 16 MB that are no image to its answer", BROKEN),
    Known("gzip_bomb", At.CALL, "compresses 16 MB of blanks, unasked", BROKEN),
    Known("redirect", At.CALL, "302 to another address, which is not followed", FAILED),
    Known("status_400", At.CALL, "400: the request is invalid", REJECTED),
    Known("status_401", At.CALL, "401: the key is not accepted", DENIED),
    Known("status_402", At.CALL, "402: the account is empty", DENIED),
    Known("status_403", At.CALL, "403: not allowed", DENIED),
    Known("status_404", At.CALL, "404: no such model", DENIED),
    Known("status_408", At.CALL, "408: it did not get the request in time", FAILED),
    Known(
        "status_409",
        At.CALL,
        "409: something is in the way",
        FAILED,
        {"apiframe": Outcome("result_lost")},
    ),
    Known("status_413", At.CALL, "413: the request is too large", REJECTED),
    Known("status_415", At.CALL, "415: not this kind of body", REJECTED),
    Known("status_422", At.CALL, "422: a field is invalid", REJECTED),
    Known("status_429", At.CALL, "429 without a pause", LIMITED),
    Known("status_429_seconds", At.CALL, "429 with `Retry-After: 7`", LIMITED),
    Known("status_429_date", At.CALL, "429 with a date for `Retry-After`", LIMITED),
    Known("status_429_absurd", At.CALL, "429 with a `Retry-After` of years", LIMITED),
    Known("status_429_nonsense", At.CALL, "429 with words for `Retry-After`", LIMITED),
    Known("quota", At.CALL, "429 or 402 as it says that the account is spent", DENIED),
    Known("status_500", At.CALL, "500", FAILED),
    Known("status_502", At.CALL, "502 as a web page", FAILED),
    Known("status_503", At.CALL, "503: overloaded", FAILED),
    Known("status_504", At.CALL, "504: a proxy gave up, the vendor may work on", LATE),
    Known("status_524", At.CALL, "524: Cloudflare's word for the same", LATE),
    Known("status_529", At.CALL, "529: the site is overloaded", FAILED),
)
_REFUSAL = (
    Known("refused", At.REFUSAL, "refuses the prompt on policy", REFUSED),
    Known(
        "refused_output",
        At.REFUSAL,
        "refuses what it made (`Content Moderated`, `IMAGE_SAFETY`, stage `output`)",
        REFUSED,
        only=frozenset({"azure", "darkroom", "flux", "gemini", "openai"}),
    ),
    Known(
        "refused_plainly",
        At.REFUSAL,
        "refuses in words alone, without details",
        REFUSED,
        only=frozenset({"azure", "darkroom", "gemini", "openai"}),
    ),
    Known(
        "refused_in_a_status",
        At.REFUSAL,
        "says so in the state of a failed task (`Error: content_policy_violation`)",
        REFUSED,
        only=frozenset({"flux"}),
    ),
    Known(
        "answers_in_words",
        At.REFUSAL,
        "draws nothing and says something instead (`NO_IMAGE`)",
        BROKEN,
        only=frozenset({"gemini"}),
    ),
)
_IMAGE = (
    Known("invalid_base64", At.IMAGE, "base64 with foreign characters", BROKEN, only=INLINE),
    Known("null_image", At.IMAGE, "null where the image is due", BROKEN, only=INLINE),
    Known("empty_image", At.IMAGE, "an image of no bytes", BROKEN),
    Known("not_an_image", At.IMAGE, "a PDF for an image", BROKEN),
    Known("web_page", At.IMAGE, "a web page for an image", BROKEN),
    Known("truncated_image", At.IMAGE, "an image that stops in the middle", BROKEN),
    Known("pixel_bomb", At.IMAGE, "a small file of 2.5 billion pixels", BROKEN),
    Known("wrong_format", At.IMAGE, "JPEG for PNG; it is converted", SERVED),
    Known("wrong_size", At.IMAGE, "other pixels than asked; it is fitted, or said", SERVED),
    Known(
        "more_images",
        At.IMAGE,
        "one image more than asked; what was asked for is charged",
        SERVED,
        only=PROVIDERS - {"flux"},
    ),
    Known(
        "fewer_images",
        At.IMAGE,
        "one of two images; that one is charged",
        SERVED,
        only=PROVIDERS - SINGLE,
    ),
    Known(
        "one_of_two_fails",
        At.CALL,
        "500 to one of two calls; the other's image is charged",
        SERVED,
        only=SINGLE,
    ),
    Known(
        "one_of_two_limited",
        At.CALL,
        "429 to one of two calls, which is made again",
        SERVED,
        only=SINGLE,
    ),
)
_COUNTED = PROVIDERS - TASKS
_USAGE = (
    Known("usage_missing", At.USAGE, "none; the catalogue's tables count", SERVED, only=_COUNTED),
    Known("usage_zero", At.USAGE, "nothing but zeros", SERVED, only=_COUNTED),
    Known("usage_negative", At.USAGE, "negative numbers", SERVED, only=_COUNTED),
    Known("usage_huge", At.USAGE, "a million million times too much", SERVED, only=_COUNTED),
    Known("usage_strings", At.USAGE, "numbers as text", SERVED, only=_COUNTED),
)
_POLL = (
    Known("poll_unknown_state", At.POLL, "a state nobody knows, to the end", LATE, only=TASKS),
    Known("poll_never_ends", At.POLL, "is at work for ever", LATE, only=TASKS),
    Known("poll_404", At.POLL, "404: no such task", BROKEN, only=TASKS),
    Known("poll_401", At.POLL, "401, though the task was taken", BROKEN, only=TASKS),
    Known("poll_500", At.POLL, "500 to every question", LATE, only=TASKS),
    Known("poll_429", At.POLL, "429 to every question", LATE, only=TASKS),
    Known("poll_html", At.POLL, "a web page to every question", BROKEN, only=TASKS),
    Known("poll_reset", At.POLL, "resets every connection", BROKEN, only=TASKS),
    Known("poll_hang", At.POLL, "never answers a question", LATE, only=TASKS),
    Known("poll_stumbles", At.POLL, "500, a reset, then the image", SERVED, only=TASKS),
    Known("task_failed", At.POLL, "says that the task failed", FAILED, only=TASKS),
    Known("task_without_image", At.POLL, "is done, but links to no image", BROKEN, only=TASKS),
)
_FETCH = (
    Known("fetch_404", At.FETCH, "404: the image is gone", BROKEN, only=LINKED),
    Known("fetch_500", At.FETCH, "500", BROKEN, only=LINKED),
    Known("fetch_hang", At.FETCH, "never sends it", LATE, only=LINKED),
    Known("fetch_cut", At.FETCH, "closes the connection in the middle", BROKEN, only=LINKED),
    Known("fetch_reset", At.FETCH, "resets the connection in the middle", BROKEN, only=LINKED),
    Known("fetch_redirect", At.FETCH, "redirects to an inner address", BROKEN, only=LINKED),
    Known("fetch_elsewhere", At.FETCH, "links to an inner address", BROKEN, only=LINKED),
    Known("fetch_stumbles", At.FETCH, "500 twice, then the image", SERVED, only=LINKED),
)
_STREAM = (
    Known("sse_cut", At.STREAM, "closes in the middle of an event", BROKEN, only=STREAMS),
    Known("sse_reset", At.STREAM, "resets in the middle of an event", BROKEN, only=STREAMS),
    Known("sse_hang", At.STREAM, "falls silent after the first event", LATE, only=STREAMS),
    Known("sse_error", At.STREAM, "an error event after a preview", FAILED, only=STREAMS),
    Known("sse_no_completed", At.STREAM, "ends without the image", BROKEN, only=STREAMS),
    Known(
        "sse_duplicate_completed",
        At.STREAM,
        "sends the last event twice; one image is charged",
        SERVED,
        only=STREAMS,
    ),
    Known("sse_done", At.STREAM, "`[DONE]` at the end", SERVED, only=STREAMS),
    Known("sse_comments", At.STREAM, "keep-alive comments in between", SERVED, only=STREAMS),
    Known("sse_as_json", At.STREAM, "one JSON answer for a stream", SERVED, only=STREAMS),
)
FAULTS: tuple[Known, ...] = (
    *_CALL,
    *_REFUSAL,
    *_IMAGE,
    *_USAGE,
    *_POLL,
    *_FETCH,
    *_STREAM,
)
