"""``--json-events``: what happens while a command works, a line of JSON each, on stderr."""

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from darkroom.cli.failures import Failure


@dataclass(slots=True)
class Events:
    """Says nothing unless ``enabled``. Each line has ``event`` and ``elapsed_s``."""

    enabled: bool
    _started: float = field(default_factory=time.monotonic)

    def say(self, event: str, **more: Any) -> None:
        if self.enabled:
            took = round(time.monotonic() - self._started, 3)
            line = {"event": event, "elapsed_s": took, **more}
            click.echo(json.dumps(line, ensure_ascii=False), err=True)

    @contextmanager
    def failing(self) -> Generator[None]:
        """Tell of a failure, too, before it goes on its way."""
        try:
            yield
        except Failure as failure:
            error = {"code": failure.code, "message": failure.message, **failure.details}
            self.say("failed", error=error)
            raise
        except KeyboardInterrupt:
            self.say("interrupted")
            raise
