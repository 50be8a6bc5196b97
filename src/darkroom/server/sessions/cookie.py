"""The cookie of a session, and whether a request that brings it comes from our own pages.

A browser adds cookies to requests of other sites' making, so that a cookie alone proves nothing
(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
``SameSite=Strict`` does not keep out other ports of this machine: they are the same site.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from darkroom.core.errors import Forbidden

HEADER = "x-darkroom-session"
"""Sent by our pages with whatever changes something: other sites cannot, without our consent."""
_SECURE_NAME = "__Host-darkroom"
_PLAIN_NAME = "darkroom_session"
_SAFE = ("GET", "HEAD")
_OWN_SITE = ("same-origin", "none")  # none: the user typed the address, or opened a bookmark


def read(request: Request, public_url: str) -> str:
    """The secret of the session; empty when there is no cookie.

    Raises :class:`Forbidden` when there is one, but the request is not one of our own pages'.
    """
    secret = request.cookies.get(_name(request, public_url), "")
    if secret:
        require_own(request, public_url, must_say=request.method not in _SAFE)
        if request.method not in _SAFE and not request.headers.get(HEADER):
            raise Forbidden(
                f"A request that signs in by cookie needs the header '{HEADER}: 1'."
                " Programs send 'Authorization: Bearer <key>' instead."
            )
    return secret


def require_own(request: Request, public_url: str, *, must_say: bool = False) -> None:
    """Refuse what another site made a browser send. Raises :class:`Forbidden`.

    ``must_say``: also what does not say where it comes from, as browsers always do.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    own = origin in _own_origins(request, public_url)
    if own or (origin is None and site in _OWN_SITE):
        return
    if origin is None and site is None and not must_say:
        return
    told = origin or "another site"
    raise Forbidden(
        f"This request comes from {told[:200]}, not from this server's own pages. Behind a proxy,"
        " set public_url, or let it send X-Forwarded-Proto and name it in trusted_proxies."
    )


def write(request: Request, response: Response, public_url: str, secret: str, age_s: int) -> None:
    """Give the browser the cookie; with an empty secret take it away."""
    secure = _is_secure(request, public_url)
    response.set_cookie(
        _name(request, public_url),
        secret,
        max_age=age_s if secret else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _own_origins(request: Request, public_url: str) -> tuple[str, ...]:
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if not public_url:
        return (own,)
    public = urlsplit(public_url)
    return own, f"{public.scheme}://{public.netloc}"


def _is_secure(request: Request, public_url: str) -> bool:
    """Whether the browser sees this server by https: the cookie's name and flag hang on it."""
    public = urlsplit(public_url)
    host = request.headers.get("host", "")
    if public.scheme == "https" and (host == public.netloc or not _is_loopback(host)):
        return True
    return request.url.scheme == "https"


def _name(request: Request, public_url: str) -> str:
    """``__Host-`` binds the cookie to this host and to https. Plain cookies are shared by the ports
    of a machine: a name for each keeps two servers on it apart."""
    if _is_secure(request, public_url):
        return _SECURE_NAME
    port = _split(request.headers.get("host", ""))[1]
    return f"{_PLAIN_NAME}_{port}" if port else _PLAIN_NAME


def _is_loopback(host: str) -> bool:
    name = _split(host)[0].strip("[]")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _split(host: str) -> tuple[str, str]:
    """The name and the port of a Host header; an empty port when there is none."""
    name, _, port = host.rpartition(":")
    return (name, port) if name and port.isascii() and port.isdigit() else (host, "")
