"""``/v1/keys``: API keys, for keys with the scope ``admin``."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.dialect import Dialect
from darkroom.core.errors import InvalidRequest
from darkroom.core.ids import now_ms
from darkroom.core.limits import KeyLimits
from darkroom.core.policy import Policy
from darkroom.core.price import KeyPrices
from darkroom.core.times import shown_time
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
from darkroom.server.keys import ADMIN, IMAGES, KeyTerms
from darkroom.server.limits import changed_key_limits, shown_key_limits
from darkroom.server.money import ALL
from darkroom.server.native import json_response
from darkroom.server.policy import changed_policy, shown_policy
from darkroom.server.records import ApiKey
from darkroom.server.wanted import read_moment

_NAME_MAX = 100
_BODY_MAX = 64 * 1024
_BY_LOOKS = "auto"
_PRICES = ("price_multiplier", "price_per_image_usd")
_TERMS = ("budget", "limits", "dialect", "policy", "expires_at", *_PRICES)


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
        known_fields(body, "name", "account", "admin", *_TERMS)
        name = _text(body.get("name"), "name")
        # A key has an account of its own, unless it is to share one: accounts see no other's jobs.
        account = _text(body["account"], "account") if body.get("account") is not None else None
        if (account or name) == ALL:
            raise InvalidRequest(f"'{ALL}' stands for all accounts.", param="account")
        admin = body.get("admin", False)
        if not isinstance(admin, bool):
            raise InvalidRequest("'admin' is true or false.", param="admin")
        scopes = frozenset((IMAGES, ADMIN) if admin else (IMAGES,))
        budget = changed_limits(Limits(), body.get("budget"))
        limits = changed_key_limits(KeyLimits(), body.get("limits"))
        terms = KeyTerms(budget, limits, changed_prices(KeyPrices(), body))
        if (dialect := self._dialect(body.get("dialect"))) is not None:
            prefix = dialect.key_prefix or terms.prefix
            terms = replace(terms, dialect=dialect.name, prefix=prefix)
        policy = changed_policy(Policy(), body.get("policy"), self._door.services.router)
        terms = replace(terms, policy=policy, expires_at_ms=_expiry(body.get("expires_at")))
        made, secret = await self._keys.create(name, account, scopes, terms=terms)
        return json_response({**_shown(made, Budget(budget)), "key": secret}, 201)

    async def list(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        keys = await self._keys.list()
        budgets = await self._keys.budgets(keys)
        data = [_shown(key, budget) for key, budget in zip(keys, budgets, strict=True)]
        return json_response({"object": "list", "data": data})

    async def change(self, request: Request) -> Response:
        """Changes what is named of ``{name, budget, limits, dialect, policy, expires_at,
        price_multiplier, price_per_image_usd}``."""
        (await self._door.principal(request)).require(ADMIN)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "name", *_TERMS)
        if not body:
            raise InvalidRequest("Missing required parameter: 'budget'.", param="budget")
        if "budget" in body:
            changed_limits(Limits(), body["budget"])  # nothing changes when a part is refused
        changed_key_limits(KeyLimits(), body.get("limits"))
        name = _text(body["name"], "name") if "name" in body else None
        expires_at_ms = _expiry(body.get("expires_at"))
        dialect = self._dialect(body.get("dialect"))
        policy, router = body.get("policy"), self._door.services.router
        changed_policy(Policy(), policy, router)
        key_id = path_id(request, "key_id")
        if name is not None:
            await self._keys.set_name(key_id, name)
        if "expires_at" in body:
            await self._keys.set_expiry(key_id, expires_at_ms)
        if "limits" in body:
            await self._keys.set_limits(key_id, lambda old: changed_key_limits(old, body["limits"]))
        if "policy" in body:
            await self._keys.set_policy(key_id, lambda old: changed_policy(old, policy, router))
        await self._keys.set_prices(key_id, lambda before: changed_prices(before, body))
        if "dialect" in body:
            await self._keys.set_dialect(key_id, "" if dialect is None else dialect.name)
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

    def _dialect(self, value: Any) -> Dialect | None:
        """The dialect of this name; None for a key whose requests are read by their looks."""
        if value in (None, "", _BY_LOOKS):
            return None
        dialects = self._door.services.dialects
        for dialect in dialects:
            if dialect.name == value:
                return dialect
        names = ", ".join((_BY_LOOKS, *(dialect.name for dialect in dialects)))
        raise InvalidRequest(f"'dialect' is one of {names}.", param="dialect")


def _expiry(value: Any) -> int | None:
    """``expires_at``, a time to come, or null for never."""
    if value is None:
        return None
    at_ms = read_moment(value, "expires_at") if isinstance(value, str) else 0
    if at_ms <= now_ms():
        raise InvalidRequest(
            "'expires_at' is a time to come, as 2030-01-31T10:00:00Z, or null.", param="expires_at"
        )
    return at_ms


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
        "dialect": key.dialect or _BY_LOOKS,
        "policy": shown_policy(key.policy),
        "limits": shown_key_limits(key.limits),
        **shown_budget(budget),
        **shown_prices(key.prices),
        "created_at": shown_time(key.created_at_ms),
        "expires_at": shown_time(key.expires_at_ms),
        "revoked_at": shown_time(key.revoked_at_ms),
    }
