"""``/assets/…``: image bytes for whoever holds a signed link."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import EDGES, EXTENSIONS, get_asset, small_name
from darkroom.core.errors import NotFound
from darkroom.core.ids import now_ms
from darkroom.server.door import Door

# Whatever the bytes may contain, a browser shows an image or nothing.
SAFE = {
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
        headers = _headers(f"{asset_id}.{extension}", asset.sha256, query["exp"])
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        headers["content-length"] = str(asset.byte_size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=asset.media_type)
        pieces: AsyncIterator[bytes] = services.blobs.read(asset.sha256, asset.byte_size)
        return StreamingResponse(pieces, headers=headers, media_type=asset.media_type)

    async def small(request: Request) -> Response:
        asset_id, edge = request.path_params["asset_id"], request.path_params["edge"]
        if edge not in EDGES:
            raise NotFound("There is no copy of that size.")
        query = request.query_params
        name = small_name(asset_id, edge)
        services.links.check(name, query.get("exp", ""), query.get("sig", ""))
        asset = await services.database.read(lambda tx: get_asset(tx, asset_id))
        if asset is None:
            raise NotFound("There is no such image any more.")
        made, data = await services.thumbnails.of(asset, edge)
        headers = _headers(f"{asset_id}-{edge}.webp", made.sha256, query["exp"])
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type="image/webp")

    both = ["GET", "HEAD"]
    return [
        Route("/assets/{name}", door.guarded(picture), methods=both),
        Route("/assets/{asset_id}/{edge:int}.webp", door.guarded(small), methods=both),
    ]


def _headers(name: str, sha256: str, expires: str) -> dict[str, str]:
    """``expires`` is the end of the link, in seconds since the epoch: so long it may be kept."""
    left_s = max(0, int(expires) - now_ms() // 1000)
    return {
        **SAFE,
        "content-disposition": f'inline; filename="{name}"',
        "cache-control": f"private, max-age={left_s}, immutable",
        "etag": f'"{sha256[:32]}"',
    }
