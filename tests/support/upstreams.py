"""An adapter bound to a fake vendor, run without a server around it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkroom.catalog import Catalog
from darkroom.core.errors import DarkroomError
from darkroom.core.ports import InputFile, Provider, UpstreamCall
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.result import ProviderResult
from tests.fakes.pictures import Look, picture
from tests.support.spooled import FolderSink

MODELS = Catalog.load()
CANARY = "CANARY_0123456789abcdef"
"""Part of the key that a test's deployment uses: it must never be told."""


class Bound:
    """``request`` is what is asked unless a call changes fields of it."""

    def __init__(self, provider: Provider, request: ImageRequest, sink: FolderSink) -> None:
        self.provider = provider
        self.request = request
        self.sink = sink

    def call(self, inputs: tuple[InputFile, ...] = (), **changes: Any) -> UpstreamCall:
        request = replace(self.request, **changes)
        if inputs:
            stand_ins = tuple(
                InputImage("a", "b", each.media_type, each.width, each.height, each.byte_size)
                for each in inputs
            )
            request = replace(request, operation=Operation.EDIT, inputs=stand_ins)
        model = MODELS.get(request.model)
        assert model is not None
        return UpstreamCall("job", 1, request, model, model.id, 5, inputs)

    async def run(self, inputs: tuple[InputFile, ...] = (), **changes: Any) -> ProviderResult:
        return await self.provider.run(self.call(inputs, **changes), self.sink)

    async def fails(self, **changes: Any) -> DarkroomError:
        """The error of a request; it tells no secret and leaves no file."""
        with pytest.raises(DarkroomError) as caught:
            await self.run(**changes)
        assert CANARY not in f"{caught.value.message} {caught.value.record()}"
        assert self.sink.left == []
        return caught.value


def input_file(folder: Path, kind: str, width: int = 64) -> InputFile:
    data = picture(kind, Look(width, 48))
    path = folder / f"{kind}-{width}"
    path.write_bytes(data)
    return InputFile(path, f"image/{kind}", width, 48, len(data))


def details_of(error: DarkroomError) -> Mapping[str, Any]:
    """What is recorded of it, without the upstream's id."""
    return {name: value for name, value in error.details.items() if name != "upstream_id"}
