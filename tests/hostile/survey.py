"""Shows many hostile files to the image pool and counts what became of them."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.pool import ImagePool
from tests.hostile.taking_in import all_ways, header

CPU_S_MAX = 2.0
MORE_BYTES_MAX = 256 << 20
_AT_ONCE = 2
_KILLED = ("the image takes too long to decode", "the image cannot be decoded")


@dataclass(slots=True)
class Survey:
    """Counts, and the names of the files for which something is wrong."""

    files: int = 0
    refused_by_header: int = 0
    refused_by_worker: int = 0
    accepted: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    most_bytes: int = 0
    most: str = ""
    said: Counter[str] = field(default_factory=Counter[str])
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def lines(self) -> list[str]:
        return [
            f"files                 {self.files:>9,}",
            f"refused by the header {self.refused_by_header:>9,}",
            f"refused by a worker   {self.refused_by_worker:>9,}",
            f"taken in              {self.accepted:>9,}",
            f"slowest step          {self.slowest_s:>9.2f} CPU s   {self.slowest}",
            f"most memory           {self.most_bytes >> 20:>9,} MiB     {self.most}",
            f"crashed, hung, wrong  {len(self.wrong):>9,}",
            *(f"  {name}: {what}" for name, what in list(self.wrong.items())[:20]),
        ]


async def survey(files: Iterable[tuple[str, bytes]]) -> Survey:
    """Every file through the header check and, where that lets it, through each way of a worker."""
    found, waiting = Survey(), iter(files)
    pool = ImagePool(_AT_ONCE, room="tests.hostile")
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:

        async def work(number: int) -> None:
            source, target = Path(folder, f"source-{number}"), Path(folder, f"target-{number}")
            for name, data in waiting:
                await asyncio.to_thread(source.write_bytes, data)
                await _one(pool, found, name, (source, target))

        try:
            await asyncio.gather(*map(work, range(_AT_ONCE)))
        finally:
            pool.close()
    return found


async def _one(pool: ImagePool, found: Survey, name: str, paths: tuple[Path, Path]) -> None:
    found.files += 1
    facts = header(paths[0])
    if isinstance(facts, str):
        found.refused_by_header += 1
        found.said[facts] += 1
        return
    try:
        seen = await pool.run(all_ways, *paths, facts)
    except NotAnImage as error:
        found.refused_by_worker += 1
        found.said[str(error)] += 1
        if str(error) in _KILLED:
            found.wrong[name] = str(error)
        return
    except RuntimeError as error:
        found.wrong[name] = str(error)
        return
    found.said.update(seen.refused.values())
    found.refused_by_worker += "decoded" in seen.refused
    found.accepted += "decoded" not in seen.refused
    if seen.cpu_s > found.slowest_s:
        found.slowest_s, found.slowest = seen.cpu_s, name
    if seen.more_bytes > found.most_bytes:
        found.most_bytes, found.most = seen.more_bytes, name
    if seen.cpu_s > CPU_S_MAX or seen.more_bytes > MORE_BYTES_MAX:
        found.wrong[name] = f"{seen.cpu_s:.2f} CPU s, {seen.more_bytes >> 20} MiB"
