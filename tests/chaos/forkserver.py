"""Starts real servers quickly: each is a fork of one process that has imported everything.

``python -m darkroom serve`` takes a second or two, most of it imports; three hundred restarts are
spent better in work. A fork is a process of its own: it is killed like any other.

Only this process, their parent, sends signals to servers: until it has looked at the end of one,
the system gives the number of the dead to nobody else.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_IMPORTED = (
    "alembic.command",
    "darkroom.cli.main",
    "darkroom.cli.serve",
    "darkroom.jobs.engine.distributed",
    "darkroom.providers.openai",
    "darkroom.server.serving",
    "uvloop",
)


@dataclass(frozen=True)
class Birth:
    """A server to be: where it runs, where it writes, and its environment."""

    folder: str
    log: str
    environment: Mapping[str, str]


class ForkServer:
    """One per run. When it ends, it takes the servers with it that are left."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.forkserver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=Path(__file__).parents[2],
            text=True,
        )
        self._said()

    def fork(self, birth: Birth) -> int:
        """The number of a new ``darkroom serve``."""
        return self._ask("fork", birth.__dict__)

    def send(self, pid: int, number: signal.Signals) -> None:
        """Signal a server; nothing happens when it has ended."""
        self._ask("send", {"pid": pid, "number": number})

    def code(self, pid: int) -> int | None:
        """The exit code, a negative signal number, or None while the server lives."""
        return self._ask("code", {"pid": pid})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.close()
        self._popen.wait(60)
        self._popen.stdout.close()

    def _ask(self, what: str, options: Mapping[str, Any]) -> Any:
        assert self._popen.stdin is not None
        with self._lock:
            self._popen.stdin.write(json.dumps([what, options]) + "\n")
            self._popen.stdin.flush()
            return self._said()

    def _said(self) -> Any:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        assert line, "the fork server has ended; its errors are above"
        return json.loads(line)


class _Parent:
    """Inside the fork server: the servers by number, with the exit codes of those that ended."""

    def __init__(self) -> None:
        self._codes: dict[int, int | None] = {}

    def fork(self, **birth: Any) -> int:
        pid = os.fork()
        if pid == 0:
            _serve(Birth(**birth))
        self._codes[pid] = None
        return pid

    def send(self, pid: int, number: int) -> None:
        if self.code(pid) is None:
            os.kill(pid, number)

    def code(self, pid: int) -> int | None:
        if self._codes[pid] is None:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._codes[pid] = os.waitstatus_to_exitcode(status)
        return self._codes[pid]

    def end(self) -> None:
        for pid in self._codes:
            self.send(pid, signal.SIGKILL)


def main() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = _Parent()
    _say(None)
    with contextlib.suppress(BrokenPipeError):  # who asked is gone
        for line in sys.stdin:
            what, options = json.loads(line)
            _say(getattr(parent, what)(**options))
    parent.end()


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _serve(birth: Birth) -> None:
    """In the child: become the server. Never returns."""
    from darkroom.cli.main import main as darkroom

    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(birth.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(birth.folder)
    os.environ.clear()
    os.environ.update(birth.environment)
    sys.argv = ["darkroom", "serve"]
    code = 1
    try:
        darkroom()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001 - nobody above may see it: there, the fork server goes on
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
