"""Signs browsers in by a key or a one-time link, knows them again, and signs them out."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from darkroom.core.errors import Unauthorized
from darkroom.core.ids import new_id, now_ms
from darkroom.core.secret import Secret
from darkroom.db import Database, Tx
from darkroom.server.keys import Keys, Principal
from darkroom.server.records import ApiKey
from darkroom.server.sessions import records
from darkroom.server.sessions.records import Session
from darkroom.settings import Settings

SIGN_IN_S = 1_800
"""How long a link that signs in can be used."""
_PER_KEY_MAX = 100
_CACHE_S = 5.0
_CACHE_MAX = 1_000
_SEEN_STEPS = 50
"""In how many steps of its idle time a session's last use is written down."""
_OVER = "Your session has ended. Sign in again."


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lives unused, and how long at most."""

    idle_s: int
    most_s: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.session_idle_s, settings.session_lifetime_s)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with whom it acts for. ``secret`` is what the cookie holds."""

    session: Session
    key: ApiKey
    principal: Principal
    idle_ends_at_ms: int
    secret: str = field(repr=False)


class Sessions:
    """A session acts for a key: with its account, its scopes, its budget, and as long as it."""

    def __init__(
        self,
        database: Database,
        pepper: Secret,
        keys: Keys,
        lifetimes: Lifetimes,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._database = database
        self._pepper = pepper.reveal().encode()
        self._keys = keys
        self._idle_ms = lifetimes.idle_s * 1000
        self._most_ms = lifetimes.most_s * 1000
        self._now = now
        self._cache: dict[str, tuple[float, SignedIn]] = {}
        keys.on_change(self._cache.clear)

    async def link(self, key_id: str) -> tuple[str, int]:
        """A secret that signs in once with that key, and when it ends."""
        token, ends_at_ms = secrets.token_urlsafe(32), self._now() + SIGN_IN_S * 1000
        digest = self._digest("link", token)
        await self._database.write(lambda tx: records.add_token(tx, digest, key_id, ends_at_ms))
        return token, ends_at_ms

    async def by_link(self, token: str) -> SignedIn:
        """Raises :class:`Unauthorized` for a link that is unknown, was used, or is too old."""
        digest, now = self._digest("link", token), self._now()
        key_id = await self._database.write(lambda tx: records.take_token(tx, digest, now))
        if key_id is None:
            raise Unauthorized(
                "This link was used before, or is older than 30 minutes."
                " `darkroom playground` prints a new one."
            )
        return await self._begin(key_id)

    async def by_key(self, key: str) -> SignedIn:
        """Raises :class:`Unauthorized`."""
        return await self._begin((await self._keys.principal(key)).key_id)

    async def _begin(self, key_id: str) -> SignedIn:
        key, principal = await self._keys.of_id(key_id)
        now, secret = self._now(), secrets.token_urlsafe(32)
        session = Session(new_id(now), key_id, now, now, now + self._most_ms)
        digest = self._digest("session", secret)

        def work(tx: Tx) -> None:
            records.add(tx, session, digest)
            records.prune(tx, now, now - self._idle_ms, key_id, _PER_KEY_MAX)

        await self._database.write(work)
        return SignedIn(session, key, principal, now + self._idle_ms, secret)

    async def find(self, secret: str) -> SignedIn:
        """Who is behind a cookie; this counts as use. Raises :class:`Unauthorized`."""
        digest = self._digest("session", secret)
        cached = self._cache.get(digest)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        session = await self._database.read(lambda tx: records.find(tx, digest))
        now = self._now()
        if session is None or min(session.ends_at_ms, session.seen_at_ms + self._idle_ms) <= now:
            raise Unauthorized(_OVER)
        key, principal = await self._keys.of_id(session.key_id)
        seen_at_ms = session.seen_at_ms
        if now - seen_at_ms > self._idle_ms // _SEEN_STEPS:
            seen_at_ms = now
            await self._database.write(lambda tx: records.seen(tx, session.id, now))
        found = SignedIn(session, key, principal, seen_at_ms + self._idle_ms, secret)
        if len(self._cache) >= _CACHE_MAX:
            self._cache.clear()
        left_s = (min(session.ends_at_ms, found.idle_ends_at_ms) - now) / 1000
        self._cache[digest] = (time.monotonic() + min(_CACHE_S, left_s), found)
        return found

    async def end(self, secret: str) -> None:
        """Sign out. Nothing happens when the session is over already."""
        digest = self._digest("session", secret)
        self._cache.pop(digest, None)
        await self._database.write(lambda tx: records.remove(tx, digest))

    def _digest(self, kind: str, secret: str) -> str:
        return hmac.new(self._pepper, f"{kind}:{secret}".encode(), hashlib.sha256).hexdigest()
