"""The long form of the image tests: ``python -m tests.hostile images --mutations 100000``."""

import argparse
import asyncio
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path

from platformdirs import user_cache_path

from tests.hostile.bombs import BOMBS, LARGE, ODD
from tests.hostile.mutations import mutations, seeds
from tests.hostile.survey import survey


def main(arguments: list[str]) -> int:
    """Bombs, Pillow's own test images, and mutations of valid files; 1 if one did harm."""
    parser = argparse.ArgumentParser("python -m tests.hostile images", description=main.__doc__)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutations")
    parser.add_argument("--corpus", type=Path, help="Pillow's sources; fetched if not named")
    parser.add_argument("--no-corpus", action="store_true", help="leave out Pillow's images")
    chosen = parser.parse_args(arguments)
    corpus = [] if chosen.no_corpus else list(_pillow(chosen.corpus or _fetched()))
    made = chain(BOMBS.items(), ODD.items(), LARGE.items())
    parts: list[tuple[str, Iterator[tuple[str, bytes]]]] = [
        ("bombs", ((name, make()) for name, make in made)),
        ("Pillow's test images", ((path.name, path.read_bytes()) for path in corpus)),
        ("mutations", islice(mutations(seeds(), chosen.seed), chosen.mutations)),
    ]
    failed = False
    for name, files in parts:
        began = time.monotonic()
        found = asyncio.run(survey(files))
        print(f"\n{name} ({time.monotonic() - began:.0f} s)", *found.lines(), sep="\n", flush=True)
        failed |= bool(found.wrong)
    return int(failed)


def _pillow(folder: Path) -> Iterator[Path]:
    return (path for path in sorted((folder / "Tests" / "images").rglob("*")) if path.is_file())


def _fetched() -> Path:
    """The sources of the Pillow that is installed, from the package index, once."""
    release = version("pillow")
    cache = user_cache_path("darkroom-tests", ensure_exists=True)
    folder = cache / f"pillow-{release}"
    if not folder.exists():
        # The environment has no pip; the Python that it was made from has.
        fetch = [getattr(sys, "_base_executable", sys.executable), "-m", "pip", "download"]
        fetch += ["--no-binary", "pillow", "--no-deps", "--dest", str(cache), f"pillow=={release}"]
        subprocess.run(fetch, check=True)  # noqa: S603 - our own words
        with tarfile.open(cache / f"pillow-{release}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return folder
