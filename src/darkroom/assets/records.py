"""The assets table. Rows are what makes bytes reachable, and for whom."""

from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from darkroom.core.job import Asset, AssetKind
from darkroom.db import Tx
from darkroom.db.tables import assets

_INSERT = insert(assets)
_BY_JOB = (
    select(assets)
    .where(assets.c.job_id == bindparam("job_id"))
    .order_by(assets.c.kind, assets.c.position)
)
_BY_ID = select(assets).where(assets.c.id == bindparam("asset_id"))
_BY_OWNER = _BY_ID.where(assets.c.account_id == bindparam("account_id"))


def add(tx: Tx, account_id: str, job_id: str | None, found: list[Asset]) -> None:
    """Insert rows; ``found`` may be empty."""
    if found:
        tx.execute(_INSERT, [_values(account_id, job_id, asset) for asset in found])


def of_job(tx: Tx, job_id: str) -> tuple[Asset, ...]:
    return tuple(map(_asset, tx.execute(_BY_JOB, {"job_id": job_id})))


def of_jobs(tx: Tx, job_ids: list[str]) -> dict[str, list[Asset]]:
    """The assets of several jobs, by job."""
    found: dict[str, list[Asset]] = {}
    query = select(assets).where(assets.c.job_id.in_(job_ids)).order_by(assets.c.position)
    for row in tx.execute(query):
        found.setdefault(row.job_id, []).append(_asset(row))
    return found


def get(tx: Tx, asset_id: str) -> Asset | None:
    """Any asset, for whoever holds a signed link to it."""
    row = tx.execute(_BY_ID, {"asset_id": asset_id}).first()
    return None if row is None else _asset(row)


def get_owned(tx: Tx, asset_id: str, account_id: str) -> Asset | None:
    """An asset of this account; somebody else's does not exist."""
    row = tx.execute(_BY_OWNER, {"asset_id": asset_id, "account_id": account_id}).first()
    return None if row is None else _asset(row)


def uploads(tx: Tx, account_id: str, limit: int) -> tuple[Asset, ...]:
    """The account's uploaded files, newest first."""
    query = (
        select(assets)
        .where(assets.c.account_id == account_id, assets.c.kind == AssetKind.UPLOAD)
        .order_by(assets.c.created_at_ms.desc())
        .limit(limit)
    )
    return tuple(map(_asset, tx.execute(query)))


def remove(tx: Tx, asset_id: str, account_id: str) -> Asset | None:
    """Delete an uploaded file's row; its bytes go with the next sweep."""
    asset = get_owned(tx, asset_id, account_id)
    if asset is None or asset.kind is not AssetKind.UPLOAD:
        return None
    tx.execute(assets.delete().where(assets.c.id == asset_id))
    return asset


def _values(account_id: str, job_id: str | None, asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "account_id": account_id,
        "job_id": job_id,
        "kind": asset.kind,
        "position": asset.position,
        "sha256": asset.sha256,
        "media_type": asset.media_type,
        "width": asset.width,
        "height": asset.height,
        "byte_size": asset.byte_size,
        "created_at_ms": asset.created_at_ms,
        "expires_at_ms": asset.expires_at_ms,
    }


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        row.id,
        AssetKind(row.kind),
        row.position,
        row.sha256,
        row.media_type,
        row.width,
        row.height,
        row.byte_size,
        row.created_at_ms,
        row.expires_at_ms,
    )
