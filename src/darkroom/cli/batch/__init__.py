"""``darkroom batch``: many images from a table, a list or a grid; resumable, never paid twice."""

from darkroom.cli.batch.command import command

__all__ = ["command"]
