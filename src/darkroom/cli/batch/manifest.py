"""The manifest of a batch: append-only, and on disk before anything else happens."""

import fcntl
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, Self

from darkroom.cli.failures import Exit, Failure
from darkroom.report.runs import MANIFEST, Run, read_manifest

_VERSION = 1
_LOCK = ".lock"
ANSWER_LOST = "answer_lost"
JOB_NOT_FOUND = "job_not_found"
_UNSETTLED = (ANSWER_LOST, JOB_NOT_FOUND)
"""Errors of rows that may have been charged although nobody can tell any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a run, and what resuming needs to know of it."""

    run: Run
    digest: str
    """Of what was asked."""
    attempt: int
    """Counts from 1; every attempt has an idempotency key of its own."""
    max_nanos: int
    """What it may cost at most."""
    sender: str = ""
    """Tells one server and API key from another: idempotency keys hold for one."""
    at: str = ""
    """ISO time of the line."""
    resumable: bool = False
    """A failure of the circumstances, such as an empty balance: running again sends it again."""

    def to_json(self) -> dict[str, Any]:
        return {
            **self.run.to_json(),
            "digest": self.digest,
            "attempt": self.attempt,
            "max_nanos": self.max_nanos,
            "sender": self.sender,
            "at": self.at,
            "resumable": self.resumable,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Raises ``LookupError``, ``TypeError``, ``ValueError`` or ``OverflowError``."""
        return cls(
            Run.from_json(said),
            str(said["digest"]),
            int(said["attempt"]),
            int(said["max_nanos"]),
            str(said["sender"]),
            datetime.fromisoformat(said["at"]).astimezone(UTC).isoformat(timespec="seconds"),
            said["resumable"] is True,
        )

    @property
    def reserved_nanos(self) -> int:
        """What it may still cost, or may have cost unseen."""
        error = self.run.error
        unsettled = error is not None and error.code in _UNSETTLED
        return self.max_nanos if unsettled or not self.run.is_final else 0

    @property
    def age_s(self) -> float:
        return (datetime.now(UTC) - datetime.fromisoformat(self.at)).total_seconds()


class Manifest:
    """The record of the batch in ``folder``. Threads may write at the same time.

    Raises :class:`Failure` when the folder holds something else, or another process works in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writing = threading.Lock()
        self._latest: dict[str, Entry] = {}
        self._money: dict[str, Entry] = {}
        self._lock = _locked(folder)
        try:
            self.batch = self._read() or token_hex(16)
            self._file = self._opened()
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Where no row was written, nothing stays behind."""
        with self._writing:
            self._file.close()
            if not self._latest:
                (self.folder / MANIFEST).unlink()
                (self.folder / _LOCK).unlink()
                with suppress(OSError):  # the folder was there before, or has something else now
                    self.folder.rmdir()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, id: str) -> Entry | None:
        """The row's last line."""
        return self._latest.get(id)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every row's last line."""
        with self._writing:
            return tuple(self._latest.values())

    @property
    def charged_nanos(self) -> int:
        """What this batch was charged, in all of its runs."""
        with self._writing:
            return sum(entry.run.charged_nanos for entry in self._money.values())

    @property
    def bound_nanos(self) -> int:
        """What was charged, and what requests that were sent, or are about to be, may still cost:
        in one look, so that a request that ends meanwhile is in one of the two."""
        with self._writing:
            entries = self._money.values()
            return sum(entry.run.charged_nanos + entry.reserved_nanos for entry in entries)

    def write(self, entry: Entry) -> None:
        """On return it survives a power cut."""
        stamped = replace(entry, at=datetime.now(UTC).isoformat(timespec="seconds"))
        with self._writing:
            self._append(self._file, stamped.to_json())
            self._remember(stamped)

    def key(self, entry: Entry) -> str:
        """The idempotency key of that attempt at that row: the same after every restart."""
        parts = (self.batch, entry.run.id, entry.digest, str(entry.attempt))
        return f"batch-{sha256(json.dumps(parts).encode()).hexdigest()[:40]}"

    def _remember(self, entry: Entry) -> None:
        self._latest[entry.run.id] = entry
        self._money[self.key(entry)] = entry

    def _read(self) -> str:
        """Take in what is there; the batch's name, or "" where nothing is yet."""
        path = self.folder / MANIFEST
        if not path.exists():
            if any(one.name != _LOCK for one in self.folder.iterdir()):
                message = f"{self.folder} has files, but no {MANIFEST}: choose another folder, -o"
                raise Failure(message, code="exists")
            return ""
        lines = list(read_manifest(path))
        if not lines:  # the power went while the first line was written
            return ""
        head, *rest = lines
        if head.get("manifest") != _VERSION or not isinstance(head.get("batch"), str):
            message = f"{path} is not the manifest of a batch: choose another folder, -o"
            raise Failure(message, code="exists")
        self.batch = str(head["batch"])
        for said in rest:
            try:
                self._remember(Entry.from_json(said))
            except (LookupError, TypeError, ValueError, OverflowError) as error:
                raise Failure(f"{path} has a line that no batch wrote: {error!r}") from error
        return self.batch

    def _opened(self) -> BinaryIO:
        path = self.folder / MANIFEST
        file = path.open("ab")
        if file.tell() == 0:
            self._append(file, {"manifest": _VERSION, "batch": self.batch})
            _sync_folder(self.folder)
        elif not _ends_whole(path):
            file.write(b"\n")  # so that the next line does not go on with half a one
            if not self._latest and next(read_manifest(path), None) is None:
                self._append(file, {"manifest": _VERSION, "batch": self.batch})
        return file

    def _append(self, file: BinaryIO, said: Mapping[str, Any]) -> None:
        text = json.dumps(said, ensure_ascii=False).encode(errors="replace")
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _locked(folder: Path) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True)
    handle = (folder / _LOCK).open("wb")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        message = f"another darkroom works on the batch in {folder}: wait for it to end"
        raise Failure(message, Exit.UNAVAILABLE, "batch_in_use") from error
    return handle


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
