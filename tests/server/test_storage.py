"""What an account stores: counted, limited, told, and freed by whoever deletes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from darkroom.assets import assets_of_job
from darkroom.core.ids import made_at_ms, new_id, now_ms
from darkroom.core.job import Asset
from darkroom.db import Tx
from darkroom.db.tables import assets, jobs
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, photo, refusal
from tests.support.running import Running, deployment

DAY_MS = int(timedelta(days=1).total_seconds() * 1000)
FORM = {"purpose": "user_data"}


def with_quota(http: httpx2.Client, name: str, stored_bytes: int) -> str:
    terms = {"name": name, "limits": {"stored_bytes": stored_bytes}}
    answer = http.post("/v1/keys", json=terms)
    assert answer.status_code == 201, answer.text
    assert answer.json()["limits"]["stored_bytes"] == stored_bytes
    return answer.json()["key"]


def upload(http: httpx2.Client, name: str = "photo") -> httpx2.Response:
    return http.post("/v1/files", data=FORM, files={"file": (name, photo(name), "image/png")})


def used(http: httpx2.Client) -> dict[str, Any]:
    return http.get("/v1/storage").json()


def test_a_full_account_gets_nothing_before_it_deletes(
    shared: Running, http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    with client(shared, with_quota(http, "full", 1)) as own:
        made = own.post(GENERATE, json=asking())  # the first image fits into any quota
        assert made.status_code == 200, made.text
        posted = own.get("/v1/balance").json()["posted"]
        told = used(own)
        assert told["used_bytes"] == told["kinds"]["result"]["bytes"] > told["limit_bytes"] == 1
        error = refusal(own.post(GENERATE, json=asking("another")), 403)
        assert error["code"] == "storage_quota_exceeded"
        assert "DELETE /v1/jobs/" in error["message"]
        refusal(upload(own), 403)
        stream = asking("another", stream=True)
        refusal(own.post(GENERATE, json=stream), 403)
        assert len(vendor.received) == 1  # nothing was asked for, nothing charged
        assert own.get("/v1/balance").json()["posted"] == posted
        [job] = own.get("/v1/jobs").json()["data"]
        assert own.delete(f"/v1/jobs/{job['id']}").status_code == 200
        assert used(own)["used_bytes"] == 0
        assert own.post(GENERATE, json=asking("another")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/evolink/v1/images/generations", {"model": "gpt-image-1.5", "prompt": "x"}, "type"),
        ("/v2/images/generate", {"model": "gpt-image-1.5", "prompt": "x"}, ""),
    ],
)
def test_every_dialect_says_so(
    shared: Running, http: httpx2.Client, path: str, body: dict[str, Any], kind: str
) -> None:
    with client(shared, with_quota(http, f"full {path}", 1)) as own:
        assert own.post(GENERATE, json=asking()).status_code == 200
        answer = own.post(path, json=body)
        assert answer.status_code == 403, answer.text
        error = answer.json()["error"]
        assert "bytes in all" in (error["message"] if kind else error)
        assert not kind or error["type"] == "permission_error"


def test_files_count_and_keep_their_purpose(shared: Running, http: httpx2.Client) -> None:
    size = len(photo())
    with client(shared, with_quota(http, "files", size + 1)) as own:
        file = upload(own).json()
        assert file["purpose"] == "user_data"
        assert own.get(f"/v1/files/{file['id']}").json()["purpose"] == "user_data"
        listed = own.get("/v1/files", params={"purpose": "user_data"}).json()["data"]
        assert [one["id"] for one in listed] == [file["id"]]
        assert own.get("/v1/files", params={"purpose": "vision"}).json()["data"] == []
        assert used(own)["kinds"] == {"upload": {"images": 1, "bytes": file["bytes"]}}
        refusal(upload(own, "second"), 403)
        assert own.delete(f"/v1/files/{file['id']}").status_code == 200
        usual = own.post("/v1/files", files={"file": ("a", photo("second"), "image/png")})
        assert usual.json()["purpose"] == "vision"


def test_only_admins_look_at_others(shared: Running, http: httpx2.Client) -> None:
    with client(shared, with_quota(http, "looked at", 5)) as own:
        refusal(own.get("/v1/storage", params={"account": "default"}), 403)
    told = http.get("/v1/storage", params={"account": "looked at"}).json()
    assert (told["account"], told["used_bytes"], told["kinds"]) == ("looked at", 0, {})
    refusal(http.get("/v1/storage", params={"account": "nobody"}), 404)


def test_evolinks_clients_list_models_where_they_look(shared: Running, http: httpx2.Client) -> None:
    usual = http.get("/v1/models").json()["data"]
    assert http.get("/evolink/v1/models").json()["data"] == usual
    assert http.get(f"/evolink/v1/models/{usual[0]['id']}").json() == usual[0]
    missing = http.get("/evolink/v1/models/none")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "not_found_error")


@pytest.fixture
def short(tmp_path: Path, vendor: OpenAIVendor) -> Iterator[Running]:
    """A server that keeps images for a day."""
    with Running(tmp_path / "data", deployments=[deployment(vendor)], retention_days=1) as server:
        yield server


def age(server: Running, job_id: str, by_ms: int) -> Asset:
    """Make a job with one image older, and sweep; the image as it was."""
    database = server.services.database

    def work(tx: Tx) -> Asset:
        [asset] = assets_of_job(tx, job_id)
        old = replace(asset, id=new_id(now_ms() - by_ms))
        tx.execute(update(assets).where(assets.c.id == asset.id).values(id=old.id))
        ended = {"finished_at_ms": now_ms() - by_ms}
        tx.execute(update(jobs).where(jobs.c.id == job_id).values(**ended))
        return old

    async def swept() -> Asset:
        asset = await database.write(work)
        await server.services.keeper.round()
        return asset

    return asyncio.run_coroutine_threadsafe(swept(), server.loop).result(60)


def test_images_go_with_their_time_and_everybody_says_so(short: Running) -> None:
    with client(short) as own:
        task = own.post("/evolink/v1/images/generations", json=asking()).json()["id"]
        [job] = own.get("/v1/jobs").json()["data"]
        waited = own.get(f"/v1/jobs/{job['id']}", headers={"prefer": "wait=60"}).json()
        assert (waited["state"], waited["images_removed_at"]) == ("succeeded", None)
        asset = age(short, waited["id"], 2 * DAY_MS)
        for link in (
            short.services.links.url(short.url, asset),
            short.services.links.small_url(short.url, asset, 320),
        ):
            error = refusal(own.get(str(link)), 410)
            assert error["message"].startswith("Images are kept for a day here")
        job = own.get(f"/v1/jobs/{job['id']}").json()
        assert (job["state"], job["assets"]) == ("succeeded", [])
        assert (job["charge"], job["images_removed_at"] > "2026") == (waited["charge"], True)
        for path in (f"/evolink/v1/tasks/{task}", f"/v2/jobs/{job['id']}"):  # nobody stumbles
            assert own.get(path).status_code == 200
        assert used(own)["retention_days"] == 1
        page = own.get("/metrics").text
        assert 'darkroom_removed_total{what="images"} 1.0' in page
        assert f'darkroom_removed_bytes_total{{what="images"}} {float(asset.byte_size)}' in page


def test_what_its_owner_deleted_is_missing_however_old_it_is(short: Running) -> None:
    database = short.services.database

    def work(tx: Tx, job_id: str) -> Asset:
        """The job took two days, its image was there at once."""
        [asset] = assets_of_job(tx, job_id)
        old = replace(asset, id=new_id(now_ms() - 2 * DAY_MS))
        tx.execute(update(assets).where(assets.c.id == asset.id).values(id=old.id))
        return old

    with client(short) as own:
        own.post("/evolink/v1/images/generations", json=asking())
        [job] = own.get("/v1/jobs").json()["data"]
        own.get(f"/v1/jobs/{job['id']}", headers={"prefer": "wait=60"})
        working = database.write(lambda tx: work(tx, job["id"]))
        asset = asyncio.run_coroutine_threadsafe(working, short.loop).result(60)
        links = (
            short.services.links.url(short.url, asset),
            short.services.links.small_url(short.url, asset, 320),
        )
        assert own.get(links[0]).status_code == 200
        assert own.delete(f"/v1/jobs/{job['id']}").status_code == 200
        for link in links:
            refusal(own.get(str(link)), 404)


def test_ids_tell_when_they_were_made() -> None:
    at_ms = now_ms() - 3 * DAY_MS
    assert made_at_ms(new_id(at_ms)) == at_ms
    assert made_at_ms("file-0123") is None
    assert made_at_ms("zzzzzzzz-zzzz-7000-8000-000000000000") is None
