"""The web playground: static ES modules over the public API, served under a strict policy."""

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.errors import NotFound
from darkroom.server.door import Door

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-cache",  # ask each time, answered by 304: an upgrade shows at once
    "vary": "accept-encoding",
}
_OPENING = re.compile(rb"\A(?://[^\n]*\n)+")
_DOCS = re.compile(rb"[ \t]*/\*(?=[* ])(?:(?!\*/).)*\*/\n?", re.DOTALL)
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


def routes(door: Door) -> list[Route]:
    # Only what is in the folder and one level below can be named: no path reaches elsewhere.
    found = [*_STATIC.glob("*"), *_STATIC.glob("*/*")]
    files = {
        path.relative_to(_STATIC).as_posix(): path
        for path in found
        if path.suffix in _TYPES and path.is_file()
    }

    async def page(request: Request) -> Response:
        return _served(request, files["index.html"])

    async def static(request: Request) -> Response:
        path = files.get(request.path_params["name"])
        if path is None:
            raise NotFound("There is no such file.")
        return _served(request, path)

    return [
        Route("/", door.guarded(page), methods=["GET"]),
        Route("/static/{name:path}", door.guarded(static), methods=["GET"]),
    ]


def _served(request: Request, path: Path) -> Response:
    body, packed, tag = _read(path, path.stat().st_mtime_ns)
    headers = {**_HEADERS, "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = packed, "gzip"
    return Response(body, headers=headers, media_type=_TYPES[path.suffix])


def lean(source: bytes) -> bytes:
    """A module or style without what only its readers need: a fifth of what is sent.

    That is its opening comment and its documentation comments. Others stay, because ``//`` at the
    start of a line may as well be a line of an example.
    """
    return _DOCS.sub(b"", _OPENING.sub(b"", source))


@lru_cache(maxsize=512)
def _read(path: Path, _changed_ns: int) -> tuple[bytes, bytes, str]:
    """The bytes, the same packed, and their tag; read again when the file has changed."""
    body = lean(path.read_bytes()) if path.suffix in (".js", ".css") else path.read_bytes()
    return body, gzip.compress(body, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
