"""Fetching a caller's URL: what is let through, and that what is refused is never touched."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from darkroom.core.errors import InvalidImage, PayloadTooLarge
from darkroom.egress import AddressGuard, BlockedAddress, PublicFetcher
from darkroom.egress.guard import GuardedResolver

LOOPBACK = ("127.0.0.0/8", "::1/128")
IMAGE = b"\x89PNG not really"


class Site:
    """A web server on loopback: raw answers by path; ``accepted`` counts TCP connections."""

    def __init__(self) -> None:
        self.accepted = 0
        self.requests: list[bytes] = []
        self.pages: dict[str, bytes] = {"/image": page(IMAGE)}
        self.endless: set[str] = set()
        self.port = 0
        self.hung_up = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def redirect(self, path: str, location: str, status: int = 302) -> None:
        self.pages[path] = page(b"moved", status, {"Location": location})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                path = head.split(b" ")[1].decode()
                writer.write(self.pages.get(path, page(b"gone", 404)))
                while path in self.endless:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up.set()
        finally:
            writer.close()


def page(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    fields = {"Content-Length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


class Names(AbstractResolver):
    """A resolver that knows the names it is told; ``asked`` lists what it was asked."""

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        self.names = names
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.names[host]
        ]

    async def close(self) -> None:
        return None


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    running = Site()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    async with server:
        yield running


@asynccontextmanager
async def fetching(**options: Any) -> AsyncIterator[Callable[[str], Any]]:
    """``fetch(url)`` gives the bytes."""
    options.setdefault("any_port", True)
    fetcher = PublicFetcher(AddressGuard(options.pop("allow", LOOPBACK)), **options)

    async def fetch(url: str) -> bytes:
        found = bytearray()
        await fetcher.fetch(url, found.extend)
        return bytes(found)

    try:
        yield fetch
    finally:
        await fetcher.close()


async def refused(url: str, match: str, **options: Any) -> None:
    async with fetching(**options) as fetch:
        with pytest.raises(InvalidImage, match=match):
            await fetch(url)


# Let through -----------------------------------------------------------------------------------


async def test_an_image_is_fetched_without_cookies_or_compression(site: Site) -> None:
    site.pages["/image"] = page(IMAGE, headers={"Set-Cookie": "a=b"})
    async with fetching() as fetch:
        assert await fetch(f"{site.url}/image") == IMAGE
        assert await fetch(f"{site.url}/image#part") == IMAGE
    for head in site.requests:
        fields = head.lower()
        assert b"\r\naccept-encoding: identity\r\n" in fields
        assert b"cookie" not in fields
        assert b"authorization" not in fields


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_absolute_and_relative(site: Site, status: int) -> None:
    site.redirect("/a/b", "c", status)
    site.redirect("/a/c", "../d?x=1", status)
    site.redirect("/d?x=1", f"{site.url}/image", status)
    async with fetching() as fetch:
        assert await fetch(f"{site.url}/a/b") == IMAGE


async def test_a_name_that_resolves_to_permitted_addresses_is_fetched(site: Site) -> None:
    names = Names({"pictures.example": ["127.0.0.1"]})
    async with fetching(resolver=names) as fetch:
        assert await fetch(f"http://pictures.example:{site.port}/image") == IMAGE
    assert names.asked == ["pictures.example"]


# Refused by what it answers --------------------------------------------------------------------


async def test_a_fourth_redirect_is_refused(site: Site) -> None:
    for number in range(4):
        site.redirect(f"/{number}", f"/{number + 1}")
    await refused(f"{site.url}/0", "redirects more than 3")
    assert len(site.requests) == 4


@pytest.mark.parametrize(
    "location", ["", "http://[", "http://x\x01y/", "//", "ftp://127.0.0.1/", "data:,x"]
)
async def test_a_redirect_to_nowhere_is_refused(site: Site, location: str) -> None:
    site.redirect("/a", location)
    await refused(f"{site.url}/a", "URL")


async def test_other_statuses_are_refused(site: Site) -> None:
    await refused(f"{site.url}/nothing", "HTTP status 404")
    site.pages["/no"] = page(b"", 204)
    await refused(f"{site.url}/no", "HTTP status 204")


async def test_a_compressed_body_is_refused_undecoded(site: Site) -> None:
    body = gzip.compress(b"\0" * 1_000_000)
    site.pages["/bomb"] = page(body, headers={"Content-Encoding": "gzip"})
    await refused(f"{site.url}/bomb", "compressed")


async def test_silence_is_refused(site: Site) -> None:
    site.pages["/slow"] = b""
    await refused(f"{site.url}/slow", "did not answer in time", timeout_s=0.2)
    site.pages["/cut"] = b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nonly this"
    await refused(f"{site.url}/cut", "did not answer in time", timeout_s=0.2)


async def test_garbage_is_refused(site: Site) -> None:
    site.pages["/garbage"] = b"220 smtp ready\r\n\r\n"
    await refused(f"{site.url}/garbage", "could not be downloaded")


async def test_too_many_bytes_stop_the_download(site: Site) -> None:
    site.pages["/huge"] = b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n"
    site.endless.add("/huge")
    read = 0

    def write(piece: bytes) -> None:
        nonlocal read
        read += len(piece)
        if read > 1_000_000:
            raise PayloadTooLarge("enough")

    fetcher = PublicFetcher(AddressGuard(LOOPBACK), any_port=True)
    with pytest.raises(PayloadTooLarge):
        await fetcher.fetch(f"{site.url}/huge", write)
    async with asyncio.timeout(5):
        await site.hung_up.wait()
    await fetcher.close()
    assert read < 2_000_000


# Refused by where it points: not even a connection ---------------------------------------------

HOSTS = [
    *("127.0.0.1", "127.0.0.2", "0.0.0.0", "127.1", "2130706433", "017700000001"),  # noqa: S104
    *("0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.1", "127.0.0.1.", "0", "0x"),
    *("①②⑦.0.0.1", "127。0。0。1", "\uff11\uff12\uff17.0.0.1", "%31%32%37.0.0.1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::1%25lo]"),
    *("localhost", "localhost.", "LOCALHOST", "metadata.example", "mixed.example", "six.example"),
]
INTERNAL = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "metadata.example": ["127.0.0.1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "six.example": ["::ffff:127.0.0.1"],
}


@pytest.mark.parametrize("host", HOSTS)
async def test_an_internal_address_is_not_even_connected_to(site: Site, host: str) -> None:
    url = f"http://{host}:{site.port}/image"
    await refused(
        url, "public address|malformed|could not be downloaded", allow=(), resolver=Names(INTERNAL)
    )
    assert site.accepted == 0


async def test_the_same_addresses_are_reached_where_they_are_allowed(site: Site) -> None:
    async with fetching(resolver=Names(INTERNAL)) as fetch:
        for host in ("127.0.0.1", "metadata.example", "①②⑦.0.0.1"):
            assert await fetch(f"http://{host}:{site.port}/image") == IMAGE
    assert site.accepted > 0


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1]:{port}/",
        "http://inside.example:{port}/",
        "//2130706433:{port}/",
        "http://10.0.0.1/",
    ],
)
async def test_a_redirect_to_an_internal_address_is_not_followed(site: Site, location: str) -> None:
    site.redirect("/a", location.format(port=site.port))
    names = Names({"inside.example": ["127.0.0.2"]})
    url = f"{site.url}/a"
    await refused(url, "public address|malformed", allow=("127.0.0.1/32",), resolver=names)
    assert site.accepted == 1


async def test_a_name_that_changes_its_mind_is_judged_anew(site: Site) -> None:
    names: dict[str, list[str]] = {"rebind.example": ["127.0.0.1"]}
    site.pages["/image"] = page(IMAGE, headers={"Connection": "close"})
    async with fetching(allow=("127.0.0.1/32",), resolver=Names(names)) as fetch:
        url = f"http://rebind.example:{site.port}/image"
        assert await fetch(url) == IMAGE
        names["rebind.example"] = ["127.0.0.2"]
        with pytest.raises(InvalidImage, match="public address"):
            await fetch(url)
    assert site.accepted == 1


@pytest.mark.parametrize("found", [["93.184.216.34", "127.0.0.1"], ["10.0.0.1"], ["::1"]])
async def test_a_name_with_any_internal_address_is_refused_as_a_whole(found: list[str]) -> None:
    resolver = GuardedResolver(AddressGuard(), Names({"mixed.example": found}))
    with pytest.raises(BlockedAddress):
        await resolver.resolve("mixed.example", 80)
    await resolver.close()


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("file:///etc/passwd", "starts with https"),
        ("ftp://example.com/a", "starts with https"),
        ("gopher://127.0.0.1:6379/_x", "starts with https"),
        ("javascript:alert(1)", "starts with https"),
        ("unix:/var/run/docker.sock", "starts with https"),
        ("example.com/a.png", "starts with https"),
        ("//example.com/a.png", "starts with https"),
        ("http:///a.png", "starts with https"),
        ("", "starts with https"),
        ("http://user@127.0.0.1/", "user name"),
        ("http://user:secret@127.0.0.1/", "user name"),
        ("http://example.com\\@127.0.0.1/", "malformed"),
        ("http://[::1", "malformed"),
        ("http://127.0.0.1:99999/", "malformed"),
        ("http://example.com/" + "a" * 9_000, "longer"),
    ],
)
async def test_other_urls_are_refused(url: str, match: str) -> None:
    names = Names({})
    await refused(url, match, resolver=names)
    assert names.asked == []


@pytest.mark.parametrize("port", [1, 22, 25, 81, 3306, 6379, 8000, 9200, 65535])
async def test_other_ports_are_refused(port: int) -> None:
    names = Names({})
    await refused(
        f"http://pictures.example:{port}/", "ports 80, 443", any_port=False, resolver=names
    )
    assert names.asked == []


@pytest.mark.parametrize(
    "url", ["http://p.example/", "https://p.example:8443/", "http://p.example:8080"]
)
async def test_usual_ports_are_asked(url: str) -> None:
    names = Names({})
    await refused(url, "could not be downloaded", any_port=False, resolver=names)
    assert names.asked == ["p.example"]


async def test_an_error_never_tells_what_an_internal_host_is(site: Site) -> None:
    async with fetching(allow=(), resolver=Names(INTERNAL)) as fetch:
        said = set[str]()
        for host in ("metadata.example", "mixed.example", "127.0.0.1", "10.0.0.1"):
            with pytest.raises(InvalidImage) as caught:
                await fetch(f"http://{host}:{site.port}/")
            said.add(caught.value.message)
    assert len(said) == 1
