"""Reads what arguments stand for: prompts from files and stdin, images from stdin."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Inputs:
    """The images of an edit; a generation has none."""

    images: tuple[str | bytes, ...] = ()
    mask: str | bytes | None = None


def edit_inputs(prompt: str, images: Sequence[str], mask: str | None) -> Inputs:
    """Raises ``click.UsageError``, also when more than one argument wants stdin."""
    if [prompt, mask, *images].count("-") > 1:
        raise click.UsageError("Only one of PROMPT, --image and --mask can be stdin.")
    given = tuple(image_of(image) for image in images)
    return Inputs(given, None if mask is None else image_of(mask))
