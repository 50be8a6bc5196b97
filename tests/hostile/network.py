"""What comes over the network, at length: ``python -m tests.hostile network``."""

import argparse
import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from tests.hostile.fields import FIELDS, at_the_doors, through
from tests.hostile.floods import floods
from tests.hostile.forgeries import keys, links
from tests.hostile.odd_requests import broken, file_names, hosts, spoofs, traversals
from tests.hostile.place import Place, Tally, place
from tests.hostile.reach import IMAGE, Reached, fetched, internet, told
from tests.hostile.urls import benign, hostile, redirects

PARTS: Mapping[str, Callable[[Place], Tally]] = {
    "URLs in fields, over HTTP": at_the_doors,
    "Host headers": hosts,
    "proxies' headers": spoofs,
    "broken requests": broken,
    "paths": traversals,
    "file names": file_names,
    "forged links": links,
    "guessed keys": keys,
}


def main(arguments: list[str]) -> int:
    """Hostile URLs, requests, links, keys and bodies; 1 if one got where it must not."""
    argparse.ArgumentParser("python -m tests.hostile network", description=main.__doc__).parse_args(
        arguments
    )
    logging.disable()  # the server's own lines about each of them
    failed = False
    for name, run in {
        "image URLs": lambda: fetched(hostile()),
        "redirects and rebinding": lambda: fetched(redirects()),
        "webhooks": lambda: told(hostile()),
        "URLs in fields": _in_fields,
        "public URLs": _public,
    }.items():
        began = time.monotonic()
        reached = asyncio.run(run())
        counts = f"{reached.urls.total():>7,} tried  {reached.refused:>7,} refused"
        _told(f"{name:<26}{counts}  {reached.connects:>6,} connections", began, reached.wrong)
        failed |= bool(reached.wrong)
    with place() as at:
        for name, part in PARTS.items():
            began = time.monotonic()
            tally = part(at)
            _told(f"{name:<26}{tally.tried:>7,} tried", began, tally.wrong)
            failed |= bool(tally.wrong)
        began = time.monotonic()
        tally, most, longest = floods(at)
        worst = f"slowest {longest:.2f} s, most memory {most >> 20} MiB"
        _told(f"{'floods':<26}{tally.tried:>7,} tried  {worst}", began, tally.wrong)
    return int(failed or bool(tally.wrong))


async def _in_fields() -> Reached:
    """The whole corpus through each field."""
    reached = Reached()
    async with internet() as world:
        for field in FIELDS:
            for case in hostile():
                await through(field, case, world, reached)
    return reached


async def _public() -> Reached:
    """Each has to be fetched, from the address that was judged."""
    reached = Reached()
    async with internet() as world:
        for case in benign():
            found, opened = await world.fetch(case)
            reached.note(case, opened, refused=found is None)
            (turns,) = case.says.values()
            if found != IMAGE or opened[0] not in turns[0]:
                reached.wrong[case.url] = f"connected to {opened}"
    return reached


def _told(line: str, began: float, wrong: Mapping[str, str]) -> None:
    print(f"{line}  {len(wrong):>3} wrong  ({time.monotonic() - began:.1f} s)", flush=True)
    for name, what in list(wrong.items())[:20]:
        print(f"  {name}: {what}")
