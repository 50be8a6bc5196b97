"""What one job asks of PostgreSQL and of the object store, counted on the wire."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg

from bench.proc import cpu_seconds
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fleet.fleet import Fleet
from tests.fleet.wire import Wire
from tests.support.process import deployment_table

_TRANSACTIONS = """
SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()
"""
_SIZE = "SELECT pg_database_size(current_database())"
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
_FLUSHED_S = 3.0
"""PostgreSQL's processes report what they did at most once a second, and when they are idle."""
_BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")
_PINGS = ("", ";")
"""By which the two pools find out whether a connection still works."""
_FETCH = "procrastinate_fetch_job"
FORMS: Mapping[str, tuple[str, dict[str, str]]] = {
    "link": ("/v1/images/generations", {"response_format": "url"}),
    "base64": ("/v1/images/generations", {}),
    "task": ("/evolink/v1/images/generations", {}),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a stretch of time."""

    seconds: float
    transactions: int
    asked_bytes: int
    answered_bytes: int
    connections: int
    servers_cpu_s: float
    postgres_cpu_s: float
    """0 when it runs on another machine."""
    grown_bytes: int
    by_text: Counter[str] = field(repr=False)
    store_requests: Counter[str]

    @property
    def statements(self) -> int:
        """Without the pings, and without what begins and ends transactions."""
        return self.by_text.total() - self.brackets - self.pings

    @property
    def brackets(self) -> int:
        return self._count(lambda text: text.startswith(_BRACKETS))

    @property
    def pings(self) -> int:
        return self._count(lambda text: text in _PINGS)

    @property
    def fetches(self) -> int:
        """How often a process asked the queue for a job."""
        return self._count(lambda text: _FETCH in text)

    def _count(self, meant: Callable[[str], bool]) -> int:
        return sum(count for text, count in self.by_text.items() if meant(text))

    def per(self, jobs: int, idle: "Cost") -> dict[str, float]:
        """Of one job, without what the same time costs when nothing is asked."""
        share = self.seconds / idle.seconds

        def each(of: Callable[[Cost], float]) -> float:
            return (of(self) - of(idle) * share) / jobs

        return {
            "statements": each(lambda cost: cost.statements),
            "of them requests to the queue for a job": each(lambda cost: cost.fetches),
            "BEGIN, COMMIT, ROLLBACK": each(lambda cost: cost.brackets),
            "pings of connections": each(lambda cost: cost.pings),
            "transactions": each(lambda cost: cost.transactions),
            "bytes to PostgreSQL": each(lambda cost: cost.asked_bytes),
            "bytes from PostgreSQL": each(lambda cost: cost.answered_bytes),
            **{
                f"{method} at the store": each(lambda cost, m=method: cost.store_requests[m])
                for method in sorted(self.store_requests)
            },
            "ms of CPU of the servers": each(lambda cost: cost.servers_cpu_s * 1000),
            "ms of CPU of PostgreSQL": each(lambda cost: cost.postgres_cpu_s * 1000),
            "bytes in the database": each(lambda cost: cost.grown_bytes),
        }


@dataclass
class Measured:
    """``idle`` and ``busy`` of a fleet in which ``jobs`` were made in the second."""

    jobs: int
    idle: Cost
    busy: Cost


def measure(folder: Path, database_url: str, jobs: int, form: str, size: int) -> Measured:
    """``form``: how the image is asked for, of ``FORMS``; the jobs come eight at a time."""
    with (
        OpenAIVendor(weight=1_500_000) as vendor,
        Wire(database_url) as wire,
        Fleet(folder, wire.url, deployment_table(vendor), size) as fleet,
    ):
        _make(fleet, form, 2 * size)  # statements are prepared, secrets read
        idle = _counted(fleet, wire, database_url, lambda: time.sleep(10.0))
        busy = _counted(fleet, wire, database_url, lambda: _make(fleet, form, jobs))
    return Measured(jobs, idle, busy)


def _make(fleet: Fleet, form: str, jobs: int) -> None:
    """Return when all have ended."""
    path, more = FORMS[form]
    with fleet.client() as http, ThreadPoolExecutor(8) as pool:

        def make(number: int) -> None:
            body = {"model": "gpt-image-1.5", "prompt": f"picture {number}", "quality": "low"}
            answer = http.post(path, json={**body, **more})
            assert answer.status_code == 200, answer.text
            job = f"/v1/jobs/{answer.headers['x-darkroom-job']}"
            while form == "task" and http.get(job).json()["state"] != "succeeded":
                time.sleep(0.5)

        list(pool.map(make, range(jobs)))


def _counted(fleet: Fleet, wire: Wire, database_url: str, during: Callable[[], None]) -> Cost:
    with psycopg.connect(database_url, autocommit=True) as connection:

        def number(query: LiteralString) -> int:
            row = connection.execute(query).fetchone()
            assert row is not None
            return int(row[0])

        def transactions() -> int:
            time.sleep(_FLUSHED_S)
            return number(_TRANSACTIONS)

        def backends_cpu_s() -> float:
            pids = [pid for (pid,) in connection.execute(_BACKENDS)]
            return sum(cpu_seconds(pid) for pid in pids)

        def servers_cpu_s() -> float:
            return sum(cpu_seconds(server.pid) for server in fleet.servers)

        before = transactions()
        cpu_before, size_before = (servers_cpu_s(), backends_cpu_s()), number(_SIZE)
        wire.reset()
        fleet.store.reset()
        began = time.monotonic()
        during()
        after = transactions()
        return Cost(
            seconds=time.monotonic() - began,
            transactions=after - before,
            asked_bytes=wire.asked_bytes,
            answered_bytes=wire.answered_bytes,
            connections=wire.connections,
            servers_cpu_s=servers_cpu_s() - cpu_before[0],
            postgres_cpu_s=backends_cpu_s() - cpu_before[1],
            grown_bytes=number(_SIZE) - size_before,
            by_text=wire.statements.copy(),
            store_requests=fleet.store.requests.copy(),
        )
