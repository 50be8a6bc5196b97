"""Uploaded files, and the signed links under which pictures are read."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from darkroom.assets import Links
from darkroom.core.ids import now_ms
from tests.server.client import GENERATE, PNG_PART, asking, part, photo, refusal, send_form
from tests.support.running import Running

DAY_S = 86_400


def link(http: httpx2.Client, kind: str = "png") -> str:
    body = asking(response_format="url", output_format=kind)
    return http.post(GENERATE, json=body).json()["data"][0]["url"]


@pytest.mark.parametrize(("kind", "media"), [("png", "png"), ("jpeg", "jpeg"), ("webp", "webp")])
def test_what_a_link_gives(http: httpx2.Client, kind: str, media: str) -> None:
    before = now_ms() // 1000
    url = link(http, kind)
    answer = httpx2.get(url)
    headers = answer.headers
    assert answer.status_code == 200
    assert headers["content-type"] == f"image/{media}"
    assert int(headers["content-length"]) == len(answer.content)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    name = urlsplit(url).path.rpartition("/")[2]
    assert headers["content-disposition"] == f'inline; filename="{name}"'
    expires = int(parse_qs(urlsplit(url).query)["exp"][0])
    assert before + DAY_S - 1 <= expires <= now_ms() // 1000 + DAY_S
    assert headers["cache-control"].startswith("private, max-age=")


def test_a_known_picture_is_not_sent_again(http: httpx2.Client) -> None:
    url = link(http)
    tag = httpx2.get(url).headers["etag"]
    again = httpx2.get(url, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    head = httpx2.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


def flipped(text: str, index: int) -> str:
    index %= len(text)
    return text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]


FORGERIES: list[Callable[[str], str]] = [
    lambda url: url.partition("?")[0],
    lambda url: url.partition("&sig=")[0],
    lambda url: flipped(url, -1),
    lambda url: flipped(url, -20),
    lambda url: url + "A",
    lambda url: url.replace("exp=", "exp=1"),
    lambda url: url.replace("exp=", "exp=%C2%B2"),
    lambda url: url.replace("sig=", "sig=%C3%A9"),
    lambda url: url.replace(".png?", ".jpg?"),
    lambda url: url.replace(".png?", ".html?"),
    lambda url: url.replace(".png?", "?"),
    lambda url: url.replace("/assets/", "/assets/0"),
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_changed_link_leads_nowhere(http: httpx2.Client, forge: Callable[[str], str]) -> None:
    url = link(http)
    forged = forge(url)
    assert forged != url
    refusal(httpx2.get(forged), 404)
    assert httpx2.get(url).status_code == 200


def test_an_expired_link_leads_nowhere(shared: Running, http: httpx2.Client) -> None:
    """Signed by the same installation, a second before its end and one after."""
    url = link(http)
    asset_id = urlsplit(url).path.rpartition("/")[2].partition(".")[0]
    key = shared.services.links._key
    assert len(key) >= 24
    links: Links = shared.services.links
    for left_s, status in ((30, 200), (-1, 404)):
        expires = now_ms() // 1000 + left_s
        signature = links._sign(asset_id, expires)
        query = f"exp={expires}&sig={signature}"
        assert httpx2.get(f"{url.partition('?')[0]}?{query}").status_code == status


# --- files --------------------------------------------------------------------------------------


def test_files_are_listed_newest_first_and_deleted_once(http: httpx2.Client) -> None:
    made = [
        send_form(
            http, part("purpose", "vision"), PNG_PART("file", photo(name)), path="/v1/files"
        ).json()
        for name in ("one", "two")
    ]
    assert made[0]["id"].startswith("file-")
    assert made[0]["object"] == "file"
    assert made[0]["bytes"] == len(photo("one"))
    listed = [file["id"] for file in http.get("/v1/files").json()["data"]]
    assert listed[:2] == [made[1]["id"], made[0]["id"]]
    assert http.delete(f"/v1/files/{made[0]['id']}").json()["deleted"] is True
    refusal(http.delete(f"/v1/files/{made[0]['id']}"), 404)
    refusal(http.get(f"/v1/files/{made[0]['id']}"), 404)
    assert http.get(f"/v1/files/{made[1]['id']}").json() == made[1]


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        ([], "file"),
        ([part("file", "text")], "file"),
        ([PNG_PART("file", photo()), PNG_PART("file", photo())], "file"),
        ([PNG_PART("file", b"%PDF-1.7")], "file"),
        ([part("purpose", "fine-tune"), PNG_PART("file", photo())], "purpose"),
        (
            [part("expires_after[seconds]", "9"), PNG_PART("file", photo())],
            "expires_after[seconds]",
        ),
    ],
)
def test_what_is_no_file_of_ours(http: httpx2.Client, parts: list[bytes], param: str) -> None:
    assert refusal(send_form(http, *parts, path="/v1/files"), 400)["param"] == param


def test_a_result_is_no_file(http: httpx2.Client) -> None:
    job_id = http.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    [asset] = http.get(f"/v1/jobs/{job_id}").json()["assets"]
    refusal(http.get(f"/v1/files/{asset['id']}"), 404)
    refusal(http.delete(f"/v1/files/{asset['id']}"), 404)
