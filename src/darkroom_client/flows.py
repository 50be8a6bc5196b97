"""What both clients have in common: a method is a flow of requests, and never does any I/O itself.

A flow is a generator. It yields the calls it wants made and the pauses it wants taken, is sent what
was read of each answer, or thrown the error, and returns what the method returns. ``sending.py``
walks through flows, once blocking and once with ``await``.
"""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from darkroom_client import errors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer says before its body. Names of ``headers`` are found in any case."""

    status: int
    headers: Mapping[str, str]


class Reader(Protocol):
    """Takes an answer's body piece by piece."""

    def feed(self, data: bytes) -> None:
        """Raises :class:`errors.APIError` for what cannot be read, or tells of a failure."""
        ...

    def end(self) -> Any:
        """What was read; raises like :meth:`feed`."""
        ...


class Whole:
    """Reads a body as one, with ``read``."""

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._pieces: list[bytes] = []
        self._read = read

    def feed(self, data: bytes) -> None:
        self._pieces.append(data)

    def end(self) -> Any:
        return self._read(b"".join(self._pieces))


def as_json(_: Head) -> Reader:
    return Whole(read_json)


def as_bytes(_: Head) -> Reader:
    return Whole(bytes)


def read_json(data: bytes) -> dict[str, Any]:
    """Raises :class:`errors.APIResponseError`."""
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.APIResponseError(
            "The answer is not JSON: is this the address of a Darkroom server?",
            errors.ErrorFacts(code="bad_response"),
        )
    return body  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``content``: httpx2's arguments, or what makes them anew for each attempt."""

    method: str
    path: str
    content: Mapping[str, Any] | Callable[[ExitStack], Mapping[str, Any]] = field(
        default_factory=dict[str, Any]
    )
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    repeatable: bool = True
    """Whether it may be sent again when nobody knows if it arrived."""
    read: Callable[[Head], Reader] = as_json
    """Begins to read an answer, anew for each attempt."""
    timeout_s: float | None = None
    """For one answer; None: the client's."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing happens for so long."""

    seconds: float


Flow: TypeAlias = Generator[Call | Pause, Any, T]


def asking(call: Call, read: Callable[[Any], T]) -> Flow[T]:
    """The flow of a single call: ``read`` makes the result of what was read."""
    answer = yield call
    return read(answer)
