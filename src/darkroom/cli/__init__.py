"""The command line: one file per command, imported when it is called."""

from darkroom.cli.main import main

__all__ = ["main"]
