"""The seams: what the rooms ask of each other, so that each side can be replaced and tested."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.request import ImageRequest
from darkroom.core.result import ProviderResult, SpooledImage


class ImageWriter(Protocol):
    """Takes one image's bytes as they arrive: written to disk and hashed, never kept in memory."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes. Raises :class:`~darkroom.core.errors.UpstreamBroken` past the limit."""
        ...

    def finish(self) -> SpooledImage:
        """Close the file; its bytes are complete."""
        ...

    def discard(self) -> None:
        """Close and remove the file. Safe to call after :meth:`finish`."""
        ...


class ImageSink(Protocol):
    """Where a provider puts the images of one attempt."""

    def writer(self) -> ImageWriter: ...

    async def partial(self, index: int, image: SpooledImage) -> None:
        """Hand over a streamed preview; ``index`` counts from 0."""
        ...


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input image or mask on local disk, ready to be sent."""

    path: Path
    media_type: str
    width: int
    height: int
    byte_size: int


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """All a provider needs for one attempt. ``request`` was checked against ``model`` already."""

    job_id: str
    attempt: int
    request: ImageRequest
    model: ModelSpec
    upstream_model: str
    timeout_s: float
    inputs: tuple[InputFile, ...] = ()
    mask: InputFile | None = None


class Provider(Protocol):
    """One vendor's adapter, bound to one deployment.

    ``run`` raises from :mod:`darkroom.core.errors` only. Cancelling the task it runs in must
    close the upstream connection. Images go through ``sink``, never through memory.
    """

    name: ClassVar[str]
    vendor: ClassVar[str]
    """Whose shutdown dates of the catalogue apply (``openai``, ``azure`` …); "" for none."""
    default_base_url: ClassVar[str]
    """Where a deployment without a ``base_url`` goes; "" for none."""
    takes_seed: ClassVar[bool]
    """True when it repeats a picture for a seed, whatever the model it stands for can do."""
    resend_safe: ClassVar[bool]
    """True when repeating an attempt of unknown outcome cannot cost money twice."""

    def __init__(self, deployment: Deployment, egress: "Egress") -> None: ...

    def serves(self, model: ModelSpec) -> bool:
        """Whether this adapter can serve the model when the deployment lists none."""
        ...

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult: ...


class UpstreamResponse(Protocol):
    """An answer whose body is read piece by piece."""

    status: int

    def header(self, name: str) -> str | None: ...

    async def read_piece(self) -> bytes:
        """The next piece, at most some 100 kB; empty at the end."""
        ...

    async def read(self, limit: int) -> bytes:
        """The rest, refusing more than ``limit`` bytes."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: text in ``value``, or a file streamed from ``path``."""

    name: str
    value: str = ""
    path: Path | None = None
    filename: str = ""
    media_type: str = ""


class Egress(Protocol):
    """The only way out. Raises UpstreamUnavailable / UpstreamTimeout / UpstreamBroken."""

    async def post_json(
        self, deployment: Deployment, path: str, body: Any, headers: dict[str, str]
    ) -> UpstreamResponse: ...

    async def post_form(
        self, deployment: Deployment, path: str, parts: list[Part], headers: dict[str, str]
    ) -> UpstreamResponse: ...
