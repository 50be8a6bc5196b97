"""Images and reports to take away: ZIP archives that are written while they are sent, HTML."""

import hashlib
import json
import re
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.running import Running


def made(http: httpx2.Client, prompt: str = "a red bicycle", **more: Any) -> dict[str, Any]:
    answer = http.post(GENERATE, json=asking(prompt, **more))
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


def results(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [asset for asset in job["assets"] if asset["kind"] == "result"]


def archive(answer: httpx2.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = zipfile.ZipFile(BytesIO(answer.content))
    assert found.testzip() is None
    assert all(one.compress_type == zipfile.ZIP_STORED for one in found.infolist())
    return found


def named(answer: httpx2.Response) -> str:
    """What the download is called."""
    told = answer.headers["content-disposition"]
    assert told.startswith("attachment; ")
    return unquote(re.findall(r"filename\*=UTF-8''(\S+)", told)[0])


# --- archives -----------------------------------------------------------------------------------


def test_the_images_of_one_job(http: httpx2.Client) -> None:
    job = made(http, "빨간 자전거: 골목/../길", n=2)
    answer = http.get(f"/v1/jobs/{job['id']}/images.zip")
    found = archive(answer)
    names = ["빨간-자전거-골목-길-1.png", "빨간-자전거-골목-길-2.png", "job.json"]
    assert found.namelist() == names
    assert named(answer) == "빨간-자전거-골목-길.zip"
    assert answer.headers["content-disposition"].isascii()
    for asset, name in zip(results(job), names, strict=False):
        assert hashlib.sha256(found.read(name)).hexdigest() == asset["sha256"]
    told = json.loads(found.read("job.json"))
    assert (told["id"], told["charge"]) == (job["id"], job["charge"])
    assert [image["file"] for image in told["images"]] == names[:2]
    assert "sig=" not in json.dumps(told)  # a link is worth an image: none is passed on
    assert "://" not in json.dumps(told)


def test_a_folder_for_each_of_several_jobs(http: httpx2.Client) -> None:
    jobs = [made(http, "탑"), made(http, "탑"), made(http, "the sea", output_format="jpeg")]
    ids = [job["id"] for job in jobs]
    found = archive(http.post("/v1/images.zip", json={"jobs": ids}))
    assert found.namelist() == [
        *("1-탑/탑.png", "1-탑/job.json", "2-탑/탑.png", "2-탑/job.json"),
        *("3-the-sea/the-sea.jpg", "3-the-sea/job.json"),
    ]
    assert json.loads(found.read("2-탑/job.json"))["id"] == ids[1]


def test_a_job_without_images(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    answer = http.post(GENERATE, json=asking())
    failed = answer.headers["x-darkroom-job"]
    refusal(http.get(f"/v1/jobs/{failed}/images.zip"), 404)
    refusal(http.post("/v1/images.zip", json={"jobs": [failed]}), 404)
    job = made(http, "one")
    found = archive(http.post("/v1/images.zip", json={"jobs": [failed, job["id"]]}))
    assert found.namelist() == ["1-a-red-bicycle/job.json", "2-one/one.png", "2-one/job.json"]


def test_an_image_that_is_gone_is_named(shared: Running, http: httpx2.Client) -> None:
    job = made(http, "gone", n=2)
    digest = results(job)[0]["sha256"]
    (shared.settings.data_dir / "images" / digest[:2] / digest).unlink()
    found = archive(http.get(f"/v1/jobs/{job['id']}/images.zip"))
    assert found.namelist() == ["gone-2.png", "job.json"]
    images = json.loads(found.read("job.json"))["images"]
    assert [image["file"] for image in images] == [None, "gone-2.png"]


@pytest.mark.parametrize(
    "jobs", [None, [], "x", ["a b"], [7], ["x"] * 101, {"a": 1}, [["x"]]], ids=repr
)
@pytest.mark.parametrize("path", ["/v1/images.zip", "/v1/reports"])
def test_odd_lists_of_jobs(http: httpx2.Client, path: str, jobs: Any) -> None:
    assert refusal(http.post(path, json={"jobs": jobs}), 400)["param"] == "jobs"


def test_only_ones_own_jobs_go_out(shared: Running, http: httpx2.Client) -> None:
    job = made(http)
    with client(shared, other_key(shared, "downloader")) as other:
        own = made(other)
        refusal(other.get(f"/v1/jobs/{job['id']}/images.zip"), 404)
        for path in ("/v1/images.zip", "/v1/reports"):
            refusal(other.post(path, json={"jobs": [own["id"], job["id"]]}), 404)


# --- reports ------------------------------------------------------------------------------------


def test_a_report_of_several_jobs(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    first, second = made(http, "a <b>tower</b>", n=2), made(http, "a river")
    vendor.next(Fault.MODERATION_BLOCKED)
    refused = http.post(GENERATE, json=asking("a crime")).headers["x-darkroom-job"]
    ids = [first["id"], second["id"], refused]
    answer = http.post("/v1/reports", json={"jobs": ids, "title": "가을 작업", "credits": True})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert named(answer) == "가을-작업.html"
    page = answer.text
    assert page.count("data:image/webp;base64,") >= 3
    assert "가을 작업" in page
    assert "a &lt;b&gt;tower&lt;/b&gt;" in page
    assert "<b>tower</b>" not in page
    assert all(job in page for job in ids)
    assert "Content-Security-Policy" in page
    assert "sig=" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)  # nothing of the network
    charged = first["charge"]["nanos"] + second["charge"]["nanos"]
    assert f"{charged / 1e9:.4f}"[:6] in page


def test_a_report_in_korean_and_its_options(shared: Running, http: httpx2.Client) -> None:
    job = made(http)
    page = http.post("/v1/reports", json={"jobs": [job["id"]], "lang": "ko"})
    assert '<html lang="ko"' in page.text
    assert named(page) == "report.html"
    for body, param in (
        ({"lang": "fr"}, "lang"),
        ({"credits": "yes"}, "credits"),
        ({"title": "two\nlines"}, "title"),
        ({"embed": "full"}, "embed"),
    ):
        refused = http.post("/v1/reports", json={"jobs": [job["id"]], **body})
        assert refusal(refused, 400)["param"] == param
    left = list((shared.settings.data_dir / "spool").iterdir())
    assert left == []  # nothing of reports stays behind


def test_a_report_says_what_is_not_kept(shared: Running, http: httpx2.Client) -> None:
    job = made(http, "vanished")
    digest = results(job)[0]["sha256"]
    (shared.settings.data_dir / "images" / digest[:2] / digest).unlink()
    page = http.post("/v1/reports", json={"jobs": [job["id"]]}).text
    assert "Image not kept" in page
