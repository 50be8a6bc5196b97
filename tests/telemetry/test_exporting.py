"""Spans and measurements reach a collector by OTLP, and what is missing is said in one line."""

import queue
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from darkroom import __version__
from darkroom.settings import ConfigError, Settings
from darkroom.telemetry.exporting import exporting
from darkroom.telemetry.traces import Traces
from darkroom.wiring import running
from tests.support.workshop import workshop

Received = queue.SimpleQueue[tuple[str, bytes]]


@pytest.fixture
def collector() -> Iterator[tuple[str, Received]]:
    """Its address, and what it got: paths and bodies."""
    received: Received = queue.SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.put((self.path, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests look at what came instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()
    thread.join()


async def test_what_is_left_is_sent_at_the_end(
    tmp_path: Path, collector: tuple[str, Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    address, received = collector
    exports = exporting(address + "/")
    async with workshop(tmp_path, observer=Traces(exports.providers)) as shop:
        job = await shop.run()
    exports.close()
    got: dict[str, bytes] = {}
    while not received.empty():
        path, body = received.get()
        got[path] = body
    told = ExportTraceServiceRequest.FromString(got["/v1/traces"]).resource_spans[0]
    resource = {one.key: one.value.string_value for one in told.resource.attributes}
    assert (resource["service.name"], resource["service.version"]) == ("darkroom", __version__)
    [attempt, run] = told.scope_spans[0].spans
    assert (attempt.name, run.name) == ("generate_content gpt-image-1.5", "job")
    assert attempt.parent_span_id == run.span_id
    assert job.id in str(run.attributes)
    measured = ExportMetricsServiceRequest.FromString(got["/v1/metrics"])
    names = {
        metric.name
        for one in measured.resource_metrics
        for scope in one.scope_metrics
        for metric in scope.metrics
    }
    assert {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} <= names


async def test_without_the_extra_the_server_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = Settings(data_dir=tmp_path, otel_endpoint="http://127.0.0.1:1")
    with pytest.raises(ConfigError, match=r"install darkroom\[otel\]"):
        async with running(settings):
            pass
    # the variable may be set for other programs: no reason not to start
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    async with running(Settings(data_dir=tmp_path)) as services:
        assert services.settings.otel_endpoint
        assert services.traces is None


def test_the_standard_variable_names_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().otel_endpoint == ""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318")
    assert Settings().otel_endpoint == "http://collector.example:4318"
