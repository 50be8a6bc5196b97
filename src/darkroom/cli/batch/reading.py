"""Reads the file of a batch: CSV, TSV, JSON lines or plain text, as cells with line numbers."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast

from darkroom.cli.batch.problems import RowProblem, Unreadable

ROWS_MAX = 10_000
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
_TEXT = ".txt"
SUFFIXES = (*_DELIMITERS, *_LINES, _TEXT)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row as it is written; ``line`` counts from 1. What is empty is not there."""

    line: int
    values: Mapping[str, object]


def read_rows(source: str) -> tuple[list[Cells], list[RowProblem]]:
    """The rows of a file, or of stdin's lines for ``-``, and what is wrong with others.

    Raises :class:`Unreadable`.
    """
    path = Path(source)
    suffix = path.suffix.lower()
    try:
        if source == "-":
            # Not splitlines(): a prompt may have a line separator of Unicode, as in a file.
            lines = StringIO(sys.stdin.buffer.read().decode("utf-8-sig"), newline="")
            return _collected(_text(lines), source)
        with path.open(encoding="utf-8-sig", newline="") as file:
            if suffix in _DELIMITERS:
                return _collected(_table(file, _DELIMITERS[suffix]), source)
            if suffix in _LINES:
                return _collected(_json_lines(file), source)
            if suffix == _TEXT:
                return _collected(_text(file), source)
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{source} is not UTF-8 text.") from error
    raise Unreadable(f"{source}: a batch is one of {', '.join(SUFFIXES)}, or '-' for lines.")


def _collected(
    found: Iterable[Cells | RowProblem], source: str
) -> tuple[list[Cells], list[RowProblem]]:
    rows: list[Cells] = []
    problems: list[RowProblem] = []
    for one in found:
        if isinstance(one, Cells):
            rows.append(one)
        else:
            problems.append(one)
        if len(rows) > ROWS_MAX:
            raise Unreadable(f"{source} has more than {ROWS_MAX:,} rows: split it.")
    return rows, problems


def _table(file: Iterable[str], delimiter: str) -> Iterator[Cells | RowProblem]:
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        head = [name.strip() for name in next(reader, list[str]())]
        if not any(head):
            raise Unreadable("The first line names the columns; it is empty.")
        double = next((name for name, count in Counter(head).items() if count > 1), None)
        if double is not None:
            raise Unreadable(f"line 1: the column '{double}' is there twice.")
        for cells in reader:
            if len(cells) > len(head):
                said = (
                    f"{len(cells)} cells, but {len(head)} columns: quote what has a {delimiter!r}"
                )
                yield RowProblem(reader.line_num, said)
                continue
            values = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
            if kept := {name: cell for name, cell in values.items() if cell}:
                yield Cells(reader.line_num, kept)
    except csv.Error as error:
        yield RowProblem(reader.line_num, str(error))


def _json_lines(file: Iterable[str]) -> Iterator[Cells | RowProblem]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            said: object = json.loads(text)
        except (ValueError, RecursionError):
            yield RowProblem(line, "no JSON: an object, or a prompt in quotes")
            continue
        if isinstance(said, str):
            said = {"prompt": said}
        if not isinstance(said, dict):
            yield RowProblem(line, "neither an object nor a prompt in quotes")
            continue
        named = cast(dict[str, Any], said)
        yield Cells(line, {name: value for name, value in named.items() if value not in (None, "")})


def _text(lines: Iterable[str]) -> Iterator[Cells]:
    for line, text in enumerate(lines, start=1):
        prompt = text.strip()
        if prompt and not prompt.startswith("#"):
            yield Cells(line, {"prompt": prompt})
