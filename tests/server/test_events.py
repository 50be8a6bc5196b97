"""A job's events: from its record alone, so that whoever comes back misses and repeats nothing."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from darkroom.core.errors import JobCanceled
from darkroom.core.job import Asset, AssetKind, Charge, Job, JobState
from darkroom.core.request import ImageRequest, Operation
from darkroom.server.events import Cursor, Event, news, next_milestone_ms
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.jobs import a_job
from tests.support.running import Running, deployment

# --- what follows from a record -----------------------------------------------------------------

ASKED = ImageRequest(Operation.GENERATION, "gpt-image-1.5", "x", quality="low", partial_images=2)


def preview(position: int, at_ms: int) -> Asset:
    digest = "ab" * 32
    asset_id = f"p{position}-{at_ms}"
    return Asset(asset_id, AssetKind.PARTIAL, position, digest, "image/png", 64, 64, 9, at_ms)


def life() -> list[tuple[Job, int]]:
    """A job's records over time, each with the time of the look; it usually takes 15 s."""
    queued = a_job(created_at_ms=1_000, request=ASKED)
    running = replace(queued, state=JobState.RUNNING, started_at_ms=2_000)
    one = replace(running, assets=(preview(0, 6_000),))
    # a second attempt begins its previews anew
    two = replace(running, assets=(preview(0, 6_000), preview(0, 8_000)))
    three = replace(running, assets=(preview(0, 6_000), preview(0, 8_000), preview(1, 9_000)))
    done = replace(
        three, state=JobState.SUCCEEDED, finished_at_ms=10_000, charge=Charge(5_000_000, ())
    )
    times = (1_000, 2_000, 3_400, 3_600, 6_100, 8_200, 9_000, 10_000, 99_000)
    records = (queued, running, running, running, one, two, three, done, done)
    return list(zip(records, times, strict=True))


def told(looks: list[tuple[Job, int]], last: str = "0.0.0") -> list[Event]:
    """What a stream with these looks tells."""
    events: list[Event] = []
    seen = Cursor.parse(last)
    for job, at_ms in looks:
        for event in news(job, at_ms, seen):
            events.append(event)
            seen = event.cursor
    return events


def short(events: list[Event]) -> list[tuple[str, Any]]:
    return [
        (
            event.name,
            event.image.id if event.image else event.data.get("state", event.data.get("progress")),
        )
        for event in events
    ]


WHOLE = [
    ("state", "queued"),
    ("state", "running"),
    ("progress", 10),
    ("progress", 20),
    ("partial_image", "p0-6000"),
    ("progress", 33),
    ("partial_image", "p0-8000"),
    ("progress", 66),
    ("partial_image", "p1-9000"),
    ("progress", 95),
    ("state", "succeeded"),
    ("settled", "succeeded"),
]


def test_a_job_is_told_in_order_whenever_one_looks() -> None:
    assert short(told(life())) == WHOLE
    assert short(told(life()[-1:])) == WHOLE  # all of it afterwards


def test_coming_back_at_any_event_misses_and_repeats_nothing() -> None:
    looks = life()
    events = told(looks)
    for index, event in enumerate(events):
        assert short(told(looks[-1:], str(event.cursor))) == WHOLE[index + 1 :]
        for later in range(len(looks)):  # or while it still runs
            rest = short(told(looks[later:], str(event.cursor)))
            assert rest == WHOLE[index + 1 :]


def test_event_ids_are_all_different() -> None:
    ids = [str(event.cursor) for event in told(life())]
    assert len(set(ids)) == len(WHOLE)


def test_a_job_that_never_ran_is_told_without_running() -> None:
    why = JobCanceled("The job was canceled.").record()
    job = a_job(state=JobState.CANCELED, created_at_ms=1_000, finished_at_ms=2_000, error=why)
    events = told([(job, 3_000)])
    assert short(events) == [("state", "queued"), ("state", "canceled"), ("settled", "canceled")]
    assert events[-1].data["error"]["code"] == "job_canceled"
    assert events[-1].data["charge"] is None


def test_the_clock_is_asked_only_while_it_has_news() -> None:
    (queued, _), (running, _), *_, (one, _), _, _, (done, _), _ = life()
    assert next_milestone_ms(queued, 1_000) is None
    assert next_milestone_ms(running, 2_000) == 3_500
    assert next_milestone_ms(running, 3_500) == 5_000
    assert next_milestone_ms(running, 99_000) is None
    assert next_milestone_ms(one, 6_500) is None
    assert next_milestone_ms(done, 2_000) is None


# --- over HTTP ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    id: str
    name: str
    data: dict[str, Any]


