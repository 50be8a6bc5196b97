"""When a circuit opens, who may probe it, when it closes: on a clock of the test's own."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    Internal,
    JobCanceled,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.routing import Call, Circuit, Health
from darkroom.routing.circuit import DENIED_MS, OPEN_MAX_MS, OPEN_MS, CircuitState, probing
from darkroom.routing.health import STRIKES

MAIN = Deployment("main", "x", timeout_s=300)


@dataclass
class _Timer:
    call: Callable[[], None]
    canceled: bool = False

    def cancel(self) -> None:
        self.canceled = True


class Ward:
    """A health on a clock that only :meth:`passes` moves."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self._timers: list[tuple[int, int, _Timer]] = []
        self._order = itertools.count()
        self.health = Health(lambda: self.now, self._later)
        self.changes: list[Circuit] = []
        self.health.changed = self.changes.append
        self.cut: list[str] = []

    def _later(self, delay_s: float, call: Callable[[], None]) -> _Timer:
        timer = _Timer(call)
        entry = (self.now + round(delay_s * 1000), next(self._order), timer)
        heapq.heappush(self._timers, entry)
        return timer

    def passes(self, seconds: float) -> None:
        until = self.now + round(seconds * 1000)
        while self._timers and self._timers[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._timers)
            if not timer.canceled:
                timer.call()
        self.now = until

    def begin(self, name: str = "", safe: bool = True, probe: Circuit | None = None) -> Call:
        cut = (lambda: self.cut.append(name)) if safe else None
        return self.health.begin(MAIN, probe=probe, cut=cut)

    def call(self, error: DarkroomError | None = None, seconds: float = 1.0) -> None:
        call = self.begin()
        self.passes(seconds)
        self.health.end(call, error)

    def claim(self) -> Circuit:
        probe = probing(self.circuit, self.now, self.health.lease_ms(MAIN))
        self.health.learn([probe])
        return probe

    @property
    def circuit(self) -> Circuit:
        return self.health.circuit("main")


@pytest.fixture
def ward() -> Ward:
    return Ward()


FAILURES = [UpstreamFailed, UpstreamTimeout, UpstreamBroken, UpstreamUnavailable]


@pytest.mark.parametrize("kind", FAILURES)
def test_three_failures_in_a_row_open_it(ward: Ward, kind: type[DarkroomError]) -> None:
    for _ in range(STRIKES - 1):
        ward.call(kind("x"))
    ward.call()
    for _ in range(STRIKES - 1):
        ward.call(kind("x"))
    assert ward.circuit.state is CircuitState.CLOSED
    ward.call(kind("x"))
    assert (ward.circuit.state, ward.circuit.reason) == (CircuitState.OPEN, kind.code)
    assert ward.changes == [ward.circuit]


def test_every_second_call_failing_opens_it_too(ward: Ward) -> None:
    for _ in range(4):
        ward.call()
        ward.call(UpstreamFailed("x"))
    assert not ward.circuit.broken
    ward.call()
    ward.call(UpstreamFailed("x"))
    assert ward.circuit.broken


@pytest.mark.parametrize("error", [ModerationBlocked("no"), JobCanceled("x"), Internal("x")])
def test_what_says_nothing_against_the_deployment_does_not_count(
    ward: Ward, error: DarkroomError
) -> None:
    for _ in range(20):
        ward.call(error)
    assert ward.changes == []


def test_refused_credentials_open_it_at_once_and_for_longer(ward: Ward) -> None:
    ward.call(UpstreamDenied("x"))
    assert ward.circuit.retry_at_ms == ward.now + DENIED_MS


def test_a_rate_limit_cools_it_for_as_long_as_the_vendor_says_and_counts_as_no_failure(
    ward: Ward,
) -> None:
    ward.call(UpstreamRateLimited("x", retry_after_s=30))
    assert ward.circuit.cooling(ward.now)
    for _ in range(10):  # refused together: no news
        ward.call(UpstreamRateLimited("x", retry_after_s=20), seconds=0)
    assert len(ward.changes) == 1
    ward.passes(30)
    assert not ward.circuit.cooling(ward.now)
    assert not ward.circuit.broken


def test_calls_that_hang_open_it_before_their_timeout_and_the_harmless_ones_are_cut(
    ward: Ward,
) -> None:
    for _ in range(5):
        ward.call(seconds=10)
    ward.begin("one")
    ward.begin("two", safe=False)
    ward.begin("three")
    ward.passes(15)
    assert ward.changes == []
    ward.passes(30)  # twice the usual time and more, and well before the timeout of 300 s
    assert (ward.circuit.state, ward.circuit.reason) == (CircuitState.OPEN, "hanging")
    assert ward.cut == ["one", "three"]


def test_two_hanging_calls_and_a_timeout_are_three_strikes(ward: Ward) -> None:
    ward.call(seconds=10)
    ward.call(UpstreamTimeout("x"), seconds=300)
    ward.begin("one")
    ward.begin("two")
    ward.passes(60)
    assert ward.circuit.broken


