"""What comes back: images with their bytes, usage and warnings."""

import builtins
import io
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Generic,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    Unpack,
)

from darkroom_client import notebook
from darkroom_client.money import Money
from darkroom_client.options import EditOptions

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

P = TypeVar("P", bound="Picture")
E = TypeVar("E")
_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("gif", re.compile(rb"GIF8[79]a")),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What :class:`Image` and :class:`AsyncImage` have in common."""

    data: builtins.bytes = field(repr=False)
    width: int = 0
    """In pixels, as ``height``; 0 when the server did not say."""
    height: int = 0
    revised_prompt: str | None = None
    url: str = field(default="", repr=False, compare=False)
    """A signed link for everybody who has it; "" when the server did not say."""
    expires_at: datetime | None = field(default=None, repr=False, compare=False)
    """Until when ``url`` leads to the image, with time zone."""

    @property
    def format(self) -> str:
        """``png``, ``jpeg``, ``webp`` or ``gif``, by the bytes; "" when they are something else."""
        return next((name for name, start in _SIGNATURES if start.match(self.data)), "")

    @property
    def bytes(self) -> builtins.bytes:
        """The file, as the model made it."""
        return self.data

    def to_pil(self) -> "PillowImage":
        """As an image of Pillow's. Raises ``ImportError`` where that is not installed."""
        from PIL import Image as Pillow

        return Pillow.open(io.BytesIO(self.data))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the file as a whole or not at all.

        Raises ``FileExistsError`` when there is one already and ``overwrite`` is False.
        """
        target = Path(path)
        made = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.part")
        try:
            with made.open("xb") as file:
                file.write(self.data)
            _place(made, target, overwrite)
        finally:
            made.unlink(missing_ok=True)
        return target

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """What a notebook shows: a preview of at most 1024 pixels a side."""
        return notebook.bundle(self.data, self.format, repr(self))


class Drawn(Protocol):
    """An image of Pillow's, as far as one must know that does not need Pillow."""

    def save(self, fp: BinaryIO, format: str | None = None) -> None: ...


ImageInput: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Picture | Drawn
)
"""A path, an http(s) or data URL, base64 text, bytes, an open binary file, an image of Pillow's,
or one made before."""


