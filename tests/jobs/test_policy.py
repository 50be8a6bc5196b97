"""What follows an attempt, case by case."""

from dataclasses import replace
from datetime import date

import pytest

from darkroom.catalog import Catalog
from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    OutcomeUnknown,
    ResultLost,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.job import Attempt, AttemptState
from darkroom.jobs.policy import (
    RESTARTS_MAX,
    TRIES_PER_DEPLOYMENT,
    Bounds,
    Stop,
    Try,
    closed_state,
    next_step,
)
from darkroom.routing import Candidate, Route, Router
from tests.support.jobs import a_request
from tests.support.workshop import Costly, Scripted


def candidates(*kinds: type[Scripted], resend: bool | None = None) -> list[Candidate]:
    routes = [
        Route(one, kind(one))
        for index, kind in enumerate(kinds)
        for one in [Deployment(f"d{index}", "scripted", resend_unknown=resend)]
    ]
    router = Router(Catalog.load(), routes, lambda: date(2026, 11, 20))
    return router.candidates(a_request())


def failed(*errors: DarkroomError, at: str = "d0") -> list[Attempt]:
    return [
        Attempt(number, at, "scripted", "m", closed_state(error), 0, 1, error=error.record())
        for number, error in enumerate(errors, 1)
    ]


def stopped(attempts: list[Attempt]) -> Stop:
    """The end, for the reason of the first attempt."""
    error = attempts[0].error
    assert error is not None
    return Stop(error)


def test_the_first_candidate_comes_first() -> None:
    one, two = candidates(Scripted, Scripted)
    assert next_step([], [one, two]) == Try(one)


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("x"),
        UpstreamFailed("x"),
        UpstreamRateLimited("x"),
        UpstreamDenied("x"),
    ],
)
def test_what_another_may_do_better_goes_to_the_next(error: DarkroomError) -> None:
    one, two = candidates(Scripted, Scripted)
    assert next_step(failed(error), [one, two]) == Try(two)


@pytest.mark.parametrize("error", [UpstreamTimeout("x"), UpstreamBroken("x")])
def test_what_may_lie_at_a_vendor_is_collected_there_before_it_is_bought_elsewhere(
    error: DarkroomError,
) -> None:
    one, two = candidates(Scripted, Scripted)
    assert next_step(failed(error), [one, two]) == Try(one, 0.5)
    assert next_step(failed(error), [two, one]) == Try(one, 0.5)
    assert next_step(failed(error, error), [one, two]) == Try(two)
    assert next_step(failed(error, UpstreamFailed("x")), [one, two]) == Try(two)


def test_it_is_not_collected_where_that_is_no_use() -> None:
    one, two = candidates(Scripted, Scripted)
    unknown = failed(UpstreamTimeout("x"))
    assert next_step(unknown, [one, two], Bounds(down=frozenset({"d0"}))) == Try(two)
    assert next_step(unknown, [one, two], Bounds(may_return=False)) == Try(two)
    tried = failed(UpstreamFailed("x"), UpstreamFailed("x"), UpstreamTimeout("x"))
    assert next_step(tried, [one, two]) == Try(two)
    # allowed to buy again, but it hands out nothing
    one, two = candidates(Costly, Costly, resend=True)
    assert next_step(unknown, [one, two]) == Try(two)


def test_after_our_own_crash_the_vendor_that_worked_is_asked_first() -> None:
    one, two = candidates(Scripted, Scripted)
    assert next_step(failed(OutcomeUnknown("x"), at="d1"), [one, two]) == Try(two)


def test_what_was_made_and_lost_is_not_bought_again() -> None:
    lost = failed(ResultLost("x"))
    assert lost[0].state is AttemptState.SENT_UNKNOWN
    assert next_step(lost, candidates(Scripted, Scripted)) == stopped(lost)


@pytest.mark.parametrize("error", [ModerationBlocked("x"), UpstreamRejected("x")])
def test_what_no_other_would_do_ends_the_job(error: DarkroomError) -> None:
    assert next_step(failed(error), candidates(Scripted, Scripted)) == Stop(error.record())


@pytest.mark.parametrize("error", [UpstreamTimeout("x"), UpstreamBroken("x"), OutcomeUnknown("x")])
def test_what_may_have_been_billed_is_not_bought_again(error: DarkroomError) -> None:
    assert closed_state(error) is AttemptState.SENT_UNKNOWN
    assert next_step(failed(error), candidates(Costly, Costly)) == Stop(error.record())


def test_the_operator_may_allow_buying_again_or_forbid_it() -> None:
    unknown = failed(UpstreamTimeout("x"))
    assert isinstance(next_step(unknown, candidates(Costly, Costly, resend=True)), Try)
    assert isinstance(next_step(unknown, candidates(Scripted, Scripted, resend=False)), Stop)