def test_slow_calls_are_no_hang_while_others_come_to_an_end(ward: Ward) -> None:
    for _ in range(3):
        ward.call(seconds=10)
    slow = [ward.begin(f"{n}") for n in range(5)]
    for _ in range(12):
        ward.call(seconds=10)
    assert ward.changes == []
    for call in slow:
        ward.health.end(call, None)
    assert ward.changes == []


def test_a_deployment_that_varies_is_given_more_time() -> None:
    steady, varied = Ward(), Ward()
    for n in range(40):
        steady.call(seconds=40)
        varied.call(seconds=10 if n % 2 else 70)
    assert steady.health.lease_ms(MAIN) < varied.health.lease_ms(MAIN)


def opened(ward: Ward) -> None:
    for _ in range(STRIKES):
        ward.call(UpstreamFailed("x"))


def test_a_probe_that_succeeds_closes_it(ward: Ward) -> None:
    opened(ward)
    assert ward.circuit.blocked(ward.now)
    ward.passes(OPEN_MS / 1000)
    assert ward.circuit.due(ward.now)
    call = ward.begin(probe=ward.claim())
    assert ward.circuit.blocked(ward.now)  # nobody else goes there meanwhile
    ward.passes(10)
    ward.health.end(call, None)
    assert ward.circuit.state is CircuitState.CLOSED


def test_probes_that_fail_are_repeated_ever_later_but_at_least_three_times_a_minute(
    ward: Ward,
) -> None:
    opened(ward)
    pauses: list[int] = []
    for _ in range(6):
        pauses.append(ward.circuit.retry_at_ms - ward.now)
        ward.passes(pauses[-1] / 1000)
        ward.health.end(ward.begin(probe=ward.claim()), UpstreamFailed("x"))
    assert pauses == [OPEN_MS, 2 * OPEN_MS, *[OPEN_MAX_MS] * 4]


def test_a_probe_that_hangs_is_cut_and_counts_as_failed(ward: Ward) -> None:
    ward.call(seconds=10)
    opened(ward)
    ward.passes(OPEN_MS / 1000)
    ward.begin("probe", probe=ward.claim())
    ward.passes(60)
    assert ward.cut == ["probe"]
    assert (ward.circuit.state, ward.circuit.opens) == (CircuitState.OPEN, 2)


def test_a_probe_that_was_canceled_lets_the_next_one_go_at_once(ward: Ward) -> None:
    opened(ward)
    ward.passes(OPEN_MS / 1000)
    ward.health.end(ward.begin(probe=ward.claim()), JobCanceled("x"))
    assert ward.circuit.due(ward.now)


@pytest.mark.parametrize("end", [None, UpstreamFailed("x"), UpstreamDenied("x"), JobCanceled("x")])
def test_a_probe_of_an_earlier_outage_decides_nothing(
    ward: Ward, end: DarkroomError | None
) -> None:
    opened(ward)
    ward.passes(OPEN_MS / 1000)
    probe = ward.begin(probe=ward.claim())
    ward.passes(1)
    ward.call()  # there was no other deployment, and it is well again
    ward.passes(1)
    opened(ward)
    ward.passes(OPEN_MS / 1000)
    ward.claim()
    before = ward.circuit
    ward.health.end(probe, end)
    assert ward.circuit == before


def test_late_failures_from_before_it_closed_do_not_open_it_again(ward: Ward) -> None:
    stuck = [ward.begin(safe=False) for _ in range(5)]
    opened(ward)
    ward.passes(OPEN_MS / 1000)
    ward.health.end(ward.begin(probe=ward.claim()), None)
    for call in stuck:
        ward.health.end(call, UpstreamTimeout("x"))
    assert ward.circuit.state is CircuitState.CLOSED


def test_a_late_success_from_before_it_opened_is_reason_for_one_early_probe(ward: Ward) -> None:
    slow = [ward.begin(), ward.begin()]
    opened(ward)
    ward.health.end(slow[0], None)
    assert ward.circuit.due(ward.now)
    ward.health.end(ward.begin(probe=ward.claim()), UpstreamFailed("x"))
    ward.health.end(slow[1], None)
    assert not ward.circuit.due(ward.now)


def test_a_success_of_a_call_that_went_there_for_want_of_others_closes_it(ward: Ward) -> None:
    opened(ward)
    ward.passes(1)
    ward.call()
    assert ward.circuit.state is CircuitState.CLOSED


def test_what_others_wrote_later_is_taken_over_and_what_they_wrote_earlier_is_not(
    ward: Ward,
) -> None:
    opened(ward)
    mine = ward.circuit
    ward.health.learn([Circuit("main", version=mine.version - 1)])
    assert ward.circuit == mine
    theirs = Circuit("main", version=mine.version + 1)
    ward.health.learn([theirs])
    assert ward.circuit == theirs


def test_the_clock_may_be_set_back_by_an_hour(ward: Ward) -> None:
    opened(ward)
    ward.now -= 3_600_000
    assert ward.circuit.due(ward.now)
    ward.call(seconds=5)
    assert ward.health.standings()["main"].latency_ms is not None


def test_a_vendor_that_asks_for_longer_than_all_time_is_asked_again(ward: Ward) -> None:
    ward.call(UpstreamRateLimited("x", retry_after_s=1e308))
    assert ward.now < ward.circuit.retry_at_ms <= ward.now + 600_000
