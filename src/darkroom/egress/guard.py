"""Which addresses may be reached for a caller: public ones, judged at connect time."""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

# Python's is_global lets through several of these (multicast, NAT64, IPv4-compatible …), and
# 168.63.129.16 is globally routable by the registry but Azure's own metadata server:
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_BLOCKED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",
    )
)  # fmt: skip
# Of IPv6 only global unicast, less what embeds an IPv4 address or is set aside within it:
# https://www.iana.org/assignments/iana-ipv6-special-registry
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_BLOCKED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20",
        "2620:4f:8000::/48",
    )
)  # fmt: skip


PORTS = (80, 443, 8080, 8443)
"""The ports at which a caller's URL may point."""
# A host whose last part is a number is an address, however it is written (2130706433, 0x7f.1):
# https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


MakeSocket = Callable[[int, int, int], socket.socket]
"""Family, kind and protocol to a socket: the port to the network."""


class BlockedAddress(OSError):
    """The host resolves to an address that may not be reached for a caller."""


class AddressGuard:
    """Judges addresses. ``allow`` lists networks (CIDR) that are permitted although not public."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allow = tuple(ipaddress.ip_network(text) for text in allow)

    def permits(self, address: str) -> bool:
        """Whether a connection to this textual IP address may be opened."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if any(ip.version == network.version and ip in network for network in self._allow):
            return True
        if isinstance(ip, ipaddress.IPv6Address):
            if ip.ipv4_mapped is not None:
                return self.permits(str(ip.ipv4_mapped))
            return ip in _GLOBAL_V6 and not any(ip in network for network in _BLOCKED_V6)
        return not any(ip in network for network in _BLOCKED_V4)


class LoopbackGuard(AddressGuard):
    """Permits this machine's loopback, and nothing else: for development."""

    def permits(self, address: str) -> bool:
        try:
            return ipaddress.ip_address(address).is_loopback
        except ValueError:
            return False


def is_literal(host: str) -> bool:
    """Whether a URL's host is an address; the connector asks no resolver about such a one."""
    return ":" in host or _NUMBER.fullmatch(host) is not None


def blocked(error: BaseException) -> bool:
    """Whether a failed request goes back to :class:`BlockedAddress`."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BlockedAddress):
            return True
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return False


class GuardedResolver(AbstractResolver):
    """Resolves a host once and refuses it when any of its addresses is not permitted.

    The connector then connects to these very addresses, so a second answer cannot differ.
    """

    def __init__(self, guard: AddressGuard, resolver: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            if not self._guard.permits(result["host"]):
                raise BlockedAddress(f"{host} is not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def guarded_socket(
    guard: AddressGuard, make: MakeSocket | None, info: tuple[Any, ...]
) -> socket.socket:
    """The socket for one connection: the last look at the address before it is opened."""
    family, kind, protocol, _, address = info
    if not guard.permits(str(address[0])):
        raise BlockedAddress(f"{address[0]} is not a public address")
    return (make or socket.socket)(family, kind, protocol)
