"""A request, its jobs and their attempts share one trace, whoever began it."""

import re
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from darkroom.telemetry.traces import Providers
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client
from tests.support.process import until
from tests.support.running import Running, deployment

TRACE_ID = "ab" * 16


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(tmp_path: Path, openai_vendor: OpenAIVendor, spans: InMemorySpanExporter) -> Running:
    tracer = TracerProvider(shutdown_on_exit=False)
    tracer.add_span_processor(SimpleSpanProcessor(spans))
    otel = Providers(tracer, MeterProvider(shutdown_on_exit=False))
    return Running(tmp_path / "data", deployments=[deployment(openai_vendor)], otel=otel)


def told(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The one span of this name; it may end a moment after the answer."""
    found: list[ReadableSpan] = []

    def there() -> bool:
        found[:] = [span for span in spans.get_finished_spans() if span.name == name]
        return bool(found)

    until(there, name)
    [span] = found
    return span


def below(child: ReadableSpan, parent: ReadableSpan) -> bool:
    assert child.context is not None
    assert parent.context is not None
    same = child.context.trace_id == parent.context.trace_id
    return same and child.parent is not None and child.parent.span_id == parent.context.span_id


def test_a_callers_trace_goes_through(
    traced: Running, spans: InMemorySpanExporter, openai_vendor: OpenAIVendor
) -> None:
    sent = {"traceparent": f"00-{TRACE_ID}-{'cd' * 8}-01"}
    with traced, client(traced) as http:
        answer = http.post(GENERATE, json=asking("a secret garden"), headers=sent)
        assert answer.status_code == 200
        request = told(spans, f"POST {GENERATE}")
        job = told(spans, "job")
        attempt = told(spans, "generate_content gpt-image-1.5")
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == TRACE_ID
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "cd" * 8
    assert below(job, request)
    assert below(attempt, job)
    said = dict(request.attributes or {})
    assert said["http.route"] == GENERATE
    assert said["http.response.status_code"] == 200
    assert said["darkroom.request.id"] == answer.headers["x-request-id"]
    assert dict(job.attributes or {})["darkroom.job.id"] == answer.headers["x-darkroom-job"]
    assert dict(attempt.attributes or {})["gen_ai.provider.name"] == "openai"
    everything = "".join(span.to_json() for span in spans.get_finished_spans())
    for secret in ("secret garden", traced.key, "sk-upstream"):
        assert secret not in everything
    [received] = openai_vendor.received
    assert "traceparent" not in received.headers  # our trace is none of the vendor's business


def test_probes_make_no_spans_and_failures_show(
    traced: Running, spans: InMemorySpanExporter, openai_vendor: OpenAIVendor
) -> None:
    with traced, client(traced) as http:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert http.get(path).status_code == 200
        openai_vendor.always(Fault.SERVER_ERROR)
        assert http.post(GENERATE, json=asking()).status_code == 502
        http.get("/no/such/thing")
        request = told(spans, f"POST {GENERATE}")
        told(spans, "GET unknown")
        told(spans, "job")
    assert dict(request.attributes or {})["error.type"] == "502"
    names = {span.name for span in spans.get_finished_spans()}
    assert not [name for name in names if re.search("healthz|readyz|metrics|such", name)]
