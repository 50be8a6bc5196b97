"""Blots secrets out of log lines: known ones, and whatever looks like one.

The last net under code that has no secret in its messages to begin with. It works on what is
about to be printed, so texts of vendors, tracebacks and other people's libraries pass it as well.
"""

import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from structlog.typing import EventDict, WrappedLogger

from darkroom.core.secret import Secret

BLOT = "…"
_DEPTH_MAX = 6
_HALF = 8_000
"""So much of a longer text is told from its beginning, and from its end."""
_SECRET_LENGTH_MIN = 8
"""Shorter ones stand in too many innocent words."""

# Ours, and those that keys bound to a dialect begin with; OpenAI's begin as EvoLink's do.
# Then those of vendors and clouds: Google, xAI, Black Forest Labs, AWS, GitHub; JSON web tokens.
_KEY = re.compile(
    r"\b(dk_|sk-evo-|sk-|afk_|whsec_|AIza|xai-|bfl_|AKIA|ASIA|gh[pousr]_|eyJ)[A-Za-z0-9_\-+/=.]{16,}"
)
_SCHEME = re.compile(
    r"\b(?:(Bearer)\s+[\w\-+/=.~]{8,}|(Basic|Key|Token)\s+[\w\-+/=.~]{20,})", re.IGNORECASE
)
_HEADER = re.compile(
    r"\b((?:proxy-)?authorization|x-api-key|api-key|x-goog-api-key|(?:set-)?cookie)"
    r"([\"']?\s*[:=]\s*[\"']?)[^\r\n\"'<>]+",
    re.IGNORECASE,
)
# A signature makes a link a key to an image, and S3, GCS and Azure each name theirs otherwise:
# of an address only what stands before its query is told.
_QUERY = re.compile(
    r"(\b[a-z][a-z0-9+.\-]{0,20}://[^\s?\"'<>]{0,400}|/assets/[^\s?\"'<>]{0,400})"
    r"\?[^\s\"'<>]*[^\s\"'<>.,:;)\]]",
    re.IGNORECASE,
)
_USER = re.compile(r"(\b[a-z][a-z0-9+.\-]{0,20}://)[^\s/@\"'<>]{1,256}@", re.IGNORECASE)
_HASH_TOKEN = re.compile(r"#(key|token)=[^\s\"'<>]+")
_MARKS = (
    *("://", "/assets/", "#key=", "#token="),
    *("bearer", "basic", "key ", "token ", "authorization", "api-key", "cookie"),
    *(
        "dk_",
        "sk-",
        "afk_",
        "whsec_",
        "aiza",
        "xai-",
        "bfl_",
        "akia",
        "asia",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "eyj",
    ),
)
"""In lower case: where none of these stands, no pattern can match, and most texts have none."""
# `key_id` and `output_tokens` name no secret.
_SECRET_NAME = re.compile(
    r"(?:^|[_\-])(?:key|authorization|secret|token|password|passwd|cookie|signature|credentials?"
    r"|pepper|digest)$",
    re.IGNORECASE,
)

_lock = threading.Lock()
_known: set[str] = set()
_known_pattern: re.Pattern[str] | None = None


def hide(*secrets: Secret | str) -> None:
    """From now on these are blotted out wherever they stand, for as long as the process lives."""
    global _known_pattern  # noqa: PLW0603 - logs are the process's, and so is what they must not say
    texts = {one.reveal() if isinstance(one, Secret) else one for one in secrets}
    with _lock:
        _known.update(text for text in texts if len(text) >= _SECRET_LENGTH_MIN)
        longest_first = sorted(_known, key=len, reverse=True)
        if longest_first:
            _known_pattern = re.compile("|".join(map(re.escape, longest_first)))


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: the event with every secret in it blotted out."""
    for name, value in event.items():
        event[name] = BLOT if _names_secret(name) else _clean(value)
    return event


def redacted(text: str) -> str:
    """The text with what is a secret, or looks like one, blotted out. A long one is shortened."""
    if len(text) < _SECRET_LENGTH_MIN:
        return text
    if len(text) > 2 * _HALF:
        text = _shortened(text)
    if _known_pattern is not None:
        text = _known_pattern.sub(BLOT, text)
    lower = text.lower()
    for mark in _MARKS:
        if mark in lower:
            return _without_patterns(text)
    return text


def _without_patterns(text: str) -> str:
    text = _QUERY.sub(rf"\1?{BLOT}", text)
    text = _USER.sub(rf"\1{BLOT}@", text)
    text = _HASH_TOKEN.sub(rf"#\1={BLOT}", text)
    text = _HEADER.sub(rf"\1\2{BLOT}", text)
    text = _KEY.sub(rf"\1{BLOT}", text)
    return _SCHEME.sub(lambda found: f"{found[1] or found[2]} {BLOT}", text)


@lru_cache(maxsize=512)
def _names_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _shortened(text: str) -> str:
    """Cut where white space is: half of a secret would not be known any more."""
    head = text[:_HALF].rsplit(maxsplit=1)
    tail = text[-_HALF:].split(maxsplit=1)
    return f"{head[0] if len(head) > 1 else ''} {BLOT} {tail[1] if len(tail) > 1 else ''}"


def _clean(value: Any, depth: int = 0) -> Any:
    """The same shape with clean texts; what is no plain data becomes its text, cleaned."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redacted(value)
    if depth >= _DEPTH_MAX:
        return BLOT
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {
            str(name): BLOT if _names_secret(str(name)) else _clean(one, depth + 1)
            for name, one in pairs
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one, depth + 1) for one in cast("list[Any]", value)]
    return redacted(str(value))
