"""Reads from a query which jobs are asked for."""

import re
from datetime import UTC, date, datetime, time

from starlette.datastructures import QueryParams

from darkroom.core.errors import InvalidRequest
from darkroom.core.ids import now_ms
from darkroom.core.job import JobState
from darkroom.core.request import Operation
from darkroom.jobs import Wanted

_WORDS_MAX = 200
_NAME_MAX = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[\w.\-]{1,64}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_DAY_MS = 86_400_000
_COUNTED_DAYS_MAX = 31


def read_wanted(query: QueryParams) -> Wanted:
    """What a list of jobs is filtered by. Raises :class:`InvalidRequest`."""
    return Wanted(
        states=_states(query),
        model=_line(query, "model", _NAME_MAX),
        operation=_operation(query),
        deployment=_line(query, "deployment", _NAME_MAX),
        words=_line(query, "q", _WORDS_MAX) or "",
        since_ms=_moment(query, "created_after"),
        until_ms=_moment(query, "created_before"),
        sha256=_matching(query, "asset_sha256", _SHA256, "a SHA-256 in 64 hexadecimal digits"),
        parent=_matching(query, "parent", _ID, "the id of a job"),
    )


def read_since(query: QueryParams) -> int:
    """From when on jobs are counted: by default since a day. Raises :class:`InvalidRequest`."""
    now = now_ms()
    since = _moment(query, "since")
    if since is None:
        return now - _DAY_MS
    if since < now - (_COUNTED_DAYS_MAX + 1) * _DAY_MS:
        raise InvalidRequest(
            f"'since' is at most {_COUNTED_DAYS_MAX} days ago; /v1/usage goes further back.",
            param="since",
        )
    return since


def _states(query: QueryParams) -> tuple[JobState, ...]:
    """``state=failed&state=canceled`` or ``state=failed,canceled``."""
    names = [name for text in query.getlist("state") for name in text.split(",")]
    try:
        return tuple(dict.fromkeys(map(JobState, names)))
    except ValueError as error:
        raise InvalidRequest(f"'state' is any of {', '.join(JobState)}.", param="state") from error


def _operation(query: QueryParams) -> Operation | None:
    text = query.get("operation")
    if text is not None and text not in tuple(Operation):
        raise InvalidRequest(f"'operation' is {' or '.join(Operation)}.", param="operation")
    return None if text is None else Operation(text)


def _line(query: QueryParams, name: str, most: int) -> str | None:
    text = query.get(name)
    if text is not None and (not 1 <= len(text) <= most or "\0" in text):
        raise InvalidRequest(f"'{name}' is a text of 1 to {most} characters.", param=name)
    return text


def _matching(query: QueryParams, name: str, form: "re.Pattern[str]", what: str) -> str | None:
    text = query.get(name)
    if text is not None and form.fullmatch(text) is None:
        raise InvalidRequest(f"'{name}' is {what}.", param=name)
    return text


def _moment(query: QueryParams, name: str) -> int | None:
    text = query.get(name)
    # a plus sign that nobody escaped has become a space
    return None if text is None else read_moment(text.replace(" ", "+"), name)


def read_moment(text: str, name: str) -> int:
    """A time, or the beginning of a day (UTC), in milliseconds since the epoch.

    Raises :class:`InvalidRequest`.
    """
    try:
        return max(0, int(_parsed(text).timestamp() * 1000))
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            f"'{name}' is a day, as 2026-11-20, or a time with its zone, as 2026-11-20T10:00:00Z.",
            param=name,
        ) from error


def _parsed(text: str) -> datetime:
    if _DAY.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    if _TIME.fullmatch(text):
        return datetime.fromisoformat(text)
    raise ValueError(text)
