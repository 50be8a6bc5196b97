"""``…/images.zip``: the images of one job or of several, with what is known of each."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import EXTENSIONS, Blobs
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.job import Asset, Job
from darkroom.core.naming import slug
from darkroom.jobs import Relatives
from darkroom.server.amounts import known_fields
from darkroom.server.body import read_json
from darkroom.server.door import Door, is_id, path_id
from darkroom.server.native import shown_job
from darkroom.server.zipping import Member, zipped

JOBS_MAX = 100
_BODY_MAX = 64 * 1024
_Found = tuple[Job, Relatives]


def routes(door: Door) -> list[Route]:
    view = Downloads(door)
    return [
        Route("/v1/jobs/{job_id}/images.zip", door.guarded(view.one), methods=["GET"]),
        Route("/v1/images.zip", door.guarded(view.several), methods=["POST"]),
    ]


class Downloads:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._history = door.services.history
        self._blobs = door.services.blobs

    async def one(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        found = await self._history.several(principal.account_id, [path_id(request, "job_id")])
        name = slug(found[0][0].request.prompt)
        return self._archive(found, [""], f"{name}.zip")

    async def several(self, request: Request) -> Response:
        """``{jobs: [ids]}``: a folder for each, in that order."""
        principal = await self._door.principal(request)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "jobs")
        found = await self._history.several(principal.account_id, read_job_ids(body))
        digits = len(str(len(found)))
        folders = [
            f"{number:0{digits}d}-{slug(job.request.prompt)}/"
            for number, (job, _) in enumerate(found, start=1)
        ]
        return self._archive(found, folders, "images.zip")

    def _archive(self, found: Sequence[_Found], folders: Sequence[str], name: str) -> Response:
        if not any(job.results for job, _ in found):
            raise NotFound("No images: none of these jobs has made one, or they were deleted.")
        pairs = list(zip(found, folders, strict=True))
        headers = {**attachment(name), "cache-control": "no-store"}
        stream = zipped(_members(pairs, self._blobs))
        return StreamingResponse(stream, headers=headers, media_type="application/zip")


def read_job_ids(body: dict[str, Any]) -> list[str]:
    """``jobs``: 1 to :data:`JOBS_MAX` ids, each once. Raises :class:`InvalidRequest`."""
    ids = body.get("jobs")
    if not isinstance(ids, list) or not 1 <= len(cast(list[Any], ids)) <= JOBS_MAX:
        raise InvalidRequest(f"'jobs' is a list of 1 to {JOBS_MAX} ids of jobs.", param="jobs")
    many = cast(list[Any], ids)
    found = [one for one in many if isinstance(one, str) and is_id(one)]
    if len(found) < len(many):
        raise InvalidRequest("'jobs' has something in it that is no id of a job.", param="jobs")
    return list(dict.fromkeys(found))


def attachment(name: str) -> dict[str, str]:
    """Headers of a file to be kept, whatever its name's script: RFC 6266."""
    plain = name if name.isascii() else f"darkroom.{name.rpartition('.')[2]}"
    told = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return {"content-disposition": told, "x-content-type-options": "nosniff"}


async def _members(pairs: Sequence[tuple[_Found, str]], blobs: Blobs) -> AsyncIterator[Member]:
    """The images of each job, then its record: that says which of them could not be read."""
    for (job, relatives), folder in pairs:
        files: list[dict[str, Any]] = []
        at_ms = job.finished_at_ms or job.created_at_ms
        for asset in job.results:
            name = _file_name(job, asset)
            pieces = blobs.read(asset.sha256, asset.byte_size)
            try:
                first = await anext(pieces, b"")
            except FileNotFoundError:
                files.append(_file(asset, None))
                continue
            files.append(_file(asset, name))
            whole = _with_first(first, pieces)
            yield Member(folder + name, at_ms, asset.byte_size, whole)
        record = _record(job, relatives, files)
        yield Member(f"{folder}job.json", at_ms, len(record), _with_first(record, None))


async def _with_first(first: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    yield first
    if rest is not None:
        async for piece in rest:
            yield piece


def _file_name(job: Job, asset: Asset) -> str:
    number = f"-{asset.position + 1}" if len(job.results) > 1 else ""
    return f"{slug(job.request.prompt)}{number}.{EXTENSIONS[asset.media_type]}"


def _file(asset: Asset, name: str | None) -> dict[str, Any]:
    """``file`` is null for an image that is not stored any more."""
    return {
        "file": name,
        "media_type": asset.media_type,
        "width": asset.width,
        "height": asset.height,
        "byte_size": asset.byte_size,
        "sha256": asset.sha256,
    }


def _record(job: Job, relatives: Relatives, files: Sequence[dict[str, Any]]) -> bytes:
    """What the native view tells, without links: whoever has one may read what it leads to."""
    told = {**shown_job(job), "parents": relatives.parents, "images": files}
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
