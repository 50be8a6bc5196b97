"""A model that makes one image per call: what goes in is counted and charged with each image."""

import base64
from pathlib import Path

import pytest

from darkroom.core.draft import Draft, InlineImage
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult
from darkroom.jobs import Submission
from tests.fakes.pictures import Look, picture
from tests.support.jobs import a_request
from tests.support.workshop import Scripted, image, workshop


async def counts_nothing(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
    """Two images, whatever was asked for, without usage."""
    return ProviderResult((image(sink, call, 0), image(sink, call, 1)), usage=None)


@pytest.mark.parametrize(("model", "times"), [("flux-2-pro", 2), ("gpt-image-1.5", 1)])
async def test_inputs_are_charged_with_each_image_that_arrived(
    tmp_path: Path, model: str, times: int
) -> None:
    reference = InlineImage(base64.b64encode(picture("png", Look(1024, 1024))).decode())
    request = a_request(operation=Operation.EDIT, model=model, n=3, size="1024x1024")
    async with workshop(tmp_path) as shop:
        shop.providers["first"].script.append(counts_nothing)
        submission = Submission(Draft(request, inputs=(reference,)), "account", "key", "openai")
        with await shop.jobs.submit(submission) as follower:
            job = await follower.end()
    assert job.usage is not None
    assert job.charge is not None
    lines = {line.category: line.quantity for line in job.charge.lines}
    one = {"flux-2-pro": 1000, "gpt-image-1.5": 65 + 129}[model]
    assert job.usage.image_in == times * one
    assert lines.get("input_megapixel", times) == times
    assert lines.get("image_in", job.usage.image_in) == job.usage.image_in
