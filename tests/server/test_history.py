"""Looking back over HTTP: filters, lineage, counts, deletion, and what nobody else may see."""

from typing import Any

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import EDIT, GENERATE, asking, client, other_key, photo, refusal
from tests.support.running import Running


@pytest.fixture(scope="module")
def own(shared: Running) -> Any:
    """An account of the module's own: others' jobs are not counted with its."""
    with client(shared, other_key(shared, "looking back")) as speaking:
        yield speaking


def made(http: httpx2.Client, prompt: str = "a red bicycle", **more: Any) -> dict[str, Any]:
    answer = http.post(GENERATE, json=asking(prompt, **more))
    assert answer.status_code == 200, answer.text
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


def edited(http: httpx2.Client, *images: dict[str, str], prompt: str = "greener") -> dict[str, Any]:
    answer = http.post(EDIT, json=asking(prompt, images=list(images)))
    assert answer.status_code == 200, answer.text
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


def listed(http: httpx2.Client, **query: Any) -> list[str]:
    answer = http.get("/v1/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["data"]]


def result(job: dict[str, Any]) -> dict[str, Any]:
    return next(asset for asset in job["assets"] if asset["kind"] == "result")


# --- filters ------------------------------------------------------------------------------------


def test_filters_may_be_combined(shared: Running) -> None:
    with client(shared, other_key(shared, "filters")) as http:
        tower = made(http, "높은 탑")
        edit = edited(http, {"file_id": result(tower)["id"]}, prompt="높은 탑과 강")
        assert listed(http, q="높은") == [edit["id"], tower["id"]]
        assert listed(http, q="높은", operation="edit") == [edit["id"]]
        assert listed(http, q="강", operation="generation") == []
        assert listed(http, state="succeeded,failed") == [edit["id"], tower["id"]]
        assert listed(http, state=["failed", "canceled"]) == []
        assert listed(http, model="gpt-image-1.5", deployment="openai") == [
            edit["id"],
            tower["id"],
        ]
        assert listed(http, deployment="another") == []
        assert listed(http, asset_sha256=result(tower)["sha256"])[-1] == tower["id"]
        assert listed(http, created_after=tower["created_at"], created_before="2999-01-01") == [
            edit["id"],
            tower["id"],
        ]
        assert listed(http, created_before=tower["created_at"]) == []
        today = tower["created_at"][:10]
        assert len(listed(http, created_after=today)) == 2
        assert listed(http, created_after=tower["created_at"].replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"state": "failed,done"}, "state"),
        ({"state": ""}, "state"),
        ({"operation": "variation"}, "operation"),
        ({"q": ""}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"model": "a\0b"}, "model"),
        ({"deployment": ""}, "deployment"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_after": "2026-13-01"}, "created_after"),
        ({"created_before": "2026-11-20T10:00:00"}, "created_before"),
        ({"asset_sha256": "ABC"}, "asset_sha256"),
        ({"parent": "a b"}, "parent"),
    ],
)
def test_odd_filters(http: httpx2.Client, query: dict[str, str], param: str) -> None:
    assert refusal(http.get("/v1/jobs", params=query), 400)["param"] == param


# --- lineage ------------------------------------------------------------------------------------


def test_edits_know_where_their_images_came_from(own: httpx2.Client) -> None:
    first, second = made(own, "one"), made(own, "two", size="1536x1024")
    file = own.post("/v1/files", files={"file": ("a.png", photo("mine"), "image/png")}).json()
    child = edited(
        own,
        {"file_id": result(second)["id"]},
        {"image_url": result(first)["url"]},  # a link is as good as an id
        {"file_id": file["id"]},
    )
    assert child["parents"] == [second["id"], first["id"]]
    assert child["request"]["inputs"][0] == result(second)["id"]
    assert [one["id"] for one in child["inputs"]] == child["request"]["inputs"]
    assert all(one["thumbnail_url"] and one["url"] for one in child["inputs"])
    assert child["mask"] is None
    again = own.get(f"/v1/jobs/{second['id']}").json()
    assert (again["children"], again["parents"], again["inputs"]) == (1, [], [])
    assert listed(own, parent=second["id"]) == [child["id"]]
    [shown] = own.get("/v1/jobs", params={"parent": first["id"]}).json()["data"]
    assert shown == own.get(f"/v1/jobs/{child['id']}").json() | {"assets": shown["assets"]} | {
        "inputs": shown["inputs"]
    }


