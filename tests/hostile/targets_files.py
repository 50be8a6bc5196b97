"""What people and operators keep in files: batches and their records, images, configuration."""

import json
import random
from collections.abc import Hashable, Sequence
from contextlib import suppress
from pathlib import Path

from darkroom.catalog.load import CatalogError, load_models
from darkroom.catalog.prices import DEFAULT_PATH, PriceBook
from darkroom.cli import __file__ as cli_file
from darkroom.cli.batch.manifest import Entry
from darkroom.cli.batch.problems import Unreadable
from darkroom.cli.batch.reading import read_rows
from darkroom.cli.batch.rows import Maker
from darkroom.core.errors import InvalidRequest
from darkroom.core.money import MAX_NANOS, dollars, parse_dollars
from darkroom.core.size import Size
from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.inspect import NotAnImage, inspect
from darkroom.report.runs import MANIFEST, Run, RunError, RunFile, read_manifest, read_runs
from darkroom.server.amounts import read_amount
from darkroom.settings import ConfigError, load_settings
from tests.hostile.fuzzing import Target
from tests.hostile.mutations import seeds

_CLEANED_PIXELS_MAX = 1_000_000
"""Larger ones belong into a worker: ``python -m tests.hostile images``."""
_PRICES_SHOWN = 3

_CSV = (
    'id,prompt,size,n,images\nhat,"a ""red"" hat",1024x1024,1,\n,boat,,2,https://a.example/b.png\n'
)
_JSONL = '{"prompt":"a boat","size":"1024x1024","n":1,"images":["https://a.example/b"]}\n"a hat"\n'
_CONFIG = """
data_dir = "~/x"
host = "127.0.0.1"
port = 8080
[[deployments]]
id = "one"
provider = "openai"
api_key = "sk-1"
models = {"gpt-image-1.5" = "image"}
price_multiplier = "0.9"
price_per_image = "0.04"
"""


def targets(folder: Path) -> tuple[Target, ...]:
    """``folder`` is for the files that are read."""
    return (
        *_batches(folder),
        Target(
            "batch records",
            (_record(),),
            _Records(folder / "record").read,
            words=(b'"seconds":', b'"at":', b'"files":[', b"1e999", b'"warnings":7', b'"id":"a"'),
        ),
        Target(
            "configuration",
            (_CONFIG.encode(), Path(cli_file).with_name("darkroom.toml").read_bytes()),
            _Config(folder / "darkroom.toml").settings,
            (ConfigError,),
            words=(
                b"[[deployments]]\n",
                b'"env:X"',
                b'"file:/"',
                b"~nobody/x",
                b"x = " + b"[" * 9_000,
                b"inf",
                b"nan",
            ),
        ),
        Target(
            "models.toml",
            (_without_comments(DEFAULT_PATH.with_name("models.toml")),),
            _Config(folder / "models.toml").models,
            (CatalogError,),
            words=(b'like = "x"\n', b"[models]\n", b"1979-05-27", b"inf", b"[]", b"fixed = "),
        ),
        Target(
            "prices.toml",
            (_some_prices(),),
            _Config(folder / "prices.toml").prices,
            (CatalogError,),
            words=(b"[[openai.prices]]\n", b'"0.0000000001"', b"1979-05-27T00:00:00", b'"-1"'),
        ),
        Target("image files", _pictures(), _Pictures(folder).read, (NotAnImage,)),
        Target(
            "sizes and amounts",
            (b"1024x1024", b"12.34", b"-0.000000001", b"9223372036.854775807"),
            _read_numbers,
            (ValueError,),
            grammar=_amount,
            words=(b"x", b".", b"-", "×".encode(), b"+", b"_", b"e9"),
        ),
    )


def _batches(folder: Path) -> list[Target]:
    words = (b"prompt", b"images", b"mask", b"id", b"a.png;b.png", b"/" * 300, b'"n": 1', b'""')
    corpora: dict[str, tuple[str, ...]] = {
        ".csv": (_CSV,),
        ".tsv": (_CSV.replace(",", "\t"),),
        ".jsonl": (_JSONL,),
        ".txt": ("# hats\na hat\n\na boat\r\n",),
    }
    return [
        Target(
            f"batches as {suffix}",
            tuple(text.encode() for text in texts),
            _Batch(folder / f"batch{suffix}").read,
            (Unreadable,),
            words=words,
        )
        for suffix, texts in corpora.items()
    ]


