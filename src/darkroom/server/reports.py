"""``POST /v1/reports``: the HTML report of jobs, one file that asks nothing of the network."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from darkroom.assets import PREVIEW_EDGE
from darkroom.core.errors import InvalidImage, InvalidRequest, NotFound
from darkroom.core.job import Asset, Job
from darkroom.core.naming import slug
from darkroom.report import FULL, LANGUAGES, Pictures, Run, RunFile, Style, write_with
from darkroom.server.amounts import known_fields, read_line
from darkroom.server.body import read_json
from darkroom.server.door import Door
from darkroom.server.downloads import attachment, read_job_ids
from darkroom.server.native import shown_asset, shown_job

_BODY_MAX = 64 * 1024
_PIECE = 1 << 16
_AT_ONCE = 2


def routes(door: Door) -> list[Route]:
    return [Route("/v1/reports", door.guarded(Reports(door).create), methods=["POST"])]


class Reports:
    """The images in it are the small copies that lists of images show, too."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def create(self, request: Request) -> Response:
        """``{jobs, title, lang, credits}``."""
        principal = await self._door.principal(request)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "jobs", "title", "lang", "credits")
        style = _style(body)
        found = await self._services.history.several(principal.account_id, read_job_ids(body))
        async with self._places:
            target = await self._written([job for job, _ in found], style)
        name = f"{slug(style.title)}.html" if style.title else "report.html"
        headers = {**attachment(name), "cache-control": "no-store"}
        return StreamingResponse(_pieces(target), headers=headers, media_type="text/html")

    async def _written(self, jobs: Sequence[Job], style: Style) -> Path:
        """The report as a file, which belongs to the caller."""
        spool, copies = self._services.spool, _Copies({}, [])
        target = spool.path()
        try:
            runs = [await self._run(job, copies) for job in jobs]
            pictures = Pictures(lambda file: copies.found.get(file.path), target.parent, FULL)
            return await asyncio.to_thread(write_with, pictures, target, runs, style)
        finally:
            for path in copies.made:
                path.unlink(missing_ok=True)

    async def _run(self, job: Job, copies: "_Copies") -> Run:
        shown = [shown_asset(asset, self._services.links, "") for asset in job.results]
        run = Run.of_job({**shown_job(job), "assets": shown})
        pairs = zip(job.results, run.files, strict=True)
        return replace(run, files=tuple([await self._file(*pair, copies) for pair in pairs]))

    async def _file(self, asset: Asset, file: RunFile, copies: "_Copies") -> RunFile:
        """Without a path when there is no copy: the report says that the image is not kept."""
        copy = self._services.spool.path()
        copies.made.append(copy)
        try:
            found = await self._services.thumbnails.local(asset, PREVIEW_EDGE, copy)
        except (InvalidImage, NotFound):
            return file
        copies.found[asset.id] = found
        return replace(file, path=asset.id)


@dataclass(frozen=True, slots=True)
class _Copies:
    """``found``: where the copy of an asset is, by its id; ``made``: what is to be removed."""

    found: dict[str, Path]
    made: list[Path]


def _style(body: dict[str, Any]) -> Style:
    lang, credits = body.get("lang", "en"), body.get("credits", False)
    if lang not in LANGUAGES:
        raise InvalidRequest(f"'lang' is {' or '.join(LANGUAGES)}.", param="lang")
    if not isinstance(credits, bool):
        raise InvalidRequest("'credits' is true or false.", param="credits")
    return Style(read_line(body.get("title"), "title") or "", lang, FULL, credits)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with _last_opened(path) as file:
        while piece := file.read(_PIECE):
            yield piece


def _last_opened(path: Path) -> FileIO:
    """The file under a name that it has no longer: it is gone when it is closed."""
    file = path.open("rb", buffering=0)
    path.unlink()
    return file
