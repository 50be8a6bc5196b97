"""What a person, or a program, is told of a batch while it runs and at its end."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.batch.manifest import Entry
from darkroom.cli.screen import Screen
from darkroom.report.runs import SUCCEEDED, Run

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@dataclass(frozen=True, slots=True)
class Summary:
    """How the chosen rows stand. ``left`` were not sent, or have not ended."""

    runs: tuple[Run, ...]
    rows: int

    @property
    def ok(self) -> int:
        return sum(run.state == SUCCEEDED for run in self.runs)

    @property
    def refused(self) -> int:
        return sum(run.is_refused for run in self.runs)

    @property
    def failed(self) -> int:
        return sum(run.is_final and run.state != SUCCEEDED for run in self.runs) - self.refused

    @property
    def left(self) -> int:
        return self.rows - self.ok - self.refused - self.failed

    @property
    def images(self) -> int:
        return sum(len(run.files) for run in self.runs)

    @property
    def charged_nanos(self) -> int:
        return sum(run.charged_nanos for run in self.runs)

    @property
    def saved_nanos(self) -> int:
        return sum(run.saved_nanos for run in self.runs)

    def seconds(self, percent: int) -> float | None:
        """That many per cent of the images that came took no longer."""
        times = sorted(r.seconds for r in self.runs if r.seconds is not None and r.files)
        return times[min(len(times) - 1, len(times) * percent // 100)] if times else None

    def to_json(self) -> dict[str, Any]:
        from darkroom_client import Money

        charged, saved = Money(self.charged_nanos), Money(self.saved_nanos)
        return {
            "rows": self.rows,
            "succeeded": self.ok,
            "refused": self.refused,
            "failed": self.failed,
            "left": self.left,
            "images": self.images,
            "charged": {"nanos": charged.nanos, "usd": charged.usd, "credits": charged.credits},
            "saved": {"nanos": saved.nanos, "usd": saved.usd, "credits": saved.credits},
            "seconds_p50": self.seconds(50),
            "seconds_p95": self.seconds(95),
        }

    def __str__(self) -> str:
        from darkroom_client import Money

        counts = [("refused", self.refused), ("failed", self.failed), ("left", self.left)]
        said = [f"{self.ok} ok", *(f"{count} {name}" for name, count in counts if count)]
        said.append(f"{Money(self.charged_nanos)} charged")
        if self.saved_nanos:
            said.append(f"{Money(self.saved_nanos)} saved by --economy")
        if self.images:
            said.append(f"{Money(self.charged_nanos // self.images)} per image")
        middle, slow = self.seconds(50), self.seconds(95)
        if middle is not None and slow is not None:
            said.append(f"p50 {middle:.1f} s, p95 {slow:.1f} s")
        return " · ".join(said)


@dataclass(slots=True)
class Teller:
    """Told of every step, by any thread. ``total`` is how many rows there are to be made."""

    screen: Screen
    total: int
    as_events: bool = False
    _done: set[str] = field(default_factory=set[str])
    _charged: int = 0
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _bar: "tuple[Progress, TaskID] | None" = None

    def __call__(self, entry: Entry) -> None:
        with self._telling:
            if entry.run.is_final:
                self._done.add(entry.run.id)
                self._charged += entry.run.charged_nanos
            if self.as_events:
                said = {"event": "row", **entry.run.to_json(), "attempt": entry.attempt}
                click.echo(json.dumps(said, ensure_ascii=False), err=True)
            elif entry.run.is_final:
                self._row(entry.run)

    @contextmanager
    def showing(self) -> Generator[None]:
        """A bar where a person watches."""
        if not self.screen.is_live or self.as_events:
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        text = TextColumn("{task.description}")
        shown = (text, BarColumn(), MofNCompleteColumn(), Elapsed())
        with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
            self._bar = (progress, progress.add_task("making", total=self.total))
            try:
                yield
            finally:
                self._bar = None

    def _row(self, run: Run) -> None:
        from darkroom_client import Money

        line = f"{len(self._done)}/{self.total} {told(run)}"
        if self._bar is None:
            self.screen.tell(line)
            return
        progress, task = self._bar
        progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
        charged = f"{Money(self._charged)} charged"
        progress.update(task, completed=len(self._done), description=charged)


def told(run: Run) -> str:
    """One line about a row."""
    from darkroom_client import Money

    if run.state == SUCCEEDED:
        names = ", ".join(file.path or "(gone)" for file in run.files)
        took = "" if run.seconds is None else f" {run.seconds:.1f} s"
        return f"ok {names} {Money(run.charged_nanos)}{took}"
    word = "refused" if run.is_refused else run.state
    why = "" if run.error is None else f": {run.error.code}: {run.error.message}"
    return f"{word} {run.id}{' '.join(why.split(chr(10)))}"


def summed_up(entries: Sequence[Entry], rows: Sequence[str]) -> Summary:
    """``rows`` are the ids that were chosen."""
    wanted = set(rows)
    runs = tuple(entry.run for entry in entries if entry.run.id in wanted)
    return Summary(runs, len(rows))