class Editor(Protocol):
    """What makes edits, such as :class:`Client`."""

    def edit(
        self,
        prompt: str,
        images: "ImageInput | Sequence[ImageInput]",
        *,
        mask: "ImageInput | None" = None,
        on_partial: "OnPartial | None" = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> "Result": ...


class AsyncEditor(Protocol):
    """What makes edits, such as :class:`AsyncClient`."""

    async def edit(
        self,
        prompt: str,
        images: "ImageInput | Sequence[ImageInput]",
        *,
        mask: "ImageInput | None" = None,
        on_partial: "OnPartial | None" = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> "AsyncResult": ...


@dataclass(frozen=True, slots=True)
class Image(Picture):
    """One image."""

    editor: Editor | None = field(default=None, repr=False, compare=False)

    def edit(
        self,
        prompt: str,
        *,
        mask: "ImageInput | None" = None,
        on_partial: "OnPartial | None" = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> "Result":
        """``client.edit()`` with this image. Raises ``ValueError`` when no client made it."""
        return _of(self.editor).edit(
            prompt,
            self,
            mask=mask,
            on_partial=on_partial,
            idempotency_key=idempotency_key,
            **options,
        )


@dataclass(frozen=True, slots=True)
class AsyncImage(Picture):
    """One image, made by :class:`AsyncClient`."""

    editor: AsyncEditor | None = field(default=None, repr=False, compare=False)

    async def edit(
        self,
        prompt: str,
        *,
        mask: "ImageInput | None" = None,
        on_partial: "OnPartial | None" = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> "AsyncResult":
        """``client.edit()`` with this image. Raises ``ValueError`` when no client made it."""
        return await _of(self.editor).edit(
            prompt,
            self,
            mask=mask,
            on_partial=on_partial,
            idempotency_key=idempotency_key,
            **options,
        )


@dataclass(frozen=True, slots=True)
class PartialImage:
    """A streamed preview; ``index`` counts from 0."""

    index: int
    image: Image


OnPartial: TypeAlias = Callable[[PartialImage], None]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one operation, as the upstream counts them."""

    total: int = 0
    input_text: int = 0
    input_image: int = 0
    output_text: int = 0
    output_image: int = 0

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> Self:
        """From the wire's ``usage``; zeros where it says nothing."""
        whole = said or {}
        inputs: Mapping[str, Any] = whole.get("input_tokens_details") or {}
        outputs: Mapping[str, Any] = whole.get("output_tokens_details") or {}
        return cls(
            total=whole.get("total_tokens", 0),
            input_text=inputs.get("text_tokens", 0),
            input_image=inputs.get("image_tokens", 0),
            output_text=outputs.get("text_tokens", 0),
            output_image=outputs.get("image_tokens", 0),
        )


@dataclass(frozen=True, slots=True)
class Warning:
    """A note of what was bent. ``code`` is stable; ``message`` is for people."""

    code: str
    message: str
    param: str | None = None
    asked: str | None = None
    used: str | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            code=said["code"],
            message=said["message"],
            param=said.get("param"),
            asked=said.get("asked"),
            used=said.get("used"),
        )


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored image of a job, behind a link that expires. ``kind``: ``result``, ``input`` …"""

    id: str
    kind: str
    position: int
    media_type: str
    width: int
    height: int
    byte_size: int
    sha256: str
    url: str
    expires_at: datetime | None = None
    """Until when ``url`` leads to it."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        until = said.get("url_expires_at")
        return cls(
            id=said["id"],
            kind=said["kind"],
            position=said["position"],
            media_type=said["media_type"],
            width=said["width"],
            height=said["height"],
            byte_size=said["byte_size"],
            sha256=said["sha256"],
            url=said["url"],
            expires_at=datetime.fromisoformat(until) if until else None,
        )


@dataclass(frozen=True, slots=True)
class Outcome(Generic[P]):
    """What :class:`Result` and :class:`AsyncResult` have in common.

    There may be fewer images than asked for; a warning then says so.
    """

    images: tuple[P, ...]
    usage: Usage
    job_id: str = ""
    request_id: str = ""
    model: str = ""
    """The model that served it: a retired one is replaced by its successor."""
    deployment: str = ""
    provider: str = ""
    """The adapter of the vendor that served it; "" when the server did not say."""
    sandbox: bool = False
    """Drawn by the server's built-in sandbox, not by an AI model."""
    replayed: bool = False
    """An earlier call with the same idempotency key made it."""
    warnings: tuple[Warning, ...] = ()
    charge: Money | None = None
    """What it cost, for the images that arrived; None when the server did not say."""
    saved: Money | None = None
    """How much more it would have cost without ``service_tier="economy"``; None: nothing."""
    idempotency_key: str = ""
    """Brings the same images back for 24 hours: :meth:`Client.collect`."""

    @property
    def cost(self) -> Money | None:
        """The charge."""
        return self.charge

    @property
    def image(self) -> P:
        """The first image, which is the only one unless ``n`` asked for more."""
        return self.images[0]

    @property
    def revised_prompt(self) -> str | None:
        """What the model made of the prompt, where it says."""
        return next((one.revised_prompt for one in self.images if one.revised_prompt), None)

    def save_all(
        self,
        folder: str | os.PathLike[str],
        stem: str = "image",
        *,
        overwrite: bool = True,
    ) -> tuple[Path, ...]:
        """Write all images: ``stem.png`` is the only one, ``stem-1.png`` the first of several.

        The folder is made where it is missing. Raises ``FileExistsError`` as :meth:`Image.save`.
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        several = len(self.images) > 1
        return tuple(
            image.save(
                Path(folder) / f"{stem}{f'-{number}' if several else ''}.{_ending(image)}",
                overwrite=overwrite,
            )
            for number, image in enumerate(self.images, start=1)
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the images side by side, and what they cost."""
        parts = [
            f"{len(self.images)} × {self.model}" if self.model else "",
            "" if self.charge is None else f"{self.charge}",
            "sandbox" if self.sandbox else "",
            *(warning.message for warning in self.warnings),
        ]
        shown = [(image.data, image.format) for image in self.images]
        return notebook.grid(shown, [part for part in parts if part])


@dataclass(frozen=True, slots=True)
class Result(Outcome[Image]):
    """A finished operation."""


@dataclass(frozen=True, slots=True)
class AsyncResult(Outcome[AsyncImage]):
    """A finished operation of :class:`AsyncClient`."""


def bound(result: Result, editor: Editor) -> Result:
    """The same result, whose images can be edited."""
    return replace(result, images=tuple(replace(one, editor=editor) for one in result.images))


def async_bound(result: Result, editor: AsyncEditor) -> AsyncResult:
    """The same result for callers that await."""
    told = {one.name: getattr(result, one.name) for one in fields(result)}
    told["images"] = tuple(async_image(image, editor) for image in result.images)
    return AsyncResult(**told)


def async_image(image: Image, editor: AsyncEditor) -> AsyncImage:
    """The same image for callers that await."""
    told = {one.name: getattr(image, one.name) for one in fields(Picture)}
    return AsyncImage(**told, editor=editor)


def _of(editor: E | None) -> E:
    if editor is None:
        raise ValueError("No client made this image: use client.edit(prompt, image).")
    return editor


def _ending(image: Picture) -> str:
    return {"jpeg": "jpg", "": "bin"}.get(image.format, image.format)


def _place(made: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        made.replace(target)
        return
    try:
        os.link(made, target)  # unlike a rename, it fails when the target exists
    except FileExistsError:
        raise
    except OSError as error:  # a file system without links
        if target.exists():
            raise FileExistsError(str(target)) from error
        made.replace(target)
