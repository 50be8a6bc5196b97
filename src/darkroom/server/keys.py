"""API keys: made, looked up by digest, revoked. A key is shown once, when it is made."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from darkroom import ledger
from darkroom.core.errors import Forbidden, InvalidRequest, NotFound, Unauthorized
from darkroom.core.ids import new_id, now_ms
from darkroom.core.price import KeyPrices
from darkroom.core.secret import Secret
from darkroom.db import Database, Tx
from darkroom.ledger import Budget, Limits
from darkroom.server import records
from darkroom.server.records import ApiKey

ADMIN = "admin"
IMAGES = "images"
_PREFIX = "dk_"
_CACHE_S = 5.0
"""How long a key that was revoked by another process may still be taken for good."""
_CACHE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the account that owns what is made, and what the key may do."""

    account_id: str
    key_id: str
    scopes: frozenset[str]
    prices: KeyPrices = KeyPrices()

    def require(self, scope: str) -> None:
        """Raises :class:`Forbidden`."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key may not do that: it lacks the scope '{scope}'.")


class Keys:
    """Keys have 256 random bits, so a keyed digest is enough to look them up safely."""

    def __init__(self, database: Database, pepper: Secret) -> None:
        self._database = database
        self._pepper = pepper.reveal().encode()
        self._cache: dict[str, tuple[float, Principal]] = {}
        self._operator: tuple[str, Principal] | None = None

    async def principal(self, key: str) -> Principal:
        """Who this key stands for. Raises :class:`Unauthorized`."""
        digest = self._digest(key)
        if self._operator is not None and hmac.compare_digest(digest, self._operator[0]):
            return self._operator[1]
        cached = self._cache.get(digest)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        found = await self._database.read(lambda tx: records.by_digest(tx, digest))
        if found is None:
            raise Unauthorized(
                "Incorrect API key provided. `darkroom keys create` makes a new one."
            )
        principal = Principal(found.account_id, found.id, found.scopes, found.prices)
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        self._cache[digest] = (time.monotonic() + _CACHE_S, principal)
        return principal

    async def create(
        self,
        name: str,
        account: str | None,
        scopes: frozenset[str],
        key: str | None = None,
        limits: Limits | None = None,
        prices: KeyPrices = KeyPrices(),
    ) -> tuple[ApiKey, str]:
        """Make a key for the account of that name, which is made when there is none; with None
        for a new account named like the key. Raises :class:`InvalidRequest` when that exists.

        ``key`` is a secret of the caller's choice; a key that exists already is left as it is,
        also when it was revoked.
        """
        secret = key or _PREFIX + secrets.token_urlsafe(32)
        now = now_ms()

        def work(tx: Tx) -> ApiKey:
            digest = self._digest(secret)
            if (existing := records.by_digest(tx, digest, revoked=True)) is not None:
                return existing
            if account is None and records.account_named(tx, name) is not None:
                raise InvalidRequest(
                    f"There is an account '{name}'. Choose another name for the key, or give"
                    " 'account' to share that account's jobs, images and money.",
                    param="name",
                )
            owner = account or name
            account_id = records.account_id(tx, owner, new_id(now), now)
            hint = f"{secret[:3]}…{secret[-4:]}"
            made = ApiKey(new_id(now), account_id, owner, name, hint, scopes, now, prices=prices)
            records.add(tx, made, digest)
            if limits is not None:
                ledger.limit_key(tx, made.id, limits)
            return made

        return await self._database.write(work), secret

    async def list(self) -> list[ApiKey]:
        return await self._database.read(records.listed)

    async def limit(self, key_id: str, change: Callable[[Limits], Limits]) -> tuple[ApiKey, Budget]:
        """Change the budget of a key. Raises :class:`NotFound`."""
        now = now_ms()

        def work(tx: Tx) -> tuple[ApiKey, Budget]:
            key = records.by_id(tx, key_id)
            if key is None:
                raise NotFound(f"No API key '{key_id}'.")
            limits = ledger.key_budget(tx, key_id, now).limits
            ledger.limit_key(tx, key_id, change(limits))
            return key, ledger.key_budget(tx, key_id, now)

        return await self._database.write(work)

    async def set_prices(self, key_id: str, change: Callable[[KeyPrices], KeyPrices]) -> None:
        """Change the prices of a key; accepted jobs keep theirs. Raises :class:`NotFound`."""

        def work(tx: Tx) -> None:
            key = records.by_id(tx, key_id)
            if key is None:
                raise NotFound(f"No API key '{key_id}'.")
            records.set_prices(tx, key_id, change(key.prices))

        await self._database.write(work)
        self._cache.clear()

    async def budgets(self, keys: Sequence[ApiKey]) -> Sequence[Budget]:
        """The budget of each, in the same order."""
        now = now_ms()
        return await self._database.read(
            lambda tx: [ledger.key_budget(tx, key.id, now) for key in keys]
        )

    async def revoke(self, key_id: str) -> ApiKey:
        """Raises :class:`NotFound`."""
        now = now_ms()
        key = await self._database.write(lambda tx: records.revoke(tx, key_id, now))
        if key is None:
            raise NotFound(f"No API key '{key_id}'.")
        self._cache.clear()
        return key

    async def none_yet(self) -> bool:
        return await self._database.read(records.count) == 0

    async def admit_operator(self) -> str:
        """A key of this process alone, for the command line on this machine."""
        secret = secrets.token_urlsafe(32)
        now = now_ms()
        account = await self._database.write(
            lambda tx: records.account_id(tx, "default", new_id(now), now)
        )
        principal = Principal(account, "operator", frozenset((ADMIN, IMAGES)))
        self._operator = (self._digest(secret), principal)
        return secret

    def _digest(self, key: str) -> str:
        return hmac.new(self._pepper, key.encode(), hashlib.sha256).hexdigest()
