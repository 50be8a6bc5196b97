"""How far a URL gets: what is refused, and to which addresses a connection would be opened.

The Internet is a double: names are answered from a table, and a connection to any address ends at
a site on loopback, or is turned down. Each is noted before.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import unquote

from aiohttp.abc import AbstractResolver, ResolveResult

from darkroom.core.errors import InvalidImage, InvalidRequest
from darkroom.egress import AddressGuard, PublicFetcher, WebhookSender
from darkroom.egress.guard import MakeSocket
from darkroom.webhooks.rules import Rules
from tests.hostile.urls import Hostile, Turns

IMAGE = b"\x89PNG, or so it says"
_PAGE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
_MOVED = "HTTP/1.1 %d Moved\r\nConnection: close\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"


class Names(AbstractResolver):
    """Answers from what one URL says; unknown names lead to ``inside``."""

    def __init__(self) -> None:
        self.says: Mapping[str, Turns] = {}
        self.inside = ""
        self._asked: Counter[str] = Counter()

    def know(self, case: Hostile) -> None:
        self.says = {name.lower(): turns for name, turns in case.says.items()}
        self.says |= {_punycode(name): turns for name, turns in self.says.items()}
        self.inside = case.inside
        self._asked.clear()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        turns = self.says.get(host.lower(), ((self.inside,),))
        found = turns[min(self._asked[host], len(turns) - 1)]
        self._asked[host] += 1
        return [_result(host, port, address) for address in found]

    async def close(self) -> None:
        return None


def _punycode(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode()


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )


class Wires:
    """Makes the sockets; ``opened`` lists the addresses that were to be connected to."""

    def __init__(self, site: int) -> None:
        self.opened: list[str] = []
        wires = self

        class Wire(socket.socket):
            def connect(self, address: tuple[str, int], /) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
                wires.opened.append(address[0])
                if self.family != socket.AF_INET or address[1] not in (80, 8080):
                    raise ConnectionRefusedError("there is no such site")
                super().connect(("127.0.0.1", site))

        self.make: MakeSocket = Wire


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An image; at ``/302/<where>`` a redirect."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        status, _, where = path.lstrip("/").partition("/")
        if status.isdigit():
            location = unquote(where, errors="surrogatepass")
            writer.write((_MOVED % (int(status), location)).encode(errors="surrogatepass"))
        else:
            writer.write(_PAGE % (len(IMAGE), IMAGE))
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


@dataclass(slots=True)
class Reached:
    """Counts over many URLs. ``wrong``: what went where it must not, or not where it should."""

    urls: Counter[str] = field(default_factory=Counter[str])
    refused: int = 0
    named: int = 0
    """Those that a webhook may have by the look of them."""
    connects: int = 0
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, case: Hostile, opened: Iterable[str], *, refused: bool) -> None:
        found = list(opened)
        inside = [address for address in found if not _is_public(address)]
        self.urls[case.kind.partition(":")[0]] += 1
        self.refused += refused
        self.connects += len(found)
        if inside:
            self.wrong[case.url[:120]] = f"connected to {inside}"
        elif not case.may_go_out and (found or not refused):
            self.wrong[case.url[:120]] = f"refused: {refused}, connected to {found}"


def _is_public(address: str) -> bool:
    """By Python's own tables, which are not the guard's."""
    ip = ip_address(address.partition("%")[0])
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True, slots=True)
class Internet:
    """The names, the wires, and what goes out over them."""

    names: Names
    wires: Wires
    fetcher: PublicFetcher
    sender: WebhookSender

    async def fetch(self, case: Hostile) -> tuple[bytes | None, list[str]]:
        """The bytes, or None when it is refused; and the addresses that were connected to."""
        self.names.know(case)
        self.wires.opened.clear()
        found = bytearray()
        try:
            await self.fetcher.fetch(case.url, found.extend)
        except InvalidImage:
            return None, list(self.wires.opened)
        return bytes(found), list(self.wires.opened)

    async def post(self, case: Hostile) -> tuple[bool, list[str]]:
        """Whether the sender turned away from it by itself, and the addresses as above."""
        self.names.know(case)
        self.wires.opened.clear()
        reply = await self.sender.post(case.url, {}, b"{}")
        return reply.status is None, list(self.wires.opened)


@asynccontextmanager
async def internet() -> AsyncGenerator[Internet, None]:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    wires, names = Wires(server.sockets[0].getsockname()[1]), Names()
    fetcher = PublicFetcher(AddressGuard(), resolver=names, sockets=wires.make)
    sender = WebhookSender(resolver=names, sockets=wires.make)
    try:
        async with server:
            yield Internet(names, wires, fetcher, sender)
    finally:
        await fetcher.close()
        await sender.close()


async def fetched(cases: Iterable[Hostile]) -> Reached:
    """Each as the URL of an image."""
    reached = Reached()
    async with internet() as world:
        for case in cases:
            found, opened = await world.fetch(case)
            reached.note(case, opened, refused=found is None)
    return reached


async def told(cases: Iterable[Hostile]) -> Reached:
    """Each as the address of a webhook, accepted or not: judged again when it is connected to.

    Of a port the rules alone judge, and they do so before each delivery.
    """
    reached = Reached()
    async with internet() as world:
        for case in cases:
            named = may_be_named(case.url)
            refused, opened = await world.post(case)
            reached.named += named
            reached.note(case if named else replace(case, may_go_out=True), opened, refused=refused)
    return reached


def may_be_named(url: str) -> bool:
    """Whether a webhook's address is accepted at all."""
    try:
        Rules().check(url, "url")
    except InvalidRequest:
        return False
    return True
