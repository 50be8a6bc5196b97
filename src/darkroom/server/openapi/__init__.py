"""``/openapi.json``: what every route takes and answers, one OpenAPI document per dialect.

Each is made when it is first asked for, from the routes that there are, the bodies that the
dialects parse and the tree of errors.
"""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from darkroom.core.errors import NotFound
from darkroom.server.door import Door
from darkroom.server.native import json_response

NAMES = ("openai", "responses", "apiframe", "evolink", "darkroom")


def routes(door: Door, others: Sequence[BaseRoute]) -> list[Route]:
    """The routes of the documents, which tell of ``others`` and of these."""
    view = Documents(door)
    own = [
        Route("/openapi.json", door.guarded(view.list), methods=["GET"]),
        Route("/openapi/{name}.json", door.guarded(view.get), methods=["GET"]),
    ]
    view.routes = (*others, *own)
    return own


class Documents:
    """Open to everybody: they hold nothing of this installation."""

    routes: Sequence[BaseRoute] = ()

    def __init__(self, door: Door) -> None:
        self._door = door
        self._made: dict[str, bytes] = {}

    async def list(self, request: Request) -> Response:
        origin = self._door.origin(request)
        data = [{"name": name, "url": f"{origin}/openapi/{name}.json"} for name in NAMES]
        return json_response({"object": "list", "data": data})

    async def get(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in NAMES:
            raise NotFound("There is no such document. GET /openapi.json lists them.")
        if name not in self._made:
            self._made[name] = self._make(name)
        return Response(self._made[name], media_type="application/json")

    def _make(self, name: str) -> bytes:
        from darkroom.server.openapi.document import document
        from darkroom.server.openapi.groups import GROUPS

        group = GROUPS[name]
        dialects = {dialect.name: dialect for dialect in self._door.services.dialects}
        return msgspec.json.encode(document(group, dialects[group.dialect], self.routes))
