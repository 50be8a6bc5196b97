"""The folders of this machine that the tools may read images from, and the one they save to."""

import re
from collections.abc import Sequence
from pathlib import Path

from darkroom.mcp.trouble import Trouble
from darkroom_client import Picture

_NUMBERED_MAX = 10_000
_ENDINGS = {"jpeg": "jpg", "": "bin"}


class Folders:
    """What is in ``readable`` and ``output``, at any depth, may be sent as an input image.

    Relative paths begin at the first of them.
    """

    def __init__(self, readable: Sequence[Path], output: Path) -> None:
        self.output = output.expanduser().resolve()
        self.readable = (*(folder.expanduser().resolve() for folder in readable), self.output)

    def readable_file(self, said: str) -> Path:
        """The file, symbolic links followed. Raises :class:`Trouble`."""
        try:
            found = (self.readable[0] / Path(said).expanduser()).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise Trouble(f"'{said}' is no path of a file. Check it and call again.") from error
        # What is outside is not even looked for: whether it exists is nobody's business.
        if not any(found.is_relative_to(folder) for folder in self.readable):
            raise Trouble(
                f"'{said}' is outside of the folders that may be read:"
                f" {', '.join(map(str, self.readable))}. Ask the user to copy it there, or to allow"
                " its folder with `darkroom mcp --dir`."
            )
        if not found.is_file():
            raise Trouble(f"There is no file '{said}'. Check the path and call again.")
        return found

    def save(self, picture: Picture, stem: str) -> Path:
        """Write it under a name that is free. Raises :class:`Trouble`."""
        ending = _ENDINGS.get(picture.format, picture.format)
        plain = re.sub(r"[^\w.\- ]+", "_", stem).strip(" .") or "image"
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            for number in range(1, _NUMBERED_MAX):
                name = plain if number == 1 else f"{plain}-{number}"
                path = self.output / f"{name}.{ending}"
                if _holds(path, picture.data):
                    return path  # this very image, saved before
                try:
                    return picture.save(path, overwrite=False)
                except FileExistsError:
                    continue
        except OSError as error:
            raise Trouble(
                f"The image is made, but {error.filename or self.output} cannot be written:"
                f" {error.strerror or error}. Its link works; ask the user for another --output."
            ) from error
        raise Trouble(f"{self.output} is full of images named '{plain}'. Use another file_name.")


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
