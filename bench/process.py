"""Starting programs on a core of their own, waiting for them, and ending them again."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.proc import tree


class DidNotStart(RuntimeError):
    """A program ended, or did not listen in time."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, with which additions to the environment, on which core (None: anywhere)."""

    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    core: int | None = None


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """This process, and what it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    try:
        if core is not None:
            os.sched_setaffinity(0, {core})
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(program: Program) -> Iterator["subprocess.Popen[bytes]"]:
    """The program as a process; it and its children are ended afterwards, by their ids."""
    with program.log.open("wb") as log, pinned(program.core):
        try:
            process = subprocess.Popen(
                program.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **program.env},
                start_new_session=True,
            )
        except OSError as error:
            raise DidNotStart(f"{program.command[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        _end(process)


def wait_listening(
    process: "subprocess.Popen[bytes]", port: int, log: Path, timeout_s: float = 60.0
) -> None:
    """Return once the port accepts connections; raises :class:`DidNotStart`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart(f"ended with status {process.returncode}: {last_line(log)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.002)
    raise DidNotStart(f"nothing listens after {timeout_s:.0f} s: {last_line(log)}")


def last_line(log: Path) -> str:
    """The last words of a program."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:200] if lines else "it said nothing"


def _end(process: "subprocess.Popen[bytes]") -> None:
    children = [pid for pid in tree(process.pid) if pid != process.pid]
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pid in children:
        # Only while it is still of the session we made: ids are used again.
        with contextlib.suppress(OSError):
            if os.getsid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)
