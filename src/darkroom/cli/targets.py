"""Where images go: names from prompts, numbers for several, nothing overwritten unasked."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darkroom.cli.failures import Failure
from darkroom.core.naming import slug

if TYPE_CHECKING:
    from darkroom_client import Image

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif"}
SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "gif": ".gif"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller said about the output."""

    output: str | None
    prompt: str
    n: int
    force: bool
    as_json: bool = False


class Targets:
    """The places for the images of one call.

    Raises ``click.UsageError`` for an impossible wish, :class:`Failure` when a file is in the way:
    both before anything is made.
    """

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self.to_stdout = wish.output == "-"
        self._file: Path | None = None
        self._folder = Path()
        if self.to_stdout:
            _check_stdout(wish)
        elif wish.output is None or _is_folder(wish.output):
            self._folder = Path(wish.output or "")
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise click.UsageError(f"{wish.output} is no folder: {error.strerror}.") from error
        else:
            self._file = Path(wish.output)
            self._folder = self._file.parent
            self._check_free()
        if not self.to_stdout and not os.access(self._folder, os.W_OK | os.X_OK):
            known = self._folder.is_dir()
            why = "cannot be written" if known else "does not exist"
            raise Failure(f"the folder {self._folder} {why}", code="output")

    @property
    def format(self) -> str | None:
        """What the suffix of the named file asks for."""
        return None if self._file is None else format_of(os.fspath(self._file))

    def place(self, images: Sequence["Image"]) -> list[Path]:
        """Write every image; the paths, in order."""
        if self._file is None:
            names = self._derived()
            return [self._next_free(image, names) for image in images]
        return [
            self._put(image, path)
            for image, path in zip(images, self._named(len(images)), strict=True)
        ]

    def place_partial(self, image: "Image", index: int) -> Path | None:
        """Write a preview beside the image that is to come."""
        if self.to_stdout:
            return None
        base = self._file.stem if self._file else slug(self._wish.prompt)
        suffix = SUFFIXES.get(image.format, ".png")
        return image.save(self._folder / f"{base}.partial-{index + 1}{suffix}")

    def _named(self, many: int) -> list[Path]:
        assert self._file is not None  # noqa: S101
        if self._wish.n == 1 and many == 1:
            return [self._file]
        file = self._file
        return [file.with_name(f"{file.stem}-{i}{file.suffix}") for i in range(1, many + 1)]

    def _check_free(self) -> None:
        if self._wish.force:
            return
        for path in self._named(self._wish.n):
            if os.path.lexists(path):
                raise Failure(f"{path} exists already; --force overwrites it", code="exists")

    def _put(self, image: "Image", path: Path) -> Path:
        try:
            return image.save(path, overwrite=self._wish.force)
        except FileExistsError:  # it came while the image was made, which is paid for by now
            free = (path.with_name(f"{path.stem}-{i}{path.suffix}") for i in count(2))
            return self._next_free(image, (os.fspath(one.with_suffix("")) for one in free))

    def _derived(self) -> Iterator[str]:
        """bike, bike-2, bike-3 … for one image; bike-1, bike-2 … for several."""
        base = slug(self._wish.prompt)
        if self._wish.n == 1:
            yield base
        for number in count(2 if self._wish.n == 1 else 1):
            yield f"{base}-{number}"

    def _next_free(self, image: "Image", names: Iterator[str]) -> Path:
        suffix = SUFFIXES.get(image.format, ".png")
        for name in names:
            try:
                path = self._folder / f"{name}{suffix}"
                return image.save(path, overwrite=self._wish.force)
            except FileExistsError:
                continue
        raise AssertionError  # the names never end


def format_of(output: str | None) -> str | None:
    """The format that the suffix of a file's name stands for."""
    if output is None or _is_folder(output):
        return None
    return FORMATS.get(Path(output).suffix.lower())


def mismatch(paths: Sequence[Path], images: Sequence["Image"]) -> str | None:
    """What to say when a file's suffix promises another format than it holds."""
    for path, image in zip(paths, images, strict=False):
        if path.suffix and image.format and FORMATS.get(path.suffix.lower()) != image.format:
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            holds = "holds" if not more else "hold"
            return f"{path}{more} {holds} {image.format.upper()}, not what the suffix says"
    return None


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _check_stdout(wish: Wish) -> None:
    if wish.n != 1:
        raise click.UsageError("'-o -' takes one image; name a file or a folder for several.")
    if wish.as_json:
        raise click.UsageError("'-o -' and '--json' both want stdout.")
    if sys.stdout.isatty():
        raise click.UsageError("'-o -' writes image bytes: pipe them, or name a file.")
