"""Files that are being written: hashed on the way, bounded, gone after a restart."""

import hashlib
import os
import shutil
import socket
from io import FileIO
from pathlib import Path
from typing import ClassVar

from darkroom.core.errors import DarkroomError, PayloadTooLarge, ResultLost, UpstreamBroken
from darkroom.core.ids import new_id
from darkroom.core.result import SpooledImage

UPLOAD_BYTES_MAX = 50_000_000
"""The largest input image, as OpenAI documents it: under 50 MB each."""
RESULT_BYTES_MAX = 128_000_000


class Spool:
    """A folder of this process. What an earlier process left there is of no use to anybody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def upload(self) -> "SpoolWriter":
        """A writer for an input image; too many bytes are the caller's fault."""
        return UploadWriter(self.path())

    def result(self) -> "SpoolWriter":
        """A writer for an upstream's image; too many bytes are the vendor's fault."""
        return SpoolWriter(self.path())

    def path(self) -> Path:
        """A name for a new file."""
        return self._folder / new_id()


def process_spool(folder: Path, *, alone: bool) -> Spool:
    """A spool under ``folder`` for this process, without those of processes that ended.

    ``alone``: no other process uses the folder; else several may, also on several machines.
    """
    if alone:
        return Spool(folder)
    for found in dead_spools(folder):
        shutil.rmtree(found, ignore_errors=True)
    return Spool(folder / f"{socket.gethostname()}-{os.getpid()}")


def dead_spools(folder: Path) -> list[Path]:
    """Those of processes of this machine that ended."""
    host = socket.gethostname()
    found = [(path, path.name.removeprefix(f"{host}-")) for path in folder.glob(f"{host}-*")]
    return [path for path, pid in found if pid.isdigit() and not _alive(int(pid))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def upload_of(path: Path) -> SpooledImage:
    """A file that a worker wrote, as an input image; too many bytes are the caller's fault.

    Hashed here: a worker that went astray must not choose the name under which bytes are known.
    """
    image = result_of(path)
    if image.byte_size > UPLOAD_BYTES_MAX:
        raise _upload_too_large()
    return image


def result_of(path: Path) -> SpooledImage:
    """A file that a worker wrote, as a result."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SpooledImage(path, digest, path.stat().st_size)


class SpoolWriter:
    """See :class:`~darkroom.core.ports.ImageWriter`."""

    limit: ClassVar[int] = RESULT_BYTES_MAX

    def __init__(self, path: Path) -> None:
        self._path = path
        # The pieces are large already, and the file is in the page cache: no buffer, no thread.
        try:
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise self.lost(error) from error
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._size += len(data)
        if self._size > self.limit:
            raise self.too_large()
        self._hash.update(data)
        try:
            write_all(self._file, data)
        except OSError as error:  # the disk is full, say
            raise self.lost(error) from error

    def finish(self) -> SpooledImage:
        self._file.close()
        return SpooledImage(self._path, self._hash.hexdigest(), self._size)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def too_large(self) -> DarkroomError:
        return UpstreamBroken(f"An image in the answer is larger than {self.limit:,} bytes.")

    def lost(self, error: OSError) -> Exception:
        """What is raised when the disk does not take the bytes: they were paid for."""
        return not_stored(error)


def write_all(file: FileIO, data: bytes | bytearray | memoryview) -> None:
    """An unbuffered file may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


class UploadWriter(SpoolWriter):
    limit: ClassVar[int] = UPLOAD_BYTES_MAX

    def too_large(self) -> DarkroomError:
        return _upload_too_large()

    def lost(self, error: OSError) -> Exception:
        return error  # nothing was bought yet


def not_stored(error: Exception) -> ResultLost:
    """The error of a result that arrived and could not be kept."""
    why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return ResultLost(
        f"The image was made, but could not be stored here ({why}). It may have been billed, so it"
        " was not requested again. The operator makes room or repairs the store; then send the"
        " request again to buy a new one."
    )


def _upload_too_large() -> DarkroomError:
    return PayloadTooLarge(f"An input image may have at most {UPLOAD_BYTES_MAX // 10**6} MB.")