def test_a_deployment_that_is_gone_may_not_be_sent_to_again() -> None:
    gone = [replace(failed(UpstreamTimeout("x"))[0], deployment="gone")]
    assert isinstance(next_step(gone, candidates(Scripted)), Stop)


def test_the_only_deployment_is_tried_again_with_growing_pauses() -> None:
    only = candidates(Scripted)
    errors = [UpstreamFailed("x")] * TRIES_PER_DEPLOYMENT
    assert next_step(failed(*errors[:1]), only) == Try(only[0], 0.5)
    assert next_step(failed(*errors[:2]), only) == Try(only[0], 1.0)
    assert isinstance(next_step(failed(*errors), only), Stop)


@pytest.mark.parametrize(
    ("asked_s", "left_s", "goes_on"),
    [(7, 900, True), (60, 900, True), (61, 900, False), (29, 30, True), (30, 30, False)],
)
def test_the_vendors_pause_is_kept_up_to_a_minute_and_the_deadline(
    asked_s: float, left_s: float, goes_on: bool
) -> None:
    only = candidates(Scripted)
    attempts = failed(UpstreamRateLimited("x", retry_after_s=asked_s))
    step = next_step(attempts, only, Bounds(left_s=left_s))
    assert step == (Try(only[0], asked_s) if goes_on else stopped(attempts))


def test_a_rate_limited_deployment_is_returned_to_only_when_no_other_is_left() -> None:
    one, two = candidates(Scripted, Scripted)
    limited = failed(UpstreamRateLimited("x", retry_after_s=20))
    assert next_step(limited, [one, two]) == Try(two)
    denied = [*limited, replace(failed(UpstreamDenied("x"), at="d1")[0], number=2)]
    later = Bounds(now_ms=5_001)
    assert next_step(denied, [one, two], later) == Try(one, 15.0)


def test_of_those_tried_the_one_that_is_ready_first_is_tried_again() -> None:
    one, two = candidates(Scripted, Scripted)
    slow = failed(UpstreamRateLimited("x", retry_after_s=20))
    step = next_step([*slow, *failed(UpstreamFailed("x"), at="d1")], [one, two])
    assert step == Try(two, 0.5)


def test_when_the_deadline_is_over_nothing_more_is_tried() -> None:
    one, two = candidates(Scripted, Scripted)
    attempts = failed(UpstreamFailed("x"))
    assert next_step(attempts, [one, two], Bounds(left_s=0)) == stopped(attempts)


def test_without_retry_budget_others_are_asked_but_none_twice() -> None:
    one, two = candidates(Scripted, Scripted)
    spent = Bounds(may_return=False)
    first = failed(UpstreamFailed("x"))
    assert next_step(first, [one, two], spent) == Try(two)
    assert isinstance(
        next_step([*first, *failed(UpstreamFailed("x"), at="d1")], [one, two], spent), Stop
    )


def test_after_a_refusal_another_is_asked_only_where_the_policy_allows_it() -> None:
    one, two = candidates(Scripted, Scripted)
    refused = failed(ModerationBlocked("no"))
    allowed = Bounds(after_refusal=True)
    assert next_step(refused, [one, two], allowed) == Try(two)
    assert next_step(refused, [one], allowed) == stopped(refused)


def test_a_refusal_is_what_the_job_says_whatever_came_after_it() -> None:
    one, two = candidates(Scripted, Scripted)
    attempts = [*failed(ModerationBlocked("no")), *failed(UpstreamDenied("x"), at="d1")]
    assert next_step(attempts, [one, two], Bounds(after_refusal=True)) == stopped(attempts)


def test_what_another_may_have_billed_is_no_reason_to_buy_elsewhere() -> None:
    one, two = candidates(Costly, Scripted)
    unknown = failed(UpstreamTimeout("x"))
    assert next_step(unknown, [one, two]) == stopped(unknown)


def test_refused_credentials_are_not_tried_again() -> None:
    assert isinstance(next_step(failed(UpstreamDenied("x")), candidates(Scripted)), Stop)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ModerationBlocked("x"), AttemptState.REFUSED),
        (UpstreamUnavailable("x"), AttemptState.NOT_SENT),
        (UpstreamFailed("x"), AttemptState.FAILED),
        (UpstreamBroken("x"), AttemptState.SENT_UNKNOWN),
    ],
)
def test_how_a_failure_goes_into_the_record(error: DarkroomError, state: AttemptState) -> None:
    assert closed_state(error) is state


def test_our_own_crashes_do_not_count_against_a_deployment_but_not_for_ever() -> None:
    only = candidates(Scripted)
    crashes = [OutcomeUnknown("x")] * RESTARTS_MAX
    assert next_step(failed(*crashes), only) == Try(only[0])
    assert isinstance(next_step(failed(*crashes, OutcomeUnknown("x")), only), Stop)
    assert next_step(failed(*crashes, UpstreamFailed("x")), only) == Try(only[0], 0.5)
