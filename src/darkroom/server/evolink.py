"""EvoLink's doors beside images and tasks: credits, and its file host.

https://docs.evolink.ai/en/api-manual/account-management/get-credits and …/file-series. The vendor
has its files on a host of their own; the paths do not collide, so here they are on ours.
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom import ledger
from darkroom.assets import EXTENSIONS, count_uploads, remove_upload, uploads
from darkroom.core.dialect import WireBody
from darkroom.core.draft import InlineImage, RemoteImage, Upload
from darkroom.core.errors import DarkroomError, Forbidden, InvalidRequest, NotFound
from darkroom.core.ids import new_file_id, now_ms
from darkroom.core.job import Asset
from darkroom.core.money import credits
from darkroom.core.times import shown_time
from darkroom.db import Tx
from darkroom.dialects.evolink import NAME, PREFIXES, USER_GROUP, envelope, error_headers
from darkroom.ledger import Budget
from darkroom.server.amounts import known_fields
from darkroom.server.door import Door, Handler, path_id
from darkroom.server.keys import Principal
from darkroom.server.native import json_response
from darkroom.server.uploads import NewFile, Uploads

FILES_MAX = 500
"""The larger of the documented quotas: there are no paid tiers here."""
_FILE_LIFE_MS = 72 * 3_600_000
_PAGE_MAX = 100
_PAGE_DEFAULT = 20
_NAME_MAX = 255
_DECIMALS = 4
_UPLOAD_PATH = "images"


def routes(door: Door) -> list[Route]:
    dialect = next(dialect for dialect in door.services.dialects if dialect.name == NAME)
    files, credits_view = Files(door), Credits(door)
    table = (
        ("GET", "/v1/credits", credits_view.show),
        ("POST", "/api/v1/files/upload/base64", _told(files.from_base64)),
        ("POST", "/api/v1/files/upload/url", _told(files.from_url)),
        ("POST", "/api/v1/files/upload/stream", _told(files.from_form)),
        ("GET", "/api/v1/files/list", _told(files.list)),
        ("GET", "/api/v1/files/quota", _told(files.quota)),
        ("DELETE", "/api/v1/files/{file_id}", _told(files.delete)),
    )
    return [
        Route(prefix + path, door.guarded(handler, dialect), methods=[method])
        for prefix in PREFIXES
        for method, path, handler in table
    ]


class Credits:
    """A ``token`` is an API key with its budget, the ``user`` is the account with its balance."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._database = door.services.database

    async def show(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        now = now_ms()

        def work(tx: Tx) -> dict[str, Any]:
            key = ledger.key_budget(tx, principal.key_id, now)
            account = ledger.balance(tx, principal.account_id, now)
            left = _least([account.available_nanos, *_left_in(account.budget)])
            return {"token": _token(key), "user": _user(left, account.budget)}

        data = await self._database.read(work)
        return json_response({"data": data, "message": "", "success": True})


def _token(budget: Budget) -> dict[str, Any]:
    left = _least(_left_in(budget))
    return {
        "remaining_credits": _credits(left or 0),
        "unlimited_credits": left is None,
        "used_credits": _credits(budget.used.total_nanos),
    }


def _user(left_nanos: int | None, budget: Budget) -> dict[str, Any]:
    """An account without a limit, which EvoLink does not have, says so as a token does."""
    shown: dict[str, Any] = {
        "remaining_credits": _credits(left_nanos or 0),
        "used_credits": _credits(budget.used.total_nanos),
    }
    return shown if left_nanos is not None else shown | {"unlimited_credits": True}


def _left_in(budget: Budget) -> Sequence[int | None]:
    """What each of its windows has left; None for one without a limit."""
    limits, used = budget.limits, budget.used
    return [
        None if limit is None else limit - spent
        for limit, spent in (
            (limits.total_nanos, used.total_nanos),
            (limits.day_nanos, used.day_nanos),
            (limits.month_nanos, used.month_nanos),
        )
    ]


def _least(amounts: Sequence[int | None]) -> int | None:
    """The tightest of the limits, at least 0; None when there is none."""
    limits = [max(0, amount) for amount in amounts if amount is not None]
    return min(limits, default=None)


def _credits(nanos: int) -> float:
    return float(credits(nanos, places=_DECIMALS))  # a JSON number, as the vendor has it


# --- files --------------------------------------------------------------------------------------


class Files:
    """The same stored uploads as those of ``/v1/files``, for 72 hours."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services
        self._uploads = Uploads(door.services)

    async def from_base64(self, request: Request) -> Response:
        return await self._from_json(request, "base64_data", InlineImage)

    async def from_url(self, request: Request) -> Response:
        return await self._from_json(request, "file_url", RemoteImage)

    async def from_form(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        async with self._door.bodies.reading(request) as body:
            known_fields(body.fields, "uploadPath", "upload_path", "fileName", "file_name")
            found = [upload for name, upload in body.uploads if name == "file"]
            if len(found) != 1 or len(body.uploads) != 1:
                raise InvalidRequest("Send one image as the form field 'file'.", param="file")
            asset = await self._kept(principal, found[0], "file")
        return self._stored(request, asset, body)

    async def list(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        page = _whole(request, "page", 1, 1_000_000)
        size = _whole(request, "pageSize", _PAGE_DEFAULT, _PAGE_MAX)

        def work(tx: Tx) -> tuple[int, Sequence[Asset]]:
            found = uploads(tx, principal.account_id, size, (page - 1) * size)
            return count_uploads(tx, principal.account_id), found

        total, found = await self._services.database.read(work)
        files = [self._shown(request, asset) for asset in found]
        return _answer({"total": total, "page": page, "page_size": size, "files": files})

    async def quota(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        used = await self._services.database.read(
            lambda tx: count_uploads(tx, principal.account_id)
        )
        return _answer(
            {
                "user_group": USER_GROUP,
                "used_files": used,
                "max_files": FILES_MAX,
                "remain_files": max(0, FILES_MAX - used),
            }
        )

    async def delete(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        file_id = path_id(request, "file_id")
        asset = await self._services.database.write(
            lambda tx: remove_upload(tx, file_id, principal.account_id)
        )
        if asset is None:
            raise NotFound(f"No file '{file_id}'.")
        return _answer({"file_id": file_id}, "File deleted successfully")

    async def _from_json(
        self, request: Request, name: str, kind: type[InlineImage] | type[RemoteImage]
    ) -> Response:
        principal = await self._door.principal(request)
        async with self._door.bodies.reading(request) as body:
            known_fields(body.fields, name, "upload_path", "file_name")
            value = body.fields.get(name)
            if not isinstance(value, str) or not value or body.uploads:
                raise InvalidRequest(f"Send a JSON object with the text '{name}'.", param=name)
            asset = await self._kept(principal, kind(value), name)
        return self._stored(request, asset, body)

    async def _kept(
        self, principal: Principal, source: Upload | InlineImage | RemoteImage, param: str
    ) -> Asset:
        def check(tx: Tx) -> None:
            if count_uploads(tx, principal.account_id) >= FILES_MAX:
                raise Forbidden(
                    f"There are {FILES_MAX} files already. Delete some with DELETE"
                    " /api/v1/files/{file_id}, or wait until they expire.",
                    param=param,
                )

        file = NewFile(new_file_id(), now_ms() + _FILE_LIFE_MS, param)
        return await self._uploads.keep(principal, source, file, check)

    def _stored(self, request: Request, asset: Asset, body: WireBody) -> Response:
        data = self._shown(request, asset)
        data["original_name"] = _label(body, "file_name", "fileName") or data["file_name"]
        data["upload_path"] = _label(body, "upload_path", "uploadPath") or _UPLOAD_PATH
        return _answer(data, "File uploaded successfully")

    def _shown(self, request: Request, asset: Asset) -> dict[str, Any]:
        """The names are ours: what a client calls its file is told back once, and not kept."""
        name = f"{asset.id}.{EXTENSIONS[asset.media_type]}"
        url = self._services.links.url(self._door.origin(request), asset)
        return {
            "file_id": asset.id,
            "file_name": name,
            "original_name": name,
            "file_size": asset.byte_size,
            "mime_type": asset.media_type,
            "upload_path": _UPLOAD_PATH,
            "file_url": url,
            "download_url": url,
            "upload_time": shown_time(asset.created_at_ms),
            "expires_at": shown_time(asset.expires_at_ms),
        }


def _told(handler: Handler) -> Handler:
    """The handler with errors that the file host's clients read: they look for ``msg``."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except DarkroomError as error:
            body = {"success": False, "code": error.status, "msg": error.message, **envelope(error)}
            answer = json_response(body, error.status)
            answer.headers.update(error_headers(error))
            return answer

    return handle


def _answer(data: dict[str, Any], message: str = "success") -> Response:
    return json_response({"success": True, "code": 200, "msg": message, "data": data})


def _label(body: WireBody, *names: str) -> str:
    """The first of these fields that is there, as a line of text."""
    for name in names:
        value = body.fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > _NAME_MAX or not value.isprintable():
            raise InvalidRequest(
                f"'{name}' is a line of at most {_NAME_MAX} characters.", param=name
            )
        return value
    return ""


def _whole(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not 1 <= int(text) <= most:
        raise InvalidRequest(f"'{name}' is a whole number from 1 to {most:,}.", param=name)
    return int(text)
