"""OpenTelemetry spans of request, job and attempt, and the GenAI metrics of attempts.

    POST /v1/images/generations       SERVER    the request, until its answer is out
    └── job                           CONSUMER  one run of the job, by whichever process
        ├── generate_content gpt-…    CLIENT    the first attempt
        └── generate_content gpt-…    CLIENT    the next one

Attributes of attempts follow
https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md
which know no operation of their own for images: theirs is ``generate_content`` with the output
type ``image``.
"""

import json
from collections.abc import Mapping
from contextvars import Token
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context as contexts
from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from darkroom import __version__
from darkroom.core.job import Attempt, Job, JobState
from darkroom.core.observer import AttemptCall, Observer
from darkroom.core.result import ProviderResult
from darkroom.core.usage import Usage

_SCOPE = "darkroom"
_OPERATION = "generate_content"
_MILLION = 1_000_000
_PORTS = {"http": 80, "https": 443}
# What the conventions advise for these two instruments:
# https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-metrics.md
_DURATION_S = tuple(0.01 * 2**step for step in range(14))
_TOKENS = tuple(4**step for step in range(14))
# The names that the conventions have for vendors; the others go by ours.
_PROVIDERS = {"azure": "azure.ai.openai", "gemini": "gcp.gemini"}

_propagator = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Providers:
    """Where spans and measurements go."""

    tracer: TracerProvider
    meter: MeterProvider


@dataclass(slots=True)
class RequestSpan:
    """The span of one request that is being answered. ``parent``: see ``Trace.parent``."""

    span: Span
    token: Token[Context]

    @property
    def parent(self) -> str:
        return _traceparent(self.span)

    def end(self, name: str, attributes: Mapping[str, Any], *, failed: bool) -> None:
        self.span.update_name(name)
        self.span.set_attributes(dict(attributes))
        if failed:
            self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()
        contexts.detach(self.token)


@dataclass(slots=True)
class _Open:
    """A span that is not over. ``token`` gives back what was the current one before it."""

    span: Span
    token: Token[Context]


@dataclass(slots=True)
class _Run:
    """One run of a job. ``told``: an attempt ended in it, so its span must not be dropped."""

    span: Span
    token: Token[Context]
    attempt: _Open | None = None
    told: bool = False


