"""Hostile URLs: none leads to as much as a connection to an address that is not public.

The long form: ``python -m tests.hostile network``.
"""

import asyncio
import socket
from collections import Counter

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from darkroom.core.errors import InvalidImage
from darkroom.egress import AddressGuard, PublicFetcher
from tests.hostile.fields import FIELDS, Field, through
from tests.hostile.reach import IMAGE, Reached, Wires, fetched, internet, told
from tests.hostile.urls import NOTATIONS, PUBLIC_V4, STATUSES, benign, hostile, redirects


def test_no_hostile_url_is_fetched_or_connected_to() -> None:
    cases = hostile()
    assert len({case.url for case in cases}) >= 1_000
    reached = asyncio.run(fetched(cases))
    assert reached.wrong == {}
    assert (reached.refused, reached.connects) == (len(cases), 0)


def test_no_redirect_leads_inside_nor_a_name_that_changes_its_mind() -> None:
    cases = list(redirects())[::7]
    assert Counter(int(url.url.split("/")[3]) for url in cases).keys() == set(STATUSES)
    reached = asyncio.run(fetched(cases))
    assert reached.wrong == {}
    assert (reached.refused, reached.connects) == (len(cases), len(cases))


def test_no_webhook_goes_inside_though_its_address_looked_well() -> None:
    reached = asyncio.run(told(hostile()))
    assert reached.wrong == {}
    assert reached.named > 100  # names: what they lead to is known when they are connected to


async def test_public_urls_are_fetched_from_the_addresses_that_were_judged() -> None:
    cases = list(benign())
    assert len(cases) >= 50
    async with internet() as world:
        for case in cases:
            found, opened = await world.fetch(case)
            (turns,) = case.says.values()
            assert found == IMAGE, case.url
            assert opened[0] in turns[0], case.url


@pytest.mark.parametrize("field", FIELDS, ids=str)
async def test_every_field_has_the_guard_behind_it(field: Field) -> None:
    reached = Reached()
    async with internet() as world:
        for case in hostile()[:: len(NOTATIONS) // 5]:
            await through(field, case, world, reached)
    assert reached.wrong == {}
    assert reached.refused > 100
    assert reached.connects == 0


class Turncoat(AbstractResolver):
    """Its answers say something else whenever they are read."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        class Answer(dict[str, object]):
            read = 0

            def __getitem__(self, name: str) -> object:
                if name != "host":
                    return super().__getitem__(name)
                self.read += 1
                return PUBLIC_V4 if self.read == 1 else "127.0.0.1"

        fields = {"hostname": host, "port": port, "family": socket.AF_INET}
        return [Answer(fields, host="", proto=0, flags=socket.AI_NUMERICHOST)]  # type: ignore[list-item]

    async def close(self) -> None:
        return None


async def test_an_answer_that_changes_after_it_was_judged_is_judged_at_the_socket() -> None:
    wires = Wires(site=1)
    fetcher = PublicFetcher(AddressGuard(), resolver=Turncoat(), sockets=wires.make)
    with pytest.raises(InvalidImage, match="public address"):
        await fetcher.fetch("http://out.example/a.png", lambda _: None)
    await fetcher.close()
    assert wires.opened == []
