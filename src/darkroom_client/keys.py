"""API keys, for callers whose own key has the scope ``admin``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.sending import Call, Sender


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
    key: str | None = field(default=None, repr=False)

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
            key=said.get("key"),
        )


class Keys:
    """``client.keys``."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def create(self, name: str, *, account: str | None = None, admin: bool = False) -> ApiKey:
        """Make a key. Without ``account`` it gets one of its own, named like the key."""
        body: dict[str, Any] = {"name": name, "admin": admin}
        if account is not None:
            body["account"] = account
        # Sent twice it would make two keys.
        call = Call("POST", "/v1/keys", content={"json": body}, repeatable=False)
        return ApiKey.of(self._sender.json(call))

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        said = self._sender.json(Call("GET", "/v1/keys"))
        return tuple(ApiKey.of(one) for one in said["data"])

    def revoke(self, key_id: str) -> ApiKey:
        """Raises :class:`NotFoundError`."""
        path = f"/v1/keys/{quote(key_id, safe='')}"
        return ApiKey.of(self._sender.json(Call("DELETE", path)))
