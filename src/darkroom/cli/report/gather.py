"""Runs from jobs of a server, with their images on this machine."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.report.runs import Run, RunFile

if TYPE_CHECKING:
    from darkroom_client import Asset, Client, Job

_PAGE_MAX = 100
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


def jobs_of(client: "Client", ids: Sequence[str], last: int) -> list["Job"]:
    """Those jobs in that order; or the last ones of the account, oldest first.

    Raises :class:`darkroom_client.NotFoundError` for an unknown id.
    """
    if ids:
        return [client.jobs.get(id) for id in ids]
    found: list[Job] = []
    cursor: str | None = None
    while len(found) < last:
        page = client.jobs.list(limit=min(_PAGE_MAX, last - len(found)), cursor=cursor)
        found.extend(page.jobs)
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[::-1]


def runs_of(client: "Client", jobs: Sequence["Job"], folder: Path) -> list[Run]:
    """With the images in ``folder``: those that the server still has. Raises ``OSError``."""
    return [_with_files(client, job, folder) for job in jobs]


def _with_files(client: "Client", job: "Job", folder: Path) -> Run:
    run = Run.of_job(job.raw)
    pairs = zip(job.results, run.files, strict=True)
    return replace(run, files=tuple(_kept(client, asset, file, folder) for asset, file in pairs))


def _kept(client: "Client", asset: "Asset", file: RunFile, folder: Path) -> RunFile:
    """The name is the asset's, so that making a report again downloads nothing twice."""
    from darkroom_client import NotFoundError

    name = f"{asset.id}{_SUFFIXES.get(asset.media_type, '.bin')}"
    path = folder / name
    if not path.is_file() or path.stat().st_size != asset.byte_size:
        try:
            image = client.download(asset)
        except NotFoundError:  # the server keeps images for a time only
            return file
        folder.mkdir(parents=True, exist_ok=True)
        image.save(path)
    return replace(file, path=name)