class Traces(Observer):
    """With ``content`` the spans of attempts hold prompts; else nothing that a caller wrote."""

    def __init__(self, providers: Providers, *, content: bool = False) -> None:
        self._content = content
        self._tracer = providers.tracer.get_tracer(_SCOPE, __version__)
        meter = providers.meter.get_meter(_SCOPE, __version__)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_DURATION_S,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._runs: dict[str, _Run] = {}

    def request_began(
        self, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> RequestSpan:
        """The request's span, current until its end; ``headers`` may name the caller's span."""
        parent = _propagator.extract(headers, Context())
        span = self._tracer.start_span("HTTP", parent, SpanKind.SERVER, attributes=dict(attributes))
        return RequestSpan(span, _made_current(span))

    def job_taken(self, job: Job) -> None:
        attributes = {
            "darkroom.job.id": job.id,
            "darkroom.request.id": job.trace.request_id,
            "darkroom.key.id": job.key_id,
            "darkroom.dialect": job.dialect,
            "darkroom.operation": str(job.request.operation),
            "darkroom.model": job.request.model,
        }
        parent = _propagator.extract({"traceparent": job.trace.parent}, Context())
        span = self._tracer.start_span("job", parent, SpanKind.CONSUMER, attributes=attributes)
        self._runs[job.id] = _Run(span, _made_current(span))

    def job_ended(self, job: Job) -> None:
        run = self._runs.get(job.id)
        if run is None:  # canceled before anybody ran it
            return
        run.told = True
        span = run.span
        span.set_attribute("darkroom.job.state", str(job.state))
        if job.deployment:
            span.set_attribute("darkroom.deployment", job.deployment)
        if job.charge is not None and job.state is JobState.SUCCEEDED:
            span.set_attribute("darkroom.charge_nanos", job.charge.nanos)
            span.set_attribute("darkroom.images", len(job.results))
        if job.error is not None:
            span.set_attribute("error.type", job.error.code)
        if job.state is JobState.FAILED:
            span.set_status(Status(StatusCode.ERROR))

    def job_left(self, job_id: str) -> None:
        run = self._runs.pop(job_id, None)
        if run is None:
            return
        if run.attempt is not None:  # a vendor's batch API goes on with it
            contexts.detach(run.attempt.token)
        contexts.detach(run.token)
        if run.told:  # else: one of many looks at a batch that is not done
            run.span.end()

    def attempt_began(self, call: AttemptCall) -> None:
        run = self._runs.get(call.job.id)
        if run is None:
            return
        span = self._tracer.start_span(
            f"{_OPERATION} {call.upstream_model}",
            otel.set_span_in_context(run.span, Context()),
            SpanKind.CLIENT,
            attributes=self._asked(call),
            start_time=call.attempt.started_at_ms * _MILLION,
        )
        run.attempt = _Open(span, _made_current(span))

    def attempt_ended(
        self, call: AttemptCall, attempt: Attempt, result: ProviderResult | None
    ) -> None:
        self._measure(call, attempt, result)
        run = self._runs.get(call.job.id)
        if run is None or run.attempt is None:
            return
        opened, run.attempt, run.told = run.attempt, None, True
        span = opened.span
        span.set_attribute("darkroom.attempt.outcome", str(attempt.state))
        if result is not None:
            span.set_attributes(_answered(attempt, result))
        if attempt.error is not None:
            span.set_attribute("error.type", attempt.error.code)
            span.set_status(Status(StatusCode.ERROR))
        span.end(None if attempt.finished_at_ms is None else attempt.finished_at_ms * _MILLION)
        contexts.detach(opened.token)

    def _asked(self, call: AttemptCall) -> dict[str, Any]:
        request, job = call.job.request, call.job
        found: dict[str, Any] = {
            **_named(call),
            "gen_ai.output.type": "image",
            "gen_ai.request.choice.count": request.n,
            "darkroom.job.id": job.id,
            "darkroom.attempt.number": call.attempt.number,
            "darkroom.deployment": call.deployment.id,
        }
        if request.seed is not None:
            found["gen_ai.request.seed"] = request.seed
        if request.partial_images:
            found["gen_ai.request.stream"] = True
        if self._content:
            said = [{"role": "user", "parts": [{"type": "text", "content": request.prompt}]}]
            found["gen_ai.input.messages"] = json.dumps(said, ensure_ascii=False)
        return found

    def _measure(self, call: AttemptCall, attempt: Attempt, result: ProviderResult | None) -> None:
        labels = _named(call) | {"gen_ai.response.model": attempt.model}
        if result is not None and (usage := result.usage) is not None and usage.reported:
            self._tokens.record(usage.input_total, labels | {"gen_ai.token.type": "input"})
            self._tokens.record(usage.output_total, labels | {"gen_ai.token.type": "output"})
        if attempt.finished_at_ms is None:
            return
        if attempt.error is not None:
            labels["error.type"] = attempt.error.code
        took_ms = max(0, attempt.finished_at_ms - attempt.started_at_ms)
        self._duration.record(took_ms / 1000, labels)


def _named(call: AttemptCall) -> dict[str, Any]:
    """What spans and measurements share."""
    found: dict[str, Any] = {
        "gen_ai.operation.name": _OPERATION,
        "gen_ai.provider.name": _PROVIDERS.get(call.attempt.provider, call.attempt.provider),
        "gen_ai.request.model": call.upstream_model,
    }
    address = urlsplit(call.deployment.base_url)
    if address.hostname:
        found["server.address"] = address.hostname
        found["server.port"] = address.port or _PORTS.get(address.scheme, 0)
    return found


def _answered(attempt: Attempt, result: ProviderResult) -> dict[str, Any]:
    found: dict[str, Any] = {
        "gen_ai.response.model": attempt.model,
        "darkroom.images": len(result.images),
    }
    if attempt.upstream_id:
        found["gen_ai.response.id"] = attempt.upstream_id
    if result.usage is not None and result.usage.reported:
        found |= _counted(result.usage)
    return found


def _counted(usage: Usage) -> dict[str, int]:
    return {
        "gen_ai.usage.input_tokens": usage.input_total,
        "gen_ai.usage.output_tokens": usage.output_total,
        "gen_ai.usage.text.input_tokens": usage.text_in,
        "gen_ai.usage.image.input_tokens": usage.image_in,
        "gen_ai.usage.text.output_tokens": usage.text_out,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_text_in + usage.cached_image_in,
    }


def _made_current(span: Span) -> Token[Context]:
    """Spans of other instrumentations, such as an HTTP client's, become its children."""
    return contexts.attach(otel.set_span_in_context(span))


def _traceparent(span: Span) -> str:
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, otel.set_span_in_context(span, Context()))
    return carrier.get("traceparent", "")
