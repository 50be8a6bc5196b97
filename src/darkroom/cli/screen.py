"""What a person sees on stderr while a command works. stdout is for results alone."""

import os
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Screen:
    """``quiet`` leaves only errors."""

    quiet: bool = False

    @property
    def is_live(self) -> bool:
        """Whether lines can be redrawn for a person who watches."""
        return not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def note(self, text: str) -> None:
        if not self.quiet:
            click.echo(f"{click.style('note:', fg='cyan')} {text}", err=True)

    def tell(self, text: str) -> None:
        """A plain line."""
        if not self.quiet:
            click.echo(text, err=True)

    def warning(self, text: str) -> None:
        if not self.quiet:
            click.echo(f"{click.style('warning:', fg='yellow')} {text}", err=True)

    def summary(self, parts: Sequence[str]) -> None:
        """One line about what was made; for people only, logs have the paths."""
        if self.is_live:
            click.echo(click.style(" · ".join(part for part in parts if part), dim=True), err=True)

    def picture(self, data: bytes, *, inline: bool = True) -> None:
        """Show an image, where a person watches. ``inline``: no line is moving meanwhile."""
        if self.is_live:
            from darkroom.cli.previewing import in_terminal

            if text := in_terminal(data, inline=inline):
                click.echo(text, err=True, nl=False)

    @contextmanager
    def working(self, doing: str) -> Generator[Callable[[str], None]]:
        """A moving line with the time so far; call what it gives to say how far it is."""
        if not self.is_live:
            yield lambda _text: None
            return
        from rich.console import Console
        from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
        from rich.text import Text

        class Seconds(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{int(task.elapsed or 0)} s", style="dim")

        columns = (SpinnerColumn(style="cyan"), TextColumn("{task.description}"), Seconds())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(doing)
            yield lambda text: progress.update(task, description=f"{doing} · {text}")


def elapsed(started: float) -> str:
    """``started`` is of ``time.monotonic``."""
    seconds = time.monotonic() - started
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def byte_count(count: int) -> str:
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, by the width that a terminal gives each character."""
    from rich.cells import cell_len

    lines = [head, *rows]
    widths = [max(cell_len(line[at]) for line in lines) for at in range(len(head))]
    shown: list[str] = []
    for line in lines:
        cells = [
            text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)
        ]
        shown.append("  ".join(cells).rstrip())
    shown[0] = click.style(shown[0], bold=True)
    return "\n".join(shown)
