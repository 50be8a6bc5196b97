"""The images of a batch on disk: ``001-red-bicycle.png``, each written as a whole or not at all."""

import csv
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.cli.batch.rows import Row
from darkroom.cli.targets import SUFFIXES
from darkroom.core.naming import slug
from darkroom.report.runs import Run, RunFile

if TYPE_CHECKING:
    from darkroom_client import Image

COSTS = "costs.csv"
SHEET = "contact-sheet.png"
_DIGITS_MIN = 3
_COSTS_HEAD = (
    *("id", "number", "state", "prompt", "model", "size", "quality", "images"),
    *("usd", "nanos", "seconds", "job_id", "error", "files"),
)
_SHEET_EDGE, _SHEET_GAP, _SHEET_COLUMNS_MAX, _SHEET_IMAGES_MAX = 256, 12, 8, 400
_NANOS_PER_DOLLAR = 1_000_000_000


class Folder:
    """``total`` is how many rows there are; ``taken`` are names that belong to earlier rows."""

    def __init__(self, path: Path, total: int, runs: Sequence[Run]) -> None:
        self.path = path
        self._digits = max(_DIGITS_MIN, len(str(total)))
        self._owners = {file.path: run.id for run in runs for file in run.files if file.path}
        self._naming = threading.Lock()

    def place(self, row: Row, images: "Sequence[Image]", known: Sequence[RunFile]) -> list[RunFile]:
        """Write the images of a row; ``known`` is what the server tells of them.

        Written again, an image takes its own place again. Raises ``OSError``.
        """
        stem = f"{row.number:0{self._digits}d}-{slug(row.prompt)}"
        files: list[RunFile] = []
        for index, (image, told) in enumerate(zip(images, known, strict=True), start=1):
            part = stem if len(images) == 1 else f"{stem}-{index}"
            name = self._claimed(part, SUFFIXES.get(image.format, ".png"), row.id)
            image.save(self.path / name)
            digest = hashlib.sha256(image.data).hexdigest()
            size = (told.width, told.height, len(image.data))
            files.append(RunFile(name, digest, told.media_type, *size))
        return files

    def holds(self, run: Run) -> bool:
        """Whether all of a run's files are there."""
        for file in run.files:
            try:
                found = (self.path / file.path).stat() if file.path else None
            except OSError:
                return False
            if found is not None and found.st_size != file.byte_size:
                return False
        return True

    def _claimed(self, stem: str, suffix: str, id: str) -> str:
        """A name that no other row has."""
        number = 1
        with self._naming:
            while True:
                name = f"{stem}{suffix}" if number == 1 else f"{stem}.{number}{suffix}"
                if self._owners.setdefault(name, id) == id:
                    return name
                number += 1


def write_costs(folder: Path, runs: Sequence[Run]) -> Path:
    """One line per row, in dollars and in nano-dollars."""
    target, made = folder / COSTS, folder / f".{COSTS}.part"
    with made.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COSTS_HEAD)
        for run in runs:
            asked = run.request
            table.writerow(
                (
                    *(run.id, run.number, run.state, run.prompt, run.served_model or run.model),
                    *(asked.get("size", ""), asked.get("quality", ""), len(run.files)),
                    *(_dollars(run.charged_nanos), run.charged_nanos),
                    *("" if run.seconds is None else run.seconds, run.job_id),
                    run.error.code if run.error else "",
                    " ".join(file.path for file in run.files),
                )
            )
    made.replace(target)
    return target


def write_sheet(folder: Path, runs: Sequence[Run]) -> Path | None:
    """All images small on one page, each with its row's number; None when there are none."""
    from PIL import Image, ImageDraw, ImageOps

    found = [(run.number, folder / file.path) for run in runs for file in run.files if file.path]
    shown = [(number, path) for number, path in found if path.is_file()][:_SHEET_IMAGES_MAX]
    if not shown:
        return None
    columns = min(_SHEET_COLUMNS_MAX, len(shown))
    step = _SHEET_EDGE + _SHEET_GAP
    lines = -(-len(shown) // columns)
    page = Image.new("RGB", (columns * step + _SHEET_GAP, lines * step + _SHEET_GAP), "#202124")
    draw = ImageDraw.Draw(page)
    for at, (number, path) in enumerate(shown):
        left = _SHEET_GAP + at % columns * step
        top = _SHEET_GAP + at // columns * step
        with Image.open(path) as image:
            small = ImageOps.contain(image.convert("RGBA"), (_SHEET_EDGE, _SHEET_EDGE))
        inset = ((_SHEET_EDGE - small.width) // 2, (_SHEET_EDGE - small.height) // 2)
        page.paste(small, (left + inset[0], top + inset[1]), small)
        draw.rectangle((left, top, left + 12 + 7 * len(str(number)), top + 16), fill="#202124")
        draw.text((left + 5, top + 3), str(number), fill="#ffffff")
    target, made = folder / SHEET, folder / f".{SHEET}.part"
    page.save(made, "PNG")
    os.replace(made, target)
    return target


def _dollars(nanos: int) -> str:
    whole, rest = divmod(nanos, _NANOS_PER_DOLLAR)
    return f"{whole}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"