def test_the_lineage_ends_at_the_account(shared: Running, own: httpx2.Client) -> None:
    theirs = made(own, "theirs")
    with client(shared, other_key(shared, "a stranger")) as http:
        # who has a link may use the image, and learns nothing of the job
        child = edited(http, {"image_url": result(theirs)["url"]})
        assert child["parents"] == []
        assert listed(http, parent=theirs["id"]) == []
        assert listed(http, asset_sha256=result(theirs)["sha256"]) in ([], [child["id"]])
        refusal(http.get(f"/v1/jobs/{theirs['id']}"), 404)
    assert own.get(f"/v1/jobs/{theirs['id']}").json()["children"] == 0


# --- counts -------------------------------------------------------------------------------------


def test_counts(shared: Running) -> None:
    with client(shared, other_key(shared, "counter")) as http:
        for _ in range(2):
            made(http)
        told = http.get("/v1/jobs/counts").json()
        since = told.pop("since")
        assert told == {
            "object": "job_counts",
            "queued": 0,
            "running": 0,
            "succeeded": 2,
            "failed": 0,
            "canceled": 0,
            "total": 2,
        }
        assert since.endswith("Z")
        assert http.get("/v1/jobs/counts?since=2999-01-01").json()["total"] == 0
        error = refusal(http.get("/v1/jobs/counts?since=2020-01-01"), 400)
        assert (error["param"], "31 days" in error["message"]) == ("since", True)


def test_usage_counts_images_and_failures(shared: Running, vendor: OpenAIVendor) -> None:
    with client(shared, other_key(shared, "spender")) as http:
        made(http, n=2)
        vendor.next(Fault.MODERATION_BLOCKED)
        assert http.post(GENERATE, json=asking()).status_code == 400
        usage = http.get("/v1/usage", params={"by": "model,deployment"}).json()
    [row] = usage["data"]
    assert (row["model"], row["deployment"]) == ("gpt-image-1.5", "openai")
    for counted in (row, usage["total"]):
        assert (counted["jobs"], counted["images"], counted["failed"]) == (1, 2, 1)


# --- deletion -----------------------------------------------------------------------------------


def test_a_deleted_job_is_gone_and_its_charge_stays(shared: Running) -> None:
    with client(shared, other_key(shared, "forgetful")) as http:
        key = {"idempotency-key": "again"}
        first = http.post(GENERATE, json=asking("a secret plan"), headers=key)
        job = http.get(f"/v1/jobs/{first.headers['x-darkroom-job']}").json()
        child = edited(http, {"file_id": result(job)["id"]})
        before = http.get("/v1/usage").json()["total"]
        with client(shared, other_key(shared, "nosy")) as other:
            refusal(other.delete(f"/v1/jobs/{job['id']}"), 404)
        gone = http.delete(f"/v1/jobs/{job['id']}").json()
        assert gone == {"id": job["id"], "object": "job", "deleted": True}
        refusal(http.get(f"/v1/jobs/{job['id']}"), 404)
        refusal(http.delete(f"/v1/jobs/{job['id']}"), 404)
        refusal(http.get(f"/v1/jobs/{job['id']}/events"), 404)
        assert listed(http) == [child["id"]]
        assert http.get("/v1/usage").json()["total"] == before
        # the child has its image still, and can be made again from it
        shown = http.get(f"/v1/jobs/{child['id']}").json()
        assert (shown["parents"], shown["inputs"][0]["id"]) == ([], result(job)["id"])
        assert httpx2.get(shown["inputs"][0]["url"]).status_code == 200
        assert edited(http, {"file_id": result(job)["id"]})["parents"] == []
        # the name of the request is free again
        second = http.post(GENERATE, json=asking("a secret plan"), headers=key)
        assert second.headers["x-darkroom-job"] != job["id"]
        assert "idempotent-replayed" not in second.headers


def test_links_to_deleted_images_lead_nowhere(own: httpx2.Client) -> None:
    job = made(own, "to be deleted")
    links = [result(job)[name] for name in ("url", "thumbnail_url", "preview_url")]
    assert {httpx2.get(link).status_code for link in links} == {200}
    own.delete(f"/v1/jobs/{job['id']}")
    for link in links:
        refusal(httpx2.get(link), 404)
