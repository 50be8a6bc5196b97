"""``/v1/keys``: API keys, for keys with the scope ``admin``."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.errors import InvalidRequest
from darkroom.core.price import KeyPrices
from darkroom.ledger import Budget, Limits
from darkroom.server.amounts import (
    changed_limits,
    changed_prices,
    known_fields,
    shown_budget,
    shown_prices,
)
from darkroom.server.body import read_json
from darkroom.server.door import Door, path_id
from darkroom.server.keys import ADMIN, IMAGES
from darkroom.server.money import ALL
from darkroom.server.native import json_response, shown_time
from darkroom.server.records import ApiKey

_NAME_MAX = 100
_BODY_MAX = 64 * 1024
_PRICES = ("price_multiplier", "price_per_image_usd")


def routes(door: Door) -> list[Route]:
    keys = KeysView(door)
    return [
        Route("/v1/keys", door.guarded(keys.create), methods=["POST"]),
        Route("/v1/keys", door.guarded(keys.list), methods=["GET"]),
        Route("/v1/keys/{key_id}", door.guarded(keys.revoke), methods=["DELETE"]),
        Route("/v1/keys/{key_id}", door.guarded(keys.change), methods=["PATCH"]),
    ]


class KeysView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._keys = door.keys

    async def create(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "name", "account", "admin", "budget", *_PRICES)
        name = _text(body.get("name"), "name")
        # A key has an account of its own, unless it is to share one: accounts see no other's jobs.
        account = _text(body["account"], "account") if body.get("account") is not None else None
        if (account or name) == ALL:
            raise InvalidRequest(f"'{ALL}' stands for all accounts.", param="account")
        admin = body.get("admin", False)
        if not isinstance(admin, bool):
            raise InvalidRequest("'admin' is true or false.", param="admin")
        scopes = frozenset((IMAGES, ADMIN) if admin else (IMAGES,))
        limits = changed_limits(Limits(), body.get("budget"))
        prices = changed_prices(KeyPrices(), body)
        made, secret = await self._keys.create(name, account, scopes, limits=limits, prices=prices)
        return json_response({**_shown(made, Budget(limits)), "key": secret}, 201)

    async def list(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        keys = await self._keys.list()
        budgets = await self._keys.budgets(keys)
        data = [_shown(key, budget) for key, budget in zip(keys, budgets, strict=True)]
        return json_response({"object": "list", "data": data})

    async def change(self, request: Request) -> Response:
        """``{budget, price_multiplier, price_per_image_usd}``: those that are named change."""
        (await self._door.principal(request)).require(ADMIN)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "budget", *_PRICES)
        if not body:
            raise InvalidRequest("Missing required parameter: 'budget'.", param="budget")
        if "budget" in body:
            changed_limits(Limits(), body["budget"])  # nothing changes when a part is refused
        key_id = path_id(request, "key_id")
        await self._keys.set_prices(key_id, lambda before: changed_prices(before, body))
        key, budget = await self._keys.limit(
            key_id,
            lambda limits: changed_limits(limits, body["budget"]) if "budget" in body else limits,
        )
        return json_response(_shown(key, budget))

    async def revoke(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        key = await self._keys.revoke(path_id(request, "key_id"))
        [budget] = await self._keys.budgets([key])
        return json_response(_shown(key, budget))


def _text(value: Any, name: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= _NAME_MAX or not text.isprintable():
        raise InvalidRequest(f"'{name}' is a line of 1 to {_NAME_MAX} characters.", param=name)
    return text


def _shown(key: ApiKey, budget: Budget) -> dict[str, Any]:
    return {
        "id": key.id,
        "object": "api_key",
        "name": key.name,
        "account": key.account,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        **shown_budget(budget),
        **shown_prices(key.prices),
        "created_at": shown_time(key.created_at_ms),
        "revoked_at": shown_time(key.revoked_at_ms),
    }
