"""Private directories for what the gateways store: in memory by default, always removed."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHM = Path("/dev/shm")  # noqa: S108 - a private directory is made inside
FREE_FLOOR = 1 << 30


class NoRoom(RuntimeError):
    """The place for the benchmark's files is missing or too full."""


def room_for(free: int, need: int) -> bool:
    """Whether ``need`` bytes fit and a gigabyte stays free for everybody else."""
    return free - need >= FREE_FLOOR


@contextlib.contextmanager
def private_directory(*, disk: bool, need: int) -> Iterator[Path]:
    """A directory only we can read, for at most ``need`` bytes; gone afterwards.

    Raises :class:`NoRoom` when ``need`` bytes would leave less than a gigabyte.
    """
    parent = Path(tempfile.gettempdir()) if disk else SHM
    if not parent.is_dir():
        raise NoRoom(f"{parent} is missing; use --disk")
    free = shutil.disk_usage(parent).free
    if not disk:
        free = min(free, _available_memory())
    if not room_for(free, need):
        raise NoRoom(
            f"{parent} has {free >> 20} MB free, {(need + FREE_FLOOR) >> 20} MB are needed"
            + ("" if disk else "; use --disk")
        )
    path = Path(tempfile.mkdtemp(prefix="darkroom-bench-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _available_memory() -> int:
    """Bytes that can be taken without swapping: a tmpfs may promise more than there is."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0
