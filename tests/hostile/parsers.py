"""Damaged input for everything that reads bytes: ``python -m tests.hostile parsers --seconds 60``.

Each parser takes what is well-formed, refuses the rest with the errors that it documents, does not
hang or swell, and gives the same for a stream however that is cut.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile import targets_files, targets_upstream, targets_wire
from tests.hostile.fuzzing import Target, fuzz

_SHOWN = 300


def main(arguments: list[str]) -> int:
    """Fuzz every parser in turn; 1 if one did something that it should not."""
    parser = argparse.ArgumentParser("python -m tests.hostile parsers", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for all parsers together")
    parser.add_argument("--cases", type=int, help="as many for each parser instead")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other inputs")
    parser.add_argument("--only", default="", help="parsers with this in their name")
    chosen = parser.parse_args(arguments)
    failed, cases = False, 0
    print(f"{'':24}    inputs   refused  accepted   ways  slowest     memory  wrong")
    with targets() as every:
        wanted = [target for target in every if chosen.only in target.name]
        for target in wanted:
            enough = _enough(chosen.cases, chosen.seconds / len(wanted))
            found = fuzz(target, chosen.seed, enough)
            print(f"{target.name:24} {found.line()}", flush=True)
            for what, data in found.wrong.items():
                print(f"  {what}\n    {data[:_SHOWN]!r}", flush=True)
            failed |= bool(found.wrong)
            cases += found.cases
    print(f"{cases:,} inputs")
    return int(failed)


@contextmanager
def targets() -> Generator[tuple[Target, ...]]:
    """All of them, with a folder for their files."""
    with (
        tempfile.TemporaryDirectory(prefix="parsers-") as folder,
        targets_wire.targets(Path(folder)) as wire,
    ):
        yield (*wire, *targets_upstream.TARGETS, *targets_files.targets(Path(folder)))


def _enough(cases: int | None, seconds: float) -> Callable[[int], bool]:
    until = time.monotonic() + seconds
    return lambda number: number >= cases if cases is not None else time.monotonic() >= until
