"""Images that an answer links to: what is said when none of them is kept."""

from pathlib import Path
from typing import Any

import pytest

from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, ResultLost, UpstreamBroken
from darkroom.providers._downloads import downloaded
from tests.support.spooled import FolderSink


class Failing:
    """A way out on which each download ends with the error of its URL."""

    def __init__(self, errors: dict[str, DarkroomError]) -> None:
        self.errors = errors

    async def download(self, deployment: Deployment, url: str, writer: Any) -> Any:
        writer.discard()
        raise self.errors[url]


@pytest.mark.parametrize("urls", [("/away", "/full"), ("/full", "/away")])
async def test_an_image_that_cannot_be_stored_is_told_before_one_that_cannot_be_fetched(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    """What is told decides whether the images are bought anew."""
    egress: Any = Failing({"/away": UpstreamBroken("away"), "/full": ResultLost("full")})
    with pytest.raises(ResultLost, match="full"):
        await downloaded(egress, Deployment("main", "relay"), urls, FolderSink(tmp_path))
    with pytest.raises(UpstreamBroken, match="away"):
        await downloaded(egress, Deployment("main", "relay"), ("/away",), FolderSink(tmp_path))
