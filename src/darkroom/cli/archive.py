"""One file with the database and the images: written, and put back after every byte was checked."""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

from darkroom import __version__
from darkroom.cli.failures import Failure

_MANIFEST = "manifest.json"
_FORMAT = "darkroom-backup-1"
_DATABASE = "darkroom.db"
_IMAGES = "images"
_MARK = f"{_IMAGES}/installation"
"""Says whose store it is; goes along, and is no image."""
_PIECE = 1 << 20
_MANIFEST_MAX = 1 << 30


@dataclass(frozen=True, slots=True)
class Places:
    """Where an installation keeps things. None: not in a file or folder of this machine."""

    database: Path | None
    images: Path | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds."""

    database: bool
    images: int
    byte_size: int
    missing: int = 0
    """Images that the database names and that could not be put in: lost before, or removed while
    the archive was written."""


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._sha256.update(data)
        return data

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


def write_archive(places: Places, target: Path) -> Contents:
    """Copy the database, then every image: an image that a job names is there before the job is
    finished. Raises :class:`Failure`, ``OSError``, ``BadCopy``."""
    from darkroom.db import copy_database, images_named_in

    files: dict[str, dict[str, Any]] = {}
    named: set[str] = set()
    part = target.with_name(f".{target.name}.part")
    # The database holds the secret that API keys are looked up with.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            if places.database is not None:
                with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
                    copy = Path(folder) / _DATABASE
                    copy_database(places.database, copy)
                    named = images_named_in(copy) if places.images is not None else named
                    files[_DATABASE] = _add(tar, _DATABASE, copy)
            for name, path in _images(places.images):
                try:
                    files[name] = _add(tar, name, path)
                except FileNotFoundError:  # deleted meanwhile
                    continue
            _add_manifest(tar, files)
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return _contents(files, missing=len(named - {name.rpartition("/")[2] for name in files}))


def restore_archive(archive: Path, places: Places, *, force: bool) -> tuple[Contents, Path | None]:
    """Put everything in its place; also the folder to which what was there before was moved.

    Nothing is touched before all of it was checked. Raises :class:`Failure`, ``OSError``,
    ``BadCopy``, ``DatabaseInUse``.
    """
    from darkroom.db import check_database, owned

    known = [place for place in (places.database, places.images) if place is not None]
    if not known:
        raise Failure("neither the database nor the images are on this machine", code="elsewhere")
    home = known[0].parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as scratch:
        folder = Path(scratch)
        files = _unpacked(archive, folder)
        targets = _targets(folder, places, files)
        if _DATABASE in files:
            check_database(folder / _DATABASE)
        if places.database is None:
            return _contents(files), _swap(targets, home, force)
        with owned(places.database):
            return _contents(files), _swap(targets, home, force)


def _targets(folder: Path, places: Places, files: Mapping[str, Any]) -> dict[Path, Path]:
    """What was unpacked, and where it belongs."""
    targets: dict[Path, Path] = {}
    if _DATABASE in files:
        if places.database is None:
            raise Failure(
                "the archive holds a SQLite database, and the configuration names PostgreSQL",
                code="elsewhere",
            )
        targets[folder / _DATABASE] = places.database
    if places.images is not None and (folder / _IMAGES).is_dir():
        targets[folder / _IMAGES] = places.images
    return targets


def _swap(targets: Mapping[Path, Path], home: Path, force: bool) -> Path | None:
    """Move new things in; old ones go into a folder of their own."""
    old = [path for place in targets.values() for path in _there(place)]
    if old and not force:
        raise Failure(f"{old[0]} exists already; --force moves what is there aside", code="exists")
    aside = None
    if old:
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        aside = Path(tempfile.mkdtemp(dir=home, prefix=f"before-restore-{now}-"))
        for path in old:
            shutil.move(path, aside / path.name)
    for found, place in targets.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(found, place)
    return aside


def _there(place: Path) -> Iterator[Path]:
    """The place itself if it holds something, and what SQLite keeps beside a database."""
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    beside = (place, *(place.with_name(f"{place.name}{end}") for end in ("-wal", "-shm")))
    yield from (path for path in beside if os.path.lexists(path))


def _unpacked(archive: Path, folder: Path) -> dict[str, Any]:
    """The files of the manifest, each checked against it. Raises :class:`Failure`."""
    found: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                if not member.isfile() or (file := tar.extractfile(member)) is None:
                    raise _damaged(archive, f"'{member.name}' is no file")
                if member.name == _MANIFEST:
                    manifest = json.loads(file.read(_MANIFEST_MAX))
                    continue
                found[member.name] = _unpack(file, _inside(archive, folder, member.name))
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(archive, str(error)) from error
    if manifest.get("format") != _FORMAT:
        raise _damaged(archive, "it has no manifest, so it is not whole or not a backup")
    files = cast(dict[str, Any], manifest["files"])
    for name in {*files, *found}:
        if name not in found or name not in files or files[name]["sha256"] != found[name]:
            raise _damaged(archive, f"'{name}' is not what the manifest says")
    return files


def _inside(archive: Path, folder: Path, name: str) -> Path:
    """Where a member goes. Raises :class:`Failure` for a name that leads elsewhere."""
    parts = name.split("/")
    if "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise _damaged(archive, f"the name '{name}' leads out of it")
    if name != _DATABASE and parts[0] != _IMAGES:
        raise _damaged(archive, f"'{name}' does not belong there")
    return folder.joinpath(*parts)


def _unpack(file: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    reading = _Hashed(file)
    with path.open("xb") as out:
        os.chmod(path, 0o600)
        while data := reading.read(_PIECE):
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return reading.sha256


def _add(tar: tarfile.TarFile, name: str, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        info = tar.gettarinfo(arcname=name, fileobj=file)
        reading = _Hashed(file)
        tar.addfile(info, cast(IO[bytes], reading))
    return {"sha256": reading.sha256, "byte_size": info.size}


def _add_manifest(tar: tarfile.TarFile, files: Mapping[str, Any]) -> None:
    """Last, so that an archive without it is known to be torn."""
    said = {
        "format": _FORMAT,
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": files,
    }
    data = json.dumps(said, indent=1).encode()
    info = tarfile.TarInfo(_MANIFEST)
    info.size = len(data)
    info.mode = 0o600
    tar.addfile(info, BytesIO(data))


def _images(folder: Path | None) -> Iterator[tuple[str, Path]]:
    if folder is None:
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{_IMAGES}/{path.relative_to(folder).as_posix()}", path


def _contents(files: Mapping[str, Any], missing: int = 0) -> Contents:
    images = sum(name not in (_DATABASE, _MARK) for name in files)
    byte_size = sum(one["byte_size"] for one in files.values())
    return Contents(_DATABASE in files, images, byte_size, missing)


def _damaged(archive: Path, why: str) -> Failure:
    return Failure(f"{archive} is damaged: {why}; nothing was changed", code="damaged")
