"""``/v1/files`` as OpenAI's SDK uses it: contents, pages, ends, and the account's quota."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai
import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import PNG_PART, client, other_key, part, photo, refusal, send_form
from tests.support.running import Running, deployment

FILES = "/v1/files"
HOUR_S = 3_600


@pytest.fixture
def sdk(shared: Running) -> Iterator[openai.OpenAI]:
    key = other_key(shared, "files")
    with openai.OpenAI(base_url=f"{shared.url}/v1", api_key=key, max_retries=0) as made:
        yield made


def test_a_file_is_read_back(sdk: openai.OpenAI, shared: Running) -> None:
    made = sdk.files.create(file=("photo.png", photo("read")), purpose="user_data")
    content = sdk.files.content(made.id)
    assert content.content == photo("read")
    headers = content.response.headers
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"] == f'attachment; filename="{made.id}.png"'
    assert headers["x-content-type-options"] == "nosniff"
    assert made.expires_at is None
    with client(shared) as stranger:
        refusal(stranger.get(f"{FILES}/{made.id}/content"), 404)
        refusal(stranger.get(f"{FILES}/file-none/content"), 404)


def test_files_come_in_pages(shared: Running) -> None:
    with client(shared, other_key(shared, "pages")) as http:
        made = [
            send_form(http, PNG_PART("file", photo(str(name))), path=FILES).json()["id"]
            for name in range(5)
        ]
        seen: dict[str, list[str]] = {"asc": [], "desc": []}
        for order, ids in seen.items():
            query = {"limit": "2", "order": order, "purpose": "vision"}
            while (page := http.get(FILES, params=query).json())["has_more"]:
                ids += [file["id"] for file in page["data"]]
                query["after"] = page["last_id"]
            ids += [file["id"] for file in page["data"]]
        assert sorted(seen["asc"]) == sorted(made)
        assert seen["desc"] == seen["asc"][::-1]
        whole = http.get("/openai/v1/files").json()
        assert [file["id"] for file in whole["data"]] == seen["desc"]
        assert whole["has_more"] is False


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ({"limit": "0"}, 400, "limit"),
        ({"limit": "x"}, 400, "limit"),
        ({"order": "up"}, 400, "order"),
        ({"purpose": "batch"}, 400, "purpose"),
        ({"after": "file-none"}, 404, "file_id"),
        ({"after": "é"}, 404, "file_id"),
    ],
)
def test_a_wrong_page_is_refused(
    http: httpx2.Client, query: dict[str, str], status: int, param: str
) -> None:
    assert refusal(http.get(FILES, params=query), status)["param"] == param


def test_a_file_ends_when_its_owner_said(sdk: openai.OpenAI) -> None:
    made = sdk.files.create(
        file=("photo.png", photo("short")),
        purpose="vision",
        expires_after={"anchor": "created_at", "seconds": HOUR_S},
    )
    assert made.expires_at is not None
    assert abs(made.expires_at - made.created_at - HOUR_S) <= 1
    assert sdk.files.retrieve(made.id).expires_at == made.expires_at


@pytest.mark.parametrize(
    ("anchor", "seconds", "param"),
    [
        ("created_at", "3599", "seconds"),
        ("created_at", "2592001", "seconds"),
        ("created_at", "soon", "seconds"),
        ("last_active_at", "3600", "anchor"),
    ],
)
def test_an_end_that_cannot_be(http: httpx2.Client, anchor: str, seconds: str, param: str) -> None:
    ends = (part("expires_after[anchor]", anchor), part("expires_after[seconds]", seconds))
    error = refusal(send_form(http, *ends, PNG_PART("file", photo()), path=FILES), 400)
    assert error["param"] == f"expires_after[{param}]"


def test_the_operator_bounds_lives_and_bytes(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    data = photo("bounded")
    options = {
        "deployments": [deployment(openai_vendor)],
        "files_lifetime_s": 1,
        "files_bytes_max": 2 * len(data),
    }
    with Running(tmp_path / "data", **options) as server, client(server) as http:

        def upload() -> httpx2.Response:
            return send_form(http, PNG_PART("file", data), path=FILES)

        first = upload().json()
        assert upload().status_code == 200
        error = refusal(upload(), 413)
        assert (error["param"], error["code"]) == ("file", "payload_too_large")
        with client(server, other_key(server, "another")) as another:
            assert send_form(another, PNG_PART("file", data), path=FILES).status_code == 200
        while time.time() < first["expires_at"] + 1:  # what has ended is there no more
            assert http.get("/v1/models").status_code == 200
        refusal(http.get(f"{FILES}/{first['id']}"), 404)
        assert upload().status_code == 200
