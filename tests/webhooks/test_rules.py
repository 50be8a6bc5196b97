"""Which addresses webhooks may have."""

import pytest

from darkroom.core.errors import InvalidRequest
from darkroom.webhooks import STRICT, Rules

_LOCAL = Rules(allow_local=True)
_BASE = "https://hooks.example.com/"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/path?query=1#part",
        "https://93.184.216.34/hook",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/hook",
        "https://서울.example/hook",
        "https://local.example.com/",
        _BASE + "a" * (2_048 - len(_BASE)),
    ],
)
def test_public_https_is_accepted(url: str) -> None:
    STRICT.check(url, "callback_url")
    _LOCAL.check(url, "callback_url")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "https://"),
        ("hooks.example.com", "https://"),
        ("//hooks.example.com/", "https://"),
        ("http://hooks.example.com/", "https://"),
        ("ftp://hooks.example.com/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https:///path", "https://"),
        ("https://[", "not a URL"),
        ("https://hooks.example.com:99999/", "not a URL"),
        ("https://hooks.example.com/a b", "spaces"),
        ("https://hooks.example.com/\r\nx: y", "spaces"),
        (_BASE + "a" * (2_049 - len(_BASE)), "2,048"),
        ("https://user@hooks.example.com/", "user name"),
        ("https://user:secret@hooks.example.com/", "user name"),
        ("https://hooks.example.com:22/", "ports"),
        ("https://hooks.example.com:6379/", "ports"),
    ],
)
def test_other_forms_are_refused_with_the_parameters_name(url: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem) as refused:
        STRICT.check(url, "webhookUrl")
    assert refused.value.param == "webhookUrl"
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "0.0.0.0", "127.1", "2130706433", "017700000001"),  # noqa: S104
        *("0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "0", "①②⑦.0.0.1", "127。0。0。1"),
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "168.63.129.16", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        *("[fe80::1]", "[fd00::1]", "[fd00:ec2::254]", "[::127.0.0.1]"),
        *("localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db"),
        *("metadata.google.internal", "nas.home.arpa", "localhost.localdomain"),
    ],
)
def test_an_internal_address_is_refused_in_any_notation(host: str) -> None:
    with pytest.raises(InvalidRequest, match=r"public address|not a URL"):
        STRICT.check(f"https://{host}/hook", "callback_url")


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost:3000", "[::1]:80", "127.9.9.9"])
def test_the_development_switch_lets_plain_http_reach_loopback(host: str) -> None:
    url = f"http://{host}/hook"
    _LOCAL.check(url, "url")
    with pytest.raises(InvalidRequest):
        STRICT.check(url, "url")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "http://192.168.1.1/",
        "http://169.254.169.254/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://db/",
        "https://127.0.0.1/",
        "https://localhost/",
        "http://user@127.0.0.1/",
    ],
)
def test_and_nothing_else(url: str) -> None:
    with pytest.raises(InvalidRequest):
        _LOCAL.check(url, "url")