class _Batch:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, pieces: Sequence[bytes]) -> Hashable:
        self._path.write_bytes(b"".join(pieces))
        cells, unread = read_rows(str(self._path))
        rows, problems = Maker(self._path.parent, {}).rows(cells)
        assert len(rows) + len(problems) >= len(cells)
        assert all(problem.message for problem in (*unread, *problems))
        return f"{min(len(rows), 3)} {min(len(unread), 2)} {[one.message[:20] for one in problems]}"


class _Records:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder

    def read(self, pieces: Sequence[bytes]) -> Hashable:
        path = self._folder / MANIFEST
        path.write_bytes(b"".join(pieces))
        runs = read_runs(self._folder)
        entries = 0
        for said in read_manifest(path):
            with suppress(LookupError, TypeError, ValueError, OverflowError):
                entry = Entry.from_json(said)
                assert entry.reserved_nanos is not None
                assert entry.age_s is not None
                entries += 1
        json.dumps([run.to_json() for run in runs])
        return f"{min(len(runs), 3)} {min(entries, 3)}"


class _Config:
    def __init__(self, path: Path) -> None:
        self._path = path

    def settings(self, pieces: Sequence[bytes]) -> Hashable:
        self._path.write_bytes(b"".join(pieces))
        return f"{len(load_settings({'config': self._path}).resolved_deployments())}"

    def models(self, pieces: Sequence[bytes]) -> Hashable:
        self._path.write_bytes(b"".join(pieces))
        return f"{len(load_models(self._path))}"

    def prices(self, pieces: Sequence[bytes]) -> Hashable:
        self._path.write_bytes(b"".join(pieces))
        return f"{len(PriceBook.load(self._path).sheets)}"


class _Pictures:
    def __init__(self, folder: Path) -> None:
        self._source, self._target = folder / "source", folder / "target"

    def read(self, pieces: Sequence[bytes]) -> Hashable:
        self._source.write_bytes(b"".join(pieces))
        facts = inspect(self._source)
        assert facts.width > 0 < facts.height
        if facts.media_type == "image/gif" or facts.animated:
            return facts.media_type
        if facts.width * facts.height > _CLEANED_PIXELS_MAX:
            return "large"
        try:
            changed = cleaned(self._source, self._target, facts)
            if changed:  # and cleaning it once more finds nothing in a PNG or WebP
                again = inspect(self._target)
                assert again.media_type == facts.media_type
                assert not again.metadata or facts.media_type == "image/jpeg"
            return f"{facts.media_type} {changed}"
        finally:
            self._target.unlink(missing_ok=True)


def _pictures() -> tuple[bytes, ...]:
    return tuple(seeds().values())


def _amount(rng: random.Random) -> tuple[bytes, Hashable]:
    nanos = rng.randint(-MAX_NANOS, MAX_NANOS) >> rng.randrange(64)
    return dollars(nanos).encode(), nanos


def _read_numbers(pieces: Sequence[bytes]) -> Hashable:
    text = b"".join(pieces).decode("utf-8", "replace")
    size = Size.parse(text)
    if size is not None:
        assert Size.parse(str(size)) == size
        return "size"
    with suppress(InvalidRequest):
        assert read_amount(text, "amount") > 0
    nanos = parse_dollars(text)
    assert parse_dollars(dollars(nanos)) == nanos
    return nanos


def _record() -> bytes:
    file = RunFile("a.png", "0" * 64, "image/png", 8, 8, 99)
    failed = RunError("moderation_blocked", "No.")
    runs = (
        Run("a", 1, "a boat", {"n": 1}, "succeeded", files=(file,), seconds=1.5, warnings=("w",)),
        Run("b", 2, "a hat", {}, "failed", error=failed, usage={"text_in": 3}),
    )
    entries = (Entry(run, "0" * 64, 1, 40, "s", "2026-11-20T10:00:00+00:00") for run in runs)
    lines = ({"manifest": 1, "batch": "0" * 32}, *(entry.to_json() for entry in entries))
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _without_comments(path: Path) -> bytes:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line[0] not in "#\n").encode()


def _some_prices() -> bytes:
    """The first sheet's first ones: all of them are read more slowly, not otherwise."""
    head, *prices = _without_comments(DEFAULT_PATH).split(b"[[")
    return b"[[".join((head, *prices[:_PRICES_SHOWN]))
