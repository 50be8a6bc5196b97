"""What comes back: images with their bytes, usage and warnings."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from darkroom_client.money import Money

_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("gif", re.compile(rb"GIF8[79]a")),
)


@dataclass(frozen=True, slots=True)
class Image:
    """One image. ``width`` and ``height`` in pixels, 0 when the server did not say."""

    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    revised_prompt: str | None = None

    @property
    def format(self) -> str:
        """``png``, ``jpeg``, ``webp`` or ``gif``, by the bytes; "" when they are something else."""
        return next((name for name, start in _SIGNATURES if start.match(self.data)), "")

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


@dataclass(frozen=True, slots=True)
class PartialImage:
    """A streamed preview; ``index`` counts from 0."""

    index: int
    image: Image


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

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
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
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A finished operation. There may be fewer images than asked for; a warning then says so."""

    images: tuple[Image, ...]
    usage: Usage
    job_id: str = ""
    request_id: str = ""
    model: str = ""
    """The model that served it: a retired one is replaced by its successor."""
    deployment: str = ""
    sandbox: bool = False
    """Drawn by the server's built-in sandbox, not by an AI model."""
    replayed: bool = False
    """An earlier call with the same idempotency key made it."""
    warnings: tuple[Warning, ...] = ()
    charge: Money | None = None
    """What it cost, for the images that arrived; None when the server did not say."""


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
