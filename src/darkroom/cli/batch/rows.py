"""The rows of a batch: every option checked, every file found, every row with an id."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Any, cast

from darkroom.cli.batch.problems import BadRow, RowProblem
from darkroom.cli.batch.reading import Cells

_TEXTS = (
    *("model", "size", "quality", "background", "output_format", "moderation", "complexity"),
    *("size_policy", "service_tier", "input_fidelity", "mask_convention", "user"),
)
_NUMBERS = {
    "n": (1, 10),
    "output_compression": (0, 100),
    "seed": (0, 2**63 - 1),
    "frame_count": (2, 16),
    "frame_duration_ms": (10, 655_350),
}
OPTIONS = (*_TEXTS, *_NUMBERS)
ALIASES = {
    "format": "output_format",
    "compression": "output_compression",
    "frames": "frame_count",
    "frame_ms": "frame_duration_ms",
    "image": "images",
}
"""Names of the command line's options, which columns may have, too."""
_OWN = ("id", "prompt", "images", "mask")
_REMOTE = ("http://", "https://", "data:")
_IMAGE_BYTES_MAX = 50_000_000
_IMAGES_MAX = 16
_ID_MAX = 64
_HASH_DIGITS = 12
_MANY = re.compile(r"[;|]")


@dataclass(frozen=True, slots=True)
class Row:
    """One request. ``images`` and ``mask`` are paths that exist, or URLs.

    ``digest`` is of everything that is asked, the content of its files included.
    """

    id: str
    number: int
    """From 1, in the order of the batch."""
    line: int
    prompt: str
    options: Mapping[str, Any]
    images: tuple[str, ...] = ()
    mask: str | None = None
    digest: str = ""

    @property
    def request(self) -> dict[str, Any]:
        """What is asked besides the prompt, for the record."""
        images = {"images": list(self.images)} if self.images else {}
        return {**self.options, **images, **({"mask": self.mask} if self.mask else {})}


