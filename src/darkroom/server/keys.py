"""API keys: made, looked up by digest, revoked. A key is shown once, when it is made."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from darkroom import ledger
from darkroom.core.errors import Forbidden, InvalidRequest, NotFound, Unauthorized
from darkroom.core.ids import new_id, now_ms
from darkroom.core.limits import KeyLimits
from darkroom.core.policy import Policy
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
    dialect: str = ""
    policy: Policy = Policy()
    limits: KeyLimits = KeyLimits()
    key_digest: bytes = field(default=b"", repr=False)
    """SHA-256 of the key: what some dialects sign webhooks with, so a secret itself."""

    def require(self, scope: str) -> None:
        """Raises :class:`Forbidden`."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key may not do that: it lacks the scope '{scope}'.")


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a new key gets beside its name and scopes. ``prefix``: how its secret begins."""

    budget: Limits | None = None
    limits: KeyLimits = KeyLimits()
    prices: KeyPrices = KeyPrices()
    dialect: str = ""
    prefix: str = _PREFIX
    policy: Policy = Policy()
    expires_at_ms: int | None = None


class Keys:
    """Keys have 256 random bits, so a keyed digest is enough to look them up safely."""

    def __init__(self, database: Database, pepper: Secret) -> None:
        self._database = database
        self._pepper = pepper.reveal().encode()
        self._cache: dict[str, tuple[float, Principal]] = {}
        self._operator: tuple[str, Principal] | None = None
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call it when a key was revoked or changed in this process."""
        self._listeners.append(listener)

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
        now = now_ms()
        if found.over(now):
            raise Unauthorized("This API key has expired. `darkroom keys create` makes a new one.")
        principal = _principal(found, hashlib.sha256(key.encode()).digest())
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        ends = found.expires_at_ms
        fresh_s = _CACHE_S if ends is None else min(_CACHE_S, (ends - now) / 1000)
        self._cache[digest] = (time.monotonic() + fresh_s, principal)
        return principal

    async def of_id(self, key_id: str) -> tuple[ApiKey, Principal]:
        """A key that still works, and who it stands for. Raises :class:`Unauthorized`."""
        key = await self._database.read(lambda tx: records.by_id(tx, key_id))
        if key is None or key.over(now_ms()):
            raise Unauthorized("The API key of this sign-in was revoked or has expired.")
        return key, _principal(key)

    async def first_admin(self) -> ApiKey | None:
        """The oldest key with the scope ``admin`` that still works."""
        return await self._database.read(lambda tx: records.first_admin(tx, ADMIN, now_ms()))

    async def create(
        self,
        name: str,
        account: str | None,
        scopes: frozenset[str],
        key: str | None = None,
        terms: KeyTerms = KeyTerms(),
    ) -> tuple[ApiKey, str]:
        """Make a key for the account of that name, which is made when there is none; with None
        for a new account named like the key. Raises :class:`InvalidRequest` when that exists.

        ``key`` is a secret of the caller's choice; a key that exists already is left as it is,
        also when it was revoked.
        """
        secret = key or terms.prefix + secrets.token_urlsafe(32)
        shown = secret[:3] if key else terms.prefix
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
            made = ApiKey(
                id=new_id(now),
                account_id=account_id,
                account=owner,
                name=name,
                hint=f"{shown}…{secret[-4:]}",
                scopes=scopes,
                created_at_ms=now,
                prices=terms.prices,
                dialect=terms.dialect,
                policy=terms.policy,
                limits=terms.limits,
                expires_at_ms=terms.expires_at_ms,
            )
            records.add(tx, made, digest)
            if terms.budget is not None:
                ledger.limit_key(tx, made.id, terms.budget)
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
        await self._change(
            key_id, lambda tx, key: records.set_prices(tx, key_id, change(key.prices))
        )

    async def set_policy(self, key_id: str, change: Callable[[Policy], Policy]) -> None:
        """Change how a key's jobs are routed; accepted jobs keep theirs. Raises NotFound."""
        await self._change(
            key_id, lambda tx, key: records.set_policy(tx, key_id, change(key.policy))
        )

    async def set_limits(self, key_id: str, change: Callable[[KeyLimits], KeyLimits]) -> None:
        """Change what it may ask for per minute and at once. Raises :class:`NotFound`."""
        await self._change(
            key_id, lambda tx, key: records.set_limits(tx, key_id, change(key.limits))
        )

    async def set_dialect(self, key_id: str, dialect: str) -> None:
        """Bind a key to a dialect, or (empty) to none. Raises :class:`NotFound`."""
        await self._change(key_id, lambda tx, _: records.set_dialect(tx, key_id, dialect))

    async def set_name(self, key_id: str, name: str) -> None:
        """Raises :class:`NotFound`."""
        await self._change(key_id, lambda tx, _: records.set_name(tx, key_id, name))

    async def set_expiry(self, key_id: str, expires_at_ms: int | None) -> None:
        """When it ends by itself; None: never. Raises :class:`NotFound`."""
        await self._change(key_id, lambda tx, _: records.set_expiry(tx, key_id, expires_at_ms))

    async def _change(self, key_id: str, change: Callable[[Tx, ApiKey], None]) -> None:
        def work(tx: Tx) -> None:
            key = records.by_id(tx, key_id)
            if key is None:
                raise NotFound(f"No API key '{key_id}'.")
            change(tx, key)

        await self._database.write(work)
        self._forget()

    def _forget(self) -> None:
        self._cache.clear()
        for listener in self._listeners:
            listener()

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
        self._forget()
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
        secret_digest = hashlib.sha256(secret.encode()).digest()
        scopes = frozenset((ADMIN, IMAGES))
        none = KeyLimits(0, 0, 0, 0, 0)
        principal = Principal(account, "operator", scopes, limits=none, key_digest=secret_digest)
        self._operator = (self._digest(secret), principal)
        return secret

    def _digest(self, key: str) -> str:
        return hmac.new(self._pepper, key.encode(), hashlib.sha256).hexdigest()


def _principal(key: ApiKey, digest: bytes = b"") -> Principal:
    return Principal(
        key.account_id,
        key.id,
        key.scopes,
        key.prices,
        key.dialect,
        key.policy,
        key.limits,
        digest,
    )
