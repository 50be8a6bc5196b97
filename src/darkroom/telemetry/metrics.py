"""Every Prometheus metric of a process, and which event moves it.

Labels take few values: names that the operator configured, names of the catalogue, templates of
routes, codes of the error tree. Never an id, a key, a path as sent or a text of a caller.
"""

import math
import platform
from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from darkroom import __version__
from darkroom.core.job import Attempt, Job, JobState
from darkroom.core.observer import AttemptCall, Observer, Posted
from darkroom.core.result import ProviderResult

HTTP_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640)
WORK_S = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 240, 480, 900)
QUEUE_S = (0.005, 0.025, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900)
TRANSACTION_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
WEBHOOK_LAG_S = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 36_000, 86_400)

_UNKNOWN = math.nan

M = TypeVar("M", Counter, Gauge, Histogram)


@dataclass(frozen=True, slots=True)
class Described:
    """A metric as the documentation lists it. ``shared``: the same from every process."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """One HTTP request that was answered. ``route`` is the template of its path."""

    method: str
    route: str
    dialect: str
    status: int
    seconds: float
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What the database says of the whole installation; ages are in seconds."""

    queued: int
    running: int
    oldest_queued_s: float
    holds: int
    held_nanos: int
    webhooks_pending: int
    webhooks_overdue_s: float


class Labelled(Generic[M]):
    """A metric with labels. ``at`` finds one of its series at a third of the library's price."""

    def __init__(self, family: M) -> None:
        self._family = family
        self._series: dict[tuple[object, ...], M] = {}

    def at(self, *labels: object) -> M:
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = self._family.labels(*labels)
        return found

    def clear(self) -> None:
        self._family.clear()
        self._series.clear()


