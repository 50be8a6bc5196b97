"""Which addresses a webhook may have: checked when one is named, and again before each delivery.

What a host name leads to is judged where the connection is opened (:mod:`darkroom.egress.webhook`).
"""

from dataclasses import dataclass

from yarl import URL

from darkroom.core.errors import InvalidRequest
from darkroom.egress.guard import PORTS, AddressGuard, LoopbackGuard, is_literal

URL_LENGTH_MAX = 2_048
# Names that never are public: RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal.
_PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain", "invalid")
_PUBLIC, _LOOPBACK = AddressGuard(), LoopbackGuard()


@dataclass(frozen=True, slots=True)
class Rules:
    """``allow_local``: for development, plain http may reach this machine's loopback."""

    allow_local: bool = False

    def check(self, url: str, param: str) -> None:
        """Raises :class:`InvalidRequest` naming ``param``."""
        if problem := self._problem(url):
            raise InvalidRequest(f"'{param}' {problem}", param=param)

    def _problem(self, text: str) -> str:
        if len(text) > URL_LENGTH_MAX:
            return f"is longer than {URL_LENGTH_MAX:,} characters."
        if not text.isprintable() or " " in text:
            return "is not a URL: it has spaces or control characters."
        try:
            url = URL(text)
            host, port = url.host or "", url.port
        except ValueError:
            return "is not a URL."
        if url.user is not None or url.password is not None:
            return "must not carry a user name or password."
        if url.scheme == "http" and self.allow_local and _is_local(host):
            return ""
        if url.scheme != "https" or not host:
            return "must start with https://."
        if port not in PORTS:
            return f"may use the ports {', '.join(map(str, PORTS))}."
        return "" if _may_be_public(host) else "does not point to a public address."


STRICT = Rules()


def host_of(url: str) -> str:
    """The host of an address that was checked."""
    return URL(url).host or ""


def _is_local(host: str) -> bool:
    return host == "localhost" or (is_literal(host) and _LOOPBACK.permits(host))


def _may_be_public(host: str) -> bool:
    """Whether the host is a public address, or a name that can lead to one."""
    if is_literal(host):
        return _PUBLIC.permits(host)
    name = host.rstrip(".").lower()
    return "." in name and not any(
        name == private or name.endswith(f".{private}") for private in _PRIVATE_NAMES
    )
