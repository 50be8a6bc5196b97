"""Small copies of images: signed, cached, bounded, never the original."""

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from PIL import Image

from darkroom.assets import Links
from darkroom.core.job import Asset, AssetKind
from darkroom.core.secret import Secret
from tests.server.client import GENERATE, asking, photo, refusal
from tests.support.running import Running


def result(http: httpx2.Client, **more: Any) -> dict[str, Any]:
    answer = http.post(GENERATE, json=asking(**more))
    job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    return next(asset for asset in job["assets"] if asset["kind"] == "result")


def opened(answer: httpx2.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text[:200]
    return Image.open(BytesIO(answer.content))


def test_both_sizes_of_a_result(http: httpx2.Client) -> None:
    asset = result(http, size="1536x1024")
    for name, size in (("thumbnail_url", (320, 213)), ("preview_url", (768, 512))):
        answer = httpx2.get(asset[name])
        picture = opened(answer)
        assert (picture.format, picture.size) == ("WEBP", size)
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"].startswith("private, max-age=")
        assert int(answer.headers["content-length"]) == len(answer.content)
        tag = answer.headers["etag"]
        again = httpx2.get(asset[name], headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert httpx2.head(asset[name]).content == b""


def test_files_and_inputs_have_them_and_are_not_enlarged(http: httpx2.Client) -> None:
    sent = {"file": ("a.jpg", photo("x", "jpeg", 200, 100), "image/jpeg")}
    file = http.post("/v1/files", files=sent).json()
    assert (file["width"], file["height"], file["media_type"]) == (200, 100, "image/jpeg")
    assert opened(httpx2.get(file["thumbnail_url"])).size == (200, 100)
    assert opened(httpx2.get(file["preview_url"])).size == (200, 100)
    assert http.get(f"/v1/files/{file['id']}").json()["id"] == file["id"]


def test_a_link_stays_the_same_while_one_looks(http: httpx2.Client) -> None:
    asset = result(http)
    [job] = http.get("/v1/jobs", params={"limit": 1}).json()["data"]
    assert job["assets"][0]["thumbnail_url"] == asset["thumbnail_url"]


def flipped(url: str) -> str:
    return url[:-1] + ("A" if url[-1] != "A" else "B")


@pytest.mark.parametrize(
    "forge",
    [
        flipped,
        lambda url: url.partition("?")[0],
        lambda url: url.replace("/320.webp", "/768.webp"),
        lambda url: url.replace("/320.webp", "/4096.webp"),
        lambda url: url.replace("/320.webp", ".png"),
        lambda url: url.replace("exp=", "exp=1"),
    ],
)
def test_a_link_opens_one_copy_of_one_image(http: httpx2.Client, forge: Any) -> None:
    url = result(http)["thumbnail_url"]
    assert forge(url) != url
    refusal(httpx2.get(forge(url)), 404)


@pytest.mark.parametrize("edge", ["321", "0320", "-320", "3" * 5_000, "x"])
def test_there_are_copies_of_two_sizes(http: httpx2.Client, edge: str) -> None:
    assert http.get(f"/assets/any/{edge}.webp").status_code == 404


def test_the_link_to_an_image_does_not_open_another_form(http: httpx2.Client) -> None:
    asset = result(http)
    path, query = urlsplit(asset["url"]).path, urlsplit(asset["url"]).query
    small = asset["url"].replace(path, f"/assets/{asset['id']}/320.webp")
    assert query in small
    refusal(httpx2.get(small), 404)


def stored(shared: Running, sha256: str) -> Path:
    return shared.settings.data_dir / "images" / sha256[:2] / sha256


def test_what_cannot_be_decoded_has_none_and_says_so(shared: Running, http: httpx2.Client) -> None:
    asset = result(http, prompt="what_cannot_be_decoded")
    stored(shared, asset["sha256"]).write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 9)
    for _ in range(2):
        error = refusal(httpx2.get(asset["thumbnail_url"]), 400)
        assert error["code"] == "invalid_image"
        assert "Its own link still works" in error["message"]


def test_bytes_that_are_gone_are_not_found(shared: Running, http: httpx2.Client) -> None:
    asset = result(http, prompt="bytes_that_are_gone")
    stored(shared, asset["sha256"]).unlink()
    assert "not stored any more" in refusal(httpx2.get(asset["thumbnail_url"]), 404)["message"]


def test_a_copy_that_was_lost_is_made_again(shared: Running, http: httpx2.Client) -> None:
    asset = result(http, prompt="a_copy_that_was_lost")
    before = httpx2.get(asset["thumbnail_url"])
    stored(shared, hashlib.sha256(before.content).hexdigest()).unlink()
    assert httpx2.get(asset["thumbnail_url"]).content == before.content


# --- the links themselves -----------------------------------------------------------------------


def test_a_link_lives_a_little_longer_than_its_lifetime_and_ends_with_the_asset() -> None:
    at_ms = 1_800_000_000_000
    links = Links(Secret("k" * 32), 3_600, lambda: at_ms)
    asset = Asset("a", AssetKind.RESULT, 0, "0" * 64, "image/png", 1, 1, 1, at_ms)

    def left_s(one: Asset) -> int:
        url = links.small_url("", one, 320)
        assert url is not None
        return int(url.partition("exp=")[2].partition("&")[0]) - at_ms // 1000

    assert 3_600 <= left_s(asset) <= 4_500
    first = links.small_url("", asset, 320)
    at_ms += 1_000
    assert links.small_url("", asset, 320) == first
    assert links.small_url("", asset, 768) != first
    assert left_s(replace(asset, kind=AssetKind.UPLOAD, expires_at_ms=at_ms + 60_000)) == 60
    assert links.small_url("", replace(asset, kind=AssetKind.PARTIAL), 320) is None
