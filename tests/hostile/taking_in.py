"""What becomes of a file, by all the ways in which a worker looks at one, and what that cost."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from darkroom.core.draft import MaskConvention
from darkroom.core.finish import Finish
from darkroom.core.size import Size
from darkroom.imaging.cleaning import cleaned
from darkroom.imaging.decoding import check_decodes
from darkroom.imaging.finishing import finished
from darkroom.imaging.inspect import ImageFacts, NotAnImage, inspect
from darkroom.imaging.mask import with_alpha
from darkroom.imaging.raw import picture_of
from darkroom.imaging.thumbnail import thumbnail
from darkroom.imaging.work import Limits, pooled


@dataclass(frozen=True, slots=True)
class Seen:
    """``refused``: which way said what; ``cpu_s``: of the slowest way; ``more_bytes``: at most."""

    refused: dict[str, str]
    cpu_s: float
    more_bytes: int


@pooled(Limits(2.0 * 6, 256 << 20, 120.0))
def all_ways(source: Path, target: Path, facts: ImageFacts) -> Seen:
    """Everything that a worker does with a file, one after another. Two seconds for each."""
    ways: dict[str, Callable[[], object]] = {
        "cleaned": lambda: cleaned(source, target, facts),
        "decoded": lambda: check_decodes(source),
        "mask": lambda: with_alpha(source, target, facts, MaskConvention.AUTO),
        "thumbnail": lambda: thumbnail(source, target, 64),
        "pixels": lambda: picture_of(source, 100_000),
        "finished": lambda: finished(source, target, facts, Finish(Size(24, 24), "png"), None),
    }
    refused: dict[str, str] = {}
    slowest, before = 0.0, resident()
    for name, way in ways.items():
        started = _cpu_s()
        try:
            way()
        except NotAnImage as error:
            refused[name] = str(error)
        except MemoryError:
            refused[name] = "memory"
        slowest = max(slowest, _cpu_s() - started)
        target.unlink(missing_ok=True)
    return Seen(refused, slowest, peak() - before)


def header(path: Path) -> ImageFacts | str:
    """What the server itself finds: the facts, or why it goes no further."""
    try:
        return inspect(path)
    except NotAnImage as error:
        return str(error)


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def resident() -> int:
    """Resident bytes; forgets the peak. Linux alone tells: elsewhere 0."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return 0
    return _status("VmRSS")


def peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(text.partition(f"{name}:")[2].split()[0]) * 1024
