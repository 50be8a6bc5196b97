"""The seams: what the rooms ask of each other, so that each side can be replaced and tested."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.note import Note, Said
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
    mainline: str = ""
    """The endpoint's name of the text model that is to answer; see :class:`Responder`."""
    note: Note | None = None
    """The conversation that it answers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check of a deployment found. ``advice`` says what to do about it."""

    ok: bool
    what: str
    advice: str = ""


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
    resend_safe: ClassVar[bool]
    """True when repeating an attempt of unknown outcome cannot cost money twice."""

    def __init__(self, deployment: Deployment, egress: "Egress") -> None:
        """Raises ``ValueError``, for the operator, when the deployment lacks what it needs."""
        ...

    def serves(self, model: ModelSpec) -> bool:
        """Whether this adapter can serve the model when the deployment lists none."""
        ...

    def spec(self, model: ModelSpec) -> ModelSpec:
        """The model as this endpoint offers it: with what it lacks here taken away (Azure makes
        no WebP), and with what it has beyond (the sandbox repeats a picture for a seed)."""
        ...

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult: ...

    async def check(self) -> Sequence[Finding]:
        """What ``darkroom doctor`` reports, asked of the vendor at no cost. Never raises."""
        ...


class ResponseSink(ImageSink, Protocol):
    """Where a provider puts a text model's answer as it comes. Previews are numbered by
    :func:`~darkroom.core.note.preview_position`."""

    async def said(self, said: Said) -> None:
        """Hand over the output items that are complete by now; their images are not stored yet."""
        ...


@runtime_checkable
class Responder(Protocol):
    """A :class:`Provider` at whose deployment text models call the image models."""

    def mainline(self, name: str) -> str | None:
        """The endpoint's name of a text model; None when it is not offered."""
        ...

    async def respond(self, call: UpstreamCall, sink: ResponseSink) -> ProviderResult:
        """As :meth:`Provider.run`. An answer without an image is a good one."""
        ...


class NotYet(Exception):
    """A request handed in to a batch API has not ended, or nobody could be asked; ``why`` says so.

    No error of the tree: whoever raises it is asked again later.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@runtime_checkable
class EconomyProvider(Protocol):
    """What a :class:`Provider` has besides when its vendor does requests cheaper, within a day.

    Nothing waits here: a request is handed in, and asked about from time to time, perhaps by
    another process. Raises from :mod:`darkroom.core.errors`, and :class:`NotYet`.
    """

    async def hand_in(self, call: UpstreamCall, sink: ImageSink) -> str:
        """Give the request to the vendor; the id by which it is found there again.

        ``sink`` has writers for files that are sent; nothing of them is left.
        """
        ...

    async def collect(
        self, call: UpstreamCall, upstream_id: str, sink: ImageSink
    ) -> ProviderResult:
        """What came of it. Raises :class:`NotYet`, also when the vendor cannot be asked now."""
        ...

    async def withdraw(self, upstream_id: str) -> None:
        """Ask the vendor to stop. What it has done by then it may bill."""
        ...


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


@dataclass(frozen=True, slots=True)
class Base64File:
    """A place in a JSON body where a file goes as a base64 string, read while it is sent.

    ``prefix`` stands before the base64, such as ``data:image/png;base64,``.
    """

    path: Path
    byte_size: int
    prefix: str = ""


class Egress(Protocol):
    """The only way out. Raises UpstreamUnavailable / UpstreamTimeout / UpstreamBroken.

    ``path`` is joined to the deployment's ``base_url``. ``body`` may hold :class:`Base64File`
    anywhere.
    """

    async def post_json(
        self, deployment: Deployment, path: str, body: Any, headers: dict[str, str]
    ) -> UpstreamResponse: ...

    async def post_form(
        self, deployment: Deployment, path: str, parts: list[Part], headers: dict[str, str]
    ) -> UpstreamResponse: ...

    async def get(
        self,
        deployment: Deployment,
        url: str,
        headers: dict[str, str],
        hosts: Sequence[str] = (),
    ) -> UpstreamResponse:
        """``url`` is a path, or an address of the deployment's own origin or of one of ``hosts``
        (``*.bfl.ai``, over https). Any other raises :class:`UpstreamBroken`, and no header leaves.
        """
        ...

    async def download(self, deployment: Deployment, url: str, writer: ImageWriter) -> SpooledImage:
        """The image behind a URL of an answer, sent without any key.

        The deployment's own origin is reached as it is, every other through the guard. Raises
        :class:`UpstreamBroken`; then the writer is discarded.
        """
        ...
