"""A call and a sink for the sandbox provider, without a server around them."""

import hashlib
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from darkroom.core.capability import ModelSpec, SizeRule, TokenRule
from darkroom.core.deployment import Deployment
from darkroom.core.ports import InputFile, UpstreamCall
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from darkroom.providers.sandbox import SandboxProvider

ROW = {"1024x1024": 1056, "256x256": 100, "256x384": 150}
MODEL = ModelSpec(
    id="paint-1",
    label="Paint 1",
    family="paint",
    description="A model for tests",
    sizes=SizeRule(fixed=(Size(256, 256), Size(256, 384)), default=Size(256, 256)),
    tokens=TokenRule(
        output="table", table={"low": {k: v // 4 for k, v in ROW.items()}, "high": ROW}
    ),
    qualities=("low", "high"),
    default_quality="high",
)


@dataclass
class Writer:
    """Writes to disk like the spool, and remembers whether it was discarded."""

    path: Path
    data: bytearray = field(default_factory=bytearray)
    discarded: bool = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data

    def finish(self) -> SpooledImage:
        self.path.write_bytes(self.data)
        digest = hashlib.sha256(self.data).hexdigest()
        return SpooledImage(self.path, digest, len(self.data))

    def discard(self) -> None:
        self.discarded = True
        self.path.unlink(missing_ok=True)


@dataclass
class Sink:
    folder: Path
    writers: list[Writer] = field(default_factory=list)
    partials: list[tuple[int, SpooledImage]] = field(default_factory=list)

    def writer(self) -> Writer:
        writer = Writer(self.folder / f"image-{len(self.writers)}")
        self.writers.append(writer)
        return writer

    async def partial(self, index: int, image: SpooledImage) -> None:
        self.partials.append((index, image))


class Clock:
    """A sleep that returns at once and remembers how long it should have taken."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def request(prompt: str = "a red bicycle", **fields: Any) -> ImageRequest:
    base = ImageRequest(Operation.GENERATION, MODEL.id, prompt, size="256x256", quality="low")
    return replace(base, **fields)


def call(wanted: ImageRequest, **fields: Any) -> UpstreamCall:
    base = UpstreamCall("job-1", 1, wanted, MODEL, MODEL.id, timeout_s=60.0)
    return replace(base, **fields)


def provider(clock: Clock | None = None, name: str = "sandbox") -> SandboxProvider:
    deployment = Deployment(id=name, provider="sandbox")
    return SandboxProvider(deployment, sleep=(clock or Clock()).sleep)


def picture(image: SpooledImage) -> Image.Image:
    opened = Image.open(io.BytesIO(image.path.read_bytes()))
    opened.load()
    return opened


def input_file(path: Path, image: Image.Image) -> InputFile:
    image.save(path)
    kind = "image/png" if path.suffix == ".png" else "image/jpeg"
    return InputFile(path, kind, image.width, image.height, path.stat().st_size)
