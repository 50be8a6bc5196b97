"""The accounts and API keys tables."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, insert, select, update

from darkroom.core.limits import KeyLimits
from darkroom.core.policy import Policy
from darkroom.core.price import PPM, KeyPrices
from darkroom.db import Tx
from darkroom.db.tables import accounts, api_keys

_policies = msgspec.json.Decoder(Policy)
_limits = msgspec.json.Decoder(KeyLimits)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as its owner may see it: the key itself is nowhere."""

    id: str
    account_id: str
    account: str
    name: str
    hint: str
    scopes: frozenset[str]
    created_at_ms: int
    revoked_at_ms: int | None = None
    prices: KeyPrices = KeyPrices()
    dialect: str = ""
    """The wire format its requests are read in where a path serves several; empty: by its looks."""
    policy: Policy = Policy()
    expires_at_ms: int | None = None
    limits: KeyLimits = KeyLimits()

    def over(self, now_ms: int) -> bool:
        """Whether it was revoked, or has expired."""
        ends = self.expires_at_ms
        return self.revoked_at_ms is not None or (ends is not None and ends <= now_ms)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Who owns keys, jobs and money."""

    id: str
    name: str
    created_at_ms: int


_KEYS = select(api_keys, accounts.c.name.label("account")).join(
    accounts, accounts.c.id == api_keys.c.account_id
)


def by_digest(tx: Tx, digest: str, *, revoked: bool = False) -> ApiKey | None:
    """The key of this digest; a revoked one only when asked for."""
    query = _KEYS.where(api_keys.c.digest == digest)
    if not revoked:
        query = query.where(api_keys.c.revoked_at_ms.is_(None))
    row = tx.execute(query).first()
    return None if row is None else _key(row)


def listed(tx: Tx) -> list[ApiKey]:
    return [_key(row) for row in tx.execute(_KEYS.order_by(api_keys.c.created_at_ms))]


def count(tx: Tx) -> int:
    return tx.execute(select(func.count()).select_from(api_keys)).scalar() or 0


def account_id(tx: Tx, name: str, fresh_id: str, now_ms: int) -> str:
    """The id of the account of this name, made when there is none."""
    found = tx.execute(select(accounts.c.id).where(accounts.c.name == name)).scalar()
    if found is None:
        row = {"id": fresh_id, "name": name, "created_at_ms": now_ms}
        tx.execute(insert(accounts), row)
    return found or fresh_id


def all_accounts(tx: Tx) -> list[AccountRow]:
    """Oldest first."""
    rows = tx.execute(select(accounts).order_by(accounts.c.created_at_ms, accounts.c.id))
    return [AccountRow(row.id, row.name, row.created_at_ms) for row in rows]


def account_of(tx: Tx, account_id: str) -> AccountRow | None:
    return _one_account(tx, accounts.c.id == account_id)


def account_named(tx: Tx, name: str) -> AccountRow | None:
    return _one_account(tx, accounts.c.name == name)


def _one_account(tx: Tx, matching: ColumnElement[bool]) -> AccountRow | None:
    row = tx.execute(select(accounts).where(matching)).first()
    return None if row is None else AccountRow(row.id, row.name, row.created_at_ms)


def by_id(tx: Tx, key_id: str) -> ApiKey | None:
    """The key of this id, also a revoked one."""
    row = tx.execute(_KEYS.where(api_keys.c.id == key_id)).first()
    return None if row is None else _key(row)


def add(tx: Tx, key: ApiKey, digest: str) -> None:
    tx.execute(
        insert(api_keys),
        {
            "id": key.id,
            "account_id": key.account_id,
            "name": key.name,
            "hint": key.hint,
            "digest": digest,
            "scopes": " ".join(sorted(key.scopes)),
            "created_at_ms": key.created_at_ms,
            **_prices(key.prices),
            "dialect": key.dialect or None,
            "policy": _policy_text(key.policy),
            "expires_at_ms": key.expires_at_ms,
            "limits": _limits_text(key.limits),
        },
    )


def first_admin(tx: Tx, scope: str, now_ms: int) -> ApiKey | None:
    """The oldest key with that scope that still works."""
    return next((key for key in listed(tx) if scope in key.scopes and not key.over(now_ms)), None)


def set_name(tx: Tx, key_id: str, name: str) -> None:
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(name=name))


def set_expiry(tx: Tx, key_id: str, expires_at_ms: int | None) -> None:
    values = {"expires_at_ms": expires_at_ms}
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(**values))


def set_dialect(tx: Tx, key_id: str, dialect: str) -> None:
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(dialect=dialect or None))


def set_policy(tx: Tx, key_id: str, policy: Policy) -> None:
    text = _policy_text(policy)
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(policy=text))


def set_limits(tx: Tx, key_id: str, limits: KeyLimits) -> None:
    text = _limits_text(limits)
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(limits=text))


def set_prices(tx: Tx, key_id: str, prices: KeyPrices) -> None:
    tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(**_prices(prices)))


def revoke(tx: Tx, key_id: str, now_ms: int) -> ApiKey | None:
    tx.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id, api_keys.c.revoked_at_ms.is_(None))
        .values(revoked_at_ms=now_ms)
    )
    return by_id(tx, key_id)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.id,
        row.account_id,
        row.account,
        row.name,
        row.hint,
        frozenset(row.scopes.split()),
        row.created_at_ms,
        row.revoked_at_ms,
        KeyPrices(
            PPM if row.price_multiplier_ppm is None else row.price_multiplier_ppm,
            row.price_per_image,
        ),
        row.dialect or "",
        Policy() if row.policy is None else _policies.decode(row.policy),
        row.expires_at_ms,
        KeyLimits() if row.limits is None else _limits.decode(row.limits),
    )


def _limits_text(limits: KeyLimits) -> str | None:
    return None if limits == KeyLimits() else msgspec.json.encode(limits).decode()


def _policy_text(policy: Policy) -> str | None:
    return None if policy == Policy() else msgspec.json.encode(policy).decode()


def _prices(prices: KeyPrices) -> dict[str, int | None]:
    return {
        "price_multiplier_ppm": prices.multiplier_ppm,
        "price_per_image": prices.per_image,
    }
