"""Spans of request, job and attempt belong together, also over the queue; prompts stay out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace as current
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from darkroom.core.errors import UpstreamFailed
from darkroom.core.ports import ImageSink, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.core.trace import Trace, current_trace
from darkroom.core.usage import Usage
from darkroom.jobs import records
from darkroom.telemetry.traces import Providers, Traces
from tests.support.jobs import a_job
from tests.support.workshop import Batching, Scripted, draws, workshop

TRACE_ID = "ab" * 16
PARENT = f"00-{TRACE_ID}-{'cd' * 8}-01"
PROMPT = "a red bicycle that nobody else may read about"


@dataclass
class Collected:
    """What a collector would have got."""

    providers: Providers
    spans_in: InMemorySpanExporter
    measured: InMemoryMetricReader

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.spans_in.get_finished_spans())

    def named(self, start: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith(start)]

    def points(self, name: str) -> list[Any]:
        data = json.loads(self.measured.get_metrics_data().to_json())  # type: ignore[union-attr]
        return [
            point
            for resource in data["resource_metrics"]
            for scope in resource["scope_metrics"]
            for metric in scope["metrics"]
            if metric["name"] == name
            for point in metric["data"]["data_points"]
        ]


@pytest.fixture
def collected() -> Collected:
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer = TracerProvider(shutdown_on_exit=False)
    tracer.add_span_processor(SimpleSpanProcessor(spans))
    meter = MeterProvider([reader], shutdown_on_exit=False)
    return Collected(Providers(tracer, meter), spans, reader)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent_of(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def test_a_job_goes_on_with_the_trace_that_it_was_accepted_with(
    tmp_path: Path, database_url: str, collected: Collected
) -> None:
    """Here by another process: the job lies in the database when the engine opens."""
    job = a_job(trace=Trace("req_1", PARENT))
    async with workshop(tmp_path, database_url=database_url) as shop:
        await shop.engine.close()
        await shop.database.write(lambda tx: records.add(tx, job))
    observer = Traces(collected.providers)
    async with workshop(tmp_path, database_url=database_url, observer=observer) as shop:
        await shop.wait(job)
    [attempt, run] = collected.spans
    assert (run.name, run.kind) == ("job", SpanKind.CONSUMER)
    assert (trace_of(run), parent_of(run)) == (TRACE_ID, "cd" * 8)
    assert attributes(run)["darkroom.request.id"] == "req_1"
    assert attributes(run)["darkroom.job.state"] == "succeeded"
    assert (attempt.name, attempt.kind) == ("generate_content gpt-image-1.5", SpanKind.CLIENT)
    assert (trace_of(attempt), parent_of(attempt)) == (TRACE_ID, id_of(run))


async def test_a_job_keeps_the_trace_of_the_request_around_it(
    tmp_path: Path, collected: Collected
) -> None:
    token = current_trace.set(Trace("req_2", PARENT))
    try:
        async with workshop(tmp_path, observer=Traces(collected.providers)) as shop:
            job = await shop.run()
    finally:
        current_trace.reset(token)
    assert job.trace == Trace("req_2", PARENT)
    assert {trace_of(span) for span in collected.spans} == {TRACE_ID}
    charged = attributes(collected.named("job")[0])["darkroom.charge_nanos"]
    assert job.charge is not None
    assert charged == job.charge.nanos


async def test_an_attempt_says_what_the_conventions_ask_for(
    tmp_path: Path, collected: Collected
) -> None:
    usage = Usage(text_in=9, image_in=5, cached_text_in=4, image_out=200, text_out=3)

    async def answers(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        made = await draws(provider, call, sink)
        return ProviderResult(made.images, usage, upstream_id="img_7")

    options = {"first": {"base_url": "https://images.example:8443/v1"}}
    observer = Traces(collected.providers)
    async with workshop(tmp_path, options=options, observer=observer) as shop:
        shop.providers["first"].script = [answers]
        job = await shop.run(PROMPT, n=2, seed=7)
    [attempt] = collected.named("generate_content")
    assert attributes(attempt) == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "scripted",
        "gen_ai.output.type": "image",
        "gen_ai.request.model": "gpt-image-1.5",
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.seed": 7,
        "gen_ai.response.model": "gpt-image-1.5",
        "gen_ai.response.id": "img_7",
        "gen_ai.usage.input_tokens": 14,
        "gen_ai.usage.output_tokens": 203,
        "gen_ai.usage.text.input_tokens": 9,
        "gen_ai.usage.image.input_tokens": 5,
        "gen_ai.usage.text.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "server.address": "images.example",
        "server.port": 8443,
        "darkroom.job.id": job.id,
        "darkroom.attempt.number": 1,
        "darkroom.attempt.outcome": "succeeded",
        "darkroom.deployment": "first",
        "darkroom.images": 2,
    }
    [tokens_in, tokens_out] = sorted(
        collected.points("gen_ai.client.token.usage"), key=lambda point: point["sum"]
    )
    assert (tokens_in["sum"], tokens_in["attributes"]["gen_ai.token.type"]) == (14, "input")
    assert (tokens_out["sum"], tokens_out["attributes"]["gen_ai.token.type"]) == (203, "output")
    [took] = collected.points("gen_ai.client.operation.duration")
    assert took["count"] == 1
    assert took["attributes"]["gen_ai.request.model"] == "gpt-image-1.5"
    assert "error.type" not in took["attributes"]
    assert took["explicit_bounds"][:3] == [0.01, 0.02, 0.04]


async def test_failures_have_their_type(tmp_path: Path, collected: Collected) -> None:
    kinds = {"first": Scripted, "second": Scripted}
    async with workshop(tmp_path, kinds, observer=Traces(collected.providers)) as shop:
        for provider in shop.providers.values():
            provider.script = [UpstreamFailed("It broke.")] * 9
        job = await shop.run()
    attempts = collected.named("generate_content")
    assert len(attempts) == len(job.attempts) > 1
    for span in attempts:
        assert attributes(span)["error.type"] == "upstream_error"
        assert span.status.status_code is StatusCode.ERROR
    [run] = collected.named("job")
    assert run.status.status_code is StatusCode.ERROR
    assert attributes(run)["darkroom.job.state"] == "failed"
    types = {p["attributes"]["error.type"] for p in collected.points(DURATION)}
    assert types == {"upstream_error"}


DURATION = "gen_ai.client.operation.duration"


@pytest.mark.parametrize("content", [False, True])
async def test_prompts_are_told_only_when_that_is_wanted(
    tmp_path: Path, collected: Collected, content: bool
) -> None:
    observer = Traces(collected.providers, content=content)
    async with workshop(tmp_path, observer=observer) as shop:
        await shop.run(PROMPT)
    told = "".join(span.to_json() for span in collected.spans)
    assert (PROMPT in told) == content
    if content:
        [attempt] = collected.named("generate_content")
        [message] = json.loads(attributes(attempt)["gen_ai.input.messages"])
        assert message == {"role": "user", "parts": [{"type": "text", "content": PROMPT}]}


async def test_a_batch_is_one_attempt_in_one_run(tmp_path: Path, collected: Collected) -> None:
    """However often the vendor is asked about it."""
    observer = Traces(collected.providers)
    async with workshop(tmp_path, {"first": Batching}, observer=observer) as shop:
        provider = shop.providers["first"]
        assert isinstance(provider, Batching)
        provider.looks = 3
        job = await shop.run(service_tier="economy", size="1024x1024")
    [attempt, run] = collected.spans
    assert parent_of(attempt) == id_of(run)
    assert attempt.start_time == job.attempts[0].started_at_ms * 1_000_000
    assert len(collected.points(DURATION)) == 1


async def test_other_instrumentations_find_the_attempt(
    tmp_path: Path, collected: Collected
) -> None:
    found: list[str] = []

    async def looks(provider: Scripted, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        found.append(f"{current.get_current_span().get_span_context().span_id:016x}")
        return await draws(provider, call, sink)

    async with workshop(tmp_path, observer=Traces(collected.providers)) as shop:
        shop.providers["first"].script = [looks]
        await shop.run()
    [attempt] = collected.named("generate_content")
    assert found == [id_of(attempt)]
    assert not current.get_current_span().get_span_context().is_valid  # and nothing is left


def test_the_id_of_a_trace() -> None:
    assert Trace("req_" + "0f" * 16, "").trace_id == "0f" * 16
    assert Trace("req_1", PARENT).trace_id == TRACE_ID
    assert Trace().trace_id == ""


def test_a_request_without_a_parent_begins_a_trace(collected: Collected) -> None:
    traces = Traces(collected.providers)
    for headers in (
        {},
        {"traceparent": "nonsense"},
        {"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"},
    ):
        span = traces.request_began(headers, {"http.request.method": "GET"})
        assert Trace("", span.parent).trace_id not in ("", "0" * 32)
        span.end("GET /v1/x", {"http.route": "/v1/x"}, failed=True)
    assert [span.parent for span in collected.spans] == [None] * 3
    assert {span.name for span in collected.spans} == {"GET /v1/x"}
    assert {span.kind for span in collected.spans} == {SpanKind.SERVER}
    assert {span.status.status_code for span in collected.spans} == {StatusCode.ERROR}
