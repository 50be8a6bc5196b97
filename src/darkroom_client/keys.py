"""API keys, for callers whose own key has the scope ``admin``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.flows import Call, Flow, asking
from darkroom_client.resources import AsyncResource, SyncResource, method


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its owner may see it. ``key`` itself is there once, when it is made."""

    id: str
    name: str
    account: str
    hint: str
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None = None
    dialect: str = "auto"
    """The wire format it is bound to; ``auto``: each request is read by its looks."""
    policy: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How its jobs are routed: ``order``, ``prefer``, ``pinned`` …"""
    key: str | None = field(default=None, repr=False)
    limits: Mapping[str, int | None] = field(default_factory=dict[str, "int | None"])
    """``requests_per_minute``, ``images_per_minute``, ``bytes_per_minute``, ``max_concurrent``,
    ``stored_bytes``; None: the server's default, 0: no limit."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            id=said["id"],
            name=said["name"],
            account=said["account"],
            hint=said["hint"],
            scopes=tuple(said["scopes"]),
            created_at=said["created_at"],
            revoked_at=said.get("revoked_at"),
            dialect=said.get("dialect", "auto"),
            policy=said.get("policy", {}),
            key=said.get("key"),
            limits=said.get("limits", {}),
        )


@dataclass(frozen=True, slots=True)
class SignInLink:
    """``url`` opens the playground signed in: once, until ``expires_at``."""

    url: str = field(repr=False)
    key: str
    """The id of the API key that it signs in with."""
    key_name: str
    expires_at: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(said["url"], said["key"], said["key_name"], said["expires_at"])


@dataclass(frozen=True, slots=True)
class Storage:
    """What the images of an account have, in bytes. ``limit``: what they may have, for this key;
    None: no limit, or the answer is not about this key's account."""

    account: str
    used: int
    limit: int | None
    kinds: Mapping[str, int]
    """By kind: ``result``, ``input``, ``upload`` …"""
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        kinds = {kind: one["bytes"] for kind, one in said["kinds"].items()}
        return cls(said["account"], said["used_bytes"], said["limit_bytes"], kinds, said)


class _Calls:
    @method
    def create(
        self,
        name: str,
        *,
        account: str | None = None,
        admin: bool = False,
        dialect: str = "auto",
        policy: Mapping[str, Any] | None = None,
        limits: Mapping[str, int | None] | None = None,
    ) -> Flow[ApiKey]:
        """Make a key. Without ``account`` it gets one of its own, named like the key.

        ``dialect`` binds it to one wire format, where a path serves several; ``policy`` says how
        its jobs are routed, ``limits`` what it may ask for per minute and at once.
        """
        body: dict[str, Any] = {"name": name, "admin": admin}
        if dialect != "auto":
            body["dialect"] = dialect
        if account is not None:
            body["account"] = account
        if policy:
            body["policy"] = dict(policy)
        if limits:
            body["limits"] = dict(limits)
        # Sent twice it would make two keys.
        call = Call("POST", "/v1/keys", content={"json": body}, repeatable=False)
        return asking(call, ApiKey.of)

    @method
    def list(self) -> Flow[tuple[ApiKey, ...]]:
        """All keys, oldest first, revoked ones too."""
        said = yield Call("GET", "/v1/keys")
        return tuple(ApiKey.of(one) for one in said["data"])

    @method
    def revoke(self, key_id: str) -> Flow[ApiKey]:
        """Raises :class:`NotFoundError`."""
        return asking(Call("DELETE", _path(key_id)), ApiKey.of)

    @method
    def set_dialect(self, key_id: str, dialect: str) -> Flow[ApiKey]:
        """Bind a key to a wire format, or with ``auto`` to none. Raises :class:`NotFoundError`."""
        call = Call("PATCH", _path(key_id), content={"json": {"dialect": dialect}})
        return asking(call, ApiKey.of)

    @method
    def set_policy(self, key_id: str, policy: Mapping[str, Any] | None) -> Flow[ApiKey]:
        """Change what ``policy`` names; None takes all back. Raises :class:`NotFoundError`."""
        body = {"policy": None if policy is None else dict(policy)}
        return asking(Call("PATCH", _path(key_id), content={"json": body}), ApiKey.of)

    @method
    def set_limits(self, key_id: str, limits: Mapping[str, int | None] | None) -> Flow[ApiKey]:
        """Change what ``limits`` names; None takes all back. Raises :class:`NotFoundError`."""
        body = {"limits": None if limits is None else dict(limits)}
        return asking(Call("PATCH", _path(key_id), content={"json": body}), ApiKey.of)

    @method
    def storage(self, account: str | None = None) -> Flow[Storage]:
        """What the key's account stores, or for admins any. Raises :class:`NotFoundError`."""
        query = {} if account is None else {"account": account}
        return asking(Call("GET", "/v1/storage", content={"params": query}), Storage.of)

    @method
    def sign_in_link(self, key_id: str | None = None) -> Flow[SignInLink]:
        """A link that signs a browser in to the playground, with this key or with another.

        Raises :class:`NotFoundError`.
        """
        body = {} if key_id is None else {"key": key_id}
        return asking(Call("POST", "/v1/sign-in-links", content={"json": body}), SignInLink.of)


class Keys(_Calls, SyncResource):
    """``client.keys``."""


class AsyncKeys(_Calls, AsyncResource):
    """``client.keys``."""


def _path(key_id: str) -> str:
    return f"/v1/keys/{quote(key_id, safe='')}"
