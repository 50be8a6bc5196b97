"""Compares the bytes that rows name with those that are stored."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.core.ids import now_ms
from darkroom.db import Database

_LATER_MS = 3_600_000
"""Bytes that were stored since then may have their row still written."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Flaws:
    """What is wrong with stored images, as hashes. ``images``: how many there should be, with the
    small copies. One of those that is lost or torn is no fault: it is made again."""

    images: int
    missing: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """Not the size that rows say; or, where they were read, not what their hash says."""
    strays: tuple[str, ...] = ()
    """Named by nobody, and not about to be removed."""


async def audit(
    database: Database, blobs: Blobs, *, deep: bool = False, later_ms: int = _LATER_MS
) -> Flaws:
    """``deep``: every image is read and hashed. A server may be at work."""
    # before the bytes: they are there before the row
    small = await database.read(records.named_small)
    named = small | await database.read(records.named)
    found: dict[str, int] = {}
    until, more = now_ms() - later_ms, list[str]()
    async for page in blobs.listed():
        found.update((one.sha256, one.byte_size) for one in page)
        more += [one.sha256 for one in page if one.sha256 not in named and one.at_ms <= until]
    there = named.keys() & found.keys()
    torn = {sha256 for sha256 in there if named[sha256] != found[sha256]}
    wrong = await _still_named(database, torn)
    if deep:
        whole = there - torn
        wrong |= {each for each in whole if await _hash_of(blobs, each, named[each]) != each}
    lost = await _still_named(database, named.keys() - found.keys())
    return Flaws(
        images=len(named),
        missing=tuple(sorted(lost)),
        wrong=tuple(sorted(wrong)),
        strays=tuple(sorted(await _strays(database, more))),
    )


async def _hash_of(blobs: Blobs, sha256: str, byte_size: int) -> str:
    digest = hashlib.sha256()
    try:
        async for piece in blobs.read(sha256, byte_size):
            digest.update(piece)
    except FileNotFoundError:  # removed meanwhile, with its row
        return sha256
    return digest.hexdigest()


async def _still_named(database: Database, hashes: Iterable[str]) -> set[str]:
    """Without small copies, and those whose rows were deleted while the bytes were looked at."""
    wanted = set(hashes)
    return wanted & (await database.read(records.named)).keys() if wanted else wanted


async def _strays(database: Database, hashes: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(hashes), _AT_ONCE):
        page = hashes[start : start + _AT_ONCE]
        found |= await database.read(lambda tx, of=page: records.strays(tx, of))
    return found
