"""The accounts and API keys tables."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from darkroom.core.price import PPM, KeyPrices
from darkroom.db import Tx
from darkroom.db.tables import accounts, api_keys


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
        },
    )


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
    )


def _prices(prices: KeyPrices) -> dict[str, int | None]:
    return {
        "price_multiplier_ppm": prices.multiplier_ppm,
        "price_per_image": prices.per_image,
    }
