"""The web playground: static ES modules over the public API, served under a strict policy."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
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
    "cache-control": "no-cache",
}
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


def routes(door: Door) -> list[Route]:
    files = {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}

    def served(path: Path) -> Response:
        return FileResponse(path, headers=_HEADERS, media_type=_TYPES[path.suffix])

    async def page(_request: Request) -> Response:
        return served(files["index.html"])

    async def static(request: Request) -> Response:
        path = files.get(request.path_params["name"])  # only names that are there: no traversal
        if path is None:
            raise NotFound("There is no such file.")
        return served(path)

    return [
        Route("/", door.guarded(page), methods=["GET"]),
        Route("/static/{name}", door.guarded(static), methods=["GET"]),
    ]
