"""``/assets/…``: image bytes for whoever holds a signed link."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import EXTENSIONS, get_asset
from darkroom.core.errors import NotFound
from darkroom.core.ids import now_ms
from darkroom.server.door import Door

# Whatever the bytes may contain, a browser shows an image or nothing.
_SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
}


def routes(door: Door) -> list[Route]:
    services = door.services

    async def picture(request: Request) -> Response:
        asset_id, _, extension = request.path_params["name"].partition(".")
        query = request.query_params
        services.links.check(asset_id, query.get("exp", ""), query.get("sig", ""))
        asset = await services.database.read(lambda tx: get_asset(tx, asset_id))
        if asset is None or extension != EXTENSIONS[asset.media_type]:
            raise NotFound("There is no such image any more.")
        left_s = max(0, int(query["exp"]) - now_ms() // 1000)
        tag = f'"{asset.sha256[:32]}"'
        headers = {
            **_SAFE,
            "content-disposition": f'inline; filename="{asset_id}.{extension}"',
            "cache-control": f"private, max-age={left_s}, immutable",
            "etag": tag,
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        headers["content-length"] = str(asset.byte_size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=asset.media_type)
        pieces: AsyncIterator[bytes] = services.blobs.read(asset.sha256, asset.byte_size)
        return StreamingResponse(pieces, headers=headers, media_type=asset.media_type)

    return [Route("/assets/{name}", door.guarded(picture), methods=["GET", "HEAD"])]
