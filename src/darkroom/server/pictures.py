"""``/assets/…``: image bytes for whoever holds a signed link."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import EDGES, EXTENSIONS, get_asset, small_name, was_removed
from darkroom.core.errors import DarkroomError, Gone, NotFound
from darkroom.core.ids import now_ms
from darkroom.server.door import Door

# Whatever the bytes may contain, a browser shows an image or nothing.
SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
}


# No number for the route to read: one of 5,000 digits would fail there, outside of any handler.
_EDGES = {str(edge): edge for edge in EDGES}


def routes(door: Door) -> list[Route]:
    services = door.services

    async def picture(request: Request) -> Response:
        asset_id, _, extension = request.path_params["name"].partition(".")
        expires = _only(request, "exp")
        services.links.check(asset_id, expires, _only(request, "sig"))
        asset = await services.database.read(lambda tx: get_asset(tx, asset_id))
        if asset is None or extension != EXTENSIONS[asset.media_type]:
            raise await missing(asset_id)
        headers = _headers(f"{asset_id}.{extension}", asset.sha256, expires)
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        headers["content-length"] = str(asset.byte_size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=asset.media_type)
        pieces: AsyncIterator[bytes] = services.blobs.read(asset.sha256, asset.byte_size)
        return StreamingResponse(pieces, headers=headers, media_type=asset.media_type)

    async def missing(asset_id: str) -> DarkroomError:
        """Why a link that holds leads nowhere."""
        if await services.database.read(lambda tx: was_removed(tx, asset_id)):
            return _gone(services.settings.retention_days)
        return NotFound("There is no such image any more.")

    async def small(request: Request) -> Response:
        asset_id, edge = request.path_params["asset_id"], _EDGES.get(request.path_params["edge"])
        if edge is None:
            raise NotFound("There is no copy of that size.")
        name, expires = small_name(asset_id, edge), _only(request, "exp")
        services.links.check(name, expires, _only(request, "sig"))
        asset = await services.database.read(lambda tx: get_asset(tx, asset_id))
        if asset is None:
            raise await missing(asset_id)
        made, data = await services.thumbnails.of(asset, edge)
        headers = _headers(f"{asset_id}-{edge}.webp", made.sha256, expires)
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type="image/webp")

    both = ["GET", "HEAD"]
    return [
        Route("/assets/{name}", door.guarded(picture), methods=both),
        Route("/assets/{asset_id}/{edge}.webp", door.guarded(small), methods=both),
    ]


def _gone(kept_days: int) -> Gone:
    """``kept_days``: 0 when images are kept for ever by now."""
    days = f"{kept_days} days" if kept_days > 1 else "a day" if kept_days else "a time"
    return Gone(f"Images are kept for {days} here, and this one was removed. Its job remains.")


def _only(request: Request, name: str) -> str:
    """The parameter; empty unless it is there once, as in every link of ours."""
    found = request.query_params.getlist(name)
    return found[0] if len(found) == 1 else ""


def _headers(name: str, sha256: str, expires: str) -> dict[str, str]:
    """``expires`` is the end of the link, in seconds since the epoch: so long it may be kept."""
    left_s = max(0, int(expires) - now_ms() // 1000)
    return {
        **SAFE,
        "content-disposition": f'inline; filename="{name}"',
        "cache-control": f"private, max-age={left_s}, immutable",
        "etag": f'"{sha256[:32]}"',
    }
