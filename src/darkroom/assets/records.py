"""The assets table. Rows are what makes bytes reachable, and for whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from darkroom.core.errors import PayloadTooLarge, StorageQuotaExceeded
from darkroom.core.ids import now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.db import Tx
from darkroom.db.tables import assets, removed_images, thumbnails, unwanted_blobs

USUAL_PURPOSE = "vision"
"""What a file is for whose purpose nobody said."""
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


def uploads(tx: Tx, account_id: str, limit: int, offset: int = 0) -> tuple[Asset, ...]:
    """The account's uploaded files that have not expired, newest first."""
    query = (
        select(assets)
        .where(_uploaded_by(account_id))
        .order_by(assets.c.created_at_ms.desc(), assets.c.id)
        .limit(limit)
        .offset(offset)
    )
    return tuple(map(_asset, tx.execute(query)))


def upload_page(
    tx: Tx,
    account_id: str,
    limit: int,
    after: Asset | None,
    *,
    oldest_first: bool,
    purpose: str = "",
) -> tuple[Asset, ...]:
    """At most ``limit`` of those files, the ones that follow ``after`` in that order; with
    ``purpose`` only those that have it."""
    at, name = assets.c.created_at_ms, assets.c.id
    order = (at, name.desc()) if oldest_first else (at.desc(), name)
    query = select(assets).where(_uploaded_by(account_id)).order_by(*order).limit(limit)
    if purpose:
        query = query.where(func.coalesce(assets.c.purpose, USUAL_PURPOSE) == purpose)
    if after is not None:
        past = after.created_at_ms
        beyond, beside = (
            (at > past, name < after.id) if oldest_first else (at < past, name > after.id)
        )
        query = query.where(or_(beyond, and_(at == past, beside)))
    return tuple(map(_asset, tx.execute(query)))


def stored_bytes(tx: Tx, account_id: str, now_ms: int) -> int:
    """What the account's images have in all, whatever they are; expired ones count no more.

    Images with the same content are stored once, and count as often as they are there.
    """
    query = select(func.sum(assets.c.byte_size)).where(*_alive(account_id, now_ms))
    return int(tx.execute(query).scalar() or 0)


def stored_by_kind(tx: Tx, account_id: str, now_ms: int) -> dict[str, tuple[int, int]]:
    """The same by kind of image: how many, and their bytes."""
    columns = (assets.c.kind, func.count().label("images"), func.sum(assets.c.byte_size).label("b"))
    query = select(*columns).where(*_alive(account_id, now_ms)).group_by(assets.c.kind)
    rows = tx.execute(query.order_by(assets.c.kind))
    return {row.kind: (row.images, int(row.b)) for row in rows}


