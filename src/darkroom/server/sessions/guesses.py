"""Bounds how often one address may try to sign in with something that is not right."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from darkroom.core.errors import RateLimited

_FAILURES_MAX = 10
_WINDOW_S = 60.0
_ADDRESSES_MAX = 4_096
_V6_NETWORK = 64


class Guesses:
    """A window of time per address, in this process. Of too many addresses the oldest is forgotten.

    Keys and links have 256 random bits: this bounds the noise, it is not what keeps guesses out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises :class:`RateLimited` for an address that failed too often."""
        count, until = self._failures.get(_network(address), (0, 0.0))
        left_s = until - self._clock()
        if count >= _FAILURES_MAX and left_s > 0:
            raise RateLimited(
                "Too many sign-ins from here were refused. Wait a minute, then try again.",
                retry_after_s=left_s,
            )

    def failed(self, address: str) -> None:
        network, now = _network(address), self._clock()
        count, until = self._failures.pop(network, (0, 0.0))
        if until <= now:
            count, until = 0, now + _WINDOW_S
        self._failures[network] = (count + 1, until)
        if len(self._failures) > _ADDRESSES_MAX:
            self._failures.popitem(last=False)


def _network(address: str) -> str:
    """The address itself; of IPv6 the network, all of which one guest has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, _V6_NETWORK), strict=False))
