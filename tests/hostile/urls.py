"""URLs that lead, or try to lead, to where no caller may send this server."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address
from itertools import cycle
from urllib.parse import quote

from tests.hostile.odd_urls import NAMES, PARSERS, PORTS, SCHEMES

Turns = tuple[tuple[str, ...], ...]
"""The answers of a name, one after another; the last one stays."""
PUBLIC_V4, PUBLIC_V6 = "93.184.216.34", "2606:4700::1111"


@dataclass(frozen=True, slots=True)
class Hostile:
    """``says``: what the names in the URL resolve to. Any other name leads to ``inside``, as if
    the system's resolver had understood a notation that nobody else did.

    ``may_go_out``: two parsers read two hosts in it; the public one may be reached.
    """

    kind: str
    url: str
    says: Mapping[str, Turns] = field(default_factory=dict[str, Turns])
    inside: str = "127.0.0.1"
    may_go_out: bool = False


# Addresses ---------------------------------------------------------------------------------------

INSIDE_V4 = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),  # noqa: S104
    *("172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"),
    *("169.254.169.254", "169.254.170.2", "169.254.0.1"),  # metadata of most clouds, and of ECS
    *("168.63.129.16", "192.0.0.192", "100.100.100.200"),  # of Azure, Oracle and Alibaba
    *("100.64.0.1", "100.127.255.254", "192.0.0.1", "192.88.99.1"),
    *("192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.254"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
)
INSIDE_V6 = (
    *("::", "::1", "0:0:0:0:0:0:0:1", "::2", "100::1"),
    *("fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1", "feff::1", "fe80::1%25eth0", "::1%25lo"),
    *("fc00::1", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::1"),  # metadata of AWS and Google
    *("ff01::1", "ff02::1", "ff02::fb", "ff05::1:3", "ff0e::1"),
    *("2001:db8::1", "3fff::1", "3ffe::1", "2001:10::1", "2001:20::1", "2001:2::1"),
    *("2620:4f:8000::1", "5f00::1", "4000::1", "8000::1", "e000::1"),
)


def _digits(zero: str) -> Mapping[int, str]:
    """Turns digits into those of another script, whose ten stand in a row."""
    return {ord("0") + n: chr(ord(zero) + n) for n in range(10)}


_CIRCLED = str.maketrans("0123456789", "\u24ea①②③④⑤⑥⑦⑧⑨")


def _parts(address: IPv4Address, spell: Callable[[int], str], count: int = 4) -> str:
    """The number in ``count`` parts, of which the last takes all that is left."""
    packed = address.packed
    rest = int.from_bytes(packed[count - 1 :], "big")
    return ".".join(map(spell, (*packed[: count - 1], rest)))


def _octal(number: int) -> str:
    return f"0{number:o}"


def _mixed(address: IPv4Address) -> str:
    spells = (hex, _octal, str, hex)
    return ".".join(spell(part) for spell, part in zip(spells, address.packed, strict=True))


def _v6(prefix: str, address: IPv4Address, suffix: str = "") -> str:
    """An IPv6 address with the IPv4 address in it as two groups."""
    high, low = divmod(int(address), 1 << 16)
    return f"[{prefix}{high:x}:{low:x}{suffix}]"


def _teredo(address: IPv4Address) -> str:
    return _v6("2001:0:5db8:d822:0:0:", IPv4Address(int(address) ^ 0xFFFF_FFFF))


NOTATIONS: Mapping[str, Callable[[IPv4Address], str]] = {
    "dotted": str,
    "trailing dot": lambda ip: f"{ip}.",
    "two trailing dots": lambda ip: f"{ip}..",
    "decimal": lambda ip: str(int(ip)),
    "decimal with a dot": lambda ip: f"{int(ip)}.",
    "decimal, one turn on": lambda ip: str(int(ip) + (1 << 32)),
    "decimal, padded": lambda ip: f"{int(ip):020d}",
    "hex": lambda ip: hex(int(ip)),
    "hex, upper case": lambda ip: f"0X{int(ip):08X}",
    "hex, padded": lambda ip: f"0x{int(ip):032x}",
    "octal": lambda ip: _octal(int(ip)),
    "octal, padded": lambda ip: f"{int(ip):032o}",
    "two parts": lambda ip: _parts(ip, str, 2),
    "three parts": lambda ip: _parts(ip, str, 3),
    "two parts, hex": lambda ip: _parts(ip, hex, 2),
    "dotted hex": lambda ip: _parts(ip, hex),
    "dotted octal": lambda ip: _parts(ip, _octal),
    "dotted, padded": lambda ip: _parts(ip, "{:03d}".format),
    "mixed": _mixed,
    "percent-encoded": lambda ip: "".join(f"%{ord(each):02x}" for each in str(ip)),
    "percent-encoded dots": lambda ip: str(ip).replace(".", "%2e"),
    "percent-encoded twice": lambda ip: str(ip).replace(".", "%252e"),
    "ideographic dots": lambda ip: str(ip).replace(".", "。"),
    "half-width dots": lambda ip: str(ip).replace(".", "｡"),
    "full-width": lambda ip: str(ip).translate(_digits("\uff10")),
    "circled": lambda ip: str(ip).translate(_CIRCLED),
    "bold": lambda ip: str(ip).translate(_digits("\U0001d7ce")),
    "Arabic digits": lambda ip: str(ip).translate(_digits("\u0660")),
    "soft hyphen": lambda ip: str(ip).replace(".", ".\u00ad", 1),
    "zero-width space": lambda ip: str(ip).replace(".", "\u200b.", 1),
    "IPv4-mapped": lambda ip: f"[::ffff:{ip}]",
    "IPv4-mapped, hex": lambda ip: _v6("::ffff:", ip),
    "IPv4-mapped, in full": lambda ip: f"[0000:0000:0000:0000:0000:ffff:{ip}]",
    "IPv4-mapped, with a zone": lambda ip: f"[::ffff:{ip}%25eth0]",
    "IPv4-compatible": lambda ip: f"[::{ip}]",
    "IPv4-translated": lambda ip: f"[::ffff:0:{ip}]",
    "NAT64": lambda ip: f"[64:ff9b::{ip}]",
    "NAT64, hex": lambda ip: _v6("64:ff9b::", ip),
    "NAT64, local": lambda ip: _v6("64:ff9b:1::", ip),
    "6to4": lambda ip: _v6("2002:", ip, "::1"),
    "Teredo": _teredo,
}


def _addresses() -> Iterator[Hostile]:
    for text in INSIDE_V4:
        for name, spelled in NOTATIONS.items():
            yield Hostile(f"IPv4: {name}", f"https://{spelled(IPv4Address(text))}/a", inside=text)
    for text in INSIDE_V6:
        inside = text.partition("%")[0]
        yield Hostile("IPv6", f"https://[{text}]/a", inside=inside)
        yield Hostile("IPv6", f"https://[{text.upper()}]:8443/a", inside=inside)


# Names -------------------------------------------------------------------------------------------

_TURNED: Mapping[str, Turns] = {
    "private": (("10.0.0.1",),),
    "private IPv6": (("fd00::1",),),
    "mapped": (("::ffff:127.0.0.1",),),
    "NAT64": (("64:ff9b::a9fe:a9fe",),),
    "zone": (("fe80::1%2",),),
    "mixed, private last": ((PUBLIC_V4, "127.0.0.1"),),
    "mixed, private first": (("127.0.0.1", PUBLIC_V4),),
    "mixed, one among many": ((*[PUBLIC_V4] * 20, "10.0.0.1", PUBLIC_V6),),
    "mixed, IPv6 inside": ((PUBLIC_V4, "::1"),),
    "mixed, IPv4 inside": ((PUBLIC_V6, "192.168.0.1"),),
    "mixed, metadata": ((PUBLIC_V4, "169.254.169.254"),),
}


def _names() -> Iterator[Hostile]:
    for name, inside in zip(NAMES, cycle(INSIDE_V4), strict=False):
        yield Hostile("names", f"https://{name}/a", inside=inside)
        yield Hostile("names", f"https://{name}:8443/a", inside=inside)
    for turns in _TURNED.values():
        yield Hostile("names that resolve inside", "https://two.example/a", {"two.example": turns})
    for number, inside in enumerate((*INSIDE_V4, *INSIDE_V6)):
        name, address = f"n{number}.example", inside.partition("%")[0]
        yield Hostile("names that resolve inside", f"https://{name}/a", {name: ((address,),)})
        mixed: Turns = ((PUBLIC_V4, address),)
        yield Hostile("names that resolve to both", f"https://{name}/a", {name: mixed})


# What is no web address --------------------------------------------------------------------------


def _oddities() -> Iterator[Hostile]:
    for url in SCHEMES:
        yield Hostile("other schemes", url)
    for port in PORTS:
        names: Mapping[str, Turns] = {"out.example": ((PUBLIC_V4,),)}
        yield Hostile("forbidden ports", f"https://out.example:{port}/a", names)
        yield Hostile("forbidden ports", f"https://127.0.0.1:{port}/a")
    for url in PARSERS:
        names = {"out.example": ((PUBLIC_V4,),)}
        yield Hostile("strings that parsers read differently", url, names, may_go_out=True)


# Redirects and names that change their mind -------------------------------------------------------

STATUSES = (301, 302, 303, 307, 308)


def redirect_targets() -> Iterator[str]:
    """Where a public site may try to send us: each address as it is and twice in disguise."""
    disguises = cycle(name for name in NOTATIONS if name != "dotted")
    for text in INSIDE_V4:
        address = IPv4Address(text)
        for name in ("dotted", next(disguises), next(disguises)):
            yield f"http://{NOTATIONS[name](address)}/"
        yield f"//{text}/"
    yield from (f"http://[{text}]/" for text in INSIDE_V6)
    yield from SCHEMES[:40]
    yield from (f"http://{name}/" for name in NAMES[:24])
    yield from (f"http://out.example:{port}/" for port in PORTS)
    yield from PARSERS[:18]


def redirecting_path(status: int, target: str) -> str:
    """A page of the public site that redirects there."""
    return f"/{status}/{quote(target, safe='', errors='surrogatepass')}"


def _rebinding() -> Iterator[Hostile]:
    """Public when first asked, and inside from then on; the page redirects to its own name."""
    for number, text in enumerate((*INSIDE_V4, *INSIDE_V6)):
        name, inside = f"r{number}.example", text.partition("%")[0]
        target = f"http://{name}/{number}"
        names: Mapping[str, Turns] = {name: ((PUBLIC_V4,), (inside,))}
        url = f"http://{name}{redirecting_path(302, target)}"
        yield Hostile("names that change their mind", url, names, may_go_out=True)


@lru_cache
def hostile() -> tuple[Hostile, ...]:
    """The corpus, without its redirects."""
    return (*_addresses(), *_names(), *_oddities())


def redirects() -> Iterator[Hostile]:
    """A public page that redirects, for each status and target; and names that change meanwhile."""
    names: Mapping[str, Turns] = {"out.example": ((PUBLIC_V4,),)}
    for target in redirect_targets():
        for status in STATUSES:
            url = f"http://out.example{redirecting_path(status, target)}"
            yield Hostile("redirects", url, names, may_go_out=True)
    yield from _rebinding()


# What has to go through --------------------------------------------------------------------------

_HOSTS: Mapping[str, Turns] = {
    "out.example": ((PUBLIC_V4,),),
    "many.example": ((PUBLIC_V4, "1.1.1.1", "8.8.8.8"),),
    "both.example": ((PUBLIC_V4, PUBLIC_V6),),
    "a-b.c.d.example": (("9.255.255.255",),),
    "xn--bcher-kva.example": (("100.63.255.255",),),
    "bücher.example": (("100.128.0.0",),),
    "127-0-0-1.example": (("172.15.255.255",),),
    "localhost.example.com": (("172.32.0.0",),),
    "10.0.0.1.example": (("192.167.255.255",),),
    "internal.example": (("223.255.255.255",),),
    "x" * 63 + ".example": (("168.63.129.15",),),
    "OUT.Example": (("11.0.0.0",),),
    "1.1.1.1": (("1.1.1.1",),),
    "169.253.255.255": (("169.253.255.255",),),
}
_PATHS = ("/a.png", ":8080/a.png?size=2&x=http://127.0.0.1/", ":80/%2e%2e/a#b", "/", "/ä/b%00c")


def benign() -> Iterator[Hostile]:
    """Public addresses, some of which look like others; ``says`` has where they lead."""
    for host, turns in _HOSTS.items():
        for path in _PATHS:
            yield Hostile("public", f"http://{host}{path}", {host: turns}, may_go_out=True)
