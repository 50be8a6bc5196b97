"""Sends spans and measurements to an OpenTelemetry collector: the extra ``[otel]``.

The exporters' own HTTP client goes to the address that the operator named and nowhere else.
Headers, sampling and the rest are said by OpenTelemetry's standard variables
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from darkroom import __version__
from darkroom.telemetry.traces import Providers

_FLUSH_MS = 3_000
_NAMED_BY = ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")


class ExporterMissing(Exception):
    """The packages of the extra are not installed."""


@dataclass(frozen=True, slots=True)
class Exporting:
    """``close`` sends what is left; it blocks for some seconds at most."""

    providers: Providers
    close: Callable[[], None]


def exporting(endpoint: str) -> Exporting:
    """To the collector at ``endpoint`` by OTLP over HTTP. Raises :class:`ExporterMissing`."""
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ExporterMissing(str(error)) from error
    base = endpoint.rstrip("/")
    attributes = {"service.version": __version__}
    if not any(os.environ.get(name) for name in _NAMED_BY):
        attributes["service.name"] = "darkroom"
    resource = Resource.create(attributes)
    tracer = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracer.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces")))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{base}/v1/metrics"))
    meter = MeterProvider([reader], resource, shutdown_on_exit=False)

    def close() -> None:
        tracer.force_flush(_FLUSH_MS)
        tracer.shutdown()
        meter.shutdown(_FLUSH_MS)

    return Exporting(Providers(tracer, meter), close)
