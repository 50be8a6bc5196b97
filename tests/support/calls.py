"""One adapter bound to one deployment, called without a server around it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from darkroom.catalog import Catalog, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError
from darkroom.core.ports import InputFile, Provider, UpstreamCall
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.providers._polling import Pace
from tests.fakes.pictures import Look, picture
from tests.support.pictures import size_of
from tests.support.spooled import FolderSink

MODELS = Catalog.load()
FAST = Pace(first_s=0.001, most_s=0.005)
CANARY = "CANARY_0123456789abcdef"
"""A key that must not be seen anywhere but at its vendor."""


@dataclass
class Caller:
    """``run`` takes the fields of a request; its size, format and so on are planned as a job's."""

    provider: Provider
    deployment: Deployment
    sink: FolderSink
    folder: Path
    model: str

    @property
    def spec(self) -> ModelSpec:
        """The model as the endpoint offers it."""
        model = MODELS.get(self.model)
        assert model is not None
        return self.provider.spec(model)

    def call(
        self, *, job: str = "job", attempt: int = 1, files: int = 0, **fields: Any
    ) -> UpstreamCall:
        """A call; with ``files`` it is an edit of so many input images."""
        spec = self.spec
        operation = Operation.EDIT if files else Operation.GENERATION
        stand_ins = tuple(InputImage("a", "b", "image/png", 64, 48, 1) for _ in range(files))
        asked = ImageRequest(operation, spec.id, "a cat", output_format=spec.formats[0])
        request = plan(replace(asked, inputs=stand_ins, **fields), spec).request
        name = self.deployment.models.get(spec.id, spec.id)
        inputs = tuple(self.input_file(index) for index in range(files))
        return UpstreamCall(job, attempt, request, spec, name, 5, inputs)

    async def run(self, **fields: Any) -> ProviderResult:
        return await self.provider.run(self.call(**fields), self.sink)

    async def fails(self, **fields: Any) -> DarkroomError:
        """The error of a call; it tells no secret and leaves no file."""
        with pytest.raises(DarkroomError) as caught:
            await self.run(**fields)
        assert CANARY not in f"{caught.value.message} {caught.value.record()}"
        assert self.sink.left == []
        return caught.value

    def input_file(self, index: int = 0) -> InputFile:
        path = self.folder / f"input-{index}"
        path.write_bytes(picture("png", Look(64, 48, (index, 90, 120))))
        return InputFile(path, "image/png", 64, 48, path.stat().st_size)


def sizes(result: ProviderResult) -> list[Size]:
    """The sizes of the images, each of which decodes."""
    return [size_of(image.path) for image in result.images]
