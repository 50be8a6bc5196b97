"""The servers of one run: real processes on one database and one folder of images."""

import signal
from pathlib import Path
from typing import Self

from tests.chaos.forkserver import Birth, ForkServer
from tests.support.process import Process, until

_STOP_S = 60.0


class Server(Process):
    """A ``darkroom serve`` that the fork server starts."""

    def __init__(self, nursery: ForkServer, folder: Path, config: str, **environment: str) -> None:
        super().__init__(folder, config, **environment)
        self._nursery = nursery
        self._pid: int | None = None

    def launch(self, *options: str) -> Self:
        assert not options
        self.url = ""
        self.log.write_bytes(b"")  # now: what the one before wrote is not to be read as this one's
        birth = Birth(str(self.folder), str(self.log), dict(self.env()))
        self._pid = self._nursery.fork(birth)
        return self

    @property
    def pid(self) -> int:
        assert self._pid is not None
        return self._pid

    @property
    def ended(self) -> bool:
        return self._pid is not None and self._nursery.code(self._pid) is not None

    def send(self, number: signal.Signals) -> None:
        assert self._pid is not None
        self._nursery.send(self._pid, number)

    def wait(self, timeout_s: float = _STOP_S) -> int:
        """Its exit code."""
        assert self._pid is not None
        until(lambda: self.ended, f"the end of {self.folder.name}", timeout_s)
        code = self._nursery.code(self._pid)
        assert code is not None
        return code

    def kill(self) -> None:
        """As a power cut would. One that died by itself before that is a finding of its own."""
        self.send(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL, self.output[-2_000:]

    def __exit__(self, *_: object) -> None:
        if self._pid is not None and not self.ended:
            self.kill()
