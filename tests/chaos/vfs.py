"""Watches every write and sync that SQLite makes: a shim around its file system layer.

Python's ``sqlite3`` is linked to a shared library; the shim registers itself there as the default
VFS (https://sqlite.org/vfs.html), so that the product opens its database through it unknowingly.
"""

import _sqlite3
import ctypes
import itertools
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

WRITE, CHECKPOINT, RECOVER = range(3)
"""The WAL's locks: https://sqlite.org/walformat.html#wal_locks"""
_OK = 0
_CREATE = 0x00000004
_LOCK_EXCLUSIVE = 2 | 8

_METHODS = (
    *("close", "read", "write", "truncate", "sync", "file_size", "lock", "unlock"),
    *("check_reserved", "file_control", "sector_size", "characteristics"),
    *("shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch"),
)
_CALLS = (
    *("open", "delete", "access", "full_pathname", "dl_open", "dl_error", "dl_sym", "dl_close"),
    *("randomness", "sleep", "current_time", "last_error", "current_time_64"),
    *("set_call", "get_call", "next_call"),
)


class _File(ctypes.Structure):
    _fields_ = (("methods", c_void_p),)


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_ = (("version", c_int), *((name, c_void_p) for name in _METHODS))


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("pathname_max", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        *((name, c_void_p) for name in _CALLS),
    )


_file = POINTER(_File)
_WRITE = CFUNCTYPE(c_int, _file, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, _file, c_int64)
_SYNC = CFUNCTYPE(c_int, _file, c_int)
_SHM_LOCK = CFUNCTYPE(c_int, _file, c_int, c_int, c_int)
# Names as addresses: SQLite keeps the pointer, and reads on behind the text's end.
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, _file, c_int, POINTER(c_int))
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


class Watcher(Protocol):
    """Told of what was done, after it was done. Called from any thread."""

    def created(self, path: Path) -> None: ...

    def written(self, path: Path, offset: int, data: bytes) -> None: ...

    def truncated(self, path: Path, size: int) -> None: ...

    def synced(self, path: Path) -> None: ...

    def deleted(self, path: Path, *, durably: bool) -> None: ...

    def locked(self, connection: int, first: int, count: int) -> None:
        """A connection has exclusive locks of the WAL: :data:`WRITE`, :data:`CHECKPOINT` …"""
        ...


class NoSharedLibrary(Exception):
    """This Python carries SQLite within itself: there is nothing to register at."""


def library() -> ctypes.CDLL:
    """The very library that Python's ``sqlite3`` works with. Raises :class:`NoSharedLibrary`."""
    try:
        # Symbols are looked up in what the extension module is linked to.
        found = ctypes.CDLL(_sqlite3.__file__)
        found.sqlite3_vfs_find.restype = c_void_p
    except (AttributeError, OSError) as error:
        raise NoSharedLibrary(str(error)) from error
    return found


@contextmanager
def watched(watcher: Watcher) -> Generator[None]:
    """While this lasts, every database that is opened is watched."""
    shim = _Shim(library(), watcher)
    shim.register()
    try:
        yield
    finally:
        shim.unregister()


@dataclass
class _Patched:
    """A table of methods with ours in it; ``kept`` keeps the callbacks alive."""

    methods: _Methods
    kept: list[Any]


class _Shim:
    def __init__(self, lib: ctypes.CDLL, watcher: Watcher) -> None:
        self._lib = lib
        self._watcher = watcher
        self._original = _Vfs.from_address(lib.sqlite3_vfs_find(None))
        self._vfs = _Vfs.from_buffer_copy(self._original)
        self._vfs.name = b"darkroom-chaos"
        self._vfs.next = None
        self._real_open = _OPEN(self._original.open)
        self._real_delete = _DELETE(self._original.delete)
        self._kept = [_OPEN(self._open), _DELETE(self._delete)]
        self._vfs.open, self._vfs.delete = (ctypes.cast(one, c_void_p) for one in self._kept)
        self._tables: dict[int, _Patched] = {}
        self._opened: dict[int, tuple[int, Path]] = {}
        """By the file's address, which is used again after a close: its number and its path."""
        self._count = itertools.count(1)

    def register(self) -> None:
        assert self._lib.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) == _OK

    def unregister(self) -> None:
        assert self._lib.sqlite3_vfs_unregister(ctypes.byref(self._vfs)) == _OK
        assert self._lib.sqlite3_vfs_register(ctypes.byref(self._original), 1) == _OK

    def _open(self, _: int, name: int | None, file: Any, flags: int, out: Any) -> int:
        path = None if name is None else _path_at(name)
        is_new = path is not None and bool(flags & _CREATE) and not path.exists()
        result = self._real_open(ctypes.addressof(self._original), name, file, flags, out)
        if result == _OK and path is not None:
            self._opened[ctypes.addressof(file.contents)] = (next(self._count), path)
            self._patch(file)
            if is_new:
                self._watcher.created(path)
        return result

    def _delete(self, _: int, name: int, sync_folder: int) -> int:
        result = self._real_delete(ctypes.addressof(self._original), name, sync_folder)
        if result == _OK:
            self._watcher.deleted(_path_at(name), durably=bool(sync_folder))
        return result

    def _patch(self, file: Any) -> None:
        address = file.contents.methods
        if address not in self._tables:
            self._tables[address] = self._patched(_Methods.from_address(address))
        file.contents.methods = ctypes.addressof(self._tables[address].methods)

    def _patched(self, original: _Methods) -> _Patched:
        ours = _Methods.from_buffer_copy(original)
        write, truncate = _WRITE(original.write), _TRUNCATE(original.truncate)
        sync, shm_lock = _SYNC(original.sync), _SHM_LOCK(original.shm_lock)
        watcher, path = self._watcher, self._path

        def on_write(file: Any, data: int, size: int, offset: int) -> int:
            copy = ctypes.string_at(data, size)
            return _told(
                write(file, data, size, offset), lambda: watcher.written(path(file), offset, copy)
            )

        def on_truncate(file: Any, size: int) -> int:
            return _told(truncate(file, size), lambda: watcher.truncated(path(file), size))

        def on_sync(file: Any, flags: int) -> int:
            return _told(sync(file, flags), lambda: watcher.synced(path(file)))

        def on_shm_lock(file: Any, first: int, count: int, flags: int) -> int:
            result = shm_lock(file, first, count, flags)
            if flags == _LOCK_EXCLUSIVE:
                _told(result, lambda: watcher.locked(self._number(file), first, count))
            return result

        kept = [_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync), _SHM_LOCK(on_shm_lock)]
        ours.write, ours.truncate, ours.sync, ours.shm_lock = (
            ctypes.cast(one, c_void_p).value for one in kept
        )
        return _Patched(ours, [*kept, write, truncate, sync, shm_lock])

    def _path(self, file: Any) -> Path:
        return self._opened[ctypes.addressof(file.contents)][1]

    def _number(self, file: Any) -> int:
        return self._opened[ctypes.addressof(file.contents)][0]


def _path_at(address: int) -> Path:
    return Path(os.fsdecode(ctypes.string_at(address)))


def _told(result: int, tell: Callable[[], None]) -> int:
    if result == _OK:
        tell()
    return result
