"""``/v1/files``: images uploaded once and named by their id in later edits."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.assets import add_assets, get_owned_asset, remove_upload, uploads
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import new_file_id
from darkroom.core.job import Asset, AssetKind
from darkroom.server.amounts import known_fields
from darkroom.server.body import discard, read_body
from darkroom.server.door import Door, path_id
from darkroom.server.native import json_response

_PURPOSES = ("vision", "user_data")
_PAGE_MAX = 1_000


def routes(door: Door) -> list[Route]:
    files = Files(door)
    return [
        Route("/v1/files", door.guarded(files.create), methods=["POST"]),
        Route("/v1/files", door.guarded(files.list), methods=["GET"]),
        Route("/v1/files/{file_id}", door.guarded(files.get), methods=["GET"]),
        Route("/v1/files/{file_id}", door.guarded(files.delete), methods=["DELETE"]),
    ]


class Files:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services

    async def create(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        body = await read_body(request, self._services.spool, self._door.patience)
        try:
            known_fields(body.fields, "purpose")
            purpose = body.fields.get("purpose", "vision")
            if purpose not in _PURPOSES:
                raise InvalidRequest(f"'purpose' is {' or '.join(_PURPOSES)}.", param="purpose")
            found = [upload for name, upload in body.uploads if name == "file"]
            if len(found) != 1:
                raise InvalidRequest("Send one image as the form field 'file'.", param="file")
            asset = await self._services.ingest.upload(found[0].image, new_file_id(), None)
            await self._services.database.write(
                lambda tx: add_assets(tx, principal.account_id, None, [asset])
            )
        finally:
            discard(body.uploads)
        return json_response(_shown(asset))

    async def list(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        found = await self._services.database.read(
            lambda tx: uploads(tx, principal.account_id, _PAGE_MAX)
        )
        data = [_shown(asset) for asset in found]
        return json_response({"object": "list", "data": data, "has_more": False})

    async def get(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        file_id = path_id(request, "file_id")
        asset = await self._services.database.read(
            lambda tx: get_owned_asset(tx, file_id, principal.account_id)
        )
        if asset is None or asset.kind is not AssetKind.UPLOAD:
            raise NotFound(f"No file '{file_id}'.")
        return json_response(_shown(asset))

    async def delete(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        file_id = path_id(request, "file_id")
        asset = await self._services.database.write(
            lambda tx: remove_upload(tx, file_id, principal.account_id)
        )
        if asset is None:
            raise NotFound(f"No file '{file_id}'.")
        return json_response({"id": file_id, "object": "file", "deleted": True})


def _shown(asset: Asset) -> dict[str, Any]:
    """OpenAI's file object. The name is ours: what a client calls its file is nobody's business."""
    return {
        "id": asset.id,
        "object": "file",
        "bytes": asset.byte_size,
        "created_at": asset.created_at_ms // 1000,
        "filename": f"{asset.id}.{asset.media_type.removeprefix('image/')}",
        "purpose": "vision",
        "status": "processed",
    }
