"""Fetches the images that an answer links to, all at once; some may be lost, not all."""

import asyncio
from collections.abc import Sequence

from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, ResultLost, UpstreamBroken, UpstreamError
from darkroom.core.ports import Egress, ImageSink
from darkroom.core.result import SpooledImage
from darkroom.core.warning import Warning
from darkroom.providers._image_json import remove

_TRIES = 3
"""The image is made and billed: another try is cheaper than to lose it."""


async def downloaded(
    egress: Egress, deployment: Deployment, urls: Sequence[str], sink: ImageSink
) -> list[SpooledImage | None]:
    """The images in the order of their URLs; None for one that could not be fetched.

    Raises :class:`UpstreamBroken` when not one could be: the images were made, so their billing
    is unknown whatever went wrong now; :class:`ResultLost` when we could not store one of them.
    However it ends, no file is left behind.
    """
    tasks: list[asyncio.Task[SpooledImage | DarkroomError]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(_fetched(egress, deployment, url, sink)) for url in urls]
    except BaseException:
        remove(
            image
            for task in tasks
            if task.done() and not task.cancelled() and task.exception() is None
            if isinstance(image := task.result(), SpooledImage)
        )
        raise
    found = [task.result() for task in tasks]
    errors = [one for one in found if isinstance(one, DarkroomError)]
    if errors and len(errors) == len(found):
        for error in errors:
            if isinstance(error, ResultLost):  # nothing may be bought anew, whatever the others say
                raise error
        raise UpstreamBroken(errors[0].message, details=errors[0].details)
    return [None if isinstance(one, DarkroomError) else one for one in found]


def lost(images: Sequence[SpooledImage | None]) -> tuple[Warning, ...]:
    """A note about images that were made but could not be fetched."""
    missing = images.count(None)
    if not missing:
        return ()
    message = f"{missing} of {len(images)} images were made but could not be fetched."
    return (Warning("image_unusable", message, param="n"),)


async def _fetched(
    egress: Egress, deployment: Deployment, url: str, sink: ImageSink, tries: int = _TRIES
) -> SpooledImage | DarkroomError:
    try:
        return await egress.download(deployment, url, sink.writer())
    except ResultLost as error:
        return error
    except UpstreamError as error:
        if tries == 1:
            return error
        return await _fetched(egress, deployment, url, sink, tries - 1)
