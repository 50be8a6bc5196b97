"""A disk that forgets: what was written and synced, and what may be left of it after a power cut.

What POSIX promises, and no more: a file has the bytes that it had when it was last synced; a name
is there, or gone, once its folder was synced. Of all that came later, any part may have reached
the disk, in any order, and a write may have been torn between two sectors.
"""

import random
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from darkroom.assets import Disk

_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Created:
    path: Path


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """With ``names`` a folder: these survive from now on, and all that were removed are gone."""

    path: Path
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    path: Path


@dataclass(frozen=True, slots=True)
class Renamed:
    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Promised:
    """Somebody was told: ``what`` has to be true after every power cut from now on."""

    what: object


Event = Created | Written | Truncated | Synced | Deleted | Renamed | Promised


class Recording(Disk):
    """Everything in its order. Watches SQLite, and is the disk of the images as well."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.locks: list[tuple[int, int]] = []
        """Exclusive locks of the WAL, each with the connection that took it."""
        self._new: set[Path] = set()
        """Files of SQLite that were never synced."""
        self._taken: set[Path] = set()
        """Files whose bytes are recorded, on their way to their place."""
        self._lock = threading.Lock()

    # --- SQLite ---

    def created(self, path: Path) -> None:
        self._new.add(path)
        self._add(Created(path))

    def written(self, path: Path, offset: int, data: bytes) -> None:
        self._add(Written(path, offset, data))

    def truncated(self, path: Path, size: int) -> None:
        self._add(Truncated(path, size))

    def synced(self, path: Path) -> None:
        self._add(Synced(path))
        # The first sync of a new journal or WAL syncs its folder as well: UNIXFILE_DIRSYNC in
        # https://sqlite.org/src/file/src/os_unix.c
        if path in self._new and path.name.endswith(("-wal", "-journal")):
            self._add(Synced(path.parent, _names(path.parent)))
        self._new.discard(path)

    def deleted(self, path: Path, *, durably: bool) -> None:
        self._add(Deleted(path))
        if durably:
            self._add(Synced(path.parent, _names(path.parent)))

    def locked(self, connection: int, first: int, count: int) -> None:
        self.locks += [(connection, number) for number in range(first, first + count)]

    # --- images ---

    def sync(self, path: Path) -> None:
        with self._lock:
            super().sync(path)
            if path.is_dir():
                self._add(Synced(path, _names(path)))
            else:
                self._take(path)
                self._add(Synced(path))

    def rename(self, source: Path, target: Path) -> None:
        with self._lock:
            self._take(source)
            self._taken.discard(source)
            super().rename(source, target)
            self._add(Renamed(source, target))

    def promise(self, what: object) -> None:
        self._add(Promised(what))

    def _take(self, path: Path) -> None:
        """Record a file that was written unseen; it is not written any more."""
        if path not in self._taken:
            self._taken.add(path)
            self._add(Created(path))
            self._add(Written(path, 0, path.read_bytes()))

    def _add(self, event: Event) -> None:
        self.events.append(event)  # one step: no lock is needed


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(path.name for path in folder.iterdir())


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    later: list[Written | Truncated] = field(default_factory=list["Written | Truncated"])


class Replay:
    """Goes through a recording; at any event the power can be cut."""

    def __init__(self, folder: Path, events: Sequence[Event]) -> None:
        self._folder = folder
        self._events = events
        self._files: dict[Path, _File] = {}
        """As the running system sees them."""
        self._synced_names: dict[Path, _File] = {}
        self._later_names: dict[Path, list[tuple[Path, _File | None]]] = defaultdict(list)
        """By folder, in order: a name and its file, or None for a name that was removed."""
        self._synced_folders: set[Path] = set()
        self.promised: list[object] = []

    def until(self, cuts: Sequence[int]) -> Iterator[int]:
        """Yields each of ``cuts`` (ascending): so many events have happened then."""
        at = 0
        for cut in cuts:
            for event in self._events[at:cut]:
                self._happens(event)
            at = max(at, cut)
            yield cut

    def cut(self, into: Path, chance: random.Random) -> None:
        """Write what the disk holds after a power cut now into an empty folder."""
        kept = chance.choice((0.0, 0.0, 0.3, 0.7, 1.0))
        names = dict(self._synced_names)
        for changes in self._later_names.values():
            for path, file in changes:
                if chance.random() < kept:
                    _put(names, path, file)
        folders = {one for one in self._folders() if chance.random() < kept}
        folders |= self._synced_folders | {self._folder}
        for path, file in names.items():
            # a name is found by way of all folders above it
            above = path.parents[: len(path.parents) - len(self._folder.parents)]
            if folders.issuperset(above):
                target = into / path.relative_to(self._folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(_survives(file, kept, chance))

    def _folders(self) -> set[Path]:
        return {path.parent for path in self._files}

    def _happens(self, event: Event) -> None:
        match event:
            case Created(path):
                self._files[path] = _File()
                self._named(path, self._files[path])
            case Written(path) | Truncated(path):
                self._files[path].later.append(event)
            case Synced(path, None):
                file = self._files[path]
                for change in file.later:
                    _apply(file.synced, change)
                file.later.clear()
            case Synced(path, names):
                for name, file in self._later_names.pop(path, ()):
                    _put(self._synced_names, name, file)
                self._synced_folders |= {path / name for name in names or ()}
            case Deleted(path):
                self._files.pop(path, None)
                self._named(path, None)
            case Renamed(source, target):
                file = self._files.pop(source)
                self._files[target] = file
                self._named(source, None)
                self._named(target, file)
            case Promised(what):
                self.promised.append(what)

    def _named(self, path: Path, file: _File | None) -> None:
        self._later_names[path.parent].append((path, file))


def _put(names: dict[Path, _File], path: Path, file: _File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file


def _survives(file: _File, kept: float, chance: random.Random) -> bytes:
    """The synced bytes, and of later changes any part."""
    data = bytearray(file.synced)
    for change in file.later:
        if isinstance(change, Truncated):
            if chance.random() < kept:
                _apply(data, change)
            continue
        for piece in _sectors(change):
            if chance.random() < kept:
                _apply(data, piece)
    return bytes(data)


def _sectors(write: Written) -> Iterator[Written]:
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        after = min(end, (at // _SECTOR + 1) * _SECTOR)
        piece = write.data[at - write.offset : after - write.offset]
        yield Written(write.path, at, piece)
        at = after


def _apply(data: bytearray, change: Written | Truncated) -> None:
    if isinstance(change, Truncated):
        del data[change.size :]
        data.extend(bytes(change.size - len(data)))
        return
    end = change.offset + len(change.data)
    if len(data) < change.offset:
        data.extend(bytes(change.offset - len(data)))
    data[change.offset : end] = change.data


def empty(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