@dataclass(slots=True)
class Maker:
    """Makes rows of cells. Relative paths start at ``folder``; ``defaults`` are by wire names."""

    folder: Path
    defaults: Mapping[str, Any]
    template: str | None = None
    grid: Sequence[Mapping[str, Any]] = ({},)
    _digests: dict[str, str] = field(default_factory=dict[str, str])

    def rows(self, found: Sequence[Cells]) -> tuple[list[Row], list[RowProblem]]:
        """All rows that can be made, numbered, and what is wrong with the others."""
        rows: list[Row] = []
        problems: list[RowProblem] = []
        lines: dict[str, int] = {}
        fields = _fields(self.template)
        for cells in found:
            try:
                made = self._made(cells, fields)
            except BadRow as problem:
                problems.append(RowProblem(cells.line, str(problem)))
                continue
            for row in made:
                if row.id in lines:
                    problems.append(RowProblem(row.line, _double(row.id, lines[row.id])))
                lines.setdefault(row.id, row.line)
                rows.append(replace(row, number=len(rows) + 1))
        return rows, problems

    def _made(self, cells: Cells, fields: frozenset[str]) -> list[Row]:
        values = _named(cells.values, fields)
        prompt = self._prompt(values)
        images, mask = self._images(values)
        own = {name: _option(name, values[name]) for name in OPTIONS if name in values}
        given = _given_id(values.get("id"))
        made: list[Row] = []
        for point in self.grid:
            if twice := next((name for name in point if name in own), None):
                raise BadRow(f"says '{twice}', and so does --grid")
            options = {**self.defaults, **own, **point}
            row = Row("", 0, cells.line, prompt, options, images, mask)
            digest = self._digest(row)
            marked = given and "-".join((given, *(str(value) for value in point.values())))
            made.append(replace(row, id=marked or digest[:_HASH_DIGITS], digest=digest))
        return made

    def _prompt(self, values: Mapping[str, object]) -> str:
        if self.template is None:
            prompt = values.get("prompt")
            if prompt is None:
                raise BadRow("no prompt")
            if not isinstance(prompt, str):
                raise BadRow("'prompt' is no text")
        else:
            prompt = _filled(self.template, values)
        if not prompt.strip():
            raise BadRow("the prompt is empty")
        return prompt.strip()

    def _images(self, values: Mapping[str, object]) -> tuple[tuple[str, ...], str | None]:
        images = tuple(self._place(one) for one in _paths(values.get("images")))
        if len(images) > _IMAGES_MAX:
            raise BadRow(f"{len(images)} images; at most {_IMAGES_MAX}")
        mask = values.get("mask")
        if mask is None:
            return images, None
        if not isinstance(mask, str):
            raise BadRow("'mask' is a path or a URL")
        if not images:
            raise BadRow("a mask, but no images to edit")
        return images, self._place(mask)

    def _place(self, given: str) -> str:
        if given.lower().startswith(_REMOTE):
            return given
        path = self.folder / given
        try:
            if not path.is_file():
                raise BadRow(f"there is no file {path}")
            size = path.stat().st_size
        except OSError as error:  # a name that no file can have, or a folder that is not ours
            raise BadRow(f"cannot read {path}: {error.strerror}") from error
        if size > _IMAGE_BYTES_MAX:
            raise BadRow(f"{path} is larger than {_IMAGE_BYTES_MAX // 1_000_000} MB")
        return str(path)

    def _digest(self, row: Row) -> str:
        asked = {
            "prompt": row.prompt,
            "options": dict(row.options),
            "images": [self._content(one) for one in row.images],
            "mask": None if row.mask is None else self._content(row.mask),
        }
        text = json.dumps(asked, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

    def _content(self, place: str) -> str:
        """The same file with other pixels is another request."""
        if place.lower().startswith(_REMOTE):
            return place
        if place not in self._digests:
            try:
                with Path(place).open("rb") as file:
                    self._digests[place] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise BadRow(f"cannot read {place}: {error.strerror}") from error
        return self._digests[place]


def read_grid(words: Sequence[str]) -> list[dict[str, Any]]:
    """``size=1024x1024,1536x1024 quality=low,high`` as all combinations, the first axis outermost.

    Raises :class:`BadRow`.
    """
    points: list[dict[str, Any]] = [{}]
    for word in words:
        written, _, listed = word.partition("=")
        name = ALIASES.get(written, written)
        if name not in OPTIONS:
            raise BadRow(f"--grid: no option '{written}'. There are: {', '.join(OPTIONS)}")
        if name in points[0]:
            raise BadRow(f"--grid: '{written}' is there twice")
        values = [value.strip() for value in listed.split(",") if value.strip()]
        if not values:
            raise BadRow(f"--grid: '{written}' has no values: {written}=A,B")
        if len(set(values)) < len(values):
            raise BadRow(f"--grid: '{written}' has a value twice")
        points = [{**one, name: _option(name, value)} for one in points for value in values]
    return points


def is_axis(word: str) -> bool:
    """Whether a word of the command line is an axis of a grid: ``quality=low,high``."""
    name = word.partition("=")[0]
    return "=" in word and ALIASES.get(name, name) in OPTIONS


def _named(values: Mapping[str, object], fields: frozenset[str]) -> dict[str, object]:
    """By the names on the wire; what the template uses under its own, too."""
    named: dict[str, object] = {}
    for written, value in values.items():
        name = ALIASES.get(written, written)
        if name not in OPTIONS and name not in _OWN and written not in fields:
            known = ", ".join((*_OWN, *OPTIONS))
            raise BadRow(f"unknown column '{written[:64]}'. There are: {known}")
        if name in named:
            raise BadRow(f"'{written}' and '{name}' are the same")
        named[written if written in fields else name] = value
    return named


def _option(name: str, value: object) -> str | int:
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadRow(f"'{name}' is a whole number from {low} to {high}, not '{value}'")
        return value
    if not isinstance(value, str):
        raise BadRow(f"'{name}' is a text, not '{value}'")
    return value


def _given_id(value: object) -> str:
    if value is None:
        return ""
    text = str(value) if isinstance(value, str | int) else ""
    if not text or len(text) > _ID_MAX or not text.isprintable() or "," in text:
        raise BadRow(f"'id' is a text of at most {_ID_MAX} characters, without a comma")
    return text


def _paths(value: object) -> list[str]:
    """One path or URL, several between ``;`` or ``|``, or a list of them."""
    if value is None:
        return []
    if isinstance(value, str):
        # A data URL has a semicolon of its own.
        whole = [value] if value.lower().startswith("data:") else _MANY.split(value)
        return [one.strip() for one in whole if one.strip()]
    if isinstance(value, list) and all(isinstance(one, str) for one in cast(list[object], value)):
        return cast(list[str], value)
    raise BadRow("'images' is a path or a URL, or a list of them")


def _fields(template: str | None) -> frozenset[str]:
    """The names in a template. Raises :class:`BadRow`."""
    if template is None:
        return frozenset()
    try:
        parsed = [(name, form, to) for _, name, form, to in Formatter().parse(template)]
    except ValueError as error:
        raise BadRow(f"--template: {error}") from error
    names = [name for name, _, _ in parsed if name is not None]
    odd = next((name for name in names if not name.isidentifier()), None)
    if odd is not None or any(form or to for _, form, to in parsed):
        raise BadRow("--template: names stand between braces as in {product}; {{ is a brace")
    return frozenset(names)


def _filled(template: str, values: Mapping[str, object]) -> str:
    parts: list[str] = []
    for text, name, _, _ in Formatter().parse(template):
        parts.append(text)
        if name is None:
            continue
        value = values.get(name)
        if value is None:
            raise BadRow(f"no '{name}', which the template wants")
        parts.append(str(value))
    return "".join(parts)


def _double(id: str, line: int) -> str:
    return f"the id '{id}' is that of line {line}, too; the same request twice needs ids"
