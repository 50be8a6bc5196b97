"""Links cannot be forged, stretched or used too late."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from darkroom.assets import Links
from darkroom.core.errors import NotFound
from darkroom.core.job import Asset, AssetKind
from darkroom.core.secret import Secret

KEY = Secret("k" * 32)
NOW = 1_800_000_000_000
ASSET = Asset("asset-1", AssetKind.RESULT, 0, "0" * 64, "image/png", 1, 1, 1, NOW)


class Clock:
    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> Links:
    return Links(KEY, 60, clock)


def parts(url: str) -> tuple[str, str, str]:
    split = urlsplit(url)
    query = parse_qs(split.query, strict_parsing=True)
    return split.path.rpartition("/")[2].partition(".")[0], query["exp"][0], query["sig"][0]


def holds(links: Links, asset_id: str, expires: str, signature: str) -> bool:
    try:
        links.check(asset_id, expires, signature)
    except NotFound:
        return False
    return True


def test_a_link_is_on_the_callers_origin_and_holds(links: Links) -> None:
    url = links.url("https://pictures.example:8443", ASSET)
    assert url.startswith("https://pictures.example:8443/assets/asset-1.png?exp=1800000060&sig=")
    assert holds(links, *parts(url))


def test_a_link_ends_with_its_lifetime(links: Links, clock: Clock) -> None:
    told = parts(links.url("", ASSET))
    clock.ms = NOW + 59_999
    assert holds(links, *told)
    clock.ms = NOW + 60_000
    assert not holds(links, *told)


def test_a_link_ends_with_its_asset(links: Links, clock: Clock) -> None:
    told = parts(links.url("", replace(ASSET, expires_at_ms=NOW + 5_000)))
    clock.ms = NOW + 4_999
    assert holds(links, *told)
    clock.ms = NOW + 5_000
    assert not holds(links, *told)


def test_no_changed_byte_is_accepted(links: Links) -> None:
    told = parts(links.url("", ASSET))
    tried = 0
    for place, text in enumerate(told):
        for at, old in enumerate(text):
            for new in {*"0159aAzZ-_=. /\n\x00é", chr(ord(old) ^ 1)} - {old}:
                changed = list(told)
                changed[place] = text[:at] + new + text[at + 1 :]
                tried += 1
                assert not holds(links, *changed)
    assert tried > 900


@pytest.mark.parametrize(
    "expires",
    ["", "-1", "+1800000060", "1800000060.0", "1e99", "\uff19", "9" * 400, " 1800000060", "x"],
)
def test_odd_times_are_refused(links: Links, expires: str) -> None:
    _, _, signature = parts(links.url("", ASSET))
    assert not holds(links, "asset-1", expires, signature)


@pytest.mark.parametrize("signature", ["", "é", "\udc80", "=", "A" * 10_000])
def test_odd_signatures_are_refused(links: Links, signature: str) -> None:
    _, expires, _ = parts(links.url("", ASSET))
    assert not holds(links, "asset-1", expires, signature)


def test_another_key_or_asset_makes_another_signature(links: Links, clock: Clock) -> None:
    told = parts(links.url("", ASSET))
    assert not holds(Links(Secret("j" * 32), 60, clock), *told)
    assert not holds(links, "asset-2", *told[1:])


@pytest.mark.parametrize("key", ["", "short", "x" * 23])
def test_an_empty_or_short_key_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="too short"):
        Links(Secret(key), 60)


FILE = replace(ASSET, kind=AssetKind.UPLOAD, expires_at_ms=NOW + 259_200_000)


def test_the_link_to_a_file_lives_as_long_as_the_file(links: Links) -> None:
    assert links.expires_at_ms(FILE) == FILE.expires_at_ms
    assert links.expires_at_ms(replace(FILE, expires_at_ms=None)) == NOW + 60_000
    assert links.expires_at_ms(replace(FILE, kind=AssetKind.RESULT)) == NOW + 60_000


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://pictures.example/darkroom"])
def test_a_link_is_known_again_on_whatever_origin(links: Links, clock: Clock, origin: str) -> None:
    url = links.url(origin, ASSET)
    assert links.asset_id(url) == "asset-1"
    clock.ms = NOW + 60_000
    assert links.asset_id(url) is None


@pytest.mark.parametrize(
    "change",
    [
        ("exp=", "exp=1"),
        ("sig=", "sig=A"),
        ("asset-1", "asset-2"),
        ("http:", "ftp:"),
        ("/assets/", "/files/"),
        ("http://x", "http://x/?"),
        ("?exp", "?x=1&exp"),
        ("&sig", "&exp=1&sig"),
    ],
)
def test_what_is_no_link_of_ours(links: Links, change: tuple[str, str]) -> None:
    url = links.url("http://x", ASSET).replace(*change)
    assert links.asset_id(url) is None
    assert links.asset_id(url + "\n") is None