def heard(lines: Iterator[str]) -> Iterator[Said]:
    """The events of a stream; comments and hints are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line and "data" in fields:
            yield Said(fields["id"], fields["event"], json.loads(fields["data"]))
        if not line:
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def listen(http: httpx2.Client, job_id: str, last: str = "", **query: str) -> list[Said]:
    """All events up to the end of the stream."""
    headers = {"last-event-id": last} if last else {}
    with http.stream("GET", f"/v1/jobs/{job_id}/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(heard(answer.iter_lines()))


def submitted(http: httpx2.Client, **body: Any) -> str:
    answer = http.post(GENERATE, json=asking(**body), headers={"prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    return answer.headers["x-darkroom-job"]


def test_a_job_tells_its_previews_and_its_charge(http: httpx2.Client) -> None:
    job_id = submitted(http, stream=True, partial_images=2)
    events = listen(http, job_id)
    assert [event.name for event in events if event.name != "progress"] == [
        *("state", "state", "partial_image", "partial_image", "state", "settled")
    ]
    assert all(event.data["job"] == job_id for event in events)
    previews = [event.data for event in events if event.name == "partial_image"]
    assert [each["index"] for each in previews] == [0, 1]
    assert httpx2.get(previews[0]["url"]).headers["content-type"] == "image/png"
    settled = events[-1].data
    job = http.get(f"/v1/jobs/{job_id}").json()
    assert settled["charge"] == job["charge"]
    assert settled["error"] is None
    [image] = settled["images"]
    assert len(httpx2.get(image["url"]).content) == image["byte_size"]


def test_previews_may_come_in_the_stream_itself(http: httpx2.Client) -> None:
    job_id = submitted(http, stream=True, partial_images=1)
    [preview] = [
        event.data for event in listen(http, job_id, images="base64") if "index" in event.data
    ]
    assert base64.b64decode(preview["b64_json"]).startswith(b"\x89PNG")
    assert "url" not in preview


async def test_who_comes_back_hears_the_rest(gateway: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    with client(gateway) as http:
        job_id = submitted(http)
        await openai_vendor.wait_received(1)
        with http.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
            lines = heard(answer.iter_lines())
            first, second = next(lines), next(lines)
        openai_vendor.release()
        rest = listen(http, job_id, second.id)
        assert [first.data["state"], second.data["state"]] == ["queued", "running"]
        assert [event.name for event in rest] == ["state", "settled"]
        again = listen(http, job_id, last_event_id=second.id)
        assert [event.id for event in again] == [event.id for event in rest]
        over = http.get(f"/v1/jobs/{job_id}/events", headers={"last-event-id": rest[-1].id})
        assert (over.status_code, over.content) == (204, b"")


async def test_a_quiet_stream_gives_signs_of_life(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    options: dict[str, Any] = {"deployments": [deployment(openai_vendor)]}
    with (
        Running(tmp_path / "data", keepalive_every_s=0.01, **options) as gateway,
        client(gateway) as http,
    ):
        job_id = submitted(http)
        await openai_vendor.wait_received(1)
        with http.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            pings = (line for line in lines if line == ": keep-alive")
            assert [next(pings), next(pings)] == [": keep-alive"] * 2
            openai_vendor.release()
            assert "event: settled" in list(lines)


def test_events_outlive_the_server(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    options: dict[str, Any] = {"deployments": [deployment(openai_vendor)]}
    with Running(tmp_path / "data", **options) as gateway, client(gateway) as http:
        job_id = submitted(http, stream=True, partial_images=2)
        before = listen(http, job_id)
    with Running(tmp_path / "data", **options) as gateway, client(gateway) as http:
        for index, event in enumerate(before[:-1]):
            after = listen(http, job_id, event.id)
            assert [each.id for each in after] == [each.id for each in before[index + 1 :]]


def test_a_failure_is_settled_with_its_reason(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED)
    with client(gateway) as http:
        settled = listen(http, submitted(http))[-1].data
    assert (settled["state"], settled["charge"], settled["images"]) == ("failed", None, [])
    assert settled["error"]["code"] == "moderation_blocked"


def test_what_is_no_event_id_or_no_job(shared: Running, http: httpx2.Client) -> None:
    job_id = http.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    path = f"/v1/jobs/{job_id}/events"
    for last in ("x", "5.0.0", "1.2", "1.2.3.4", "²", "1.99999.0"):
        refused = refusal(http.get(path, params={"last_event_id": last}), 400)
        assert refused["param"] == "last_event_id"
    assert refusal(http.get(path, params={"images": "svg"}), 400)["param"] == "images"
    refusal(http.get("/v1/jobs/nobody/events"), 404)
    with client(shared, other_key(shared, "eavesdropper")) as stranger:
        refusal(stranger.get(path), 404)
        refusal(stranger.get(path, headers={"last-event-id": "4.0.0"}), 404)
