"""``/v1/storage``: how many bytes the images of an account have, and how many they may have."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.assets import stored_by_kind
from darkroom.core.ids import now_ms
from darkroom.db import Tx
from darkroom.server.door import Door
from darkroom.server.limits import usual_limits
from darkroom.server.money import owner_of
from darkroom.server.native import json_response


def routes(door: Door) -> list[Route]:
    database, usual = door.services.database, usual_limits(door.services.settings)
    retention_days = door.services.settings.retention_days

    async def storage(request: Request) -> Response:
        """Everybody sees their own account; an admin any, with ``account=<name>``."""
        principal = await door.principal(request)

        def work(tx: Tx) -> dict[str, Any]:
            owner = owner_of(tx, principal, request.query_params)
            answer = _shown(owner.name, stored_by_kind(tx, str(owner.id), now_ms()))
            if owner.id == principal.account_id:  # another account is not about this key
                answer["limit_bytes"] = principal.limits.over(usual).stored_bytes or None
            return {**answer, "retention_days": retention_days or None}

        return json_response(await database.read(work))

    return [Route("/v1/storage", door.guarded(storage), methods=["GET"])]


def _shown(account: str, kinds: dict[str, tuple[int, int]]) -> dict[str, Any]:
    return {
        "object": "storage",
        "account": account,
        "used_bytes": sum(byte_size for _, byte_size in kinds.values()),
        "limit_bytes": None,
        "kinds": {
            kind: {"images": images, "bytes": byte_size}
            for kind, (images, byte_size) in kinds.items()
        },
    }