def _alive(account_id: str, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    ends = assets.c.expires_at_ms
    return assets.c.account_id == account_id, or_(ends.is_(None), ends > now_ms)


def check_quota(tx: Tx, account_id: str, quota: int, more: int = 0) -> None:
    """Raises :class:`StorageQuotaExceeded` when the account has ``quota`` bytes, or would have
    more with ``more`` of them. 0 is no limit."""
    if not quota:
        return
    used = stored_bytes(tx, account_id, now_ms())
    if used >= quota or used + more > quota:
        raise StorageQuotaExceeded(
            f"The images of this account may have {quota:,} bytes in all, and {used:,} are used."
            " Delete jobs (DELETE /v1/jobs/{job_id}) or files (DELETE /v1/files/{file_id}).",
            details={"used_bytes": used, "limit_bytes": quota},
        )


def keep_upload(tx: Tx, account_id: str, asset: Asset, bytes_max: int, quota: int = 0) -> None:
    """Insert an uploaded file's row. ``bytes_max``: what all files of the account may have,
    ``quota``: all of its images; 0: no limit.

    Raises :class:`PayloadTooLarge` and :class:`StorageQuotaExceeded`.
    """
    check_quota(tx, account_id, quota, asset.byte_size)
    if bytes_max:
        query = select(func.sum(assets.c.byte_size)).where(_uploaded_by(account_id))
        used = int(tx.execute(query).scalar() or 0)
        if used + asset.byte_size > bytes_max:
            raise PayloadTooLarge(
                f"The files of this account may have {bytes_max:,} bytes in all, and {used:,} are"
                " used. Delete some, or let new ones expire.",
                param="file",
                details={"used_bytes": used, "limit_bytes": bytes_max},
            )
    add(tx, account_id, None, [asset])


def count_uploads(tx: Tx, account_id: str) -> int:
    """How many files :func:`uploads` has in all."""
    query = select(func.count()).select_from(assets).where(_uploaded_by(account_id))
    return tx.execute(query).scalar() or 0


def _uploaded_by(account_id: str) -> ColumnElement[bool]:
    return and_(
        assets.c.account_id == account_id,
        assets.c.kind == AssetKind.UPLOAD,
        or_(assets.c.expires_at_ms.is_(None), assets.c.expires_at_ms > now_ms()),
    )


_THUMBNAIL = select(thumbnails.c.sha256, thumbnails.c.byte_size).where(
    thumbnails.c.source_sha256 == bindparam("source"), thumbnails.c.edge == bindparam("edge")
)


def thumbnail(tx: Tx, sha256: str, edge: int) -> tuple[str, int] | None:
    """The hash and the size in bytes of the small copy of an image with these bytes."""
    row = tx.execute(_THUMBNAIL, {"source": sha256, "edge": edge}).first()
    return None if row is None else (row.sha256, row.byte_size)


def keep_thumbnail(tx: Tx, sha256: str, edge: int, made: tuple[str, int]) -> None:
    """Remember a small copy; one that was made before gives way.

    That of an image that was removed meanwhile is forgotten: nothing would ever remove it.
    """
    # Locked: who removes the image at this moment waits, and then finds the small copy as well.
    named = select(assets.c.id).where(assets.c.sha256 == sha256).limit(1)
    if tx.execute(named.with_for_update(read=True, key_share=True)).first() is None:
        return
    same = (thumbnails.c.source_sha256 == sha256, thumbnails.c.edge == edge)
    tx.execute(thumbnails.delete().where(*same))
    values = {"source_sha256": sha256, "edge": edge, "sha256": made[0], "byte_size": made[1]}
    tx.execute(insert(thumbnails), values)


@dataclass(frozen=True, slots=True)
class Owned:
    """An asset of an account. ``made_by``: the job whose result it is, if it is one."""

    asset: Asset
    made_by: str | None


_MADE = (AssetKind.RESULT, AssetKind.ORIGINAL)
_MAKERS_MAX = 1_000


def owned(tx: Tx, account_id: str, asset_ids: Sequence[str]) -> dict[str, Owned]:
    """Those of these assets that are there and the account's, by id."""
    query = select(assets).where(assets.c.id.in_(asset_ids), assets.c.account_id == account_id)
    found = ((_asset(row), row.job_id) for row in tx.execute(query))
    return {
        asset.id: Owned(asset, job_id if asset.kind in _MADE else None) for asset, job_id in found
    }


def makers(tx: Tx, account_id: str, sha256: str) -> list[str]:
    """The jobs of the account that made an image with these bytes, newest first."""
    query = select(assets.c.job_id).where(*_made(account_id), assets.c.sha256 == sha256)
    rows = tx.execute(query.distinct().order_by(assets.c.job_id.desc()).limit(_MAKERS_MAX))
    return list(rows.scalars())


def last_makers(tx: Tx, account_id: str, hashes: Sequence[str]) -> dict[str, str]:
    """The newest job of the account that made an image, by the hash of its bytes."""
    query = (
        select(assets.c.sha256, func.max(assets.c.job_id).label("job_id"))
        .where(*_made(account_id), assets.c.sha256.in_(hashes))
        .group_by(assets.c.sha256)
    )
    return {row.sha256: row.job_id for row in tx.execute(query)}


def _made(account_id: str) -> tuple[ColumnElement[bool], ...]:
    mine = assets.c.account_id == account_id
    return mine, assets.c.kind.in_(_MADE), assets.c.job_id.is_not(None)


def hand_over(tx: Tx, asset_id: str, job_id: str) -> None:
    """Make an asset an input image of that job, whatever it was before."""
    values = {"job_id": job_id, "kind": AssetKind.INPUT}
    tx.execute(update(assets).where(assets.c.id == asset_id).values(**values))


def remove_of_job(tx: Tx, job_id: str, now_ms: int) -> None:
    """Delete the rows of a job's assets. Bytes that no row names any more are unwanted."""
    query = select(assets.c.sha256).where(assets.c.job_id == job_id)
    hashes = set(tx.execute(query).scalars())
    tx.execute(assets.delete().where(assets.c.job_id == job_id))
    discard(tx, hashes, now_ms)


def note_removed(tx: Tx, job_ids: Collection[str], now_ms: int, until_ms: int) -> None:
    """Remember until then which images of these jobs are about to be removed, as their time is
    over; what was to be remembered until now is forgotten."""
    tx.execute(removed_images.delete().where(removed_images.c.until_ms <= now_ms))
    ids = tx.execute(select(assets.c.id).where(assets.c.job_id.in_(job_ids))).scalars()
    if rows := [{"id": each, "until_ms": until_ms} for each in ids]:
        tx.execute(insert(removed_images), rows)


def was_removed(tx: Tx, asset_id: str) -> bool:
    """Whether :func:`note_removed` remembers that image."""
    query = select(removed_images.c.id).where(removed_images.c.id == asset_id)
    return tx.execute(query).first() is not None


def discard(tx: Tx, hashes: Collection[str], now_ms: int) -> None:
    """Have bytes removed, and small copies made of them, unless an asset still has them."""
    kept = set(tx.execute(select(assets.c.sha256).where(assets.c.sha256.in_(hashes))).scalars())
    gone = set(hashes) - kept
    small = thumbnails.c.source_sha256.in_(gone)
    gone |= set(tx.execute(select(thumbnails.c.sha256).where(small)).scalars())
    tx.execute(thumbnails.delete().where(small))
    tx.execute(unwanted_blobs.delete().where(unwanted_blobs.c.sha256.in_(gone)))
    if gone:
        rows = [{"sha256": sha256, "since_ms": now_ms} for sha256 in sorted(gone)]
        tx.execute(insert(unwanted_blobs), rows)


_SPENT = (AssetKind.PARTIAL, AssetKind.UPLOAD)
"""What ends by itself."""


def expired(tx: Tx, until_ms: int) -> tuple[int, int]:
    """How many images ended before that time, and how many bytes they have."""
    counted = func.count().label("images")
    sums = select(counted, func.sum(assets.c.byte_size).label("byte_size"))
    row = tx.execute(sums.where(_expired(until_ms))).one()
    return row.images, int(row.byte_size or 0)


def remove_expired(tx: Tx, until_ms: int, now_ms: int, limit: int) -> tuple[int, int]:
    """Delete rows of those; how many, and their bytes."""
    query = select(assets.c.id, assets.c.sha256, assets.c.byte_size).where(_expired(until_ms))
    found = tx.execute(query.order_by(assets.c.expires_at_ms).limit(limit)).all()
    tx.execute(assets.delete().where(assets.c.id.in_([row.id for row in found])))
    discard(tx, {row.sha256 for row in found}, now_ms)
    return len(found), sum(row.byte_size for row in found)


def _expired(until_ms: int) -> ColumnElement[bool]:
    return and_(assets.c.expires_at_ms <= until_ms, assets.c.kind.in_(_SPENT))


def strays(tx: Tx, hashes: Collection[str]) -> set[str]:
    """Which of these no row names, and are not on the list of unwanted bytes either."""
    left = set(hashes)
    for column in (assets.c.sha256, thumbnails.c.sha256, unwanted_blobs.c.sha256):
        left -= set(tx.execute(select(column).where(column.in_(left))).scalars())
    return left


def give_up(tx: Tx, hashes: Collection[str], now_ms: int) -> set[str]:
    """Put those that :func:`strays` finds on the list of unwanted bytes, and return them."""
    found = strays(tx, hashes)
    if found:
        rows = [{"sha256": sha256, "since_ms": now_ms} for sha256 in sorted(found)]
        tx.execute(insert(unwanted_blobs), rows)
    return found


def count_unwanted(tx: Tx, until_ms: int) -> int:
    """How many :func:`unwanted` has in all."""
    query = select(func.count()).where(unwanted_blobs.c.since_ms <= until_ms)
    return tx.execute(query).scalar() or 0


def named(tx: Tx) -> dict[str, int]:
    """The bytes that there have to be: their size, by their hash."""
    return _sizes(tx, assets)


def named_small(tx: Tx) -> dict[str, int]:
    """Those of small copies, which are made again when they are not there."""
    return _sizes(tx, thumbnails)


def _sizes(tx: Tx, table: Table) -> dict[str, int]:
    rows = tx.execute(select(table.c.sha256, table.c.byte_size).distinct())
    return {row.sha256: row.byte_size for row in rows}


def knew_before(tx: Tx, hashes: Collection[str], at_ms: int) -> bool:
    """Whether a row from before that time names any of these."""
    query = select(assets.c.id).where(assets.c.sha256.in_(hashes), assets.c.created_at_ms < at_ms)
    return tx.execute(query.limit(1)).first() is not None


def unwanted(tx: Tx, until_ms: int, limit: int) -> list[str]:
    """Hashes of bytes that are unwanted since that time or longer, oldest first."""
    query = select(unwanted_blobs.c.sha256).where(unwanted_blobs.c.since_ms <= until_ms)
    return list(tx.execute(query.order_by(unwanted_blobs.c.since_ms).limit(limit)).scalars())


def postpone(tx: Tx, sha256: str, since_ms: int) -> None:
    """Bytes on that list are looked at again later."""
    same = unwanted_blobs.c.sha256 == sha256
    tx.execute(update(unwanted_blobs).where(same).values(since_ms=since_ms))


def settle_unwanted(tx: Tx, sha256: str) -> bool:
    """Strike bytes off that list. True: nobody has them, so they can be removed."""
    tx.execute(unwanted_blobs.delete().where(unwanted_blobs.c.sha256 == sha256))
    named = select(assets.c.id).where(assets.c.sha256 == sha256).limit(1)
    small = select(thumbnails.c.edge).where(thumbnails.c.sha256 == sha256).limit(1)
    return tx.execute(named).first() is None and tx.execute(small).first() is None


def remove(tx: Tx, asset_id: str, account_id: str) -> Asset | None:
    """Delete an uploaded file's row; its bytes are removed some time later."""
    asset = get_owned(tx, asset_id, account_id)
    if asset is None or asset.kind is not AssetKind.UPLOAD:
        return None
    tx.execute(assets.delete().where(assets.c.id == asset_id))
    discard(tx, (asset.sha256,), now_ms())
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
        "purpose": asset.purpose or None,
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
        row.purpose or "",
    )
