"""Input images as agents name them: a URL, an image of an earlier job, or a file here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from darkroom.mcp.folders import Folders
from darkroom.mcp.trouble import Trouble
from darkroom_client import Asset, AsyncClient

_URL = re.compile(r"https?://|data:image/", re.IGNORECASE)
_OF_JOB = re.compile(r"(?P<job>[\w\-]{8,64}):(?P<index>[0-9]{1,2})", re.ASCII)

SAYS_REMOTE = "A URL, or JOB_ID:INDEX for an image of an earlier job (the first is 0)."
SAYS_LOCAL = "A path of a file, a URL, or JOB_ID:INDEX for an image of an earlier job."


@dataclass(frozen=True, slots=True)
class Sources:
    """Finds input images. Without ``folders`` no files of this machine can be named."""

    client: AsyncClient
    folders: Folders | None

    async def all_of(self, said: Sequence[str]) -> list[str | Path]:
        """As the SDK takes them. Raises :class:`Trouble` and the SDK's errors."""
        return [await self.one(each) for each in said]

    async def one(self, said: str) -> str | Path:
        if _URL.match(said):
            return said
        if match := _OF_JOB.fullmatch(said):
            asset = await image_of(self.client, match["job"], int(match["index"]))
            return asset.url  # the server knows its own links, and reads the image it has
        if self.folders is None:
            raise Trouble(
                f"'{said[:80]}' is neither a URL nor JOB_ID:INDEX. This server cannot read files"
                " of yours: give a URL, or make the image with generate_image and name its job."
            )
        return self.folders.readable_file(said)

    async def measured(self, said: Sequence[str]) -> list[str | Path | bytes]:
        """For a price: what is here already is read, so that its size is known exactly."""
        found: list[str | Path | bytes] = []
        for each in said:
            if not _URL.match(each) and (match := _OF_JOB.fullmatch(each)):
                asset = await image_of(self.client, match["job"], int(match["index"]))
                found.append((await self.client.download(asset)).data)
            else:
                found.append(await self.one(each))
        return found


async def image_of(client: AsyncClient, job_id: str, index: int) -> Asset:
    """An image of a finished job. Raises :class:`Trouble` and the SDK's errors."""
    job = await client.jobs.get(job_id)
    if not job.done:
        raise Trouble(f"The job {job_id} is still {job.state}. Call get_job and wait for it.")
    if not job.results:
        raise Trouble(f"The job {job_id} ended as {job.state} and has no images.")
    if index >= len(job.results):
        last = len(job.results) - 1
        raise Trouble(f"The job {job_id} has no image {index}: they are numbered 0 to {last}.")
    return job.results[index]
