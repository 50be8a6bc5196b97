"""``/llms.txt`` and ``/llms-full.txt``: what this server is, for language models that read it.

The texts are made from the documentation, by ``./run docs --write``. See https://llmstxt.org.
"""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.server.door import Door, Handler

_NAMES = ("llms.txt", "llms-full.txt")
_EXAMPLE = "http://127.0.0.1:8000"
"""The address in the documentation; readers are told the one they came by."""
_HEADERS = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}


def routes(door: Door) -> list[Route]:
    return [
        Route(f"/{name}", door.guarded(_serving(door, name)), methods=["GET"]) for name in _NAMES
    ]


def _serving(door: Door, name: str) -> Handler:
    async def serve(request: Request) -> Response:
        text = files("darkroom.server").joinpath("texts", name).read_text(encoding="utf-8")
        said = text.replace(_EXAMPLE, door.origin(request))
        return Response(said, headers=_HEADERS, media_type="text/plain; charset=utf-8")

    return serve
