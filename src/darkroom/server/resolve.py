"""Decides which dialect answers a request, where a path belongs to several of them.

The first that holds: the path is one dialect's alone; a header of ours names one; the Host header
is a vendor's own; the key is bound to a dialect; the request shows a sign that only one dialect's
clients give; the server's default. Signs that contradict each other: the registry's order counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from darkroom.core.dialect import Dialect, ImageRoute, JobRoute, WireBody

HEADER = "x-darkroom-dialect"
"""In a request: who shall answer. In an answer: who did."""
_NOTHING = WireBody({})


class Reason(StrEnum):
    """Why a dialect answers."""

    PATH = "path"
    HEADER = "header"
    HOST = "host"
    KEY = "key"
    SIGNS = "signs"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a request so far. ``headers`` have lower-case names.

    ``key_dialect`` is what the API key is bound to; empty when unbound or not known yet.
    """

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    key_dialect: str = ""
    body: WireBody = _NOTHING


@dataclass(frozen=True, slots=True)
class Choice:
    dialect: Dialect
    reason: Reason


class Resolver:
    """``default`` names the dialect that answers what looks like nobody's in particular."""

    def __init__(self, dialects: Sequence[Dialect], default: str) -> None:
        self._dialects = tuple(dialects)
        self._default = default
        self._roots = _roots(self._dialects)

    def image_paths(self) -> Mapping[str, Mapping[str, ImageRoute]]:
        """For each path, the route of each dialect that takes images there, by its name."""
        found: dict[str, dict[str, ImageRoute]] = {}
        for dialect in self._dialects:
            for route in dialect.routes:
                found.setdefault(route.path, {})[dialect.name] = route
        return found

    def job_paths(self) -> Mapping[tuple[str, str], Mapping[str, JobRoute]]:
        """For each path and method, the route of each dialect that has jobs there."""
        found: dict[tuple[str, str], dict[str, JobRoute]] = {}
        for dialect in self._dialects:
            for route in dialect.job_routes:
                found.setdefault((route.path, route.method), {})[dialect.name] = route
        return found

    def choose(self, names: Iterable[str], asked: Asked) -> Choice:
        """Who of the dialects of these names answers. They are not none."""
        among = [dialect for dialect in self._dialects if dialect.name in names]
        if len(among) == 1:
            return Choice(among[0], Reason.PATH)
        named, host = asked.headers.get(HEADER), _host(asked.headers)
        tests: tuple[tuple[Reason, Callable[[Dialect], bool]], ...] = (
            (Reason.HEADER, lambda dialect: dialect.name == named),
            (Reason.HOST, lambda dialect: host in dialect.hosts),
            (Reason.KEY, lambda dialect: dialect.name == asked.key_dialect),
            (Reason.SIGNS, lambda dialect: _shows(dialect, asked)),
            (Reason.DEFAULT, lambda dialect: dialect.name == self._default),
        )
        for reason, holds in tests:
            for dialect in among:
                if holds(dialect):
                    return Choice(dialect, reason)
        return Choice(among[0], Reason.DEFAULT)

    def at_a_glance(self, path: str, headers: Mapping[str, str]) -> Dialect:
        """Who refuses a request for which there is no door: by the path's first word, its host
        and its headers."""
        names = self._roots.get(_root(path)) or {dialect.name for dialect in self._dialects}
        return self.choose(names, Asked(headers)).dialect


def key_of(headers: Mapping[str, str]) -> str:
    """The API key as sent, where clients of any vendor put it; empty when there is none."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return next((headers[name] for name in KEY_HEADERS if headers.get(name)), "")


KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")


def _shows(dialect: Dialect, asked: Asked) -> bool:
    prefix = dialect.key_prefix
    if prefix and key_of(asked.headers).startswith(prefix):
        return True
    return dialect.claims(asked.headers, asked.body)


def _host(headers: Mapping[str, str]) -> str:
    return headers.get("host", "").partition(":")[0].lower().rstrip(".")


def _root(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _roots(dialects: Iterable[Dialect]) -> Mapping[str, set[str]]:
    """Which dialects have doors below each first word of a path."""
    found: dict[str, set[str]] = {}
    for dialect in dialects:
        for route in (*dialect.routes, *dialect.job_routes):
            found.setdefault(_root(route.path), set()).add(dialect.name)
    return found
