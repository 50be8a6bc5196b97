"""What a worker of the image pool may be made to do by bytes that exploit a decoder."""

import ctypes
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from darkroom.imaging.work import Limits, pooled

SHORT = Limits(0.3, 64 << 20, 30.0)
BRIEF = Limits(30.0, 64 << 20, 0.3)


@pooled(SHORT)
def process_id() -> int:
    return os.getpid()


@pooled(SHORT)
def spin() -> None:
    while True:
        pass


@pooled(BRIEF)
def wait_for_ever() -> None:
    time.sleep(1_000)


@pooled(Limits(30.0, 64 << 20, 300.0))
def begin_and_wait(begun: Path, after: Path) -> None:
    begun.write_text(str(os.getpid()))
    time.sleep(1_000)
    after.touch()


@pooled(SHORT)
def fill_memory() -> int:
    return len(bytearray(200 << 20))


@pooled(Limits(30.0, 64 << 20, 300.0))
def fill_disk(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(40):
            file.write(bytes(4 << 20))


@pooled(SHORT)
def crash() -> int:
    return ctypes.string_at(0)[0]


@pooled(SHORT)
def err() -> None:
    raise KeyError("a mistake of ours")


@pooled(SHORT)
def lie() -> None:
    """Write over the answers, as whoever took the worker over could."""
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(0.1)


@pooled(SHORT)
def mistaken_answer() -> int:
    return "not a number"  # type: ignore[return-value]


@pooled(SHORT)
def environment() -> list[str]:
    return [f"{name}={value}" for name, value in os.environ.items()]


@pooled(SHORT)
def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pooled(SHORT)
def filtered() -> bool:
    """Whether the kernel refuses system calls of this process."""
    return "Seccomp:\t2" in Path("/proc/self/status").read_text()


@pooled(SHORT)
def refused() -> list[str]:
    """Which of the deeds below fail with ``PermissionError``."""
    deeds: dict[str, Callable[[], object]] = {
        "socket": socket.socket,
        "fork": os.fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "kill": lambda: os.kill(os.getppid(), 0),
    }
    found: list[str] = []
    for name, deed in deeds.items():
        try:
            deed()
        except PermissionError:
            found.append(name)
    return found


def unmarked() -> None:
    """Nothing said that it may run there."""
