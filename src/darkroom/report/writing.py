"""Writes a report to a file, as a whole or not at all."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from darkroom.report.model import Report
from darkroom.report.page import render
from darkroom.report.pictures import PREVIEW, Pictures, in_folder
from darkroom.report.runs import Run
from darkroom.report.words import WORDS

LANGUAGES = tuple(WORDS)
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Style:
    """``lang`` "" is that of the environment; ``credits`` adds columns in credits.

    ``embed``: small previews in the page and links to the files, the full files, or links alone.
    """

    title: str = ""
    lang: str = ""
    embed: str = PREVIEW
    credits: bool = False


def write_report(
    target: Path, runs: Sequence[Run], folder: Path, style: Style | None = None
) -> Path:
    """The report of ``runs``, whose files are in ``folder``. Raises ``OSError``."""
    style = style or Style()
    pictures = Pictures(in_folder(folder), target.parent, style.embed)
    return write_with(pictures, target, runs, style)


def write_with(pictures: Pictures, target: Path, runs: Sequence[Run], style: Style) -> Path:
    """The report of ``runs``, whose files ``pictures`` finds. Raises ``OSError``."""
    report = Report(tuple(runs), style.title, style.credits)
    now = datetime.now().astimezone()
    made = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with made.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for piece in render(report, pictures, now, style.lang or language()):
                file.write(piece)
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)
    return target


def language() -> str:
    """The one of the environment that reports are written in; English where there is none."""
    said = next((os.environ[name] for name in _LOCALES if os.environ.get(name)), "")
    code = said[:2].lower()
    return code if code in LANGUAGES else "en"
