"""``/v1/files``: images uploaded once and named by their id in later edits and responses.

https://platform.openai.com/docs/api-reference/files
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import (
    EXTENSIONS,
    USUAL_PURPOSE,
    get_owned_asset,
    remove_upload,
    upload_page,
)
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import new_file_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.server.amounts import known_fields
from darkroom.server.door import Door, is_id, path_id
from darkroom.server.native import json_response, small_links
from darkroom.server.pictures import SAFE
from darkroom.server.uploads import NewFile, Uploads

_PURPOSES = (USUAL_PURPOSE, "user_data")
_PAGE_MAX = 10_000
_ANCHOR, _SECONDS = "expires_after[anchor]", "expires_after[seconds]"
_LIFETIMES_S = range(3_600, 2_592_001)


def routes(door: Door) -> list[Route]:
    files = Files(door)
    table = (
        ("POST", "", files.create),
        ("GET", "", files.list),
        ("GET", "/{file_id}", files.get),
        ("GET", "/{file_id}/content", files.content),
        ("DELETE", "/{file_id}", files.delete),
    )
    return [
        Route(prefix + path, door.guarded(handler), methods=[method])
        for prefix in ("/v1/files", "/openai/v1/files")
        for method, path, handler in table
    ]


class Files:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services
        self._uploads = Uploads(door.services)

    async def create(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        async with self._door.bodies.reading(request) as body:
            known_fields(body.fields, "purpose", _ANCHOR, _SECONDS)
            purpose = _purpose(body.fields.get("purpose", USUAL_PURPOSE))
            ends_at_ms = self._ends_at_ms(body.fields)
            found = [upload for name, upload in body.uploads if name == "file"]
            if len(found) != 1:
                raise InvalidRequest("Send one image as the form field 'file'.", param="file")
            file = NewFile(new_file_id(), ends_at_ms, purpose=purpose)
            asset = await self._uploads.keep(principal, found[0], file)
        return json_response(self._shown(asset, request))

    async def list(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query = request.query_params
        purpose = _purpose(query["purpose"]) if "purpose" in query else ""
        limit, order = _limit(query.get("limit")), query.get("order", "desc")
        if order not in ("asc", "desc"):
            raise InvalidRequest("'order' is asc or desc.", param="order")
        after = query.get("after")
        last = None if after is None else await self._owned(after, principal.account_id)
        found = await self._services.database.read(
            lambda tx: upload_page(
                tx,
                principal.account_id,
                limit + 1,
                last,
                oldest_first=order == "asc",
                purpose=purpose,
            )
        )
        data = [self._shown(asset, request) for asset in found[:limit]]
        return json_response(
            {
                "object": "list",
                "data": data,
                "first_id": data[0]["id"] if data else None,
                "last_id": data[-1]["id"] if data else None,
                "has_more": len(found) > limit,
            }
        )

    async def get(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        asset = await self._owned(path_id(request, "file_id"), principal.account_id)
        return json_response(self._shown(asset, request))

    async def content(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        asset = await self._owned(path_id(request, "file_id"), principal.account_id)
        headers = {
            **SAFE,
            "content-disposition": f'attachment; filename="{_name(asset)}"',
            "content-length": str(asset.byte_size),
            "cache-control": "no-store",
        }
        pieces = self._services.blobs.read(asset.sha256, asset.byte_size)
        return StreamingResponse(pieces, headers=headers, media_type=asset.media_type)

    async def delete(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        file_id = path_id(request, "file_id")
        asset = await self._services.database.write(
            lambda tx: remove_upload(tx, file_id, principal.account_id)
        )
        if asset is None:
            raise NotFound(f"No file '{file_id}'.")
        return json_response({"id": file_id, "object": "file", "deleted": True})

    def _shown(self, asset: Asset, request: Request) -> dict[str, Any]:
        """Ours beside OpenAI's: what kind of image it is, and links to its small copies."""
        return {
            **_file(asset),
            "media_type": asset.media_type,
            "width": asset.width,
            "height": asset.height,
            **small_links(asset, self._services.links, self._door.origin(request)),
        }

    async def _owned(self, file_id: str, account_id: str) -> Asset:
        """Raises :class:`NotFound`, also for one that has expired."""
        missing = NotFound(f"No file '{file_id[:64]}'.", param="file_id")
        if not is_id(file_id):
            raise missing
        asset = await self._services.database.read(
            lambda tx: get_owned_asset(tx, file_id, account_id)
        )
        if asset is None or asset.kind is not AssetKind.UPLOAD:
            raise missing
        if asset.expires_at_ms is not None and asset.expires_at_ms <= now_ms():
            raise missing
        return asset

    def _ends_at_ms(self, fields: Mapping[str, Any]) -> int | None:
        """The earlier of what the caller wishes and what the operator allows."""
        lifetimes = [self._services.settings.files_lifetime_s, _wished_s(fields)]
        known = [seconds for seconds in lifetimes if seconds]
        return now_ms() + min(known) * 1_000 if known else None


def _wished_s(fields: Mapping[str, Any]) -> int | None:
    if _SECONDS not in fields and _ANCHOR not in fields:
        return None
    text = str(fields.get(_SECONDS, ""))
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) not in _LIFETIMES_S:
        raise InvalidRequest(
            f"'{_SECONDS}' is {_LIFETIMES_S[0]} to {_LIFETIMES_S[-1]}.", param=_SECONDS
        )
    if fields.get(_ANCHOR) != "created_at":
        raise InvalidRequest(f"'{_ANCHOR}' is created_at.", param=_ANCHOR)
    return int(text)


def _purpose(said: object) -> str:
    """What a file is for; it serves edits and responses alike."""
    for purpose in _PURPOSES:
        if said == purpose:
            return purpose
    raise InvalidRequest(f"'purpose' is {' or '.join(_PURPOSES)}.", param="purpose")


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE_MAX
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= _PAGE_MAX:
        raise InvalidRequest(f"'limit' is 1 to {_PAGE_MAX}.", param="limit")
    return int(text)


def _file(asset: Asset) -> dict[str, Any]:
    """OpenAI's file object. The name is ours: what a client calls its file is nobody's business."""
    ends_at_ms = asset.expires_at_ms
    return {
        "id": asset.id,
        "object": "file",
        "bytes": asset.byte_size,
        "created_at": asset.created_at_ms // 1000,
        "expires_at": None if ends_at_ms is None else ends_at_ms // 1000,
        "filename": _name(asset),
        "purpose": asset.purpose or USUAL_PURPOSE,
        "status": "processed",
    }


def _name(asset: Asset) -> str:
    return f"{asset.id}.{EXTENSIONS[asset.media_type]}"
