"""EvoLink's file host, and what becomes of its links and those of results."""

import asyncio
import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from PIL import Image

from darkroom.assets import add_assets
from darkroom.core.ids import new_file_id, now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.db import Tx
from darkroom.server.evolink import FILES_MAX
from darkroom.server.records import account_named
from tests.server.client import (
    EDIT,
    GENERATE,
    PNG_PART,
    asking,
    client,
    other_key,
    part,
    photo,
    send_form,
)
from tests.support.running import Running

FILES = "/api/v1/files"
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("files")
    deployments = [{"id": "sandbox", "provider": "sandbox"}]
    with Running(folder / "data", deployments=deployments) as server:
        yield server


@pytest.fixture
def speaker(sandbox: Running, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    with client(sandbox, other_key(sandbox, request.node.name)) as http:
        yield http


def told(answer: httpx2.Response) -> dict[str, Any]:
    """The data of an answer, after checking what is around it."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["success"], body["code"]) == (True, 200)
    assert body["msg"]
    return body["data"]


def refused(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The error, in the form of the file host and in that of the rest."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["success"], body["code"], body["msg"]) == (
        False,
        status,
        body["error"]["message"],
    )
    return body["error"]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def uploaded(http: httpx2.Client, data: bytes, root: str = "", **more: str) -> dict[str, Any]:
    body = {"base64_data": encoded(data), **more}
    return told(http.post(f"{root}{FILES}/upload/base64", json=body))


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (8, 8)).save(out, "GIF")
    return out.getvalue()


# --- the life of a file -------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["", "/evolink"])
def test_a_file_from_its_upload_to_its_end(speaker: httpx2.Client, root: str) -> None:
    before = now_ms()
    file = uploaded(speaker, photo(), root, file_name="cat.png", upload_path="pets")
    assert file == {
        "file_id": file["file_id"],
        "file_name": f"{file['file_id']}.png",
        "original_name": "cat.png",
        "file_size": len(photo()),
        "mime_type": "image/png",
        "upload_path": "pets",
        "file_url": file["file_url"],
        "download_url": file["file_url"],
        "upload_time": file["upload_time"],
        "expires_at": file["expires_at"],
    }
    assert httpx2.get(file["file_url"]).content == photo()
    ends_s = int(httpx2.URL(file["file_url"]).params["exp"])
    assert before + 3 * DAY_MS - 1_000 <= ends_s * 1_000 <= now_ms() + 3 * DAY_MS
    listed = told(speaker.get(f"{root}{FILES}/list?page=1&pageSize=20"))
    assert (listed["total"], listed["page"], listed["page_size"]) == (1, 1, 20)
    assert [each["file_id"] for each in listed["files"]] == [file["file_id"]]
    assert speaker.get("/v1/files").json()["data"][0]["id"] == file["file_id"]
    quota = told(speaker.get(f"{root}{FILES}/quota"))
    assert quota == {
        "user_group": "default",
        "used_files": 1,
        "max_files": 500,
        "remain_files": 499,
    }
    assert told(speaker.delete(f"{root}{FILES}/{file['file_id']}")) == {"file_id": file["file_id"]}
    assert refused(speaker.delete(f"{root}{FILES}/{file['file_id']}"), 404)["code"] == (
        "resource_not_found"
    )
    assert told(speaker.get(f"{root}{FILES}/list"))["files"] == []
    assert httpx2.get(file["file_url"]).status_code == 404


@pytest.mark.parametrize("names", [("uploadPath", "fileName"), ("upload_path", "file_name")])
def test_a_file_comes_as_a_form(speaker: httpx2.Client, names: tuple[str, str]) -> None:
    parts = [part(names[0], "a/b"), part(names[1], "x.png"), PNG_PART("file", photo())]
    file = told(send_form(speaker, *parts, path=f"{FILES}/upload/stream"))
    assert (file["upload_path"], file["original_name"]) == ("a/b", "x.png")
    assert httpx2.get(file["file_url"]).content == photo()


def test_a_file_comes_by_the_url_of_another(speaker: httpx2.Client) -> None:
    """It is ours: the server would refuse to fetch from its own address."""
    first = uploaded(speaker, photo())
    answer = speaker.post(f"{FILES}/upload/url", json={"file_url": first["file_url"]})
    second = told(answer)
    assert second["file_id"] != first["file_id"]
    assert httpx2.get(second["file_url"]).content == photo()


def test_a_file_may_be_a_gif_or_a_data_url(speaker: httpx2.Client) -> None:
    data = f"data:image/gif;base64,{encoded(gif())}"
    file = told(speaker.post(f"{FILES}/upload/base64", json={"base64_data": data}))
    assert (file["mime_type"], file["original_name"]) == ("image/gif", file["file_name"])
    assert httpx2.get(file["file_url"]).content == gif()
    body = {"model": "gpt-image-1.5", "prompt": "x", "image_urls": [file["file_url"]]}
    error = speaker.post(GENERATE, json=body).json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", "image_urls")
    assert "JPEG, PNG and WEBP images are accepted" in error["message"]


def test_pages_of_files(speaker: httpx2.Client) -> None:
    made = [uploaded(speaker, photo(name))["file_id"] for name in ("one", "two", "three")]
    found: list[str] = []
    for page in (1, 2, 3):
        data = told(speaker.get(f"{FILES}/list?page={page}&pageSize=2"))
        assert data["total"] == 3
        found += [file["file_id"] for file in data["files"]]
    assert sorted(found) == sorted(made)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        *((f"page={text}", "page") for text in ("0", "x", "%C2%B2")),
        *((f"pageSize={text}", "pageSize") for text in ("0", "101")),
    ],
)
def test_pages_that_are_none(speaker: httpx2.Client, query: str, param: str) -> None:
    assert refused(speaker.get(f"{FILES}/list?{query}"), 400)["param"] == param


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("base64", {}, "base64_data"),
        ("base64", {"base64_data": 5}, "base64_data"),
        ("base64", {"base64_data": "%%%"}, "base64_data"),
        ("base64", {"base64_data": encoded(b"%PDF-1.7 and so on")}, "base64_data"),
        ("base64", {"base64_data": encoded(photo()), "file_name": "a\nb"}, "file_name"),
        ("base64", {"base64_data": encoded(photo()), "upload_path": "x" * 256}, "upload_path"),
        ("base64", {"base64_data": encoded(photo()), "name": "x"}, "name"),
        ("url", {"file_url": ""}, "file_url"),
        ("url", {"file_url": "http://127.0.0.1/a.png"}, "file_url"),
        ("url", {"base64_data": encoded(photo())}, "base64_data"),
    ],
)
def test_what_is_no_file(
    speaker: httpx2.Client, path: str, body: dict[str, Any], param: str
) -> None:
    error = refused(speaker.post(f"{FILES}/upload/{path}", json=body), 400)
    assert (error["code"], error["param"]) == ("invalid_request", param)


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        ([], "file"),
        ([part("file", "text")], "file"),
        ([PNG_PART("file", photo()), PNG_PART("file", photo())], "file"),
        ([PNG_PART("image", photo())], "file"),
        ([part("purpose", "vision"), PNG_PART("file", photo())], "purpose"),
    ],
)
def test_what_is_no_form_of_a_file(speaker: httpx2.Client, parts: list[bytes], param: str) -> None:
    error = refused(send_form(speaker, *parts, path=f"{FILES}/upload/stream"), 400)
    assert error["param"] == param


def test_a_file_over_the_limit(speaker: httpx2.Client) -> None:
    """The vendor takes 100 MB, but an input image has at most 50: the error says so."""
    body = part("file", bytes(50_000_001), '; filename="a.png"', "image/png")
    error = refused(send_form(speaker, body, path=f"{FILES}/upload/stream"), 413)
    assert error["code"] == "request_too_large"
    assert "50 MB" in error["message"]


def test_there_are_so_many_files_at_most(sandbox: Running) -> None:
    with client(sandbox, other_key(sandbox, "collector")) as http:
        first = uploaded(http, photo())["file_id"]
        crowd(sandbox, "collector", FILES_MAX - 2)
        assert told(http.get(f"{FILES}/quota"))["remain_files"] == 1
        last = uploaded(http, photo("last"))["file_id"]
        body = {"base64_data": encoded(photo("one too many"))}
        error = refused(http.post(f"{FILES}/upload/base64", json=body), 403)
        assert str(FILES_MAX) in error["message"]
        assert told(http.get(f"{FILES}/quota"))["remain_files"] == 0
        assert http.delete(f"{FILES}/{first}").status_code == 200
        assert uploaded(http, photo("another"))["file_id"] != last


def crowd(sandbox: Running, account: str, count: int) -> None:
    """So many more files, and one that has expired and does not count."""
    now = now_ms()
    kept = [
        Asset(new_file_id(), AssetKind.UPLOAD, 0, "0" * 64, "image/png", 8, 8, 9, now, now + DAY_MS)
        for _ in range(count)
    ]
    gone = replace(kept[0], id=new_file_id(), expires_at_ms=now - 1)

    def work(tx: Tx) -> None:
        owner = account_named(tx, account)
        assert owner is not None
        add_assets(tx, owner.id, None, [*kept, gone])

    written = sandbox.services.database.write(work)
    asyncio.run_coroutine_threadsafe(written, sandbox.loop).result(10)


# --- links as inputs ----------------------------------------------------------------------------


def test_a_files_link_is_an_input_image(speaker: httpx2.Client) -> None:
    url = uploaded(speaker, photo())["file_url"]
    body = {"model": "gpt-image-1.5", "prompt": "x", "quality": "low", "image_urls": [url, url]}
    answer = speaker.post(GENERATE, json=body, headers={"prefer": "wait"})
    assert answer.json()["status"] == "completed", answer.text


def test_a_results_link_is_an_input_image_in_every_dialect(speaker: httpx2.Client) -> None:
    url = speaker.post(GENERATE, json=asking(response_format="url")).json()["data"][0]["url"]
    openai = speaker.post(EDIT, json=asking(images=[{"image_url": url}]))
    assert openai.status_code == 200, openai.text
    wait = {"prefer": "wait"}
    body = {
        "model": "gpt-image-1.5",
        "prompt": "x",
        "gptImageParams": {"input_images": [url], "quality": "low"},
    }
    apiframe = speaker.post("/v2/images/generate", json=body, headers=wait)
    assert apiframe.json()["status"] == "COMPLETED", apiframe.text
    evolink = speaker.post(GENERATE, json=asking(image_urls=[url]), headers=wait)
    assert evolink.json()["status"] == "completed", evolink.text


def test_who_has_a_link_may_use_it(sandbox: Running, speaker: httpx2.Client) -> None:
    url = uploaded(speaker, photo())["file_url"]
    with client(sandbox, other_key(sandbox, "friend")) as friend:
        answer = friend.post(EDIT, json=asking(images=[{"image_url": url}]))
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "change", [("exp=", "exp=1"), ("sig=", "sig=A"), ("/assets/", "/assets/0")]
)
def test_a_changed_link_is_fetched_like_any_other(
    speaker: httpx2.Client, change: tuple[str, str]
) -> None:
    url = uploaded(speaker, photo())["file_url"].replace(*change)
    body = {"model": "gpt-image-1.5", "prompt": "x", "image_urls": [url]}
    answer = speaker.post(GENERATE, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "image_urls"


def test_a_deleted_files_link_is_none(speaker: httpx2.Client) -> None:
    file = uploaded(speaker, photo())
    speaker.delete(f"{FILES}/{file['file_id']}")
    answer = speaker.post(EDIT, json=asking(images=[{"image_url": file["file_url"]}]))
    assert answer.status_code == 400