class Metrics(Observer):
    """Of one server. ``registry`` is its own: two servers in one process do not mix."""

    def __init__(self) -> None:
        disable_created_metrics()  # a second series beside each, which nobody draws
        self.registry = CollectorRegistry()
        self.described: list[Described] = []
        self._running: dict[str, str] = {}
        """Jobs that this process runs, with the deployment that each asks at this moment."""
        self._http()
        self._jobs()
        self._attempts()
        self._money()
        self._webhooks()
        self._machine()

    # --- what there is -------------------------------------------------------------------------

    def _http(self) -> None:
        self.requests = Labelled(
            self._counter(
                "darkroom_http_requests",
                "HTTP requests that were answered.",
                ("method", "route", "dialect", "status"),
            )
        )
        self.request_seconds = Labelled(
            self._histogram(
                "darkroom_http_request_duration_seconds",
                "From a request's head to the last byte of its answer.",
                HTTP_S,
                ("route", "dialect"),
            )
        )
        self.bytes_in = Labelled(
            self._counter(
                "darkroom_http_received_bytes",
                "Bytes of request bodies that were read.",
                ("route",),
            )
        )
        self.bytes_out = Labelled(
            self._counter("darkroom_http_sent_bytes", "Bytes of answers' bodies.", ("route",))
        )
        self.in_flight = self._gauge(
            "darkroom_http_requests_in_flight", "Requests that are being answered, also waiting."
        )

    def _jobs(self) -> None:
        self.accepted = Labelled(
            self._counter(
                "darkroom_jobs_accepted",
                "Requests that became jobs.",
                ("model", "operation", "dialect"),
            )
        )
        self.ended = Labelled(
            self._counter(
                "darkroom_jobs_ended",
                "Jobs that ended, with the code of the error of those that did not succeed.",
                ("state", "model", "deployment", "error"),
            )
        )
        self.queued_seconds = self._histogram(
            "darkroom_job_queued_seconds", "From a job's acceptance to its start.", QUEUE_S
        )
        self.running_seconds = Labelled(
            self._histogram(
                "darkroom_job_running_seconds",
                "From a job's start to its end, every attempt and pause included.",
                WORK_S,
                ("model", "state"),
            )
        )
        self.here = self._gauge("darkroom_jobs_here", "Jobs that this process runs.")
        self.jobs = Labelled(
            self._gauge(
                "darkroom_jobs", "Jobs that wait (queued) and that run.", ("state",), shared=True
            )
        )
        self.oldest = self._gauge(
            "darkroom_job_oldest_queued_seconds",
            "How long the oldest waiting job has waited.",
            shared=True,
        )
        self.images = Labelled(
            self._counter("darkroom_images", "Images that jobs delivered.", ("model", "deployment"))
        )
        self.image_bytes = Labelled(
            self._counter("darkroom_image_bytes", "Bytes of these images.", ("model", "deployment"))
        )

    def _attempts(self) -> None:
        self.attempts = Labelled(
            self._counter(
                "darkroom_attempts",
                "Calls of deployments, by how they ended.",
                ("deployment", "outcome", "error"),
            )
        )
        self.attempt_seconds = Labelled(
            self._histogram(
                "darkroom_attempt_duration_seconds",
                "From an attempt's beginning to its end.",
                WORK_S,
                ("deployment", "outcome"),
            )
        )
        self.attempts_open = Labelled(
            self._gauge(
                "darkroom_attempts_in_flight", "Calls that are being made.", ("deployment",)
            )
        )
        self.circuit = Labelled(
            self._gauge(
                "darkroom_circuit_state",
                "1 for the state that a deployment's circuit has, 0 for the others.",
                ("deployment", "state"),
                shared=True,
            )
        )

    def _money(self) -> None:
        self.charged = Labelled(
            self._counter(
                "darkroom_charged_nanodollars",
                "What jobs were charged, in nano-dollars.",
                ("model", "deployment"),
            )
        )
        self.cost = Labelled(
            self._counter(
                "darkroom_cost_nanodollars",
                "What vendors said they charge, in nano-dollars, where they say it.",
                ("model", "deployment"),
            )
        )
        self.holds = self._gauge("darkroom_holds", "Holds that are open.", shared=True)
        self.held = self._gauge(
            "darkroom_held_nanodollars", "What they hold, in nano-dollars.", shared=True
        )

    def _webhooks(self) -> None:
        self.posts = Labelled(
            self._counter(
                "darkroom_webhook_posts",
                "POSTs of webhooks: delivered, pending (repeated later), failed or stopped.",
                ("outcome",),
            )
        )
        self.post_seconds = self._histogram(
            "darkroom_webhook_post_duration_seconds", "How long one POST took.", WORK_S
        )
        self.webhook_lag = self._histogram(
            "darkroom_webhook_lag_seconds",
            "From an event to its delivery, repetitions included.",
            WEBHOOK_LAG_S,
        )
        self.webhooks_pending = self._gauge(
            "darkroom_webhooks_pending", "Deliveries that are still to be made.", shared=True
        )
        self.webhooks_overdue = self._gauge(
            "darkroom_webhook_overdue_seconds",
            "How long the delivery that is due longest has been due.",
            shared=True,
        )

    def _machine(self) -> None:
        self.transactions = Labelled(
            self._histogram(
                "darkroom_db_transaction_seconds",
                "Database transactions, waiting for their turn included.",
                TRANSACTION_S,
                ("kind",),
            )
        )
        self.transactions_failed = Labelled(
            self._counter(
                "darkroom_db_transactions_failed", "Those that the database failed.", ("kind",)
            )
        )
        self.removed_count = Labelled(
            self._counter(
                "darkroom_removed",
                "Rows and stored images that were removed because they are no longer needed.",
                ("what",),
            )
        )
        self.removed_bytes = Labelled(
            self._counter("darkroom_removed_bytes", "Bytes of the images among these.", ("what",))
        )
        self.loop_lag = self._histogram(
            "darkroom_event_loop_lag_seconds", "How late the event loop calls back.", LAG_S
        )
        build = self._gauge("darkroom_build_info", "Always 1.", ("version", "python"))
        build.labels(__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def _counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        self.described.append(Described(f"{name}_total", "counter", tuple(labels), help))
        return Counter(name, help, labels, registry=self.registry)

    def _histogram(
        self, name: str, help: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        self.described.append(Described(name, "histogram", tuple(labels), help))
        return Histogram(name, help, labels, registry=self.registry, buckets=buckets)

    def _gauge(
        self, name: str, help: str, labels: Sequence[str] = (), *, shared: bool = False
    ) -> Gauge:
        self.described.append(Described(name, "gauge", tuple(labels), help, shared))
        told = f"{help} Of the whole installation: do not add up processes." if shared else help
        return Gauge(name, told, labels, registry=self.registry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """All of it as text, and the media type: OpenMetrics for who asks for that, else
        Prometheus's own. Takes some milliseconds; may be called from any thread."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type

    # --- what moves it -------------------------------------------------------------------------

    def answered(self, one: Answered) -> None:
        self.requests.at(one.method, one.route, one.dialect, one.status).inc()
        self.request_seconds.at(one.route, one.dialect).observe(one.seconds)
        if one.bytes_in:
            self.bytes_in.at(one.route).inc(one.bytes_in)
        if one.bytes_out:
            self.bytes_out.at(one.route).inc(one.bytes_out)

    def job_accepted(self, job: Job) -> None:
        self.accepted.at(job.request.model, job.request.operation, job.dialect).inc()

    def job_taken(self, job: Job) -> None:
        self._running[job.id] = ""

    def job_left(self, job_id: str) -> None:
        self._running.pop(job_id, None)

    def job_ended(self, job: Job) -> None:
        model = job.model or job.request.model
        deployment = job.deployment or (job.attempts[-1].deployment if job.attempts else "")
        error = "" if job.error is None else job.error.code
        self.ended.at(job.state, model, deployment, error).inc()
        if job.started_at_ms is not None and job.finished_at_ms is not None:
            self.queued_seconds.observe(_seconds(job.created_at_ms, job.started_at_ms))
            ran_s = _seconds(job.started_at_ms, job.finished_at_ms)
            self.running_seconds.at(model, job.state).observe(ran_s)
        if job.state is not JobState.SUCCEEDED:
            return
        results = job.results
        self.images.at(model, deployment).inc(len(results))
        self.image_bytes.at(model, deployment).inc(sum(one.byte_size for one in results))
        if job.charge is not None:
            self.charged.at(model, deployment).inc(job.charge.nanos)

    def attempt_began(self, call: AttemptCall) -> None:
        self._running[call.job.id] = call.deployment.id

    def attempt_ended(
        self, call: AttemptCall, attempt: Attempt, result: ProviderResult | None
    ) -> None:
        self._running[call.job.id] = ""
        self._attempted(attempt)
        if result is not None and result.cost_nanos:
            self.cost.at(attempt.model, attempt.deployment).inc(result.cost_nanos)

    def attempt_lost(self, job: Job, attempt: Attempt) -> None:
        self._attempted(attempt)

    def _attempted(self, attempt: Attempt) -> None:
        error = "" if attempt.error is None else attempt.error.code
        self.attempts.at(attempt.deployment, attempt.state, error).inc()
        if attempt.finished_at_ms is not None:
            took_s = _seconds(attempt.started_at_ms, attempt.finished_at_ms)
            self.attempt_seconds.at(attempt.deployment, attempt.state).observe(took_s)

    def webhook_posted(self, posted: Posted) -> None:
        self.posts.at(posted.outcome).inc()
        self.post_seconds.observe(posted.duration_s)
        if posted.outcome == "delivered":
            self.webhook_lag.observe(posted.lag_s)

    def removed(self, what: str, count: int, byte_size: int) -> None:
        self.removed_count.at(what).inc(count)
        self.removed_bytes.at(what).inc(byte_size)

    def transacted(self, kind: str, seconds: float, *, failed: bool) -> None:
        self.transactions.at(kind).observe(seconds)
        if failed:
            self.transactions_failed.at(kind).inc()

    def share(self, shared: Shared | None) -> None:
        """What the database said just now; None: it did not answer, and the gauges say NaN."""
        values = (
            (self.jobs.at("queued"), shared and shared.queued),
            (self.jobs.at("running"), shared and shared.running),
            (self.oldest, shared and shared.oldest_queued_s),
            (self.holds, shared and shared.holds),
            (self.held, shared and shared.held_nanos),
            (self.webhooks_pending, shared and shared.webhooks_pending),
            (self.webhooks_overdue, shared and shared.webhooks_overdue_s),
        )
        for gauge, value in values:
            gauge.set(_UNKNOWN if value is None else value)

    def look(self, circuits: Mapping[str, str], known: Iterable[str]) -> None:
        """Set the gauges of this moment, on the event loop's thread. ``circuits`` has the state
        of each deployment's circuit, one of those that are ``known``."""
        calling = Counts(self._running.values())
        self.here.set(len(self._running))
        self.attempts_open.clear()
        self.circuit.clear()
        for deployment, state in circuits.items():
            self.attempts_open.at(deployment).set(calling[deployment])
            for one in known:
                self.circuit.at(deployment, one).set(1 if one == state else 0)


def _seconds(from_ms: int, to_ms: int) -> float:
    # a clock that was set back makes no negative time
    return max(0, to_ms - from_ms) / 1000
