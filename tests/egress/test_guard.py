"""Which addresses count as public."""

import ipaddress
import socket

import pytest

from darkroom.egress import AddressGuard, BlockedAddress
from darkroom.egress.guard import guarded_socket

PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.255.255"),
    *("172.32.0.0", "168.63.129.15", "168.63.129.17", "223.255.255.255", "9.255.255.255"),
    *("2606:4700::1111", "2a00:1450:4001:80e::200e", "2001:4860:4860::8888", "::ffff:8.8.8.8"),
]
BLOCKED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "127.255.255.254"),  # noqa: S104
    *(
        "127.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "169.254.169.254",
        "169.254.170.2",
    ),
    *("172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.192", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:100.64.0.1"),
    *("::ffff:169.254.169.254", "::ffff:168.63.129.16", "::ffff:0:127.0.0.1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1", "100::1"),
    *("2002:a9fe:a9fe::", "2002:0808:0808::1", "2001::1", "2001:0:7f00:1::", "2001:10::1"),
    *("2001:db8::1", "3fff::1", "3ffe::1", "2620:4f:8000::1", "5f00::1", "4000::1"),
    *("fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "fec0::1"),
    *("ff02::1", "ff0e::1"),
]
NOT_ADDRESSES = [
    *("", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "8.8.8.8.", "8.8.8"),
    *("08.8.8.8", "8.8.8.8 ", "[::1]", "8.8.8.8:80", "1.1.1.1/8", "::ffff:8.8.8", "①.1.1.1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert AddressGuard().permits(address)


@pytest.mark.parametrize("address", BLOCKED)
def test_other_addresses_are_not(address: str) -> None:
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("text", NOT_ADDRESSES)
def test_what_is_no_plain_address_is_not_permitted(text: str) -> None:
    assert not AddressGuard(["0.0.0.0/0", "::/0"]).permits(text)


def test_nothing_private_is_permitted_in_any_network_python_knows() -> None:
    guard = AddressGuard()
    for number in range(0, 1 << 32, 65_521):
        address = ipaddress.IPv4Address(number)
        if not address.is_global or address.is_multicast:
            assert not guard.permits(str(address))
            assert not guard.permits(f"::ffff:{address}")


@pytest.mark.parametrize(
    ("network", "address", "permitted"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "10.0.0.1", False),
        ("10.1.0.0/16", "10.1.255.1", True),
        ("10.1.0.0/16", "10.2.0.1", False),
        ("fd00::/8", "fd12::1", True),
        ("fd00::/8", "fe80::1", False),
        ("::1/128", "::1", True),
        ("::1/128", "127.0.0.1", False),
    ],
)
def test_the_operator_may_allow_networks(network: str, address: str, permitted: bool) -> None:
    assert AddressGuard([network]).permits(address) is permitted


def test_a_malformed_network_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="host bits"):
        AddressGuard(["10.1.2.3/8"])


def test_no_socket_is_made_for_a_blocked_address() -> None:
    def info(address: str) -> tuple[object, ...]:
        return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)

    for address in ("127.0.0.1", "2130706433", "0x7f.1"):
        with pytest.raises(BlockedAddress):
            guarded_socket(AddressGuard(), None, info(address))
    guarded_socket(AddressGuard(), None, info("1.1.1.1")).close()
