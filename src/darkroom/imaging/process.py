"""One worker process, seen from the server: started with nothing of ours, asked, killed."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import BinaryIO, cast

from darkroom.imaging import wire

TOO_LONG = "the image takes too long to decode"
_BROKE = "the image cannot be decoded"

# -I and -S: neither the environment nor a site's start-up files run before the worker does.
_START = """
import sys
room, *sys.path = sys.argv[1:]
from darkroom.imaging.worker import main
main(room)
"""
# Without these, a Python that is installed in an unusual place does not start.
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL")
# Sent by the kernel when the time is up; Windows knows neither.
_OUT_OF_TIME = frozenset(
    -getattr(signal, name) for name in ("SIGPROF", "SIGXCPU") if hasattr(signal, name)
)


class WorkerProcess:
    """It does one thing at a time. See :mod:`darkroom.imaging.worker` for the other side."""

    def __init__(self, room: str) -> None:
        """``room``: the package whose functions it runs."""
        paths = [path for path in sys.path if os.path.isabs(path)]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", "-c", _START, room, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.path.sep,
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
        )
        # Both are there: they were asked for as pipes.
        self._calls = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, frame: bytes) -> bytes:
        """The answer to a call. Raises ``EOFError`` or ``OSError`` when it died."""
        wire.send(self._calls, frame)
        return wire.receive(self._answers)

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> str:
        """Have it gone. Returns what to say of the image that it died of."""
        # It may have died by itself, of its limits, and is told apart by that.
        with suppress(BrokenPipeError), self._process:
            if self._process.poll() is None:
                self._process.kill()
        return TOO_LONG if self._process.returncode in _OUT_OF_TIME else _BROKE
