"""Reads what arguments stand for: prompts from files and stdin, images from stdin."""

import sys
from pathlib import Path

import click


def prompt_of(argument: str) -> str:
    """The text itself, of ``@file``, or of stdin for ``-``. Raises ``click.UsageError``."""
    try:
        if argument == "-":
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        elif argument.startswith("@"):
            text = Path(argument[1:]).read_text(encoding="utf-8-sig")
        else:
            text = argument
    except OSError as error:
        raise click.UsageError(f"{argument[1:]}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise click.UsageError("The prompt is not UTF-8 text.") from error
    if not text.strip():
        raise click.UsageError("The prompt is empty.")
    return text.strip()


def image_of(argument: str) -> str | bytes:
    """A path or URL as it is; the bytes of stdin for ``-``. Raises ``click.UsageError``."""
    if argument != "-":
        is_url = argument.lower().startswith(("http://", "https://", "data:"))
        if not is_url and not Path(argument).is_file():
            raise click.UsageError(f"There is no file {argument}.")
        return argument
    if sys.stdin.isatty():
        raise click.UsageError("'-' reads an image from stdin: pipe one in.")
    data = sys.stdin.buffer.read()
    if not data:
        raise click.UsageError("There is no image on stdin.")
    return data
