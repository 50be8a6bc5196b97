"""Each event moves the metric that is there for it, exactly, and labels stay few."""

import asyncio
import re
from pathlib import Path
from typing import Any

from darkroom.core.errors import ModerationBlocked, OutcomeUnknown, UpstreamUnavailable
from darkroom.core.job import Attempt, AttemptState, JobState
from darkroom.core.observer import Posted
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.jobs import records
from darkroom.telemetry.metrics import Answered, Metrics, Shared
from tests.support.jobs import a_job
from tests.support.workshop import Batching, Scripted, Workshop, draws, workshop

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
MODEL = "gpt-image-1.5"


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """One sample; 0 when there is none."""
    return metrics.registry.get_sample_value(name, labels) or 0.0


async def test_a_job_that_succeeds(tmp_path: Path) -> None:
    metrics = Metrics()

    async def bills(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        made = await draws(provider, call, sink)
        return ProviderResult(made.images, made.usage, cost_nanos=123_456_789)

    async with workshop(tmp_path, observer=metrics) as shop:
        shop.providers["first"].script = [bills]
        job = await shop.run(n=2)
    at = {"model": MODEL, "deployment": "first"}
    assert job.charge is not None
    accepted = {"model": MODEL, "operation": "generation", "dialect": "openai"}
    assert value(metrics, "darkroom_jobs_accepted_total", **accepted) == 1
    assert value(metrics, "darkroom_jobs_ended_total", state="succeeded", error="", **at) == 1
    assert value(metrics, "darkroom_charged_nanodollars_total", **at) == job.charge.nanos > 0
    assert value(metrics, "darkroom_cost_nanodollars_total", **at) == 123_456_789
    assert value(metrics, "darkroom_images_total", **at) == 2
    stored = sum(asset.byte_size for asset in job.results)
    assert value(metrics, "darkroom_image_bytes_total", **at) == stored
    told = {"deployment": "first", "outcome": "succeeded"}
    assert value(metrics, "darkroom_attempts_total", error="", **told) == 1
    assert value(metrics, "darkroom_attempt_duration_seconds_count", **told) == 1
    ran = {"model": MODEL, "state": "succeeded"}
    assert value(metrics, "darkroom_job_running_seconds_count", **ran) == 1
    assert value(metrics, "darkroom_job_queued_seconds_count") == 1


async def test_attempts_that_fail_and_a_refusal(tmp_path: Path) -> None:
    metrics = Metrics()
    kinds = {"first": Scripted, "second": Scripted}
    async with workshop(tmp_path, kinds, observer=metrics) as shop:
        shop.providers["first"].script = [UpstreamUnavailable("first could not be reached.")]
        await shop.run()
        shop.providers["first"].script = [ModerationBlocked("No.")]
        shop.providers["second"].script = [ModerationBlocked("No.")]
        await shop.run()
    failed = {"outcome": "not_sent", "error": "upstream_unavailable"}
    assert value(metrics, "darkroom_attempts_total", deployment="first", **failed) == 1
    page = metrics.page("")[0].decode()
    assert 'error="moderation_blocked",model="gpt-image-1.5",state="failed"} 1.0' in page
    assert 'error="moderation_blocked",outcome="refused"} 1.0' in page


async def test_what_runs_now_is_a_gauge(tmp_path: Path) -> None:
    metrics, goes_on, began = Metrics(), asyncio.Event(), asyncio.Event()

    async def waits(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        began.set()
        await goes_on.wait()
        return await draws(provider, call, sink)

    async with workshop(tmp_path, observer=metrics) as shop:
        shop.providers["first"].script = [waits]
        job = await shop.submit()
        await began.wait()
        metrics.look({"first": "open"}, ("closed", "open"))
        assert value(metrics, "darkroom_jobs_here") == 1
        assert value(metrics, "darkroom_attempts_in_flight", deployment="first") == 1
        assert value(metrics, "darkroom_circuit_state", deployment="first", state="open") == 1
        assert value(metrics, "darkroom_circuit_state", deployment="first", state="closed") == 0
        goes_on.set()
        await shop.wait(job)
    metrics.look({"second": "closed"}, ("closed", "open"))  # the first is configured no more
    assert value(metrics, "darkroom_jobs_here") == 0
    page = metrics.page("")[0].decode()
    assert 'darkroom_circuit_state{deployment="second",state="closed"} 1.0' in page
    assert 'darkroom_circuit_state{deployment="first"' not in page
    assert 'darkroom_attempts_in_flight{deployment="first"' not in page


async def test_a_batch_that_is_looked_at_often_counts_once(tmp_path: Path) -> None:
    metrics = Metrics()
    async with workshop(tmp_path, {"first": Batching}, observer=metrics) as shop:
        provider = shop.providers["first"]
        assert isinstance(provider, Batching)
        provider.looks = 3
        await shop.run(service_tier="economy", size="1024x1024")
    told = {"deployment": "first", "outcome": "succeeded", "error": ""}
    assert value(metrics, "darkroom_attempts_total", **told) == 1
    assert value(metrics, "darkroom_job_queued_seconds_count") == 1
    metrics.look({"first": "closed"}, ("closed",))
    assert value(metrics, "darkroom_attempts_in_flight", deployment="first") == 0


async def test_a_job_that_is_canceled_while_it_waits(tmp_path: Path) -> None:
    metrics = Metrics()
    async with workshop(tmp_path, observer=metrics) as shop:
        job = a_job()
        await shop.database.write(lambda tx: records.add(tx, job))
        await shop.jobs.cancel(job.id, job.account_id)
        await shop.jobs.cancel(job.id, job.account_id)  # it has ended: nothing more happens
    told = {"state": "canceled", "model": MODEL, "deployment": "", "error": "job_canceled"}
    assert value(metrics, "darkroom_jobs_ended_total", **told) == 1
    assert value(metrics, "darkroom_job_queued_seconds_count") == 0  # it never started


async def test_an_attempt_whose_process_died(tmp_path: Path, database_url: str) -> None:
    metrics = Metrics()
    job = await _left_behind(tmp_path, database_url)
    async with workshop(tmp_path, database_url=database_url, observer=metrics) as shop:
        await shop.wait(job)
    told = {"deployment": "first", "outcome": "sent_unknown", "error": OutcomeUnknown.code}
    assert value(metrics, "darkroom_attempts_total", **told) == 1


async def _left_behind(folder: Path, database_url: str) -> Any:
    """A job with an open attempt, as a process leaves it that dies."""
    job = a_job(account_id="account")
    attempt = Attempt(1, "first", "scripted", MODEL, AttemptState.OPEN, job.created_at_ms)
    async with workshop(folder, database_url=database_url) as shop:

        def work(tx: Any) -> None:
            records.add(tx, job)
            records.claim(tx, job.id, "dead", job.created_at_ms)
            records.open_attempt(tx, job.id, attempt)

        await shop.database.write(work)
    return job


async def test_depth_counts_what_has_not_ended(tmp_path: Path, database_url: str) -> None:
    async with workshop(tmp_path, database_url=database_url) as shop:
        empty = await shop.database.read(records.depth)
        assert (empty.queued, empty.running, empty.oldest_queued_ms) == (0, 0, None)
        await shop.run()
        await _add(shop, 30, 20, 10)
        depth = await shop.database.read(records.depth)
    assert (depth.queued, depth.running, depth.oldest_queued_ms) == (2, 1, 10)


async def _add(shop: Workshop, *at_ms: int) -> None:
    """Jobs that were accepted at these times; the first of them runs."""
    for number, accepted in enumerate(at_ms):
        job = a_job(created_at_ms=accepted)

        def work(tx: Any, job: Any = job, number: int = number) -> None:
            records.add(tx, job)
            if not number:
                records.claim(tx, job.id, "other", 40)

        await shop.database.write(work)


def test_answers_and_webhooks() -> None:
    metrics = Metrics()
    metrics.answered(Answered("POST", "/v1/x", "openai", 200, 0.2, 100, 5_000))
    metrics.answered(Answered("POST", "/v1/x", "openai", 429, 0.1, 0, 0))
    told = {"method": "POST", "route": "/v1/x", "dialect": "openai"}
    assert value(metrics, "darkroom_http_requests_total", status="429", **told) == 1
    assert value(metrics, "darkroom_http_received_bytes_total", route="/v1/x") == 100
    assert value(metrics, "darkroom_http_sent_bytes_total", route="/v1/x") == 5_000
    metrics.webhook_posted(Posted("pending", 0.5, 0.6))
    metrics.webhook_posted(Posted("delivered", 0.5, 6.0))
    assert value(metrics, "darkroom_webhook_posts_total", outcome="pending") == 1
    assert value(metrics, "darkroom_webhook_lag_seconds_sum") == 6.0
    assert value(metrics, "darkroom_webhook_post_duration_seconds_count") == 2


def test_what_the_database_did_not_say_is_not_a_number() -> None:
    metrics = Metrics()
    metrics.share(Shared(1, 2, 3.5, 4, 5_000_000_001, 6, 7.5))
    assert value(metrics, "darkroom_jobs", state="queued") == 1
    assert value(metrics, "darkroom_held_nanodollars") == 5_000_000_001
    metrics.share(None)
    page = metrics.page("")[0].decode()
    assert 'darkroom_jobs{state="queued"} NaN' in page
    assert "darkroom_holds NaN" in page


def test_the_description_is_what_the_registry_has() -> None:
    metrics = Metrics()
    families = {family.name: family for family in metrics.registry.collect()}
    for one in metrics.described:
        family = families[one.name.removesuffix("_total")]
        assert family.type == one.kind
        assert family.documentation.startswith(one.help)
        assert ("whole installation" in family.documentation) == one.shared
    ours = {name for name in families if name.startswith("darkroom_")}
    assert ours == {one.name.removesuffix("_total") for one in metrics.described}
    assert families["process_resident_memory_bytes"].samples[0].value > 1_000_000


def test_both_formats_are_spoken() -> None:
    page, media_type = Metrics().page("application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert page.endswith(b"# EOF\n")
    page, media_type = Metrics().page("*/*")
    assert media_type.startswith("text/plain")
    assert JobState.QUEUED in Metrics().page("")[0].decode()
